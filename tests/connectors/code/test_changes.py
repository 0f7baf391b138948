"""A scan of changes shows what a change touches, and calls new only what it brings."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.code.options import Changes, CodeOptions
from connectors.errors import ConfigError
from tests.code_samples import Scanned, commit, git, scan, write

MANIFEST = '[project]\nname = "bot"\ndependencies = ["openai>=1"]\n'
SHOP = {
    "bot/pyproject.toml": MANIFEST,
    "bot/bot.py": 'import openai\n\nMODEL = "gpt-4o"\n',
    "web/package.json": '{"dependencies": {"left-pad": "1"}}',
}
FROM_MAIN = Changes(base="main")


@pytest.fixture
def branch(tmp_path: Path) -> Path:
    """A repository with AI on ``main``, on a branch that has nothing of its own yet."""
    commit(tmp_path, SHOP)
    git(tmp_path, "checkout", "-q", "-b", "feature")
    return tmp_path


def shown(found: Scanned) -> dict[str, bool]:
    """Return the names that were shown, and whether each was introduced."""
    assert found.error == ""
    for one in found.findings:
        assert one.comparison is not None
    return {one.name: bool(one.comparison and one.comparison.is_introduced) for one in found.findings}


def test_nothing_is_shown_of_a_branch_without_changes(branch: Path) -> None:
    assert shown(scan(branch, changes=FROM_MAIN)) == {}


def test_a_new_package_is_introduced_and_its_neighbours_are_only_shown(branch: Path) -> None:
    commit(branch, {"bot/pyproject.toml": MANIFEST.replace('"openai>=1"', '"openai>=1", "anthropic"')})

    found = scan(branch, changes=FROM_MAIN)

    assert shown(found) == {"openai": False, "anthropic": True}
    (new,) = [one for one in found.findings if one.name == "anthropic"]
    assert new.comparison is not None
    assert new.comparison.locators == ("bot/pyproject.toml:3",)


def test_a_thing_that_an_unchanged_file_shows_is_not_introduced(branch: Path) -> None:
    commit(branch, {"bot/second.py": 'import openai\nmodel="gpt-4o"\n'})

    found = scan(branch, changes=FROM_MAIN)

    assert shown(found) == {"openai": False, "gpt-4o": False}
    assert [one.comparison.locators for one in found.findings if one.comparison] == [
        ("bot/second.py:1",),
        ("bot/second.py:2",),
    ]


def test_the_same_thing_in_another_unit_is_introduced_there(branch: Path) -> None:
    commit(branch, {"web/package.json": '{"dependencies": {"openai": "4"}}'})

    assert shown(scan(branch, changes=FROM_MAIN)) == {"openai": True}


def test_what_the_change_takes_away_is_not_shown(branch: Path) -> None:
    commit(branch, {"bot/pyproject.toml": MANIFEST.replace('"openai>=1"', ""), "bot/bot.py": "pass\n"})

    assert shown(scan(branch, changes=FROM_MAIN)) == {}


def test_a_file_that_moved_inside_its_unit_brings_nothing_new(branch: Path) -> None:
    git(branch, "mv", "bot/bot.py", "bot/renamed.py")
    commit(branch)

    assert shown(scan(branch, changes=FROM_MAIN)) == {"openai": False, "gpt-4o": False}


def test_keys_and_evidence_are_those_of_a_whole_scan(branch: Path) -> None:
    commit(branch, {"bot/second.py": 'import openai\nmodel="gpt-4o"\n'})

    whole = {one.natural_key: one.fingerprint for one in scan(branch).findings}
    part = {one.natural_key: one.fingerprint for one in scan(branch, changes=FROM_MAIN).findings}

    assert part
    assert part.items() <= whole.items()


def test_what_the_other_branch_did_since_is_no_part_of_the_change(branch: Path) -> None:
    git(branch, "checkout", "-q", "main")
    commit(branch, {"bot/pyproject.toml": MANIFEST.replace('"openai>=1"', '"cohere"')})
    git(branch, "checkout", "-q", "feature")
    commit(branch, {"bot/new.py": 'model="o3-mini"'})

    assert shown(scan(branch, changes=FROM_MAIN)) == {"o3-mini": True}


def test_uncommitted_and_staged_changes_belong_to_it_and_untracked_files_do_not(branch: Path) -> None:
    write(branch, {"bot/bot.py": 'model="o3-mini"', "bot/staged.py": 'model="gpt-5"'})
    git(branch, "add", "bot/staged.py")
    write(branch, {"bot/untracked.py": 'model="claude-3-5-sonnet-20241022"'})

    assert shown(scan(branch, changes=Changes(base="HEAD"))) == {"o3-mini": True, "gpt-5": True}


def test_a_subfolder_is_compared_with_itself(branch: Path) -> None:
    commit(branch, {"bot/new.py": 'model="o3-mini"', "web/new.ts": 'const model = "gpt-5"'})

    found = scan(branch / "bot", changes=FROM_MAIN)

    assert shown(found) == {"o3-mini": True}
    assert found.named("o3-mini").evidence[0].locator == "new.py:1"


def test_a_bare_clone_compares_commits(branch: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    commit(branch, {"bot/new.py": 'model="o3-mini"'})
    bare = tmp_path_factory.mktemp("bare") / "shop.git"
    git(branch, "clone", "-q", "--bare", str(branch), str(bare))

    assert shown(scan(bare, changes=FROM_MAIN)) == {"o3-mini": True}


def test_a_linked_work_tree_has_an_index_of_its_own(
    branch: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    linked = tmp_path_factory.mktemp("linked") / "tree"
    git(branch, "worktree", "add", "-q", "-b", "other", str(linked))
    write(linked, {"bot/staged.py": 'model="gpt-5"', "bot/untracked.py": 'model="o3-mini"'})
    git(linked, "add", "bot/staged.py")

    assert shown(scan(linked, changes=FROM_MAIN)) == {"gpt-5": True}


def test_a_file_kept_by_git_lfs_is_not_changed_by_being_here(branch: Path) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12\n"
    git(branch, "checkout", "-q", "main")
    commit(branch, {"bot/kept.py": pointer, "bot/replaced.py": pointer})
    git(branch, "checkout", "-q", "-B", "feature")
    commit(branch, {"bot/replaced.py": 'model="o3-mini"'})
    write(branch, {"bot/kept.py": 'model="gpt-5"'})

    assert shown(scan(branch, changes=FROM_MAIN)) == {"o3-mini": True}


def test_since_a_commit_compares_with_that_commit_itself(branch: Path) -> None:
    commit(branch, {"bot/one.py": 'model="o3-mini"'})
    commit(branch, {"bot/two.py": 'model="gpt-5"'})

    assert shown(scan(branch, changes=Changes(since="HEAD~1"))) == {"gpt-5": True}
    assert shown(scan(branch, changes=Changes(since="main"))) == {"o3-mini": True, "gpt-5": True}


def test_since_a_day_before_the_first_commit_everything_is_new(branch: Path) -> None:
    found = shown(scan(branch, changes=Changes(since_at=datetime(2020, 1, 1, tzinfo=UTC))))

    assert found == {"openai": True, "gpt-4o": True}


def test_since_a_day_after_the_last_commit_nothing_is_shown(branch: Path) -> None:
    assert shown(scan(branch, changes=Changes(since_at=datetime(2100, 1, 1, tzinfo=UTC)))) == {}


def test_excluded_paths_stay_excluded(branch: Path) -> None:
    commit(branch, {"bot/new.py": 'model="o3-mini"', "web/new.ts": 'const model = "gpt-5"'})

    assert shown(scan(branch, changes=FROM_MAIN, exclude=("web/",))) == {"o3-mini": True}


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        (Changes(base="nope"), "there is no commit 'nope'"),
        (Changes(since="nope"), "there is no commit 'nope'"),
        (Changes(base="orphan"), "no common commit"),
    ],
)
def test_a_base_that_is_not_there_is_said_before_anything_is_read(
    changes: Changes, what: str, branch: Path
) -> None:
    git(branch, "checkout", "-q", "--orphan", "orphan")
    git(branch, "commit", "-q", "-m", "a history of its own")
    git(branch, "checkout", "-q", "feature")

    with pytest.raises(ConfigError, match=what):
        scan(branch, changes=changes)


def test_a_shallow_clone_says_that_it_is_one(branch: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    commit(branch, {"bot/new.py": 'model="o3-mini"'})
    clone = tmp_path_factory.mktemp("shallow") / "c"
    git(branch, "clone", "-q", "--depth", "1", f"file://{branch}", str(clone))

    with pytest.raises(ConfigError, match="shallow"):
        scan(clone, changes=Changes(base="HEAD~1"))
    with pytest.raises(ConfigError, match="shallow"):
        scan(clone, changes=Changes(since_at=datetime(2020, 1, 1, tzinfo=UTC)))


def test_a_folder_without_git_a_url_and_an_empty_repository_have_nothing_to_compare(tmp_path: Path) -> None:
    write(tmp_path / "plain", SHOP)
    (tmp_path / "empty").mkdir()
    git(tmp_path, "init", "-q", str(tmp_path / "empty"))

    for target in (tmp_path / "plain", tmp_path / "empty", "https://git.example.org/acme/shop.git"):
        with pytest.raises(ConfigError, match="nothing to compare with"):
            scan(target, changes=FROM_MAIN)


def test_clones_inside_are_left_to_scans_of_their_own(branch: Path) -> None:
    inner = branch / "vendor-checkout"
    inner.mkdir()
    commit(inner, {"a.py": 'model="o3-mini"'})

    found = scan(branch, changes=FROM_MAIN)

    assert len(found.scopes) == 1
    assert shown(found) == {}


def test_hooks_and_settings_do_not_run_while_histories_are_walked(branch: Path) -> None:
    marker = branch.parent / f"{branch.name}-ran"
    program = branch / ".git" / "evil.sh"
    program.write_text(f"#!/bin/sh\ntouch {marker}\n")
    program.chmod(0o755)
    with (branch / ".git" / "config").open("a") as config:
        for section, key in (("core", "fsmonitor"), ("core", "pager"), ("diff", "external")):
            config.write(f"[{section}]\n\t{key} = {program}\n")
    commit_without_git = branch / "bot" / "bot.py"
    commit_without_git.write_text('model="o3-mini"')

    found = shown(scan(branch, changes=FROM_MAIN))

    assert found == {"o3-mini": True}
    assert not marker.exists()


def test_a_configuration_cannot_hold_what_belongs_to_one_run() -> None:
    with pytest.raises(ValueError, match="_changes"):
        CodeOptions.model_validate({"_changes": {"base": "main"}})


def test_what_to_compare_with_travels_to_another_process() -> None:
    import pickle

    options = CodeOptions().only(FROM_MAIN)

    assert pickle.loads(pickle.dumps(options)).changes == FROM_MAIN
    assert CodeOptions().changes is None


def test_a_repository_without_its_base_trees_fails_and_says_so(branch: Path) -> None:
    shutil.rmtree(branch / ".git" / "objects")
    (branch / ".git" / "objects").mkdir()

    with pytest.raises(ConfigError, match="no commit"):
        scan(branch, changes=FROM_MAIN)

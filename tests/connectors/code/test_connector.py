"""The code connector as a whole: targets, identity, refs, and trees that mean harm."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from connectors.code import CodeConnector
from connectors.errors import ConfigError
from connectors.model import Grade, PartStatus, Role
from tests.code_samples import commit, git, scan, write

SERVICE = {
    "pyproject.toml": '[project]\nname = "bot"\ndependencies = ["openai>=1"]\n',
    "uv.lock": '[[package]]\nname = "openai"\nversion = "1.50.0"\n',
    "bot.py": 'import openai\n\nMODEL = "gpt-4o"\n',
}


def test_manifest_lock_and_import_are_one_finding_with_three_places(tmp_path: Path) -> None:
    write(tmp_path, SERVICE)

    found = scan(tmp_path).named("openai")

    assert found.grade is Grade.IMPORTED
    assert [item.locator for item in found.evidence] == ["bot.py:1", "pyproject.toml:3", "uv.lock:2"]
    assert [item.source for item in found.evidence] == ["python-import", "pyproject", "python-lock"]
    assert found.attributes["declared"] == ">=1"
    assert found.attributes["locked"] == "1.50.0"
    assert found.attributes["direct"] is True
    assert found.natural_key.key == ".|package|pkg:pypi/openai"


def test_each_unit_of_a_monorepo_has_its_own_findings(tmp_path: Path) -> None:
    write(tmp_path, {f"services/{name}/{file}": text for name in "ab" for file, text in SERVICE.items()})

    found = [finding for finding in scan(tmp_path).findings if finding.kind == "model"]

    assert {finding.application for finding in found} == {"services/a", "services/b"}
    assert {finding.natural_key.key for finding in found} == {
        "services/a|model|gpt-4o",
        "services/b|model|gpt-4o",
    }


def test_a_common_lock_is_joined_to_the_units_that_declare(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "package.json": '{"workspaces": ["a"]}',
            "package-lock.json": '{"packages": {"node_modules/openai": {"version": "4.1.0"}}}',
            "a/package.json": '{"dependencies": {"openai": "^4"}}',
        },
    )

    found = scan(tmp_path).named("openai")

    assert found.application == "a"
    assert found.attributes["locked"] == "4.1.0"


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("src/a.py", Role.APPLICATION),
        ("tests/a.py", Role.TEST),
        ("docs/examples/a.py", Role.EXAMPLE),
        ("vendor/x/a.py", Role.VENDORED),
        ("src/templates/a.py", Role.TEMPLATE),
        ("src/test_a.py", Role.TEST),
    ],
)
def test_a_path_says_the_role(tmp_path: Path, path: str, role: Role) -> None:
    write(tmp_path, {path: 'client.create(model="gpt-4o", max_tokens=9)\n'})

    assert scan(tmp_path).named("gpt-4o").role is role


def test_the_role_that_counts_decides_over_tests_of_the_same_unit(tmp_path: Path) -> None:
    write(tmp_path, {"tests/a.py": 'model="gpt-4o"', "src/z.yaml": "model: gpt-4o\n"})

    found = scan(tmp_path).named("gpt-4o")

    assert found.role is Role.APPLICATION
    assert found.grade is Grade.CONFIGURED
    assert found.evidence[0].locator == "src/z.yaml:1"


def test_a_module_of_the_tree_is_not_the_package_of_that_name(tmp_path: Path) -> None:
    write(tmp_path, {"crewai/__init__.py": "", "main.py": "import crewai\nimport openai\n"})

    names = {finding.name for finding in scan(tmp_path).findings}

    assert names == {"openai"}


def test_code_owners_are_hints_and_the_last_line_wins(tmp_path: Path) -> None:
    write(
        tmp_path,
        SERVICE | {"CODEOWNERS": "docs/CODEOWNERS", ".github/CODEOWNERS": "* @acme/all\n/bot.py @acme/ml\n"},
    )

    hints = {hint.candidate: hint for hint in scan(tmp_path).named("gpt-4o").owner_hints}

    assert list(hints) == ["@acme/ml"]
    assert hints["@acme/ml"].why == ".github/CODEOWNERS:2 names @acme/ml for bot.py"


def test_a_subfolder_is_owned_by_the_lines_of_its_repository(tmp_path: Path) -> None:
    commit(tmp_path, {f"a/{name}": text for name, text in SERVICE.items()} | {"CODEOWNERS": "/a/ @acme/a\n"})

    (hint,) = scan(tmp_path / "a", history_commits=0).named("gpt-4o").owner_hints

    assert hint.candidate == "@acme/a"
    assert hint.why == "CODEOWNERS:1 names @acme/a for a/bot.py"


def test_a_subfolder_with_code_owners_of_its_own_is_their_root(tmp_path: Path) -> None:
    commit(
        tmp_path,
        {f"shop/bot/{name}": text for name, text in SERVICE.items()}
        | {"CODEOWNERS": "* @acme/all\n", "shop/CODEOWNERS": "/bot/ @acme/bot\n"},
    )

    (hint,) = scan(tmp_path / "shop", history_commits=0).named("gpt-4o").owner_hints
    (outer,) = scan(tmp_path, history_commits=0).named("gpt-4o").owner_hints

    assert (hint.candidate, outer.candidate) == ("@acme/bot", "@acme/all")
    assert hint.why == "CODEOWNERS:1 names @acme/bot for bot/bot.py"


def test_a_work_tree_and_a_bare_clone_show_the_same_things(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    git(tmp_path, "init", "-q", "-b", "main", str(tree))
    git(tree, "remote", "add", "origin", "https://git.example.org/acme/bot.git")
    head = commit(tree, SERVICE)
    git(tmp_path, "clone", "-q", "--bare", str(tree), str(tmp_path / "bare"))
    git(tmp_path / "bare", "remote", "set-url", "origin", "git@git.example.org:acme/bot.git")

    here, there = scan(tree), scan(tmp_path / "bare")

    assert here.scopes[0].key == there.scopes[0].key == "code:main/git.example.org/acme/bot"
    assert [(one.natural_key, one.attributes) for one in here.findings] == [
        (one.natural_key, one.attributes) for one in there.findings
    ]
    assert {one.ref for one in here.findings} == {one.ref for one in there.findings}
    assert here.findings[0].ref is not None
    assert (here.findings[0].ref.name, here.findings[0].ref.commit, here.findings[0].ref.dirty) == (
        "main",
        head,
        False,
    )


def test_changed_and_untracked_files_are_read_and_only_the_changed_make_the_tree_dirty(
    tmp_path: Path,
) -> None:
    commit(tmp_path, SERVICE)
    write(tmp_path, {"new.py": 'model="o3-mini"'})
    untracked = scan(tmp_path).named("o3-mini")
    write(tmp_path, {"bot.py": 'model="gpt-5"'})
    changed = scan(tmp_path).named("gpt-5")

    assert untracked.ref is not None
    assert changed.ref is not None
    assert (untracked.ref.dirty, changed.ref.dirty) == (False, True)


def test_a_url_is_read_without_a_checkout_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin = tmp_path / "origin"
    origin.mkdir()
    commit(origin, SERVICE)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(work))

    found = scan(f"file://{origin}", protocols=("file",))

    assert found.error == ""
    assert found.named("gpt-4o").evidence[0].locator == "bot.py:3"
    assert list(work.iterdir()) == []


def test_another_branch_is_marked_and_does_not_drive(tmp_path: Path) -> None:
    commit(tmp_path, SERVICE)
    git(tmp_path, "checkout", "-q", "-b", "side")
    commit(tmp_path, {"bot.py": 'model="gpt-5"'})
    git(tmp_path, "checkout", "-q", "main")
    git(tmp_path, "clone", "-q", "--bare", str(tmp_path), str(tmp_path / "bare"))

    found = scan(tmp_path / "bare", ref="side").named("gpt-5")

    assert found.ref is not None
    assert (found.ref.name, found.ref.drives) == ("side", False)


def test_subfolders_of_one_repository_keep_its_identity(tmp_path: Path) -> None:
    commit(tmp_path, {f"a/{name}": text for name, text in SERVICE.items()})

    whole, part = scan(tmp_path), scan(tmp_path / "a")

    assert whole.scopes[0].key != part.scopes[0].key
    assert whole.named("gpt-4o").natural_key == part.named("gpt-4o").natural_key
    assert part.named("gpt-4o").evidence[0].locator == "bot.py:3"


def test_targets_of_one_name_or_one_repository_do_not_collide(tmp_path: Path) -> None:
    for place in ("x/shop", "y/shop"):
        (tmp_path / place).mkdir(parents=True)
        commit(tmp_path / place, SERVICE)
        git(tmp_path / place, "remote", "add", "origin", "https://git.example.org/acme/shop")

    found = scan(tmp_path / "x/shop", tmp_path / "y/shop", tmp_path / "x/shop", tmp_path / "x")

    assert len({scope.key for scope in found.scopes}) == len(found.scopes) == 3


PLANTED = (
    "core.fsmonitor",
    "core.sshCommand",
    "diff.external",
    "core.pager",
    "core.editor",
    "credential.helper",
)


def test_planted_git_settings_and_hooks_do_not_run(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    tree = tmp_path / "tree"
    tree.mkdir()
    commit(tree, SERVICE)
    program = write(tmp_path, {"evil.sh": f"#!/bin/sh\ntouch {marker}\n"}) / "evil.sh"
    program.chmod(0o755)
    for name in ("post-checkout", "post-index-change", "reference-transaction", "fsmonitor-watchman"):
        hook = tree / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_bytes(program.read_bytes())
        hook.chmod(0o755)
    git(tree, "config", "core.hooksPath", str(tree / ".git" / "hooks"))
    git(tree, "config", "filter.x.smudge", str(program))
    write(tree, {".gitattributes": "* filter=x diff=x\n"})
    for name in PLANTED:
        with (tree / ".git" / "config").open("a") as config:
            section, _, key = name.rpartition(".")
            config.write(f"[{section}]\n\t{key} = {program}\n")
    git_dir = tree / ".git"

    work_tree = scan(tree)
    bare = scan(git_dir)

    assert not marker.exists()
    assert work_tree.named("gpt-4o").name == "gpt-4o"
    assert bare.named("gpt-4o").name == "gpt-4o"


def test_a_hostile_tree_is_read_to_its_end(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside", {"secret.py": 'model="gpt-4o"', "dir/x.py": 'model="gpt-5"'})
    tree = write(
        tmp_path / "tree", {"good.py": 'model="o3-mini"', "pyproject.toml": "[project\n", "b/c/d.py": ""}
    )
    (tree / "link.py").symlink_to(outside / "secret.py")
    (tree / "linked").symlink_to(outside / "dir")
    (tree / "b" / "loop").symlink_to(tree)
    os.mkfifo(tree / "pipe.py")
    with (tree / "huge.py").open("wb") as huge:
        huge.write(b"model = 'gpt-4o'\n")
        huge.truncate(2_000_000_000)
    with (tree / "huge.yaml").open("wb") as huge:
        huge.write(b"model: gpt-4o\n" * 200_000)
    (tree / "image.py").write_bytes(b"\x89PNG\0model='gpt-4o'")
    Path(os.fsdecode(os.fsencode(tree) + b"/bad\xff.py")).write_text('model="gpt-4.1"')
    write(
        tree,
        {"node_modules/x/index.js": 'model="gpt-5"', "env/pyvenv.cfg": "", "env/lib/x.py": 'model="gpt-5"'},
    )
    write(tree, {"weights.json": "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"})
    write(tree, {"sub/.git": "gitdir: ../../outside\n", "sub/x.py": 'model="gpt-5"'})

    found = scan(tree)

    assert {finding.name for finding in found.findings} == {"o3-mini", "gpt-4.1"}
    assert found.named("gpt-4.1").evidence[0].locator == "bad%FF.py:1"
    assert all(result.status is PartStatus.COMPLETE for result in found.parts.values())
    assert "not TOML" in found.exceptions("packages-pypi")["pyproject.toml"]
    assert "larger" in found.exceptions("models")["huge.yaml"]
    assert "LFS" in found.exceptions("models")["weights.json"]
    places = found.exceptions("files")
    assert set(places) == {
        "bad%FF.py",
        "env/",
        "link.py",
        "linked",
        "b/loop",
        "node_modules",
        "pipe.py",
        "sub/",
    }


def test_a_tree_deeper_than_the_limit_is_noted(tmp_path: Path) -> None:
    place = tmp_path.joinpath(*["d"] * 140)
    place.mkdir(parents=True)
    write(tmp_path, {"a.py": 'model="gpt-4o"'})

    found = scan(tmp_path)

    assert found.named("gpt-4o").name == "gpt-4o"
    assert list(found.exceptions("files").values()) == ["deeper than 128 folders"]


def test_links_submodules_and_pointers_in_a_commit_are_noted(tmp_path: Path) -> None:
    commit(tmp_path, {"a.py": 'model="gpt-4o"', "w.yaml": "version https://git-lfs.github.com/spec/v1\n"})
    git(tmp_path, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},lib")
    git(tmp_path, "commit", "-q", "-m", "sub")

    found = scan(tmp_path / ".git")

    assert found.named("gpt-4o").name == "gpt-4o"
    assert list(found.exceptions("files")) == ["lib"]
    assert "LFS" in found.exceptions("models")["w.yaml"]


class Memory:
    """A cache that counts."""

    def __init__(self) -> None:
        self.entries: dict[str, bytes] = {}
        self.puts = 0

    def get_many(self, keys: object) -> dict[str, bytes]:
        return {key: self.entries[key] for key in keys if key in self.entries}  # type: ignore[attr-defined]

    def put(self, key: str, value: bytes) -> None:
        self.puts += 1
        self.entries[key] = value


def test_unchanged_blobs_are_not_read_again(tmp_path: Path) -> None:
    commit(tmp_path, SERVICE)
    cache = Memory()

    first = scan(tmp_path / ".git", cache=cache)
    filled = cache.puts
    second = scan(tmp_path / ".git", cache=cache)

    assert filled > 0
    assert cache.puts == filled
    assert [one.fingerprint for one in second.findings] == [one.fingerprint for one in first.findings]


def test_a_spoilt_cache_only_costs_time(tmp_path: Path) -> None:
    commit(tmp_path, SERVICE)
    cache = Memory()
    scan(tmp_path / ".git", cache=cache)
    cache.entries = dict.fromkeys(cache.entries, b"{broken")

    assert scan(tmp_path / ".git", cache=cache).named("gpt-4o").name == "gpt-4o"


def test_include_and_exclude_choose_paths(tmp_path: Path) -> None:
    write(tmp_path, {"a/x.py": 'model="gpt-4o"', "b/x.py": 'model="gpt-5"', "a/y.py": 'model="gpt-4"'})

    found = scan(tmp_path, include=("a/",), exclude=("y.py",))

    assert [finding.name for finding in found.findings] == ["gpt-4o"]


def test_own_packages_are_marked(tmp_path: Path) -> None:
    write(tmp_path, {"requirements.txt": "openai\n"})

    assert scan(tmp_path, own_packages=("open*",)).named("openai").attributes["own_package"] is True


@pytest.mark.parametrize(
    "target", ["./none", "--upload-pack=x", "ext::sh -c x", "https://u:p@git.example.org/x", " "]
)
def test_a_target_that_cannot_be_read_is_a_mistake_of_the_configuration(target: str) -> None:
    with pytest.raises(ConfigError):
        scan(target)


def test_declared_kinds_are_those_of_the_catalogue(tmp_path: Path) -> None:
    scope = scan(tmp_path).scopes[0]

    assert {kind for part in scope.parts for kind in part.kinds} == set(CodeConnector.info.kinds)


def test_a_damaged_repository_fails_its_parts_and_says_why(tmp_path: Path) -> None:
    commit(tmp_path, SERVICE)
    git(tmp_path, "clone", "-q", "--bare", str(tmp_path), str(tmp_path / "bare"))
    for pack in (tmp_path / "bare" / "objects").rglob("*"):
        if pack.is_file():
            pack.chmod(0o600)
            pack.write_bytes(b"damaged")

    found = scan(tmp_path / "bare")

    assert {result.status for result in found.parts.values()} == {PartStatus.FAILED}
    assert "git fsck" in found.error


def test_packages_of_ones_own_are_marked_and_listed(tmp_path: Path) -> None:
    write(tmp_path, SERVICE)

    found = scan(tmp_path, own_packages=("open*",))

    assert found.named("openai").attributes["own_package"] is True
    assert found.exceptions("files") == {"bot.py": "openai is marked as the organisation's own package"}


def test_what_an_interface_says_in_one_language_starts_and_calls_nothing(tmp_path: Path) -> None:
    write(tmp_path, {"app/locales/en/ai.yaml": "command: ollama run llama3.1\nmodel: gpt-4o\n"})

    assert scan(tmp_path).findings == []

"""Who introduced a thing and who last changed its files, from git alone."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.clients.git_history import Touch
from connectors.code.history import History, candidate_of
from connectors.model import OwnerHint
from connectors.runner import TravellingCache
from tests.code_samples import Scanned, git, scan, write


def _commit(folder: Path, who: str, files: dict[str, str], mail: str = "") -> str:
    """Commit files as somebody and return the commit."""
    if not (folder / ".git").exists():
        git(folder, "init", "-q", "-b", "main")
    write(folder, files)
    git(folder, "add", "-A")
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    for role in ("AUTHOR", "COMMITTER"):
        environment |= {f"GIT_{role}_NAME": who, f"GIT_{role}_EMAIL": mail or f"{who}@example.org"}
        environment |= {f"GIT_{role}_DATE": "2026-11-20T10:00:00Z"}
    subprocess.run(["git", "commit", "-q", "-m", "x"], cwd=folder, env=environment, check=True)
    return git(folder, "rev-parse", "HEAD")


def _hints(found: Scanned, name: str, source: str) -> list[OwnerHint]:
    return [hint for hint in found.named(name).owner_hints if hint.source == source]


def test_the_commit_that_brought_the_text_introduced_the_thing(tmp_path: Path) -> None:
    _commit(tmp_path, "ada", {"app.py": "x = 1\n"})
    brought = _commit(tmp_path, "bob", {"app.py": 'x = 1\nM = "gpt-4o"\n'})
    _commit(tmp_path, "cleo", {"app.py": 'x = 2\nM = "gpt-4o"\n'})

    found = scan(tmp_path)

    (hint,) = _hints(found, "gpt-4o", "git author")
    assert hint.candidate == "bob@example.org"
    assert hint.why == f"introduced gpt-4o in {brought[:10]} on 2026-11-20"
    assert found.named("gpt-4o").attributes["introduced"] == {"commit": brought, "at": "2026-11-20"}


def test_a_longer_name_that_was_there_before_is_another_thing(tmp_path: Path) -> None:
    _commit(tmp_path, "ada", {"app.py": 'M = "gpt-4o-mini"\n'})
    _commit(tmp_path, "bob", {"app.py": 'M = "gpt-4o-mini"\nN = "gpt-4o"\n'})

    found = scan(tmp_path)

    assert _hints(found, "gpt-4o", "git author")[0].candidate == "bob@example.org"
    assert _hints(found, "gpt-4o-mini", "git author")[0].candidate == "ada@example.org"


def test_people_who_changed_the_files_come_newest_first_and_bots_not_at_all(tmp_path: Path) -> None:
    _commit(tmp_path, "ada", {"app.py": 'M = "gpt-4o"\n'})
    bot = "49699333+dependabot[bot]@users.noreply.github.com"
    _commit(tmp_path, "dependabot[bot]", {"app.py": 'M = "gpt-4o"\ny = 1\n'}, mail=bot)
    _commit(tmp_path, "renovate", {"app.py": 'M = "gpt-4o"\ny = 2\n'})

    found = scan(tmp_path)

    assert [hint.candidate for hint in _hints(found, "gpt-4o", "git committer")] == ["ada@example.org"]


def test_a_thing_that_a_bot_introduced_has_a_commit_but_no_candidate(tmp_path: Path) -> None:
    brought = _commit(tmp_path, "renovate[bot]", {"app.py": 'M = "gpt-4o"\n'}, mail="bot@renovateapp.com")

    found = scan(tmp_path)

    assert found.named("gpt-4o").owner_hints == ()
    assert found.named("gpt-4o").attributes["introduced"] == {"commit": brought, "at": "2026-11-20"}


def test_what_is_not_committed_yet_was_introduced_by_nobody(tmp_path: Path) -> None:
    _commit(tmp_path, "ada", {"app.py": "x = 1\n"})
    write(tmp_path, {"app.py": 'M = "gpt-4o"\n'})

    found = scan(tmp_path)

    assert _hints(found, "gpt-4o", "git author") == []
    assert "introduced" not in found.named("gpt-4o").attributes


def test_of_a_shallow_clone_nobody_is_said_to_have_introduced_what_was_there(tmp_path: Path) -> None:
    origin = tmp_path / "origin"
    origin.mkdir()
    _commit(origin, "ada", {"app.py": 'M = "gpt-4o"\n'})
    _commit(origin, "bob", {"app.py": 'M = "gpt-4o"\ny = 1\n'})
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{origin}", str(tmp_path / "clone"))

    found = scan(tmp_path / "clone")

    assert found.named("gpt-4o").owner_hints == ()
    assert "introduced" not in found.named("gpt-4o").attributes
    assert "shallow" in found.exceptions("files")[".git/shallow"]


def test_a_history_longer_than_the_walk_names_no_introduction(tmp_path: Path) -> None:
    _commit(tmp_path, "ada", {"app.py": 'M = "gpt-4o"\n'})
    for number in range(3):
        _commit(tmp_path, "bob", {"app.py": f'M = "gpt-4o"\ny = {number}\n'})

    found = scan(tmp_path, history_commits=2)

    assert _hints(found, "gpt-4o", "git author") == []
    assert [hint.candidate for hint in _hints(found, "gpt-4o", "git committer")] == ["bob@example.org"]


def test_nothing_is_asked_when_the_options_say_so_or_there_is_no_git(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    _commit(tmp_path / "a", "ada", {"x.py": 'M = "gpt-4o"\n'})
    write(tmp_path / "b", {"x.py": 'M = "gpt-4o"\n'})

    switched_off = scan(tmp_path / "a", history_commits=0)
    plain = scan(tmp_path / "b")

    assert switched_off.named("gpt-4o").owner_hints == ()
    assert plain.named("gpt-4o").owner_hints == ()


def test_paths_of_a_subfolder_and_odd_names_are_followed(tmp_path: Path) -> None:
    _commit(tmp_path, "ada", {"svc/*a b é.py": 'M = "gpt-4o"\n', "svc/xa b é.py": "y = 1\n"})
    _commit(tmp_path, "bob", {"svc/xa b é.py": "y = 2\n"})

    found = scan(tmp_path / "svc")

    assert [hint.candidate for hint in _hints(found, "gpt-4o", "git committer")] == ["ada@example.org"]


def test_a_second_scan_of_one_commit_takes_the_history_from_the_cache(tmp_path: Path) -> None:
    _commit(tmp_path, "ada", {"app.py": 'M = "gpt-4o"\n'})
    cache = TravellingCache()

    first = scan(tmp_path, cache=cache)
    # Only what came from the cache can name somebody whom no commit names.
    cache.entries = {key: value.replace(b"ada@", b"zoe@") for key, value in cache.entries.items()}
    second = scan(tmp_path, cache=cache)

    assert _hints(first, "gpt-4o", "git author")[0].candidate == "ada@example.org"
    assert _hints(second, "gpt-4o", "git author")[0].candidate == "zoe@example.org"


def test_a_history_that_names_a_secret_is_not_kept(tmp_path: Path) -> None:
    servers = '{"mcpServers": {"sk-proj-abcdefghijklmnopqrstuvwx0123": {"command": "uvx", "args": ["x"]}}}'
    _commit(tmp_path, "ada", {".mcp.json": servers})
    cache = TravellingCache()

    scan(tmp_path, cache=cache)

    assert not cache.entries


def test_a_bare_repository_tells_its_history_too(tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    _commit(tmp_path / "r", "ada", {"app.py": 'M = "gpt-4o"\n'})
    git(tmp_path, "clone", "-q", "--bare", str(tmp_path / "r"), str(tmp_path / "bare.git"))

    found = scan(tmp_path / "bare.git")

    assert _hints(found, "gpt-4o", "git author")[0].candidate == "ada@example.org"


@pytest.mark.parametrize(
    ("mail", "name", "candidate"),
    [
        ("ada@example.org", "Ada", "ada@example.org"),
        ("123+ada-l@users.noreply.github.com", "Ada", "@ada-l"),
        ("ada", "Ada L", "Ada L"),
        ("", "", ""),
    ],
)
def test_an_author_is_written_as_somebody_one_can_reach(mail: str, name: str, candidate: str) -> None:
    touch = Touch("0" * 40, 0, mail, name, added=True, blob="")

    assert candidate_of(touch) == candidate


def test_owner_files_are_hints_of_the_nearest_folder(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "OWNERS": "approvers: [root-owner]\n",
            "svc/OWNERS": "approvers: [svc-owner]\n",
            "svc/app.py": 'M = "gpt-4o"\n',
            "catalog-info.yaml": "apiVersion: backstage.io/v1alpha1\nspec: {owner: claims}\n",
        },
    )

    hints = scan(tmp_path).named("gpt-4o").owner_hints

    assert [(hint.candidate, hint.source) for hint in hints] == [
        ("team claims", "backstage owner"),
        ("@svc-owner", "OWNERS approver"),
    ]
    assert hints[1].why == "svc/OWNERS:1 names @svc-owner as approver"


@pytest.mark.parametrize(
    ("done_on", "committer", "author"),
    [
        ("2026-11-20", 0.4, 0.5),
        ("2026-10-24", 0.4, 0.5),
        ("2026-05-20", 0.2, 0.25),
        ("2025-11-20", 0.1, 0.125),
        ("2027-11-20", 0.4, 0.5),
    ],
)
def test_what_was_done_long_ago_says_less_of_who_answers_today(
    done_on: str, committer: float, author: float
) -> None:
    at = int(datetime.fromisoformat(f"{done_on}T10:00:00+00:00").timestamp())
    touch = Touch(commit="a" * 40, at=at, mail="ada@example.org", name="Ada", added=True, blob="b" * 40)
    history = History(changes={"app.py": [touch]}, origins={("app.py", "gpt-4o"): touch})

    hints = history.hints([("app.py", "gpt-4o")], "gpt-4o", now=datetime(2026, 11, 22, tzinfo=UTC))

    assert {one.source: one.confidence for one in hints} == {"git author": author, "git committer": committer}

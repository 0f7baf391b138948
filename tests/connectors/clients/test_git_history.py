"""Who changed which files, by plumbing."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.clients.git import GitReader
from connectors.clients.git_history import touches
from connectors.errors import BadResponse
from tests.code_samples import commit, git, write

NONE: frozenset[str] = frozenset()


def _reader(folder: Path) -> GitReader:
    return GitReader(folder / ".git" / "objects")


def test_changes_come_newest_first_with_what_they_left(tmp_path: Path) -> None:
    first = commit(tmp_path, {"a.py": "1\n", "b.py": "1\n"})
    (tmp_path / "a.py").unlink()
    second = commit(tmp_path)
    third = commit(tmp_path, {"a.py": "2\n"})

    with _reader(tmp_path) as reader:
        found = touches(reader, third, ["a.py"], commits=10, without=NONE)

    assert list(found) == ["a.py"]
    assert [(one.commit, one.added, bool(one.blob)) for one in found["a.py"]] == [
        (third, True, True),
        (second, False, False),
        (first, True, True),
    ]
    assert {one.mail for one in found["a.py"]} == {"test@example.org"}


def test_the_walk_is_bounded_and_leaves_out_what_it_is_told_to(tmp_path: Path) -> None:
    ids = [commit(tmp_path, {"a.py": f"{number}\n"}) for number in range(4)]

    with _reader(tmp_path) as reader:
        bounded = touches(reader, ids[-1], ["a.py"], commits=2, without=NONE)
        without = touches(reader, ids[-1], ["a.py"], commits=10, without=frozenset(ids[1:]))

    assert [one.commit for one in bounded["a.py"]] == [ids[3], ids[2]]
    assert [one.commit for one in without["a.py"]] == [ids[0]]


@pytest.mark.parametrize("path", ["*.py", ":(top)a.py", "-a.py", "a b\té.py", ":!a.py"])
def test_a_path_is_a_name_and_never_a_pattern_or_an_option(tmp_path: Path, path: str) -> None:
    last = commit(tmp_path, {"a.py": "1\n", path: "2\n"})

    with _reader(tmp_path) as reader:
        found = touches(reader, last, [path], commits=10, without=NONE)

    assert list(found) == [path]


def test_a_merge_counts_for_nobody(tmp_path: Path) -> None:
    commit(tmp_path, {"a.py": "1\n"})
    git(tmp_path, "checkout", "-q", "-b", "side")
    side = commit(tmp_path, {"a.py": "2\n"})
    git(tmp_path, "checkout", "-q", "main")
    commit(tmp_path, {"b.py": "1\n"})
    git(tmp_path, "merge", "-q", "--no-edit", "side")
    merged = git(tmp_path, "rev-parse", "HEAD")

    with _reader(tmp_path) as reader:
        found = touches(reader, merged, ["a.py"], commits=10, without=NONE)

    assert found["a.py"][0].commit == side


def test_what_is_no_commit_is_refused(tmp_path: Path) -> None:
    commit(write(tmp_path, {"a.py": "1\n"}))

    with _reader(tmp_path) as reader, pytest.raises(BadResponse):
        touches(reader, "--all", ["a.py"], commits=10, without=NONE)


def test_nothing_asked_is_nothing_found(tmp_path: Path) -> None:
    last = commit(tmp_path, {"a.py": "1\n"})

    with _reader(tmp_path) as reader:
        assert touches(reader, last, [], commits=10, without=NONE) == {}

"""The commit to compare with is found without a ref, a setting or a hook of the repository taking part."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.clients.git_compare import (
    find_commit,
    is_shallow,
    last_before,
    merge_base,
    open_history,
    tracked,
)
from connectors.clients.git_folder import GitFolder, find_repository
from tests.code_samples import commit, git


def opened(folder: Path) -> GitFolder:
    found = find_repository(folder)
    assert found is not None
    return found


@pytest.fixture
def forked(tmp_path: Path) -> Path:
    """A repository whose branch ``side`` left ``main`` after the first commit; both went on."""
    commit(tmp_path, {"a.txt": "one"})
    git(tmp_path, "checkout", "-q", "-b", "side")
    commit(tmp_path, {"b.txt": "two"})
    git(tmp_path, "checkout", "-q", "main")
    commit(tmp_path, {"c.txt": "three"})
    git(tmp_path, "checkout", "-q", "side")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("HEAD", "side"),
        ("@", "side"),
        ("main", "main"),
        ("refs/heads/main", "main"),
        ("HEAD~1", "side~1"),
        ("main^", "main^"),
        ("HEAD~0", "side"),
        ("v1", "main"),
        ("origin/main", "main"),
    ],
)
def test_a_name_means_what_it_means_to_git(name: str, meant: str, forked: Path) -> None:
    git(forked, "tag", "-a", "v1", "main", "-m", "a tag with an object of its own")
    git(forked, "update-ref", "refs/remotes/origin/main", "main")
    repository = opened(forked)

    with open_history(repository) as reader:
        found = find_commit(repository, reader, name)

    assert found == git(forked, "rev-parse", f"{meant}^{{commit}}")


def test_ids_are_taken_whole_and_abbreviated(forked: Path) -> None:
    head = git(forked, "rev-parse", "HEAD")
    repository = opened(forked)

    with open_history(repository) as reader:
        found = [find_commit(repository, reader, name) for name in (head, head[:8], f"{head[:10]}~1")]

    assert found == [head, head, git(forked, "rev-parse", "HEAD~1")]


@pytest.mark.parametrize(
    "name",
    [
        "nope",
        "",
        "HEAD~99",
        "-h",
        "--all",
        "1" * 40,
        "abcdef",
        "../HEAD",
        "HEAD:a.txt",
        "HEAD@{1}",
        "a b",
        "x" * 300,
        "^^^",
    ],
)
def test_a_name_that_means_no_commit_finds_none(name: str, forked: Path) -> None:
    repository = opened(forked)

    with open_history(repository) as reader:
        assert find_commit(repository, reader, name) == ""


def test_the_common_commit_of_two_branches_is_where_they_parted(forked: Path) -> None:
    main, side = (git(forked, "rev-parse", name) for name in ("main", "side"))

    with open_history(opened(forked)) as reader:
        found = merge_base(reader, main, side)

    assert found == git(forked, "merge-base", "main", "side")


def test_a_shallow_clone_ends_where_it_was_cut(
    forked: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    clone = tmp_path_factory.mktemp("clone")
    git(clone, "clone", "-q", "--depth", "1", "--no-single-branch", f"file://{forked}", str(clone / "c"))
    repository = opened(clone / "c")
    main, side = (git(forked, "rev-parse", name) for name in ("main", "side"))

    with open_history(repository) as reader:
        found = (merge_base(reader, main, side), find_commit(repository, reader, "HEAD~1"))

    assert is_shallow(repository)
    assert found == ("", "")


def test_the_last_commit_before_a_moment_is_on_the_line_of_first_parents(tmp_path: Path) -> None:
    commit(tmp_path, {"a.txt": "one"})
    ids = []
    for day in (3, 5, 7):
        tree = git(tmp_path, "rev-parse", "HEAD^{tree}")
        parent = ["-p", ids[-1]] if ids else []
        ids.append(_commit_at(tmp_path, tree, parent, f"2026-11-0{day}T12:00:00Z"))

    with open_history(opened(tmp_path)) as reader:
        found = [
            last_before(reader, ids[-1], datetime(2026, 11, day, hour, tzinfo=UTC))
            for day, hour in ((3, 12), (3, 13), (6, 0), (9, 0))
        ]

    assert found == ["", ids[0], ids[1], ids[2]]


def _commit_at(folder: Path, tree: str, parent: list[str], when: str) -> str:
    import subprocess

    environment = {
        **{
            f"GIT_{who}_{what}": "t@example.org"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        },
        "GIT_COMMITTER_DATE": when,
        "GIT_AUTHOR_DATE": when,
        "PATH": os.environ["PATH"],
    }
    done = subprocess.run(
        ["git", "commit-tree", tree, *parent, "-m", "x"],
        cwd=folder,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def test_the_index_says_what_is_tracked(forked: Path) -> None:
    (forked / "new.txt").write_text("not added")
    (forked / "staged.txt").write_text("added")
    git(forked, "add", "staged.txt")
    repository = opened(forked)

    with open_history(repository) as reader:
        found = tracked(repository, reader)

    assert found is not None
    assert {b"a.txt", b"b.txt", b"staged.txt"} <= found
    assert b"new.txt" not in found


@pytest.mark.parametrize(
    "content", [b"", b"DIRC", b"\0" * 4096, b"DIRC\0\0\0\2\xff\xff\xff\xff" + b"x" * 100]
)
def test_an_index_that_cannot_be_read_says_nothing(content: bytes, forked: Path) -> None:
    (forked / ".git" / "index").write_bytes(content)
    repository = opened(forked)

    with open_history(repository) as reader:
        assert not (tracked(repository, reader) or set()) - {b""}


def test_an_index_that_is_a_link_is_not_read(forked: Path) -> None:
    index = forked / ".git" / "index"
    index.rename(forked / "elsewhere")
    index.symlink_to(forked / "elsewhere")
    repository = opened(forked)

    with open_history(repository) as reader:
        assert tracked(repository, reader) is None

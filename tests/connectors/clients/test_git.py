"""git is run only in ways that a hostile repository or URL cannot turn into running something else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from connectors.clients.git import FetchLimits, GitReader, check_url, fetch
from connectors.errors import BadResponse, ConfigError, Unavailable
from tests.code_samples import commit, git, write

LIMITS = FetchLimits(timeout_s=30)


def test_a_tree_and_its_blobs_are_read_from_the_object_folder(tmp_path: Path) -> None:
    head = commit(tmp_path, {"a.txt": "one", "b/c.txt": "two\n", "big.bin": b"\0" * 70_000})

    with GitReader(tmp_path / ".git" / "objects") as reader:
        entries = {entry.path.decode(): entry.object_id for entry in reader.tree(head)}
        sizes = reader.sizes(list(entries.values()))
        blobs = dict(reader.blobs(list(entries.values())))

    assert sorted(entries) == ["a.txt", "b/c.txt", "big.bin"]
    assert blobs[entries["b/c.txt"]] == b"two\n"
    assert sizes[entries["big.bin"]] == 70_000


def test_a_missing_blob_is_left_out_and_nothing_is_fetched_for_it(tmp_path: Path) -> None:
    commit(tmp_path, {"a.txt": "one"})
    marker = tmp_path / "ran"
    git(tmp_path, "config", "remote.origin.promisor", "true")
    git(tmp_path, "config", "remote.origin.url", f"ext::touch {marker}")
    git(tmp_path, "config", "extensions.partialClone", "origin")

    with GitReader(tmp_path / ".git" / "objects") as reader:
        sizes = reader.sizes(["1" * 40])
        blobs = list(reader.blobs(["1" * 40]))

    assert (sizes, blobs) == ({}, [])
    assert not marker.exists()


def test_stopping_early_ends_the_process(tmp_path: Path) -> None:
    head = commit(tmp_path, {f"f{number}.txt": str(number) for number in range(50)})

    with GitReader(tmp_path / ".git" / "objects") as reader:
        entries = reader.tree(head)
        next(entries)
        entries.close()  # type: ignore[attr-defined]
        again = len(list(reader.tree(head)))

    assert again == 50


def test_a_damaged_repository_says_what_to_try(tmp_path: Path) -> None:
    (tmp_path / "objects").mkdir()

    with GitReader(tmp_path / "objects") as reader, pytest.raises(BadResponse, match="git fsck"):
        list(reader.tree("2" * 40))


def test_an_object_id_that_is_an_option_is_refused(tmp_path: Path) -> None:
    with GitReader(tmp_path) as reader, pytest.raises(BadResponse, match="not a git object id"):
        list(reader.tree("--upload-pack=x"))


REFUSED = [
    "--upload-pack=touch /tmp/x",
    "-oProxyCommand=x",
    "ext::sh -c 'touch x'",
    "ext::sh",
    "file:///etc",
    "http://git.example.org/x",
    "git://git.example.org/x",
    "https://git.example.org/x y",
    "ssh://-oProxyCommand=touch/x",
    "git@-oProxyCommand=x:y",
    "https://user@git.example.org/x",
]


@pytest.mark.parametrize("url", REFUSED)
def test_urls_that_could_run_something_are_refused(url: str) -> None:
    with pytest.raises(ConfigError):
        check_url(url)


@pytest.mark.parametrize(
    "url", ["https://git.example.org/x.git", "ssh://git@git.example.org/x", "git@git.example.org:acme/x.git"]
)
def test_plain_urls_are_allowed(url: str) -> None:
    check_url(url)


def test_a_password_in_a_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigError) as caught:
        check_url("https://user:hunter2-very-secret@git.example.org/x")

    assert "hunter2" not in str(caught.value)
    assert "credentials" in str(caught.value)


def test_a_fetch_brings_one_commit_bare_and_forgets_where_it_came_from(tmp_path: Path) -> None:
    origin = tmp_path / "origin"
    origin.mkdir()
    commit(origin, {"a.txt": "one"})
    head = commit(origin, {"a.txt": "two"})
    folder = tmp_path / "fetched"
    folder.mkdir()

    fetched = fetch(f"file://{origin}", folder, limits=LIMITS, protocols=("file",))

    assert (fetched.commit, fetched.branch, fetched.default_branch) == (head, "main", "main")
    assert "origin" not in (folder / "config").read_text()
    with GitReader(folder / "objects") as reader:
        assert [entry.path for entry in reader.tree(head)] == [b"a.txt"]


@pytest.mark.parametrize("ref", ["--upload-pack=x", "a..b", "a b", "$(x)"])
def test_a_ref_that_is_no_name_is_refused(tmp_path: Path, ref: str) -> None:
    with pytest.raises(ConfigError, match="branch or tag"):
        fetch("https://git.example.org/x", tmp_path, ref=ref, limits=LIMITS)


def test_a_repository_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="git ls-remote failed"):
        fetch(f"file://{tmp_path}/none", tmp_path, limits=LIMITS, protocols=("file",))


def test_a_token_travels_in_the_environment_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = write(
        tmp_path / "tools", {"git": '#!/bin/sh\necho "$@" >> "$TMPDIR/args"\nenv >> "$TMPDIR/env"\nexit 1\n'}
    )
    (tools / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    with pytest.raises(Unavailable):
        fetch("https://git.example.org/x", tmp_path, authorization="Basic c2VjcmV0", limits=LIMITS)

    assert "c2VjcmV0" not in (tmp_path / "args").read_text()
    seen = (tmp_path / "env").read_text()
    assert "Authorization: Basic c2VjcmV0" in seen
    assert "http.https://git.example.org/.extraHeader" in seen


def test_a_fetch_that_takes_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = write(tmp_path / "tools", {"git": "#!/bin/sh\nsleep 60\n"})
    (tools / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")

    with pytest.raises(Unavailable, match="takes too long"):
        fetch("https://git.example.org/x", tmp_path, limits=FetchLimits(timeout_s=0.4))

"""git is run only in ways that a hostile repository or URL cannot turn into running something else."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from connectors.clients.git import GitReader
from connectors.clients.git_fetch import FetchLimits
from connectors.errors import BadResponse, ConfigError
from tests.code_samples import commit, git

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


def test_without_a_folder_for_temporary_files_the_variable_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))

    with pytest.raises(ConfigError, match="TMPDIR") as caught:
        GitReader(tmp_path)

    assert "no folder for temporary files" in str(caught.value)

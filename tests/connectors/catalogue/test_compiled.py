from __future__ import annotations

import os
from pathlib import Path

import pytest

from connectors.catalogue import CODE_TABLES, merged_content, read_table
from connectors.catalogue.compiled import keep, recall

CONTENT = {"provider": [{"name": "acme", "hosts": ["ai.example.org"]}]}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put the user's cache folder into the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / "aicensus"


def only_file(folder: Path) -> Path:
    (file,) = folder.iterdir()
    return file


def test_what_was_kept_is_recalled_by_its_version_alone() -> None:
    keep("v1", CONTENT)

    assert recall("v1") == CONTENT
    assert recall("v2") is None


def test_nobody_else_can_read_or_write_it(folder: Path) -> None:
    keep("v1", CONTENT)

    assert only_file(folder).stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o077 == 0


def test_what_others_may_write_is_not_trusted(folder: Path) -> None:
    keep("v1", CONTENT)
    only_file(folder).chmod(0o666)
    by_file = recall("v1")
    only_file(folder).chmod(0o600)
    folder.chmod(0o777)
    by_folder = recall("v1")

    keep("v2", CONTENT)

    assert (by_file, by_folder) == (None, None)
    assert len(list(folder.iterdir())) == 1


def test_a_link_in_its_place_is_not_followed(folder: Path, tmp_path: Path) -> None:
    keep("v1", CONTENT)
    file = only_file(folder)
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")

    assert recall("v1") is None


@pytest.mark.parametrize("spoilt", [b"", b"x", b"0" * 64 + b"{}", b"cut"])
def test_what_is_not_whole_is_passed_over(folder: Path, spoilt: bytes) -> None:
    keep("v1", CONTENT)
    file = only_file(folder)
    file.write_bytes(file.read_bytes()[:-3] if spoilt == b"cut" else spoilt)

    assert recall("v1") is None


def test_old_versions_are_swept(folder: Path) -> None:
    for number in range(6):
        keep(f"v{number}", CONTENT)
        os.utime(folder / f"catalogue-v{number}.json", (number, number))

    assert recall("v5") == CONTENT
    assert len(list(folder.iterdir())) == 3


def test_a_folder_that_cannot_be_made_costs_nothing_but_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))

    keep("v1", CONTENT)

    assert recall("v1") is None


def test_the_content_is_the_same_from_the_cache_as_from_the_files(folder: Path) -> None:
    first, version = merged_content("")
    kept_files = list(folder.iterdir())
    again, same = merged_content("")

    parsed = {key: value for name in CODE_TABLES for key, value in read_table(name).items()}
    assert len(kept_files) == 1
    assert first == again == parsed
    assert version == same

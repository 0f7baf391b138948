from __future__ import annotations

from pathlib import Path

import pytest

from discovery import settings


def test_the_current_folder_is_not_searched_for_a_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is scanned must not configure the scanner: it could send credentials to a host of its choice."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "aicensus.toml").write_text("[scan]\n")

    assert settings.config_path({}) is None


def test_the_users_own_file_is_found(home: Path) -> None:
    own = home / "config" / "aicensus" / "aicensus.toml"
    own.parent.mkdir(parents=True)
    own.write_text("")

    assert settings.config_path({}) == own


def test_the_variable_wins_even_when_its_file_is_missing() -> None:
    assert settings.config_path({"AICENSUS_CONFIG": "/nowhere/x.toml"}) == Path("/nowhere/x.toml")


def test_a_store_may_be_named_by_file_or_url(tmp_path: Path) -> None:
    assert settings.store_url(str(tmp_path / "x.db")) == f"sqlite:///{tmp_path / 'x.db'}"
    assert settings.store_url("postgresql://h/d") == "postgresql://h/d"


def test_the_default_store_lies_in_the_users_data_folder(home: Path) -> None:
    assert settings.default_store_url() == f"sqlite:///{home / 'data' / 'aicensus' / 'inventory.db'}"

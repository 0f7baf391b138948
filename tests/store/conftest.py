"""Stores for these tests: copied from one that was migrated once, which is faster than migrating each."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from store import Store, open_store
from tests import postgres


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "inventory.db"
    open_store(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def sqlite_store_url(sqlite_template: Path, tmp_path: Path) -> str:
    shutil.copy(sqlite_template, tmp_path / "inventory.db")
    return f"sqlite:///{tmp_path / 'inventory.db'}"


@pytest.fixture
def postgres_store_url() -> Iterator[str]:
    yield from postgres.fresh_store_url()


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    opened = open_store(request.getfixturevalue(f"{request.param}_store_url"))
    yield opened
    opened.close()

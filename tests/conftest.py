"""What every test gets: no network but loopback, a home of its own, and a store on both databases.

All run on SQLite. Of those of the store every fourth one runs on PostgreSQL too, of those above it one in
thirty, the same ones each time: SQL lives in the store alone, and the whole is to stay under 15 minutes.
Migrations and what only PostgreSQL has run whole. ``--all-databases`` runs everything on both.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import socket_guard

if TYPE_CHECKING:
    from store import Store

REPOSITORY = Path(__file__).resolve().parent.parent
_FOREIGN = ("AWS_", "OPENAI_", "AICENSUS_", "ANTHROPIC_", "AZURE_", "GOOGLE_", "GIT_", "PG", "XDG_")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_KEPT = {"AICENSUS_TEST_POSTGRES", "AICENSUS_SHARED"}

_SAMPLED_STORE, _SAMPLED = 4, 30
"""One of so many tests runs on PostgreSQL as well: of the store's, and of those above it."""

_homes = itertools.count()

socket_guard.install()

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell without job control starts background jobs deaf to Ctrl-C, and their children inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let somebody ask for every test on both databases."""
    parser.addoption("--all-databases", action="store_true", help="run every test on both databases")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out most runs on PostgreSQL of the tests above the store."""
    if config.getoption("--all-databases"):
        return
    left_out = [one for one in items if _is_left_out(one)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [one for one in items if not _is_left_out(one)]


def _is_left_out(item: pytest.Item) -> bool:
    name = item.nodeid.replace("\\", "/")
    if "postgres" not in name.partition("[")[2] or name.startswith("tests/store/test_migrations"):
        return False
    share = _SAMPLED_STORE if name.startswith("tests/store/") else _SAMPLED
    return zlib.crc32(name.encode()) % share != 0


@pytest.fixture(autouse=True)
def no_network(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail a test that reached for another machine, even if the code under test hid the error."""
    log = tmp_path_factory.getbasetemp() / "sockets.log"
    log.unlink(missing_ok=True)
    monkeypatch.setenv(socket_guard.LOG_VARIABLE, str(log))
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY / "tests" / "guard"))
    socket_guard.refused.clear()

    yield

    refused = socket_guard.refused + (log.read_text().splitlines() if log.exists() else [])
    socket_guard.refused.clear()
    if refused:
        pytest.fail(f"left this machine: {', '.join(sorted(set(refused)))}")


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give every test an empty home and none of the caller's credentials, proxies or git settings."""
    # Not mktemp: it lists all earlier homes to number the next one.
    folder = tmp_path_factory.getbasetemp() / "homes" / str(next(_homes))
    folder.mkdir(parents=True)
    for name in list(os.environ):
        foreign = name.startswith(_FOREIGN) or name.upper() in _PROXIES
        if foreign and name not in _KEPT and name != socket_guard.LOG_VARIABLE:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(folder))
    for name in ("CONFIG", "DATA", "CACHE", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(folder / name.lower()))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_TERMINAL_PROMPT", "0")
    return folder


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest) -> str:
    """Return the URL of an empty store, once on each database."""
    return str(request.getfixturevalue(f"{request.param}_store_url"))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a SQLite file with an empty store in it, to be copied: a third of the time of migrating."""
    from store import open_store

    path = tmp_path_factory.mktemp("template") / "inventory.db"
    open_store(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def sqlite_store_url(sqlite_template: Path, tmp_path: Path) -> str:
    """Return the URL of an empty SQLite store."""
    shutil.copy(sqlite_template, tmp_path / "inventory.db")
    return f"sqlite:///{tmp_path / 'inventory.db'}"


@pytest.fixture
def postgres_store_url() -> Iterator[str]:
    """Return the URL of an empty PostgreSQL store, or skip where no server can run."""
    from tests import postgres

    yield from postgres.fresh_store_url()


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """Return the URL of a PostgreSQL database without any table, or skip where no server can run."""
    from tests import postgres

    yield from postgres.fresh_database()


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """Open an empty store, once on each database."""
    from store import open_store

    opened = open_store(store_url)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of reference material beside the repository, or skip where there is none."""
    folder = Path(os.environ.get("AICENSUS_SHARED", REPOSITORY.parent / "shared"))
    if not folder.is_dir():
        pytest.skip("no reference material (AICENSUS_SHARED)")
    return folder

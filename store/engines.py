"""Make the engines: one that writes and one that only reads, with each database's own settings."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.pool import QueuePool

from store.errors import StoreError
from store.places import prepare_file
from store.sending import OPTION, sender_in_use

LOCK_WAIT_S = 30
"""How long a writer waits for the others before it says that the store is locked."""

_READERS = 8
# Any number will do; it only must not be another application's in the same database.
_ADVISORY_CLASS = 1_094_929_481


def make(url: URL, *, create: bool, read_only: bool) -> tuple[Engine | None, Engine]:
    """Return the writing engine (``None`` when ``read_only``) and the reading one."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(Path(url.database or ""), create=create, read_only=read_only)
    return _postgresql(url, read_only=read_only)


def place_of(url: URL) -> str:
    """Return what to call a store in messages: its path, or its URL without the password."""
    return (
        str(url.database) if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)
    )


def lock_writers(conn: Connection) -> None:
    """Wait until this transaction is the only one that writes to the store."""
    # SQLite: BEGIN IMMEDIATE has done it.
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql(
            "SELECT pg_advisory_xact_lock(%s, hashtext(current_schema()))", (_ADVISORY_CLASS,)
        )


def _sqlite(path: Path, *, create: bool, read_only: bool) -> tuple[Engine | None, Engine]:
    prepare_file(path, create=create, read_only=read_only)
    writer = None if read_only else _sqlite_engine(path, "rw", "BEGIN IMMEDIATE", size=1)
    mode = "ro"
    if read_only and not _can_share(path):
        # In a folder that nobody may write to there is no log either: the file alone is all there is.
        mode = "ro&immutable=1"
    return writer, _sqlite_engine(path, mode, "BEGIN", size=_READERS)


def _can_share(path: Path) -> bool:
    return os.access(path.parent, os.W_OK) or path.with_name(path.name + "-shm").exists()


def _sqlite_engine(path: Path, mode: str, begin: str, *, size: int) -> Engine:
    address = f"file:{quote(str(path.resolve()))}?mode={mode}"

    def connect() -> sqlite3.Connection:
        # isolation_level=None: transactions begin where we say, not where the driver guesses.
        connection = sqlite3.connect(
            address, uri=True, timeout=LOCK_WAIT_S, isolation_level=None, check_same_thread=False
        )
        if mode == "rw":
            _keep_log_beside(connection)
        for pragma in _pragmas(writes=mode == "rw"):
            connection.execute(pragma)
        return connection

    engine = create_engine(
        "sqlite://",
        creator=connect,
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=size * 3,
        pool_timeout=LOCK_WAIT_S,
        hide_parameters=True,
    )
    event.listen(engine, "begin", lambda conn: conn.exec_driver_sql(begin) and None)
    return engine


def _keep_log_beside(connection: sqlite3.Connection) -> None:
    """Switch the file to write-ahead logging, which it then remembers."""
    end = time.monotonic() + LOCK_WAIT_S
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            # SQLite does not wait by itself while another process makes the same switch.
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


def _pragmas(*, writes: bool) -> tuple[str, ...]:
    common = ("PRAGMA foreign_keys=ON", "PRAGMA temp_store=MEMORY", "PRAGMA cache_size=-16000")
    if not writes:
        return (*common, "PRAGMA query_only=ON")
    return (
        *common,
        # In WAL mode a crash of the machine may lose the last transactions but damages nothing; a crash of
        # ours loses nothing.
        "PRAGMA synchronous=NORMAL",
        "PRAGMA wal_autocheckpoint=2000",
        "PRAGMA journal_size_limit=67108864",
    )


def _postgresql(url: URL, *, read_only: bool) -> tuple[Engine | None, Engine]:
    try:
        import psycopg  # noqa: F401
    except ImportError as error:
        raise StoreError(
            "a store on PostgreSQL needs the driver psycopg", hint="Install aicensus[postgres]."
        ) from error
    writer = None if read_only else _sending_later(_postgresql_engine(url))
    reader = _postgresql_engine(url).execution_options(
        isolation_level="REPEATABLE READ", postgresql_readonly=True
    )
    return writer, reader


def _sending_later(engine: Engine) -> Engine:
    """Let rows be on their way while the program goes on; they arrive before anything else is said."""

    def arrive(conn: Connection, *_: object) -> None:
        if (sender := sender_in_use(conn)) is not None:
            sender.finish()

    def forget(conn: Connection) -> None:
        if (sender := sender_in_use(conn)) is not None:
            sender.abandon()

    event.listen(engine, "before_cursor_execute", arrive)
    event.listen(engine, "commit", arrive)
    event.listen(engine, "rollback", forget)
    engine.update_execution_options(**{OPTION: True})
    return engine


def _postgresql_engine(url: URL) -> Engine:
    given = url.query.get("options")
    settings = f"-c lock_timeout={LOCK_WAIT_S * 1000} -c jit=off -c timezone=UTC"
    return create_engine(
        url,
        pool_size=4,
        max_overflow=_READERS,
        pool_timeout=LOCK_WAIT_S,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={
            "application_name": "aicensus",
            "connect_timeout": 10,
            "options": f"{settings} {given}" if isinstance(given, str) else settings,
            "keepalives_idle": 30,
        },
    )

"""Open the store and give short transactions on it, the same on SQLite and PostgreSQL.

Writers take one lock for the whole store (SQLite: ``BEGIN IMMEDIATE``; PostgreSQL: an advisory lock of the
transaction), so revisions are allotted in commit order and writers cannot deadlock. Readers never wait:
they see one snapshot, on read-only connections.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from sqlalchemy import Connection, Engine, func, make_url, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from connectors import clock, interrupts
from connectors.secrets import remember
from store import engines, schema
from store.errors import ClockWrong, StoreError, StoreLocked, StoreReadOnly
from store.failures import explained


@dataclass(frozen=True, slots=True)
class WriteTx:
    """One short write transaction: its connection, its revision, and the store's time (text, UTC)."""

    conn: Connection
    rev: int
    now: str


@dataclass(frozen=True, slots=True)
class ReadTx:
    """One snapshot: its connection and the revision to read at (``None``: now)."""

    conn: Connection
    rev: int | None


class Store:
    """Hold the connections to one store; safe to share between threads."""

    def __init__(self, url: URL, writer: Engine | None, reader: Engine) -> None:
        self.url = url
        self.dialect = url.get_backend_name()
        self._writer = writer
        self._reader = reader
        # Threads of one process queue here rather than in SQLite's busy loop, which is not fair.
        self._gate = threading.Lock()
        self._inside = threading.local()
        # How much went in through here, and how much of it the database's statistics know of.
        self.rows_added = 0
        self.rows_analysed = 0

    @property
    def engine(self) -> Engine:
        """Return the engine that writes; raises ``StoreReadOnly`` when opened for reading only."""
        if self._writer is None:
            raise StoreReadOnly("the store was opened for reading only", where=self.place)
        return self._writer

    @property
    def place(self) -> str:
        """Return where the store is, without a password."""
        return engines.place_of(self.url)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Give a short write transaction without a revision: leases, journal marks, the cache.

        Ctrl-C waits for its end (:mod:`connectors.interrupts`).
        """
        engine = self.engine
        if getattr(self._inside, "value", False):
            raise RuntimeError("a write transaction inside another one of the same thread")
        with interrupts.held():
            if not self._gate.acquire(timeout=engines.LOCK_WAIT_S):
                raise StoreLocked("another thread holds the write lock", where=self.place, hint="Try again.")
            self._inside.value = True
            try:
                with explained(self.place), engine.begin() as conn:
                    engines.lock_writers(conn)
                    yield conn
            finally:
                self._inside.value = False
                self._gate.release()

    @contextmanager
    def write(self, *, actor: str = "engine", kind: str = "write") -> Iterator[WriteTx]:
        """Give one short write transaction with a revision of its own; it commits at the end of the block.

        Hold it for at most 0.5 s: everybody else waits. Raises ``StoreLocked``, ``StoreReadOnly``,
        ``DiskFull`` or ``StoreCorrupt`` with what to do; nothing of the block is kept then.
        """
        with self.begin() as conn:
            yield _allot(conn, actor, kind)

    @contextmanager
    def read(self, as_of: datetime | None = None) -> Iterator[ReadTx]:
        """Give one snapshot; ``as_of`` adds the last revision up to that moment (0: before all)."""
        with explained(self.place), self._reader.connect() as conn, conn.begin():
            yield ReadTx(conn, None if as_of is None else revision_at(conn, as_of))

    def close(self) -> None:
        """Close all connections; the store must not be used after it."""
        for engine in (self._reader, self._writer):
            if engine is not None:
                engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


_LAST = (schema.revision.c.rev, schema.revision.c.at)
_LAST_REVISION = {
    "sqlite": select(*_LAST).order_by(schema.revision.c.rev.desc()).limit(1),
    # Many machines write there: its own clock tells which of them has a wrong one.
    "postgresql": select(*_LAST, func.clock_timestamp().label("server"))
    .order_by(schema.revision.c.rev.desc())
    .limit(1),
}
_NEW_REVISION = schema.revision.insert()
FURTHEST = timedelta(days=1)
"""How far a clock may be off before nothing is written any more: history would be dated wrongly for good."""


def _allot(conn: Connection, actor: str, kind: str) -> WriteTx:
    last = conn.execute(_LAST_REVISION[conn.dialect.name]).first()
    rev, at = (last.rev + 1, last.at) if last else (1, "")
    now = clock.now()
    if last is not None:
        _check_clock(now, at, getattr(last, "server", None))
    # A clock that steps back a little must not make time run backwards for --as-of.
    moment = max(clock.to_text(now), at)
    conn.execute(_NEW_REVISION, {"rev": rev, "at": moment, "actor": actor, "kind": kind})
    return WriteTx(conn, rev, moment)


def _check_clock(now: datetime, last: str, server: datetime | None) -> None:
    """Raise ``ClockWrong`` when this machine is days behind what was written, or off the server's clock."""
    if server is not None and abs(server - now) > FURTHEST:
        says = f"{clock.to_text(now)[:16]}, the database's {clock.to_text(server)[:16]}"
        raise ClockWrong(f"this machine's clock says {says}", hint="Set the clock; times are UTC.")
    if last > clock.to_text(now + FURTHEST):
        raise ClockWrong(
            f"the store was last written at {last[:16]}, and this machine's clock says only "
            f"{clock.to_text(now)[:16]}",
            hint="Set the clock; if it was wrong before and is right now: aicensus db mend-clock",
        )


def revision_at(conn: Connection, moment: datetime) -> int:
    """Return the last revision at or before ``moment``, 0 when there is none."""
    table = schema.revision
    found = conn.execute(
        select(table.c.rev)
        .where(table.c.at <= clock.to_text(moment))
        .order_by(table.c.at.desc(), table.c.rev.desc())
        .limit(1)
    ).scalar()
    return found or 0


def open_store(url: str, *, create: bool = True, read_only: bool = False) -> Store:
    """Open the store at ``url`` (``sqlite:///path`` or ``postgresql://...``) and check its version.

    ``create`` makes a missing SQLite file, and the tables in an empty database. Raises the kind of
    ``StoreError`` that says what is in the way and what to do: ``NewerSchema``, ``NeedsUpgrade``,
    ``StoreMissing``, ``StoreLocked``, ``StoreReadOnly``, ``DiskFull``, ``StoreCorrupt``,
    ``NetworkFileSystem``, ``StoreUnreachable``.
    """
    from store import migrations

    parsed = parse_url(url)
    writer, reader = engines.make(parsed, create=create, read_only=read_only)
    store = Store(parsed, writer, reader)
    try:
        with store.read() as tx:
            empty = migrations.check(tx.conn, store.place, may_create=create and not read_only)
        if empty:
            migrations.run(store.engine, store.place)
    except BaseException:
        store.close()
        raise
    return store


def upgrade(url: str) -> tuple[str, str]:
    """Migrate the store at ``url`` to this version's schema and return its versions before and after.

    Safe to run at any time and by several processes at once; does nothing when it is up to date. Raises
    ``NewerSchema`` when the store is of a newer version.
    """
    from store import migrations

    parsed = parse_url(url)
    writer, reader = engines.make(parsed, create=True, read_only=False)
    reader.dispose()
    assert writer is not None  # only a read-only store has none
    try:
        return migrations.run(writer, engines.place_of(parsed))
    finally:
        writer.dispose()


def _texts(value: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value or ()


def parse_url(url: str) -> URL:
    """Read a store URL; raises ``StoreError`` that names the two forms it may have."""
    hint = "Use sqlite:///path/to/file.db or postgresql://user@host/database."
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise StoreError("the store's URL cannot be read", hint=hint) from error
    for secret in (parsed.password, *_texts(parsed.query.get("password"))):
        remember(str(secret or ""))
    backend = parsed.get_backend_name()
    if backend == "sqlite" and parsed.database and parsed.database != ":memory:":
        return parsed.set(drivername="sqlite")
    if backend == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    raise StoreError(f"a store of the kind {backend!r} is not supported", hint=hint)


__all__ = ["ReadTx", "Store", "WriteTx", "open_store", "parse_url", "upgrade"]

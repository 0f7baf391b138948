"""Choose one leader among the daemons of a store.

The truth is one lease row: holder, epoch, when it expires. An epoch grows with every new leader, so one
that slept through its own end is refused when it wakes up (:func:`store.schedule.claim`). Beside the row
the leader holds something that dies with its process, which lets the next one take over at once instead
of waiting for the row to expire: on PostgreSQL an advisory lock of a dedicated session, on SQLite a file
lock beside the database (SQLite stores lie on local disks only). Where neither can be had, time decides.
"""

from __future__ import annotations

import contextlib
import logging
import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from connectors import clock
from store.database import Store
from store.failures import explained
from store.schema_inventory import lease

log = logging.getLogger("aicensus.leader")

LEADER = "daemon/leader"
"""The name of the lease row."""
# Another class than the store's writers use, so that the two locks never meet.
_ADVISORY_CLASS = 1_094_929_482
_LOCK = "SELECT pg_try_advisory_lock(%s, hashtext(current_schema()))"
_UNLOCK = "SELECT pg_advisory_unlock(%s, hashtext(current_schema()))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leader:
    """Who leads, since which epoch, and until when unless renewed (text, UTC)."""

    holder: str
    epoch: int
    expires_at: str


class LeaderLock:
    """Take, renew and give back the leadership for one process; not for use by several threads at once.

    ``holder`` names the process and must be unique to it. Raises ``StoreError`` when the store fails.
    """

    def __init__(self, store: Store, holder: str, ttl_s: float) -> None:
        self._store = store
        self._holder = holder
        self._ttl = timedelta(seconds=ttl_s)
        self._guard: _FileGuard | _SessionGuard | None = None

    def take(self) -> int | None:
        """Return the new epoch when this process leads now, ``None`` when another does."""
        has_guard = self._take_guard()
        now = clock.now()
        with self._store.begin() as conn:
            row = conn.execute(select(lease).where(lease.c.name == LEADER)).first()
            is_free = row is None or row.holder == self._holder or row.expires_at <= clock.to_text(now)
            if not (is_free or has_guard):
                return None
            epoch = (row.epoch if row else 0) + 1
            values = {"holder": self._holder, "epoch": epoch, "expires_at": clock.to_text(now + self._ttl)}
            if row is None:
                conn.execute(insert(lease).values(name=LEADER, **values))
            else:
                conn.execute(update(lease).where(lease.c.name == LEADER).values(**values))
        return epoch

    def renew(self, epoch: int) -> bool:
        """Lead on; false when another has taken over, which ends this leadership."""
        # Who took over by time alone gets the guard when the old leader's process ends at last.
        self._take_guard()
        with self._store.begin() as conn:
            done = conn.execute(
                update(lease)
                .where(lease.c.name == LEADER, lease.c.holder == self._holder, lease.c.epoch == epoch)
                .values(expires_at=clock.to_text(clock.now() + self._ttl))
            )
        if done.rowcount == 1:
            return True
        self._drop_guard()
        return False

    def give_back(self) -> None:
        """Step down, so that another may lead at once; does nothing for who does not lead."""
        with self._store.begin() as conn:
            conn.execute(
                update(lease)
                .where(lease.c.name == LEADER, lease.c.holder == self._holder)
                .values(expires_at=clock.to_text(clock.now()))
            )
        self._drop_guard()

    def close(self) -> None:
        """Let go of what is held without touching the store, as a dying process does."""
        self._drop_guard()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _take_guard(self) -> bool:
        if self._guard is not None and self._guard.is_held():
            return True
        self._drop_guard()
        self._guard = _new_guard(self._store)
        return self._guard is not None

    def _drop_guard(self) -> None:
        if self._guard is not None:
            self._guard.drop()
            self._guard = None


def leader(store: Store) -> Leader | None:
    """Return who leads or led last, ``None`` when nobody ever did."""
    with store.read() as tx:
        row = tx.conn.execute(select(lease).where(lease.c.name == LEADER)).first()
    return Leader(holder=row.holder, epoch=row.epoch, expires_at=row.expires_at) if row else None


def leads(conn: Connection, holder: str, epoch: int) -> bool:
    """Say, inside a transaction, whether ``holder`` leads in ``epoch``."""
    found = conn.execute(
        select(lease.c.name).where(lease.c.name == LEADER, lease.c.holder == holder, lease.c.epoch == epoch)
    ).first()
    return found is not None


class _FileGuard:
    """A lock on a file, which the operating system frees when the process ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def is_held(self) -> bool:
        return True

    def drop(self) -> None:
        os.close(self._descriptor)


class _SessionGuard:
    """A lock of a database session, which the server frees when the connection ends."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def is_held(self) -> bool:
        try:
            self._conn.exec_driver_sql("SELECT 1")
        except SQLAlchemyError as error:
            log.warning("the connection that holds the leadership broke: %s", type(error).__name__)
            return False
        return True

    def drop(self) -> None:
        # Unlocked by word, because the server notices the end of a connection only a moment later.
        with contextlib.suppress(SQLAlchemyError):
            self._conn.exec_driver_sql(_UNLOCK, (_ADVISORY_CLASS,))
        with contextlib.suppress(SQLAlchemyError):
            self._conn.close()


def _new_guard(store: Store) -> _FileGuard | _SessionGuard | None:
    if store.dialect == "postgresql":
        return _session_guard(store)
    return _file_guard(Path(f"{store.url.database}.leader"))


def _session_guard(store: Store) -> _SessionGuard | None:
    with explained(store.place):
        conn = store.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        # Out of the pool: the lock lives as long as this very connection.
        conn.detach()
        is_ours = conn.exec_driver_sql(_LOCK, (_ADVISORY_CLASS,)).scalar()
    if is_ours:
        return _SessionGuard(conn)
    conn.close()
    return None


def _file_guard(path: Path) -> _FileGuard | None:
    try:
        import fcntl
    except ImportError:  # Windows has no such locks; the lease row alone decides there.
        return None
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return _FileGuard(descriptor)

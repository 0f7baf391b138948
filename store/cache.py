"""Keep facts that are a pure function of their key, for connectors that run beside the store."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import orjson
from sqlalchemy import select, update

from connectors import clock
from connectors.runner import TravellingCache
from store.bulk import insert_rows, is_one_of
from store.database import Store
from store.schema import blob_cache

_WRITE_AT = 500


class BlobCache:
    """Implement :class:`connectors.contract.Cache` on the store; safe to share between threads.

    New entries are gathered and written some hundred at a time (:meth:`flush` writes the rest), so a scan
    of many files does not queue for the write lock. A miss only costs time.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._fresh: dict[str, bytes] = {}
        self._used: set[str] = set()

    def get_many(self, keys: Iterable[str]) -> dict[str, bytes]:
        """Return what is known of ``keys``."""
        wanted = list(dict.fromkeys(keys))
        today = _today()
        with self._lock:
            found = {key: self._fresh[key] for key in wanted if key in self._fresh}
        columns = blob_cache.c
        with self._store.read() as tx:
            rows = tx.conn.execute(
                select(columns.key, columns.value, columns.used_at).where(
                    is_one_of(tx.conn, columns.key, wanted)
                )
            ).all()
        with self._lock:
            self._used.update(row.key for row in rows if row.used_at != today)
        return found | {row.key: bytes(row.value) for row in rows}

    def put(self, key: str, value: bytes) -> None:
        """Keep ``value`` under ``key``."""
        with self._lock:
            self._fresh[key] = value
            is_due = len(self._fresh) >= _WRITE_AT
        if is_due:
            self.flush()

    def near(self) -> TravellingCache | None:
        """Return what looks into this cache from another process of this machine, if that helps and can be.

        A PostgreSQL store cannot: its URL may hold a password, which must not travel.
        """
        if self._store.dialect != "sqlite" or not self._store.url.database:
            return None
        with self._store.read() as tx:
            is_empty = tx.conn.execute(select(blob_cache.c.key).limit(1)).first() is None
        return None if is_empty else NearCache(self._store.url.database)

    def flush(self) -> None:
        """Write what was gathered."""
        with self._lock:
            fresh, self._fresh = self._fresh, {}
            used, self._used = self._used, set()
        if not fresh and not used:
            return
        today = _today()
        columns = blob_cache.c
        with self._store.begin() as conn:
            known = set(
                conn.execute(select(columns.key).where(is_one_of(conn, columns.key, fresh))).scalars()
            )
            rows = [(key, value, today) for key, value in sorted(fresh.items()) if key not in known]
            insert_rows(conn, blob_cache, ("key", "value", "used_at"), rows)
            if used:
                conn.execute(
                    update(blob_cache).where(is_one_of(conn, columns.key, used)).values(used_at=today)
                )


class NearCache(TravellingCache):
    """Look into the cache of a SQLite store by its file, read only; what is new travels home."""

    def __init__(self, file: str) -> None:
        super().__init__()
        self._file = file

    def get_many(self, keys: Iterable[str]) -> dict[str, bytes]:
        """Return what is known of ``keys``; a store that cannot be read knows nothing."""
        wanted = list(dict.fromkeys(keys))
        found = super().get_many(wanted)
        place = f"{Path(self._file).absolute().as_uri()}?mode=ro"
        try:
            with closing(sqlite3.connect(place, uri=True)) as connection:
                rows = connection.execute(_LOOK_UP, (orjson.dumps(wanted).decode(),)).fetchall()
        except sqlite3.Error:
            return found
        return dict(rows) | found


_LOOK_UP = "SELECT key, value FROM blob_cache WHERE key IN (SELECT value FROM json_each(?))"


def _today() -> str:
    return clock.to_text(clock.now())[:10]

"""Keep facts that are a pure function of their key, for connectors that run beside the store."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from sqlalchemy import select, update

from connectors import clock
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


def _today() -> str:
    return clock.to_text(clock.now())[:10]

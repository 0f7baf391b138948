"""Turn what a database driver says into an error that names what to do."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from connectors.secrets import redact
from store.errors import DiskFull, StoreCorrupt, StoreError, StoreLocked, StoreReadOnly, StoreUnreachable

_LOCKED = (StoreLocked, "another process holds the store's write lock", "Wait for it to end, then try again.")
_READ_ONLY = (StoreReadOnly, "the store may not be written", "Allow writing to it, or use another store.")
_FULL = (DiskFull, "the disk that holds the store is full", "Free some space and run again; nothing is lost.")
_CORRUPT = (
    StoreCorrupt,
    "the store is damaged or not a database",
    "Restore a backup, or give --db another file.",
)

_UNOPENED = (StoreReadOnly, "the store cannot be opened", "Check that its folder may be written.")
_BROKEN_DISK = (StoreError, "the disk failed while the store was used", "Check the disk and its log.")

# **Source:** SQLite result codes (rescode.html); text of the messages, read 2026-11-22.
_SQLITE = (
    ("locked", _LOCKED),
    ("busy", _LOCKED),
    ("readonly", _READ_ONLY),
    ("disk is full", _FULL),
    ("not a database", _CORRUPT),
    ("malformed", _CORRUPT),
    ("unsupported file format", _CORRUPT),
    (
        "unable to open",
        (StoreReadOnly, "the store cannot be opened", "Check that its folder may be written."),
    ),
    (
        "disk i/o error",
        (StoreError, "the disk failed while the store was used", "Check the disk and its log."),
    ),
)
# **Source:** PostgreSQL, appendix "Error Codes", read 2026-11-22.
_SQLSTATES = {
    "55P03": _LOCKED,
    "40P01": _LOCKED,
    "25006": _READ_ONLY,
    "42501": _READ_ONLY,
    "53100": _FULL,
    "XX001": _CORRUPT,
    "XX002": _CORRUPT,
}


@contextmanager
def explained(place: str) -> Iterator[None]:
    """Raise a ``StoreError`` with what to do for every failure of the database itself.

    Errors that mean a mistake of ours (a violated constraint, bad SQL) rise as they are.
    """
    try:
        yield
    except PoolTimeout as error:
        raise StoreLocked(
            "all connections to the store are in use", where=place, hint="Try again."
        ) from error
    except _drivers_errors() as error:
        known = _known(error.orig if isinstance(error, DBAPIError) else error)
        if known is None:
            raise
        raise known[0](known[1], where=place, hint=known[2]) from error


def _drivers_errors() -> tuple[type[Exception], ...]:
    """Return what drivers raise: rows are handed to them past SQLAlchemy, and then it wraps no error."""
    psycopg = sys.modules.get("psycopg")
    return (DBAPIError, sqlite3.Error) if psycopg is None else (DBAPIError, sqlite3.Error, psycopg.Error)


def _known(origin: BaseException | None) -> tuple[type[StoreError], str, str] | None:
    state = getattr(origin, "sqlstate", None)
    if state in _SQLSTATES:
        return _SQLSTATES[state]
    text = str(origin)
    if type(origin).__module__.startswith("sqlite3"):
        return next((answer for word, answer in _SQLITE if word in text.lower()), None)
    if "OperationalError" in {base.__name__ for base in type(origin).__mro__} and (
        state is None or state[:2] in {"08", "28", "3D", "57"}
    ):
        first = redact(text.strip().splitlines()[0] if text.strip() else "no answer")
        hint = "Check host, port, name and password of the store's URL, and that the server runs."
        return StoreUnreachable, f"the database server does not serve us: {first}", hint
    return None

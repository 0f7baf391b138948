"""Read what RPM has installed from its database, where that is one of SQLite.

The table ``Packages`` holds the header of each package: an index of tags and their values. Nothing of the
database runs: its schema is not trusted, only that one table is asked, and only so many steps are taken.
The older databases of RPM (Berkeley DB, NDB) are listed as not read.

**Source:** RPM's documentation "Package format" (header structure, tags) and SQLite's "Defense Against The
Dark Arts", from general knowledge; the form of a row as written by rpm 4.16 and later.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing

from connectors.code.facts import Fact, Source, UnreadableError, within
from connectors.images.installed import os_package

_MAGIC = b"SQLite format 3\0"
_HEAD = struct.Struct(">II")
_ENTRY = struct.Struct(">IIII")
_NAME, _VERSION, _RELEASE = 1000, 1001, 1002
_STRING = 6
_MAX_TAGS = 5_000
_MAX_PACKAGES = 50_000
_LONGEST_VALUE = 256
_LONGEST_ROW = 20_000_000
_PLAIN_TABLE = (
    "SELECT 1 FROM sqlite_master WHERE name = 'Packages' AND type = 'table' AND sql LIKE 'CREATE TABLE%'"
)
_STEPS = 50_000
_ROUNDS = 2_000
"""The database may take so many times so many steps of SQLite's machine; 3,000 packages take 40,000."""


def rpm(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages that RPM has installed."""
    if not source.data.startswith(_MAGIC):
        raise UnreadableError("no database of SQLite")
    for header in within(_headers(source.data), _MAX_PACKAGES, "packages"):
        tags = _tags(header)
        if tags.get(_NAME):
            version = "-".join(filter(None, (tags.get(_VERSION), tags.get(_RELEASE))))
            yield from os_package("rpm", tags[_NAME], version)


def _headers(data: bytes) -> Iterator[bytes]:
    # A database that was written with a log beside it says so in these two bytes; in memory there is none.
    data = data[:18] + b"\x01\x01" + data[20:]
    rounds = 0

    def count() -> int:
        nonlocal rounds
        rounds += 1
        return int(rounds > _ROUNDS)

    try:
        with closing(sqlite3.connect(":memory:")) as database:
            database.text_factory = bytes
            database.deserialize(data)
            database.set_progress_handler(count, _STEPS)
            database.execute("PRAGMA trusted_schema = OFF")
            database.execute("PRAGMA cell_size_check = ON")
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_ROW)
            if database.execute(_PLAIN_TABLE).fetchone() is None:
                raise UnreadableError("a database without RPM's packages")
            for (header,) in database.execute("SELECT blob FROM Packages"):
                if isinstance(header, bytes):
                    yield header
    except (sqlite3.Error, MemoryError, OverflowError, UnicodeDecodeError) as error:
        raise UnreadableError(f"a damaged database: {type(error).__name__}") from error


def _tags(header: bytes) -> dict[int, str]:
    """Return the texts of a header that say which package it is; what lies outside of it is left out."""
    if len(header) < _HEAD.size:
        return {}
    count, length = _HEAD.unpack_from(header)
    start = _HEAD.size + count * _ENTRY.size
    if count > _MAX_TAGS or start + length > len(header):
        return {}
    found: dict[int, str] = {}
    for index in range(count):
        tag, kind, offset, _ = _ENTRY.unpack_from(header, _HEAD.size + index * _ENTRY.size)
        if tag in (_NAME, _VERSION, _RELEASE) and kind == _STRING and offset < length:
            text = header[start + offset : start + min(length, offset + _LONGEST_VALUE)].split(b"\0", 1)[0]
            found.setdefault(tag, text.decode("utf-8", "replace"))
    return found

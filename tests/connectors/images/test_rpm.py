"""RPM's database tells what is installed; whatever else is in it does no harm."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from connectors.catalogue import load_catalogue
from connectors.code.facts import Source, UnreadableError
from connectors.images.rpm import rpm
from tests.image_samples import rpm_database


def _read(data: bytes) -> dict[str, object]:
    source = Source(data=data, name="rpmdb.sqlite", syntax="binary", catalogue=load_catalogue())
    return {fact.identifier: fact.attributes["locked"] for fact in rpm(source)}


def _made(*statements: str) -> bytes:
    with closing(sqlite3.connect(":memory:")) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()
        return bytes(database.serialize())


def test_catalogued_packages_are_read_with_version_and_release() -> None:
    others = [(f"lib{number}", "1", "2") for number in range(300)]

    found = _read(rpm_database(("ollama", "0.12.3", "1.fc43"), *others, ("libnvinfer10", "10.9", "1")))

    assert found == {"pkg:rpm/ollama": "0.12.3-1.fc43", "pkg:rpm/libnvinfer10": "10.9-1"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00\x06\x15\x61 Berkeley",
        b"SQLite format 3\0" + b"\xff" * 2_000,
        rpm_database(("ollama", "1", "1"))[:5_000],
        _made("CREATE TABLE other (a)"),
        _made("CREATE VIEW Packages AS SELECT 1 AS blob"),
        _made("CREATE TABLE Packages (a)"),
    ],
    ids=["nothing", "Berkeley DB", "noise", "cut", "another table", "a view", "another column"],
)
def test_what_is_no_such_database_is_unreadable(data: bytes) -> None:
    with pytest.raises(UnreadableError):
        _read(data)


def test_a_table_that_computes_more_than_a_package_holds_is_stopped() -> None:
    column = "blob AS (zeroblob(30000000))"
    data = _made(f"CREATE TABLE Packages (a, {column})", "INSERT INTO Packages (a) VALUES (1)")

    with pytest.raises(UnreadableError, match="damaged"):
        _read(data)


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"\xff" * 8,
        b"\0\0\0\1\0\0\0\4",
        b"\0\0\0\1\0\0\0\4" + b"\0\0\3\xe8\0\0\0\6\0\0\xff\xff\0\0\0\1" + b"oll\0",
    ],
    ids=["empty", "too many tags", "no tags", "a value outside"],
)
def test_a_damaged_header_names_no_package(header: bytes) -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob)")
        database.execute("INSERT INTO Packages (blob) VALUES (?)", (header,))
        database.commit()
        data = bytes(database.serialize())

    assert _read(data) == {}

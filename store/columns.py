"""Spell the kinds of columns and indexes that the tables are made of."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    MetaData,
    Text,
    event,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Byte order on both databases: the same pages and the same winners everywhere, and cheaper indexes.
TEXT = Text().with_variant(Text(collation="C"), "postgresql")
# SQLite numbers rows by itself only in a column spelt INTEGER.
NUMBER = BigInteger().with_variant(Integer(), "sqlite")


def text_column(
    name: str, *, null: bool = False, default: str | None = None, key: bool = False
) -> Column[str]:
    """Describe a text column; ``default`` is the server's, ``key`` makes it part of the primary key."""
    return Column(
        name,
        TEXT,
        primary_key=key,
        nullable=null,
        server_default=None if default is None else text(f"'{default}'"),
    )


def number(name: str, *, null: bool = False, default: int | None = None) -> Column[int]:
    """Describe a whole-number column."""
    return Column(name, NUMBER, nullable=null, server_default=None if default is None else text(str(default)))


def flag(name: str, *, default: bool | None = None) -> Column[bool]:
    """Describe a yes-or-no column."""
    server = None if default is None else text("true" if default else "false")
    return Column(name, Boolean, nullable=False, server_default=server)


def serial(name: str) -> Column[int]:
    """Describe a row number that the database allots and never gives out twice."""
    return Column(name, NUMBER, primary_key=True, autoincrement=True)


def validity() -> tuple[Column[Any], Column[Any]]:
    """Describe the two revisions between which a row was what the store knew."""
    return number("valid_from"), number("valid_to", null=True)


def open_index(name: str, *columns: Column[Any], valid_to: Column[Any], unique: bool = False) -> Index:
    """Describe an index over the rows that still hold; history does not weigh on it."""
    return partial_index(name, *columns, where=valid_to.is_(None), unique=unique)


def partial_index(
    name: str, *columns: Column[Any], where: ColumnElement[bool], unique: bool = False
) -> Index:
    """Describe an index over the rows for which ``where`` holds, on both databases."""
    # A condition for PostgreSQL named here would load its dialect, a tenth of a second, for SQLite, too.
    return Index(name, *columns, unique=unique, sqlite_where=where)


@event.listens_for(metadata, "before_create")
def _keep_conditions_on_postgresql(made: MetaData, conn: Connection, **_: object) -> None:
    if conn.dialect.name != "postgresql":
        return
    for index in (one for table in made.tables.values() for one in table.indexes):
        index.dialect_kwargs["postgresql_where"] = index.dialect_options["sqlite"]["where"]

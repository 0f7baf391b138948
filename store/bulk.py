"""Move many rows at once, each database in its fastest way.

SQLite takes ``executemany`` on the driver's own connection, PostgreSQL ``COPY``; both about twice as fast
as SQLAlchemy's own executemany. Lists go in as one parameter, so that no statement grows with its input.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    Table,
    Text,
    bindparam,
    cast,
    func,
    select,
    true,
)
from sqlalchemy import any_ as any_of
from sqlalchemy.dialects.postgresql import ARRAY, BIGINT, TEXT

_pause = threading.Lock()
_pausing = 0


@contextmanager
def many_objects() -> Iterator[None]:
    """Hold off the collector of reference cycles while a block makes many small objects for a moment.

    They hold no cycles, and it would look through all of them again and again: a third of a big write.
    Blocks of several threads may overlap; the last one to end lets the collector run again.
    """
    global _pausing
    with _pause:
        if not _pausing and not gc.isenabled():
            owned = False
        else:
            owned = True
            _pausing += 1
            gc.disable()
    try:
        yield
    finally:
        if owned:
            with _pause:
                _pausing -= 1
                if not _pausing:
                    gc.enable()


def insert_rows(
    conn: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert ``rows`` (values in the order of ``columns``) that are known not to be there yet."""
    if not rows:
        return
    names = ", ".join(f'"{name}"' for name in columns)
    driver: Any = conn.connection.driver_connection
    if conn.dialect.name == "postgresql":
        with driver.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
            for row in rows:
                copy.write_row(row)
        return
    marks = ", ".join("?" * len(columns))
    driver.executemany(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', rows)


def is_one_of(
    conn: Connection, column: ColumnElement[Any], values: Iterable[str | int]
) -> ColumnElement[bool]:
    """Return the condition that ``column`` is one of ``values`` (any number of them)."""
    listed = list(values)
    if conn.dialect.name == "postgresql":
        kind = BIGINT() if listed and isinstance(listed[0], int) else TEXT()
        return column == any_of(bindparam(None, listed, type_=ARRAY(kind), unique=True))
    each = func.json_each(_json(listed)).table_valued("value")
    return column.in_(select(each.c.value))


def one_of_listed(dialect: str, column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition that ``column`` is in the parameter ``listed``: for statements made once.

    The parameter's value comes from :func:`listed`.
    """
    if dialect == "postgresql":
        kind = TEXT() if isinstance(column.type, Text) else BIGINT()
        return column == any_of(bindparam("listed", type_=ARRAY(kind)))
    each = func.json_each(cast(bindparam("listed"), String)).table_valued("value")
    return column.in_(select(each.c.value))


def listed(conn: Connection, values: Sequence[str] | Sequence[int]) -> Any:
    """Return ``values`` as the database takes a list in one parameter."""
    return list(values) if conn.dialect.name == "postgresql" else orjson.dumps(values).decode()


def matching(
    dialect: str, query: Select[Any], first: ColumnElement[Any], second: ColumnElement[Any]
) -> Select[Any]:
    """Narrow ``query``, of one table, to rows whose two columns are one of the pairs of :func:`pairs_of`.

    Every pair is looked up in the index of the two columns, whatever the planner thinks of the table's size.
    """
    if dialect == "postgresql":
        arrays = [bindparam(name, type_=ARRAY(TEXT())) for name in ("firsts", "seconds")]
        wanted = func.unnest(*arrays).table_valued("a", "b", name="wanted").render_derived()
        # OFFSET 0 keeps the planner from turning the look-ups into a join of its own choice.
        one = query.where(first == wanted.c.a, second == wanted.c.b).correlate(wanted).offset(0)
        found = one.lateral("found")
        return select(found).select_from(wanted.join(found, true()))
    each = func.json_each(cast(bindparam("pairs"), String)).table_valued("value")
    left, right = (func.json_extract(each.c.value, f"$[{side}]") for side in (0, 1))
    return query.join_from(each, first.table, (first == left) & (second == right))


def pairs_of(conn: Connection, pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return ``pairs`` as the parameters of a statement made by :func:`matching`."""
    if conn.dialect.name == "postgresql":
        return {"firsts": [one[0] for one in pairs], "seconds": [one[1] for one in pairs]}
    return {"pairs": orjson.dumps(pairs).decode()}


def _json(values: Sequence[Any]) -> ColumnElement[str]:
    return cast(bindparam(None, orjson.dumps(values).decode(), unique=True), String)

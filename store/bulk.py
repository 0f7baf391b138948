"""Move many rows at once, each database in its fastest way.

SQLite takes ``executemany`` on the driver's own connection, PostgreSQL ``COPY``; both about twice as fast
as SQLAlchemy's own executemany. Lists go in as one parameter, so that no statement grows with its input.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Select, String, Table, bindparam, cast, func, select
from sqlalchemy import any_ as any_of
from sqlalchemy.dialects.postgresql import ARRAY, BIGINT, TEXT


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


def matching(
    conn: Connection,
    query: Select[Any],
    first: ColumnElement[Any],
    second: ColumnElement[Any],
    pairs: Sequence[tuple[str, str]],
) -> Select[Any]:
    """Narrow ``query`` to rows whose two columns are one of ``pairs``."""
    if conn.dialect.name == "postgresql":
        arrays = [
            bindparam(None, [pair[side] for pair in pairs], type_=ARRAY(TEXT()), unique=True)
            for side in (0, 1)
        ]
        table = func.unnest(*arrays).table_valued("a", "b", name="wanted").render_derived()
        return query.join_from(first.table, table, (first == table.c.a) & (second == table.c.b))
    each = func.json_each(_json(pairs)).table_valued("value")
    left, right = (func.json_extract(each.c.value, f"$[{side}]") for side in (0, 1))
    return query.join_from(each, first.table, (first == left) & (second == right))


def _json(values: Sequence[Any]) -> ColumnElement[str]:
    return cast(bindparam(None, orjson.dumps(values).decode(), unique=True), String)

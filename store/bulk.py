"""Move many rows at once, each database in its fastest way.

SQLite takes ``executemany`` on the driver's own connection, PostgreSQL ``COPY``; both about twice as fast
as SQLAlchemy's own executemany. Lists go in as one parameter, so that no statement grows with its input.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

import orjson
from sqlalchemy import (
    JSON,
    BigInteger,
    BindParameter,
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

from store.sending import OPTION, sender_of

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
    conn: Connection, table: Table, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]
) -> None:
    """Insert ``rows`` (values in the order of ``columns``) that are known not to be there yet.

    Rows that are made while they are asked for are sent to a server as they come, so that both work at once.
    The store's own connections do not wait for it: what the server refuses is raised by the next statement or
    by the commit.
    """
    ready = iter(rows)
    first = next(ready, None)
    if first is None:
        return
    names = ", ".join(f'"{name}"' for name in columns)
    if conn.dialect.name == "postgresql":
        sender = sender_of(conn)
        sender.copy(f'COPY "{table.name}" ({names}) FROM STDIN', chain((first,), ready))
        if not conn.get_execution_options().get(OPTION):
            sender.finish()
        return
    driver: Any = conn.connection.driver_connection
    marks = ", ".join("?" * len(columns))
    driver.executemany(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', chain((first,), ready))


def is_one_of(
    conn: Connection, tested: ColumnElement[Any], values: Iterable[str | int]
) -> ColumnElement[bool]:
    """Return the condition that ``tested`` is one of ``values`` (any number of them)."""
    return _listed_in(conn.dialect.name, tested, bindparam(None, listed(list(values)), Text(), unique=True))


def one_of_listed(dialect: str, tested: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition that ``tested`` is in the parameter ``listed``: for statements made once.

    The parameter's value comes from :func:`listed`.
    """
    return _listed_in(dialect, tested, bindparam("listed", type_=Text()))


def listed(values: Sequence[str | int] | Sequence[str] | Sequence[int]) -> str:
    """Return ``values`` as the database takes a list in one parameter."""
    return orjson.dumps(values).decode()


def _listed_in(dialect: str, tested: ColumnElement[Any], name: BindParameter[Any]) -> ColumnElement[bool]:
    # JSON on both: the driver for PostgreSQL writes arrays value by value, which costs more than looking up.
    if dialect == "postgresql":
        each = func.json_array_elements_text(cast(name, JSON)).table_valued("value").render_derived()
        value: ColumnElement[Any] = each.c.value
        if not isinstance(tested.type, Text):
            value = cast(value, BigInteger())
        return tested == any_of(func.array(select(value).scalar_subquery()))
    each = func.json_each(cast(name, String)).table_valued("value")
    return tested.in_(select(each.c.value))


def matching(
    dialect: str, query: Select[Any], first: ColumnElement[Any], second: ColumnElement[Any]
) -> Select[Any]:
    """Narrow ``query``, of one table, to rows whose two columns are one of the pairs of :func:`pairs_of`.

    Every pair is looked up in the index of the two columns, whatever the planner thinks of the table's size.
    """
    if dialect == "postgresql":
        lists = [func.string_to_array(bindparam(name, type_=Text()), _BETWEEN) for name in _SIDES]
        wanted = func.unnest(*lists).table_valued("a", "b", name="wanted").render_derived()
        # OFFSET 0 keeps the planner from turning the look-ups into a join of its own choice.
        one = query.where(first == wanted.c.a, second == wanted.c.b).correlate(wanted).offset(0)
        found = one.lateral("found")
        return select(found).select_from(wanted.join(found, true()))
    each = func.json_each(cast(bindparam("pairs"), String)).table_valued("value")
    left, right = (func.json_extract(each.c.value, f"$[{side}]") for side in (0, 1))
    return query.join_from(each, first.table, (first == left) & (second == right))


def pairs_of(dialect: str, pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return ``pairs`` (of texts without control characters) as the parameters of :func:`matching`."""
    if dialect == "postgresql":
        return {name: _BETWEEN.join([one[side] for one in pairs]) for side, name in enumerate(_SIDES)}
    return {"pairs": orjson.dumps(pairs).decode()}


_SIDES = ("firsts", "seconds")
_BETWEEN = "\x1f"

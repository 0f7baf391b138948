"""Keep the rows of scopes and their parts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from connectors.model import LEFT_OUT_PART, Part, Scope
from store.schema import part, scope
from store.text import clean, to_json


@dataclass(slots=True)
class PartRow:
    """A part as the store numbers it; ``last_complete_at`` is a text time (UTC)."""

    part_no: int
    details: bool
    last_complete_at: str | None


@dataclass(slots=True)
class ScopeRow:
    """A scope as the store numbers it, with its parts by name."""

    scope_no: int
    state: str
    parts: dict[str, PartRow]


def keep_scope(conn: Connection, given: Scope, now: str, *, state: str = "active") -> ScopeRow:
    """Make or refresh the rows of a scope and its parts and return their numbers.

    Label, locator, account and region are taken over; a scope that was retired or unmanaged is active again.
    """
    row = conn.execute(select(scope).where(scope.c.key == given.key)).first()
    values = {
        "label": clean(given.label),
        "locator": clean(given.locator),
        "account": given.account,
        "region": given.region,
        "state": state,
        "absent_listings": 0,
        "retired_at": None,
    }
    if row is None:
        scope_no = _insert(conn, given, values, now)
    else:
        scope_no = row.scope_no
        if any(getattr(row, name) != value for name, value in values.items()):
            conn.execute(scope.update().where(scope.c.scope_no == scope_no).values(**values))
    return ScopeRow(scope_no, state, _keep_parts(conn, scope_no, given.parts))


def find_scope(conn: Connection, given: Scope) -> ScopeRow | None:
    """Return the rows of a scope that is planned already, ``None`` when a part or the scope is not."""
    row = conn.execute(select(scope.c.scope_no, scope.c.state).where(scope.c.key == given.key)).first()
    if row is None:
        return None
    parts = {
        one.name: PartRow(one.part_no, one.details, one.last_complete_at)
        for one in load_parts(conn, row.scope_no)
    }
    if any(one.name not in parts for one in given.parts):
        return None
    return ScopeRow(row.scope_no, row.state, parts)


def _insert(conn: Connection, given: Scope, values: dict[str, Any], now: str) -> int:
    made = conn.execute(
        scope.insert().values(
            key=given.key, connector=given.connector, instance=given.instance, created_at=now, **values
        )
    )
    key = made.inserted_primary_key
    assert key is not None  # one row was inserted
    return int(key[0])


def _keep_parts(conn: Connection, scope_no: int, declared: Iterable[Part]) -> dict[str, PartRow]:
    known = load_parts(conn, scope_no)
    rows = {row.name: row for row in known}
    for one in _without_stand_in(conn, declared, rows):
        kinds = to_json(list(one.kinds))
        row = rows.get(one.name)
        if row is None:
            conn.execute(
                part.insert().values(scope_no=scope_no, name=one.name, kinds=kinds, details=one.details)
            )
        elif row.kinds != kinds or row.details != one.details:
            conn.execute(
                part.update().where(part.c.part_no == row.part_no).values(kinds=kinds, details=one.details)
            )
        else:
            continue
        known = []
    return {
        row.name: PartRow(row.part_no, row.details, row.last_complete_at)
        for row in known or load_parts(conn, scope_no)
    }


def _without_stand_in(conn: Connection, declared: Iterable[Part], rows: dict[str, Row[Any]]) -> list[Part]:
    """Keep the part that stands for a scope never read only as long as there is no real one."""
    wanted = list(declared)
    if LEFT_OUT_PART in wanted:
        return wanted if rows.keys() <= {LEFT_OUT_PART.name} else []
    stand_in = rows.pop(LEFT_OUT_PART.name, None)
    if stand_in is not None and wanted:
        conn.execute(part.delete().where(part.c.part_no == stand_in.part_no))
    return wanted


def load_parts(conn: Connection, scope_no: int) -> list[Row[Any]]:
    """Return the part rows of a scope."""
    return list(conn.execute(select(part).where(part.c.scope_no == scope_no).order_by(part.c.part_no)))

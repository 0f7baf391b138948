"""Keep the rules by which alerts are not raised for a while; each has an end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from connectors.secrets import redact
from store import systems
from store.schema import suppression

if TYPE_CHECKING:
    from sqlalchemy import Connection, Select


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """One rule: patterns of an alert's rule and title, perhaps one system or severity; UTC texts."""

    suppression_id: str
    rule: str
    system_id: str | None
    title: str
    severity: str | None
    reason: str
    made_by: str
    made_at: str
    until: str
    ended_at: str | None = None


def add(conn: Connection, one: Suppression) -> None:
    """Keep a new one."""
    values = {name: getattr(one, name) for name in Suppression.__dataclass_fields__}
    values |= {"reason": redact(one.reason), "made_by": redact(one.made_by)}
    conn.execute(suppression.insert().values(values))


def every(conn: Connection) -> list[Suppression]:
    """Return all there ever were, the oldest first."""
    query = select(suppression).order_by(suppression.c.suppression_id)
    return _read(conn, query)


def in_force(conn: Connection, now: str) -> list[Suppression]:
    """Return those that hold at a moment, the oldest first."""
    query = select(suppression).where(suppression.c.until > now, suppression.c.ended_at.is_(None))
    query = query.where(suppression.c.made_at <= now)
    return _read(conn, query.order_by(suppression.c.suppression_id))


def end(conn: Connection, suppression_id: str, now: str) -> None:
    """End one before its day."""
    which = suppression.c.suppression_id == suppression_id
    conn.execute(suppression.update().where(which).values(ended_at=now))


def _read(conn: Connection, query: Select[Any]) -> list[Suppression]:
    """Read rows; one of a system that was merged is of the system that took it."""
    found = [Suppression(**row._mapping) for row in conn.execute(query)]
    wanted = {one.system_id for one in found if one.system_id}
    homes = systems.resolve(conn, wanted) if wanted else {}
    return [replace(one, system_id=homes.get(one.system_id or "", one.system_id)) for one in found]

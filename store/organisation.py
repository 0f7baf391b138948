"""Keep facts of the organisation: who said what, when and why; one row holds for a key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import func, or_, select

from store.schema import organisation_fact, part, scope
from store.temporal import holds

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One fact; ``said_by`` is a party's id, ``said_at`` a UTC text."""

    key: str
    value: str
    said_by: str
    said_at: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationFacts:
    """What rules may know of the organisation; ``None`` is not known."""

    facts: Mapping[str, Fact] = field(default_factory=dict)
    stale_scopes: int | None = None
    undecided_controls: int | None = None


def facts(conn: Connection, rev: int | None = None) -> dict[str, Fact]:
    """Return the facts that hold, by key in order."""
    names = tuple(Fact.__dataclass_fields__)
    query = select(*(organisation_fact.c[name] for name in names)).where(holds(organisation_fact, rev))
    rows = conn.execute(query.order_by(organisation_fact.c.key)).all()
    return {row.key: Fact(**row._mapping) for row in rows}


def put(conn: Connection, rev: int, fact: Fact) -> None:
    """Make a fact the one that holds for its key from a revision on."""
    end(conn, rev, fact.key)
    values = {name: getattr(fact, name) for name in Fact.__dataclass_fields__}
    conn.execute(organisation_fact.insert().values(**values, valid_from=rev))


def end(conn: Connection, rev: int, key: str) -> bool:
    """Let the fact of a key hold no longer; returns whether there was one."""
    current = organisation_fact.update().where(
        organisation_fact.c.key == key, organisation_fact.c.valid_to.is_(None)
    )
    return conn.execute(current.values(valid_to=rev)).rowcount > 0


def stale_scopes(conn: Connection, before: str) -> int:
    """Count active scopes of which something was last read completely before a moment (UTC text).

    That is: a part that was complete once, or all of a scope that was made before and never read. Parts
    that could never be read are what ``coverage`` is about.
    """
    last = func.min(part.c.last_complete_at)
    rows = (
        select(scope.c.scope_no)
        .join(part, part.c.scope_no == scope.c.scope_no, isouter=True)
        .where(scope.c.state == "active")
        .group_by(scope.c.scope_no, scope.c.created_at)
        .having(or_(last < before, last.is_(None) & (scope.c.created_at < before)))
        .subquery()
    )
    return int(conn.execute(select(func.count()).select_from(rows)).scalar_one())

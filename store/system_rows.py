"""Read and change single systems as rows, for decisions about them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from store import slugs
from store.bulk import insert_rows, is_one_of
from store.regroup import SUGGESTION, replace_rows
from store.schema import asset, system, system_member, system_standing
from store.temporal import chunks, holds

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from store.database import WriteTx


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemRow:
    """A system as it stands."""

    system_id: str
    name: str
    state: str
    kind: str
    group_key: str
    decided: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A state that a person set; ``code`` says why a system was rejected or retired."""

    state: str
    code: str
    reason: str
    at: str


def rows(conn: Connection, system_ids: Collection[str], rev: int | None = None) -> dict[str, SystemRow]:
    """Return systems by id, as they were known at a revision (``None``: now)."""
    found: dict[str, SystemRow] = {}
    columns = ("system_id", "name", "state", "kind", "group_key", "decided")
    for chunk in chunks(sorted(system_ids)):
        query = select(*(system.c[name] for name in columns))
        query = query.where(is_one_of(conn, system.c.system_id, chunk), holds(system, rev))
        for row in conn.execute(query).all():
            found[row.system_id] = SystemRow(**{**row._mapping, "decided": bool(row.decided)})
    return found


def merged_named(conn: Connection, name: str) -> str | None:
    """Return the name of the system that took one of this name, ``None`` when no such one was merged."""
    same = func.lower(system.c.name) == name.casefold()
    query = select(system.c.merged_into).where(system.c.state == "merged", holds(system, None), same)
    into = conn.execute(query.limit(1)).scalar()
    found = rows(conn, [into]) if into else {}
    return found[into].name if into in found else None


def change(tx: WriteTx, system_id: str, changes: Mapping[str, object]) -> None:
    """Write a new version of a system with some columns changed."""
    replace_rows(tx.conn, tx.rev, {system_id: dict(changes)})


def set_state(tx: WriteTx, system_id: str, state: str, *, at: str, code: str = "", reason: str = "") -> None:
    """Set a system's state by a person's word: no scan changes it from then on.

    One that is registered gets its key.
    """
    change(tx, system_id, {"state": state})
    if state in ("registered", "governed"):
        slugs.ensure(tx, system_id, rows(tx.conn, [system_id])[system_id].name)
    held = system_standing.c.system_id == system_id, system_standing.c.valid_to.is_(None)
    tx.conn.execute(system_standing.update().where(*held).values(valid_to=tx.rev))
    names = ("system_id", "state", "code", "reason", "at", "valid_from")
    insert_rows(tx.conn, system_standing, names, [(system_id, state, code, reason, at, tx.rev)])


def standings(conn: Connection, system_ids: Collection[str], rev: int | None = None) -> dict[str, Standing]:
    """Return the states that persons set, by system."""
    found: dict[str, Standing] = {}
    for chunk in chunks(sorted(system_ids)):
        query = select(system_standing).where(is_one_of(conn, system_standing.c.system_id, chunk))
        for row in conn.execute(query.where(holds(system_standing, rev))).all():
            found[row.system_id] = Standing(state=row.state, code=row.code, reason=row.reason, at=row.at)
    return found


def registered_at(conn: Connection, system_ids: Collection[str], rev: int | None = None) -> dict[str, str]:
    """Return when systems were first taken into the register (UTC text); those never taken are left out."""
    found: dict[str, str] = {}
    held, first = system_standing.c, func.min(system_standing.c.at)
    query = select(held.system_id, first).where(held.state.in_(("registered", "governed")))
    if rev is not None:
        query = query.where(held.valid_from <= rev)
    for chunk in chunks(sorted(system_ids)):
        of_chunk = query.where(is_one_of(conn, held.system_id, chunk)).group_by(held.system_id)
        found.update((row[0], row[1]) for row in conn.execute(of_chunk))
    return found


def named(conn: Connection, name: str) -> list[SystemRow]:
    """Return the systems of a name that are not merged, whatever the case of its letters."""
    query = select(system.c.system_id).where(
        func.lower(system.c.name) == name.lower(), system.c.valid_to.is_(None), system.c.state != "merged"
    )
    return list(rows(conn, list(conn.execute(query).scalars())).values())


def living(conn: Connection, system_id: str) -> int:
    """Return how many members of a system are not gone."""
    query = (
        select(func.count())
        .select_from(system_member.join(asset, asset.c.asset_id == system_member.c.asset_id))
        .where(system_member.c.system_id == system_id, system_member.c.valid_to.is_(None))
        .where(system_member.c.strength != SUGGESTION, asset.c.valid_to.is_(None), asset.c.state != "gone")
    )
    return int(conn.execute(query).scalar_one())


def made_at(conn: Connection, system_id: str) -> int:
    """Return the revision that made a system."""
    query = select(func.min(system.c.valid_from)).where(system.c.system_id == system_id)
    return int(conn.execute(query).scalar() or 0)

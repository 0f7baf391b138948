"""Keep the units of the organisation, and which unit each system is of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import orjson
from sqlalchemy import select

from normalizer.units import Unit, holder_of
from store.bulk import insert_rows, is_one_of
from store.regroup import SUGGESTION
from store.schema import asset, org_unit, system_member, system_unit
from store.temporal import chunks, holds

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from store.database import Store, WriteTx

BY_CONFIG, BY_PERSON = "config", "person"
_COLUMNS = ("name", "parent", "lead", "legal_entity", "scopes", "default_owner", "by", "valid_from")


def load(conn: Connection, rev: int | None = None) -> list[Unit]:
    """Return the units in order of name."""
    query = select(org_unit).where(holds(org_unit, rev)).order_by(org_unit.c.name)
    return [
        Unit(
            name=row.name,
            parent=row.parent or "",
            lead=row.lead or "",
            legal_entity=row.legal_entity or "",
            scopes=tuple(orjson.loads(row.scopes)),
            default_owner=row.default_owner or "",
        )
        for row in conn.execute(query).all()
    ]


def sources(conn: Connection) -> dict[str, str]:
    """Return who said that each unit is: the configuration, or a person."""
    query = select(org_unit.c.name, org_unit.c.by).where(org_unit.c.valid_to.is_(None))
    return dict(conn.execute(query).all())


def put(tx: WriteTx, units: Sequence[Unit], *, by: str) -> None:
    """Write units over those of the same names."""
    remove(tx, [unit.name for unit in units])
    rows = [
        (
            *(unit.name, unit.parent or None, unit.lead or None, unit.legal_entity or None),
            *(orjson.dumps(unit.scopes).decode(), unit.default_owner or None, by, tx.rev),
        )
        for unit in units
    ]
    insert_rows(tx.conn, org_unit, _COLUMNS, rows)


def remove(tx: WriteTx, names: Collection[str]) -> None:
    """Take units out."""
    for chunk in chunks(sorted(names)):
        which = is_one_of(tx.conn, org_unit.c.name, chunk)
        tx.conn.execute(org_unit.update().where(which, org_unit.c.valid_to.is_(None)).values(valid_to=tx.rev))


def sync(store: Store, configured: Sequence[Unit]) -> bool:
    """Bring the units in step with the configuration, but for those that persons added.

    Says whether any changed.
    """
    with store.read() as tx:
        known, by = {unit.name: unit for unit in load(tx.conn)}, sources(tx.conn)
    wanted = {unit.name: unit for unit in configured}
    fresh = [unit for name, unit in wanted.items() if known.get(name) != unit]
    gone = [name for name, source in by.items() if source == BY_CONFIG and name not in wanted]
    if not fresh and not gone:
        return False
    with store.write(actor="engine", kind="units") as write_tx:
        remove(write_tx, gone)
        put(write_tx, fresh, by=BY_CONFIG)
    return True


def assign(tx: WriteTx, system_id: str, unit: str, at: str) -> None:
    """Put a system into a unit; an empty name takes it out of the one that a person named."""
    old = system_unit.c.system_id == system_id, system_unit.c.valid_to.is_(None)
    tx.conn.execute(system_unit.update().where(*old).values(valid_to=tx.rev))
    if unit:
        insert_rows(
            tx.conn, system_unit, ("system_id", "unit", "at", "valid_from"), [(system_id, unit, at, tx.rev)]
        )


def named(conn: Connection, system_ids: Collection[str]) -> dict[str, str]:
    """Return the units that persons named for systems."""
    query = select(system_unit.c.system_id, system_unit.c.unit).where(system_unit.c.valid_to.is_(None))
    return {
        system_id: unit
        for chunk in chunks(sorted(system_ids))
        for system_id, unit in conn.execute(query.where(is_one_of(conn, system_unit.c.system_id, chunk)))
    }


def of_systems(conn: Connection, system_ids: Collection[str], rev: int | None = None) -> dict[str, Unit]:
    """Return the unit of each system: the one a person named, else the one whose scope shows most of it."""
    units = load(conn, rev)
    by_name = {unit.name: unit for unit in units}
    found: dict[str, Unit] = {}
    for chunk in chunks(sorted(system_ids)) if units else ():
        named = select(system_unit.c.system_id, system_unit.c.unit).where(holds(system_unit, rev))
        said = dict(conn.execute(named.where(is_one_of(conn, system_unit.c.system_id, chunk))).all())
        found |= {one: by_name[name] for one, name in said.items() if name in by_name}
        found |= _by_scope(conn, set(chunk) - found.keys(), units, rev)
    return found


def _by_scope(
    conn: Connection, system_ids: Collection[str], units: Sequence[Unit], rev: int | None
) -> dict[str, Unit]:
    query = (
        select(system_member.c.system_id, asset.c.account, asset.c.natural_namespace)
        .join(asset, system_member.c.asset_id == asset.c.asset_id)
        .where(is_one_of(conn, system_member.c.system_id, system_ids), holds(system_member, rev))
        .where(system_member.c.strength != SUGGESTION, holds(asset, rev))
    )
    votes: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for system_id, account, namespace in conn.execute(query).all():
        repository = namespace.partition("/")[2] if namespace.startswith("code/") else ""
        for place in (account or "", repository):
            if place:
                votes[system_id][place] += 1
    found: dict[str, Unit] = {}
    for system_id, places in votes.items():
        ranked = sorted(places, key=lambda place: (-places[place], place))
        unit = next((one for place in ranked if (one := holder_of(units, [place]))), None)
        if unit is not None:
            found[system_id] = unit
    return found


__all__ = [
    "BY_CONFIG",
    "BY_PERSON",
    "Unit",
    "assign",
    "load",
    "named",
    "of_systems",
    "put",
    "remove",
    "sources",
    "sync",
]

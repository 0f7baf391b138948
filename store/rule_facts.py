"""Read what rules may know of the members of systems, in few statements whatever their number.

Members are given with what their row says. What only the payloads of sightings tell (who may call an
endpoint, which package a server is) is read for those that tell one of the attributes that are asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from sqlalchemy import and_, exists, func, literal, or_, select

from store.bulk import is_one_of
from store.regroup import SUGGESTION
from store.schema import asset, oversight, part, sighting, system, system_member
from store.temporal import chunks, holds

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Row, Select


class Member(NamedTuple):
    """An asset that is not gone, as rules see it; ``system_id`` is ``None`` when it is in no system.

    ``drives`` says whether its evidence is of a ref that counts.
    """

    system_id: str | None
    asset_id: str
    kind: str
    provider: str
    name: str
    natural_id: str
    role: str
    grade: str
    drives: bool
    account: str | None
    region: str | None
    model: str | None
    first_seen_at: str


class Outline(NamedTuple):
    """A system as it is told without its members; ``is_recorded`` says whether it has a record."""

    system_id: str
    name: str
    kind: str
    state: str
    first_seen_at: str
    is_recorded: bool


_member: Callable[[Iterable[Any]], Member] = partial(tuple.__new__, Member)
"""Make a member of its fields: twice as fast as the class's own way, and done for every asset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which attributes are wanted of which kinds of assets."""

    kinds: tuple[str, ...]
    attributes: tuple[str, ...]


def members(
    conn: Connection, system_ids: Collection[str] | None, rev: int | None = None
) -> dict[str, list[Member]]:
    """Return the members of systems (``None``: of all) that are not gone, by system."""
    found: dict[str, list[Member]] = defaultdict(list)
    if system_ids is None:
        for row in conn.execute(_members(rev)).all():
            found[row[0]].append(_member(row))
        return dict(found)
    query = select(*_columns()).where(holds(asset, rev), asset.c.state != "gone")
    homes = _homes(conn, system_ids, rev)
    for chunk in chunks(sorted(homes)):
        for row in conn.execute(query.where(is_one_of(conn, asset.c.asset_id, chunk))).all():
            home = homes[row[0]]
            found[home].append(_member((home, *row)))
    return dict(found)


def outlines(conn: Connection, rev: int | None = None) -> list[Outline]:
    """Return all systems that are not merged, in no order."""
    kept = select(oversight.c.system_id).where(holds(oversight, rev))
    recorded = set(conn.execute(kept).scalars())
    columns = (system.c[name] for name in Outline._fields[:-1])
    query = select(*columns).where(holds(system, rev), system.c.state != "merged")
    return [Outline._make((*row, row[0] in recorded)) for row in conn.execute(query).all()]


def holding_kinds(conn: Connection, kinds: Collection[str], rev: int | None = None) -> frozenset[str]:
    """Return the systems with members of some kinds that are not gone."""
    if not kinds:
        return frozenset()
    query = _living(rev, system_member.c.system_id).where(asset.c.kind.in_(sorted(kinds)))
    return frozenset(conn.execute(query.distinct()).scalars())


def telling(conn: Connection, attributes: Collection[str], rev: int | None = None) -> frozenset[str]:
    """Return the systems with members that tell one of some attributes."""
    tells = [_holds_text(conn, sighting.c.payload, f'"{name}":') for name in sorted(attributes)]
    ids = conn.execute(select(sighting.c.asset_id).where(*_all_sightings(rev), or_(*tells))).scalars()
    member = system_member.c
    query = select(member.system_id).where(holds(system_member, rev), member.strength != SUGGESTION)
    return frozenset(
        system_id
        for chunk in chunks(sorted(set(ids)))
        for system_id in conn.execute(query.where(is_one_of(conn, member.asset_id, chunk))).scalars()
    )


def unattached(conn: Connection, rev: int | None = None) -> list[Member]:
    """Return the assets that are in no system and not gone, by id; only a suggestion counts as none."""
    member = system_member
    belongs = exists().where(
        member.c.asset_id == asset.c.asset_id, holds(member, rev), member.c.strength != SUGGESTION
    )
    columns = [literal(None).label("system_id"), *_columns()]
    query = select(*columns).where(holds(asset, rev), asset.c.state != "gone", ~belongs)
    return [Member._make(row) for row in conn.execute(query.order_by(asset.c.asset_id))]


def of_assets(conn: Connection, asset_ids: Collection[str], rev: int | None = None) -> list[Member]:
    """Return these assets, each with the system that it is in; those gone are left out."""
    belonging = and_(
        system_member.c.asset_id == asset.c.asset_id,
        holds(system_member, rev),
        system_member.c.strength != SUGGESTION,
    )
    query = (
        select(system_member.c.system_id, *_columns())
        .select_from(asset)
        .join(system_member, belonging, isouter=True)
        .where(holds(asset, rev), asset.c.state != "gone")
        .order_by(asset.c.asset_id)
    )
    return [
        Member._make(row)
        for chunk in chunks(sorted(asset_ids))
        for row in conn.execute(query.where(is_one_of(conn, asset.c.asset_id, chunk)))
    ]


def last_seen(
    conn: Connection, members: Mapping[str, Sequence[Member]], rev: int | None = None, *, whole: bool = False
) -> dict[str, str]:
    """Return when a complete look last showed something of each system, as UTC text.

    ``whole`` says that the systems are all that have a record: then they are found by it in one statement.
    """
    seen = func.max(func.coalesce(sighting.c.last_seen_at, part.c.last_complete_at, sighting.c.opened_at))
    if whole:
        every = (
            select(system_member.c.system_id, seen)
            .select_from(system_member)
            .join(oversight, oversight.c.system_id == system_member.c.system_id)
            .join(sighting, sighting.c.asset_id == system_member.c.asset_id)
            .join(part, part.c.part_no == sighting.c.part_no)
            .where(holds(system_member, rev), system_member.c.strength != SUGGESTION)
            .where(holds(oversight, rev), *_all_sightings(rev))
            .group_by(system_member.c.system_id)
        )
        return {system_id: at for system_id, at in conn.execute(every).all() if system_id in members}
    homes = {one.asset_id: system_id for system_id, several in members.items() for one in several}
    query = select(sighting.c.asset_id, seen).join(part, part.c.part_no == sighting.c.part_no)
    query = query.where(holds(sighting, rev)).group_by(sighting.c.asset_id)
    found: dict[str, str] = {}
    for chunk in chunks(sorted(homes)):
        for asset_id, at in conn.execute(query.where(is_one_of(conn, sighting.c.asset_id, chunk))).all():
            home = homes[asset_id]
            found[home] = max(found.get(home, ""), at)
    return found


def attributes(
    conn: Connection,
    members: Mapping[str, Sequence[Member]],
    asked: Asked,
    rev: int | None = None,
    *,
    whole: bool = False,
) -> dict[str, dict[str, Any]]:
    """Return the wanted attributes of members, by asset; what tells none of them is left out.

    Their sightings are looked up by id: joined, a server without statistics reads all for each of them.
    ``whole`` says that the members are nearly all there are: then all sightings are read once instead.
    """
    kinds = set(asked.kinds)
    ids = {one.asset_id for several in members.values() for one in several if one.kind in kinds}
    tells = [_holds_text(conn, sighting.c.payload, f'"{name}":') for name in asked.attributes]
    query = _payloads(rev).where(or_(*tells))
    if whole:
        every = conn.execute(query.where(*_all_sightings(rev))).all()
        return _told([row for row in every if row.asset_id in ids], asked)
    return _told(_of_assets(conn, query, ids), asked)


def attributes_of(
    conn: Connection, asset_ids: Collection[str], asked: Asked, rev: int | None = None
) -> dict[str, dict[str, Any]]:
    """Return the wanted attributes of assets, whatever they belong to."""
    return _told(_of_assets(conn, _payloads(rev), asset_ids), asked)


def _all_sightings(rev: int | None) -> Sequence[ColumnElement[bool]]:
    # Today's are found by the index of open ones, which no planner uses for all of them unless it has to.
    return [holds(sighting, rev), *([sighting.c.part_no >= 0] if rev is None else [])]


def _payloads(rev: int | None) -> Select[Any]:
    columns = (sighting.c.asset_id, sighting.c.details, sighting.c.sighting_no, sighting.c.payload)
    return select(*columns).where(holds(sighting, rev))


def _of_assets(conn: Connection, query: Select[Any], asset_ids: Collection[str]) -> list[Row[Any]]:
    return [
        row
        for chunk in chunks(sorted(asset_ids))
        for row in conn.execute(query.where(is_one_of(conn, sighting.c.asset_id, chunk))).all()
    ]


def _told(rows: list[Row[Any]], asked: Asked) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    rows.sort(key=lambda row: (row.asset_id, row.details, row.sighting_no))
    for row in rows:
        said: Mapping[str, Any] = orjson.loads(row.payload)["attributes"]
        if kept := {name: said[name] for name in asked.attributes if said.get(name) is not None}:
            found.setdefault(row.asset_id, {}).update(kept)
    return found


def _members(rev: int | None) -> Select[Any]:
    return _living(rev, system_member.c.system_id, *_columns())


def _living(rev: int | None, *columns: ColumnElement[Any]) -> Select[Any]:
    """Return the query for columns of members that are not gone."""
    return (
        select(*columns)
        .select_from(system_member.join(asset, asset.c.asset_id == system_member.c.asset_id))
        .where(holds(system_member, rev), system_member.c.strength != SUGGESTION)
        .where(holds(asset, rev), asset.c.state != "gone")
    )


def _columns() -> Sequence[ColumnElement[Any]]:
    return [asset.c[name] for name in Member._fields[1:]]


def _homes(conn: Connection, system_ids: Collection[str], rev: int | None) -> dict[str, str]:
    """Return the system of each member of some systems, gone ones included."""
    query = select(system_member.c.asset_id, system_member.c.system_id)
    query = query.where(holds(system_member, rev), system_member.c.strength != SUGGESTION)
    found: dict[str, str] = {}
    for chunk in chunks(sorted(system_ids)):
        found.update(conn.execute(query.where(is_one_of(conn, system_member.c.system_id, chunk))).all())
    return found


def _holds_text(conn: Connection, column: ColumnElement[str], text: str) -> ColumnElement[bool]:
    # Both are plain searches for bytes; LIKE would fold the case of every letter on SQLite.
    search = func.strpos if conn.dialect.name == "postgresql" else func.instr
    return search(column, text) > 0

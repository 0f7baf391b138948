"""Read what rules may know of the members of systems, in few statements whatever their number.

Members are given with what their row says. What only the payloads of sightings tell (who may call an
endpoint, which package a server is) is read for those that tell one of the attributes that are asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from sqlalchemy import and_, exists, func, literal, or_, select

from store.bulk import is_one_of
from store.regroup import SUGGESTION
from store.schema import asset, part, sighting, system_member
from store.temporal import chunks, holds

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Select


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
    for query in _narrowed(conn, _members(rev), system_ids):
        for row in conn.execute(query).all():
            found[row[0]].append(Member._make(row))
    return dict(found)


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


def last_seen(conn: Connection, system_ids: Collection[str], rev: int | None = None) -> dict[str, str]:
    """Return when a complete look last showed something of each system, as UTC text."""
    seen = func.coalesce(sighting.c.last_seen_at, part.c.last_complete_at, sighting.c.opened_at)
    query = (
        select(system_member.c.system_id, func.max(seen))
        .join(sighting, sighting.c.asset_id == system_member.c.asset_id)
        .join(part, part.c.part_no == sighting.c.part_no)
        .where(holds(system_member, rev), system_member.c.strength != SUGGESTION, holds(sighting, rev))
        .group_by(system_member.c.system_id)
    )
    found: dict[str, str] = {}
    for one in _narrowed(conn, query, system_ids):
        found |= {row[0]: row[1] for row in conn.execute(one)}
    return found


def attributes(
    conn: Connection, system_ids: Collection[str] | None, asked: Asked, rev: int | None = None
) -> dict[str, dict[str, Any]]:
    """Return the wanted attributes of the systems' members, by asset; what tells none of them is left out."""
    tells = [_holds_text(conn, sighting.c.payload, f'"{name}":') for name in asked.attributes]
    query = (
        select(sighting.c.asset_id, sighting.c.payload)
        .join(system_member, sighting.c.asset_id == system_member.c.asset_id)
        .join(asset, asset.c.asset_id == system_member.c.asset_id)
        .where(holds(system_member, rev), system_member.c.strength != SUGGESTION)
        .where(holds(asset, rev), asset.c.state != "gone", asset.c.kind.in_(asked.kinds))
        .where(holds(sighting, rev), or_(*tells))
        .order_by(sighting.c.asset_id, sighting.c.details, sighting.c.sighting_no)
    )
    return _told(conn, _narrowed(conn, query, system_ids), asked)


def attributes_of(
    conn: Connection, asset_ids: Collection[str], asked: Asked, rev: int | None = None
) -> dict[str, dict[str, Any]]:
    """Return the wanted attributes of assets, whatever they belong to."""
    query = select(sighting.c.asset_id, sighting.c.payload).where(holds(sighting, rev))
    query = query.order_by(sighting.c.asset_id, sighting.c.details, sighting.c.sighting_no)
    parts = chunks(sorted(asset_ids))
    return _told(conn, (query.where(is_one_of(conn, sighting.c.asset_id, one)) for one in parts), asked)


def _told(conn: Connection, queries: Iterator[Select[Any]], asked: Asked) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for query in queries:
        for asset_id, payload in conn.execute(query).all():
            said: Mapping[str, Any] = orjson.loads(payload)["attributes"]
            if kept := {name: said[name] for name in asked.attributes if said.get(name) is not None}:
                found.setdefault(asset_id, {}).update(kept)
    return found


def _members(rev: int | None) -> Select[Any]:
    return (
        select(system_member.c.system_id, *_columns())
        .join(asset, asset.c.asset_id == system_member.c.asset_id)
        .where(holds(system_member, rev), system_member.c.strength != SUGGESTION)
        .where(holds(asset, rev), asset.c.state != "gone")
    )


def _columns() -> Sequence[ColumnElement[Any]]:
    return [asset.c[name] for name in Member._fields[1:]]


def _narrowed(
    conn: Connection, query: Select[Any], system_ids: Collection[str] | None
) -> Iterator[Select[Any]]:
    if system_ids is None:
        yield query
        return
    for chunk in chunks(sorted(system_ids)):
        yield query.where(is_one_of(conn, system_member.c.system_id, chunk))


def _holds_text(conn: Connection, column: ColumnElement[str], text: str) -> ColumnElement[bool]:
    # Both are plain searches for bytes; LIKE would fold the case of every letter on SQLite.
    search = func.strpos if conn.dialect.name == "postgresql" else func.instr
    return search(column, text) > 0

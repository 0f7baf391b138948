"""Read systems with their members, now or as known at a revision.

What is listed is put in order by names alone (:func:`in_order`); members, owners and records are then read
for the systems that are shown. :func:`totals` counts without reading any.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, case, func, or_, select

from store import owners
from store.bulk import is_one_of
from store.parties import Party
from store.queries_assets import At, parts_complete_at
from store.regroup import SUGGESTION
from store.schema import asset, oversight, owner, party, sighting, system, system_alias, system_member
from store.temporal import chunks, holds

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, FromClause, Select


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemRow:
    """One system as kept; times are UTC texts."""

    system_id: str
    name: str
    state: str
    kind: str
    group_key: str
    decided: bool
    first_seen_at: str


@dataclass(slots=True)
class Members:
    """What a system is made of: ids of members that are not gone (sorted), and what they tell together.

    ``roles`` counts those that drive.
    """

    asset_ids: list[str] = field(default_factory=list)
    providers: set[str] = field(default_factory=set)
    roles: Counter[str] = field(default_factory=Counter)
    last_seen: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemsWhere:
    """Narrow systems; an empty or missing value does not narrow.

    ``has_oversight`` means a complete record that stands at ``now`` (a UTC text). ``text`` is found in any
    case in the name, the id, the accountable owner and the providers of members.
    """

    states: Sequence[str] = ()
    kind: str | None = None
    has_owner: bool | None = None
    has_oversight: bool | None = None
    text: str | None = None
    now: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """How many systems there are; of those that alert, how many nobody owns and nobody oversees."""

    systems: int
    alerting: int
    without_owner: int
    without_oversight: int


def rows(
    conn: Connection, at: At, *, system_ids: Collection[str] | None = None, states: Sequence[str] = ()
) -> list[SystemRow]:
    """Return systems (``None``: all) that are not merged, by name and id."""
    query = select(*(system.c[name] for name in SystemRow.__dataclass_fields__))
    query = query.where(holds(system, at.rev), system.c.state != "merged")
    if system_ids is not None:
        query = query.where(is_one_of(conn, system.c.system_id, sorted(system_ids)))
    if states:
        query = query.where(system.c.state.in_(list(states)))
    found = [SystemRow(**row._mapping) for row in conn.execute(query).all()]
    return sorted(found, key=lambda one: _order(one.system_id, one.name))


def in_order(conn: Connection, at: At, where: SystemsWhere) -> list[str]:
    """Return the ids of systems that are not merged, by name and id."""
    query = select(system.c.system_id, system.c.name).where(holds(system, at.rev), system.c.state != "merged")
    if where.states:
        query = query.where(system.c.state.in_(list(where.states)))
    if where.kind is not None:
        query = query.where(system.c.kind == where.kind)
    for wanted, which in ((where.has_owner, _owned(at)), (where.has_oversight, _overseen(at, where.now))):
        if wanted is not None:
            is_one = system.c.system_id.in_(which)
            query = query.where(is_one if wanted else ~is_one)
    found = [(system_id, name) for system_id, name in conn.execute(query)]
    if where.text:
        found = _telling(conn, at, found, where.text.casefold())
    return [system_id for system_id, _ in sorted(found, key=lambda one: _order(*one))]


def totals(conn: Connection, at: At, *, states: Sequence[str], roles: Collection[str], now: str) -> Totals:
    """Count the systems of some states; ``roles`` are those of members that make a system alert."""
    alerts = _alerting(at, states, roles).subquery()
    owned, overseen = (one.distinct().subquery() for one in (_owned(at), _overseen(at, now)))
    source: FromClause = system
    for one in (alerts, owned, overseen):
        source = source.outerjoin(one, one.c.system_id == system.c.system_id)
    is_alerting = alerts.c.system_id.is_not(None)
    query = select(
        func.count(),
        func.count(alerts.c.system_id),
        func.count(case((is_alerting & owned.c.system_id.is_(None), 1))),
        func.count(case((is_alerting & overseen.c.system_id.is_(None), 1))),
    ).select_from(source)
    found = conn.execute(query.where(holds(system, at.rev), system.c.state.in_(list(states)))).one()
    return Totals(systems=found[0], alerting=found[1], without_owner=found[2], without_oversight=found[3])


def members(conn: Connection, system_ids: Collection[str] | None, at: At) -> dict[str, Members]:
    """Return the members of systems (``None``: of all)."""
    found: dict[str, Members] = defaultdict(Members)
    homes = None if system_ids is None else _homes(conn, system_ids, at)
    for asset_id, system_id, provider, role, drives in _assets(conn, homes, at):
        one = found[system_id]
        one.asset_ids.append(asset_id)
        one.providers.add(provider)
        if drives:
            one.roles[role] += 1
    for system_id, seen in _last_seen(conn, homes, at).items():
        found[system_id].last_seen = seen
    return dict(found)


def aliases(conn: Connection, system_ids: Collection[str] | None) -> dict[str, list[str]]:
    """Return the ids that were merged into each system, sorted."""
    query = select(system_alias.c.system_id, system_alias.c.alias_id).order_by(system_alias.c.alias_id)
    if system_ids is not None:
        query = query.where(is_one_of(conn, system_alias.c.system_id, sorted(system_ids)))
    found: dict[str, list[str]] = defaultdict(list)
    for system_id, alias_id in conn.execute(query).all():
        found[system_id].append(alias_id)
    return dict(found)


def system_names(conn: Connection, system_ids: Collection[str], at: At) -> dict[str, str]:
    """Return the names of systems."""
    query = select(system.c.system_id, system.c.name).where(holds(system, at.rev))
    return dict(conn.execute(query.where(is_one_of(conn, system.c.system_id, sorted(system_ids)))).all())


def _order(system_id: str, name: str) -> tuple[str, str, str]:
    return name.casefold(), name, system_id


def _living(at: At, *columns: ColumnElement[Any]) -> Select[Any]:
    """Return the query for columns of members that are not gone."""
    return (
        select(*columns)
        .select_from(system_member.join(asset, asset.c.asset_id == system_member.c.asset_id))
        .where(holds(system_member, at.rev), system_member.c.strength != SUGGESTION)
        .where(holds(asset, at.rev), asset.c.state != "gone")
    )


def _alerting(at: At, states: Sequence[str], roles: Collection[str]) -> Select[Any]:
    """Return the query for the systems of some states whose gaps alert.

    Those with a member that drives in one of ``roles``, and those on record that no scanner can see.
    """
    living = (holds(system, at.rev), system.c.state.in_(list(states)))
    is_known = system.c.state != "candidate"
    if at.rev is None:
        # Today's members are found by system, and the first that tells it is enough.
        mine = system_member.c.system_id == system.c.system_id
        driving = _living(at, system_member.c.system_id).where(asset.c.drives, mine).correlate(system)
        telling = driving.where(asset.c.role.in_(sorted(roles)))
        return select(system.c.system_id).where(
            *living, or_(telling.exists(), and_(is_known, ~driving.exists()))
        )
    # History has no such index: it is read once.
    tells = func.max(case((asset.c.role.in_(sorted(roles)), 1), else_=0))
    driving = _living(at, system_member.c.system_id, tells.label("tells")).where(asset.c.drives)
    seen = driving.group_by(system_member.c.system_id).subquery()
    source = system.outerjoin(seen, seen.c.system_id == system.c.system_id)
    told = or_(seen.c.tells == 1, and_(is_known, seen.c.system_id.is_(None)))
    return select(system.c.system_id).select_from(source).where(*living, told)


def _accepted(at: At, *columns: ColumnElement[Any]) -> Select[Any]:
    """Return the query for columns of the accountable owners that accepted and are still there."""
    return (
        select(*columns)
        .select_from(owner.join(party, party.c.party_id == owner.c.party_id))
        .where(holds(owner, at.rev), owner.c.role == owners.ACCOUNTABLE, party.c.active)
        .where(owner.c.accepted_at.is_not(None), owner.c.ended_at.is_(None))
    )


def _owned(at: At) -> Select[Any]:
    return _accepted(at, owner.c.system_id)


def _overseen(at: At, now: str) -> Select[Any]:
    return select(oversight.c.system_id).where(
        holds(oversight, at.rev),
        oversight.c.complete,
        oversight.c.withdrawn_at.is_(None),
        oversight.c.next_review_at > now,
    )


def _telling(conn: Connection, at: At, found: Iterable[tuple[str, str]], text: str) -> list[tuple[str, str]]:
    """Return those of ``(id, name)`` where a text (in folded case) is found."""
    people = [party.c[name] for name in Party.__dataclass_fields__]
    rank = (owner.c.confidence.desc(), owner.c.owner_no)
    told = {
        system_id
        for system_id, *who in conn.execute(_accepted(at, owner.c.system_id, *people).order_by(*rank))
        if text in Party(**dict(zip(Party.__dataclass_fields__, who, strict=True))).label.casefold()
    }
    known = select(asset.c.provider).where(holds(asset, at.rev), asset.c.state != "gone").distinct()
    if providers := [one for one in conn.execute(known).scalars() if text in one.casefold()]:
        query = _living(at, system_member.c.system_id).where(asset.c.provider.in_(providers))
        told.update(conn.execute(query.distinct()).scalars())
    return [one for one in found if one[0] in told or text in one[1].casefold() or text in one[0].casefold()]


def _homes(conn: Connection, system_ids: Collection[str], at: At) -> dict[str, str]:
    """Return the system of each member of some systems, gone ones included, in order of the members' ids."""
    query = select(system_member.c.asset_id, system_member.c.system_id)
    query = query.where(holds(system_member, at.rev), system_member.c.strength != SUGGESTION)
    narrow = is_one_of(conn, system_member.c.system_id, sorted(system_ids))
    return dict(sorted((asset_id, system_id) for asset_id, system_id in conn.execute(query.where(narrow))))


def _assets(conn: Connection, homes: Mapping[str, str] | None, at: At) -> Iterator[Sequence[Any]]:
    """Yield asset, system, provider, role, and whether it drives, of members that are not gone, by id."""
    columns = (asset.c.provider, asset.c.role, asset.c.drives)
    if homes is None:
        query = _living(at, asset.c.asset_id, system_member.c.system_id, *columns)
        yield from conn.execute(query.order_by(asset.c.asset_id))
        return
    # Looked up one by one: joined, the planner would rather read the whole history.
    query = select(asset.c.asset_id, *columns).where(holds(asset, at.rev), asset.c.state != "gone")
    for chunk in chunks(homes):
        rows = conn.execute(query.where(is_one_of(conn, asset.c.asset_id, chunk)).order_by(asset.c.asset_id))
        yield from ((row[0], homes[row[0]], *row[1:]) for row in rows)


def _last_seen(conn: Connection, homes: Mapping[str, str] | None, at: At) -> dict[str, str]:
    """Return when each system was seen last: the latest of its members' parts."""
    seen_in = _seen_in(conn, homes, at)
    complete_at = parts_complete_at(conn, at, None if homes is None else {row[1] for row in seen_in})
    found: dict[str, str] = {}
    for system_id, part_no, own, with_own, total, opened in seen_in:
        # What the part still shows was seen when the part was last complete; the rest when it was seen last.
        seen = max(own or "", (complete_at.get(part_no) or opened) if with_own < total else "")
        found[system_id] = max(found.get(system_id, ""), seen)
    return found


def _seen_in(conn: Connection, homes: Mapping[str, str] | None, at: At) -> list[Sequence[Any]]:
    """Return by system (or member of it) and part when it was seen, and how many sightings say so."""
    seen = (
        sighting.c.part_no,
        func.max(sighting.c.last_seen_at),
        func.count(sighting.c.last_seen_at),
        func.count(),
        func.max(sighting.c.opened_at),
    )
    if homes is None:
        by = system_member.c.system_id
        query = select(by, *seen).join(sighting, sighting.c.asset_id == system_member.c.asset_id)
        query = query.where(holds(system_member, at.rev), system_member.c.strength != SUGGESTION)
        query = query.where(holds(sighting, at.rev)).group_by(by, sighting.c.part_no)
        return list(conn.execute(query))
    query = select(sighting.c.asset_id, *seen).where(holds(sighting, at.rev))
    query = query.group_by(sighting.c.asset_id, sighting.c.part_no)
    found: list[Sequence[Any]] = []
    for chunk in chunks(homes):
        rows = conn.execute(query.where(is_one_of(conn, sighting.c.asset_id, chunk)))
        found += [(homes[row[0]], *row[1:]) for row in rows]
    return found

"""Match the groups of touched assets to systems: ids are kept, moves are few, decisions are not undone.

The group of an asset is the one it is pinned to, else the one that follows from what it is.
A group key that is known belongs to its system. An unknown one takes the system that it overlaps most
(of equals the oldest), else a new one is minted; a system whose last member went elsewhere becomes an alias
of where most went. Members of a system on which a person decided anything stay; what would join it only by
a guess is kept as a suggestion. Each step is planned and written in one short transaction.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, and_, func, select

from normalizer import grouping, ids
from store.bulk import insert_rows, is_one_of
from store.schema import asset, asset_pin, system, system_alias, system_key, system_member
from store.temporal import chunks

if TYPE_CHECKING:
    from sqlalchemy import Connection

SUGGESTION = 0.0
"""The strength of what is not a member, but may be one: a person has to say so."""
MEMBER = ("asset_id", "system_id", "valid_from", "why", "strength")
SYSTEM = ("system_id", "valid_from", "name", "state", "kind", "group_key", "decided", "first_seen_at")


@dataclass(slots=True)
class Touched:
    """One asset that may have to move: its group now, and the system it is in (``None``: in none)."""

    asset_id: str
    group_key: str
    belongs: bool
    kind: str
    name: str
    first_seen_at: str
    system_id: str | None
    decided: bool


@dataclass(slots=True)
class Plan:
    """What one step changes: ``keys`` were unknown and took a system, ``minted`` got a new one.

    ``released`` are keys that held a system which a larger group takes; they are minted anew.
    """

    moves: list[tuple[Touched, str]] = field(default_factory=list)
    leaves: list[Touched] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    minted: dict[str, str] = field(default_factory=dict)
    released: list[str] = field(default_factory=list)
    suggestions: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def is_contained(self) -> bool:
        """Say whether assets other than those looked at stay where they are."""
        return not self.keys and not self.released and not any(one.system_id for one, _ in self.moves)

    @property
    def systems(self) -> set[str]:
        """Return the systems that gain or lose members."""
        left = {one.system_id for one in self.leaves} | {one.system_id for one, _ in self.moves}
        return {target for _, target in self.moves} | {system_id for system_id in left if system_id}


@dataclass(frozen=True, slots=True)
class _Overlap:
    """How many of a system's members are of one group."""

    system_id: str
    key: str
    decided: bool
    count: int


def misplaced(conn: Connection, touched: Sequence[Touched]) -> list[Touched]:
    """Return those assets that are not in the system of their group."""
    keys = key_systems(conn, {one.group_key for one in touched})
    return [one for one in touched if not _settled(one, keys)]


def load(conn: Connection, asset_ids: Iterable[str]) -> list[Touched]:
    """Read assets with their membership; assets that were merged away come last with no group."""
    found: list[Touched] = []
    for chunk in chunks(asset_ids):
        query = _touched_query().where(is_one_of(conn, asset.c.asset_id, chunk))
        rows = [Touched(*row) for row in conn.execute(query).all()]
        found.extend(rows)
        found.extend(_without_asset(conn, set(chunk) - {row.asset_id for row in rows}))
    return found


def plan(conn: Connection, touched: Sequence[Touched]) -> Plan:
    """Decide where the assets go; reads the store, writes nothing."""
    result = Plan(leaves=[one for one in touched if not one.belongs and one.system_id])
    joining = [one for one in touched if one.belongs]
    known = key_systems(conn, {one.group_key for one in joining})
    unknown = {one.group_key for one in joining} - known.keys()
    overlaps = _overlaps(conn, unknown)
    _match(conn, unknown, overlaps, result)
    joining += _of_groups(conn, result.released)
    for key in sorted((unknown - result.keys.keys()).union(result.released)):
        result.minted[key] = ids.mint("sys")
    target_of = known | result.keys | result.minted
    moves = [(one, target_of[one.group_key]) for one in joining if not (one.decided and one.system_id)]
    result.moves = [(one, target) for one, target in moves if one.system_id != target]
    frozen = {one.key: one.system_id for one in overlaps if one.decided}
    result.suggestions = [
        (one.asset_id, frozen[one.group_key], grouping.explain(one.group_key).why)
        for one, target in result.moves
        if frozen.get(one.group_key, target) != target
    ]
    return result


def write(conn: Connection, rev: int, result: Plan) -> None:
    """Write a plan: new systems, their keys, and who left and joined."""
    first_seen: dict[str, str] = {}
    for one, target in result.moves:
        first_seen[target] = min(first_seen.get(target, one.first_seen_at), one.first_seen_at)
    for chunk in chunks(result.released):
        conn.execute(system_key.delete().where(is_one_of(conn, system_key.c.group_key, chunk)))
    # Name and kind are what the first members tell; the caller settles them from all members.
    insert_rows(
        conn,
        system,
        SYSTEM,
        [
            (system_id, rev, name, "candidate", kind, key, False, first_seen[system_id])
            for key, system_id, name, kind in _first_tell(result)
        ],
    )
    owned = [(key, system_id, rev) for key, system_id in (result.keys | result.minted).items()]
    insert_rows(conn, system_key, ("group_key", "system_id", "rev"), owned)
    # A group that took a system gives it its reason and name.
    replace_rows(conn, rev, {system_id: {"group_key": key} for key, system_id in result.keys.items()})
    leaving = [one.asset_id for one in result.leaves] + [
        one.asset_id for one, _ in result.moves if one.system_id
    ]
    for chunk in chunks(leaving):
        gone = system_member.update().where(
            is_one_of(conn, system_member.c.asset_id, chunk), system_member.c.valid_to.is_(None)
        )
        conn.execute(gone.values(valid_to=rev))
    rows = [(one.asset_id, target, rev, *because(one.group_key)) for one, target in result.moves]
    rows += [(asset_id, system_id, rev, why, SUGGESTION) for asset_id, system_id, why in result.suggestions]
    insert_rows(conn, system_member, MEMBER, rows)


def _first_tell(result: Plan) -> Iterator[tuple[str, str, str, str]]:
    """Yield key, system, name and kind of new systems; right for most, so that few are written twice."""
    kinds: dict[str, set[str]] = defaultdict(set)
    names: dict[str, str] = {}
    for one, target in result.moves:
        kinds[target].add(one.kind)
        names[target] = min(names.get(target, one.name), one.name)
    for key, system_id in result.minted.items():
        name = names[system_id] if key.startswith("one:") else grouping.explain(key).label
        yield key, system_id, name or key, grouping.system_kind(key, kinds[system_id])


def absorb_empty(conn: Connection, rev: int, result: Plan) -> dict[str, str]:
    """Turn systems that lost their last member to others into aliases; returns alias -> system."""
    went: dict[str, Counter[str]] = defaultdict(Counter)
    for one, target in result.moves:
        if one.system_id:
            went[one.system_id][target] += 1
    left = member_counts(conn, went.keys())
    merged = {
        old: min(targets, key=lambda target: (-targets[target], target))
        for old, targets in went.items()
        if not left.get(old)
    }
    for old, target in sorted(merged.items()):
        merge(conn, rev, old, target)
    return merged


def merge(conn: Connection, rev: int, old: str, target: str) -> None:
    """Make one system an alias of another: its keys and earlier aliases follow."""
    conn.execute(system_alias.update().where(system_alias.c.system_id == old).values(system_id=target))
    conn.execute(system_alias.insert().values(alias_id=old, system_id=target, rev=rev))
    conn.execute(system_key.update().where(system_key.c.system_id == old).values(system_id=target, rev=rev))
    replace_rows(conn, rev, {old: {"state": "merged", "merged_into": target}})


def replace_rows(conn: Connection, rev: int, changes: dict[str, dict[str, object]]) -> None:
    """Give systems a new version with the changed columns; a version of this revision is changed in place."""
    for chunk in chunks(sorted(changes)):
        current = conn.execute(
            select(system).where(is_one_of(conn, system.c.system_id, chunk), system.c.valid_to.is_(None))
        )
        rows = [dict(row._mapping) | changes[row.system_id] | {"valid_from": rev} for row in current]
        same = and_(
            is_one_of(conn, system.c.system_id, chunk),
            system.c.valid_from == rev,
            system.c.valid_to.is_(None),
        )
        conn.execute(system.delete().where(same))
        older = and_(is_one_of(conn, system.c.system_id, chunk), system.c.valid_to.is_(None))
        conn.execute(system.update().where(older).values(valid_to=rev))
        names = [column.name for column in system.columns]
        insert_rows(conn, system, names, [tuple(row[name] for name in names) for row in rows])


def key_systems(conn: Connection, keys: Collection[str]) -> dict[str, str]:
    """Return the system of each known group key."""
    found: dict[str, str] = {}
    for chunk in chunks(sorted(keys)):
        query = select(system_key.c.group_key, system_key.c.system_id).where(
            is_one_of(conn, system_key.c.group_key, chunk)
        )
        found.update(conn.execute(query).all())
    return found


def _settled(one: Touched, keys: dict[str, str]) -> bool:
    if not one.belongs:
        return one.system_id is None
    if one.system_id is None:
        return False
    return one.decided or keys.get(one.group_key) == one.system_id


def because(key: str) -> tuple[str, float]:
    """Return why assets of a group belong together, and how strong the reason is."""
    reason = grouping.explain(key)
    return reason.why, reason.strength


def _touched_query() -> Select[Any]:
    member = and_(
        system_member.c.asset_id == asset.c.asset_id,
        system_member.c.valid_to.is_(None),
        system_member.c.strength != SUGGESTION,
    )
    holder = and_(system.c.system_id == system_member.c.system_id, system.c.valid_to.is_(None))
    # What is gone keeps its place, should it come back; it only never joins anew.
    belongs = and_(asset.c.drives, (asset.c.state != "gone") | system_member.c.system_id.is_not(None))
    columns = (
        asset.c.asset_id,
        GROUP.label("group_key"),
        belongs.label("belongs"),
        asset.c.kind,
        asset.c.name,
    )
    return (
        select(
            *columns,
            asset.c.first_seen_at,
            system_member.c.system_id,
            func.coalesce(system.c.decided, False).label("decided"),
        )
        .select_from(
            asset.outerjoin(asset_pin, PINNED).outerjoin(system_member, member).outerjoin(system, holder)
        )
        .where(asset.c.valid_to.is_(None))
    )


PINNED = asset_pin.c.asset_id == asset.c.asset_id
GROUP: ColumnElement[str] = func.coalesce(asset_pin.c.group_key, asset.c.group_key)
"""The group of an asset: what it is pinned to, else what follows from what it is."""


def in_groups(conn: Connection, keys: Collection[str]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return the two conditions, each with its index, under which an asset is of one of some groups."""
    by_itself = is_one_of(conn, asset.c.group_key, keys) & asset_pin.c.asset_id.is_(None)
    # By the assets' ids: asked for the key of what is joined from outside, SQLite reads every asset.
    pin = asset_pin.alias("pinned_to")
    pinned = select(pin.c.asset_id).where(is_one_of(conn, pin.c.group_key, keys))
    return by_itself, asset.c.asset_id.in_(pinned)


def _without_asset(conn: Connection, asset_ids: Collection[str]) -> list[Touched]:
    """Return memberships of assets that no longer are (merged into another): they leave."""
    found = []
    for chunk in chunks(sorted(asset_ids)):
        query = select(system_member.c.asset_id, system_member.c.system_id).where(
            is_one_of(conn, system_member.c.asset_id, chunk),
            system_member.c.valid_to.is_(None),
            system_member.c.strength != SUGGESTION,
        )
        for asset_id, system_id in conn.execute(query).all():
            found.append(Touched(asset_id, "", False, "", "", "", system_id, False))
    return found


def _match(conn: Connection, unknown: Collection[str], overlaps: Sequence[_Overlap], result: Plan) -> None:
    """Give unknown keys the systems that they overlap most; a decided one only to a must-link."""
    standing = key_systems(conn, {one.key for one in overlaps} - set(unknown))
    claims = [
        one
        for one in overlaps
        if (one.key in unknown and (not one.decided or grouping.explain(one.key).must))
        or standing.get(one.key) == one.system_id
    ]
    claims.sort(key=lambda one: (-one.count, one.system_id, one.key in unknown, one.key))
    held: set[str] = set()
    usurped: set[str] = set()
    for one in claims:
        if one.key not in unknown:
            if one.system_id in usurped:
                result.released.append(one.key)
            held.add(one.system_id)
        elif one.key not in result.keys and (one.decided or one.system_id not in held):
            result.keys[one.key] = one.system_id
            held.add(one.system_id)
            if not one.decided:
                usurped.add(one.system_id)


def _of_groups(conn: Connection, keys: Collection[str]) -> list[Touched]:
    found: list[Touched] = []
    for chunk in chunks(sorted(keys)):
        for of_groups in in_groups(conn, chunk):
            found.extend(Touched(*row) for row in conn.execute(_touched_query().where(of_groups)).all())
    return [one for one in found if one.belongs]


def _overlaps(conn: Connection, unknown: Collection[str]) -> list[_Overlap]:
    """Count, group by group, the members of every system that holds assets of an unknown group."""
    holding: set[str] = set()
    member = and_(
        system_member.c.asset_id == asset.c.asset_id,
        system_member.c.valid_to.is_(None),
        system_member.c.strength != SUGGESTION,
    )
    for chunk in chunks(sorted(unknown)):
        query = select(system_member.c.system_id).distinct()
        query = query.select_from(asset.outerjoin(asset_pin, PINNED).join(system_member, member))
        for of_groups in in_groups(conn, chunk):
            holding.update(conn.execute(query.where(of_groups, asset.c.valid_to.is_(None))).scalars())
    found: list[_Overlap] = []
    for chunk in chunks(sorted(holding)):
        columns = (system_member.c.system_id, GROUP, system.c.decided)
        query = (
            select(*columns, func.count())
            .select_from(asset.outerjoin(asset_pin, PINNED).join(system_member, member))
            .join(system, and_(system.c.system_id == system_member.c.system_id, system.c.valid_to.is_(None)))
            .where(is_one_of(conn, system_member.c.system_id, chunk), asset.c.valid_to.is_(None))
            .where(asset.c.state != "gone", asset.c.drives)
            .group_by(*columns)
        )
        found.extend(_Overlap(*row) for row in conn.execute(query).all())
    return found


def member_counts(conn: Connection, system_ids: Collection[str]) -> dict[str, int]:
    """Return how many members each system has."""
    found: dict[str, int] = {}
    for chunk in chunks(sorted(system_ids)):
        query = (
            select(system_member.c.system_id, func.count())
            .where(is_one_of(conn, system_member.c.system_id, chunk), system_member.c.valid_to.is_(None))
            .where(system_member.c.strength != SUGGESTION)
            .group_by(system_member.c.system_id)
        )
        found.update(conn.execute(query).all())
    return found

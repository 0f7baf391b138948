"""Keep systems in step with their assets: members, names, kinds, and whether anything of them is left.

:func:`regroup` is what a scan calls with the assets it touched. It costs nothing for assets that stay in
their group, and is safe to repeat.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import and_, case, func, select

from normalizer import grouping
from store import link_queue, owners
from store.alerts import last_revision
from store.bulk import is_one_of, many_objects
from store.placement import Placement, settle
from store.regroup import (
    SUGGESTION,
    Touched,
    absorb_empty,
    load,
    misplaced,
    plan,
    replace_rows,
    write,
)
from store.schema import (
    asset,
    part,
    scope,
    sighting,
    system,
    system_alias,
    system_member,
    system_standing,
)
from store.temporal import chunks

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from store.database import Store, WriteTx

STEP = 2_000
"""Assets regrouped in one transaction, so that none holds the write lock for long."""
_FEW = 20
"""Systems settled in one transaction where others write at the same time."""
LIVING = ("candidate", "registered", "governed")


@dataclass(slots=True)
class Regrouped:
    """What a regrouping changed: ids of systems, and which became aliases of which."""

    minted: set[str] = field(default_factory=set)
    touched: set[str] = field(default_factory=set)
    merged: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Settlement:
    """What systems lack to be in line with their members."""

    systems: dict[str, dict[str, object]]
    candidates: owners.CandidateChanges

    def __bool__(self) -> bool:
        return bool(self.systems or self.candidates)


def regroup(
    store: Store,
    asset_ids: Iterable[str] | None,
    placement: Placement | None = None,
    *,
    actor: str = "engine",
) -> Regrouped:
    """Put touched assets into the systems of their groups and refresh those systems.

    ``None`` looks at all assets and systems: what to do after an interrupted run. ``placement`` is what
    their writer has done of it already. ``touched`` in the answer are all systems of the assets, also where
    nothing moved: their rules are worth another look. Steps are transactions of their own; a killed run
    leaves whole steps.
    """
    result = Regrouped()
    placement = placement or Placement()
    with many_objects():
        wanted = None if asset_ids is None else set(asset_ids) - placement.placed - placement.same
        moving, seen_at = _misplaced(store, wanted, result)
        for step in chunks(sorted(moving, key=lambda one: (one.group_key, one.asset_id)), STEP):
            with store.write(actor=actor, kind="regroup") as write_tx:
                conn, rev = write_tx.conn, write_tx.rev
                # Read again only if somebody else wrote since: the lock should be held for writing alone.
                current = rev == seen_at + 1
                steps = plan(conn, step if current else load(conn, [one.asset_id for one in step]))
                write(conn, rev, steps)
                merged = absorb_empty(conn, rev, steps)
            seen_at = rev if current and steps.is_contained else _NEVER
            result.touched |= steps.systems
            result.minted |= set(steps.minted.values())
            result.merged |= merged
        result.touched |= placement.joined
        result.touched -= result.merged.keys()
        settled = settle(store, placement, but=result.touched, actor=actor)
        refresh(store, (result.touched | placement.minted.keys()) - settled, actor)
    result.minted |= placement.minted.keys()
    result.touched |= (placement.minted.keys() - result.merged.keys()) | _of_same(store, placement)
    return result


def _of_same(store: Store, placement: Placement) -> set[str]:
    if not placement.same:
        return set()
    with store.read() as tx:
        return systems_of(tx.conn, placement.same)


_NEVER = -1


def _misplaced(store: Store, asset_ids: Iterable[str] | None, result: Regrouped) -> tuple[list[Touched], int]:
    """Return the assets that have to move, and the revision at which that was so; notes their systems."""
    moving: list[Touched] = []
    with store.read() as tx:
        for chunk in chunks(all_assets(tx.conn) if asset_ids is None else sorted(set(asset_ids)), STEP):
            touched = load(tx.conn, chunk)
            result.touched.update(one.system_id for one in touched if one.system_id)
            moving.extend(misplaced(tx.conn, touched))
        return moving, last_revision(tx.conn)


def all_assets(conn: Connection) -> list[str]:
    """Return the ids of all assets that are, or that still are members, sorted."""
    query = select(asset.c.asset_id).where(asset.c.valid_to.is_(None))
    members = select(system_member.c.asset_id).where(system_member.c.valid_to.is_(None))
    return sorted(conn.execute(query.union(members)).scalars())


def systems_of(conn: Connection, asset_ids: Collection[str]) -> set[str]:
    """Return the systems that the assets are members of now."""
    found: set[str] = set()
    for chunk in chunks(sorted(asset_ids)):
        query = select(system_member.c.system_id).where(
            is_one_of(conn, system_member.c.asset_id, chunk),
            system_member.c.valid_to.is_(None),
            system_member.c.strength != SUGGESTION,
        )
        found.update(conn.execute(query).scalars())
    return found


def standing_for(conn: Connection, asset_ids: Collection[str]) -> set[str]:
    """Return the systems that are one of these assets and nothing else."""
    found: set[str] = set()
    for chunk in chunks(sorted(systems_of(conn, asset_ids))):
        query = select(system.c.system_id).where(
            is_one_of(conn, system.c.system_id, chunk),
            system.c.valid_to.is_(None),
            system.c.group_key.like("one:%"),
        )
        found.update(conn.execute(query).scalars())
    return found


def resolve(conn: Connection, system_ids: Collection[str]) -> dict[str, str]:
    """Return for each id the system it stands for today: itself, or what it was merged into."""
    found = {system_id: system_id for system_id in system_ids}
    for chunk in chunks(sorted(system_ids)):
        query = select(system_alias.c.alias_id, system_alias.c.system_id).where(
            is_one_of(conn, system_alias.c.alias_id, chunk)
        )
        found.update(conn.execute(query).all())
    return found


def mark_decided(conn: Connection, rev: int, system_id: str) -> None:
    """Note that a person decided something on a system: from now on its members stay."""
    query = select(system.c.decided).where(system.c.system_id == system_id, system.c.valid_to.is_(None))
    if not conn.execute(query).scalar():
        replace_rows(conn, rev, {system_id: {"decided": True}})


def refresh(store: Store, system_ids: Collection[str], actor: str) -> None:
    """Settle systems whose members came, went or changed in place (a state, a name, an owner's tag).

    What they lack is found out while others may write. Only if somebody did, it is found out again under
    the lock, a few systems at a time.
    """
    for chunk in chunks(sorted(system_ids), 500):
        with store.read() as tx:
            seen_at, lacking = last_revision(tx.conn), _unsettled(tx.conn, chunk)
        if not lacking:
            continue
        with store.write(actor=actor, kind="regroup") as write_tx:
            current = write_tx.rev == seen_at + 1
            if current:
                _write_settlement(write_tx.conn, write_tx.rev, write_tx.now, lacking)
        for few in () if current else chunks(chunk, _FEW):
            with store.write(actor=actor, kind="regroup") as write_tx:
                conn = write_tx.conn
                _write_settlement(conn, write_tx.rev, write_tx.now, _unsettled(conn, few))


def refresh_in(tx: WriteTx, system_ids: Collection[str]) -> None:
    """Settle a few systems inside a transaction that changed them."""
    _write_settlement(tx.conn, tx.rev, tx.now, _unsettled(tx.conn, system_ids))


def _unsettled(conn: Connection, system_ids: Collection[str]) -> _Settlement:
    """Compare name, kind, state and owner candidates of systems with what their members say."""
    current = _current(conn, system_ids)
    facts = _member_facts(conn, current.keys())
    keys = {one: str(row["group_key"]) for one, row in current.items() if not row["decided"]}
    names = _names(conn, keys, facts)
    firm, shared = _held(conn, current.keys()), link_queue.shared(conn, current.keys())
    changes = {
        one: _change(row, facts.get(one, {}), names.get(one), one in firm, one in shared)
        for one, row in current.items()
    }
    return _Settlement(
        {one: change for one, change in changes.items() if change},
        owners.weigh_candidates(conn, current.keys()),
    )


def _write_settlement(conn: Connection, rev: int, now: str, settlement: _Settlement) -> None:
    replace_rows(conn, rev, settlement.systems)
    if settlement.candidates:
        owners.write_candidates(conn, rev, now, settlement.candidates)


def _held(conn: Connection, system_ids: Collection[str]) -> set[str]:
    """Return those systems whose state no scan changes: a person set it, or no scanner can see them."""
    found: set[str] = set()
    for chunk in chunks(sorted(system_ids)):
        query = select(system_standing.c.system_id).where(
            is_one_of(conn, system_standing.c.system_id, chunk), system_standing.c.valid_to.is_(None)
        )
        found.update(conn.execute(query).scalars())
    return found


def _change(
    row: Mapping[str, object], facts: Mapping[str, int], name: str | None, is_held: bool, is_shared: bool
) -> dict[str, object]:
    wanted: dict[str, object] = {}
    living = [kind for kind, count in facts.items() if count]
    if not row["decided"]:
        kind = grouping.system_kind(str(row["group_key"]), living or facts)
        wanted["kind"] = grouping.SHARED if is_shared else kind
        wanted["name"] = name or row["name"]
    if is_held or str(row["group_key"]).startswith(grouping.MANUAL):
        pass
    elif row["state"] in LIVING and not living:
        wanted["state"] = "retired"
    elif row["state"] == "retired" and living:
        wanted["state"] = "candidate"
    return {column: value for column, value in wanted.items() if row[column] != value}


def _current(conn: Connection, system_ids: Collection[str]) -> dict[str, Mapping[str, object]]:
    found: dict[str, Mapping[str, object]] = {}
    for chunk in chunks(sorted(system_ids)):
        query = select(
            system.c.system_id,
            system.c.name,
            system.c.kind,
            system.c.state,
            system.c.group_key,
            system.c.decided,
        )
        query = query.where(
            is_one_of(conn, system.c.system_id, chunk),
            system.c.valid_to.is_(None),
            system.c.state != "merged",
        )
        found.update((row.system_id, row._mapping) for row in conn.execute(query).all())  # type: ignore[misc]
    return found


_OPEN_MEMBER = and_(
    system_member.c.asset_id == asset.c.asset_id,
    system_member.c.valid_to.is_(None),
    system_member.c.strength != SUGGESTION,
    asset.c.valid_to.is_(None),
)


def _member_facts(conn: Connection, system_ids: Collection[str]) -> dict[str, dict[str, int]]:
    """Count the members that are not gone, by kind; a kind of gone members alone counts 0."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    living = func.sum(case((asset.c.state != "gone", 1), else_=0))
    for chunk in chunks(sorted(system_ids)):
        query = (
            select(system_member.c.system_id, asset.c.kind, living)
            .select_from(system_member.join(asset, _OPEN_MEMBER))
            .where(is_one_of(conn, system_member.c.system_id, chunk))
            .group_by(system_member.c.system_id, asset.c.kind)
        )
        for system_id, kind, count in conn.execute(query).all():
            found[system_id][kind] = int(count)
    return found


def _names(
    conn: Connection, keys: Mapping[str, str], facts: Mapping[str, Mapping[str, int]]
) -> dict[str, str]:
    """Name systems: by their group's own label, the vendor's container, the one member, or the repository."""
    applications = {
        one: name
        for one, key in keys.items()
        if not grouping.CONTAINERS.isdisjoint(facts.get(one, ())) and (name := grouping.application_of(key))
    }
    containers = _container_names(conn, applications)
    members = _member_names(conn, [one for one, key in keys.items() if key.startswith("one:")])
    roots = [one for one, key in keys.items() if key.startswith("unit:") and not grouping.explain(key).label]
    scopes = _scope_names(conn, roots)
    return {
        one: grouping.system_name(
            key,
            container=containers.get(one, ""),
            member=members.get(one, ""),
            scope=scopes.get(one, ""),
        )
        for one, key in keys.items()
    }


def _member_names(conn: Connection, system_ids: Collection[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    # Of several members, the one after which the system is called.
    own = case((asset.c.group_key == system.c.group_key, asset.c.name))
    for chunk in chunks(sorted(system_ids)):
        query = (
            select(system_member.c.system_id, func.min(asset.c.name), func.min(own))
            .select_from(system_member.join(asset, _OPEN_MEMBER).join(system, _OPEN_SYSTEM))
            .where(is_one_of(conn, system_member.c.system_id, chunk))
            .group_by(system_member.c.system_id)
        )
        found.update({one: named or least for one, least, named in conn.execute(query).all()})
    return found


_OPEN_SYSTEM = and_(system.c.system_id == system_member.c.system_id, system.c.valid_to.is_(None))


def _container_names(conn: Connection, applications: Mapping[str, str]) -> dict[str, str]:
    """Name a system by the project or application asset whose id is the vendor's grouping."""
    found: dict[str, str] = {}
    # Wrapped, so that no planner starts from the index over kinds and reads every project there is.
    kind = func.coalesce(asset.c.kind, "")
    for chunk in chunks(sorted(applications)):
        query = (
            select(system_member.c.system_id, asset.c.natural_id, asset.c.name)
            .select_from(system_member.join(asset, _OPEN_MEMBER))
            .where(is_one_of(conn, system_member.c.system_id, chunk), kind.in_(sorted(grouping.CONTAINERS)))
            .order_by(asset.c.asset_id)
        )
        for system_id, natural_id, name in conn.execute(query).all():
            if natural_id == applications[system_id]:
                found.setdefault(system_id, name)
    return found


def _scope_names(conn: Connection, system_ids: Collection[str]) -> dict[str, str]:
    """Return the label of the scope that shows a system at the root of a repository."""
    found: dict[str, str] = {}
    for chunk in chunks(sorted(system_ids)):
        query = (
            select(system_member.c.system_id, func.min(scope.c.label))
            .join(sighting, sighting.c.asset_id == system_member.c.asset_id)
            .join(part, part.c.part_no == sighting.c.part_no)
            .join(scope, scope.c.scope_no == part.c.scope_no)
            .where(is_one_of(conn, system_member.c.system_id, chunk), system_member.c.valid_to.is_(None))
            .where(sighting.c.valid_to.is_(None), sighting.c.namespace.like("code/%"))
            .group_by(system_member.c.system_id)
        )
        found.update((system_id, label or "") for system_id, label in conn.execute(query).all())
    return found

"""Put new assets into the systems of their groups while they are written, and settle those systems after.

A new asset was in no system before and nobody else can have touched it yet, so its place follows from its
group alone, in the transaction that writes it. New systems are made so only while a scope is scanned for
the first time: later a new group may be a known one renamed, which keeps its system. What a writer learns
on the way (kinds, names, owner hints) settles the systems it minted without reading them again. Whatever is
less simple is left to :mod:`store.systems`: groups that other assets already have without a system of their
own, systems on which a person decided, things that several sightings show at once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select

from normalizer import grouping, ids
from store import owners
from store.bulk import insert_rows, is_one_of
from store.regroup import MEMBER, SYSTEM, because, member_counts, replace_rows
from store.schema import asset, owner, system, system_key, system_member
from store.temporal import chunks

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from store.database import Store, WriteTx

_STEP = 500
"""Systems settled in one transaction."""


class NewAsset(NamedTuple):
    """A new asset as far as grouping goes."""

    asset_id: str
    group_key: str
    kind: str
    name: str
    natural_id: str
    first_seen_at: str


@dataclass(slots=True)
class _Gathered:
    """What the members of a system minted here say; ``name`` and ``kind`` are as last written."""

    key: str
    rev: int
    name: str
    kind: str
    members: int = 0
    kinds: set[str] = field(default_factory=set)
    member_name: str = ""
    container_name: str = ""
    told: Counter[str] = field(default_factory=Counter)

    def add(self, several: Sequence[NewAsset]) -> None:
        """Take in further members."""
        self.members += len(several)
        self.kinds.update({one.kind for one in several})
        least = min([one.name for one in several])
        self.member_name = min(self.member_name, least) if self.member_name else least
        application = grouping.application_of(self.key)
        if application and not self.container_name and not grouping.CONTAINERS.isdisjoint(self.kinds):
            self.container_name = next(
                (
                    one.name
                    for one in several
                    if one.natural_id == application and one.kind in grouping.CONTAINERS
                ),
                "",
            )


@dataclass(slots=True)
class Placement:
    """What one scope's writer has done about grouping.

    ``placed`` are assets that need no regrouping, ``same`` known ones that changed in nothing that grouping
    looks at; ``altered`` is all that must be looked at. ``scope_label`` is what the scope is called,
    ``is_first`` says that nothing of it was known before.
    """

    scope_label: str = ""
    is_first: bool = False
    placed: set[str] = field(default_factory=set)
    same: set[str] = field(default_factory=set)
    altered: set[str] = field(default_factory=set)
    joined: set[str] = field(default_factory=set)
    minted: dict[str, _Gathered] = field(default_factory=dict)

    def note(self, altered: Collection[str], same: Collection[str] = ()) -> None:
        """Hear which known assets changed, and of which grouping need not take notice."""
        self.altered.update(altered)
        self.same.update(same)
        self.placed -= self.altered
        self.same -= self.altered

    def hear(self, homes: Mapping[str, str], told: Iterable[tuple[str, str]]) -> None:
        """Hear what assets, by id, say of their owners (:func:`owners.told`).

        ``homes`` are their systems, as :func:`place` returned them.
        """
        for asset_id, text in told:
            if text and (system_id := homes.get(asset_id)) is not None:
                self.minted[system_id].told[text] += 1

    def settled_name(self, one: _Gathered) -> str:
        """Return the name of a system minted here, as all its members tell it."""
        return grouping.system_name(
            one.key, container=one.container_name, member=one.member_name, scope=self.scope_label
        )


def open_groups(conn: Connection, keys: Collection[str], placement: Placement) -> dict[str, str | None]:
    """Return the groups that new assets can join at once, with their system (``None``: one is to be minted).

    Ask before the rows of the new assets are written.
    """
    known, decided = _holders(conn, keys)
    unknown = set(keys) - known.keys()
    closed = decided | (_in_use(conn, unknown) if placement.is_first else unknown)
    return {key: known.get(key) for key in keys if key not in closed}


def place(
    tx: WriteTx, fresh: Iterable[NewAsset], groups: Mapping[str, str | None], placement: Placement
) -> dict[str, str]:
    """Make new assets members of their systems, as far as ``groups`` (of :func:`open_groups`) has them.

    Returns the systems of those that are in systems minted here: :meth:`Placement.hear` wants to know what
    they say of their owners.
    """
    by_key: dict[str, list[NewAsset]] = defaultdict(list)
    for one in fresh:
        if one.group_key in groups:
            by_key[one.group_key].append(one)
    known = {key: system_id for key, system_id in groups.items() if system_id is not None}
    unknown = [key for key in sorted(by_key) if key not in known]
    minted = dict(zip(unknown, ids.mint_block("sys", len(unknown)) if unknown else (), strict=True))
    for key, system_id in minted.items():
        placement.minted[system_id] = _Gathered(key, tx.rev, "", "")
    targets = known | minted
    homes: dict[str, str] = {}
    for key, several in by_key.items():
        gathered = placement.minted.get(targets[key])
        if gathered is None:
            placement.joined.add(targets[key])
        else:
            gathered.add(several)
            homes.update(dict.fromkeys([one.asset_id for one in several], targets[key]))
        placement.placed.update([one.asset_id for one in several])
    _write_systems(tx, minted, by_key, placement)
    insert_rows(tx.conn, system_member, MEMBER, _members(by_key, targets, tx.rev))
    return homes


def _members(
    by_key: dict[str, list[NewAsset]], targets: dict[str, str], rev: int
) -> Iterator[tuple[str, str, int, str, float]]:
    for key, several in by_key.items():
        target, (why, strength) = targets[key], because(key)
        for one in several:
            yield one.asset_id, target, rev, why, strength


def _write_systems(
    tx: WriteTx, minted: dict[str, str], by_key: dict[str, list[NewAsset]], placement: Placement
) -> None:
    rows = []
    for key, system_id in minted.items():
        one = placement.minted[system_id]
        one.name, one.kind = placement.settled_name(one), grouping.system_kind(key, one.kinds)
        first_seen = min(asset.first_seen_at for asset in by_key[key])
        rows.append((system_id, tx.rev, one.name, "candidate", one.kind, key, False, first_seen))
    insert_rows(tx.conn, system, SYSTEM, rows)
    keys = ((key, system_id, tx.rev) for key, system_id in minted.items())
    insert_rows(tx.conn, system_key, ("group_key", "system_id", "rev"), keys)


def _holders(conn: Connection, keys: Collection[str]) -> tuple[dict[str, str], set[str]]:
    """Return the system of each known key, and the keys of systems on which a person decided."""
    known: dict[str, str] = {}
    decided: set[str] = set()
    for chunk in chunks(sorted(keys)):
        held = select(system_key.c.group_key, system_key.c.system_id)
        found = conn.execute(held.where(is_one_of(conn, system_key.c.group_key, chunk))).all()
        if not found:
            continue
        # Asked apart: as long as the planner knows little of these tables it joins them row by row.
        open_ = select(system.c.system_id, system.c.decided).where(system.c.valid_to.is_(None))
        held_by = is_one_of(conn, system.c.system_id, {row.system_id for row in found})
        standing = {row.system_id: row.decided for row in conn.execute(open_.where(held_by))}
        for key, system_id in found:
            if system_id in standing:
                known[key] = system_id
                if standing[system_id]:
                    decided.add(key)
    return known, decided


def _in_use(conn: Connection, keys: Collection[str]) -> set[str]:
    """Return the groups that assets already have."""
    found: set[str] = set()
    for chunk in chunks(sorted(keys)):
        query = select(asset.c.group_key).distinct().where(asset.c.valid_to.is_(None))
        found.update(conn.execute(query.where(is_one_of(conn, asset.c.group_key, chunk))).scalars())
    return found


def settle(store: Store, placement: Placement, *, but: Collection[str], actor: str) -> set[str]:
    """Bring the systems minted by a placement in line with their members; returns those that were.

    Left out are those in ``but``, and those that somebody else has touched since: they must be read.
    """
    settled: set[str] = set()
    for chunk in chunks(sorted(placement.minted.keys() - set(but)), _STEP):
        with store.write(actor=actor, kind="regroup") as tx:
            mine = _untouched(tx.conn, {one: placement.minted[one] for one in chunk})
            candidates = owners.weigh_new(tx.conn, {one: gathered.told for one, gathered in mine.items()})
            replace_rows(tx.conn, tx.rev, dict(_corrections(placement, mine)))
            if candidates:
                owners.write_candidates(tx.conn, tx.rev, tx.now, candidates)
        settled |= mine.keys()
    return settled


def _corrections(placement: Placement, mine: dict[str, _Gathered]) -> Iterator[tuple[str, dict[str, object]]]:
    for system_id, one in mine.items():
        wanted = {
            "name": placement.settled_name(one),
            "kind": grouping.system_kind(one.key, one.kinds),
        }
        changes: dict[str, object] = {
            column: value for column, value in wanted.items() if getattr(one, column) != value
        }
        if changes:
            yield system_id, changes


def _untouched(conn: Connection, minted: dict[str, _Gathered]) -> dict[str, _Gathered]:
    """Return those systems that are as this writer made them, with the very members that it added."""
    query = select(system.c.system_id, system.c.valid_from, system.c.decided).where(
        is_one_of(conn, system.c.system_id, minted), system.c.valid_to.is_(None)
    )
    as_made = {
        row.system_id
        for row in conn.execute(query).all()
        if row.valid_from == minted[row.system_id].rev and not row.decided
    }
    owned = select(owner.c.system_id).where(is_one_of(conn, owner.c.system_id, as_made))
    as_made -= set(conn.execute(owned).scalars())
    counts = member_counts(conn, as_made)
    return {
        system_id: minted[system_id]
        for system_id in sorted(as_made)
        if counts.get(system_id) == minted[system_id].members
    }

"""Write what a batch brought: sightings, identities, assets and relations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from normalizer.fold import AssetState, Sighted
from normalizer.identity import Key, MoveWhy, Resolver
from store import owners
from store.arrivals import (
    FOLDED,
    PAYLOAD,
    SIGHTING_COLUMNS,
    Arrival,
    arrival_of_row,
    joined,
    moment_kept,
)
from store.assets import (
    Edge,
    answer_waiting,
    edges_of,
    find_targets,
    group_key_of,
    insert_assets,
    new_asset,
    relate,
)
from store.bulk import insert_rows, is_one_of
from store.database import WriteTx
from store.identities import resolve, write_identities
from store.partpass import Intake, PartPass
from store.placement import Placement, open_groups, place
from store.schema import sighting
from store.sightings import (
    Open,
    SightKey,
    Version,
    end_versions,
    epoch,
    load_open,
    next_number,
    restate,
    versions,
)


@dataclass(slots=True)
class Taken:
    """What became of a batch: counts, assets that are new, and known ones to be folded again.

    ``told_same`` are known assets of which a sighting changed but not what it tells of an owner, ``standing``
    those of which it changed in nothing that an asset or a relation takes over, ``altered`` those touched in
    any other way (an asset may be in several).
    """

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    fresh: set[str] = field(default_factory=set)
    replaced: dict[str, str] = field(default_factory=dict)
    told_same: set[str] = field(default_factory=set)
    standing: set[str] = field(default_factory=set)
    altered: set[str] = field(default_factory=set)
    # What was written just now, by row number: folding again need not read it back.
    at_hand: dict[int, Sighted] = field(default_factory=dict)


def take(tx: WriteTx, at_work: PartPass, intake: Intake, placement: Placement) -> Taken:
    """Write one intake of a part; the caller folds the known assets again in the same transaction.

    New assets are put into their systems, as far as ``placement`` can.
    """
    taken = Taken(unchanged=intake.same, changed=len(intake.returned))
    if intake.returned:
        restate(tx, [one.sighting_no for one in intake.returned], state=AssetState.PRESENT)
        taken.altered.update(one.asset_id for one in intake.returned)
    arrivals = {
        key: several[0] if len(several) == 1 else joined(several) for key, several in intake.pending.items()
    }
    arrivals |= _joined_with_rows(tx, at_work, intake)
    if arrivals:
        _write(tx, at_work, arrivals, taken, placement)
    return taken


def _joined_with_rows(tx: WriteTx, at_work: PartPass, intake: Intake) -> dict[SightKey, Arrival]:
    if not intake.repeated:
        return {}
    numbers = {at_work.current_number(key): key for key in intake.repeated}
    rows = tx.conn.execute(select(sighting).where(is_one_of(tx.conn, sighting.c.sighting_no, numbers)))
    return {
        (key := numbers[row.sighting_no]): joined([arrival_of_row(row), *intake.repeated[key]])
        for row in rows.all()
    }


def _write(
    tx: WriteTx,
    at_work: PartPass,
    arrivals: dict[SightKey, Arrival],
    taken: Taken,
    placement: Placement,
) -> None:
    keys = list(arrivals)
    ordered = [arrivals[key] for key in keys]
    before = _versions_before(tx, at_work, keys)
    named = _named(at_work, keys, ordered, before)
    resolver, asset_ids, moved = resolve(tx, ordered, named, is_first=placement.is_first)
    taken.altered |= moved
    taken.replaced = {move.old: move.new for move in resolver.moves if move.why is MoveWhy.REPLACED}
    if moved:
        # Rows of this part may have got new numbers, or may be closed.
        at_work.load(load_open(tx.conn, at_work.row.part_no), epoch(tx.conn))
        before = _versions_before(tx, at_work, keys)
    ended = _end_previous(tx, at_work, keys, taken)
    first = next_number(tx.conn)
    # The server takes in one table while we make the next: the names while what is new is gathered. After
    # that nothing is asked any more, and what costs us most comes last but for the server's rest.
    write_identities(tx, resolver)
    news = _news(tx, at_work.row.part_no, ordered, asset_ids, resolver, placement)
    homes = _write_assets(tx, news, taken, placement)
    told: list[str] = []
    standing: set[SightKey] = set()
    for number, (key, arrival) in enumerate(zip(keys, ordered, strict=True), first):
        was = ended.get(key)
        if was is None:
            taken.added += 1
        else:
            taken.changed += 1
            arrival.opened_at = was.opened_at
        at_work.written[key] = (number, arrival.fingerprint)
    rows = _rows(ordered, asset_ids, first, at_work.row.part_no, tx.rev, told)
    if before:
        rows = _compared(rows, keys, ended, before, standing)
    insert_rows(tx.conn, sighting, SIGHTING_COLUMNS, rows)
    placement.hear(homes, zip(asset_ids, told, strict=True))
    if news.edges:
        relate(tx, news.edges, news.targets)
    for number, (key, asset_id, text) in enumerate(zip(keys, asset_ids, told, strict=True), first):
        if key in standing and ended[key].asset_id == asset_id:
            taken.standing.add(asset_id)
        elif asset_id not in resolver.fresh:
            taken.at_hand[number] = arrivals[key].sighted
            _note_known(taken, asset_id, ended.get(key), before, text)


def _note_known(
    taken: Taken, asset_id: str, was: Open | None, before: Mapping[int, Version], told: str
) -> None:
    """Note that a known asset is shown differently, and whether that tells something new of its owner."""
    if was is not None and was.asset_id == asset_id:
        is_same = owners.told(before[was.sighting_no].payload) == told
        (taken.told_same if is_same else taken.altered).add(asset_id)
    else:
        taken.altered.update({asset_id, was.asset_id if was else asset_id})


def _rows(
    arrivals: Sequence[Arrival],
    asset_ids: Sequence[str],
    first: int,
    part_no: int,
    rev: int,
    told: list[str],
) -> Iterator[tuple[Any, ...]]:
    """Make the rows of sightings one by one, and note what each tells of an owner."""
    for number, (arrival, asset_id) in enumerate(zip(arrivals, asset_ids, strict=True), first):
        row = arrival.row(number, part_no, asset_id, rev)
        told.append(owners.told(row[PAYLOAD]))
        yield row


def _versions_before(tx: WriteTx, at_work: PartPass, keys: Sequence[SightKey]) -> dict[int, Version]:
    """Return by number the rows that the arrivals take over from, those of this reading aside."""
    if not at_work.open:
        return {}
    numbers = [
        at_work.open[key].sighting_no for key in keys if key in at_work.open and key not in at_work.written
    ]
    return versions(tx.conn, numbers)


def _named(
    at_work: PartPass, keys: Sequence[SightKey], arrivals: Sequence[Arrival], before: Mapping[int, Version]
) -> dict[int, str]:
    """Return the assets of arrivals, by place, that have no names but their own and were not made anew."""
    named: dict[int, str] = {}
    if not before:
        return named
    for at, (key, arrival) in enumerate(zip(keys, arrivals, strict=True)):
        was = at_work.open.get(key)
        version = before.get(was.sighting_no) if was is not None else None
        if was is None or version is None or arrival.content.aliases:
            continue
        if arrival.created_at is None or moment_kept(arrival.created_at) == version.created_at:
            named[at] = was.asset_id
    return named


def _compared(
    rows: Iterable[tuple[Any, ...]],
    keys: Sequence[SightKey],
    ended: Mapping[SightKey, Open],
    before: Mapping[int, Version],
    standing: set[SightKey],
) -> Iterator[tuple[Any, ...]]:
    """Pass rows on, and note those that differ from the version before in nothing an asset takes over."""
    for key, row in zip(keys, rows, strict=True):
        was = ended.get(key)
        if was is not None and was.state is AssetState.PRESENT and was.last_seen_at is None:
            version = before[was.sighting_no]
            if row[FOLDED] == version.folded and owners.relating(row[PAYLOAD]) == owners.relating(
                version.payload
            ):
                standing.add(key)
        yield row


def _end_previous(
    tx: WriteTx, at_work: PartPass, keys: Sequence[SightKey], taken: Taken
) -> dict[SightKey, Open]:
    """Close the row versions that the arrivals take over from, and return them by key."""
    ended: dict[SightKey, Open] = {}
    rewritten: list[int] = []
    for key in keys:
        written = at_work.written.get(key)
        if written is not None:
            rewritten.append(written[0])
            # Counted when it was written first.
            taken.added -= 1
        elif (was := at_work.open.get(key)) is not None:
            ended[key] = was
    end_versions(tx, [*rewritten, *(one.sighting_no for one in ended.values())])
    return ended


@dataclass(slots=True)
class _News:
    """Assets that nobody knew before, by id, with what shows them, their groups and their relations.

    ``groups`` are of those that one thing alone shows, ``joinable`` says which of them can be joined at once.
    """

    shown: dict[str, list[Arrival]] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    joinable: dict[str, str | None] = field(default_factory=dict)
    edges: set[Edge] = field(default_factory=set)
    targets: dict[Key, str] = field(default_factory=dict)


def _news(
    tx: WriteTx,
    part_no: int,
    arrivals: Sequence[Arrival],
    asset_ids: Sequence[str],
    resolver: Resolver,
    placement: Placement,
) -> _News:
    """Gather what is new, and ask all that must be known to write it."""
    news = _News()
    if not resolver.fresh and not resolver.added:
        return news
    for arrival, asset_id in zip(arrivals, asset_ids, strict=True):
        if asset_id in resolver.fresh:
            news.shown.setdefault(asset_id, []).append(arrival)
            if arrival.content.links:
                news.edges.update(edges_of(asset_id, arrival.content.links, part_no))
    news.groups = {
        asset_id: group_key_of(several[0]) for asset_id, several in news.shown.items() if len(several) == 1
    }
    driving = {group for asset_id, group in news.groups.items() if news.shown[asset_id][0].drives}
    news.joinable = open_groups(tx.conn, driving, placement)
    added = {key: resolver.final(row.asset_id) for key, row in resolver.added.items()}
    if news.edges:
        wanted = {(edge[2], edge[3]) for edge in news.edges}
        news.targets = find_targets(tx, wanted - added.keys())
        news.targets |= {key: added[key] for key in wanted & added.keys()}
    answer_waiting(tx, added)
    return news


def _write_assets(tx: WriteTx, news: _News, taken: Taken, placement: Placement) -> dict[str, str]:
    """Write the assets that are new and put them into their systems; returns what :func:`place` does."""
    taken.fresh.update(news.shown)
    alone = {
        asset_id: new_asset(asset_id, news.shown[asset_id][0], group)
        for asset_id, group in news.groups.items()
    }
    driving = (one for asset_id, one in alone.items() if news.shown[asset_id][0].drives)
    homes = place(tx, driving, news.joinable, placement)
    insert_assets(tx, news.shown, alone)
    return homes

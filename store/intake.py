"""Write what a batch brought: sightings, identities, assets and relations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from normalizer.fold import AssetState, Sighted
from normalizer.identity import MoveWhy, Resolver
from store import owners
from store.arrivals import PAYLOAD, SIGHTING_COLUMNS, Arrival, arrival_of_row, joined
from store.assets import (
    Edge,
    answer_waiting,
    edges_of,
    find_targets,
    insert_assets,
    new_asset,
    relate,
)
from store.bulk import insert_rows, is_one_of
from store.database import WriteTx
from store.identities import resolve
from store.partpass import Intake, PartPass
from store.placement import Placement, place
from store.schema import sighting
from store.sightings import Open, SightKey, end_versions, epoch, load_open, next_number, payloads, restate


@dataclass(slots=True)
class Taken:
    """What became of a batch: counts, assets that are new, and known ones to be folded again.

    ``told_same`` are known assets of which a sighting changed but not what it tells of an owner, ``altered``
    those touched in any other way (an asset may be in both).
    """

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    fresh: set[str] = field(default_factory=set)
    replaced: dict[str, str] = field(default_factory=dict)
    told_same: set[str] = field(default_factory=set)
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
    resolver, asset_ids, moved = resolve(tx, ordered)
    taken.altered |= moved
    taken.replaced = {move.old: move.new for move in resolver.moves if move.why is MoveWhy.REPLACED}
    if moved:
        # Rows of this part may have got new numbers, or may be closed.
        at_work.load(load_open(tx.conn, at_work.row.part_no), epoch(tx.conn))
    ended, told_before = _end_previous(tx, at_work, keys, taken)
    first = next_number(tx.conn)
    told: list[str] = []
    for number, (key, arrival, asset_id) in enumerate(zip(keys, ordered, asset_ids, strict=True), first):
        was = ended.get(key)
        if was is None:
            taken.added += 1
        else:
            taken.changed += 1
            arrival.opened_at = was.opened_at
        at_work.written[key] = (number, arrival.fingerprint)
        if asset_id not in resolver.fresh:
            taken.at_hand[number] = arrival.sighted
    rows = _rows(ordered, asset_ids, first, at_work.row.part_no, tx.rev, told)
    insert_rows(tx.conn, sighting, SIGHTING_COLUMNS, rows)
    for key, asset_id, text in zip(keys, asset_ids, told, strict=True):
        was = ended.get(key)
        if was is not None and was.asset_id == asset_id and told_before[was.sighting_no] == text:
            taken.told_same.add(asset_id)
        elif asset_id not in resolver.fresh:
            taken.altered.update({asset_id, was.asset_id if was else asset_id})
    _write_assets(tx, at_work.row.part_no, ordered, asset_ids, told, resolver, taken, placement)


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


def _end_previous(
    tx: WriteTx, at_work: PartPass, keys: Sequence[SightKey], taken: Taken
) -> tuple[dict[SightKey, Open], dict[int, str]]:
    """Close the row versions that the arrivals take over from.

    Returns them by key, and what each told of an owner by its number.
    """
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
    numbers = [one.sighting_no for one in ended.values()]
    told = dict(payloads(tx.conn, numbers))
    end_versions(tx, [*rewritten, *numbers])
    return ended, {number: owners.told(payload) for number, payload in told.items()}


def _write_assets(
    tx: WriteTx,
    part_no: int,
    arrivals: Sequence[Arrival],
    asset_ids: Sequence[str],
    told: Sequence[str],
    resolver: Resolver,
    taken: Taken,
    placement: Placement,
) -> None:
    """Write the assets and relations that are new, and put them into their systems."""
    fresh: dict[str, list[Arrival]] = {}
    says: dict[str, str] = {}
    edges: set[Edge] = set()
    for arrival, asset_id, text in zip(arrivals, asset_ids, told, strict=True):
        if asset_id not in resolver.fresh:
            continue
        fresh.setdefault(asset_id, []).append(arrival)
        says[asset_id] = text
        if arrival.content.links:
            edges.update(edges_of(asset_id, arrival.content.links, part_no))
    taken.fresh.update(fresh)
    alone = {
        asset_id: new_asset(asset_id, several[0], says[asset_id])
        for asset_id, several in fresh.items()
        if len(several) == 1
    }
    place(tx, [one for one in alone.values() if fresh[one.asset_id][0].drives], placement)
    insert_assets(tx, fresh, alone)
    if edges:
        relate(tx, edges, find_targets(tx, {(edge[2], edge[3]) for edge in edges}))
    answer_waiting(tx, {key: resolver.final(row.asset_id) for key, row in resolver.added.items()})

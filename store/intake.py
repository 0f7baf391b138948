"""Write what a batch brought: sightings, identities, assets and relations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from normalizer.fold import AssetState, Sighted
from normalizer.identity import MoveWhy, Resolver
from store.arrivals import SIGHTING_COLUMNS, Arrival, arrival_of_row, joined
from store.assets import Edge, answer_waiting, edges_of, find_targets, insert_assets, relate
from store.bulk import insert_rows, is_one_of
from store.database import WriteTx
from store.identities import resolve
from store.partpass import Intake, PartPass
from store.schema import sighting
from store.sightings import Open, SightKey, end_versions, epoch, load_open, next_number, restate


@dataclass(slots=True)
class Taken:
    """What became of a batch: counts, assets that are new, and known ones to be folded again."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    fresh: set[str] = field(default_factory=set)
    touched: set[str] = field(default_factory=set)
    replaced: dict[str, str] = field(default_factory=dict)
    # What was written just now, by row number: folding again need not read it back.
    at_hand: dict[int, Sighted] = field(default_factory=dict)


def take(tx: WriteTx, at_work: PartPass, intake: Intake) -> Taken:
    """Write one intake of a part; the caller folds :attr:`Taken.touched` again in the same transaction."""
    taken = Taken(unchanged=intake.same, changed=len(intake.returned))
    if intake.returned:
        restate(tx, [one.sighting_no for one in intake.returned], state=AssetState.PRESENT)
        taken.touched.update(one.asset_id for one in intake.returned)
    arrivals = {
        key: several[0] if len(several) == 1 else joined(several) for key, several in intake.pending.items()
    }
    arrivals |= _joined_with_rows(tx, at_work, intake)
    if arrivals:
        _write(tx, at_work, arrivals, taken)
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


def _write(tx: WriteTx, at_work: PartPass, arrivals: dict[SightKey, Arrival], taken: Taken) -> None:
    keys = list(arrivals)
    ordered = [arrivals[key] for key in keys]
    resolver, asset_ids, moved = resolve(tx, ordered)
    taken.touched |= moved
    taken.replaced = {move.old: move.new for move in resolver.moves if move.why is MoveWhy.REPLACED}
    if moved:
        # Rows of this part may have got new numbers, or may be closed.
        at_work.load(load_open(tx.conn, at_work.row.part_no), epoch(tx.conn))
    ended = _end_previous(tx, at_work, keys, taken)
    number = next_number(tx.conn)
    rows = []
    for place, (key, arrival, asset_id) in enumerate(zip(keys, ordered, asset_ids, strict=True), number):
        was = ended.get(key)
        if was is None:
            taken.added += 1
        else:
            taken.changed += 1
            arrival.sighted.opened_at = was.opened_at
            taken.touched.add(was.asset_id)
        rows.append(arrival.row(place, at_work.row.part_no, asset_id, tx.rev))
        at_work.written[key] = (place, arrival.fingerprint)
        if asset_id not in resolver.fresh:
            taken.at_hand[place] = arrival.sighted
    insert_rows(tx.conn, sighting, SIGHTING_COLUMNS, rows)
    _write_assets(tx, at_work.row.part_no, ordered, asset_ids, resolver, taken)


def _end_previous(
    tx: WriteTx, at_work: PartPass, keys: Sequence[SightKey], taken: Taken
) -> dict[SightKey, Open]:
    """Close the row versions that the arrivals take over from; return them by key."""
    ended: dict[SightKey, Open] = {}
    numbers: list[int] = []
    for key in keys:
        written = at_work.written.get(key)
        if written is not None:
            numbers.append(written[0])
            # Counted when it was written first.
            taken.added -= 1
        elif (was := at_work.open.get(key)) is not None:
            ended[key] = was
            numbers.append(was.sighting_no)
    end_versions(tx, numbers)
    return ended


def _write_assets(
    tx: WriteTx,
    part_no: int,
    arrivals: Sequence[Arrival],
    asset_ids: Sequence[str],
    resolver: Resolver,
    taken: Taken,
) -> None:
    """Write the assets and relations that are new; all others are only marked to be folded again."""
    fresh: dict[str, list[Sighted]] = defaultdict(list)
    edges: set[Edge] = set()
    for arrival, asset_id in zip(arrivals, asset_ids, strict=True):
        if asset_id not in resolver.fresh:
            taken.touched.add(asset_id)
            continue
        fresh[asset_id].append(arrival.sighted)
        if arrival.sighted.content.links:
            edges.update(edges_of(asset_id, arrival.sighted, part_no))
    taken.fresh.update(fresh)
    insert_assets(tx, fresh)
    if edges:
        relate(tx, edges, find_targets(tx, {(edge[2], edge[3]) for edge in edges}))
    answer_waiting(tx, {key: resolver.final(row.asset_id) for key, row in resolver.added.items()})

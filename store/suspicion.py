"""Look at what a whole scope or connector lost in one run, and take back what looks like a fault.

Each part ages by itself (:mod:`store.ageing`). Many small parts that each lose a little may together lose
more than half of ten or more: then what the run called missing becomes suspect, and the next complete scan
that does not see it either settles it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update

from normalizer.fold import AssetState
from store.ageing import is_suspicious
from store.assets import refold
from store.bulk import is_one_of
from store.database import Store, WriteTx
from store.schema import part, run, run_part, scope, sighting
from store.sightings import bump_epoch, restate

_CHUNK = 2_000


def settle(store: Store, run_id: str, which: ColumnElement[bool]) -> set[str]:
    """Judge the loss of one run in the scopes that ``which`` chooses; return assets to look at again."""
    with store.read() as tx:
        row = tx.conn.execute(select(run).where(run.c.run_id == run_id)).one()
        aged = (
            select(run_part.c.part_no, run_part.c.present_before)
            .join(part, part.c.part_no == run_part.c.part_no)
            .join(scope, scope.c.scope_no == part.c.scope_no)
            .where(run_part.c.run_id == run_id, run_part.c.present_before > 0, which)
        )
        before = {row.part_no: row.present_before for row in tx.conn.execute(aged)}
        parts = sorted(before)
        if not parts:
            return set()
        lost = select(sighting.c.sighting_no, sighting.c.suspect_at).where(
            is_one_of(tx.conn, sighting.c.part_no, parts),
            sighting.c.valid_to.is_(None),
            sighting.c.valid_from > row.rev,
            or_(
                (sighting.c.missing_at >= row.started_at) & sighting.c.suspect_at.is_(None),
                (sighting.c.suspect_at >= row.started_at) & sighting.c.missing_at.is_(None),
            ),
        )
        found = tx.conn.execute(lost).all()
    if not is_suspicious(sum(before.values()), len(found)):
        return set()
    return _take_back(store, run_id, [one.sighting_no for one in found if one.suspect_at is None])


def _take_back(store: Store, run_id: str, numbers: Sequence[int]) -> set[str]:
    touched: set[str] = set()
    for start in range(0, len(numbers), _CHUNK):
        with store.write(kind="suspect") as tx:
            rows = _still_open(tx, numbers[start : start + _CHUNK])
            restate(tx, [row.sighting_no for row in rows], state=AssetState.SUSPECT)
            mark_parts(tx, run_id, {row.part_no for row in rows}, suspect=True)
            bump_epoch(tx)
            assets = {row.asset_id for row in rows}
            refold(tx, assets)
            touched |= assets
    return touched


def _still_open(tx: WriteTx, numbers: Sequence[int]) -> Sequence[Any]:
    columns = sighting.c
    return tx.conn.execute(
        select(columns.sighting_no, columns.part_no, columns.asset_id).where(
            is_one_of(tx.conn, columns.sighting_no, numbers), columns.valid_to.is_(None)
        )
    ).all()


def mark_parts(tx: WriteTx, run_id: str, part_nos: set[int], *, suspect: bool) -> None:
    """Say of parts of a run whether what they lost is in doubt."""
    tx.conn.execute(
        update(run_part)
        .where(run_part.c.run_id == run_id, is_one_of(tx.conn, run_part.c.part_no, sorted(part_nos)))
        .values(suspect=suspect)
    )


def accept_suspect(
    store: Store, run_id: str, record: Callable[[WriteTx], None] = lambda _: None
) -> set[str] | None:
    """Take the doubtful losses of a run for real: what is suspect there is missing from now on.

    The next complete scan that does not see it either closes it. ``record`` writes down in the first
    transaction that it was decided. Returns the assets to look at again, ``None`` when nothing is in doubt.
    """
    with store.read() as tx:
        doubtful = select(run_part.c.part_no).where(run_part.c.run_id == run_id, run_part.c.suspect)
        parts = list(tx.conn.execute(doubtful).scalars())
        numbers = list(
            tx.conn.execute(
                select(sighting.c.sighting_no).where(
                    is_one_of(tx.conn, sighting.c.part_no, parts),
                    sighting.c.valid_to.is_(None),
                    sighting.c.suspect_at.is_not(None),
                    sighting.c.missing_at.is_(None),
                )
            ).scalars()
        )
    if not parts:
        return None
    touched: set[str] = set()
    for start in range(0, len(numbers) or 1, _CHUNK):
        with store.write(kind="accept") as write:
            if not start:
                record(write)
            rows = _still_open(write, numbers[start : start + _CHUNK])
            restate(write, [row.sighting_no for row in rows], state=AssetState.MISSING)
            if start + _CHUNK >= len(numbers):
                # Last: while some are left, the run is in doubt and can be accepted again.
                mark_parts(write, run_id, set(parts), suspect=False)
            bump_epoch(write)
            assets = {row.asset_id for row in rows}
            refold(write, assets)
            touched |= assets
    return touched


def in_scope(scope_key: str) -> ColumnElement[bool]:
    """Choose one scope."""
    return scope.c.key == scope_key


def in_instance(connector: str, instance: str) -> ColumnElement[bool]:
    """Choose all scopes of one connector instance."""
    return (scope.c.connector == connector) & (scope.c.instance == instance)


def settle_run(store: Store, run_id: str) -> set[str]:
    """Judge every scope and then every connector instance that lost anything in a run; safe to repeat.

    Returns the assets to look at again.
    """
    with store.read() as tx:
        rows = tx.conn.execute(
            select(scope.c.key, scope.c.connector, scope.c.instance)
            .join(part, part.c.scope_no == scope.c.scope_no)
            .join(run_part, run_part.c.part_no == part.c.part_no)
            .where(run_part.c.run_id == run_id, run_part.c.missing > 0)
            .distinct()
            .order_by(scope.c.key)
        ).all()
    groups = [in_scope(row.key) for row in rows]
    groups += [in_instance(*one) for one in sorted({(row.connector, row.instance) for row in rows})]
    touched: set[str] = set()
    for group in groups:
        touched |= settle(store, run_id, group)
    return touched

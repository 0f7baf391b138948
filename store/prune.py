"""Delete history that is no longer wanted: the only place where rows of the inventory are deleted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, delete, func, select

from connectors import clock
from store.bulk import is_one_of
from store.database import Store, WriteTx, revision_at
from store.schema import asset, blob_cache, relation, run, run_part, run_scope, sighting

_CHUNK = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """How many rows were deleted, or would be."""

    sightings: int
    assets: int
    relations: int
    runs: int
    cache: int

    @property
    def total(self) -> int:
        """Return how many rows in all."""
        return sum(asdict(self).values())


def prune(
    store: Store,
    older_than: datetime,
    *,
    actor: str,
    log: Callable[[WriteTx, Pruned], None],
    dry_run: bool = False,
) -> Pruned:
    """Delete row versions and runs that ended before ``older_than``, and cached facts unused since.

    What holds now is never deleted, nor are people, systems, decisions and the audit log. ``log`` writes
    the audit entry inside the last transaction. ``--as-of`` cannot look behind the pruned time any more.
    """
    moment = clock.to_text(older_than)
    with store.read() as tx:
        rev = revision_at(tx.conn, older_than)
    targets = _targets(rev, moment)
    if dry_run:
        with store.read() as tx:
            return Pruned(**{
                name: tx.conn.execute(select(func.count()).select_from(table).where(old)).scalar_one()
                for name, (table, _, old) in targets.items()
            })  # fmt: skip
    counts = {name: _delete(store, *target) for name, target in targets.items()}
    pruned = Pruned(**counts)
    with store.write(actor=actor, kind="prune") as write:
        log(write, pruned)
    return pruned


def _targets(rev: int, moment: str) -> dict[str, tuple[Table, Column[Any], ColumnElement[bool]]]:
    # A run is kept while any of its parts is what fresh_parts would reuse: running ones have no end.
    return {
        "sightings": (sighting, sighting.c.sighting_no, sighting.c.valid_to <= rev),
        "assets": (asset, asset.c.asset_id, asset.c.valid_to <= rev),
        "relations": (relation, relation.c.relation_no, relation.c.valid_to <= rev),
        "runs": (run, run.c.run_id, run.c.ended_at < moment),
        "cache": (blob_cache, blob_cache.c.key, blob_cache.c.used_at < moment[:10]),
    }


def _delete(store: Store, table: Table, key: Column[Any], old: ColumnElement[bool]) -> int:
    """Delete in short transactions and return how many rows."""
    total = 0
    while True:
        with store.begin() as conn:
            keys = list(conn.execute(select(key).where(old).distinct().limit(_CHUNK)).scalars())
            if not keys:
                return total
            chosen = is_one_of(conn, key, keys)
            if table is run:
                for child in (run_part, run_scope):
                    conn.execute(delete(child).where(is_one_of(conn, child.c.run_id, keys)))
            total += conn.execute(delete(table).where(chosen, old)).rowcount

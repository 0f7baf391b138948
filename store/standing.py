"""Journal parts that show just what is on record, all those of a scope in one transaction.

Such a part was compared under the same lease, by its connector with what the store had told it or, where
nothing was found and nothing is on record, by its writer. So no sighting is touched: only when the part was
last complete, and the run's row.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, update

from connectors.model import Scope
from connectors.outcome import PartBatch, PartResult
from store.database import Store, WriteTx
from store.leases import Lease, check_lease
from store.partjournal import UPSERT, PartEntry, entry_row
from store.schema import part
from store.scopes import find_scope, keep_scope
from store.text import clean, clean_state


def journal_standing(
    store: Store,
    run_id: str,
    scope: Scope,
    batches: Sequence[PartBatch],
    *,
    filtered: bool,
    lease: Lease | None,
) -> None:
    """Record that the parts of the batches stand; raises ``LeaseLost`` when the scope was taken over."""
    results = [(batch.part, batch.final) for batch in batches if batch.final is not None]
    with store.write(kind="part") as tx:
        if lease is not None:
            check_lease(tx.conn, lease)
        rows = find_scope(tx.conn, scope) or keep_scope(tx.conn, scope, tx.now)
        numbered = [(rows.parts[name].part_no, result) for name, result in results]
        entries = [
            entry_row(run_id, number, result, PartEntry(present_before=result.count))
            for number, result in numbered
        ]
        tx.conn.execute(UPSERT, entries)
        if not filtered:
            _note_complete(tx, numbered)


def _note_complete(tx: WriteTx, numbered: Sequence[tuple[int, PartResult]]) -> None:
    statement = (
        update(part)
        .where(part.c.part_no == bindparam("number"))
        .values(
            last_status=bindparam("status"),
            last_reason=bindparam("reason"),
            last_at=tx.now,
            last_complete_at=tx.now,
            last_count=bindparam("seen"),
            state=bindparam("kept"),
        )
    )
    tx.conn.execute(
        statement,
        [
            {
                "number": number,
                "status": result.status.value,
                "reason": clean(result.reason),
                "seen": result.count,
                "kept": clean_state(result.state),
            }
            for number, result in numbered
        ],
    )

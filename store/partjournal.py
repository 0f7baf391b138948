"""Write the journal row of one part in one run, and what the part shows from then on."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text, update

from connectors.model import PartStatus
from connectors.outcome import PartResult
from store.database import WriteTx
from store.schema import part
from store.text import clean, clean_state, moment_text, to_json

UPSERT = text(
    "INSERT INTO run_part (run_id, part_no, status, reason, seen, added, changed, missing, closed,"
    " present_before, requests, started_at, ended_at, exceptions, suspect)"
    " VALUES (:run_id, :part_no, :status, :reason, :seen, :added, :changed, :missing, :closed,"
    " :present_before, :requests, :started_at, :ended_at, :exceptions, :suspect)"
    " ON CONFLICT (run_id, part_no) DO UPDATE SET status = excluded.status, reason = excluded.reason,"
    " seen = excluded.seen, added = excluded.added, changed = excluded.changed, missing = excluded.missing,"
    " closed = excluded.closed, present_before = excluded.present_before, requests = excluded.requests,"
    " started_at = excluded.started_at, ended_at = excluded.ended_at, exceptions = excluded.exceptions,"
    " suspect = excluded.suspect"
)


@dataclass(slots=True, kw_only=True)
class PartEntry:
    """The counts of one part in one run; ``missing`` counts what is now missing or suspect."""

    added: int = 0
    changed: int = 0
    missing: int = 0
    closed: int = 0
    present_before: int = 0
    suspect: bool = False


def write_entry(
    tx: WriteTx, run_id: str, part_no: int, result: PartResult, entry: PartEntry, *, filtered: bool
) -> None:
    """Record what became of a part; a ``filtered`` run leaves the part's own standing as it was."""
    reason = clean(result.reason)
    tx.conn.execute(UPSERT, entry_row(run_id, part_no, result, entry))
    if filtered:
        return
    values: dict[str, object] = {
        "last_status": result.status.value,
        "last_reason": reason,
        "last_at": tx.now,
        "last_count": result.count,
        "state": clean_state(result.state) if result.status is PartStatus.COMPLETE else "",
    }
    if result.status is PartStatus.COMPLETE:
        values["last_complete_at"] = tx.now
    tx.conn.execute(update(part).where(part.c.part_no == part_no).values(**values))


def entry_row(run_id: str, part_no: int, result: PartResult, entry: PartEntry) -> dict[str, object]:
    """Return the journal row of one part in one run, for :data:`UPSERT`."""
    return {
        "run_id": run_id,
        "part_no": part_no,
        "status": result.status.value,
        "reason": clean(result.reason),
        "seen": result.count,
        "added": entry.added,
        "changed": entry.changed,
        "missing": entry.missing,
        "closed": entry.closed,
        "present_before": entry.present_before,
        "requests": result.requests,
        "started_at": moment_text(result.started_at),
        "ended_at": moment_text(result.ended_at),
        "exceptions": to_json(result.exceptions),
        "suspect": entry.suspect,
    }

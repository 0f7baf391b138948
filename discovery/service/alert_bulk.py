"""Take one decision on many alerts: those of a filter, counted first if asked, kept to be undone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from connectors import clock
from discovery.service import batch_refs, inventory
from discovery.service.alert_decisions import AlertAction, Given, check, decide_in, possible
from normalizer import ids
from store import alert_events, alerts, batches
from store.batches import Batch, Item
from store.temporal import chunks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from discovery.service.inventory import AlertFilter
    from store import Store
    from store.alerts import AlertRow
    from store.database import WriteTx

STEP = 200
"""Alerts moved in one transaction."""
ACTIONS = tuple(f"alert.{one.value}" for one in AlertAction)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """What a decision on many did, or would do: how many, by severity, and why others stay as they are."""

    moved: int
    by_severity: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    dry_run: bool = False
    batch_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertBatchView:
    """One decision on many alerts; ``state`` is done, undone, or too_old to be undone."""

    batch_id: str
    action: str
    what: str
    alerts: int
    undone: int
    state: str
    made_by: str
    made_at: str
    undone_at: str | None


def decide_many(
    store: Store, filters: AlertFilter, given: Given, *, dry_run: bool = False, now: datetime | None = None
) -> Bulk:
    """Move all alerts of a filter that can be moved so; the others are told with the reason.

    Steps of :data:`STEP` alerts are each one transaction. ``dry_run`` only counts.
    :func:`discovery.service.alert_undo.undo` takes it back as one.
    """
    check(given)
    one = _batch(filters, given)
    wanted = [row.alert_id for row in inventory.list_alerts(store, filters)]
    counts: Counter[str] = Counter()
    refused: dict[str, str] = {}
    for chunk in chunks(wanted, STEP):
        with store.read() as read_tx:
            moment = now or clock.now()
            rows = [alerts.get(read_tx.conn, key) for key in chunk]
            why = {row.alert_id: possible(read_tx, row, given, moment) for row in rows}
        refused |= {key: text for key, text in why.items() if text}
        going = [row for row in rows if not why[row.alert_id]]
        counts.update(row.severity for row in going)
        if going and not dry_run:
            with store.write(actor=given.actor.name, kind="decision") as tx:
                # As they stand now: somebody may have moved one in between.
                fresh = [alerts.get(tx.conn, row.alert_id) for row in going]
                _move(tx, one, fresh, given, now or clock.from_text(tx.now))
    return Bulk(
        moved=counts.total(),
        by_severity=dict(counts),
        refused=refused,
        dry_run=dry_run,
        batch_id=one.batch_id,
    )


def _move(tx: WriteTx, one: Batch, rows: Sequence[AlertRow], given: Given, now: datetime) -> None:
    """Move alerts, and keep how each stood before: by the event that it was then."""
    before = alert_events.of_alerts(tx.conn, [row.alert_id for row in rows])
    items = [
        Item(
            batch_id=one.batch_id,
            subject_id=row.alert_id,
            before=str(before[row.alert_id][-1].event_no),
            after=str(tx.rev),
        )
        for row in rows
    ]
    batches.put(tx.conn, replace(one, made_at=clock.to_text(now)), items)
    decide_in(tx, rows, given, now, batch_id=one.batch_id)


def listed(store: Store, *, now: datetime | None = None) -> list[AlertBatchView]:
    """Return the decisions on many alerts, the newest first, and whether each can be undone."""
    moment = now or clock.now()
    with store.read() as tx:
        rows = batches.latest(tx.conn, batch_refs.MOST_LISTED, ACTIONS)
    return [
        AlertBatchView(
            batch_id=one.batch_id,
            action=one.action,
            what=one.what,
            alerts=count,
            undone=undone,
            state=batch_refs.state_of(one, moment),
            made_by=one.made_by,
            made_at=one.made_at,
            undone_at=one.undone_at,
        )
        for one, count, undone in rows
    ]


def _batch(filters: AlertFilter, given: Given) -> Batch:
    """Return the batch of a decision; ``what`` says which alerts, and never whom they were given to."""
    narrowed = [
        filters.rule,
        filters.severity,
        filters.system and f"system {filters.system}",
        *filters.states,
    ]
    return Batch(
        batch_id=ids.mint("bat"),
        action=f"alert.{given.action.value}",
        what=", ".join(word for word in narrowed if word) or "all",
        made_by=given.actor.label,
        made_at="",
    )

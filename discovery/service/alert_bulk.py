"""Take one decision on many alerts: those of a filter, counted first if asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from connectors import clock
from discovery.service import inventory
from discovery.service.alert_decisions import Given, check, decide_in, possible
from store import alerts
from store.temporal import chunks

if TYPE_CHECKING:
    from discovery.service.inventory import AlertFilter
    from store import Store

STEP = 200
"""Alerts moved in one transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """What a decision on many did, or would do: how many, by severity, and why others stay as they are."""

    moved: int
    by_severity: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    dry_run: bool = False


def decide_many(
    store: Store, filters: AlertFilter, given: Given, *, dry_run: bool = False, now: datetime | None = None
) -> Bulk:
    """Move all alerts of a filter that can be moved so; the others are told with the reason.

    Steps of :data:`STEP` alerts are each one transaction. ``dry_run`` only counts.
    """
    check(given)
    wanted = [one.alert_id for one in inventory.list_alerts(store, filters)]
    counts: Counter[str] = Counter()
    refused: dict[str, str] = {}
    for chunk in chunks(wanted, STEP):
        with store.read() as read_tx:
            moment = now or clock.now()
            rows = [alerts.get(read_tx.conn, one) for one in chunk]
            why = {row.alert_id: possible(read_tx, row, given, moment) for row in rows}
        refused |= {key: text for key, text in why.items() if text}
        going = [row for row in rows if not why[row.alert_id]]
        counts.update(row.severity for row in going)
        if going and not dry_run:
            with store.write(actor=given.actor.name, kind="decision") as tx:
                # As they stand now: somebody may have moved one in between.
                fresh = [alerts.get(tx.conn, row.alert_id) for row in going]
                decide_in(tx, fresh, given, now or clock.from_text(tx.now))
    return Bulk(moved=counts.total(), by_severity=dict(counts), refused=refused, dry_run=dry_run)

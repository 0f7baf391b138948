"""Move by when alerts are due when their system comes to be of another tier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from connectors import clock
from discovery.service import sla
from store import alerts, deadlines
from store.alerts import Change

if TYPE_CHECKING:
    from discovery.service.sla import Sla
    from store.database import WriteTx
    from store.deadlines import Progress
    from store.oversight import Record


def retimed(tx: WriteTx, before: Record | None, after: Record, *, at: str, actor: str) -> int:
    """Give the open alerts of a system the time of its new tier, as from when they opened; return how many.

    Nothing moves where neither tier has times of its own. Call it inside the deciding transaction.
    """
    in_force = sla.in_force(tx)
    old, new = (sla.tier_of(one, at[:10]) for one in (before, after))
    if old == new or not in_force.tiers.keys() & {old, new}:
        return 0
    rows = alerts.standing(tx.conn, {after.system_id})
    changes = _changes(deadlines.active(tx.conn, [one.alert_id for one in rows]), in_force, new)
    alerts.write(tx.conn, tx.rev, at, actor, changes)
    return len(changes)


def _changes(open_alerts: Sequence[Progress], in_force: Sla, tier: str) -> list[Change]:
    found = []
    for one in open_alerts:
        start, row = clock.from_text(one.started_at), one.row
        paused = sum(
            in_force.hours.between(clock.from_text(each.from_at), clock.from_text(each.ended_at))
            for each in one.pauses
            if each.ended_at is not None and each.from_at >= one.started_at
        )
        due = in_force.due(row.severity, "resolve", start, paused, tier=tier)
        text = clock.to_text(due) if due else row.due_at
        if text != row.due_at:
            reason = f"the system's tier is {tier} now"
            change = Change(
                row=replace(row, due_at=text), event="retimed", from_state=row.state, reason=reason
            )
            found.append(change)
    return found

"""Take a decision on many alerts back as one: what became of an alert since is left, and told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from connectors import clock
from discovery.service import alerting, batch_refs
from discovery.service.alert_bulk import ACTIONS
from discovery.service.alert_decisions import logged
from discovery.service.permissions import SINGLE_USER
from store import alert_events, alerts, audit, batches
from store.alerts import AlertRow, Change
from store.audit import Actor, Entry
from store.temporal import chunks

if TYPE_CHECKING:
    from store.alert_events import Stood
    from store.batches import Batch
    from store.database import Store, WriteTx

STEP = 50
"""Alerts taken back in one transaction: the rules of their systems are evaluated again in it."""
EVENT = "undone"
_NO_DECISION = ("escalated", "waiting", "went_on", "retimed", "moved")
"""Events after which an alert stands as it was decided."""


@dataclass(slots=True, kw_only=True)
class Undone:
    """What taking back did: ids of alerts that stand as before, and why others are left."""

    batch_id: str
    restored: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def undo(store: Store, ref: str, *, actor: Actor, reason: str = "", now: datetime | None = None) -> Undone:
    """Take back a decision on many alerts within 24 hours; what became of one since is left, and told.

    An alert whose gap has closed meanwhile is resolved at once. When it is broken off, doing it again goes
    on where it stopped. Raises ``DecisionError`` when it is too late or undone already.
    """
    with store.read() as tx:
        one = batch_refs.to_undo(tx, ref, actor, ACTIONS, now or clock.now(), noun="alerts")
        left = [item.subject_id for item in batches.left(tx.conn, one.batch_id)]
    done = Undone(batch_id=one.batch_id)
    for chunk in chunks(left, STEP):
        with store.write(actor=actor.name, kind="decision") as write_tx:
            moment = now or clock.from_text(write_tx.now)
            _undo_step(write_tx, one, chunk, done, actor, reason, moment)
    restored, left_alone = len(done.restored), len(done.refused)
    batch_refs.close(
        store, one, "alerts", restored=restored, left=left_alone, actor=actor, reason=reason, now=now
    )
    return done


def _undo_step(
    tx: WriteTx,
    one: Batch,
    chunk: Sequence[str],
    done: Undone,
    actor: Actor,
    reason: str,
    moment: datetime,
) -> None:
    at = clock.to_text(moment)
    items = batches.left(tx.conn, one.batch_id, chunk)
    history = alert_events.of_alerts(tx.conn, [item.subject_id for item in items])
    changes: list[Change] = []
    entries: list[Entry] = []
    for item in items:
        row = alerts.get(tx.conn, item.subject_id)
        events = history.get(row.alert_id, [])
        before = next((event for event in events if event.event_no == int(item.before)), None)
        why = _in_the_way(events, int(item.after))
        if why or before is None:
            done.refused[row.alert_id] = why or "how it stood before is not kept any more"
            continue
        change = _restored(one, row, before, reason)
        changes.append(change)
        entries.append(_entry(tx, one, row, change, reason, at))
    alerts.write(tx.conn, tx.rev, at, actor.label, changes)
    restored = [change.row.alert_id for change in changes]
    batches.mark(tx.conn, one.batch_id, restored, at)
    done.restored += restored
    _evaluate_again(tx, changes, actor, moment)
    for entry in entries:
        audit.append(tx.conn, actor, entry, at=at)


def _in_the_way(events: Sequence[Stood], decided: int) -> str:
    """Return why an alert does not stand any more as it was decided; empty when it does."""
    since = [event for event in events if event.rev > decided and event.event not in _NO_DECISION]
    if not since:
        return ""
    if since[-1].to_state == alerts.RESOLVED:
        return "its gap has closed since"
    return f"it is {since[-1].to_state.replace('_', ' ')} since; that is left"


def _restored(one: Batch, row: AlertRow, before: Stood, reason: str) -> Change:
    """Return the change that lets an alert stand as it did before the decision.

    How often it was opened stays: that counts what happened.
    """
    after = replace(row, state=before.to_state, until=before.until)
    if one.action == "alert.assign":
        after = replace(after, assignee=before.assignee)
    if one.action == "alert.reopen":
        after = replace(after, due_at=before.due_at)
    why = f"{one.batch_id} is taken back" + (f": {reason}" if reason.strip() else "")
    note = f" {SINGLE_USER}" if SINGLE_USER in before.reason else ""
    return Change(row=after, event=EVENT, from_state=row.state, reason=f"{why}{note}")


def _entry(tx: WriteTx, one: Batch, row: AlertRow, change: Change, reason: str, at: str) -> Entry:
    new = logged(tx, change.row, at) | {"batch": one.batch_id}
    return Entry(action="alert.undo", object=row.alert_id, reason=reason, old=logged(tx, row, at), new=new)


def _evaluate_again(tx: WriteTx, changes: Sequence[Change], actor: Actor, moment: datetime) -> None:
    """Let rules have the last word: a gap may have closed, or a time ended, while the decision stood."""
    homes = {change.row.system_id for change in changes}
    alerting.evaluate_in(tx, sorted(one for one in homes if one), actor, now=moment)
    if None in homes:
        alerting.evaluate_rest_in(tx, actor, moment)

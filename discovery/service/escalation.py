"""Tell somebody when the time for an alert runs out, step by step; hold it while a vendor is waited for.

Each step is taken once for each opening of an alert and kept, so that a clock that goes back neither takes it
back nor takes it again. When several steps have passed unseen, only the highest is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from connectors import clock
from discovery.service import refs, sla
from discovery.service.deciding import need_reason
from discovery.service.errors import DecisionError
from discovery.service.permissions import ENGINE
from normalizer.units import owner_of
from store import alerts, audit, deadlines, owners, units
from store.alerts import AlertRow, Change
from store.audit import Entry
from store.deadlines import Pause, Progress, Step

if TYPE_CHECKING:
    from discovery.service.sla import Sla
    from store import Store
    from store.audit import Actor
    from store.database import ReadTx, WriteTx


@dataclass(frozen=True, slots=True)
class _Due:
    """A step to take: for which alert, which others it stands for, and what to say."""

    progress: Progress
    target: str
    percent: int
    missed: tuple[int, ...]


def escalate(store: Store, *, now: datetime | None = None) -> list[str]:
    """Take every step whose time has come and end what was waited for too long; return the alerts told of."""
    moment = now or clock.now()
    with store.read() as tx:
        found = _due(tx, moment)
        late = [one for one in deadlines.open_pauses(tx.conn) if one.until_at <= clock.to_text(moment)]
    if not found and not late:
        return []
    with store.write(actor=ENGINE.name, kind="alerts") as write_tx:
        for pause in deadlines.open_pauses(write_tx.conn):
            if pause.until_at <= clock.to_text(moment):
                _end(write_tx, pause, pause.until_at, ENGINE.label, "the time for waiting is over")
        return _take(write_tx, _due(write_tx, moment), clock.to_text(moment))


def wait(store: Store, alert: str, *, actor: Actor, reason: str, now: datetime | None = None) -> str:
    """Hold the time of an alert while a vendor is waited for, ten working days in all.

    Returns when the waiting ends at the latest, as text of the store. Raises ``DecisionError`` when it waits
    already or has waited that long.
    """
    need_reason(reason, "waiting for a vendor")
    with store.write(actor=actor.name, kind="decision") as tx:
        at = clock.to_text(now) if now else tx.now
        one = _active(tx, alert)
        in_force = sla.in_force(tx)
        if any(pause.ended_at is None for pause in one.pauses):
            raise DecisionError(f"alert {one.row.alert_id} waits already")
        hours = in_force.hours
        left = sla.MOST_PAUSED_DAYS * hours.day_s - _paused(one.pauses, in_force, clock.from_text(at))
        if left <= 0:
            days = f"{sla.MOST_PAUSED_DAYS} working days"
            raise DecisionError(f"alert {one.row.alert_id} has waited {days}, the longest there is")
        until = clock.to_text(hours.after(clock.from_text(at), left))
        deadlines.add_pause(tx.conn, one.row.alert_id, reason, actor.label, at, until)
        change = Change(row=one.row, event="waiting", from_state=one.row.state, reason=reason)
        alerts.write(tx.conn, tx.rev, at, actor.label, [change])
        entry = Entry(action="alert.wait", object=one.row.alert_id, reason=reason, new={"until": until})
        audit.append(tx.conn, actor, entry, at=at)
    return until


def go_on(
    store: Store, alert: str, *, actor: Actor, reason: str = "", now: datetime | None = None
) -> str | None:
    """End waiting for a vendor; returns by when the alert is to be resolved now (``None``: no day is set).

    Raises ``DecisionError`` when it waits for nobody.
    """
    with store.write(actor=actor.name, kind="decision") as tx:
        at = clock.to_text(now) if now else tx.now
        one = _active(tx, alert)
        pause = next((each for each in one.pauses if each.ended_at is None), None)
        if pause is None:
            raise DecisionError(f"alert {one.row.alert_id} waits for nobody")
        due = _end(tx, pause, min(max(at, pause.from_at), pause.until_at), actor.label, reason)
        entry = Entry(action="alert.go_on", object=one.row.alert_id, reason=reason, new={"due_at": due})
        audit.append(tx.conn, actor, entry, at=at)
    return due


def accountable(tx: ReadTx | WriteTx, rows: Sequence[AlertRow], in_force: Sla) -> dict[str, str]:
    """Return who is to act on alerts: assignee, owner, the unit's default owner or lead, security."""
    owner = _owners(tx, rows)
    lead = _leads(tx, rows, by_default=True)
    return {
        row.alert_id: row.assignee
        or owner.get(row.system_id or "")
        or lead.get(row.system_id or "")
        or in_force.security_queue
        for row in rows
    }


def _active(tx: WriteTx, alert: str) -> Progress:
    alert_id = refs.alert_id(tx, alert)
    found = deadlines.active(tx.conn, [alert_id])
    if not found:
        raise DecisionError(
            f"alert {alert_id} wants nothing now", hint=f"See: aicensus alerts show {alert_id}"
        )
    return found[0]


def _due(tx: ReadTx | WriteTx, now: datetime) -> list[_Due]:
    in_force = sla.in_force(tx)
    found = deadlines.active(tx.conn)
    watched = [one for one in found if in_force.steps[one.row.severity]]
    tiers = in_force.tiers_of(tx, {one.row.system_id for one in watched if one.row.system_id})
    passed = [
        (one, target, percents)
        for one in watched
        for target, percents in _passed(one, in_force, now, tiers.get(one.row.system_id or "", "")).items()
    ]
    taken = deadlines.steps_taken(tx.conn, {one.row.alert_id for one, _, _ in passed})
    due: list[_Due] = []
    for one, target, percents in passed:
        row = one.row
        fresh = [each for each in percents if (row.alert_id, row.reopen_count, target, each) not in taken]
        # A lower step that was never taken is no news once a higher one was.
        if fresh and fresh[-1] == percents[-1]:
            due.append(_Due(one, target, fresh[-1], tuple(fresh[:-1])))
    return due


def _passed(one: Progress, in_force: Sla, now: datetime, tier: str) -> dict[str, list[int]]:
    """Return the steps whose time has come, by target that is not met."""
    severity = one.row.severity
    if any(pause.ended_at is None and pause.until_at > clock.to_text(now) for pause in one.pauses):
        return {}
    met = {"acknowledge": one.seen_at, "assign": one.assigned_at or one.row.assignee, "resolve": None}
    spent = in_force.hours.between(clock.from_text(one.started_at), now)
    spent -= in_force.grace_s + _paused(one.pauses, in_force, now, since=one.started_at)
    found: dict[str, list[int]] = {}
    for target, seconds in in_force.of(tier, severity).items():
        percents = [each for each in in_force.steps[severity] if spent * 100 >= each * seconds]
        if percents and not met[target]:
            found[target] = percents
    return found


def _paused(pauses: Sequence[Pause], in_force: Sla, now: datetime, *, since: str = "") -> float:
    at = clock.to_text(now)
    return sum(
        in_force.hours.between(
            clock.from_text(max(one.from_at, since)), clock.from_text(one.ended_at or min(at, one.until_at))
        )
        for one in pauses
    )


def _take(tx: WriteTx, due: Sequence[_Due], at: str) -> list[str]:
    in_force = sla.in_force(tx)
    rows = [one.progress.row for one in due]
    who = accountable(tx, rows, in_force)
    leads = _leads(tx, rows, by_default=False)
    changes: list[Change] = []
    taken: list[tuple[Step, str, str | None]] = []
    for one in due:
        row = one.progress.row
        told = _told(one, in_force, who, leads)
        taken += [((row.alert_id, row.reopen_count, one.target, each), at, None) for each in one.missed]
        taken.append(((row.alert_id, row.reopen_count, one.target, one.percent), at, told))
        over = f"{one.percent} % of the time to {one.target} it is over"
        reason = f"{over}; {told} is told" if told else f"{over}; nobody is named to be told"
        changes.append(Change(row=row, event="escalated", from_state=row.state, reason=reason, told=told))
    deadlines.take_steps(tx.conn, taken)
    # Several targets of one alert may be due at once; each is an event of its own.
    alerts.write(tx.conn, tx.rev, at, ENGINE.label, changes)
    return [one.row.alert_id for one in changes]


def _told(one: _Due, in_force: Sla, who: Mapping[str, str], leads: Mapping[str, str]) -> str:
    row = one.progress.row
    role = in_force.told.get(one.percent, "assignee")
    named = {
        "assignee": who[row.alert_id],
        "manager": leads.get(row.system_id or "", ""),
        "security_lead": in_force.security_lead,
        "risk_committee": in_force.risk_committee,
    }
    return named[role] or in_force.security_queue or who[row.alert_id]


def _end(tx: WriteTx, pause: Pause, at: str, actor: str, reason: str) -> str | None:
    """End a pause and move what is due by the working time that it took."""
    deadlines.end_pause(tx.conn, pause.pause_no, at)
    row = alerts.get(tx.conn, pause.alert_id)
    if row.due_at is not None:
        hours = sla.in_force(tx).hours
        took = hours.between(clock.from_text(pause.from_at), clock.from_text(at))
        row = replace(row, due_at=clock.to_text(hours.after(clock.from_text(row.due_at), took)))
    change = Change(row=row, event="went_on", from_state=row.state, reason=reason)
    alerts.write(tx.conn, tx.rev, at, actor, [change])
    return row.due_at


def _owners(tx: ReadTx | WriteTx, rows: Sequence[AlertRow]) -> dict[str, str]:
    ids = sorted({row.system_id for row in rows if row.system_id})
    found: dict[str, str] = {}
    for system_id, held in owners.of_systems(tx.conn, ids).items():
        accepted = [one for one in held if one.is_accepted and one.role == owners.ACCOUNTABLE]
        if accepted:
            found[system_id] = accepted[0].party.label
    return found


def _leads(tx: ReadTx | WriteTx, rows: Sequence[AlertRow], *, by_default: bool) -> dict[str, str]:
    """Return the leads of the units of systems; ``by_default``: whom the unit asks first."""
    by_name = {one.name: one for one in units.load(tx.conn)}
    if not by_name:
        return {}
    found = units.of_systems(tx.conn, sorted({row.system_id for row in rows if row.system_id}))
    return {
        system_id: owner_of(unit, by_name) if by_default else unit.lead or owner_of(unit, by_name)
        for system_id, unit in found.items()
    }

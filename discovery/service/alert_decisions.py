"""Take a person's decisions on alerts; the transitions and their limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from connectors import clock
from discovery.service import inventory, oversight_rules, record_edit, refs, sla, whom
from discovery.service.errors import DecisionError
from discovery.service.permissions import second_person
from discovery.service.views import AlertDetailView
from normalizer.owners import normal_party
from store import alerts, audit, parties
from store.alerts import AlertRow, Change
from store.audit import Actor, Entry

if TYPE_CHECKING:
    from connectors.model import Json
    from discovery.service.sla import Sla
    from store.database import ReadTx, Store, WriteTx

DEFAULT_DAYS = 90
MOST_DAYS = 365


class AlertAction(StrEnum):
    """Name what a person may do with an alert."""

    ACKNOWLEDGE = "acknowledge"
    ASSIGN = "assign"
    REVIEW = "review"
    ACCEPT_RISK = "accept_risk"
    FALSE_POSITIVE = "false_positive"
    SUPPRESS = "suppress"
    REOPEN = "reopen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a person decides: the action and what it takes; ``timezone`` says which day it is."""

    action: AlertAction
    actor: Actor
    reason: str = ""
    until: date | None = None
    assignee: str | None = None
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    actor: Actor
    reason: str
    until: str | None
    assignee: str | None
    now: datetime
    sla: Sla
    tiers: Mapping[str, str]


def decide_alert(
    store: Store,
    alert: str,
    action: AlertAction,
    *,
    actor: Actor,
    reason: str = "",
    until: date | None = None,
    assignee: str | None = None,
    timezone: str = "UTC",
    now: datetime | None = None,
) -> AlertDetailView:
    """Move an alert by a person's decision.

    Accepting a risk and suppressing take a reason and end on ``until`` (90 days from today unless given,
    365 at most); a false positive takes a reason; assigning takes ``assignee``.
    """
    given = Given(
        action=action, actor=actor, reason=reason, until=until, assignee=assignee, timezone=timezone
    )
    check(given)
    with store.write(actor=actor.name, kind="decision") as tx:
        alert_id = refs.alert_id(tx, alert)
        decide_in(tx, [alerts.get(tx.conn, alert_id)], given, now or clock.from_text(tx.now))
    return inventory.get_alert(store, alert_id)


def decide_in(
    tx: WriteTx, rows: Sequence[AlertRow], given: Given, now: datetime, *, batch_id: str = ""
) -> None:
    """Move alerts inside a write transaction; raises ``DecisionError`` for the first that cannot be moved.

    ``batch_id`` is the decision on many that this is a part of; the log keeps it with each alert.
    """
    request = _request(tx, given, now, rows)
    changes = [_change(row, given.action, request) for row in rows]
    at = clock.to_text(now)
    alerts.write(tx.conn, tx.rev, at, given.actor.label, changes)
    for row, change in zip(rows, changes, strict=True):
        old, new = logged(tx, row, at), logged(tx, change.row, at)
        if batch_id:
            new["batch"] = batch_id
        action = f"alert.{given.action.value}"
        entry = Entry(action=action, object=row.alert_id, reason=change.reason, old=old, new=new)
        audit.append(tx.conn, given.actor, entry, at=at)


def possible(tx: ReadTx | WriteTx, row: AlertRow, given: Given, now: datetime) -> str:
    """Return why an alert cannot be moved so, or an empty text."""
    try:
        _change(row, given.action, _request(tx, given, now, [row]))
    except DecisionError as error:
        return str(error)
    return ""


def end_of(given: Given, now: datetime) -> str | None:
    """Return when a decision ends (UTC text), ``None`` where it does not; raises ``DecisionError``."""
    return _end(given.action, given.until, given.timezone, now)


def _request(tx: ReadTx | WriteTx, given: Given, now: datetime, rows: Sequence[AlertRow]) -> _Request:
    if given.action in _JUDGING:
        whom.refuse_left(tx, given.actor.name, "judge an alert", hint="Ask somebody else.")
    if given.assignee:
        whom.refuse_unknown_actor(tx, given.assignee)
        whom.refuse_left(tx, given.assignee, "be assigned anything", hint="Name someone who is.")
    in_force = sla.in_force(tx)
    homes = {row.system_id for row in rows if row.system_id}
    return _Request(
        actor=given.actor,
        reason=given.reason,
        until=end_of(given, now),
        assignee=given.assignee,
        now=now,
        sla=in_force,
        tiers=in_force.tiers_of(tx, homes) if given.action is AlertAction.REOPEN else {},
    )


def logged(tx: WriteTx, row: AlertRow, at: str) -> dict[str, Json]:
    """Return what the audit log keeps of an alert: whoever has it by party id, never by name."""
    who = row.assignee and parties.ensure(tx.conn, [row.assignee], now=at)[row.assignee].party_id
    return {"state": row.state, "assignee": who, "until": row.until}


def check(given: Given) -> None:
    """Raise ``DecisionError`` for what an action needs and was not given."""
    action, reason, assignee = given.action, given.reason, given.assignee
    if action in _REASONED and not reason.strip():
        raise DecisionError(f"{_REASONED[action]} takes a reason", hint="Say why with --reason.")
    if assignee:
        whom.plain_name(assignee, "be assigned anything")
    if (action is AlertAction.ASSIGN) != (assignee is not None):
        raise DecisionError(
            "an assignee goes with assigning, and only with it", hint="Name someone to assign it to."
        )


_REASONED = {
    AlertAction.ACCEPT_RISK: "accepting a risk",
    AlertAction.SUPPRESS: "suppressing an alert",
    AlertAction.FALSE_POSITIVE: "calling an alert a false positive",
}
_TIMED = (AlertAction.ACCEPT_RISK, AlertAction.SUPPRESS)
_JUDGING = (AlertAction.ACCEPT_RISK, AlertAction.FALSE_POSITIVE, AlertAction.SUPPRESS)
"""What only somebody who still belongs here may do: it lets a gap stand."""


def _end(action: AlertAction, until: date | None, timezone: str, now: datetime) -> str | None:
    if action not in _TIMED:
        if until is not None:
            raise DecisionError(f"{action.value.replace('_', ' ')} has no end", hint="Leave --until out.")
        return None
    today = oversight_rules.today(timezone, now)
    day = until or today + timedelta(days=DEFAULT_DAYS)
    if not today < day <= today + timedelta(days=MOST_DAYS):
        last = today + timedelta(days=MOST_DAYS)
        raise DecisionError(
            f"the end {day} is out of bounds", hint=f"Choose a day after today, up to {last}."
        )
    return record_edit.end_of_day(day, timezone)


def _change(row: AlertRow, action: AlertAction, request: _Request) -> Change:
    if row.state == alerts.RESOLVED:
        what = "the gap is closed; it opens again by itself when the gap is back"
        raise DecisionError(f"alert {row.alert_id} is resolved: {what}")
    return _ACTIONS[action](row, request)


def _to(state: str, event: str) -> Callable[[AlertRow, _Request], Change]:
    def change(row: AlertRow, request: _Request) -> Change:
        if row.state not in alerts.ACTIVE_STATES:
            hint = f"Reopen it first: aicensus alerts reopen {row.alert_id}"
            raise DecisionError(f"alert {row.alert_id} is {row.state.replace('_', ' ')}", hint=hint)
        return Change(row=replace(row, state=state), event=event, from_state=row.state, reason=request.reason)

    return change


def _assign(row: AlertRow, request: _Request) -> Change:
    change = _to("assigned", "assigned")(row, request)
    who = normal_party(request.assignee or "")
    if not who:
        raise DecisionError("the assignee is empty", hint="Name a person or a team.")
    return replace(change, row=replace(change.row, assignee=who))


def _accept_risk(row: AlertRow, request: _Request) -> Change:
    note = second_person(request.actor, row.assignee, "accepting a risk")
    after = replace(row, state="accepted_risk", until=request.until)
    return Change(row=after, event="accepted_risk", from_state=row.state, reason=f"{request.reason}{note}")


def _suppress(row: AlertRow, request: _Request) -> Change:
    after = replace(row, state="suppressed", until=request.until)
    return Change(row=after, event="suppressed", from_state=row.state, reason=request.reason)


def _false_positive(row: AlertRow, request: _Request) -> Change:
    critical = row.severity == "critical"
    note = second_person(request.actor, row.assignee, "calling it a false positive") if critical else ""
    after = replace(row, state="false_positive", until=None)
    return Change(row=after, event="false_positive", from_state=row.state, reason=f"{request.reason}{note}")


def _reopen(row: AlertRow, request: _Request) -> Change:
    if row.state in alerts.ACTIVE_STATES:
        raise DecisionError(f"alert {row.alert_id} is {row.state.replace('_', ' ')} already")
    tier = request.tiers.get(row.system_id or "", sla.NO_SYSTEM)
    due = request.sla.due_text(row.severity, request.now, tier=tier)
    return alerts.reopened(row, due_at=due, reason=request.reason)


_ACTIONS: dict[AlertAction, Callable[[AlertRow, _Request], Change]] = {
    AlertAction.ACKNOWLEDGE: _to("acknowledged", "acknowledged"),
    AlertAction.ASSIGN: _assign,
    AlertAction.REVIEW: _to("in_review", "in_review"),
    AlertAction.ACCEPT_RISK: _accept_risk,
    AlertAction.SUPPRESS: _suppress,
    AlertAction.FALSE_POSITIVE: _false_positive,
    AlertAction.REOPEN: _reopen,
}

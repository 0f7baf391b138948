"""Keep alerts quiet by rule for a while: by the alert's rule, system, severity and title, until a day.

What a suppression hides is still recorded: the alert is there, in the state suppressed, and opens by itself
on the day, or when the suppression is ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from connectors import clock
from discovery.service import alert_decisions, refs, rule_sets, sla
from discovery.service.alert_decisions import AlertAction, Given
from discovery.service.deciding import need_reason
from discovery.service.errors import DecisionError, NotFound
from discovery.service.suppressed import hide, matches
from normalizer import ids
from store import alerts, audit, suppressions
from store.alerts import AlertRow
from store.audit import Entry
from store.suppressions import Suppression

if TYPE_CHECKING:
    from store import Store
    from store.audit import Actor
    from store.database import ReadTx, WriteTx


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionView:
    """One suppression; ``state`` is active, expired or ended, ``alerts`` how many it hides now."""

    suppression_id: str
    state: str
    rule: str
    system_id: str | None
    title: str
    severity: str | None
    until: str
    reason: str
    made_by: str
    made_at: str
    alerts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a new suppression hides: patterns with ``*``, a system by reference, a severity."""

    rule: str = "*"
    system: str | None = None
    title: str = "*"
    severity: str | None = None


def add(
    store: Store,
    wanted: Wanted,
    *,
    actor: Actor,
    reason: str,
    until: date | None = None,
    timezone: str = "UTC",
    dry_run: bool = False,
    now: datetime | None = None,
) -> tuple[str, int]:
    """Suppress what matches now and from now on; returns its id (empty for a dry run) and how many match.

    It ends on ``until``: 90 days from today unless given, 365 at most. Raises ``DecisionError`` for one that
    would hide everything, for a day out of bounds and for a rule that is not known.
    """
    need_reason(reason, "suppressing")
    if (wanted.rule, wanted.title, wanted.system, wanted.severity) == ("*", "*", None, None):
        raise DecisionError("that would hide every alert", hint="Name a rule, a system or a title.")
    _check_rule(store, wanted.rule)
    given = Given(action=AlertAction.SUPPRESS, actor=actor, reason=reason, until=until, timezone=timezone)
    if dry_run:
        with store.read() as read_tx:
            one = _new(read_tx, wanted, given, now or clock.now())
            return "", len(_matching(read_tx, one))
    with store.write(actor=actor.name, kind="decision") as tx:
        moment = now or clock.from_text(tx.now)
        at = clock.to_text(moment)
        one = _new(tx, wanted, given, moment)
        suppressions.add(tx.conn, one)
        rows = _matching(tx, one)
        changes = [hide(row, row.state, one) for row in rows]
        alerts.write(tx.conn, tx.rev, at, actor.label, changes)
        new = {"rule": one.rule, "system_id": one.system_id, "title": one.title, "severity": one.severity}
        entry = Entry(
            action="suppression.add",
            object=one.suppression_id,
            reason=reason,
            new={**new, "until": one.until, "alerts": len(rows)},
        )
        audit.append(tx.conn, actor, entry, at=at)
    return one.suppression_id, len(rows)


def _check_rule(store: Store, pattern: str) -> None:
    """Refuse a pattern of no rule: it would hide nothing, and nobody would notice."""
    if pattern == "*":
        return
    with store.read() as tx:
        rules = rule_sets.in_force(tx)
    if not any(fnmatchcase(one.id, pattern) for one in rules.rules):
        if "*" not in pattern:
            rules.get(pattern)
        raise DecisionError(f"no rule is called {pattern!r}", hint="List them with: aicensus rules list")


def end(store: Store, ref: str, *, actor: Actor, reason: str, now: datetime | None = None) -> int:
    """End a suppression before its day; what it hid and still holds is open again. Returns how many.

    Raises ``NotFound``, and ``DecisionError`` for one that has ended.
    """
    need_reason(reason, "ending a suppression")
    with store.write(actor=actor.name, kind="decision") as tx:
        moment = now or clock.from_text(tx.now)
        at = clock.to_text(moment)
        found = [one for one in suppressions.every(tx.conn) if one.suppression_id.startswith(ref)]
        if len(found) != 1:
            raise NotFound(f"there is no one suppression {ref!r}", hint="List them: aicensus suppressions")
        one = found[0]
        if _state(one, at) != "active":
            raise DecisionError(f"suppression {one.suppression_id} is {_state(one, at)} already")
        suppressions.end(tx.conn, one.suppression_id, at)
        due = sla.in_force(tx)
        why = f"the suppression was ended: {reason}"
        hidden = list(_hidden_by(tx, one))
        tiers = due.tiers_of(tx, {row.system_id for row in hidden if row.system_id})
        ends = [due.due_text(row.severity, moment, tier=tiers.get(row.system_id or "", "")) for row in hidden]
        changes = [
            alerts.reopened(row, due_at=until, reason=why) for row, until in zip(hidden, ends, strict=True)
        ]
        alerts.write(tx.conn, tx.rev, at, actor.label, changes)
        entry = Entry(
            action="suppression.end", object=one.suppression_id, reason=reason, new={"alerts": len(changes)}
        )
        audit.append(tx.conn, actor, entry, at=at)
    return len(changes)


def listed(store: Store, *, now: datetime | None = None) -> list[SuppressionView]:
    """Return all suppressions, those in force first."""
    at = clock.to_text(now or clock.now())
    with store.read() as tx:
        rows = suppressions.every(tx.conn)
        hidden = {one.suppression_id: len(_hidden_by(tx, one)) for one in rows if _state(one, at) == "active"}
    names = [name for name in SuppressionView.__dataclass_fields__ if name not in ("state", "alerts")]
    found = [
        SuppressionView(
            **{name: getattr(one, name) for name in names},
            state=_state(one, at),
            alerts=hidden.get(one.suppression_id, 0),
        )
        for one in rows
    ]
    return sorted(found, key=lambda one: (one.state != "active", one.until))


def _new(tx: ReadTx | WriteTx, wanted: Wanted, given: Given, now: datetime) -> Suppression:
    until = alert_decisions.end_of(given, now)
    return Suppression(
        suppression_id=ids.mint("sup"),
        rule=wanted.rule,
        system_id=refs.system_id(tx, wanted.system) if wanted.system else None,
        title=wanted.title,
        severity=wanted.severity,
        reason=given.reason,
        made_by=given.actor.label,
        made_at=clock.to_text(now),
        until=until or "",
    )


def _matching(tx: ReadTx | WriteTx, one: Suppression) -> list[AlertRow]:
    found = alerts.of_systems(tx.conn, None if one.system_id is None else [one.system_id])
    return [row for row in found if row.state in alerts.ACTIVE_STATES and matches(one, row)]


def _hidden_by(tx: ReadTx | WriteTx, one: Suppression) -> list[AlertRow]:
    found = alerts.of_systems(tx.conn, None if one.system_id is None else [one.system_id])
    return [
        row for row in found if row.state == "suppressed" and row.until == one.until and matches(one, row)
    ]


def _state(one: Suppression, at: str) -> str:
    if one.ended_at is not None:
        return "ended"
    return "active" if one.until > at else "expired"

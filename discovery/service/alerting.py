"""Keep alerts in step with the rules: one per rule and system, opened once, resolved when it stops holding.

An alert that was resolved is opened again, never doubled. What a person accepted or suppressed stays so
until its day, or until the gap closes; a false positive stays one. Systems whose members are only tests,
docs, examples or vendored code do not alert unless the configuration says so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from connectors import clock
from discovery.service import rules
from discovery.service.permissions import ENGINE
from normalizer import ids
from store import alerts, oversight, systems
from store.alerts import AlertRow, Change, SystemFacts
from store.oversight import Record
from store.temporal import chunks

if TYPE_CHECKING:
    from store.audit import Actor
    from store.database import ReadTx, Store, WriteTx

STEP = 1_000
"""Systems evaluated in one transaction."""
_LIVING = ("candidate", "registered", "governed")
_RESOLVE_DAYS: Mapping[str, int] = {"critical": 7, "high": 30, "medium": 90, "low": 180}


@dataclass(slots=True, kw_only=True)
class AlertChanges:
    """What an evaluation did; ids of alerts."""

    opened: list[str] = field(default_factory=list)
    reopened: list[str] = field(default_factory=list)
    resolved: list[str] = field(default_factory=list)

    def add(self, changes: Iterable[Change]) -> None:
        """Count changes in."""
        kept = {"opened": self.opened, "reopened": self.reopened, "resolved": self.resolved}
        for change in changes:
            if change.event in kept:
                kept[change.event].append(change.row.alert_id)


@dataclass(slots=True)
class _Plan:
    changes: list[Change] = field(default_factory=list)
    lapsed: list[Record] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.changes or self.lapsed)


def evaluate(
    store: Store,
    system_ids: Iterable[str] | None = None,
    *,
    actor: Actor | None = None,
    roles_that_alert: Collection[str] | None = None,
    now: datetime | None = None,
) -> AlertChanges:
    """Evaluate all rules for the given systems (``None``: all) and change their alerts.

    Systems for which time alone changed something (a record that lapsed, an acceptance that ended) are
    always looked at. Running it again without a change writes nothing. ``actor`` is the engine unless a
    person's decision caused it. ``roles_that_alert`` is kept for the decisions until the next scan;
    ``None`` uses what was kept.
    """
    result = AlertChanges()
    moment = now or clock.now()
    _keep_roles(store, roles_that_alert)
    with store.read() as tx:
        wanted = set(alerts.all_systems(tx.conn)) if system_ids is None else set(system_ids)
        wanted |= alerts.due_systems(tx.conn, clock.to_text(moment))
        wanted = set(systems.resolve(tx.conn, wanted).values())
    for chunk in chunks(sorted(wanted), STEP):
        with store.read() as tx:
            plan, rev = _plan(tx, chunk, moment), alerts.last_revision(tx.conn)
        if plan:
            with store.write(actor=(actor or ENGINE).name, kind="alerts") as write_tx:
                # What was planned still holds unless somebody wrote in between.
                fresh = plan if write_tx.rev == rev + 1 else _plan(write_tx, chunk, moment)
                _write(write_tx, fresh, actor or ENGINE, moment)
            result.add(fresh.changes)
    return result


def evaluate_in(
    tx: WriteTx,
    system_ids: Collection[str],
    actor: Actor,
    now: datetime | None = None,
) -> list[Change]:
    """Evaluate systems inside a write transaction and return what changed."""
    moment = now or clock.from_text(tx.now)
    plan = _plan(tx, system_ids, moment)
    _write(tx, plan, actor, moment)
    return plan.changes


def due_at(severity: str, opened_at: datetime) -> datetime:
    """Return until when an alert of a severity is to be resolved (calendar days; UTC)."""
    return opened_at + timedelta(days=_RESOLVE_DAYS[severity])


def derived(facts: SystemFacts, now: str) -> dict[str, Any]:
    """Return the flat record that rules look at (:data:`discovery.service.rules.FIELDS`)."""
    record = facts.record
    value = record.value if record else (lambda _: None)
    purpose = value("purpose")
    return {
        "record_state": facts.state,
        "kind": facts.kind,
        "owners": [
            {
                "role": one.role,
                "source": one.source,
                "accepted": one.is_accepted,
                "active": one.party.active,
                "confidence": one.confidence,
            }
            for one in facts.owners
            if one.ended_at is None
        ],
        "lifecycle.stage": value("stage"),
        "purpose.statement": purpose,
        "data.categories": value("data_categories"),
        "oversight.mode": value("mode"),
        "oversight.description": value("description"),
        "reviews.next_due_at": record.next_review_at if record else None,
        "provenance.first_seen_at": facts.first_seen_at,
        "flags.record_complete": record is not None and record.stands(now),
        "flags.record_withdrawn": record is not None and record.withdrawn_at is not None,
        "counts.components": sum(facts.roles.values()),
        "counts.active_assets": sum(facts.roles.values()),
        "counts.purpose_chars": len(purpose) if isinstance(purpose, str) else 0,
    }


def _write(tx: WriteTx, plan: _Plan, actor: Actor, now: datetime) -> None:
    for record in plan.lapsed:
        oversight.put(tx.conn, tx.rev, replace(record, complete=False))
    alerts.write(tx.conn, tx.rev, clock.to_text(now), actor.label, plan.changes)


def _keep_roles(store: Store, roles: Collection[str] | None) -> None:
    if roles is None:
        return
    with store.read() as tx:
        same = set(alerts.alerting_roles(tx.conn)) == set(roles)
    if not same:
        with store.write(actor=ENGINE.name, kind="alerts") as write_tx:
            alerts.set_alerting_roles(write_tx.conn, roles)


def _plan(tx: ReadTx | WriteTx, system_ids: Collection[str], now: datetime) -> _Plan:
    day = _Day.of(now)
    roles_that_alert = alerts.alerting_roles(tx.conn)
    aliases = alerts.aliases_of(tx.conn, system_ids)
    existing: dict[tuple[str, str], AlertRow] = {}
    strays: list[AlertRow] = []
    for row in alerts.of_systems(tx.conn, {*system_ids, *aliases}):
        if row.system_id in aliases:
            strays.append(row)
        else:
            existing[row.rule, row.system_id] = row
    plan = _Plan(changes=_bring_home(strays, aliases, existing, day.text))
    for facts in alerts.facts(tx.conn, system_ids):
        record = derived(facts, day.text)
        silent = _silence(facts, roles_that_alert)
        if facts.record and facts.record.complete and not record["flags.record_complete"]:
            plan.lapsed.append(facts.record)
        for rule in rules.built_in():
            known = existing.get((rule.id, facts.system_id))
            change = _judge(rule, facts, known, silent, not silent and rule.holds(record, now), day)
            if change:
                plan.changes.append(change)
    return plan


@dataclass(frozen=True, slots=True)
class _Day:
    """The moment of an evaluation, as the many judgements of it need it."""

    moment: datetime
    text: str
    due: Mapping[str, str]

    @classmethod
    def of(cls, now: datetime) -> _Day:
        return cls(now, clock.to_text(now), {one: clock.to_text(due_at(one, now)) for one in _RESOLVE_DAYS})


def _silence(facts: SystemFacts, roles_that_alert: Collection[str]) -> str:
    """Return why a system does not alert; empty when it does."""
    if facts.state not in _LIVING:
        return f"the system is {facts.state}"
    if not any(facts.roles.get(role) for role in roles_that_alert):
        return f"what is left of the system is only {', '.join(sorted(facts.roles)) or 'history'}"
    return ""


def _judge(
    rule: rules.Rule, facts: SystemFacts, row: AlertRow | None, silent: str, holds: bool, day: _Day
) -> Change | None:
    if row is None:
        return _opened(rule, facts, day) if holds else None
    if not holds:
        closes = row.state in alerts.ACTIVE_STATES or row.state in alerts.TIMED_STATES
        return alerts.resolved(row, now=day.text, reason=silent or "the gap is closed") if closes else None
    if row.state == alerts.RESOLVED:
        return alerts.reopened(row, due_at=day.due[row.severity], reason="the gap is back")
    if row.state in alerts.TIMED_STATES and (row.until or "") <= day.text:
        reason = f"{row.state.replace('_', ' ')} has ended"
        return alerts.reopened(row, due_at=day.due[row.severity], reason=reason)
    return None


def _opened(rule: rules.Rule, facts: SystemFacts, day: _Day) -> Change:
    severity = rule.severity_on(day.moment.date())
    row = AlertRow(
        alert_id=ids.mint("alr"),
        fingerprint=alerts.fingerprint(rule.id, facts.system_id),
        rule=rule.id,
        severity=severity,
        system_id=facts.system_id,
        title=f"{rule.title}: {facts.name}",
        state=alerts.OPEN,
        opened_at=day.text,
        due_at=day.due[severity],
    )
    return Change(row=row, event="opened", from_state="", reason=rule.fix)


def _bring_home(
    strays: Iterable[AlertRow],
    aliases: Mapping[str, str],
    existing: dict[tuple[str, str], AlertRow],
    now: str,
) -> list[Change]:
    """Move alerts of merged systems to the system that took them, or resolve them where it has its own."""
    changes = []
    for row in strays:
        home = aliases[row.system_id]
        if (row.rule, home) not in existing:
            moved = replace(row, system_id=home, fingerprint=alerts.fingerprint(row.rule, home))
            existing[row.rule, home] = moved
            changes.append(
                Change(row=moved, event="moved", from_state=row.state, reason=f"{row.system_id} was merged")
            )
        elif row.state != alerts.RESOLVED:
            changes.append(alerts.resolved(row, now=now, reason=f"merged into {home}, which has its own"))
    return changes

"""Keep alerts in step with the rules: one per rule and subject, opened once, resolved when it stops holding.

What is to change is planned in :mod:`discovery.service.alert_plans`. Systems whose members are only tests,
docs, examples or vendored code do not alert unless the configuration says so. Time alone opens gaps too, so
on the first look of a day (where the organisation is), and under other rules, all systems are looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from connectors import clock
from discovery.service import alert_plans, rule_sets, suppressed
from discovery.service.alert_plans import Plan
from discovery.service.permissions import ENGINE
from discovery.service.rule_trees import Moment
from store import alerts, oversight, systems
from store import rule_sets as kept
from store.alerts import Change
from store.temporal import chunks

if TYPE_CHECKING:
    from discovery.service.rule_sets import RuleSet
    from store.audit import Actor
    from store.database import ReadTx, Store, WriteTx

__all__ = ["AlertChanges", "evaluate", "evaluate_in", "evaluate_rest", "evaluate_rest_in"]

STEP = 1_000
"""Systems evaluated at once."""
WRITTEN = 250
"""Changes of alerts written in one transaction, with all that receivers are told of them: about 0.1 s."""


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


@dataclass(frozen=True, slots=True)
class Settings:
    """What a scan's configuration says about judging; kept for the decisions until the next scan."""

    roles_that_alert: Collection[str] | None = None
    rules: RuleSet | None = None
    timezone: str | None = None


def evaluate(
    store: Store,
    system_ids: Iterable[str] | None = None,
    *,
    actor: Actor | None = None,
    roles_that_alert: Collection[str] | None = None,
    rules: RuleSet | None = None,
    timezone: str | None = None,
    now: datetime | None = None,
) -> AlertChanges:
    """Evaluate all rules for the given systems (``None``: all) and change their alerts.

    Systems for which time alone changed something are always looked at. Running it again without a change
    writes nothing. ``actor`` is the engine unless a person's decision caused it. ``roles_that_alert``,
    ``rules`` and ``timezone`` are kept for the decisions until the next scan; ``None`` uses what was kept.
    """
    result = AlertChanges()
    moment = now or clock.now()
    _keep(store, Settings(roles_that_alert, rules, timezone))
    with store.read() as tx:
        today = Moment(moment, kept.timezone(tx.conn)).today_text
        is_whole = system_ids is None or _is_another_day(tx, today)
        wanted = set(alerts.all_systems(tx.conn)) if is_whole else set(system_ids or ())
        wanted |= alerts.due_systems(tx.conn, clock.to_text(moment))
        wanted = set(systems.resolve(tx.conn, wanted).values())
    for chunk in chunks(sorted(wanted), STEP):
        _carry_out(store, partial(_plan, system_ids=chunk, now=moment), actor, moment, result)
    if is_whole:
        evaluate_rest(store, actor=actor, now=moment, result=result)
        _note_day(store, today)
    return result


def evaluate_rest(
    store: Store,
    *,
    actor: Actor | None = None,
    now: datetime | None = None,
    result: AlertChanges | None = None,
) -> AlertChanges:
    """Evaluate the rules of the organisation, and of assets that are in no system."""
    changes = result or AlertChanges()
    moment = now or clock.now()
    _carry_out(store, partial(alert_plans.plan_rest, now=moment), actor, moment, changes)
    return changes


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


def evaluate_rest_in(tx: WriteTx, actor: Actor, now: datetime) -> list[Change]:
    """Evaluate the organisation inside a write transaction and return what changed."""
    plan = alert_plans.plan_rest(tx, now)
    _write(tx, plan, actor, now)
    return plan.changes


def _plan(tx: ReadTx | WriteTx, system_ids: Collection[str], now: datetime) -> Plan:
    return alert_plans.plan_systems(tx, system_ids, now)


def _carry_out(
    store: Store,
    planned: Callable[[ReadTx | WriteTx], Plan],
    actor: Actor | None,
    now: datetime,
    result: AlertChanges,
) -> None:
    with store.read() as tx:
        plan, rev = planned(tx), alerts.last_revision(tx.conn)
    while plan:
        with store.write(actor=(actor or ENGINE).name, kind="alerts") as write_tx:
            # What was planned still holds unless somebody wrote in between.
            if write_tx.rev != rev + 1:
                plan = planned(write_tx)
            part, plan = plan.cut(WRITTEN)
            _write(write_tx, part, actor or ENGINE, now)
            rev = write_tx.rev
        result.add(part.changes)


def _write(tx: WriteTx, plan: Plan, actor: Actor, now: datetime) -> None:
    if plan and kept.hash_in_force(tx.conn) is None:
        kept.put(tx.conn, tx.rev, rule_sets.to_keep(rule_sets.built_in()))
    for record in plan.lapsed:
        oversight.put(tx.conn, tx.rev, replace(record, complete=False))
    plan.changes = suppressed.applied(tx, plan.changes, now)
    alerts.write(tx.conn, tx.rev, clock.to_text(now), actor.label, plan.changes)


def _is_another_day(tx: ReadTx, today: str) -> bool:
    # A clock that goes back is no new day.
    return kept.judged_on(tx.conn) < today


def _note_day(store: Store, today: str) -> None:
    with store.read() as tx:
        same = not _is_another_day(tx, today)
    if not same:
        with store.write(actor=ENGINE.name, kind="alerts") as write_tx:
            kept.set_judged_on(write_tx.conn, today)


def _keep(store: Store, given: Settings) -> None:
    """Keep what was given and differs; other rules make every system worth another look."""
    if given == Settings():
        return
    with store.read() as tx:
        roles = given.roles_that_alert
        new_roles = roles is not None and set(alerts.alerting_roles(tx.conn)) != set(roles)
        new_rules = given.rules is not None and kept.hash_in_force(tx.conn) != given.rules.hash
        new_zone = given.timezone is not None and kept.timezone(tx.conn) != given.timezone
    if not (new_roles or new_rules or new_zone):
        return
    with store.write(actor=ENGINE.name, kind="alerts") as write_tx:
        if roles is not None and new_roles:
            alerts.set_alerting_roles(write_tx.conn, roles)
        if given.timezone is not None and new_zone:
            kept.set_timezone(write_tx.conn, given.timezone)
        if given.rules is not None and new_rules:
            kept.put(write_tx.conn, write_tx.rev, rule_sets.to_keep(given.rules))
            kept.set_judged_on(write_tx.conn, "")

"""Gather what maturity is measured from: the records of live systems, alerts, exceptions, coverage."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from connectors import clock
from discovery.service import (
    alert_plans,
    derived,
    evidence_facts,
    gaps,
    inventory,
    maturity,
    organisation_facts,
    rule_sets,
    single_user,
)
from discovery.service.alert_undo import EVENT as UNDONE
from discovery.service.attestation import CADENCE_DAYS
from discovery.service.maturity import MaturityView, Measured
from discovery.service.rule_trees import Moment
from store import alerts, system_rows
from store import rule_sets as kept
from store.queries_runs import AlertEventRow, events_since

if TYPE_CHECKING:
    from discovery.service.views_rules import GapView
    from store import Store
    from store.alerts import SystemFacts
    from store.database import ReadTx
    from store.system_rows import Standing

_LIVING = ("candidate", "registered", "governed")
_STOPPED = ("idea", "development", "verification", "suspended", "retired")
_SEVERITY = {"critical": 8, "high": 4, "medium": 2, "low": 1}
CHANGE_DAYS = (30, 90)
_WRONG_CODES = ("not_ai", "false_positive")
"""Codes by which a candidate is rejected because a scan was wrong."""
_ORGANISATION = ("ORG-01", "ORG-02", "ORG-03", "ORG-04", "ORG-05", "ORG-07")


def measure(
    store: Store,
    *,
    timezone: str | None = None,
    as_of: datetime | None = None,
    with_change: bool = False,
) -> MaturityView:
    """Measure maturity now or as of a moment; ``with_change`` against 30 and 90 days before it, too."""
    view = _measure(store, timezone, as_of)
    view.single_user = single_user.decisions(store, timezone=timezone or "UTC", as_of=as_of)
    for days in CHANGE_DAYS if with_change else ():
        earlier = (as_of or clock.now()) - timedelta(days=days)
        if _was_there(store, earlier):
            maturity.put_change(view, _measure(store, timezone, earlier), days)
    return view


def _was_there(store: Store, moment: datetime) -> bool:
    """Say whether the store knew anything at a moment."""
    return bool(inventory.list_runs(store, limit=1, as_of=moment))


def _measure(store: Store, timezone: str | None, as_of: datetime | None) -> MaturityView:
    at = as_of or clock.now()
    with store.read(as_of) as tx:
        rev = None if as_of is None else tx.rev
        now = Moment(at, timezone or kept.timezone(tx.conn))
        facts = organisation_facts.read(tx, now.at, counted=True, rev=rev)
        organisation = derived.organisation_record(facts)
        roles = alerts.alerting_roles(tx.conn)
        found = alerts.facts(tx.conn, None, rev, asked=evidence_facts.asked())
        events = _standing(events_since(tx.conn, now.ago(180), rev))
        rules = rule_sets.in_force(tx, rev)
        rejected = _rejected(tx, found, now, rev)
    live = [
        (one, derived.system_record(one, now, organisation))
        for one in found
        if one.state in _LIVING and not alert_plans.silence(one, roles)
    ]
    live = [(one, record) for one, record in live if record.get("lifecycle.stage") not in _STOPPED]
    due = gaps.list_gaps(store, rules=rules, timezone=timezone, as_of=as_of, now=at)
    values: dict[str, float | None] = {
        "assign_speed": _assign_speed(live, now),
        "gate_authority": _gate_authority(live),
        "org_facts": _org_facts(due),
        "owner_response": _owner_response(events),
        "sla_closure": _sla_closure(events, now),
        "exceptions": _exceptions(live),
        "test_pass": _test_pass(live, now),
        "pre_registered": _pre_registered(live, now),
        "scan_cov": _scan_cov(store, as_of, now),
        "no_recurrence": _no_recurrence(events),
        "debt_trend": _debt_trend(store, live, due, now, timezone),
        "incident_actions": _incident_actions(live),
        "noise": _noise(events, rejected),
    }
    return maturity.measure(now.text, [_measured(one, record, now) for one, record in live], values)


_Live = Sequence[tuple["SystemFacts", Mapping[str, Any]]]
_DECIDED = (
    *("acknowledged", "assigned", "in_review", "accepted_risk", "false_positive", "suppressed"),
    "reopened",
)


def _standing(events: Sequence[AlertEventRow]) -> list[AlertEventRow]:
    """Return the events but for decisions that were taken back: those never were."""
    found: list[AlertEventRow] = []
    undone: Counter[str] = Counter()
    for one in reversed(events):
        if one.event == UNDONE:
            undone[one.alert_id] += 1
        elif undone[one.alert_id] and one.event in _DECIDED:
            undone[one.alert_id] -= 1
        else:
            found.append(one)
    return found[::-1]


def _measured(facts: SystemFacts, record: Mapping[str, Any], now: Moment) -> Measured:
    tier = record.get("risk.tier")
    holds = {
        "owner_cov": any(
            one["role"] == "accountable" and one["accepted"] and one["active"] for one in record["owners"]
        ),
        "classified": record.get("risk.eu_class") not in (None, "unclassified") and tier is not None,
        "risk_current": _is_current(record, "risk"),
        "oversight_cov": bool(record.get("oversight.mode")),
        "review_current": (record.get("reviews.next_due_at") or "") > now.text,
        "freshness": _is_fresh(record, now),
    }
    if record.get("flags.high_impact"):
        overseers = record.get("oversight.assignees") or []
        holds["impact_current"] = _is_current(record, "impact")
        holds["overseers_trained"] = bool(overseers) and all(one.get("trained_current") for one in overseers)
        kept_days = record.get("monitoring.log_retention_days")
        holds["logging"] = record.get("monitoring.logs_enabled") is True and (kept_days or 0) >= 183
    if parties := record.get("third_parties"):
        holds["supplier"] = all(one.get("diligence_current") for one in parties)
    return Measured(system_id=facts.system_id, name=facts.name, tier=tier or "unknown", holds=holds)


def _is_current(record: Mapping[str, Any], kind: str) -> bool:
    return any(one.get("type") == kind and one.get("current") for one in record.get("assessments") or ())


def _is_fresh(record: Mapping[str, Any], now: Moment) -> bool:
    days = record.get("reviews.policy_days") or CADENCE_DAYS.get(
        record.get("risk.tier") or "high", CADENCE_DAYS["high"]
    )
    return (record.get("reviews.last_at") or "") >= now.ago(days)


def _assign_speed(live: _Live, now: Moment) -> float | None:
    ages = []
    for facts, _ in live:
        accepted = [
            one.accepted_at
            for one in facts.owners
            if one.is_accepted and one.role == "accountable" and one.accepted_at
        ]
        end = clock.from_text(min(accepted)) if accepted else now.at
        ages.append(max(0.0, (end - clock.from_text(facts.first_seen_at)).total_seconds() / 86_400))
    return 100 * math.exp2(-statistics.median(ages) / 7) if ages else None


def _gate_authority(live: _Live) -> float | None:
    """Share of systems in production whose approval was given in a role that somebody named."""
    entered = [record for _, record in live if record.get("lifecycle.stage") == "production"]
    if not entered:
        return None
    right = sum(
        any(
            one.get("gate") == "production" and one.get("decision") == "approved" and one.get("role")
            for one in record.get("approvals") or ()
        )
        for record in entered
    )
    return 100 * right / len(entered)


def _org_facts(due: Iterable[GapView]) -> float | None:
    open_rules = {one.rule for one in due if one.subject == "organisation" and one.status == "due"}
    return 100 * (1 - len(open_rules & set(_ORGANISATION)) / len(_ORGANISATION))


def _owner_response(events: Sequence[Any]) -> float | None:
    """Share of assigned alerts that were taken up before they were due."""
    assigned = {one.alert_id: one for one in events if one.event == "assigned"}
    if not assigned:
        return None
    taken = {
        one.alert_id
        for one in events
        if one.event in ("acknowledged", "review", "in_review", "resolved", "accepted_risk")
        and one.alert_id in assigned
        and one.at <= (assigned[one.alert_id].due_at or "9999")
    }
    return 100 * len(taken) / len(assigned)


def _sla_closure(events: Sequence[Any], now: Moment) -> float | None:
    """Share of critical and high alerts of 90 days that were closed by the day they were due."""
    since = now.ago(90)
    grave = [one for one in events if one.severity in ("critical", "high")]
    closed = {
        one.alert_id: one.at
        for one in grave
        if one.event in ("resolved", "accepted_risk") and one.at >= since
    }
    late = {
        one.alert_id
        for one in grave
        if one.due_at and since <= one.due_at < now.text and closed.get(one.alert_id, "9999") > one.due_at
    }
    asked = set(closed) | late
    return 100 * len(asked - late) / len(asked) if asked else None


def _exceptions(live: _Live) -> float | None:
    standing = [
        one
        for _, record in live
        for one in record.get("exceptions") or ()
        if one.get("state") in ("active", "expired")
    ]
    if not standing:
        return None
    wrong = [one for one in standing if one.get("state") == "expired" or one.get("valid") is False]
    return 100 * (1 - len(wrong) / len(standing))


def _test_pass(live: _Live, now: Moment) -> float | None:
    run = [
        one
        for _, record in live
        for one in record.get("controls") or ()
        if one.get("test_result") in ("passed", "failed")
        and str(one.get("tested_at") or "") >= now.ago(30)[:10]
    ]
    passed = [one for one in run if one["test_result"] == "passed"]
    return 100 * len(passed) / len(run) if run else None


def _pre_registered(live: _Live, now: Moment) -> float | None:
    """Share of systems of the last 180 days that were on record before a scanner saw anything of them."""
    fresh = [record for facts, record in live if facts.first_seen_at >= now.ago(180)]
    if not fresh:
        return None
    before = sum(record["provenance.discovered_before_registration"] is False for record in fresh)
    return 100 * before / len(fresh)


def _scan_cov(store: Store, as_of: datetime | None, now: Moment) -> float | None:
    scopes: dict[str, bool] = {}
    for one in inventory.coverage(store, as_of=as_of):
        fine = one.status not in ("failed", "denied", "throttled", "incomplete", "never")
        recent = (one.last_complete_at or "") >= now.ago(7) or one.status not in ("complete",)
        scopes[one.scope] = scopes.get(one.scope, True) and fine and recent
    return 100 * sum(scopes.values()) / len(scopes) if scopes else None


def _no_recurrence(events: Sequence[Any]) -> float | None:
    resolved = sum(one.event == "resolved" for one in events)
    again = sum(one.event == "reopened" for one in events)
    return 100 * max(0.0, 1 - again / resolved) if resolved else None


def _debt_trend(
    store: Store, live: _Live, due: Iterable[GapView], now: Moment, timezone: str | None
) -> float | None:
    """Compare today's weighted gaps with those of 90 days ago, if there was a store then."""
    earlier = now.at - timedelta(days=90)
    if not _was_there(store, earlier):
        return None
    tiers = {facts.system_id: str(record.get("risk.tier") or "unknown") for facts, record in live}
    before = _debt(gaps.list_gaps(store, timezone=timezone, as_of=earlier), tiers)
    if not before:
        return None
    change = (before - _debt(due, tiers)) / before
    return 50 + 50 * min(1.0, max(-1.0, change))


def _debt(found: Iterable[GapView], tiers: Mapping[str, str]) -> int:
    return sum(
        _SEVERITY[one.severity] * maturity.weight_of(tiers.get(one.system_id or "", "unknown"))
        for one in found
        if one.status == "due" and one.system_id
    )


def _incident_actions(live: _Live) -> float | None:
    """Share of incidents that were closed within 60 days, with an action."""
    happened = [one for _, record in live for one in record.get("incidents") or ()]
    if not happened:
        return None
    closed = sum(
        bool(one.get("actions"))
        and bool(one.get("closed_at"))
        and (date.fromisoformat(str(one["closed_at"])[:10]) - date.fromisoformat(str(one["at"])[:10])).days
        <= 60
        for one in happened
    )
    return 100 * closed / len(happened)


def _rejected(
    tx: ReadTx, found: Iterable[SystemFacts], now: Moment, rev: int | None
) -> Mapping[str, Standing]:
    """Return the systems that were rejected within 180 days, with the code that says why."""
    ids = [one.system_id for one in found if one.state == "rejected"]
    known = system_rows.standings(tx.conn, ids, rev)
    return {key: one for key, one in known.items() if one.at >= now.ago(180)}


def _noise(events: Sequence[Any], rejected: Mapping[str, Standing]) -> float | None:
    """100 less twice the share above one in ten of what was wrong: false alerts, candidates without AI."""
    closed = {one.alert_id for one in events if one.event in ("resolved", "false_positive", "accepted_risk")}
    closed |= rejected.keys()
    if not closed:
        return None
    false = {one.alert_id for one in events if one.event == "false_positive"}
    false |= {key for key, one in rejected.items() if one.code in _WRONG_CODES}
    return max(0.0, 100 - max(0.0, 100 * len(false) / len(closed) - 10) * 2)

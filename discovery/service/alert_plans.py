"""Say which alerts are to change: of systems, of assets, of the organisation. Nothing is written here.

An alert that was resolved is opened again, never doubled. What a person accepted or suppressed stays so
until its day, or until the gap closes; a false positive stays one. A gap opens an alert when its rule does
so (:meth:`~discovery.service.rule_sets.RuleSet.alerts`), its law applies today, and no exception covers it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

from discovery.service import derived, evidence_facts, organisation_facts, rule_sets, sla
from discovery.service.rule_trees import Moment, Record
from discovery.service.rules import Rule
from normalizer import ids
from store import alerts, rule_facts
from store import rule_sets as kept
from store.alerts import AlertRow, Change, Standing, SystemFacts
from store.bulk import many_objects
from store.oversight import Record as Oversight
from store.rule_facts import Member

if TYPE_CHECKING:
    from discovery.service.rule_sets import RuleSet
    from store.database import ReadTx, WriteTx

_LIVING = ("candidate", "registered", "governed")


@dataclass(slots=True)
class Plan:
    """What an evaluation changes; ``lapsed`` are records whose review day has passed."""

    changes: list[Change] = field(default_factory=list)
    lapsed: list[Oversight] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.changes or self.lapsed)

    def cut(self, size: int) -> tuple[Plan, Plan]:
        """Return the first ``size`` changes and the rest, for which the look at the store still holds.

        Records lapse with the last of it: until then their systems are due for another look.
        """
        if len(self.changes) <= size:
            return self, Plan()
        return Plan(self.changes[:size]), Plan(self.changes[size:], self.lapsed)


@dataclass(frozen=True, slots=True)
class Day:
    """The moment of an evaluation and the rules in force, as the many judgements of it need them."""

    moment: Moment
    due: Mapping[str, Mapping[str, str]]
    rules: RuleSet
    roles: tuple[str, ...]
    organisation: Mapping[str, Any]

    @property
    def text(self) -> str:
        """Return the moment as text."""
        return self.moment.text

    def due_at(self, severity: str, subject: _Subject) -> str:
        """Return by when an alert about a subject that begins now is to be resolved."""
        tier = sla.NO_SYSTEM
        if subject.system_id is not None:
            tier = sla.tier_of(subject.record, self.moment.today_text)
        return self.due[tier][severity]


@dataclass(frozen=True, slots=True)
class _Subject:
    """What an alert is about."""

    subject: str
    key: str
    name: str
    system_id: str | None = None
    asset_id: str | None = None
    record: Oversight | None = None

    def fingerprint(self, rule_id: str) -> str:
        return alerts.fingerprint(rule_id, self.key, subject=self.subject)


@dataclass(frozen=True, slots=True)
class _Due:
    """A change of an alert that is made when all of it has been read: most alerts stay as they are."""

    row: Standing | AlertRow
    make: Callable[[AlertRow], Change]


def day_of(tx: ReadTx | WriteTx, now: datetime, *, whole: bool = False) -> Day:
    """Return what judging at a moment needs; ``whole``: what only the organisation's rules need too."""
    facts, deadlines = organisation_facts.read(tx, now, counted=whole), sla.in_force(tx)
    return Day(
        moment=Moment(now, kept.timezone(tx.conn)),
        due=deadlines.dues(now),
        rules=rule_sets.in_force(tx),
        roles=alerts.alerting_roles(tx.conn),
        organisation=derived.organisation_record(facts),
    )


def plan_systems(tx: ReadTx | WriteTx, system_ids: Collection[str], now: datetime) -> Plan:
    """Return what changes for systems and their assets."""
    with many_objects():
        return _planned(tx, system_ids, day_of(tx, now))


def _planned(tx: ReadTx | WriteTx, system_ids: Collection[str], day: Day) -> Plan:
    aliases = alerts.aliases_of(tx.conn, system_ids)
    existing: dict[str, dict[str, Standing | AlertRow]] = {}
    strays: list[str] = []
    of_assets: list[Standing] = []
    for row in alerts.standing(tx.conn, {*system_ids, *aliases}):
        if row.asset_id is not None:
            of_assets.append(row)
        elif row.system_id in aliases:
            strays.append(row.alert_id)
        else:
            existing.setdefault(row.system_id or "", {})[row.rule] = row
    merged = alerts.by_ids(tx.conn, strays)
    home = [merged[one] for one in sorted(strays)]
    due: list[Change | _Due] = [*_bring_home(home, aliases, existing, day.text)]
    found = evidence_facts.of_systems(tx, system_ids, day.rules, alerting=True)
    plan = Plan()
    for facts in found:
        record = derived.system_record(facts, day.moment, day.organisation)
        if facts.record and facts.record.complete and not record["flags.record_complete"]:
            plan.lapsed.append(facts.record)
        due += _system_changes(facts, record, existing.get(facts.system_id, {}), day)
    due += _asset_changes(tx, found, of_assets, day)
    plan.changes = _made(tx, due)
    return plan


def _made(tx: ReadTx | WriteTx, due: Sequence[Change | _Due]) -> list[Change]:
    """Make the changes that were to be made."""
    wanted = {one.row.alert_id for one in due if isinstance(one, _Due) and isinstance(one.row, Standing)}
    rows = alerts.by_ids(tx.conn, wanted)
    found = []
    for one in due:
        if isinstance(one, _Due):
            row = one.row if isinstance(one.row, AlertRow) else rows[one.row.alert_id]
            found.append(one.make(row))
        else:
            found.append(one)
    return found


def plan_rest(tx: ReadTx | WriteTx, now: datetime) -> Plan:
    """Return what changes for the organisation, and for assets that are in no system."""
    day = day_of(tx, now, whole=True)
    rows = alerts.standing_of_no_system(tx.conn)
    lone = rule_facts.unattached(tx.conn)
    told = rule_facts.attributes_of(tx.conn, [one.asset_id for one in lone], evidence_facts.asked())
    of_assets = [row for row in rows if row.asset_id is not None]
    changes = _judge_assets(tx, lone, told, of_assets, {}, day)
    subject = _Subject("organisation", "", "the organisation")
    is_known = bool(day.organisation["counts.facts"])
    existing = {row.rule: row for row in rows if row.asset_id is None}
    changes += _changes(subject, day.organisation, existing, day, is_known=is_known)
    return Plan(changes=_made(tx, changes))


def _system_changes(
    facts: SystemFacts, record: Record, existing: Mapping[str, Standing | AlertRow], day: Day
) -> list[Change | _Due]:
    subject = _Subject("system", facts.system_id, facts.name, facts.system_id, record=facts.record)
    # One that was retired is still asked whether it is gone; all other rules are closed by that.
    closed = "" if facts.state in _LIVING else f"the system is {facts.state}"
    silent = closed if closed and facts.state != "retired" else silence(facts, day.roles)
    is_known = facts.state != "candidate"
    return _changes(subject, record, existing, day, is_known=is_known, silent=silent, closed=closed)


def silence(facts: SystemFacts, roles_that_alert: Collection[str]) -> str:
    """Return why a system does not alert; empty when it does."""
    if any(facts.roles.get(role) for role in roles_that_alert):
        return ""
    if not facts.roles and facts.state != "candidate":
        return ""  # a system that no scanner can see counts too
    return f"what is left of the system is only {', '.join(sorted(facts.roles)) or 'history'}"


def _asset_changes(
    tx: ReadTx | WriteTx, found: Sequence[SystemFacts], rows: Sequence[Standing], day: Day
) -> list[Change | _Due]:
    told = found[0].told if found else {}
    every = chain.from_iterable(facts.members for facts in found)
    members = worth_judging(every, told, day.rules, {}, is_known=True)
    homes = {facts.system_id: facts for facts in found}
    return _judge_assets(tx, members, told, rows, homes, day)


def worth_judging(
    members: Iterable[Member],
    told: Mapping[str, Mapping[str, Any]],
    rules: RuleSet,
    by_kind: dict[str, bool],
    *,
    is_known: bool | None,
) -> Iterator[Member]:
    """Yield the members for which a rule may hold: most tell nothing that the rules ask for.

    ``by_kind`` keeps what was found out of kinds between calls; it begins empty.
    """
    exposing = evidence_facts.exposing()
    for one in members:
        if one.asset_id in told and not exposing.isdisjoint(told[one.asset_id]):
            yield one
            continue
        if one.kind not in by_kind:
            by_kind[one.kind] = rules.asks_silent(one.kind, is_known=is_known)
        if by_kind[one.kind]:
            yield one


def _judge_assets(
    tx: ReadTx | WriteTx,
    members: Iterable[Member],
    told: Mapping[str, Mapping[str, Any]],
    rows: Sequence[Standing],
    homes: Mapping[str, SystemFacts],
    day: Day,
) -> list[Change | _Due]:
    """Judge assets, and the subjects of alerts that there are: an asset may have gone elsewhere."""
    shown = {one.asset_id: one for one in members}
    records = {system_id: facts.record for system_id, facts in homes.items()}
    missing = {row.asset_id for row in rows if row.asset_id and row.asset_id not in shown}
    if missing:
        shown |= {one.asset_id: one for one in rule_facts.of_assets(tx.conn, missing)}
        told = {**told, **rule_facts.attributes_of(tx.conn, missing, evidence_facts.asked())}
    subjects = {
        one.asset_id: _Subject(
            "asset", one.asset_id, one.name, one.system_id, one.asset_id, records.get(one.system_id or "")
        )
        for one in shown.values()
    }
    asked = day.rules.asked("asset", is_known=True)
    prints = {one.fingerprint(rule.id) for one in subjects.values() for rule in asked}
    existing: dict[str, dict[str, Standing]] = {}
    known_rows = (*rows, *alerts.standing_by_fingerprint(tx.conn, prints))
    for row in {row.alert_id: row for row in known_rows}.values():
        existing.setdefault(row.asset_id or "", {})[row.rule] = row
    changes: list[Change | _Due] = []
    for asset_id in sorted(existing.keys() | shown.keys()):
        one = shown.get(asset_id)
        known = existing.get(asset_id, {})
        if one is None:
            changes += _all_resolved(known.values(), day, "the asset is gone")
            continue
        record = derived.asset_record(one, told.get(asset_id, {}))
        silent = "" if one.drives and one.role in day.roles else f"the asset is {one.role}"
        home = homes.get(one.system_id or "")
        is_known = home is not None and home.state != "candidate"
        changes += _changes(subjects[asset_id], record, known, day, is_known=is_known, silent=silent)
    return changes


def _changes(
    subject: _Subject,
    record: Record,
    existing: Mapping[str, Standing | AlertRow],
    day: Day,
    *,
    is_known: bool,
    silent: str = "",
    closed: str = "",
) -> list[Change | _Due]:
    """Open and reopen what holds, and end the alerts of what does not (or no longer alerts)."""
    if silent and not existing:
        return []
    covered = excepted(record)
    holding: set[str] = set()
    found: list[Change | _Due] = []
    now = day.moment
    rules = () if silent else day.rules.possible(subject.subject, record, is_known=is_known)
    for rule, test in rules:
        if not test(record, now) or not _is_due(rule, record, now) or rule.id in covered:
            continue
        holding.add(rule.id)
        row = existing.get(rule.id)
        if row is None:
            found.append(_opened(rule, subject, day))
        elif row.state not in alerts.ACTIVE_STATES or row.system_id != subject.system_id:
            found += _held(row, subject, day)
    ending = [row for rule_id, row in existing.items() if rule_id not in holding and _closes(row)]
    if ending:
        ending.sort(key=lambda row: row.alert_id)
        asked = {rule.id for rule in day.rules.asked(subject.subject, is_known=is_known)}
        for row in ending:
            why = silent or closed or ("" if row.rule in asked else "its rule opens no alert here")
            if not why and row.rule in covered:
                why = f"an exception covers it until {covered[row.rule]}"
            found.append(_resolved(row, day, why or "the gap is closed"))
    return found


def _is_due(rule: Rule, record: Record, now: Moment) -> bool:
    since = rule.applies_to(record, now) if rule.later else rule.applies_from
    return since is None or since <= now.today


def excepted(record: Record) -> Mapping[str, str]:
    """Return the rules that an exception in order covers, with its end."""
    items = record.get("exceptions")
    if not items:
        return {}
    return {
        str(one.get("rule")): str(one.get("expires_at"))
        for one in items
        if one.get("state") == "active" and one.get("valid")
    }


def _all_resolved(rows: Iterable[Standing], day: Day, reason: str) -> list[Change | _Due]:
    ending = sorted((row for row in rows if _closes(row)), key=lambda row: row.alert_id)
    return [_resolved(row, day, reason) for row in ending]


def _resolved(row: Standing | AlertRow, day: Day, reason: str) -> _Due:
    return _Due(row, lambda whole: alerts.resolved(whole, now=day.text, reason=reason))


def _closes(row: Standing | AlertRow) -> bool:
    return row.state in alerts.ACTIVE_STATES or row.state in alerts.TIMED_STATES


def _held(row: Standing | AlertRow, subject: _Subject, day: Day) -> list[_Due]:
    """Return what becomes of an alert whose rule holds: nothing, or one change."""
    home = subject.system_id
    if row.state != alerts.RESOLVED and row.system_id != home:
        return [_Due(row, lambda whole: _moved(whole, home))]
    if row.state == alerts.RESOLVED:
        reason = "the gap is back"
    elif row.state in alerts.TIMED_STATES and (row.until or "") <= day.text:
        reason = f"{row.state.replace('_', ' ')} has ended"
    else:
        return []

    def again(whole: AlertRow) -> Change:
        at_home = whole if whole.system_id == home else replace(whole, system_id=home)
        return alerts.reopened(at_home, due_at=day.due_at(whole.severity, subject), reason=reason)

    return [_Due(row, again)]


def _moved(row: AlertRow, home: str | None) -> Change:
    after = replace(row, system_id=home)
    return Change(row=after, event="moved", from_state=row.state, reason="the asset went elsewhere")


def _opened(rule: Rule, subject: _Subject, day: Day) -> Change:
    row = AlertRow(
        alert_id=ids.mint("alr"),
        fingerprint=subject.fingerprint(rule.id),
        rule=rule.id,
        severity=rule.severity,
        system_id=subject.system_id,
        asset_id=subject.asset_id,
        title=f"{rule.title}: {subject.name}",
        state=alerts.OPEN,
        opened_at=day.text,
        due_at=day.due_at(rule.severity, subject),
    )
    return Change(row=row, event="opened", from_state="", reason=rule.fix)


def _bring_home(
    strays: Iterable[AlertRow],
    aliases: Mapping[str, str],
    existing: dict[str, dict[str, Standing | AlertRow]],
    now: str,
) -> list[Change]:
    """Move alerts of merged systems to the system that took them, or resolve them where it has its own."""
    changes = []
    for row in strays:
        home = aliases[row.system_id or ""]
        its_own = existing.setdefault(home, {})
        if row.rule not in its_own:
            moved = replace(row, system_id=home, fingerprint=alerts.fingerprint(row.rule, home))
            its_own[row.rule] = moved
            reason = f"{row.system_id} was merged"
            changes.append(Change(row=moved, event="moved", from_state=row.state, reason=reason))
        elif row.state != alerts.RESOLVED:
            changes.append(alerts.resolved(row, now=now, reason=f"merged into {home}, which has its own"))
    return changes

"""List every gap of systems, assets and the organisation: due ones, and those of law that is still to come.

Gaps are evaluated when they are asked for, from what the store knows (or knew) and by the rules in force (or
configured); alerts are the part of them that somebody has to answer (decision "A gap is not an alert"). The
wording says what a gap is against, and what it may breach from when: it is no verdict.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from connectors import clock
from discovery.service import alert_plans, derived, evidence_facts, law, organisation_facts, refs, rule_sets
from discovery.service.rule_sets import Asked
from discovery.service.rule_trees import Moment, Record
from discovery.service.rules import FRAMEWORKS, SEVERITIES, Rule
from discovery.service.views_rules import GapView
from store import alerts, rule_facts
from store import rule_sets as kept
from store.bulk import many_objects

if TYPE_CHECKING:
    from discovery.service.rule_sets import RuleSet
    from store.alerts import SystemFacts
    from store.database import ReadTx, Store

Status = Literal["due", "upcoming"]
_GRAVEST_FIRST = {name: -level for level, name in enumerate(SEVERITIES)}
_SUBJECTS = {"system": 0, "asset": 1, "organisation": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class GapFilter:
    """Narrow gaps; ``severity`` is the least one. ``framework`` gives a gap a row for each control of it."""

    system: str | None = None
    rule: str | None = None
    severity: str | None = None
    status: Status | None = None
    subject: str | None = None
    framework: str | None = None


class Held(NamedTuple):
    """A rule that holds for a record: since when it applies, of which class the gap is."""

    rule: Rule
    since: date | None
    severity: str
    status: Status
    gap_class: str


def list_gaps(
    store: Store,
    filters: GapFilter | None = None,
    *,
    rules: RuleSet | None = None,
    timezone: str | None = None,
    as_of: datetime | None = None,
    now: datetime | None = None,
) -> list[GapView]:
    """Return gaps, due before upcoming, most severe first, then by system and rule.

    ``rules`` and ``timezone`` are those in force in the store unless given. With ``as_of`` the facts and the
    rules of that moment decide. Systems that are only tests, docs, examples or vendored code are left out
    unless ``filters.system`` names one. Raises ``NotFound`` and ``Ambiguous`` for that name.
    """
    wanted = filters or GapFilter()
    with store.read(as_of) as tx:
        rev = None if as_of is None else tx.rev
        found_rules = rule_sets.in_force(tx, rev) if rules is None or rev is not None else rules
        moment = Moment(as_of or now or clock.now(), timezone or kept.timezone(tx.conn))
        reader = _Reader(tx, rev, moment, found_rules, wanted)
        with many_objects():
            found = [one for one in reader.gaps() if _fits(one, wanted)]
            found.sort(key=_order)
    return found if wanted.framework is None else list(_by_control(found, wanted.framework))


def of_record(rules: Iterable[Asked], record: Record, now: Moment) -> Iterator[Held]:
    """Yield the rules that hold for a record, due or upcoming."""
    today = now.today
    for rule, test in rules:
        if test(record, now):
            since = rule.applies_to(record, now) if rule.later else rule.applies_from
            gap_class = rule.class_of(record, now) if rule.fails else rule.gap_class
            if since is None or since <= today:
                yield Held(rule, since, rule.severity, "due", gap_class)
            else:
                yield Held(rule, since, rule.severity_on(today, since), "upcoming", gap_class)


def asked(rules: Iterable[Rule]) -> list[Asked]:
    """Return rules with their whole tests."""
    return [Asked(one, one.test) for one in rules]


def wording(held: Held, record: Record, today: date) -> list[str]:
    """Say what a gap is against, one part a framework and day; never that something is not compliant."""
    found: list[str] = []
    for framework, ids in held.rule.refs.items():
        if framework == "eu_ai_act":
            found += law.breaches(
                ids,
                today,
                eu_class=record.get("risk.eu_class"),
                is_high_risk=record.get("flags.high_risk"),
                since=held.since,
            )
        elif ids:
            found.append(f"gap against {', '.join(ids)} of {FRAMEWORKS[framework]}")
    return found


def counts(found: Iterable[GapView]) -> dict[str, int]:
    """Return how many gaps are due by severity, and how many are upcoming."""
    tally = Counter(one.severity if one.status == "due" else "upcoming" for one in found)
    return {name: tally[name] for name in (*reversed(SEVERITIES), "upcoming")}


@dataclass(frozen=True, slots=True)
class _Reader:
    """What reading gaps at one moment needs."""

    tx: ReadTx
    rev: int | None
    now: Moment
    rules: RuleSet
    filters: GapFilter
    # Views of one rule differ in little: what they share is made once.
    known: dict[tuple[Any, ...], dict[str, Any]] = field(default_factory=dict)

    def gaps(self) -> Iterator[GapView]:
        facts = organisation_facts.read(self.tx, self.now.at, counted=True, rev=self.rev)
        organisation = derived.organisation_record(facts)
        roles = alerts.alerting_roles(self.tx.conn)
        only = None
        if self.filters.system is not None:
            only = [refs.system_id(self.tx, self.filters.system, self.tx.rev)]
        systems = alerts.facts(self.tx.conn, only, self.rev, asked=evidence_facts.asked())
        for one in systems:
            if only is not None or not alert_plans.silence(one, roles):
                yield from self._system(one, organisation)
        if only is None:
            lone = rule_facts.unattached(self.tx.conn, self.rev)
            told = rule_facts.attributes_of(
                self.tx.conn, [one.asset_id for one in lone], evidence_facts.asked(), self.rev
            )
            yield from self._assets(lone, told, "")
            held = of_record(self.rules.possible("organisation", organisation), organisation, self.now)
            yield from (self._view(one, "organisation", organisation) for one in held)

    def _system(self, facts: SystemFacts, organisation: Mapping[str, Any]) -> Iterator[GapView]:
        record = derived.system_record(facts, self.now, organisation)
        covered = alert_plans.excepted(record)
        for held in of_record(self.rules.possible("system", record), record, self.now):
            view = self._view(held, "system", record)
            view.system_id, view.system_name = facts.system_id, facts.name
            view.exception_until = covered.get(held.rule.id)
            yield view
        if self.filters.subject not in (None, "asset"):
            return
        driving = (one for one in facts.members if one.drives)
        members = alert_plans.worth_judging(driving, facts.told, self.rules, is_known=None)
        yield from self._assets(members, facts.told, facts.name)

    def _assets(
        self, members: Iterable[rule_facts.Member], told: Mapping[str, Mapping[str, Any]], name: str
    ) -> Iterator[GapView]:
        for one in members:
            record = derived.asset_record(one, told.get(one.asset_id, {}))
            for held in of_record(self.rules.possible("asset", record), record, self.now):
                view = self._view(held, "asset", record)
                view.system_id, view.system_name = one.system_id, name or None
                view.asset_id, view.asset_name = one.asset_id, one.name
                yield view

    def _view(self, held: Held, subject: str, record: Record) -> GapView:
        rule = held.rule
        key = (rule.id, held.since, held.gap_class, record.get("risk.eu_class"))
        like = self.known.get(key)
        if like is None:
            like = self.known[key] = {
                "rule": rule.id,
                "title": rule.title,
                "severity": held.severity,
                "status": held.status,
                "gap_class": held.gap_class,
                "subject": subject,
                "applies_from": held.since.isoformat() if held.since else None,
                "refs": {name: list(ids) for name, ids in rule.refs.items()},
                "wording": wording(held, record, self.now.today),
                "fix": rule.fix,
                "changed": list(rule.changed),
                "is_own": rule.is_own,
                "rule_set": self.rules.hash,
                "law_version": rule.law_version,
            }
        return GapView(**like)


def _fits(one: GapView, wanted: GapFilter) -> bool:
    least = SEVERITIES.index(wanted.severity) if wanted.severity else 0
    return (
        SEVERITIES.index(one.severity) >= least
        and wanted.rule in (None, one.rule)
        and wanted.status in (None, one.status)
        and wanted.subject in (None, one.subject)
        and (wanted.framework is None or bool(one.refs.get(wanted.framework)))
    )


def _order(one: GapView) -> tuple[Any, ...]:
    return (
        one.status != "due",
        _GRAVEST_FIRST[one.severity],
        _SUBJECTS[one.subject],
        (one.system_name or "").casefold(),
        one.system_id or "",
        one.rule,
        one.asset_id or "",
    )


def _by_control(found: Sequence[GapView], framework: str) -> Iterator[GapView]:
    rows = [
        replace(one, framework=framework, control=control) for one in found for control in one.refs[framework]
    ]
    # Stable: within a control the order of gaps stays.
    return iter(sorted(rows, key=lambda one: control_order(one.control or "")))


def control_order(control: str) -> list[tuple[int, int, str]]:
    """Return what identifiers of controls sort by: clauses before annexes, A.10.2 after A.9.2."""
    parts = control.replace("(", ".").replace(")", "").replace(" ", ".").replace("-", ".").split(".")
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts]

"""List every gap of systems, assets and the organisation: due ones, and those of law that is still to come.

Gaps are evaluated when they are asked for, from what the store knows (or knew) and by the rules in force (or
configured); alerts are the part of them that somebody has to answer (decision "A gap is not an alert"). The
wording says what a gap is against, and what it may breach from when: it is no verdict.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

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
_GRAVEST_FIRST = {name: place for place, name in enumerate(reversed(SEVERITIES))}
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
    limit: int | None = None,
) -> list[GapView]:
    """Return gaps, due before upcoming, most severe first, then by system and rule; at most ``limit``.

    ``rules`` and ``timezone`` are those in force in the store unless given. With ``as_of`` the facts and the
    rules of that moment decide. Systems that are only tests, docs, examples or vendored code are left out
    unless ``filters.system`` names one. With ``limit`` only systems that may have one of the first gaps are
    judged. Raises ``NotFound`` and ``Ambiguous`` for that name.
    """
    from discovery.service import gap_pages

    wanted = filters or GapFilter()
    with store.read(as_of) as tx:
        rev = None if as_of is None else tx.rev
        found_rules = rule_sets.in_force(tx, rev) if rules is None or rev is not None else rules
        moment = Moment(as_of or now or clock.now(), timezone or kept.timezone(tx.conn))
        reader = Reader(tx, rev, moment, found_rules, wanted)
        with many_objects():
            if limit is not None and wanted.system is None and wanted.framework is None:
                return gap_pages.first(reader, limit)
            found = in_order(reader.every())
    return (found if wanted.framework is None else list(_by_control(found, wanted.framework)))[:limit]


def of_record(rules: Iterable[Asked], record: Record, now: Moment) -> Iterator[Held]:
    """Yield the rules that hold for a record, due or upcoming."""
    for rule, test in rules:
        if test(record, now):
            since = rule.applies_to(record, now) if rule.later else rule.applies_from
            yield _held(rule, since, rule.class_of(record, now) if rule.fails else rule.gap_class, now)


def _held(rule: Rule, since: date | None, gap_class: str, now: Moment) -> Held:
    if since is None or since <= now.today:
        return Held(rule, since, rule.severity, "due", gap_class)
    return Held(rule, since, rule.severity_on(now.today, since), "upcoming", gap_class)


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


Place: TypeAlias = tuple[int, str, str, str, str]
"""Where a gap stands in the order of all: its :func:`rank_of`, its system's name and id, rule, asset."""
Placed: TypeAlias = tuple[Place, GapView]


def rank_of(status: str, severity: str, subject: str) -> int:
    """Return what gaps are put in order by before all else: the lower, the earlier."""
    later = (status != "due") * len(SEVERITIES)
    return (later + _GRAVEST_FIRST[severity]) * len(_SUBJECTS) + _SUBJECTS[subject]


def in_order(found: list[Placed]) -> list[GapView]:
    """Return gaps in their order."""
    found.sort(key=itemgetter(0))
    return [one for _, one in found]


@dataclass(slots=True)
class Reader:
    """What reading gaps at one moment needs."""

    tx: ReadTx
    rev: int | None
    now: Moment
    rules: RuleSet
    filters: GapFilter
    organisation: Mapping[str, Any] = field(init=False)
    roles: Sequence[str] = field(init=False)
    # Views of one rule differ in little: what they share is made once.
    _known: dict[tuple[Any, ...], tuple[int, dict[str, Any]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Read what all judgements need."""
        facts = organisation_facts.read(self.tx, self.now.at, counted=True, rev=self.rev)
        self.organisation = derived.organisation_record(facts)
        self.roles = alerts.alerting_roles(self.tx.conn)

    def every(self) -> list[Placed]:
        """Return all gaps that were asked for, in no order."""
        if self.filters.system is not None:
            only = [refs.system_id(self.tx, self.filters.system, self.tx.rev)]
            return self.of_systems(self.facts(only), even_silent=True)
        return [*self.of_systems(self.facts(None)), *self.of_lone_assets(), *self.of_organisation()]

    def facts(self, system_ids: Collection[str] | None) -> list[SystemFacts]:
        """Return what is known of systems."""
        return evidence_facts.of_systems(self.tx, system_ids, self.rules, self.rev)

    def of_systems(self, systems: Iterable[SystemFacts], *, even_silent: bool = False) -> list[Placed]:
        """Return the gaps of systems and of their assets."""
        found: list[Placed] = []
        by_kind: dict[str, bool] = {}
        for facts in systems:
            if not even_silent and alert_plans.silence(facts, self.roles):
                continue
            if self.filters.subject in (None, "system"):
                record = derived.system_record(facts, self.now, self.organisation)
                found += self._of("system", record, facts.system_id, facts.name)
            if self.filters.subject in (None, "asset"):
                driving = (one for one in facts.members if one.drives)
                members = alert_plans.worth_judging(driving, facts.told, self.rules, by_kind, is_known=None)
                found += self._of_assets(members, facts.told, facts.name)
        return found

    def of_lone_assets(self) -> list[Placed]:
        """Return the gaps of assets that are in no system."""
        if self.filters.subject not in (None, "asset"):
            return []
        lone = rule_facts.unattached(self.tx.conn, self.rev)
        ids = [one.asset_id for one in lone]
        told = rule_facts.attributes_of(self.tx.conn, ids, evidence_facts.asked(), self.rev)
        return self._of_assets(lone, told, "")

    def of_organisation(self) -> list[Placed]:
        """Return the gaps of the organisation."""
        is_asked = self.filters.subject in (None, "organisation")
        return self._of("organisation", self.organisation, None, None) if is_asked else []

    def _of_assets(
        self, members: Iterable[rule_facts.Member], told: Mapping[str, Mapping[str, Any]], name: str
    ) -> list[Placed]:
        found: list[Placed] = []
        for one in members:
            record = derived.asset_record(one, told.get(one.asset_id, {}))
            found += self._of("asset", record, one.system_id, name or None, one)
        return found

    def _of(
        self,
        subject: str,
        record: Record,
        system_id: str | None,
        system_name: str | None,
        member: rule_facts.Member | None = None,
    ) -> list[Placed]:
        """Return the gaps of one thing."""
        found: list[Placed] = []
        covered = alert_plans.excepted(record) if subject == "system" else {}
        eu_class, name, now = record.get("risk.eu_class"), (system_name or "").casefold(), self.now
        asset_id, asset_name = (member.asset_id, member.name) if member else (None, None)
        for rule, test in self.rules.possible(subject, record):
            if not test(record, now):
                continue
            since = rule.applies_to(record, now) if rule.later else rule.applies_from
            gap_class = rule.class_of(record, now) if rule.fails else rule.gap_class
            key = (rule.id, since, gap_class, eu_class)
            known = self._known.get(key)
            if known is None:
                known = self._known[key] = self._shared(_held(rule, since, gap_class, now), subject, record)
            rank, like = known
            if rank < 0:
                continue
            view = GapView(
                system_id=system_id,
                system_name=system_name,
                asset_id=asset_id,
                asset_name=asset_name,
                exception_until=covered.get(rule.id),
                **like,
            )
            found.append(((rank, name, system_id or "", rule.id, asset_id or ""), view))
        return found

    def _shared(self, held: Held, subject: str, record: Record) -> tuple[int, dict[str, Any]]:
        """Return the rank of a gap and what its view shares with others; -1: nobody asked for it."""
        rule = held.rule
        if not _fits(held, self.filters):
            return -1, {}
        return rank_of(held.status, held.severity, subject), {
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


def _fits(one: Held, wanted: GapFilter) -> bool:
    least = SEVERITIES.index(wanted.severity) if wanted.severity else 0
    return (
        SEVERITIES.index(one.severity) >= least
        and wanted.rule in (None, one.rule.id)
        and wanted.status in (None, one.status)
        and (wanted.framework is None or bool(one.rule.refs.get(wanted.framework)))
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

"""Put rows of the store together into the public shapes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from connectors import clock
from connectors.model import Json, OwnerHint
from discovery.service import oversight_rules, record_sense
from discovery.service.views import (
    AlertEventView,
    AlertView,
    AssetView,
    CandidateView,
    CoverageView,
    EvidenceView,
    OversightView,
    PrefilledView,
    RunPartView,
    RunView,
    SystemView,
)
from normalizer import answers, grouping
from normalizer.owners import OwnerCandidate, combine, hints_from_tags

if TYPE_CHECKING:
    from store.alerts import AlertRow
    from store.oversight import Record
    from store.owners import Owner
    from store.queries_alerts import EventRow
    from store.queries_assets import AssetRow, SightingRow
    from store.queries_runs import CoverageRow, RunPartRow, RunRow
    from store.queries_systems import Members, SystemRow

AnyAlert = TypeVar("AnyAlert", bound=AlertView)
AnyRun = TypeVar("AnyRun", bound=RunView)
_LIVING = ("candidate", "registered", "governed")
_ACCOUNTABLE = "accountable"


def asset(row: AssetRow, shown: Sequence[SightingRow]) -> AssetView:
    """Return an asset with all that its sightings say; the best sighting wins where they differ."""
    attributes: dict[str, Json] = {}
    tags: dict[str, str] = {}
    for one in reversed(shown):
        attributes.update(one.content["attributes"])
        tags.update(one.content["tags"])
    return AssetView(
        asset_id=row.asset_id,
        kind=row.kind,
        provider=row.provider,
        name=row.name,
        natural_id=row.natural_id,
        state=row.state,
        grade=row.grade,
        role=row.role,
        ref=row.ref or None,
        account=row.account,
        region=row.region,
        model=row.model,
        system_id=row.system_id,
        first_seen=row.first_seen_at,
        last_seen=max((one.last_seen for one in shown if one.last_seen), default=None),
        scopes=sorted({one.scope_key for one in shown}),
        evidence=_evidence(shown),
        owner_candidates=[_candidate(one) for one in combine(_hints(row.asset_id, shown, tags))],
        attributes=dict(sorted(attributes.items())),
        tags=dict(sorted(tags.items())),
        namespace=row.natural_namespace,
        application=row.application,
    )


def system(
    row: SystemRow,
    *,
    members: Members,
    owners: Sequence[Owner],
    oversight: OversightView,
    aliases: list[str],
    open_alerts: int,
    roles_that_alert: Collection[str],
    key: str | None = None,
) -> SystemView:
    """Return a system with its people and members."""
    accepted = [one for one in owners if one.is_accepted and one.role == _ACCOUNTABLE and one.party.active]
    return SystemView(
        system_id=row.system_id,
        name=row.name,
        state=row.state,
        kind=row.kind,
        owner=accepted[0].party.label if accepted else None,
        owner_candidates=[
            CandidateView(party=one.party.label, confidence=one.confidence, reasons=one.reasons)
            for one in owners
            if one.is_candidate
        ],
        oversight=oversight,
        assets=members.asset_ids,
        first_seen=row.first_seen_at,
        last_seen=members.last_seen,
        open_alerts=open_alerts,
        alerting=_is_alerting(row.state, members, roles_that_alert),
        aliases=aliases,
        why=grouping.explain(row.group_key).why,
        providers=sorted(members.providers),
        key=key,
    )


def _is_alerting(state: str, members: Members, roles_that_alert: Collection[str]) -> bool:
    """Say whether the gaps of a system alert: one on record that no scanner can see does too."""
    if state not in _LIVING:
        return False
    is_unseen = not any(members.roles.values()) and state != "candidate"
    return is_unseen or any(members.roles[role] for role in roles_that_alert)


def oversight(record: Record | None, now: str, people: Mapping[str, str]) -> OversightView:
    """Return a record as it stands at a moment (UTC text)."""
    if record is None:
        return OversightView(missing=oversight_rules.missing(None))
    categories = record.value("data.categories")
    return OversightView(
        state=_record_state(record, now),
        complete=record.stands(now),
        purpose=_text(record, "purpose.statement"),
        data_categories=[str(one) for one in categories] if isinstance(categories, list) else [],
        mode=_text(record, "oversight.mode"),
        description=_text(record, "oversight.description"),
        next_review=_text(record, "reviews.next_due_at"),
        confirmed_by=people.get(record.confirmed_by or "", record.confirmed_by),
        confirmed_at=record.confirmed_at,
        missing=oversight_rules.missing(record),
        version=record.version,
        stage=_text(record, "lifecycle.stage"),
        eu_class=_text(record, "risk.eu_class", now),
        tier=_text(record, "risk.tier", now),
        conflicts=list(record.conflicts),
    )


def prefilled(members: Sequence[AssetView], candidates: Sequence[CandidateView]) -> list[PrefilledView]:
    """Return proposed answers to the four questions from the members of a system."""
    people = [
        answers.Candidate(
            party=one.party, confidence=one.confidence, reason=one.reasons[0] if one.reasons else ""
        )
        for one in candidates
    ]
    return [
        PrefilledView(question=one.question, value=one.value, why=one.why, locator=one.locator)
        for one in answers.prefill([_Member(view) for view in members], people)
    ]


class _Member:
    """An asset as the proposals see it."""

    __slots__ = ("attributes", "kind", "locator", "model", "name", "role")

    def __init__(self, view: AssetView) -> None:
        self.kind, self.name, self.role, self.model = view.kind, view.name, view.role, view.model
        self.attributes: Mapping[str, Json] = view.attributes
        self.locator = view.evidence[0].locator if view.evidence else ""


def alert(
    row: AlertRow, system_name: str | None, shape: type[AnyAlert], fixes: Mapping[str, str]
) -> AnyAlert:
    """Return an alert in one of its shapes; ``fixes`` say by rule what to do."""
    return shape(
        alert_id=row.alert_id,
        rule=row.rule,
        severity=row.severity,
        state=row.state,
        system_id=row.system_id,
        title=row.title,
        opened_at=row.opened_at,
        due_at=row.due_at,
        reopen_count=row.reopen_count,
        resolved_at=row.resolved_at,
        assignee=row.assignee,
        until=row.until,
        system_name=system_name,
        fix=fixes.get(row.rule, ""),
        asset_id=row.asset_id,
    )


def event(row: EventRow) -> AlertEventView:
    """Return one event of an alert."""
    return AlertEventView(
        at=row.at,
        actor=row.actor,
        event=row.event,
        from_state=row.from_state or None,
        to_state=row.to_state,
        reason=row.reason,
    )


def run(row: RunRow, shape: type[AnyRun]) -> AnyRun:
    """Return a run in one of its shapes."""
    duration = None
    if row.ended_at:
        duration = round((clock.from_text(row.ended_at) - clock.from_text(row.started_at)).total_seconds(), 3)
    same = {name: getattr(row, name) for name in row.__dataclass_fields__ if name != "rev"}
    return shape(**same, duration_s=duration)


def run_part(row: RunPartRow) -> RunPartView:
    """Return what became of a part in a run."""
    same: dict[str, Any] = {
        name: getattr(row, name) for name in row.__dataclass_fields__ if name != "exceptions"
    }
    exceptions = [{"locator": locator, "reason": reason} for locator, reason in row.exceptions]
    return RunPartView(**same, exceptions=exceptions)


def coverage(row: CoverageRow) -> CoverageView:
    """Return what is known of a part."""
    return CoverageView(**{name: getattr(row, name) for name in row.__dataclass_fields__})


def _record_state(record: Record, now: str) -> str:
    if record.withdrawn_at:
        return "withdrawn"
    if record.stands(now):
        return "complete"
    return "incomplete" if oversight_rules.missing(record) else "lapsed"


def _text(record: Record, name: str, now: str = "") -> str | None:
    value = record.value(name)
    if now and record.value("risk.upcoming_from"):
        said = {one: record.value(one) for one in ("risk.upcoming_from", "risk.upcoming_class")}
        value = record_sense.come_true(said, now[:10]).get(name, value)
    return value if isinstance(value, str) else None


def _evidence(shown: Sequence[SightingRow]) -> list[EvidenceView]:
    found = {
        (one["locator"], one["source"], one["observed_at"], one["detail"])
        for sighting in shown
        for one in sighting.content["evidence"]
    }
    return [
        EvidenceView(source=source, locator=locator, observed_at=observed_at, detail=detail)
        for locator, source, observed_at, detail in sorted(found)
    ]


def _hints(
    asset_id: str, shown: Sequence[SightingRow], tags: Mapping[str, str]
) -> Iterator[tuple[str, OwnerHint]]:
    for sighting in shown:
        for one in sighting.content["owner_hints"]:
            yield asset_id, OwnerHint(**one)
    for hint in hints_from_tags(tags):
        yield asset_id, hint


def _candidate(one: OwnerCandidate) -> CandidateView:
    return CandidateView(party=one.party, confidence=one.confidence, reasons=list(one.reasons))

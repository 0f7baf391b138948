"""Say which systems are to be attested again, and why: the day has come, or something happened since.

The cadence is by tier (:data:`discovery.service.attestation.CADENCE_DAYS`); beside it another owner, a
material change, an incident, another text of the law and other suppliers call for the owner's word again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from connectors import clock
from discovery.service import derived, evidence_facts
from discovery.service.rule_trees import Moment
from discovery.service.rules import LAW_VERSION
from store import alerts, campaigns, owners, systems

if TYPE_CHECKING:
    from discovery.service.views import SystemView
    from store import Store
    from store.alerts import SystemFacts
    from store.database import ReadTx

SOON_DAYS = 14
"""So many days ahead an attestation counts as due: as long as a campaign gives."""


@dataclass(slots=True, kw_only=True)
class DueView:
    """One system that is to be attested: when its owner last confirmed it, by when again, and why now."""

    system_id: str
    system_name: str
    owner: str | None
    confirmed_at: str | None
    due_on: str | None
    reasons: list[str]


def of_systems(
    store: Store, shown: Sequence[SystemView], *, timezone: str = "UTC", now: datetime | None = None
) -> list[DueView]:
    """Return those of some systems that are to be attested, in their order; none that is asked already."""
    moment = Moment(now or clock.now(), timezone)
    with store.read() as tx:
        found = alerts.facts(tx.conn, [one.system_id for one in shown], asked=evidence_facts.asked())
        confirmed, asked = _answers(tx, moment.today_text)
    facts = {one.system_id: one for one in found}
    views = []
    for one in shown:
        if one.system_id in asked or one.system_id not in facts:
            continue
        record = derived.system_record(facts[one.system_id], moment, {})
        last = confirmed.get(one.system_id)
        reasons = [*_reasons(facts[one.system_id], record, last, moment)]
        if reasons:
            views.append(
                DueView(
                    system_id=one.system_id,
                    system_name=one.name,
                    owner=one.owner,
                    confirmed_at=last,
                    due_on=record.get("reviews.attestation_due_at"),
                    reasons=reasons,
                )
            )
    return views


def _answers(tx: ReadTx, today: str) -> tuple[dict[str, str], set[str]]:
    """Return when each system was last confirmed, and which are asked about in a campaign that runs."""
    items = campaigns.items(tx.conn)
    homes = systems.resolve(tx.conn, [one.system_id for one in items])
    confirmed: dict[str, str] = {}
    for one in items:
        if one.decision == "confirm" and one.answered_at:
            home = homes[one.system_id]
            confirmed[home] = max(one.answered_at, confirmed.get(home, ""))
    asked = {homes[one.system_id] for one in items if one.answered_at is None and one.due_on >= today}
    return confirmed, asked


def _reasons(facts: SystemFacts, record: Mapping[str, Any], last: str | None, now: Moment) -> Iterator[str]:
    if last is None:
        yield "its owner never confirmed it"
        return
    due = record.get("reviews.attestation_due_at")
    if due and due <= (now.today + timedelta(days=SOON_DAYS)).isoformat():
        yield f"due on {due}"
    accepted = [one for one in facts.owners if one.is_accepted and one.role == owners.ACCOUNTABLE]
    if any((one.accepted_at or "") > last for one in accepted):
        yield "another owner since"
    if record["flags.changed_since_review"]:
        yield "it has changed since its last review"
    if any(str(one.get("at") or "") > last[:10] for one in record.get("incidents") or ()):
        yield "an incident since"
    if record.get("risk.law_version") not in (None, LAW_VERSION):
        yield "the law has another text since it was classified"
    if str(_entry(facts, "third_parties").get("at") or "") > last:
        yield "other suppliers since"


def _entry(facts: SystemFacts, name: str) -> Mapping[str, Any]:
    """Return a field of the record with who said it when; empty where there is none."""
    return facts.record.fields.get(name, {}) if facts.record else {}

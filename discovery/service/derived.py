"""Make the flat records that rules look at, out of what the store knows.

Every field is honest: what nobody said and no evidence shows is ``None``, never a clean ``False``. A list of
tables holds the items as recorded, with what follows from their days (``current``, ``expired``,
``trained_current``) beside it. Fields: :mod:`discovery.service.rule_fields`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from discovery.service import evidence_facts, record_sense
from discovery.service.rule_fields import ANSWERED
from normalizer.owners import normal_party

if TYPE_CHECKING:
    from discovery.service.rule_trees import Moment
    from store.alerts import SystemFacts
    from store.organisation import OrganisationFacts
    from store.rule_facts import Member

Item = Mapping[str, Any]
_LIVE = ("pilot", "production")
_HIGH_RISK = ("high_annex_iii", "high_annex_i")
_HIGH_TIERS = ("critical", "high")
_FRIA_POINTS = ("5(b)", "5(c)")
_DONE = ("done", "approved")
_UNSAID = (None, "unclassified")
EVIDENCED = frozenset(
    {
        *("owners", "counts.components", "counts.active_assets", "capabilities", "flags.scope_drift"),
        *("flags.changed_since_review", "flags.trains_models", "flags.uses_gpai", "flags.region_mismatch"),
        *("flags.self_approved", "provenance.last_seen_at"),
        "provenance.discovered_before_registration",
    }
)
"""Fields of a system's record on which its assets and owners bear."""


def system_record(facts: SystemFacts, now: Moment, organisation: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record of a system; ``organisation`` is :func:`organisation_record`."""
    record = facts.record
    values = {name: entry.get("value") for name, entry in record.fields.items()} if record else {}
    driving = [one for one in facts.members if one.drives]
    purpose = values.get("purpose.statement")
    found: dict[str, Any] = values | {
        "record_state": facts.state,
        "kind": facts.kind,
        "owners": _owners(facts),
        "provenance.first_seen_at": facts.first_seen_at,
        "provenance.last_seen_at": facts.last_seen_at,
        "provenance.discovered_before_registration": seen_first(
            [one.first_seen_at for one in facts.members],
            facts.registered_at,
            values.get("provenance.registered_at"),
        ),
        "reviews.next_due_at": record.next_review_at if record else None,
        "reviews.last_at": record.confirmed_at if record else None,
        "flags.record_complete": record is not None and record.stands(now.text),
        "flags.record_withdrawn": record is not None and record.withdrawn_at is not None,
        "flags.recorded": bool(values),
        "flags.registered": facts.state in ("registered", "governed"),
        "counts.components": len(driving),
        "counts.active_assets": len(driving),
        "counts.purpose_chars": len(purpose) if isinstance(purpose, str) else 0,
        "counts.conflicts": len(record.conflicts) if record else 0,
    }
    if record:
        _add_lists(found, now)
        found |= record_sense.come_true(values, now.today_text)
        _add_class(found, organisation)
    else:
        found |= _unclassified(organisation.get("public_authority"))
    _add_evidence(found, facts, driving)
    return found


def seen_first(seen_at: Collection[str], registered_at: str | None, said: Any = None) -> bool | None:
    """Say whether assets were seen before their system was registered; ``None`` while it is not.

    ``said`` is the day that a person gave, which counts before what the store knows. Of the same day it is
    not said which came first, and what nobody can order was not found unregistered.
    """
    entered = said if isinstance(said, str) and said else registered_at
    if not entered:
        return None
    # A day is compared with days: a moment of that day is not before it.
    return any(one[: len(entered)] < entered for one in seen_at)


def record_of_values(values: Mapping[str, Any], now: Moment) -> dict[str, Any]:
    """Return the record of a system that is only described: what follows from its values is added.

    What is described itself (a flag, a count) stands as it is.
    """
    found = dict(values)
    _add_lists(found, now)
    _add_class(found, {})
    purpose = values.get("purpose.statement")
    found["flags.recorded"] = True
    found["flags.registered"] = values.get("record_state") in ("registered", "governed")
    found["counts.purpose_chars"] = len(purpose) if isinstance(purpose, str) else 0
    return found | {name: value for name, value in values.items() if not isinstance(value, list)}


def asset_record(one: Member, attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record of an asset that is not gone."""
    reach = evidence_facts.exposure(one.kind, attributes)
    return {
        "state": "active",
        "kind": one.kind,
        "provider": one.provider,
        "name": one.name,
        "role": one.role,
        "grade": one.grade,
        "account": one.account,
        "region": one.region,
        "model": one.model,
        "system_id": one.system_id,
        "first_seen_at": one.first_seen_at,
        "exposure.public": reach.public,
        "exposure.auth": reach.auth,
        "exposure.leaked": reach.leaked,
    }


def organisation_record(facts: OrganisationFacts) -> dict[str, Any]:
    """Return the record of the organisation."""
    return {
        **{key: one.value for key, one in facts.facts.items()},
        "counts.facts": len(facts.facts),
        "counts.stale_scopes": facts.stale_scopes,
        "counts.undecided_controls": facts.undecided_controls,
    }


def _owners(facts: SystemFacts) -> list[dict[str, Any]]:
    return [
        {
            "role": one.role,
            "source": one.source,
            "accepted": one.is_accepted,
            "active": one.party.active,
            "confidence": one.confidence,
        }
        for one in facts.owners
        if one.ended_at is None
    ]


def _add_lists(found: dict[str, Any], now: Moment) -> None:
    """Add to the items of lists what follows from their days."""
    today = now.today_text
    for name, add in _LISTS.items():
        items = found.get(name)
        if isinstance(items, list):
            found[name] = [{**one, **add(one, today)} for one in items if isinstance(one, dict)]


def _is_over(one: Item, name: str, today: str) -> bool:
    """Say whether a day of an item has passed; without one it stands for ever."""
    day = one.get(name)
    return isinstance(day, str) and bool(day) and day[:10] < today


def _assessment(one: Item, today: str) -> Item:
    is_done = one.get("status") in _DONE
    return {"current": is_done and not _is_over(one, "valid_to", today)}


def _approval(one: Item, today: str) -> Item:
    return {"current": not _is_over(one, "valid_to", today)}


def _control(one: Item, _: str) -> Item:
    return {"evidence_count": len(one.get("evidence") or ())}


def _third_party(one: Item, today: str) -> Item:
    is_examined = bool(one.get("diligence_at"))
    return {"diligence_current": is_examined and not _is_over(one, "diligence_valid_to", today)}


def _piece(one: Item, today: str) -> Item:
    return {"expired": _is_over(one, "valid_to", today)}


def _exception(one: Item, today: str) -> Item:
    state = one.get("state")
    if state in ("requested", "refused", "closed"):
        return {"valid": None}
    is_whole = all(one.get(name) for name in ("approved_by", "reason", "expires_at"))
    return {"state": "expired" if _is_over(one, "expires_at", today) else state, "valid": is_whole}


def _assignee(one: Item, today: str) -> Item:
    return {"trained_current": bool(one.get("trained_at")) and not _is_over(one, "valid_to", today)}


_LISTS: Mapping[str, Callable[[Item, str], Item]] = {
    "assessments": _assessment,
    "approvals": _approval,
    "controls": _control,
    "third_parties": _third_party,
    "evidence": _piece,
    "exceptions": _exception,
    "oversight.assignees": _assignee,
}


@lru_cache(maxsize=8)
def _unclassified(public_authority: str | None) -> Mapping[str, Any]:
    """Return what :func:`_add_class` adds where there is no record: most systems have none."""
    found: dict[str, Any] = {}
    _add_class(found, {"public_authority": public_authority})
    return found


def _add_class(found: dict[str, Any], organisation: Mapping[str, Any]) -> None:
    """Add what follows from stage, class and tier."""
    stage, eu_class, tier = found.get("lifecycle.stage"), found.get("risk.eu_class"), found.get("risk.tier")
    found["flags.live"] = None if stage is None else stage in _LIVE
    is_high = None if eu_class in _UNSAID else eu_class in _HIGH_RISK
    found["flags.high_risk"] = is_high
    if is_high or tier in _HIGH_TIERS:
        found["flags.high_impact"] = True
    else:
        found["flags.high_impact"] = None if is_high is None or tier is None else False
    is_public = {"yes": True, "no": False}.get(organisation.get("public_authority") or "")
    found["flags.public_authority"] = is_public
    found["flags.fria_scope"] = _fria(is_public, found.get("risk.annex_iii_points"))
    for name in ANSWERED:
        found[f"flags.{name}"] = found.get(f"risk.{name}")


def _fria(is_public: bool | None, points: Any) -> bool | None:
    """Say whether the deployer is one that assesses fundamental rights: a public body, or by the point."""
    if is_public or (points and any(one in _FRIA_POINTS for one in points)):
        return True
    return None if is_public is None or not points else False


def _add_evidence(found: dict[str, Any], facts: SystemFacts, driving: Sequence[Member]) -> None:
    """Add what evidence says beside the record."""
    kinds = {one.kind for one in driving}
    gives = not kinds.isdisjoint(evidence_facts.GIVING)
    seen = evidence_facts.capabilities(driving, facts.told) if gives else set()
    found["flags.trains_models"] = _trains(found.get("data.training_use"), kinds)
    found["flags.uses_gpai"] = any(map(evidence_facts.is_general_purpose, driving)) or None
    if facts.record is None:
        found |= _UNCOMPARED
        found["capabilities"] = sorted(seen) or None
        return
    recorded = found.get("capabilities") or ()
    found["flags.scope_drift"] = _drift(found, facts, driving, seen)
    found["capabilities"] = sorted(seen.union(recorded)) or None
    found["flags.changed_since_review"] = _changed(found, facts, driving)
    found["flags.region_mismatch"] = _misplaced(_allowed(found), driving)
    found["flags.self_approved"] = _self_approved(found.get("approvals"), facts)


_UNCOMPARED: Mapping[str, None] = dict.fromkeys(
    ("flags.scope_drift", "flags.changed_since_review", "flags.region_mismatch", "flags.self_approved")
)
"""What takes a record to be compared with."""


def _changed(found: Mapping[str, Any], facts: SystemFacts, driving: Iterable[Member]) -> bool | None:
    """Say whether something that counts came after the last review, or evidence contradicts the answers."""
    since = found["reviews.last_at"]
    if found["counts.conflicts"]:
        return True
    if since is None:
        return None
    kinds = evidence_facts.table().material_kinds
    return any(one.kind in kinds and one.first_seen_at > since for one in driving)


def _drift(
    found: Mapping[str, Any], facts: SystemFacts, driving: Sequence[Member], seen: set[str]
) -> bool | None:
    """Say whether what is seen goes beyond what was approved or recorded; ``None``: nothing to compare."""
    answers: list[bool] = []
    approved = [
        str(one["at"])[:10]
        for one in found.get("approvals") or ()
        if one.get("decision") == "approved" and one.get("at")
    ]
    if approved:
        kinds, last = evidence_facts.table().widening_kinds, max(approved)
        answers.append(any(one.kind in kinds and one.first_seen_at[:10] > last for one in driving))
    recorded = found.get("data.categories")
    if recorded and "unknown" not in recorded:
        hints = {
            str(hint)
            for one in driving
            for hint in facts.told.get(one.asset_id, {}).get(evidence_facts.DATA_HINT) or ()
        }
        answers.append(not hints <= set(recorded))
    if found.get("capabilities"):
        answers.append(not seen <= set(found["capabilities"]))
    return any(answers) if answers else None


def _trains(use: Any, kinds: Collection[str]) -> bool | None:
    if use == "own_tuning" or not evidence_facts.table().training_kinds.isdisjoint(kinds):
        return True
    return None if use in (None, "unknown") else False


def _allowed(found: Mapping[str, Any]) -> list[str] | None:
    """Return the approved regions, and those to which a transfer has its ground on record."""
    approved = found.get("data.regions")
    if not approved:
        return None
    flows = found.get("data.flows") or ()
    return [*approved, *(one["region"] for one in flows if one.get("region") and one.get("mechanism"))]


def _misplaced(approved: Any, driving: Iterable[Member]) -> bool | None:
    """Say whether something runs outside the approved regions; ``eu`` stands for ``eu-west-1`` too."""
    if not approved:
        return None
    allowed = tuple(str(one).strip().lower() for one in approved)
    kinds = evidence_facts.table().placed_kinds
    placed = [one.region.lower() if one.region else None for one in driving if one.kind in kinds]
    if any(
        one and not one.startswith(tuple(f"{a}-" for a in allowed)) and one not in allowed for one in placed
    ):
        return True
    return None if not placed or None in placed else False


def _self_approved(approvals: Any, facts: SystemFacts) -> bool | None:
    """Say whether an approval that stands was given by the one who answers for the system."""
    by = {
        normal_party(str(one["by"]))
        for one in approvals or ()
        if one.get("decision") == "approved" and one.get("current") and one.get("by")
    }
    if not by:
        return None
    names = {
        normal_party(text)
        for one in facts.owners
        if one.is_accepted and one.role == "accountable"
        for text in (one.party.label, one.party.party_id)
    }
    return bool(by & names)

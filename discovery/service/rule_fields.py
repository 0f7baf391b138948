"""Name the fields of the derived records that rules look at, for each subject.

The fields of a system are those of its record that rules know, under their own names, and what is derived
from them and from evidence: ``flags.*``, ``counts.*``, ``provenance.*`` (:mod:`discovery.service.derived`).
The value of a field says which fields its items have, where it is a list of tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Fields = Mapping[str, frozenset[str]]


def _plain(*names: str) -> dict[str, frozenset[str]]:
    return {name: frozenset() for name in names}


def _items(names: str) -> frozenset[str]:
    return frozenset(names.split())


LISTS: Fields = {
    "owners": _items("role source accepted active confidence"),
    "oversight.assignees": _items("person competence_ref trained_at valid_to authority trained_current"),
    "assessments": _items("type status done_at valid_to by independent outcome current"),
    "controls": _items("framework id applicable status test_result tested_at evidence_count"),
    "third_parties": _items(
        "name role product contract_ref dpa_ref responsibilities_ref diligence_at diligence_valid_to"
        " diligence_current"
    ),
    "approvals": _items("gate decision by role at conditions valid_to current"),
    "evidence": _items("id title captured_at valid_to integrity expired"),
    "exceptions": _items(
        "rule reason compensating requested_by approved_by approved_at expires_at state valid"
    ),
    "incidents": _items("at severity closed_at"),
}
"""Fields that are lists of tables, and the fields of their items."""

RECORDED = (
    *("org_unit", "legal_entity", "technique", "markets", "eu_nexus", "role"),
    "ai_determination.result",
    *("purpose.statement", "purpose.problem", "purpose.outputs", "purpose.users", "purpose.affected_groups"),
    *("purpose.decision_role", "purpose.domain", "purpose.prohibited_uses"),
    *("data.categories", "data.personal", "data.subjects", "data.training_use", "data.provenance_ref"),
    "data.regions",
    *("oversight.mode", "oversight.description", "oversight.can_override", "oversight.can_stop"),
    *("oversight.stop_ref", "oversight.stop_tested_at", "oversight.two_person", "oversight.appeal_ref"),
    *("lifecycle.stage", "lifecycle.stage_since", "lifecycle.in_service_at", "lifecycle.planned_end"),
    "lifecycle.retired_at",
    *("risk.eu_class", "risk.annex_iii_points", "risk.derogation_ref", "risk.profiling"),
    *(
        "risk.art5_screened_at",
        "risk.art5_practices",
        "risk.art50_triggers",
        "risk.tier",
        "risk.classified_at",
    ),
    "risk.law_version",
    *("reviews.policy_days", "reviews.last_at", "reviews.outcome", "reviews.next_due_at"),
    "reviews.attestation_due_at",
    *("monitoring.logs_enabled", "monitoring.log_retention_days", "monitoring.plan_ref"),
    "monitoring.incident_ref",
    *("transparency.user_notice", "transparency.marking", "transparency.exposure_notice"),
    *("transparency.person_notice", "transparency.instructions_ref", "transparency.techdoc_ref"),
    *("transparency.gpai_doc_ref", "transparency.eu_db_id"),
)
"""Fields that are read from the record as they stand."""

ANSWERED = ("own_brand", "substantial_modification", "purpose_changed")
"""Flags that only a person can answer; they are read from the record."""

FIELDS: Fields = {
    **_plain("record_state", "kind", "capabilities", *RECORDED),
    **LISTS,
    **_plain("provenance.first_seen_at", "provenance.last_seen_at"),
    **_plain("provenance.discovered_before_registration"),
    **_plain(
        *("flags.recorded", "flags.registered", "flags.live", "flags.high_risk", "flags.high_impact"),
        *("flags.record_complete", "flags.record_withdrawn", "flags.self_approved", "flags.scope_drift"),
        *("flags.changed_since_review", "flags.trains_models", "flags.uses_gpai", "flags.region_mismatch"),
        *("flags.fria_scope", "flags.public_authority"),
        *(f"flags.{name}" for name in ANSWERED),
    ),
    **_plain("counts.components", "counts.active_assets", "counts.purpose_chars", "counts.conflicts"),
}
"""Fields of a system's derived record."""

ASSET_FIELDS: Fields = _plain(
    *("state", "kind", "provider", "name", "role", "grade", "account", "region", "model"),
    *("system_id", "first_seen_at", "exposure.public", "exposure.auth", "exposure.leaked"),
)
"""Fields of an asset's derived record; ``state`` is active until the asset is gone."""

ORGANISATION_FIELDS: Fields = _plain(
    *("policy.ref", "policy.review_due_at", "management_review.last_at", "internal_audit.last_at"),
    *("concerns.route_ref", "literacy.measures_ref", "scope.statement_ref", "public_authority"),
    *("counts.stale_scopes", "counts.undecided_controls", "counts.facts"),
)
"""Fields of the organisation's derived record."""

BY_SUBJECT: Mapping[str, Fields] = {
    "system": FIELDS,
    "asset": ASSET_FIELDS,
    "organisation": ORGANISATION_FIELDS,
}


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known field that is most like ``word``, or that ends with it."""
    import difflib

    names = list(known)
    ending = [name for name in names if name.rpartition(".")[2] == word.rpartition(".")[2]]
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    return near[0] if near else (ending[0] if len(ending) == 1 else None)


def fields_of(subject: str) -> Fields:
    """Return all fields that a rule of the user may look at: every field of the record too."""
    if subject != "system":
        return BY_SUBJECT[subject]
    from discovery.service import record_fields

    recorded = {
        name: frozenset(item.name for item in spec.item)
        for name, spec in record_fields.fields().items()
        if not spec.held
    }
    return {**recorded, **{name: items | recorded.get(name, frozenset()) for name, items in FIELDS.items()}}


def words_of(path: str, item: str = "") -> tuple[str, ...]:
    """Return the only words that a field of the record, or of its items, may hold; empty: any."""
    from discovery.service import record_fields

    spec = record_fields.fields().get(path)
    if spec is None:
        return ()
    if item:
        return next((one.words for one in spec.item if one.name == item), ())
    return spec.words

from __future__ import annotations

import pytest

from connectors.model import Json
from discovery.service import record_fields, record_forms
from discovery.service.errors import DecisionError
from discovery.service.record_forms import FormView, fill
from discovery.service.record_shapes import RecordFieldView, RecordView

HIGH: dict[str, Json] = {
    "name": "CV ranker",
    "id": "sys_1",
    "version": "2",
    "legal_entity": "Acme GmbH",
    "legal_entity_contact": "Weg 1, Berlin",
    "purpose.statement": "Ranks applications.",
    "purpose.logic": "Compares them with the ad.",
    "data.operational.inputs": ["applications", "ads"],
    "lifecycle.stage": "production",
    "markets": ["DE", "FR"],
    "risk.eu_class": "high_annex_iii",
    "transparency.instructions_ref": "wiki/instructions",
    "owners": [
        {"role": "accountable", "party": "dana@acme.example", "accepted": True},
        {"role": "accountable", "party": "joe@acme.example", "accepted": False},
    ],
    "assessments": [
        {"type": "fria", "status": "done", "outcome": "Applicants may complain."},
        {"type": "dpia", "status": "done", "outcome": "Fit.", "ref": "wiki/dpia"},
    ],
}
IMPACT: dict[str, Json] = HIGH | {
    "risk.omb_high_impact": "high_impact",
    "technique": ["generative", "nlp"],
    "data.personal": "yes",
    "oversight.can_stop": True,
    "oversight.appeal_ref": "wiki/appeal",
    "oversight.assignees": [{"person": "Ana", "trained_at": "2026-01-01"}],
    "assessments": [
        {"type": "pre_deployment_test", "status": "in_progress"},
        {"type": "impact", "status": "approved", "outcome": "Small.", "independent": True},
    ],
    "exceptions": [
        {"rule": "hi_ongoing_monitoring", "state": "active"},
        {"rule": "hi_public_consultation", "state": "expired"},
    ],
}


def record(values: dict[str, Json], source: str = "human") -> RecordView:
    shown = [
        RecordFieldView(
            field=name,
            label="",
            section="",
            question=0,
            value=value,
            source="system" if (spec := record_fields.known(name)) and spec.held else source,
            answered=True,
            by=None,
            at=None,
            confidence=None,
            why="",
            locator="",
            needed="",
        )
        for name, value in values.items()
    ]
    return RecordView(
        system_id="sys_1",
        name="CV ranker",
        version=1,
        state="incomplete",
        complete=False,
        next_review=None,
        fields=shown,
    )


def cells(form: FormView) -> dict[str, str | None]:
    return {one.column: "[missing]" if one.missing else one.value for one in form.columns}


def test_section_a_has_its_thirteen_items_from_the_record() -> None:
    found = fill("annex-viii-a", record(HIGH))

    assert cells(found) == {
        "A1": "Acme GmbH; Weg 1, Berlin",
        "A2": None,
        "A3": None,
        "A4": "CV ranker; 2; sys_1",
        "A5": "Ranks applications.",
        "A6": "applications; ads; Compares them with the ad.",
        "A7": "on the market or in service",
        "A8": "[missing]",
        "A9": None,
        "A10": "DE; FR",
        "A11": "[missing]",
        "A12": "wiki/instructions",
        "A13": None,
    }
    assert found.fits
    assert found.missing == ["A8", "A11"]
    assert found.law_version == "02024R1689-20260727"


def test_a_provider_without_an_address_is_missing_in_section_a() -> None:
    values = {name: value for name, value in HIGH.items() if name != "legal_entity_contact"}

    assert cells(fill("annex-viii-a", record(values)))["A1"] == "[missing]"


def test_section_b_names_the_condition_and_its_grounds() -> None:
    values = HIGH | {"risk.eu_class": "high_derogated", "risk.derogation_condition": "b"}

    found = fill("annex-viii-b", record(values))

    assert (len(found.columns), found.fits) == (9, True)
    assert cells(found)["B6"] == "6(3)(b)"
    assert cells(found)["B7"] == "[missing]"


def test_section_c_is_of_the_deployer() -> None:
    found = cells(fill("annex-viii-c", record(HIGH)))

    assert list(found) == ["C1", "C2", "C3", "C4", "C5"]
    assert (found["C2"], found["C3"]) == ("dana@acme.example", "[missing]")
    assert (found["C4"], found["C5"]) == ("Applicants may complain.", "Fit.")


def test_the_omb_form_has_its_36_columns_and_words() -> None:
    found = cells(fill("omb", record(IMPACT)))

    assert len(found) == 36
    assert found["development_stage"] == "Deployed"
    assert found["is_high_impact"] == "High-impact"
    assert found["HI_justification"] is None
    assert found["classification"] == "Generative AI"
    assert found["contact_email"] == "dana@acme.example"
    assert found["has_pii"] == "Yes"
    assert found["is_withheld"] == "[missing]"
    assert found["hi_testing_conducted"] == "In-progress"
    assert found["hi_assessment_completed"] == "Yes"
    assert found["hi_potential_impacts"] == "Small."
    assert found["hi_independent_review"] == "Internal Independent Review"
    assert found["hi_training_established"] == "Training Established"
    assert found["hi_failsafe_presence"] == "Yes"
    assert found["hi_appeal_process"] == "Appeal Process Established"


def test_only_an_exception_that_runs_counts_as_a_waiver() -> None:
    found = cells(fill("omb", record(IMPACT)))

    assert found["hi_ongoing_monitoring"] == record_forms.WAIVED
    assert found["hi_public_consultation"] == "[missing]"


def test_what_is_not_asked_of_a_system_is_empty_and_not_missing() -> None:
    found = cells(fill("omb", record(HIGH | {"risk.omb_high_impact": "not_high_impact"})))

    assert {found[name] for name in found if name.startswith("hi_")} == {None}


def test_what_nobody_knows_is_missing_rather_than_not_asked() -> None:
    found = cells(fill("omb", record({"name": "helper"})))

    assert found["benefits"] == "[missing]"


@pytest.mark.parametrize("source", ["connector", "default", ""])
def test_what_nobody_said_gets_into_no_form(source: str) -> None:
    found = cells(fill("atrs", record({"purpose.statement": "Answers mail."}, source)))

    assert found["description"] == "[missing]"


def test_the_uk_form_takes_a_sponsor_for_the_senior_owner() -> None:
    owners: list[Json] = [
        {"role": "accountable", "party": "dana@acme.example", "accepted": True},
        {"role": "sponsor", "party": "ceo@acme.example", "accepted": True},
    ]

    found = cells(fill("atrs", record({"owners": owners})))

    assert found["senior_responsible_owner"] == "ceo@acme.example"


def test_an_unknown_form_is_told_with_the_nearest() -> None:
    with pytest.raises(DecisionError, match="Did you mean 'annex-viii-"):
        fill("annex-viii-x", record({}))

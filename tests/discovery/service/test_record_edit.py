from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connectors.model import Json
from discovery.service import record_edit
from discovery.service.record_edit import Stamp, edited, with_evidence
from discovery.service.record_fields import fields
from discovery.service.record_sense import Seen, contradictions, needed
from store.oversight import Record

AT = "2026-11-22T12:00:00.000000Z"
LATER = "2026-11-23T12:00:00.000000Z"
ANSWERED: dict[str, Json] = {
    "purpose.statement": "Answers questions of customers about their orders.",
    "data.categories": ["internal"],
    "oversight.mode": "in_the_loop",
    "oversight.description": "A person approves every answer.",
    "reviews.next_due_at": "2027-05-01",
}
PERSONAL = Seen(
    field="data.categories", value=["personal"], why="users has fields named email", locator="a.py:1"
)


def human(**changes: Any) -> Stamp:
    return Stamp(**({"source": "human", "by": "pty_ana", "at": AT} | changes))


def register(**changes: Any) -> Stamp:
    return human(
        **({"source": "import", "by": "pty_bo", "why": "imported from r.csv", "confidence": 0.9} | changes)
    )


def record(
    values: dict[str, Json], stamp: Stamp | None = None, before: Record | None = None, *seen: Seen
) -> Record:
    return edited(before, "sys_1", values, stamp or human(), seen).record


def test_every_value_says_who_said_it_how_when_and_how_surely() -> None:
    found = record({"data.personal": "yes"})

    assert found.fields["data.personal"] == {
        "value": "yes",
        "source": "human",
        "by": "pty_ana",
        "at": AT,
        "confidence": 1.0,
    }
    assert (found.version, found.complete, found.confirmed_by) == (1, False, None)


def test_five_answers_of_a_person_and_a_review_ahead_are_complete() -> None:
    found = record(ANSWERED)

    assert found.complete
    assert found.next_review_at == "2027-05-02T00:00:00.000000Z"
    assert (found.confirmed_by, found.confirmed_at) == ("pty_ana", AT)


def test_the_review_day_ends_where_the_organisation_is() -> None:
    found = record(ANSWERED, human(timezone="America/New_York"))

    assert found.next_review_at == "2027-05-02T04:00:00.000000Z"


def test_an_import_that_nobody_vouches_for_completes_nothing() -> None:
    found = record(ANSWERED, register())

    assert not found.complete
    assert found.confirmed_by is None
    assert record_edit.unanswered(found) == list(ANSWERED)
    assert found.value("oversight.mode") == "in_the_loop"


def test_an_import_that_somebody_vouches_for_counts_as_answered() -> None:
    found = record(ANSWERED, register(confirmed=True))

    assert found.complete
    assert found.confirmed_by == "pty_bo"


@pytest.mark.parametrize("value", ["no", False, "none"])
def test_an_import_never_overwrites_a_person(value: Json) -> None:
    before = record({"data.personal": value})

    found = edited(before, "sys_1", {"data.personal": "yes"}, register())

    assert found.record.value("data.personal") == value
    assert found.kept == ("data.personal",)


def test_a_person_overwrites_an_import() -> None:
    before = record({"data.personal": "no"}, register())

    found = record({"data.personal": "yes"}, human(at=LATER), before)

    assert found.fields["data.personal"]["source"] == "human"
    assert found.version == 2


def test_a_cleared_field_is_empty_and_the_record_no_longer_complete() -> None:
    before = record(ANSWERED)

    found = record({"oversight.mode": None}, human(at=LATER), before)

    assert "oversight.mode" not in found.fields
    assert not found.complete


def test_what_says_nothing_about_the_questions_confirms_nothing() -> None:
    before = record(ANSWERED)

    found = record({"monitoring.plan_ref": "wiki/plan"}, human(by="pty_bo", at=LATER), before)

    assert (found.confirmed_by, found.complete) == ("pty_ana", True)


def test_a_withdrawn_record_stays_so_until_a_question_is_answered() -> None:
    withdrawn = replace(record(ANSWERED), withdrawn_at=AT, complete=False)

    about_else = record({"data.personal": "no"}, human(at=LATER), withdrawn)
    answered = record({"oversight.mode": "in_command"}, human(at=LATER), withdrawn)

    assert (about_else.withdrawn_at, about_else.complete) == (AT, False)
    assert (answered.withdrawn_at, answered.complete) == (None, True)


def test_evidence_that_says_otherwise_is_kept_beside_the_answer() -> None:
    found = record({"data.categories": ["internal"]}, None, None, PERSONAL)

    entry = found.fields["data.categories"]
    assert entry["value"] == ["internal"]
    assert entry["conflict"] == {
        "value": ["personal"],
        "news": ["personal"],
        "why": PERSONAL.why,
        "locator": "a.py:1",
        "confidence": 0.5,
        "at": AT,
    }
    assert found.conflicts == ("data.categories",)


@pytest.mark.parametrize(
    ("name", "value", "shown", "differs"),
    [
        ("data.categories", ["internal", "personal"], ["personal"], False),
        ("oversight.mode", "in_the_loop", "none", True),
        ("oversight.mode", "none", "none", False),
        ("third_parties", [{"name": "OpenAI", "role": "model"}], [{"name": "openai"}], False),
        ("third_parties", [{"name": "Acme"}], [{"name": "openai"}], True),
        ("purpose.statement", "Answers mail", "Sorts mail", False),
    ],
)
def test_only_what_can_be_compared_is_a_conflict(name: str, value: Json, shown: Json, differs: bool) -> None:
    found = record({name: value}, None, None, Seen(field=name, value=shown, why="seen"))

    assert bool(found.conflicts) is differs


def test_a_person_who_answers_again_settles_a_conflict_until_evidence_says_more() -> None:
    before = record({"data.categories": ["internal"]}, None, None, PERSONAL)

    settled = record({"data.categories": ["internal"]}, human(at=LATER), before, PERSONAL)
    same = with_evidence(settled, [PERSONAL], LATER)
    more = with_evidence(settled, [PERSONAL, Seen(field="data.categories", value=["health"], why="x")], LATER)

    assert settled.conflicts == ()
    assert same is settled
    assert more.conflicts == ("data.categories",)
    assert more.fields["data.categories"]["conflict"]["news"] == ["health"]  # type: ignore[call-overload, index]


def test_evidence_that_goes_takes_its_conflict_with_it_and_changes_no_version() -> None:
    before = record({"data.categories": ["internal"]}, None, None, PERSONAL)

    found = with_evidence(before, [], LATER)

    assert found.conflicts == ()
    assert found.version == before.version
    assert found.value("data.categories") == ["internal"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"data.personal": "no", "data.categories": ["health"]}, "no personal data"),
        ({"data.personal": "yes", "data.categories": ["none"]}, "there is none"),
        ({"eu_nexus": "no", "markets": ["DE", "US"]}, "nothing of the EU"),
        ({"oversight.mode": "none", "oversight.two_person": True}, "two people"),
        ({"role": ["internal_only", "provider"]}, "internal use only"),
        ({"risk.eu_class": "high_derogated", "risk.profiling": True}, "profiles"),
        ({"purpose.decision_role": "none", "purpose.outputs": ["decision"]}, "decision"),
        ({"ai_determination.result": "no", "risk.eu_class": "transparency"}, "not to be an AI system"),
        ({"lifecycle.in_service_at": "2026-02-01", "lifecycle.retired_at": "2026-01-01"}, "lies after"),
        ({"assessments": [{"done_at": "2026-02-01", "valid_to": "2026-01-01"}]}, "assessments, entry 1"),
        ({"exceptions": [{"approved_at": "2026-01-01", "expires_at": "2028-01-01"}]}, "730 days"),
    ],
)
def test_what_cannot_both_be_true_is_found(values: dict[str, Json], said: str) -> None:
    found = contradictions(values)

    assert len(found) == 1
    assert said in found[0]


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"data.personal": "no", "data.categories": ["internal"]},
        {"eu_nexus": "no", "markets": ["US"]},
        {"role": ["deployer", "provider"]},
        {"exceptions": [{"approved_at": "2026-01-01", "expires_at": "2026-12-31", "requested_by": "a"}]},
    ],
)
def test_what_fits_together_is_no_contradiction(values: dict[str, Json]) -> None:
    assert contradictions(values) == []


@pytest.mark.parametrize(
    ("name", "values", "need"),
    [
        ("purpose.statement", {}, "M"),
        ("purpose.benefits", {}, ""),
        ("purpose.benefits", {"lifecycle.stage": "production"}, "P"),
        ("purpose.frequency", {"lifecycle.stage": "production"}, ""),
        ("purpose.frequency", {"risk.tier": "high"}, "H"),
        ("purpose.frequency", {"risk.eu_class": "high_annex_i"}, "H"),
        ("data.subjects", {"data.personal": "yes"}, "C"),
        ("data.subjects", {"data.personal": "no"}, ""),
        ("transparency.marking", {"risk.art50_triggers": ["synthetic"], "role": ["deployer"]}, ""),
        ("transparency.marking", {"risk.art50_triggers": ["synthetic"], "role": ["provider"]}, "C"),
    ],
)
def test_a_field_is_needed_when_its_condition_holds(name: str, values: dict[str, Json], need: str) -> None:
    assert needed(fields()[name], values) == need

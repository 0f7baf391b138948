from __future__ import annotations

from datetime import date

import pytest

from discovery.service import classification
from discovery.service.classification import MOST_QUESTIONS, check, classify
from discovery.service.errors import DecisionError

TODAY = date(2026, 11, 22)
LATER = date(2026, 12, 2)
PLAIN = {
    "ai_system": "yes",
    "nexus": "yes",
    "excluded": "no",
    "role": "deployer",
    "practices": "none",
    "annex_i": "no",
    "annex_iii": "none",
    "art50": "none",
    "decision_role": "informs",
    "harm": "minor",
}


def outcome(day: date = TODAY, **changes: str) -> classification.Outcome:
    answers = {name: word for name, word in (PLAIN | changes).items() if word}
    return classify(check(answers), day)


def test_there_are_at_most_twelve_questions() -> None:
    assert len(classification.questions()) <= MOST_QUESTIONS


@pytest.mark.parametrize(
    ("changes", "eu_class", "tier"),
    [
        ({}, "minimal", "low"),
        ({"harm": "serious"}, "minimal", "medium"),
        ({"harm": "severe"}, "minimal", "high"),
        ({"decision_role": "decides"}, "minimal", "medium"),
        ({"decision_role": "decides", "harm": "serious"}, "minimal", "high"),
        ({"harm": ""}, "minimal", "medium"),
        ({"art50": "interaction,synthetic"}, "transparency", "low"),
        ({"ai_system": "no"}, "out_of_scope", "low"),
        ({"nexus": "no"}, "out_of_scope", "low"),
        ({"nexus": "output_used_in_eu"}, "minimal", "low"),
        ({"excluded": "yes", "practices": "5(1)(a)"}, "out_of_scope", "low"),
        ({"practices": "5(1)(a)"}, "prohibited", "critical"),
        ({"practices": "(f)", "annex_i": "unknown"}, "prohibited", "critical"),
        ({"annex_i": "yes"}, "high_annex_i", "high"),
        ({"annex_i": "yes", "decision_role": "acts", "harm": "severe"}, "high_annex_i", "critical"),
        ({"annex_iii": "4(a)", "profiling": "yes"}, "high_annex_iii", "high"),
        ({"annex_iii": "4(a)", "profiling": "yes", "derogation": "a"}, "high_annex_iii", "high"),
        ({"annex_iii": "4(a),5(b)", "profiling": "no", "derogation": "none"}, "high_annex_iii", "high"),
        ({"annex_iii": "4(a)", "profiling": "no", "derogation": "a"}, "high_derogated", "medium"),
        ({"annex_iii": "4(a)", "derogation": "none"}, "high_annex_iii", "high"),
        ({"annex_iii": "4(a)"}, "unclassified", "high"),
        ({"annex_iii": "4(a)", "profiling": "no"}, "unclassified", "high"),
        ({"annex_iii": "4(a)", "profiling": "unknown", "derogation": "a"}, "unclassified", "high"),
        ({"ai_system": "unknown"}, "unclassified", "high"),
        ({"ai_system": ""}, "unclassified", "high"),
        ({"nexus": ""}, "unclassified", "high"),
        ({"excluded": "unknown"}, "unclassified", "high"),
        ({"practices": "unknown"}, "unclassified", "high"),
        ({"annex_i": ""}, "unclassified", "high"),
        ({"annex_iii": "unknown"}, "unclassified", "high"),
        ({"art50": ""}, "unclassified", "high"),
    ],
)
def test_every_answer_leads_to_one_class_and_tier(changes: dict[str, str], eu_class: str, tier: str) -> None:
    found = outcome(TODAY, **changes)

    assert (found.eu_class, found.tier) == (eu_class, tier)
    assert found.because
    assert found.law_version == "02024R1689-20260727"


def test_every_class_is_reached_by_some_row() -> None:
    from discovery.service.record_fields import fields

    classes = {row["class"] for row in classification._table().classes}

    assert classes == set(fields()["risk.eu_class"].words)


@pytest.mark.parametrize("practice", ["5(1)(ba)", "5(1)(bb)"])
def test_a_practice_prohibited_later_is_told_before_its_day_and_counts_from_it(practice: str) -> None:
    before = outcome(practices=practice)
    after = outcome(LATER, practices=practice)

    assert (before.eu_class, before.tier) == ("minimal", "high")
    assert (before.upcoming_class, before.upcoming_from) == ("prohibited", LATER)
    assert "it will be prohibited from 2026-12-02" in before.notes
    assert before.fields["risk.upcoming_from"] == "2026-12-02"
    assert (after.eu_class, after.upcoming_class) == ("prohibited", None)


def test_the_outcome_fills_the_record() -> None:
    found = outcome(annex_iii="4(a)", profiling="no", derogation="b", role="deployer,provider").fields

    assert {name: found[name] for name in found if name not in ("risk.questionnaire",)} == {
        "risk.eu_class": "high_derogated",
        "risk.tier": "medium",
        "risk.law_version": "02024R1689-20260727",
        "risk.classified_at": "2026-11-22",
        "risk.classified_method": "questionnaire 1",
        "risk.upcoming_class": None,
        "risk.upcoming_from": None,
        "ai_determination.result": "yes",
        "ai_determination.at": "2026-11-22",
        "ai_determination.law_version": "02024R1689-20260727",
        "eu_nexus": "yes",
        "role": ["deployer", "provider"],
        "risk.art5_practices": ["none"],
        "risk.art5_screened_at": "2026-11-22",
        "risk.annex_iii_points": ["4(a)"],
        "risk.profiling": False,
        "risk.derogation_condition": "b",
        "risk.art50_triggers": ["none"],
        "purpose.decision_role": "informs",
        "risk.harm": "minor",
    }


def test_what_is_unknown_is_no_screening_and_clears_nothing() -> None:
    found = outcome(practices="unknown", nexus="unknown", ai_system="unknown").fields

    assert "risk.art5_practices" not in found
    assert "risk.art5_screened_at" not in found
    assert "eu_nexus" not in found
    assert found["ai_determination.result"] == "undetermined"


def test_questions_that_do_not_apply_are_not_asked() -> None:
    by_id = {one.id: one for one in classification.questions()}

    assert not classification.asked(by_id["profiling"], {"annex_iii": ("none",)})
    assert classification.asked(by_id["profiling"], {"annex_iii": ("4(a)",)})
    assert not classification.asked(by_id["derogation"], {"annex_iii": ("4(a)",), "profiling": ("yes",)})
    assert classification.asked(by_id["derogation"], {"annex_iii": ("4(a)",), "profiling": ("no",)})


def test_all_wrong_answers_are_told_at_once() -> None:
    given = {"rol": "x", "annex_iii": "4(x)", "ai_system": "yes,no", "practices": "none,5(1)(a)"}

    with pytest.raises(DecisionError) as caught:
        check(given)

    said = str(caught.value)
    assert "did you mean 'role'?" in said
    assert "annex_iii: unknown word '4(x)'" in said
    assert "ai_system: takes one word" in said
    assert "cannot stand beside" in said

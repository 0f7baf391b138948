from __future__ import annotations

from datetime import date

import pytest

from discovery.service.record_values import MOST_ITEMS, check

TODAY = date(2026, 11, 22)
LEAK = "sk-" + "proj-" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0"


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("purpose.statement", "  Answers mail. ", "Answers mail."),
        ("purpose", "Answers mail.", "Answers mail."),
        ("data.categories", "personal, Special Category;personal", ["personal", "special_category"]),
        ("data.categories", ["internal"], ["internal"]),
        ("oversight.mode", "in-the-loop", "in_the_loop"),
        ("data.personal", True, "yes"),
        ("oversight.can_stop", "Yes", True),
        ("oversight.can_stop", False, False),
        ("monitoring.log_retention_days", "183", 183),
        ("reviews.next_due_at", "2027-05-01", "2027-05-01"),
        ("reviews.next_due_at", date(2027, 5, 1), "2027-05-01"),
        ("markets", "de, FR", ["DE", "FR"]),
        ("purpose.prohibited_uses", "scoring, of people; firing", ["scoring, of people", "firing"]),
        ("oversight.assignees", "Ana", [{"person": "Ana"}]),
        ("assessments", "[{type: dpia, status: done}]", [{"type": "dpia", "status": "done"}]),
        (
            "third_parties",
            [{"name": "Acme", "sub_processors": "A; B"}],
            [{"name": "Acme", "sub_processors": ["A", "B"]}],
        ),
        ("x.cost_centre", "4711", "4711"),
        ("purpose.period", "", None),
    ],
)
def test_values_are_read_from_text_and_from_yaml(name: str, raw: object, value: object) -> None:
    found = check({name: raw}, today=TODAY)

    assert found.mistakes == []
    assert list(found.values.values()) == [value]


@pytest.mark.parametrize(
    ("name", "raw", "said"),
    [
        ("purpos", "x", "did you mean 'purpose.statement'?"),
        ("data.categories", "persnal", "did you mean 'personal'?"),
        ("data.categories", "none, personal", "'none' cannot stand beside other words"),
        ("oversight.can_stop", "perhaps", "neither yes nor no"),
        ("monitoring.log_retention_days", "many", "not a whole number"),
        ("risk.residual", 101, "not between 0 and 100"),
        ("reviews.next_due_at", "soon", "write it as 2026-11-22"),
        ("oversight.stop_tested_at", "2026-11-23", "lies ahead"),
        ("markets", "Germany", "two letters"),
        ("assessments", "[{type: dpia", "cannot be read"),
        ("assessments", [{"type": "dpia"}], "'status' is missing"),
        ("assessments", [{"type": "dpi", "status": "done", "who": "me"}], "did you mean 'dpia'?"),
        ("incidents", [{"severity": "low"}], "'at' is missing"),
        ("exceptions", [{"rule": "OWN-01"}], "is set by: aicensus exceptions request"),
        ("purpose.domain", ["x"] * (MOST_ITEMS + 1), "more than 500"),
        ("purpose.statement", "x" * 8_001, "8,001 letters"),
        ("purpose.statement", {"a": 1}, "a text is needed"),
        ("risk.eu_class", "minimal", "is set by: aicensus systems classify"),
        ("owners", "dana@acme.example", "use: aicensus owner set"),
        ("kind", "agent", "kept elsewhere"),
    ],
)
def test_a_wrong_value_is_told_with_what_is_right(name: str, raw: object, said: str) -> None:
    found = check({name: raw}, today=TODAY)

    assert found.values == {}
    assert said in found.mistakes[0]


def test_all_mistakes_are_told_at_once() -> None:
    given = {"markets": "x", "foo": "1", "data.personal": "maybe", "purpose": "fine", "oversight.mode": "no"}

    found = check(given, today=TODAY)

    assert len(found.mistakes) == 4
    assert found.values == {"purpose.statement": "fine"}


def test_a_field_is_not_given_under_two_names() -> None:
    found = check({"purpose": "a", "purpose.statement": "b"}, today=TODAY)

    assert found.mistakes == ["purpose.statement is given twice"]


def test_no_secret_is_kept() -> None:
    found = check({"purpose.statement": f"uses {LEAK}"}, today=TODAY)

    assert LEAK not in str(found.values)


def test_a_table_that_is_nested_to_death_is_only_a_mistake() -> None:
    found = check({"assessments": "[" * 3_000}, today=TODAY)

    assert found.mistakes

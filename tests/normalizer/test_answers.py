"""Proposed answers to the four questions: pure, in order, confirmed by nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import permutations

import pytest

from connectors.model import Json
from normalizer.answers import MOST_EACH, Candidate, Proposal, prefill


@dataclass(frozen=True, kw_only=True)
class Thing:
    """An asset as the proposals see it."""

    kind: str
    name: str
    role: str = "application"
    model: str | None = None
    attributes: Mapping[str, Json] = field(default_factory=dict)
    locator: str = "app.py:1"


def _values(proposals: list[Proposal], question: str) -> list[str]:
    return [one.value for one in proposals if one.question == question]


GATE = Thing(kind="oversight_control", name="langgraph-interrupt", attributes={"mechanism": "approval gate"})
TABLE = Thing(
    kind="data_store",
    name="claims",
    attributes={
        "store": "table",
        "personal_data_hint": ["diagnosis", "email"],
        "data_categories_hint": ["health", "personal"],
    },
)
BOT = Thing(
    kind="agent",
    name="bot",
    attributes={"unit_description": "Answers claims", "unit_description_at": "pyproject.toml:3"},
)
MODEL = Thing(kind="model", name="gpt-4o", model="gpt-4o")


def test_each_question_gets_what_its_evidence_says_with_reason_and_place() -> None:
    people = [Candidate(party="@acme/claims", confidence=0.8, reason="CODEOWNERS:1 names @acme/claims")]

    found = prefill([GATE, TABLE, BOT, MODEL], people)

    assert [(one.question, one.value, one.locator) for one in found] == [
        ("purpose", "Answers claims", "pyproject.toml:3"),
        ("purpose", "runs the agent bot and the model gpt-4o", ""),
        ("owner", "@acme/claims", ""),
        ("data", "table claims", "app.py:1"),
        ("data", "health data", "app.py:1"),
        ("data", "personal data", "app.py:1"),
        ("oversight", "approval gate (langgraph-interrupt)", "app.py:1"),
    ]
    assert found[2].why == "CODEOWNERS:1 names @acme/claims (80%)"
    assert found[4].why == "table claims has fields named diagnosis, email"
    assert not any(one.confirmed for one in found)


def test_the_order_of_the_assets_changes_nothing() -> None:
    everything = [GATE, TABLE, BOT, MODEL]

    assert len({tuple(prefill(one)) for one in permutations(everything)}) == 1


def test_a_setting_that_takes_people_out_is_told_as_such() -> None:
    free = Thing(
        kind="oversight_control",
        name="mcp-auto-approve",
        attributes={"mechanism": "tools run without asking", "autonomy": True},
    )

    (found,) = prefill([free])

    assert found.value == "tools run without asking (mcp-auto-approve)"
    assert "out of the loop" in found.why


def test_packages_for_oversight_come_after_what_the_code_shows() -> None:
    rails = Thing(kind="package", name="llm-guard", attributes={"category": "guardrails"})
    plain = Thing(kind="package", name="openai", attributes={"category": "provider_sdk"})

    found = prefill([rails, plain, GATE])

    assert _values(found, "oversight") == [
        "approval gate (langgraph-interrupt)",
        "guardrails by the package llm-guard",
    ]


def test_tests_and_examples_speak_only_where_nothing_else_does() -> None:
    example = Thing(kind="data_store", name="sample", role="example", attributes={"store": "bucket"})

    assert _values(prefill([TABLE, example]), "data")[0] == "table claims"
    assert "bucket sample" not in _values(prefill([TABLE, example]), "data")
    assert _values(prefill([example]), "data") == ["bucket sample"]


def test_the_description_of_a_live_agent_is_a_purpose() -> None:
    live = Thing(kind="agent", name="helper", attributes={"description": "Helps staff"}, locator="arn:x")

    found = prefill([live])

    assert (found[0].value, found[0].why, found[0].locator) == (
        "Helps staff",
        "the description of the agent helper",
        "arn:x",
    )


def test_a_question_gets_so_many_proposals_and_no_more() -> None:
    stores = [Thing(kind="data_store", name=f"t{number}") for number in range(50)]

    assert len(_values(prefill(stores), "data")) == MOST_EACH


def test_a_system_without_evidence_gets_no_proposal() -> None:
    assert prefill([]) == []
    assert prefill([Thing(kind="package", name="openai")]) == []


@pytest.mark.parametrize("value", [7, None, ["a", 3], {"a": 1}, ""])
def test_attributes_of_another_type_are_passed_over(value: Json) -> None:
    names = ("unit_description", "description", "mechanism", "store")
    odd: dict[str, Json] = dict.fromkeys(names, value)
    odd |= {"personal_data_hint": value, "data_categories_hint": 3}

    found = prefill([Thing(kind=kind, name="x", attributes=odd) for kind in ("data_store", "guardrail")])

    assert [one.value for one in found] == ["data store x", "guardrail (x)"]

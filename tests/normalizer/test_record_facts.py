from __future__ import annotations

from dataclasses import dataclass, field

from connectors.model import Json
from normalizer.record_facts import Fact, facts


@dataclass
class Thing:
    kind: str = "agent"
    name: str = "helper"
    role: str = "application"
    provider: str = "aws"
    region: str | None = None
    attributes: dict[str, Json] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    locator: str = "a.py:1"


def said(found: list[Fact]) -> set[tuple[str, str]]:
    return {(one.field, str(one.value)) for one in found}


def test_fields_that_look_personal_speak_for_the_data() -> None:
    attributes: dict[str, Json] = {
        "data_categories_hint": ["financial", "health"],
        "personal_data_hint": ["iban", "diagnosis"],
    }
    found = facts([Thing(kind="data_store", name="claims", attributes=attributes)])

    assert said(found) == {
        ("data.categories", "['financial']"),
        ("data.categories", "['health']"),
        ("data.personal", "yes"),
    }
    assert found[0].why == "claims has fields named iban, diagnosis"
    assert found[0].locator == "a.py:1"


def test_a_setting_that_asks_nobody_speaks_against_oversight() -> None:
    gate = Thing(kind="oversight_control", name="interrupt", attributes={"autonomy": False})
    free = Thing(kind="oversight_control", name="yolo", attributes={"autonomy": True})

    assert facts([gate]) == []
    assert said(facts([gate, free])) == {("oversight.mode", "none")}


def test_places_suppliers_agents_and_stages_are_read() -> None:
    things = [
        Thing(region="eu-west-1", tags={"Environment": "Prod"}),
        Thing(kind="model", name="gpt-4o", provider="openai"),
        Thing(kind="package", name="openai", provider="openai"),
    ]

    assert said(facts(things)) == {
        ("technique", "['agentic']"),
        ("data.regions", "['eu-west-1']"),
        ("third_parties", "[{'name': 'openai'}]"),
        ("lifecycle.stage", "production"),
    }


def test_a_package_alone_makes_nobody_a_supplier() -> None:
    assert facts([Thing(kind="package", name="openai", provider="openai")]) == []


def test_tests_speak_only_where_nothing_else_does() -> None:
    real, test = Thing(region="eu-west-1"), Thing(name="t", role="test", region="us-east-1")

    assert ("data.regions", "['us-east-1']") not in said(facts([real, test]))
    assert ("data.regions", "['us-east-1']") in said(facts([test]))


def test_the_order_of_assets_changes_nothing() -> None:
    things = [Thing(region="eu-west-1"), Thing(name="b", region="eu-west-1"), Thing(kind="model", name="m")]

    assert facts(things) == facts(things[::-1])

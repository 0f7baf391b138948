"""Every built-in rule with a record that makes it fire and the change that keeps it silent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from discovery.service import derived, gaps, rule_sets, rules
from discovery.service.rule_fields import BY_SUBJECT
from discovery.service.rule_trees import Moment
from discovery.service.rules import FRAMEWORKS, Rule

NOW = Moment(datetime(2026, 11, 22, 12, tzinfo=UTC))
FOLDER = Path(__file__).resolve().parent.parent / "rule_cases"
RULES = {one.id: one for one in rules.built_in()}


def cases() -> list[dict[str, Any]]:
    texts = [path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.yaml"))]
    return [case for text in texts for case in yaml.safe_load(text)]


CASES = {case["rule"]: case for case in cases()}


def as_texts(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: as_texts(one) for name, one in value.items()}
    return [as_texts(one) for one in value] if isinstance(value, list) else value


def held(rule: Rule, values: dict[str, Any]) -> list[gaps.Held]:
    plain = as_texts(values)
    assert plain.keys() <= BY_SUBJECT[rule.subject].keys()
    record = derived.record_of_values(plain, NOW) if rule.subject == "system" else plain
    whole = list(gaps.of_record(gaps.asked([rule]), record, NOW))
    assert whole == reduced(rule, record)
    return whole


def reduced(rule: Rule, record: dict[str, Any]) -> list[gaps.Held]:
    """Judge as the product does: with what many records share taken for granted."""
    asked = rule_sets.built_in().possible(rule.subject, record)
    return [one for one in gaps.of_record(asked, record, NOW) if one.rule is rule]


def test_every_rule_has_one_case() -> None:
    assert sorted(case["rule"] for case in cases()) == sorted(RULES)


@pytest.mark.parametrize("rule_id", sorted(CASES))
def test_rule_fires(rule_id: str) -> None:
    case, rule = CASES[rule_id], RULES[rule_id]

    (found,) = held(rule, case["fires"])

    assert found.status == case.get("status", "due")
    assert found.gap_class == case.get("class", rule.gap_class)


@pytest.mark.parametrize("rule_id", sorted(CASES))
def test_rule_is_silent(rule_id: str) -> None:
    case = CASES[rule_id]

    assert held(RULES[rule_id], {**case["fires"], **case["silent"]}) == []


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_says_nothing_of_an_empty_record_but_what_is_missing(rule: Rule) -> None:
    asks_for_presence = {"OWN-01", "OVR-00"}

    found = held(rule, {})

    assert not found or rule.id in asks_for_presence or rule.subject == "organisation"


@pytest.mark.parametrize(
    ("rule_id", "values", "since"),
    [
        ("LIF-05", {"risk.eu_class": "high_annex_iii", "role": ["provider"]}, date(2027, 12, 2)),
        ("LIF-05", {"risk.eu_class": "high_annex_i", "role": ["provider"]}, date(2028, 8, 2)),
        ("TRN-02", {"lifecycle.in_service_at": "2026-08-01"}, date(2026, 12, 2)),
        ("TRN-02", {"lifecycle.in_service_at": "2026-08-02"}, date(2026, 8, 2)),
        ("OWN-01", {}, None),
    ],
)
def test_the_day_of_law_depends_on_the_system(
    rule_id: str, values: dict[str, Any], since: date | None
) -> None:
    assert RULES[rule_id].applies_to(values, NOW) == since


def test_an_upcoming_gap_is_one_level_lower_until_its_day() -> None:
    rule, record = RULES["OVR-02"], CASES["OVR-02"]["fires"]
    before, after = (
        next(gaps.of_record(gaps.asked([rule]), derived.record_of_values(record, now), now))
        for now in (
            Moment(datetime(2027, 12, 1, 22, tzinfo=UTC), "Europe/Berlin"),
            Moment(datetime(2027, 12, 1, 23, tzinfo=UTC), "Europe/Berlin"),
        )
    )

    assert (before.status, before.severity) == ("upcoming", "high")
    assert (after.status, after.severity) == ("due", "critical")


def test_no_rule_says_that_somebody_does_not_comply() -> None:
    texts = [text for one in RULES.values() for text in (one.title, one.fix)]

    assert not [text for text in texts if re.search(r"complian|comply|violat", text, re.I)]
    assert all(one.law_version == rules.LAW_VERSION for one in RULES.values())


def test_the_rule_set_has_one_hash_over_all_that_decides() -> None:
    one = rule_sets.built_in()

    again = rule_sets._read_back(one.content, one.hash)

    assert again.hash == one.hash
    assert [rule.id for rule in again.rules] == list(RULES)
    for is_known in (True, False):
        asked = [[rule.id for rule in two.asked("system", is_known=is_known)] for two in (one, again)]
        assert asked[0] == asked[1] != []


def test_the_rules_are_those_of_the_reference(shared: Path) -> None:
    text = (shared / "reference" / "governance.md").read_text(encoding="utf-8")
    table = {row[0]: row for row in reference_rows(text)}
    organisation = set(re.findall(r"\bORG-\d\d\b", text))

    assert table.keys() == {one.id for one in RULES.values() if one.subject != "organisation"}
    assert organisation >= {one.id for one in RULES.values() if one.subject == "organisation"}
    assert len(RULES) == 72
    for rule_id, (_, _, _, severity, iso, act, nist, _) in table.items():
        rule = RULES[rule_id]
        assert rule.severity[0].upper() == severity, rule_id
        assert set(rule.refs["iso42001"]) == set(controls(iso)), rule_id
        assert set(rule.refs["nist_ai_rmf"]) == set(functions(nist)), rule_id
        day = re.search(r"\((\d{4}-\d\d-\d\d)\)", act)
        assert str(rule.applies_from) == (day[1] if day else "None"), rule_id
        assert [numbers(one) for one in rule.refs.get("eu_ai_act", ())] == articles(act), rule_id


def reference_rows(text: str) -> Iterator[list[str]]:
    for line in text.splitlines():
        if re.match(r"\| [A-Z]{3}-\d\d \|", line):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def controls(cell: str) -> Iterator[str]:
    for one in cell.split(","):
        first, _, last = one.strip().partition("-")
        if not last:
            yield first
            continue
        stem, _, number = first.rpartition(".")
        for at in range(int(number), int(last.rpartition(".")[2]) + 1):
            yield f"{stem}.{at}"


def functions(cell: str) -> Iterator[str]:
    for part in cell.partition("·")[0].split(";"):
        name, _, numbers_of = part.strip().partition(" ")
        for number in numbers_of.split(","):
            yield f"{name} {number.strip()}"


def articles(cell: str) -> list[str]:
    plain = re.sub(r"\(\d{4}-\d\d-\d\d\)|\(provider\)|\(where in scope\)|precondition", "", cell)
    found: list[str] = []
    for part in re.split(r"[;,]", plain.replace("—", "")):
        text = part.strip().removeprefix("Art.").strip()
        if text.startswith("("):  # "Art. 5(1), (1a)" leaves the number out
            text = f"{found[-1].partition('(')[0]}{text}"
        if text:
            found.append(numbers(text))
    return found


def numbers(text: str) -> str:
    return text.replace(" ", "")


def test_every_framework_is_known() -> None:
    assert {name for one in RULES.values() for name in one.refs} == set(FRAMEWORKS)

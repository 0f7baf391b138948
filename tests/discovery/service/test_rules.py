from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from connectors.errors import ConfigError
from discovery.service import rule_trees, rules
from discovery.service.rules import FIELDS, OPERATORS, load

NOW = datetime(2026, 11, 22, tzinfo=UTC)
OLD = "2026-11-01T00:00:00.000000Z"
AHEAD = "2027-01-01T00:00:00.000000Z"
OWNER = {"role": "accountable", "accepted": True, "active": True}


def rule(when: str, **changes: str) -> str:
    fields = {"id": "X-1", "title": "t", "severity": "high", "subject": "system", "fix": "f"} | changes
    body = "".join(f"    {name}: {value}\n" for name, value in fields.items())
    return f"rules:\n  -\n{body}    when: {when}\n"


def holds(when: str, **record: object) -> bool:
    (one,) = load(rule(when), "test.yaml")
    return one.holds({name.replace("__", "."): value for name, value in record.items()}, NOW)


@pytest.mark.parametrize("state", ["candidate", "registered", "governed"])
def test_own_01_fires_without_an_accepted_active_accountable_owner(state: str) -> None:
    own = next(one for one in rules.built_in() if one.id == "OWN-01")

    assert own.holds({"record_state": state, "owners": []}, NOW)
    for name, value in (("role", "technical"), ("accepted", False), ("active", False)):
        assert own.holds({"record_state": state, "owners": [OWNER | {name: value}]}, NOW)
    assert not own.holds({"record_state": state, "owners": [OWNER]}, NOW)
    assert not own.holds({"record_state": "retired", "owners": []}, NOW)


def test_ovr_00_fires_without_a_complete_record_where_it_is_live_or_unknown() -> None:
    ovr = next(one for one in rules.built_in() if one.id == "OVR-00")
    record = {"record_state": "candidate", "flags.record_complete": False}

    assert ovr.holds(record, NOW)
    assert ovr.holds(record | {"lifecycle.stage": "production"}, NOW)
    assert not ovr.holds(record | {"lifecycle.stage": "idea"}, NOW)
    assert not ovr.holds(record | {"flags.record_complete": True}, NOW)


@pytest.mark.parametrize(
    ("when", "record", "expected"),
    [
        (
            "{all: [{eq: [kind, agent]}, {gt: [counts.components, 1]}]}",
            {"kind": "agent", "counts__components": 2},
            True,
        ),
        (
            "{all: [{eq: [kind, agent]}, {gt: [counts.components, 1]}]}",
            {"kind": "agent", "counts__components": 1},
            False,
        ),
        ("{any: [{eq: [kind, agent]}, {missing: kind}]}", {}, True),
        ("{not: {eq: [kind, agent]}}", {"kind": "agent"}, False),
        ("{missing: data.categories}", {"data__categories": []}, True),
        ("{nonempty: data.categories}", {"data__categories": ["none"]}, True),
        ("{in: [oversight.mode, [null, none]]}", {}, True),
        ("{in: [oversight.mode, [null, none]]}", {"oversight__mode": "in_the_loop"}, False),
        ("{lt: [counts.purpose_chars, 40]}", {"counts__purpose_chars": 39}, True),
        ("{lt: [counts.purpose_chars, 40]}", {}, False),
        ("{contains_any: [data.categories, [health]]}", {"data__categories": ["health", "public"]}, True),
        ("{contains_any: [data.categories, [health]]}", {"data__categories": None}, False),
        ("{older_than_days: [provenance.first_seen_at, 14]}", {"provenance__first_seen_at": OLD}, True),
        ("{older_than_days: [provenance.first_seen_at, 30]}", {"provenance__first_seen_at": OLD}, False),
        ("{past: reviews.next_due_at}", {"reviews__next_due_at": OLD}, True),
        ("{past: reviews.next_due_at}", {"reviews__next_due_at": AHEAD}, False),
        ("{past: reviews.next_due_at}", {}, False),
        ("{before: [provenance.first_seen_at, 2026-11-02]}", {"provenance__first_seen_at": OLD}, True),
        ("{any_where: [owners, {role: accountable, active: false}]}", {"owners": [OWNER]}, False),
        ("{any_where: [owners, {role: accountable}]}", {"owners": [OWNER]}, True),
        ("{none_where: [owners, {role: sponsor}]}", {"owners": [OWNER]}, True),
    ],
)
def test_operators(when: str, record: dict[str, object], expected: bool) -> None:
    assert holds(when, **record) is expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (rule("{eqq: [kind, agent]}"), "unknown operator 'eqq'"),
        (rule("{eq: [kindd, agent]}"), "unknown field 'kindd'"),
        (rule("{missing: [kind]}"), "unknown field"),
        (rule("{eq: kind}"), r"takes \[field, value\]"),
        (rule("{all: []}"), "takes a list of conditions"),
        (rule("{eq: [kind, agent], missing: kind}"), "one operator"),
        (rule("{in: [kind, agent]}"), "takes a list of values"),
        (rule("{gt: [counts.components, many]}"), "takes a number"),
        (rule("{any_where: [owners, {rolle: x}]}"), "no field 'rolle'"),
        (rule("{any_where: [kind, {role: x}]}"), "no field 'role'"),
        (rule("{before: [provenance.first_seen_at, soon]}"), "takes a day"),
        (rule("{missing: kind}", severity="grave"), "unknown severity 'grave'"),
        (rule("{missing: kind}", subject="person"), "unknown subject 'person'"),
        (rule("{missing: kind}", applies_from="soon"), "applies_from is a day"),
        (rule("{missing: kind}", colour="red"), "unknown field 'colour'"),
        (rule("{missing: kind}", fix="''"), "'fix' is missing"),
        (rule("{missing: kind}") + rule("{missing: kind}").removeprefix("rules:\n"), "is there twice"),
        ("rules: {", "not valid YAML"),
        ("[]", "needs a list under `rules`"),
    ],
)
def test_the_loader_refuses_and_says_where(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        load(text, "mine.yaml")
    assert "mine.yaml" in caught.value.where


def test_a_rule_of_later_law_is_upcoming_one_level_lower() -> None:
    (one,) = load(rule("{missing: kind}", applies_from="2027-12-02"), "test.yaml")

    assert one.severity_on(date(2026, 11, 22)) == "medium"
    assert one.severity_on(date(2027, 12, 2)) == "high"


def test_built_in_rules_name_their_references_and_fix() -> None:
    found = rules.built_in()

    assert len(found) == len({one.id for one in found}) == 72
    assert all(one.refs and one.fix.endswith(".") for one in found)
    assert all(one.refs["iso42001"] for one in found if one.subject != "organisation")


def test_a_bare_yes_among_words_is_refused() -> None:
    with pytest.raises(ConfigError, match="stands among words") as caught:
        load(rule("{in: [data.personal, [yes, unknown]]}"), "mine.yaml")
    assert "in quotes" in caught.value.hint


def test_an_unknown_field_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"unknown field 'oversight\.mod'") as caught:
        load(rule("{missing: oversight.mod}"), "mine.yaml")
    assert caught.value.hint == "Did you mean 'oversight.mode'?"


def test_a_rule_sees_only_the_fields_of_its_subject() -> None:
    with pytest.raises(ConfigError, match=r"unknown field 'purpose\.statement'"):
        load(rule("{missing: purpose.statement}", subject="asset"), "mine.yaml")


def test_a_day_has_passed_when_it_is_over_where_the_organisation_is() -> None:
    (one,) = load(rule("{past: reviews.next_due_at}"), "mine.yaml")
    evening = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    record = {"reviews.next_due_at": "2026-11-22"}

    assert not one.holds(record, evening)
    assert one.holds(record, evening, "Europe/Berlin")


def test_every_operator_and_field_is_documented_or_used() -> None:
    assert rule_trees.__doc__ is not None
    assert [one for one in OPERATORS if one not in rule_trees.__doc__] == []
    assert FIELDS["owners"]


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("zzz.qqq", "See: aicensus record fields; and what is derived: counts."),
        ("risk.zzzzzzzzzzzzzzz", "Known: risk.annex_i_products, risk.annex_iii_points"),
    ],
)
def test_a_field_that_is_like_none_is_told_where_fields_are(field: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        rules.rule_of(
            {
                "id": "ACME-01",
                "title": "x",
                "severity": "low",
                "subject": "system",
                "when": {"missing": field},
                "fix": "x",
            },
            "acme.yaml",
            is_own=True,
        )

    assert caught.value.hint.startswith(said)
    assert len(caught.value.hint) < 1_000

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from connectors.errors import ConfigError
from discovery.cli import record_view
from discovery.service import (
    classification,
    oversight_rules,
    record_fields,
    record_forms,
    record_sense,
    record_tables,
    rule_fields,
)
from discovery.service.record_fields import FieldSpec, fields


def every_spec() -> list[FieldSpec]:
    return [one for spec in fields().values() for one in (spec, *spec.item)]


@pytest.mark.parametrize("spec", every_spec(), ids=lambda spec: spec.name)
def test_each_field_is_described_in_full(spec: FieldSpec) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*", spec.name)
    assert spec.label
    assert bool(spec.words) == (spec.type in ("word", "words"))
    assert all(isinstance(word, str) for word in spec.words)
    assert bool(spec.item) == (spec.type == "tables")
    assert all(isinstance(source, str) for source in spec.sources)


def test_each_field_says_who_needs_it_and_where_it_belongs() -> None:
    for spec in fields().values():
        assert set(spec.need) <= set("MPHCAO"), spec.name
        assert spec.need, spec.name
        assert spec.section in record_fields.sections(), spec.name
        assert spec.question in (0, 1, 2, 3, 4), spec.name
        assert spec.help, spec.name


def test_conditions_name_fields_and_words_that_exist() -> None:
    conditions: list[Any] = [spec.when for spec in fields().values()]
    conditions += [row["when"] for row in record_sense._table() if "when" in row]

    for when in conditions:
        for name, values in when.items():
            spec = fields()[name.rstrip("_")]
            unknown = {one for one in values if isinstance(one, str)} - set(spec.words)
            assert not unknown or spec.type == "countries", (name, unknown)


def test_the_four_questions_are_the_same_everywhere() -> None:
    assert tuple(oversight_rules.QUESTIONS) == record_fields.questions()
    assert {spec.name: spec.old for spec in fields().values() if spec.old and spec.question} == (
        oversight_rules.QUESTIONS
    )
    assert fields()["data.categories"].words == oversight_rules.DATA_CATEGORIES
    assert fields()["oversight.mode"].words == oversight_rules.OVERSIGHT_MODES


def test_rules_read_no_field_of_the_record_that_there_is_not() -> None:
    recorded = {*rule_fields.RECORDED, *(name for name in rule_fields.LISTS if name != "owners")}

    assert sorted(recorded - fields().keys()) == []


@pytest.mark.parametrize("question", classification.questions(), ids=lambda one: one.id)
def test_answers_of_the_questionnaire_fit_their_fields(question: classification.Question) -> None:
    if not question.field:
        pytest.skip("kept only among the answers")
    spec = fields()[question.field]

    words = set(question.words) - ({"none"} if "none" not in spec.words else set())
    assert spec.type == "yes_no" or words <= set(spec.words)
    assert spec.is_list == question.many


@pytest.mark.parametrize("form", record_forms.FORMS)
def test_forms_take_their_columns_from_fields(form: str) -> None:
    named = list(_sources(record_forms._form(form)))

    unknown = [name for name in named if record_fields.known(name) is None]
    assert unknown == []
    assert len(set(record_forms.columns(form))) == len(record_forms.columns(form))


def _sources(value: Any) -> list[str]:
    if isinstance(value, dict):
        found = [one for key in ("when", "fits") for one in value.get(key, {})]
        for key in ("from", "join"):
            several = value.get(key, [])
            for one in several if isinstance(several, list) else [several]:
                found += [one] if isinstance(one, str) else _sources(one)
        return found + [one for column in value.get("columns", []) for one in _sources(column)]
    return []


def test_columns_of_registers_are_for_fields_that_exist_and_none_is_claimed_twice() -> None:
    table = record_tables._table()
    aliases = [record_tables._folded(name) for names in table["columns"].values() for name in names]

    targets = {*table["columns"], *table["backstage"]["fields"].values()}
    assert targets - set(record_tables.OF_SYSTEM) <= fields().keys()
    assert len(aliases) == len(set(aliases))
    for name, words in table["words"].items():
        assert set(words) <= set(fields()[name].words), name


def test_the_command_line_names_every_form() -> None:
    assert record_view.FORMS == record_forms.FORMS


@pytest.mark.parametrize(
    ("said", "near"),
    [
        ("purpos", "purpose.statement"),
        ("data_category", "data.categories"),
        ("tier", "risk.tier"),
        ("oversight.mod", "oversight.mode"),
        ("annex_iii_point", "risk.annex_iii_points"),
        ("qqqqq", ""),
    ],
)
def test_a_wrong_name_is_met_with_the_nearest_right_one(said: str, near: str) -> None:
    assert record_fields.nearest(said) == near


def test_a_field_of_the_organisation_holds_a_text() -> None:
    found = record_fields.known("x.cost_centre")

    assert found is not None
    assert (found.type, found.section) == ("text", "custom")
    assert record_fields.known("x.") is None


@pytest.mark.parametrize(
    "raw",
    [
        {"name": "a", "type": "text"},
        {"name": "a", "type": "texte", "label": "A"},
        {"name": "a", "type": "text", "label": "A", "worths": []},
    ],
)
def test_a_field_that_is_described_wrong_is_refused(raw: dict[str, object]) -> None:
    text = yaml.safe_dump({"section": "s", "title": "S", "fields": [raw]})

    with pytest.raises(ConfigError, match="'a' is not described right"):
        record_fields.load(text, "test.yaml")

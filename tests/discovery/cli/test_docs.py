from __future__ import annotations

import re
from dataclasses import fields

import pytest

from discovery.service import record_forms, record_shapes, views, views_rules
from tests.discovery.cli.commands import PAGE, renewed

JSON_PAGE = PAGE.with_name("json.md")
ROW = re.compile(r"^\| `(\w+)` \|", re.M)
CONTRACT = {
    "systems": views.SystemView,
    "assets": views.AssetView,
    "alerts": views.AlertView,
    "gaps": views_rules.GapView,
    "rules": views_rules.RuleView,
    "rules test": views_rules.RuleTestView,
    "organisation": views_rules.OrganisationFactView,
    "runs": views.RunView,
    "coverage": views.CoverageView,
    "connectors list": views.ConnectorView,
    "record show": record_shapes.RecordView,
    "record fields": record_shapes.FieldView,
    "record questions": record_shapes.QuestionView,
    "record import": record_shapes.ImportedView,
    "record view": record_forms.FormView,
    "fields of a record": record_shapes.RecordFieldView,
    "conflicts": record_shapes.ConflictView,
    "form columns": record_forms.ColumnView,
    "candidates": views.CandidateView,
    "oversight": views.OversightView,
    "evidence": views.EvidenceView,
    "operations": views.OperationView,
    "alert events": views.AlertEventView,
    "run parts": views.RunPartView,
}


def test_reference_of_commands_is_what_the_program_says() -> None:
    text = PAGE.read_text(encoding="utf-8")

    assert renewed(text) == text, "run: python -m tests.discovery.cli.commands"


@pytest.mark.parametrize("noun", CONTRACT)
def test_public_fields_are_the_documented_ones_in_that_order(noun: str) -> None:
    text = JSON_PAGE.read_text(encoding="utf-8")

    section = re.split(r"^#{2,3} ", text, flags=re.M)
    found = next(part for part in section if part.startswith(f"{noun}\n"))

    assert ROW.findall(found) == [field.name for field in fields(CONTRACT[noun])]

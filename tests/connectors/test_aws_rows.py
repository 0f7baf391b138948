"""The AWS rows, each walked against botocore's own service models."""

from __future__ import annotations

import json
from pathlib import Path as FilePath
from typing import Any

import pytest

from connectors import aws_rows
from connectors.aws_paths import Path, Template
from connectors.aws_rows import Detail, Facts, Row
from connectors.catalogue import read_table
from connectors.kinds import KINDS
from tests.fakes_aws_wire import model_of

ROWS = aws_rows.load().rows
SERVICES = {
    *("bedrock", "bedrock-agent", "bedrock-agentcore-control", "sagemaker", "comprehend", "lexv2-models"),
    "transcribe",
}
PLACE = {"partition", "account", "region"}


def _id(row: Row) -> str:
    return row.part


@pytest.mark.parametrize("row", ROWS, ids=_id)
def test_a_row_names_only_what_its_service_model_has(row: Row) -> None:
    model = model_of(row.service).operation_model(row.operation)
    members = model.input_shape.members if model.input_shape is not None else {}

    result = model.output_shape.members[row.result]
    item = result if row.single else result.member

    assert set(row.params) <= set(members)
    assert set(row.volatile) | {name for name, _ in row.skip} <= set(item.members)
    assert row.name in ("", *item.members)
    assert row.tags in ("", *item.members)
    _check_template(row.key, item)
    _check_facts(row.facts, item)


@pytest.mark.parametrize("row", [row for row in ROWS if row.page], ids=_id)
def test_a_row_pages_by_members_that_exist(row: Row) -> None:
    model = model_of(row.service).operation_model(row.operation)

    page = row.page

    assert page is not None
    assert page.token in model.input_shape.members
    assert page.next in model.output_shape.members
    if page.size:
        assert 0 < page.at <= model.input_shape.members[page.size].metadata["max"]


@pytest.mark.parametrize("row", ROWS, ids=_id)
def test_a_row_without_pages_has_none_at_aws(row: Row) -> None:
    model = model_of(row.service).operation_model(row.operation)

    tokens = [name for name in model.output_shape.members if name.lower() == "nexttoken"]

    assert bool(tokens) == bool(row.page)


@pytest.mark.parametrize("row", ROWS, ids=_id)
def test_required_parameters_come_from_the_parent(row: Row) -> None:
    model = model_of(row.service).operation_model(row.operation)

    required = set(model.input_shape.required_members if model.input_shape is not None else ())

    assert required == ({row.parent.param} if row.parent else set())


@pytest.mark.parametrize(
    ("row", "detail"),
    [(row, detail) for row in ROWS for detail in row.details],
    ids=lambda one: one.operation,
)
def test_a_detail_names_only_what_its_service_model_has(row: Row, detail: Detail) -> None:
    listed = model_of(row.service).operation_model(row.operation).output_shape.members[row.result].member
    known = set(listed.members)
    model = model_of(row.service).operation_model(detail.operation)

    answer = model.output_shape.members[detail.root] if detail.root else model.output_shape

    assert set(model.input_shape.required_members) <= {name for name, _ in detail.params}
    assert {name for name, _ in detail.params} <= set(model.input_shape.members)
    for step in row.details[: row.details.index(detail)]:
        known |= set(model_of(row.service).operation_model(step.operation).output_shape.members)
    assert {name for _, template in detail.params for names in template.fields for name in names} <= known
    _check_facts(detail.facts, answer)


def test_all_asset_and_control_operations_of_the_seven_services_are_rows(shared: FilePath) -> None:
    surface = json.loads((shared / "reference" / "aws-ai-surface.json").read_text())["operations"]

    wanted = {
        (one["service"], one["operation"])
        for one in surface
        if one["service"] in SERVICES and one["tier"] in ("asset", "control")
    }

    assert {(row.service, row.operation) for row in ROWS} == wanted


def test_permissions_agree_with_the_reference(shared: FilePath) -> None:
    surface = json.loads((shared / "reference" / "aws-ai-surface.json").read_text())["operations"]

    actions = {(one["service"], one["operation"]): one["iam_action"] for one in surface}

    assert [row.part for row in ROWS if row.permission != actions[row.service, row.operation]] == []


def test_iam_prefixes_are_those_of_iam_and_not_of_the_client() -> None:
    prefixes = {
        "bedrock-agent": "bedrock",
        "lexv2-models": "lex",
        "bedrock-agentcore-control": "bedrock-agentcore",
    }

    wrong = [
        permission
        for row in ROWS
        for permission in (row.permission, *(detail.permission for detail in row.details))
        if permission.split(":")[0] != prefixes.get(row.service, row.service)
    ]

    assert wrong == []


def test_the_vendors_catalogue_is_kept_out_where_it_answers() -> None:
    params = {row.operation: dict(row.params) for row in ROWS}
    skipped = {row.operation: dict(row.skip) for row in ROWS if row.skip}

    assert params["ListInferenceProfiles"] == {"typeEquals": "APPLICATION"}
    assert params["ListPromptRouters"] == {"type": "custom"}
    assert params["ListBrowsers"] == params["ListCodeInterpreters"] == {"type": "CUSTOM"}
    assert skipped == {
        "ListHubs": {"HubName": {"SageMakerPublicHub"}},
        "ListEvaluators": {"evaluatorType": {"Builtin"}},
    }


def test_every_kind_of_a_row_is_known() -> None:
    assert {row.kind for row in ROWS} <= set(KINDS)


def test_everything_that_may_be_called_is_declared_once() -> None:
    operations = aws_rows.load().operations()

    names = [(one.host, one.path) for one in operations]

    assert len(names) == len(set(names))
    assert {("sts", "AssumeRole"), ("resourcegroupstaggingapi", "GetResources")} <= set(names)


def test_editing_a_row_changes_its_version() -> None:
    table = read_table("aws")
    edited = {**table, "operation": [{**one, "title": "x"} for one in table["operation"]]}

    before, after = aws_rows.load().rows[0], aws_rows.compiled(edited).rows[0]

    assert before.version != after.version


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"colour": "red"}, "unknown keys"),
        ({"kind": "account"}, "never an asset"),
        ({"kind": "spoon"}, "no mapping"),
        ({"parent": {"operation": "ListNothing", "param": "a", "field": "b"}}, "must come after its parent"),
    ],
)
def test_a_row_that_makes_no_sense_is_refused(change: dict[str, Any], complaint: str) -> None:
    table = read_table("aws")
    rows = [{**table["operation"][0], **change}]

    with pytest.raises(ValueError, match=complaint):
        aws_rows.compiled({**table, "operation": rows})


def test_one_operation_has_one_row() -> None:
    table = read_table("aws")

    with pytest.raises(ValueError, match="two rows for"):
        aws_rows.compiled({**table, "operation": [table["operation"][0]] * 2})


def _check_facts(facts: Facts, shape: Any) -> None:
    paths = [path for _, path in facts.attributes] + [*facts.model, *facts.creators]
    paths += [link.path for link in facts.links]
    for path in [*paths, *([facts.created] if facts.created else [])]:
        _check_path(path, shape)


def _check_path(path: Path, shape: Any) -> None:
    for step in path.steps:
        if step == "json()":
            assert shape.type_name == "string", path
            return
        if shape.type_name == "map":
            return
        shape = shape.member if step == "[]" else shape.members[step]


def _check_template(template: Template, shape: Any) -> None:
    for names in template.fields:
        for name in names:
            assert name in PLACE or name in shape.members, template

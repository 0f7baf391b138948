"""The table of what shows use on AWS: it agrees with the service models, and a bad row is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connectors import aws_plan, aws_use, aws_use_rows
from connectors.catalogue import read_table
from connectors.kinds import KINDS
from tests.fakes_aws_wire import model_of

TABLE = aws_use_rows.load()


def test_every_operation_is_one_of_the_service_models() -> None:
    paid = [one.operation for one in aws_plan.support() if one.part == "paid"]

    unknown = [
        (one.host, one.path)
        for one in (*aws_use.operations(), *paid)
        if one.path not in model_of(one.host).operation_names
    ]

    assert unknown == []


def test_permissions_agree_with_the_reference(shared: Path) -> None:
    surface = json.loads((shared / "reference" / "aws-ai-surface.json").read_text())["operations"]
    actions = {(one["service"], one["operation"]): one["iam_action"] for one in surface}

    wrong = [
        one.permission
        for one in aws_use.operations()
        if one.permission != actions.get((one.host, one.path), one.permission)
    ]

    assert wrong == []


def test_each_part_has_one_row_and_known_kinds() -> None:
    parts = [one.part for one in TABLE.evidence]

    assert len(parts) == len(set(parts))
    assert set(TABLE.kinds) <= set(KINDS)
    assert {"model", "ai_service"} <= set(TABLE.kinds)


def test_every_thing_that_is_called_has_an_action_of_its_service() -> None:
    actions = [one.action for one in TABLE.metrics if one.action]
    actions += [action for one in TABLE.metrics for action in one.actions.values()]
    actions += [one.action for one in TABLE.services.values() if one.action]

    assert all(len(action.split(":")) == 2 and all(action.split(":")) for action in actions)
    assert {action.partition(":")[0] for action in actions} == set(TABLE.prefixes)


@pytest.mark.parametrize(
    ("line", "service", "model"),
    [
        ("Amazon Bedrock", "bedrock", ""),
        ("Amazon Bedrock Service", "bedrock", ""),
        ("AmazonBedrockFoundationModels", "bedrock", ""),
        ("Claude Opus 4.5 (Amazon Bedrock Edition)", "bedrock", "Claude Opus 4.5"),
        ("Amazon SageMaker", "sagemaker", ""),
        ("Amazon Q", "q-developer", ""),
        ("Amazon QuickSight", "", ""),
        ("Amazon Simple Queue Service", "", ""),
        ("AWS Lambda", "", ""),
        ("Tax", "", ""),
    ],
)
def test_a_line_of_the_bill_is_for_a_service_or_for_nothing_of_ai(
    line: str, service: str, model: str
) -> None:
    found = [one for one in TABLE.services.values() if one.spend.fullmatch(line)]
    named = [
        (one, match[1])
        for one in TABLE.services.values()
        if one.model_spend and (match := one.model_spend.fullmatch(line))
    ]

    assert [one.id for one in found] + [one.id for one, _ in named] == ([service] if service else [])
    assert [name for _, name in named] == ([model] if model else [])


@pytest.mark.parametrize(
    ("group", "change", "complaint"),
    [
        ("metric", {"shows": "nothing"}, "nothing"),
        ("metric", {"shows": "thing", "parts": []}, "no rows"),
        ("metric", {"parts": ["bedrock.ListNothing"]}, "ListNothing"),
        ("metric", {"shows": "service", "service": "moon", "parts": []}, "moon"),
        ("event", {"after": "AWS/Moon"}, "AWS/Moon"),
    ],
)
def test_a_row_that_makes_no_sense_is_refused(group: str, change: dict[str, Any], complaint: str) -> None:
    data = dict(read_table("aws_use"))
    data[group] = [{**data[group][0], **change}]

    with pytest.raises((ValueError, KeyError), match=complaint):
        aws_use_rows.compiled(data)

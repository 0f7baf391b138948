from __future__ import annotations

import json
from typing import Any

import pytest

from tests.code_samples import read

SECRET = "canary-plan-value"
PLAN: dict[str, Any] = {
    "format_version": "1.2",
    "planned_values": {
        "root_module": {
            "resources": [
                {"mode": "managed", "type": "aws_s3_bucket", "name": "files", "values": {}},
                {
                    "mode": "managed",
                    "type": "azurerm_cognitive_deployment",
                    "name": "chat",
                    "values": {"name": "chat", "model": [{"name": "gpt-4o"}], "key": SECRET},
                },
            ],
            "child_modules": [
                {
                    "resources": [
                        {"mode": "managed", "type": "aws_bedrock_guardrail", "name": "g", "values": {}}
                    ]
                }
            ],
        }
    },
    "resource_changes": [
        {"type": "aws_bedrock_guardrail", "name": "g", "change": {"after": {}}},
        {"type": "aws_kendra_index", "name": "gone", "change": {"after": None}},
        {"type": "aws_lex_bot", "name": "new", "change": {"after": {"name": "orders"}}},
    ],
}
STATE = {
    "version": 4,
    "terraform_version": "1.9.0",
    "lineage": "5b3c",
    "resources": [
        {
            "mode": "managed",
            "type": "aws_sagemaker_endpoint",
            "name": "e",
            "instances": [{"attributes": {"name": "scores", "token": SECRET}}],
        },
        {"mode": "data", "type": "azurerm_search_service", "name": "s", "instances": [{"attributes": {}}]},
        {"mode": "managed", "type": "aws_lex_bot", "name": "destroyed", "instances": []},
    ],
}


def resources(path: str, content: Any) -> list[tuple[str, str, str, str | None]]:
    text = json.dumps(content, indent=1)
    found = read(path, text)
    assert SECRET not in repr(found.facts)
    return [
        (fact.kind, fact.name, fact.grade.value, fact.model)
        for name, fact in found.facts
        if name == "terraform-plan"
    ]


def test_a_plan_shows_what_will_be_configured() -> None:
    assert resources("plan.json", PLAN) == [
        ("model_endpoint", "azurerm_cognitive_deployment.chat", "configured", "gpt-4o"),
        ("guardrail", "aws_bedrock_guardrail.g", "configured", None),
        ("agent", "aws_lex_bot.new", "configured", None),
    ]


def test_a_state_shows_what_is_deployed() -> None:
    assert resources("terraform.tfstate", STATE) == [
        ("model_endpoint", "aws_sagemaker_endpoint.e", "deployed", None),
        ("knowledge_base", "data.azurerm_search_service.s", "deployed", None),
    ]


@pytest.mark.parametrize(
    "content",
    [
        {"plans": [{"type": "aws_lex_bot", "name": "x"}]},
        {"format_version": "1", "planned_values": [], "resource_changes": "x"},
        {
            "format_version": 1,
            "planned_values": {"root_module": {"resources": [3, None, {}], "child_modules": 1}},
        },
        {"format_version": 1, "resource_changes": [{"type": ["x"], "name": {}}, {"type": "aws_lex_bot"}]},
        {"terraform_version": "1", "lineage": "x", "resources": {"type": "aws_lex_bot"}},
        {
            "terraform_version": "1",
            "lineage": "x",
            "resources": [{"type": "aws_lex_bot", "name": "x", "instances": [1]}],
        },
    ],
)
def test_another_form_or_wrong_types_show_nothing(content: Any) -> None:
    assert resources("plan.json", content) == []
    assert read("plan.json", json.dumps(content)).problems == []


def test_a_truncated_plan_is_a_problem() -> None:
    text = json.dumps(PLAN)[:300]

    assert [name for name, _ in read("tfplan.json", text).problems] == ["terraform-plan"]

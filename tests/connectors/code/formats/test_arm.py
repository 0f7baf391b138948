from __future__ import annotations

import json
from typing import Any

import pytest

from tests.code_samples import read

ACCOUNTS = "Microsoft.CognitiveServices/accounts"
TEMPLATE: dict[str, Any] = {
    "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
    "parameters": {"model": {"type": "string", "defaultValue": "gpt-4o"}},
    "variables": {"kind": "AIServices"},
    "resources": [
        {
            "type": ACCOUNTS,
            "apiVersion": "2023-05-01",
            "name": "[parameters('name')]",
            "kind": "[variables('kind')]",
            "resources": [
                {
                    "type": "deployments",
                    "apiVersion": "2023-05-01",
                    "name": "chat",
                    "properties": {"model": {"name": "[parameters('model')]"}},
                }
            ],
        },
        {
            "type": "Microsoft.Resources/deployments",
            "apiVersion": "2022-09-01",
            "name": "nested",
            "properties": {
                "template": {
                    "resources": {
                        "search": {"type": "Microsoft.Search/searchServices", "apiVersion": "1", "name": "s"}
                    }
                }
            },
        },
    ],
}


def resources(content: str | bytes, path: str = "main.json") -> list[tuple[str, str, str | None]]:
    return [
        (fact.kind, fact.name, fact.model)
        for name, fact in read(path, content).facts
        if name == "arm-template"
    ]


def test_nested_templates_and_children_are_found_with_their_full_types() -> None:
    assert resources(json.dumps(TEMPLATE, indent=1)) == [
        ("ai_account", ACCOUNTS, None),
        ("model_endpoint", f"{ACCOUNTS}/deployments/chat", "gpt-4o"),
        ("knowledge_base", "Microsoft.Search/searchServices/s", None),
    ]


def test_a_resource_has_its_line_and_literal_kind() -> None:
    first = next(
        fact
        for name, fact in read("main.json", json.dumps(TEMPLATE, indent=1)).facts
        if name == "arm-template"
    )

    assert first.line == 14
    assert first.attributes == {"resource_type": ACCOUNTS, "kind": "AIServices"}


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"policyRule": {"if": {"field": "type", "equals": ACCOUNTS}}, "apiVersion": "1"}),
        json.dumps([{"type": ACCOUNTS, "apiVersion": "1"}]),
        json.dumps({"resources": [{"type": ACCOUNTS, "name": "export"}], "apiVersion": "1"}),
        json.dumps({"resources": [{"type": [ACCOUNTS], "apiVersion": "1"}, ACCOUNTS, None, 3]}),
        json.dumps({"resources": ACCOUNTS, "apiVersion": {}, "parameters": [], "variables": "x"}),
        json.dumps({"type": ACCOUNTS, "apiVersion": 3, "properties": []}),
    ],
)
def test_what_only_names_a_type_declares_nothing(content: str) -> None:
    assert resources(content) == []
    assert read("main.json", content).problems == []


def test_a_truncated_template_is_a_problem_and_other_files_are_left_alone() -> None:
    text = json.dumps(TEMPLATE)[:200] + ' "apiVersion" ' + ACCOUNTS

    assert [name for name, _ in read("main.json", text).problems] == ["arm-template"]
    assert read("main.ts", text).problems == []


def test_deep_nesting_ends() -> None:
    text = '{"resources":[' * 400 + f'{{"type":"{ACCOUNTS}","apiVersion":"1"}}' + "]}" * 400

    assert resources(text) == [("ai_account", ACCOUNTS, None)]

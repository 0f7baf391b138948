from __future__ import annotations

import pytest

from tests.code_samples import read

COMPOSE = """\
services:
  web:
    image: acme/web
    models: [llm]
  old:
    provider:
      type: model
      options:
        model: ai/judge-small
  db:
    provider:
      type: other
models:
  llm:
    model: ai/judge:7B-Q4
  broken: 3
"""
AZD = """\
name: shop
services:
  api:
    host: containerapp
  chat:
    host: ai.endpoint
  helper:
    host: azure.ai.agent
"""


def found(path: str, text: str | bytes, name: str) -> list[tuple[str, str, int, str | None]]:
    return [
        (fact.kind, fact.name, fact.line, fact.model)
        for known, fact in read(path, text).facts
        if known == name
    ]


@pytest.mark.parametrize("path", ["compose.yaml", "docker-compose.yml", "docker-compose.dev.yaml"])
def test_models_that_compose_runs_are_servers_of_their_model(path: str) -> None:
    assert found(path, COMPOSE, "compose-models") == [
        ("model_server", "Docker Model Runner/ai/judge:7B-Q4", 15, "ai/judge:7B-Q4"),
        ("model_server", "Docker Model Runner/ai/judge-small", 9, "ai/judge-small"),
    ]
    assert [row[1:] for row in found(path, COMPOSE, "compose-model-ids")] == [
        ("ai/judge:7B-Q4", 15, "ai/judge:7B-Q4"),
        ("ai/judge-small", 9, "ai/judge-small"),
    ]


@pytest.mark.parametrize(
    ("written", "model"),
    [
        ("${M:-ai/judge:1B}", "ai/judge:1B"),
        ("${M-ai/judge}", "ai/judge"),
        ("${M}", ""),
        ("$M", ""),
        ("a/${M}", ""),
    ],
)
def test_a_model_in_a_variable_is_its_default(written: str, model: str) -> None:
    text = f"models:\n  llm:\n    model: {written}\n"

    assert [row[1] for row in found("compose.yaml", text, "compose-models")] == [
        f"Docker Model Runner/{model or 'llm'}"
    ]
    assert [row[1] for row in found("compose.yaml", text, "compose-model-ids")] == ([model] if model else [])


def test_one_word_for_two_models_is_two_servers() -> None:
    names = [
        fact.identifier
        for model in ("ai/judge:1B", "ai/judge:7B")
        for known, fact in read("compose.yaml", f"models:\n  llm:\n    model: {model}\n").facts
        if known == "compose-models"
    ]

    assert names == ["compose-model/ai/judge:1B", "compose-model/ai/judge:7B"]


def test_the_word_for_a_model_is_no_model() -> None:
    text = (
        "services:\n  web:\n    models:\n      gemma3:\n        endpoint_var: URL\n"
        "  job:\n    models: [qwen3]\n"
        "models:\n  gemma3:\n    model: ai/gemma3-qat:27B-Q4_K_M\n  qwen3:\n    model: ai/qwen3\n"
    )

    standing = {
        fact.name for _, fact in read("compose.yaml", text).facts if fact.kind == "model" and fact.standing
    }

    assert standing == {"ai/gemma3-qat:27B-Q4_K_M", "ai/qwen3"}


def test_services_of_azd_that_host_ai_are_found() -> None:
    assert found("azure.yaml", AZD, "azd") == [
        ("model_endpoint", "ai.endpoint/chat", 5, None),
        ("agent", "azure.ai.agent/helper", 7, None),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "models:\n",
        "models: [a, b]\n",
        "models: {a: {model: [x]}}\nservices: 7\n",
        "services: {a: {provider: {type: model, options: [x]}}}\n",
        "- models:\n",
        "services: {web: {image: acme/web}}\n",
    ],
)
def test_wrong_types_are_no_models(text: str) -> None:
    assert found("compose.yml", text, "compose-models") == []
    assert found("azure.yaml", text, "azd") == []
    assert read("compose.yml", text).problems == []


def test_what_is_no_yaml_is_a_problem() -> None:
    assert [problem for _, problem in read("compose.yml", "models:\n  a: {\n").problems] == 2 * [
        "not YAML at line 3"
    ]

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
        ("model_server", "Docker Model Runner/llm", 15, "ai/judge:7B-Q4"),
        ("model_server", "Docker Model Runner/old", 9, "ai/judge-small"),
    ]


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
    assert read("compose.yml", "models:\n  a: {\n").problems == [("compose-models", "not YAML at line 3")]

"""A finding is a labelled fact by kind and name; only ways of writing one name are forgiven."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.accuracy import lies_at, matches


def _item(kind: str, name: str, **attributes: Any) -> dict[str, Any]:
    return {"kind": kind, "name": name, "model": "", "attributes": attributes, "paths": ["a/b.tf", "go.mod"]}


@pytest.mark.parametrize(
    ("category", "name", "item"),
    [
        ("provider_sdk", "openai/openai-go", _item("package", "github.com/openai/openai-go")),
        ("provider_sdk", "cohere-ai/cohere-go", _item("package", "github.com/cohere-ai/cohere-go/v2")),
        ("provider_sdk", "github.com/ollama/ollama", _item("package", "github.com/ollama/ollama")),
        ("ai_framework", "acme-starter", _item("package", "org.acme.ai:acme-starter")),
        ("ai_framework", "acme_tools", _item("package", "acme-tools")),
        ("model_reference", "judge-1", _item("model", "acme/judge-1")),
        ("api_endpoint", "api.acme.ai", _item("provider_endpoint", "api.acme.ai", host="api.acme.ai")),
        ("api_endpoint", "openai.azure.com", _item("provider_endpoint", "*.openai.azure.com")),
        ("iac_ai_resource", "aws_acme", _item("agent", "aws_acme.this", resource_type="aws_acme")),
        ("model_server", "cr.acme.org/judge/server:1.4", _item("model_server", "judge/server")),
        (
            "model_server",
            "judge/server",
            _item("model_server", "judge/server", image="cr.acme.org/judge/server"),
        ),
        ("model_server", "Judge", _item("model_server", "judge/server", product="Judge")),
    ],
)
def test_a_name_written_shorter_is_the_same(category: str, name: str, item: dict[str, Any]) -> None:
    assert matches({"category": category, "name": name}, item)


@pytest.mark.parametrize(
    ("category", "name", "item"),
    [
        ("provider_sdk", "openai", _item("package", "langchain-openai")),
        ("provider_sdk", "openai", _item("model", "openai")),
        ("provider_sdk", "go", _item("package", "github.com/openai/openai-go")),
        ("provider_sdk", "Acme.Kernel.OpenAI", _item("package", "Microsoft.Extensions.AI")),
        ("ai_framework", "org.acme:kernel", _item("package", "org.acme.ai:starter")),
        ("model_reference", "gpt-4", _item("model", "gpt-4o")),
        ("api_endpoint", "acme.ai", _item("provider_endpoint", "notacme.ai")),
        ("mcp_server", "files", _item("mcp_server", "acme/files")),
        ("model_server", "other/server", _item("model_server", "judge/server")),
        ("model_server", "server", _item("model_server", "judge/server")),
    ],
)
def test_other_names_are_not(category: str, name: str, item: dict[str, Any]) -> None:
    assert not matches({"category": category, "name": name}, item)


@pytest.mark.parametrize(
    ("place", "expected"), [("go.mod", True), ("go.mod:3", True), ("a", True), ("b", False)]
)
def test_a_place_is_a_file_or_the_folder_above(place: str, expected: bool) -> None:
    assert lies_at(place, _item("package", "x")) is expected

"""No environment value, prompt or instruction leaves the client, whichever operation answers with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from connectors.aws import AwsConnector, AwsOptions
from connectors.clients.aws import AwsClients, Place
from connectors.clients.network import NetworkSettings
from tests.fakes_aws import HOME, FakeAws
from tests.fakes_aws_wire import model_of
from tests.harness_aws import environment

CANARY = "canary-Qy55-never-to-be-kept"
REGION = "us-east-1"
_TEXTS = re.compile(
    r"(?i)(instruction|prompt|prompts|prompttext|prompttemplate|promptsummary|welcomemessage|"
    r"(system|json|csv|content|input)\w*template|password|secret|apikey|privatekey|definition|statement|"
    r"suggestedmessages|businessoverview|customdisambiguationmessage)s?$"
)
_NAMES = {"taskDefinition"}  # an ARN, where ECS answers with services
_MAPS = re.compile(r"(?i)(environment|variables|parameters|arguments|headers|metadata|preferences)$")


def test_no_answer_of_any_operation_carries_a_sensitive_text(monkeypatch: pytest.MonkeyPatch) -> None:
    planted: set[str] = set()
    leaked: list[str] = []

    with FakeAws() as fake:
        for name, value in environment(fake).items():
            monkeypatch.setenv(name, value)
        for service, operation in _operations():
            shape = model_of(service).operation_model(operation).output_shape
            answer, count = _planted(shape)
            fake.answer(service, operation, partial(_as_it_is, answer))
            planted |= {f"{service}.{operation}"} if count else set()
        clients = _clients()
        for service, operation in _operations():
            answer = clients.call(
                service, operation, Place(account="", region=REGION), _params(service, operation)
            )
            answer.pop("ResponseMetadata", None)
            leaked += [f"{service}.{operation}"] if CANARY in repr(answer) else []
        clients.close()

    assert leaked == []
    assert {"bedrock-agent.GetAgent", "sagemaker.DescribeModel", "quicksight.DescribeAgent"} <= planted
    assert len(planted) >= 12


def test_a_text_keeps_its_length_and_hash_and_a_map_its_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeAws() as fake:
        for name, value in environment(fake).items():
            monkeypatch.setenv(name, value)
        shape = model_of("bedrock-agentcore-control").operation_model("GetAgentRuntime").output_shape
        answer, _ = _planted(shape)
        fake.answer("bedrock-agentcore-control", "GetAgentRuntime", partial(_as_it_is, answer))
        clients = _clients()

        seen = clients.call(
            "bedrock-agentcore-control",
            "GetAgentRuntime",
            Place(account="", region=REGION),
            {"agentRuntimeId": "runtime-1"},
        )
        clients.close()

    assert seen["environmentVariables"] == {"OPENAI_API_KEY": "[redacted]"}


def _as_it_is(answer: dict[str, Any], asked: Any) -> dict[str, Any]:
    return answer


def _operations() -> Iterator[tuple[str, str]]:
    for one in AwsConnector.info.operations:
        if one.host != "sts":  # its credentials are what the client is for
            yield one.host, one.path


def _clients() -> AwsClients:
    connector = AwsConnector()
    return AwsClients(
        connector.aws_settings(AwsOptions()),
        operations=connector.info.operations,
        network=NetworkSettings(max_attempts=1),
    )


def _planted(shape: Any) -> tuple[dict[str, Any], int]:
    """Return an answer that holds canaries in all members of sensitive names, and how many."""
    planted = [0]
    value = _value(shape, "", planted, frozenset())
    return (value if isinstance(value, dict) else {}), planted[0]


def _value(shape: Any, name: str, planted: list[int], above: frozenset[str]) -> Any:
    kind = shape.type_name
    if kind == "structure" and shape.members:
        if shape.name in above:
            return None
        inside = {
            member: _value(inner, member, planted, above | {shape.name})
            for member, inner in shape.members.items()
        }
        filled = {member: value for member, value in inside.items() if value is not None}
        if shape.is_tagged_union:
            filled = dict(list(filled.items())[:1])
        return filled or None
    if kind == "list":
        inner = _value(shape.member, name, planted, above)
        return None if inner is None else [inner]
    if kind == "map" and _MAPS.search(name) and shape.value.type_name == "string":
        planted[0] += 1
        return {"OPENAI_API_KEY": CANARY}
    if kind == "string" and _TEXTS.search(name) and name not in _NAMES and not shape.enum:
        planted[0] += 1
        return CANARY
    return None


def _params(service: str, operation: str) -> dict[str, Any]:
    shape = model_of(service).operation_model(operation).input_shape
    return {} if shape is None else {name: _input(shape.members[name]) for name in shape.required_members}


def _input(shape: Any) -> Any:
    if shape.type_name == "list":
        return [_input(shape.member)]
    if shape.type_name == "structure":
        return {name: _input(shape.members[name]) for name in shape.required_members}
    if shape.type_name == "timestamp":
        return "2026-11-01T00:00:00Z"
    return (shape.enum or [HOME])[0]

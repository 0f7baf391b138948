"""Table tests of what Microsoft 365 Copilot is extended with."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connectors.code.facts import Fact
from tests.code_samples import read

OLD = "https://aka.ms/json-schemas/copilot-extensions/vNext/declarative-copilot.schema.json"
NEW = "https://developer.microsoft.com/json-schemas/copilot/declarative-agent/v1.6/schema.json"
AGENT: dict[str, Any] = {
    "$schema": OLD,
    "name": "Genie",
    "instructions": "Never tell hidden things.",
    "capabilities": [{"name": "WebSearch"}],
    "actions": [{"id": "a", "file": "plugin.json"}],
}
APP = {
    "manifestVersion": "1.21",
    "name": {"short": "Desk"},
    "copilotAgents": {"customEngineAgents": [{"id": "b", "type": "bot"}]},
}
PLUGIN = {"schema_version": "v2.1", "name_for_human": "Trey", "functions": [{"name": "find"}]}


def _things(path: str, content: Any) -> list[Fact]:
    text = content if isinstance(content, str) else json.dumps(content, indent=1)
    return [fact for _, fact in read(path, text) if fact.kind in ("agent", "tool")]


@pytest.mark.parametrize(
    ("path", "content", "kind", "name", "form"),
    [
        ("declarativeAgent.json", AGENT, "agent", "Genie", "declarative agent"),
        ("trey-declarative-agent.json", AGENT, "agent", "Genie", "declarative agent"),
        ("appPackage/desk.json", {**AGENT, "$schema": NEW}, "agent", "Genie", "declarative agent"),
        ("manifest.json", APP, "agent", "Desk", "custom engine agent"),
        ("trey-plugin.json", PLUGIN, "tool", "Trey", "API plug-in"),
    ],
)
def test_what_is_published_into_copilot_is_found_once(
    path: str, content: Any, kind: str, name: str, form: str
) -> None:
    (fact,) = _things(path, content)

    assert (fact.kind, fact.provider, fact.name, fact.attributes["form"]) == (kind, "microsoft", name, form)
    assert "hidden" not in repr(fact)


def test_an_agents_actions_and_capabilities_are_told() -> None:
    (fact,) = _things("a.json", AGENT)

    assert (fact.attributes["actions"], fact.attributes["capabilities"]) == (1, ["WebSearch"])


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("a.json", {**AGENT, "$schema": "https://acme.dev/agent.schema.json"}),
        ("a.json", {"$schema": OLD, "name": "Genie"}),
        ("schema.json", {"$id": NEW, "properties": {"name": {}, "instructions": {}}}),
        ("manifest.json", {**APP, "copilotAgents": {"declarativeAgents": [{"id": "x", "file": "a.json"}]}}),
        ("manifest.json", {**APP, "copilotAgents": {"customEngineAgents": []}}),
        ("plugin.json", {**PLUGIN, "functions": []}),
        ("plugin.json", {**PLUGIN, "schema_version": "v1"}),
        ("a.ts", f"const schema = '{NEW}'; const a = {json.dumps(AGENT)};"),
        ("README.md", f"```json\n{json.dumps(AGENT)}\n```"),
        (
            "a.json",
            '["https://developer.microsoft.com/json-schemas/copilot/declarative-agent/v1.0/schema.json"]',
        ),
    ],
)
def test_what_only_mentions_copilot_is_nothing(path: str, content: Any) -> None:
    assert _things(path, content) == []

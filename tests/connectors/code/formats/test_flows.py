from __future__ import annotations

import json
from typing import Any

import pytest

from tests.code_samples import read

N8N: dict[str, Any] = {
    "name": "Triage",
    "nodes": [
        {"name": "Hook", "type": "n8n-nodes-base.webhook"},
        {"name": "AI Agent", "type": "@n8n/n8n-nodes-langchain.agent", "parameters": {}},
        {"name": "Model", "type": "@n8n/n8n-nodes-langchain.lmChatOpenAi", "parameters": {"model": "gpt-4o"}},
    ],
    "connections": {},
}
DIFY = (
    "app:\n  mode: workflow\n  name: Letters\nkind: app\nversion: 0.3.0\nworkflow:\n  graph:\n    nodes:\n"
    "    - data:\n        model:\n          name: acme-writer\n          provider: acme\n        type: llm\n"
)
FLOWISE = {
    "nodes": [{"data": {"category": "Chat Models", "inputAnchors": [], "name": "chatOpenAI"}}],
    "edges": [],
}
LANGFLOW = {"name": "Flow", "last_tested_version": "1.0", "data": {"nodes": [{"id": "a"}], "edges": []}}
TEAM = {
    "provider": "autogen_agentchat.teams.RoundRobinGroupChat",
    "component_type": "team",
    "config": {
        "participants": [
            {
                "provider": "autogen_agentchat.agents.AssistantAgent",
                "component_type": "agent",
                "config": {"name": "writer"},
            }
        ]
    },
}


@pytest.mark.parametrize(
    ("path", "text", "things"),
    [
        ("flow.json", json.dumps(N8N), [("workflow", "Triage"), ("agent", "AI Agent")]),
        ("flows.json", json.dumps([N8N]), [("workflow", "Triage"), ("agent", "AI Agent")]),
        ("app.yml", DIFY, [("workflow", "Letters"), ("model", "acme-writer")]),
        (
            "chat.yml",
            DIFY.replace("mode: workflow", "mode: agent-chat"),
            [("agent", "Letters"), ("model", "acme-writer")],
        ),
        ("bot.json", json.dumps(FLOWISE), [("workflow", "")]),
        ("lang.json", json.dumps(LANGFLOW), [("workflow", "Flow")]),
        ("team.json", json.dumps(TEAM), [("agent", "writer")]),
    ],
)
def test_an_export_shows_its_flow_and_agents(path: str, text: str, things: list[tuple[str, str]]) -> None:
    found = [(fact.kind, fact.name) for name, fact in read(path, text) if name == "flow-export"]

    assert found == things


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("package.json", '{"dependencies": {"@n8n/n8n-nodes-langchain": "1.0"}}'),
        ("node.ts", 'const type = "@n8n/n8n-nodes-langchain.agent";'),
        ("a.yml", "kind: app\nmetadata:\n  name: x\n"),
        ("a.json", '{"inputAnchors": [], "nodes": 3}'),
        ("a.json", '{"last_tested_version": "1", "data": null}'),
        ("a.json", '{"component_type": 1, "x": "autogen_agentchat.y"}'),
        ("a.json", '{"nodes": [null, 1, {"type": ["@n8n/n8n-nodes-langchain.agent"]}]}'),
    ],
)
def test_files_that_mention_a_tool_are_no_exports(path: str, text: str) -> None:
    assert [fact.name for name, fact in read(path, text) if name == "flow-export"] == []


def test_a_truncated_export_is_a_problem_and_no_more() -> None:
    found = read("flow.json", json.dumps(N8N)[:-9])

    assert [name for name, _ in found.problems] == ["flow-export"]

"""Table tests of workflows that are written for an agent."""

from __future__ import annotations

import pytest

from tests.code_samples import read

SERVERS = """\
---
mcp-servers:
  arxiv:
    container: "mcp/arxiv-mcp-server"
    allowed: [search]
  docs:
    url: "https://docs.example.org/mcp?key=s3cr3t"
  local:
    command: npx
    args: ["-y", "mcp-docs", "--key=s3cr3t"]
    env: {TOKEN: s3cr3t}
  none:
    allowed: ["*"]
---
# Shared
"""


def found(path: str, text: str) -> list[tuple[str, str, str]]:
    return [(fact.kind, fact.provider, fact.name) for _, fact in read(path, text)]


@pytest.mark.parametrize(
    ("path", "front", "kinds"),
    [
        (".github/workflows/a.md", "on:\n  issues:\nengine: claude", ["ci_step", "agent_config"]),
        (".github/workflows/a.md", "on: push\npermissions: read-all", ["ci_step"]),
        ("workflows/a.md", "on: push\nsafe-outputs:\n  add-comment:", ["agent_config"]),
        ("x/workflows/deep/a.md", "on: push\nengine:\n  id: codex", ["agent_config"]),
        ("workflows/a.md", "on: push\npermissions: read-all", []),
        ("workflows/a.md", "title: How we work", []),
        ("workflows/a.md", "engine: v8\ntitle: x", []),
        ("docs/a.md", "on: push\nengine: claude", []),
    ],
)
def test_a_workflow_of_an_agent_is_known_by_its_front_matter(path: str, front: str, kinds: list[str]) -> None:
    assert [kind for kind, _, _ in found(path, f"---\n{front}\n---\n# Do\n")] == kinds


def test_a_skill_below_a_folder_of_workflows_stays_a_skill() -> None:
    facts = read("skills/workflows/pdf/SKILL.md", "# Do\n").facts

    assert [fact.attributes["form"] for _, fact in facts] == ["skill"]


@pytest.mark.parametrize("path", ["workflows/shared/a.md", ".github/workflows/shared/mcp/a.md"])
def test_servers_that_workflows_import_are_found_without_values(path: str) -> None:
    facts = [fact for _, fact in read(path, SERVERS)]

    assert [(fact.name, fact.line, fact.attributes["transport"]) for fact in facts] == [
        ("arxiv", 3, "stdio"),
        ("docs", 6, "http"),
        ("local", 8, "stdio"),
    ]
    assert facts[0].attributes["package_name"] == "mcp/arxiv-mcp-server"
    assert "s3cr3t" not in repr(facts)


@pytest.mark.parametrize(
    "text",
    [
        "---\nmcp-servers: [a, b]\n---\n",
        "---\nmcp-servers:\n  a: 3\n---\n",
        "---\ntitle: x\n---\nmcp-servers:\n  a: {url: https://example.org}\n",
        "mcp-servers:\n  a: {url: https://example.org}\n",
        "---\nmcp-servers:\n  a: {url: https://example.org}\n",
    ],
)
def test_what_is_no_front_matter_of_servers_says_nothing(text: str) -> None:
    assert found("workflows/shared/a.md", text) == []

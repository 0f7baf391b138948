"""A smithery.yaml puts the unit's MCP server on a host."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.code_samples import facts, read, scan, write

SETTINGS = """runtime: container
startCommand:
  type: stdio
  commandFunction: |-
    (config) => ({ command: "node", env: { KEY: "sk-proj-0123456789abcdefghij" } })
"""


def test_the_server_is_told_without_how_it_is_started() -> None:
    (found,) = facts("smithery.yaml", SETTINGS).values()

    assert found.kind == "mcp_server"
    assert found.attributes == {"form": "hosting", "transport": "stdio", "runtime": "container"}
    assert found.line == 2


@pytest.mark.parametrize("text", ["", "runtime: other\n", "- a\n", "startCommand: 1\n"])
def test_another_tools_file_shows_nothing(text: str) -> None:
    assert read("smithery.yaml", text).facts == []


def test_it_is_the_server_that_the_package_publishes(tmp_path: Path) -> None:
    manifest = '{"name": "acme-mcp-time", "bin": "a.js", "dependencies": {"@modelcontextprotocol/sdk": "1"}}'

    found = scan(write(tmp_path, {"smithery.yaml": SETTINGS, "package.json": manifest})).findings

    (server,) = [item for item in found if item.kind == "mcp_server"]
    assert server.name == "acme-mcp-time"
    assert {item.locator for item in server.evidence} == {"smithery.yaml:2", "package.json:1"}


def test_alone_it_is_a_server_by_itself(tmp_path: Path) -> None:
    (server,) = scan(write(tmp_path, {"smithery.yaml": SETTINGS})).findings

    assert (server.kind, server.name) == ("mcp_server", "smithery.yaml")

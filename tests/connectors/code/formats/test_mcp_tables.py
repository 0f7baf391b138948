"""Table tests of the MCP servers that an agent's configuration in YAML lists."""

from __future__ import annotations

import pytest

from connectors.code.facts import Fact
from tests.code_samples import read

IN_CONFIG_MAP = """\
kind: ConfigMap
data:
  config.yaml: |
    toolsets: [cli]
    mcp_servers:
      # ours
      tools:
        url: http://tools.agents:4483/mcp?key=hidden
      shop:
        url: ${SHOP_URL}
        enabled: false
    auxiliary:
      vision: {url: "https://vision.acme.dev"}
"""
IN_OBJECT = """\
kind: Agent
spec:
  mcp:
    enabled: true
    servers:
      - name: papers
        transport: http
        url: https://papers.acme.dev/mcp
"""
TEMPLATED = """\
{{- if .Values.agent }}
replicas: {{ .Values.replicas }}
mcpServers:
- name: files
  command: npx
  args: ["-y", "@acme/files", --token, hidden]
{{- end }}
"""
PLAIN = """\
servers:
  - name: thinking
    command: npx
    args:
      - -y
      - "@modelcontextprotocol/server-sequential-thinking"
"""
SCHEMA = """\
mcpServers:
  type: object
  additionalProperties: {properties: {command: {type: string}, url: {type: string}}}
"""


def _servers(path: str, text: str) -> list[Fact]:
    return [fact for name, fact in read(path, text) if name == "mcp-table"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (IN_CONFIG_MAP, [("tools", 7, "tools.agents"), ("shop", 9, None)]),
        (IN_CONFIG_MAP.replace("\n", "\r\n"), [("tools", 7, "tools.agents"), ("shop", 9, None)]),
        (IN_OBJECT, [("papers", 6, "papers.acme.dev")]),
        (PLAIN, [("thinking", 2, "@modelcontextprotocol/server-sequential-thinking")]),
        (PLAIN.replace("@modelcontextprotocol", "@acme/web"), []),
        (TEMPLATED, [("files", 4, "@acme/files")]),
    ],
)
def test_servers_are_found_below_their_key_at_any_depth(
    text: str, expected: list[tuple[str, int, str | None]]
) -> None:
    found = _servers("agent.yaml", text)

    assert expected == [
        (fact.name, fact.line, fact.attributes.get("host", fact.attributes.get("package_name")))
        for fact in found
    ]
    assert "hidden" not in str(found)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("openapi.yaml", SCHEMA, id="a schema"),
        pytest.param("a.yaml", "mcpServers:\n  github:\n    enabled: true\n", id="a switch"),
        pytest.param("a.yaml", "mcp_servers:\n  - files\n  - fetch\n", id="names alone"),
        pytest.param("a.yaml", "mcp_servers: {}\nother:\n  a: {url: 'https://a.dev'}\n", id="none"),
        pytest.param("a.yaml", "# mcp_servers:\n#   a: {url: 'https://a.dev'}\n", id="a comment"),
        pytest.param("a.yaml", "mcp:\n  image: {name: a, url: 'https://a.dev'}\n", id="another section"),
        pytest.param("a.yaml", "mcp_servers:\n  a:\n    url: a page\n", id="no address"),
        pytest.param("a.yaml", "tool_mcp_servers:\n  a: {url: 'https://a.dev'}\n", id="another key"),
        pytest.param("a.yaml", "mcp_servers:\n  a: {{ toYaml .Values.a }}\n", id="a template's own"),
        pytest.param("a.md", "mcp_servers:\n  a: {url: 'https://a.dev'}\n", id="prose"),
    ],
)
def test_what_starts_and_reaches_nothing_is_no_server(path: str, text: str) -> None:
    assert _servers(path, text) == []

"""Table tests of the MCP servers that a gateway's configuration lists."""

from __future__ import annotations

import json

import pytest

from connectors.code.facts import Fact
from tests.code_samples import read

STARTED = """\
mcp:
  port: 3000
  targets:
  # what we serve
  - name: clock
    stdio:
      cmd: uvx
      args: ["--with", "mcp<2", "mcp-server-time"]
      env: {CLOCK_KEY: hidden}
"""
ROUTED = """\
# yaml-language-server: $schema=https://agentgateway.dev/schema/config
binds:
- port: 3000
  listeners:
  - routes:
    - backends:
      - mcp:
          targets:
          - name: files
            mcp:
              host: https://files.acme.dev/mcp?key=hidden
          - name: events
            sse:
              host: events.acme.dev
          - name: shop
            openapi:
              schema: {file: shop.json}
              host: localhost:8080
"""
OBJECT = """\
apiVersion: agentgateway.dev/v1alpha1
kind: AgentgatewayBackend
metadata:
  name: tools
spec:
  mcp:
    targets:
    - name: admin
      static:
        host: admin.tools.svc.cluster.local
        port: 80
"""


def _servers(path: str, text: str) -> list[Fact]:
    return [fact for name, fact in read(path, text) if name == "mcp-target"]


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("config.yaml", STARTED, [("clock", 5, "mcp-server-time")]),
        ("config.yaml", STARTED.replace("\n", "\r\n"), [("clock", 5, "mcp-server-time")]),
        (
            "gateway.json",
            json.dumps(
                {"mcp": {"targets": [{"name": "web", "stdio": {"cmd": "npx", "args": ["-y", "@acme/web"]}}]}}
            ),
            [("web", 1, "@acme/web")],
        ),
        (
            "c.yaml",
            ROUTED,
            [("files", 9, "files.acme.dev"), ("events", 12, "events.acme.dev"), ("shop", 15, "localhost")],
        ),
        ("backend.yaml", OBJECT, [("admin", 8, "admin.tools.svc.cluster.local")]),
    ],
)
def test_a_gateways_targets_are_servers(path: str, text: str, expected: list[tuple[str, int, str]]) -> None:
    found = _servers(path, text)

    assert [
        (fact.name, fact.line, fact.attributes.get("package_name", fact.attributes.get("host")))
        for fact in found
    ] == expected
    assert "hidden" not in repr(found)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("config.yaml", STARTED.replace("mcp:\n  port", "backends:\n  port")),
        ("config.yaml", STARTED.replace("cmd: uvx", "file: out.log")),
        ("config.yaml", "".join(f"# {line}\n" for line in STARTED.splitlines())),
        (
            "crd.yaml",
            "# agentgateway.dev/\nproperties:\n  mcp:\n    properties:\n      targets:\n       type: array\n",
        ),
        ("prometheus.yml", "stdio:\n  x: 1\nmcp:\n- targets:\n  - localhost:9090\n"),
        ("README.md", f"```yaml\n{STARTED}```\n"),
        ("spawn.js", "spawn(mcp, { stdio:\n 'inherit', targets: [] })"),
    ],
)
def test_what_lists_no_targets_of_the_protocol_is_no_server(path: str, text: str) -> None:
    assert _servers(path, text) == []

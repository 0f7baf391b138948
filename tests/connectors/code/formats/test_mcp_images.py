"""Table tests of MCP servers that run as containers of uncatalogued images."""

from __future__ import annotations

import pytest

from connectors.code.facts import Fact
from tests.code_samples import read

RELEASE = """\
kind: HelmRelease
spec:
  values:
    controllers:
      home:
        containers:
          app:
            image:
              repository: ghcr.io/acme/home-mcp
              tag: 8.3.0@sha256:38b3
            command: ["home-mcp-web"]
            env:
              TZ: America/New_York
              MCP_PORT: &port 80
"""
POD = """\
spec:
  containers:
  - name: side
    image: acme/logger:1
  - name: tools
    image: registry.acme.dev:5000/tools/mcp-tools:1.2
    env:
    - name: MCP_TRANSPORT
      value: sse
"""
COMPOSE = """\
services:
  files:
    command: ["--transport", "streamable-http"]
    image: "acme/files-mcp-server"
  db:
    image: postgres:17
"""
VALUES = """\
image:
  repository: acme/mcp-shop
  tag: "2"
probe:
  path: /mcp
"""


def _servers(path: str, text: str) -> list[Fact]:
    return [fact for name, fact in read(path, text) if name == "mcp-image"]


@pytest.mark.parametrize(
    ("path", "text", "name", "line"),
    [
        ("helmrelease.yaml", RELEASE, "ghcr.io/acme/home-mcp", 9),
        ("pod.yaml", POD, "registry.acme.dev:5000/tools/mcp-tools", 6),
        ("pod.yaml", POD.replace("\n", "\r\n"), "registry.acme.dev:5000/tools/mcp-tools", 6),
        ("compose.yaml", COMPOSE, "acme/files-mcp-server", 4),
        ("values.yaml", VALUES, "acme/mcp-shop", 2),
    ],
)
def test_an_image_set_up_as_an_mcp_server_is_one(path: str, text: str, name: str, line: int) -> None:
    (fact,) = _servers(path, text)

    assert (fact.kind, fact.name, fact.attributes["image"], fact.line) == ("mcp_server", name, name, line)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("helmrelease.yaml", RELEASE.replace("MCP_PORT", "PORT")),
        ("helmrelease.yaml", RELEASE.replace("home-mcp\n", "home-bridge\n")),
        ("helmrelease.yaml", RELEASE.replace("home-mcp\n", "home-mcp-tests\n")),
        ("helmrelease.yaml", RELEASE.replace("              MCP_PORT", "              # MCP_PORT")),
        ("helmrelease.yaml", RELEASE.replace("home-mcp\n", "mcpherson\n")),
        ("helmrelease.yaml", RELEASE.replace("ghcr.io/acme/home-mcp", "{{ .Values.image }}")),
        # The setting is another container's.
        ("pod.yaml", POD.replace("acme/logger:1", "acme/log-mcp:1").replace("mcp-tools", "tools")),
        ("compose.yaml", COMPOSE.replace("files-mcp-server", "files").replace("postgres:17", "acme/db-mcp")),
        # A catalogued image is found by its row.
        (
            "pod.yaml",
            POD.replace("registry.acme.dev:5000/tools/mcp-tools", "ghcr.io/github/github-mcp-server"),
        ),
        # At the margin an image is a pipeline's, unless the file holds a chart's values.
        (".gitlab-ci.yml", VALUES),
        ("notes.md", RELEASE),
    ],
)
def test_a_name_or_a_setting_alone_is_no_server(path: str, text: str) -> None:
    assert _servers(path, text) == []

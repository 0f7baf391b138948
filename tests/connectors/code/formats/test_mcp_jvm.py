"""Table tests of MCP in the settings of Spring AI and Quarkus; no value that may be secret leaves."""

from __future__ import annotations

import json

import pytest

from tests.code_samples import facts, read

STDIO = """\
spring.ai.mcp.client.stdio.connections.brave-search.command=npx
spring.ai.mcp.client.stdio.connections.brave-search.args=-y,@modelcontextprotocol/server-brave-search,--key=canary1
spring.ai.mcp.client.stdio.connections.brave-search.env.BRAVE_API_KEY=canary2
"""
YAML = """\
spring:
  application:
    name: shop
  ai:
    mcp:
      client:
        stdio:
          connections:
            files:
              command: npx
              args:
                - -y
                - "@modelcontextprotocol/server-filesystem"
                - --token=canary3
              env:
                TOKEN: canary4
        streamable-http:
          connections:
            remote:
              url: https://user:canary5@mcp.example.org/x?key=canary6
"""


@pytest.mark.parametrize(
    ("path", "text", "name", "attributes"),
    [
        (
            "application.properties",
            STDIO,
            "brave-search",
            {
                "transport": "stdio",
                "program": "npx",
                "package_name": "@modelcontextprotocol/server-brave-search",
                "environment": ["BRAVE_API_KEY"],
            },
        ),
        (
            "application.yml",
            YAML,
            "files",
            {"package_name": "@modelcontextprotocol/server-filesystem", "environment": ["TOKEN"]},
        ),
        ("application-dev.yaml", YAML, "remote", {"transport": "http", "host": "mcp.example.org"}),
        (
            "application.properties",
            "spring.ai.mcp.client.sse.connections.s1.url=http://localhost:8080",
            "s1",
            {"host": "localhost"},
        ),
        (
            "application.properties",
            "spring.ai.mcp.client.sse.connections.s1.url=${MCP_URL:x}",
            "s1",
            {"transport": "http", "host": None},
        ),
        (
            "application.properties",
            "%dev.quarkus.langchain4j.mcp.github.transport-type=stdio\n"
            "quarkus.langchain4j.mcp.github.command=npx,-y,@modelcontextprotocol/server-github\n",
            "github",
            {"package_name": "@modelcontextprotocol/server-github"},
        ),
        (
            "application.properties",
            "quarkus.langchain4j.mcp.weather.url=http://weather.example.org/mcp/sse\n",
            "weather",
            {"host": "weather.example.org"},
        ),
        (
            "application.properties",
            "spring.ai.mcp.server.name=shop-tools\n",
            "shop-tools",
            {"form": "settings"},
        ),
        (
            "application.yml",
            "quarkus:\n  mcp:\n    server:\n      server-info:\n        name: shop-tools\n",
            "shop-tools",
            {"form": "settings"},
        ),
    ],
)
def test_a_connection_or_server_is_found(
    path: str, text: str, name: str, attributes: dict[str, object]
) -> None:
    found = facts(path, text)[name]

    assert {key: found.attributes.get(key) for key in attributes} == attributes
    assert (found.kind, found.identifier, found.grade.value) == ("mcp_server", name, "configured")
    assert found.line > 0


@pytest.mark.parametrize(("path", "text"), [("application.properties", STDIO), ("application.yml", YAML)])
def test_no_value_of_arguments_environment_or_url_leaves(path: str, text: str) -> None:
    packed = b"".join(
        json.dumps(fact.attributes).encode() for _, fact in read(path, text) if fact.kind == "mcp_server"
    )

    assert packed
    assert b"canary" not in packed


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("application.properties", "# spring.ai.mcp.client.sse.connections.s1.url=http://x\n"),
        ("application.properties", "spring.ai.mcp.client.toolcallback.enabled=true\n"),
        ("application.properties", "spring.ai.mcp.server.name=two words and more\n"),
        ("application.properties", "mcp" * 5_000),
        ("application.yml", "mcp:\n  - 1\n  - {a: b}\n"),
        ("application.yml", "spring: [mcp, {ai: [mcp]}]\n"),
        (
            "application.yml",
            "spring:\n  ai:\n    mcp:\n      client:\n        sse:\n          connections: 3\n",
        ),
        ("settings.properties", STDIO),
    ],
)
def test_other_settings_are_no_servers(path: str, text: str) -> None:
    found = read(path, text)

    assert [fact for _, fact in found if fact.kind == "mcp_server"] == []
    assert found.problems == []


def test_a_broken_yaml_is_a_problem() -> None:
    assert read("application.yml", "mcp: [1, 2\n").problems

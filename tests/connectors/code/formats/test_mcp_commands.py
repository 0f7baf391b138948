"""Table tests of commands that give an agent MCP servers."""

from __future__ import annotations

import pytest

from connectors.code.facts import Fact
from tests.code_samples import read

GATEWAY = """\
services:
  web:
    image: acme/web
    command:
      - --servers=not-mine
  gateway:
    # --servers=commented
    image: docker/mcp-gateway:latest
    use_api_socket: true
    command:
      - --transport=sse
      # - --servers=old
      - --servers=duckduckgo,github-official
  other:
    image: acme/other
    command: --servers=neither
"""
LOCAL = (
    'N=local-mcp\nclaude mcp add-json -s user "$N" '
    '"{\\"type\\":\\"stdio\\",\\"command\\":\\"npx\\",\\"args\\":[\\"-y\\",\\"mcp-docs\\"]}"\n'
)
POD = """\
spec:
  containers:
    - name: gateway
      image: docker/mcp-gateway
      args:
        - "--servers"
        - "fetch"
    - name: web
      args: ["--servers=redis"]
"""


def servers(path: str, text: str) -> list[Fact]:
    return [fact for _, fact in read(path, text) if fact.kind == "mcp_server" and fact.attributes.get("form")]


@pytest.mark.parametrize(
    ("path", "text", "name", "told"),
    [
        (
            "a.sh",
            "claude mcp add docs -- npx -y mcp-docs@1\n",
            "docs",
            {"package_name": "mcp-docs", "transport": "stdio"},
        ),
        (
            "a.sh",
            "  claude mcp add -s user -e A=1 B=2 docs npx mcp-docs\n",
            "docs",
            {"package_name": "mcp-docs"},
        ),
        (
            "a.sh",
            "claude mcp add --transport http docs https://docs.example.org/mcp\n",
            "docs",
            {"host": "docs.example.org", "transport": "http"},
        ),
        (
            "a.sh",
            "claude mcp add docs --scope user \\\n  -- uvx mcp-docs\n",
            "docs",
            {"package_name": "mcp-docs"},
        ),
        ("a.sh", 'NAME="shop-mcp"\nclaude mcp add "$NAME" -- node x.js\n', "shop-mcp", {"program": "node"}),
        ("a.sh", "claude mcp add ${NAME:-shop} -- node x.js\n", "shop", {"program": "node"}),
        (
            "a.sh",
            LOCAL,
            "local-mcp",
            {"program": "npx", "package_name": "mcp-docs"},
        ),
        (
            "a.sh",
            "codex mcp add --url https://docs.example.org/mcp docs\n",
            "docs",
            {"host": "docs.example.org"},
        ),
        (
            "a.sh",
            "gemini mcp add --trust -t http docs https://docs.example.org\n",
            "docs",
            {"transport": "http"},
        ),
        ("a.sh", "if claude mcp add docs x; then\n  true\nfi\n", "docs", {"program": "x"}),
        ("a.sh", "q mcp add --name docs --command node\n", "docs", {}),
        ("Dockerfile", "RUN claude mcp add docs -- npx mcp-docs\n", "docs", {"program": "npx"}),
        (".github/workflows/a.yml", "      - run: claude mcp add docs -- npx mcp-docs\n", "docs", {}),
        (
            "a.sh",
            'claude mcp add -H "Authorization: Bearer s3cr3t" docs https://docs.example.org\n',
            "docs",
            {"host": "docs.example.org"},
        ),
    ],
)
def test_a_registered_server_is_known_by_name_and_start(
    path: str, text: str, name: str, told: dict[str, str]
) -> None:
    found = servers(path, text)

    assert [fact.name for fact in found] == [name]
    assert found[0].attributes["form"] == "registered by a command"
    assert told.items() <= found[0].attributes.items()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("README.md", "claude mcp add docs -- npx mcp-docs\n"),
        ("a.sh", "# claude mcp add docs -- npx mcp-docs\n"),
        ("a.sh", 'echo "claude mcp add docs -- npx mcp-docs"\n'),
        ("a.sh", "claude mcp add <name> -- <command>\n"),
        ("a.sh", 'claude mcp add "$NAME" -- node x.js\n'),
        ("a.sh", "NAME=a\nNAME=b\nclaude mcp add $NAME -- node x.js\n"),
        ("a.sh", "claude mcp add-from-claude-desktop\n"),
        ("a.sh", "claude mcp added docs\n"),
        ("a.sh", "claude mcp add\n"),
        ("a.sh", "claude mcp add --api-key s3cr3t docs\n"),
        ("a.ts", 'const help = "claude mcp add docs";\n'),
        ("a.sh", "claude mcp remove docs\n"),
    ],
)
def test_talk_and_names_that_are_not_plain_register_nothing(path: str, text: str) -> None:
    assert servers(path, text) == []


def test_no_value_of_an_option_leaves_a_command() -> None:
    text = (
        "claude mcp add docs --token s3cr3t-1 -- npx mcp-docs --key s3cr3t-2\n"
        "claude mcp add more -e KEY=s3cr3t-3 -- npx mcp-more\n"
        "claude mcp add last https://u:s3cr3t-4@docs.example.org/?key=s3cr3t-5\n"
    )

    found = servers("a.sh", text)

    assert [fact.name for fact in found] == ["docs", "more", "last"]
    assert "s3cr3t" not in repr(found)


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("compose.yaml", GATEWAY, [("duckduckgo", 13), ("github-official", 13)]),
        ("pod.yaml", POD, [("fetch", 7)]),
        ("a.sh", "docker mcp gateway run --servers a,b --port 1\nx --servers=c\n", [("a", 1), ("b", 1)]),
        ("a.sh", "docker run docker/mcp-gateway \\\n  --servers=a\n", [("a", 2)]),
        (
            "a.yml",
            "  image: docker/mcp-gateway\n  command: ['--servers=mcp/a:1,b']\n",
            [("mcp/a", 2), ("b", 2)],
        ),
        ("Justfile", "run:\n    docker mcp gateway run --servers docker://acme/shop:1\n", [("acme/shop", 2)]),
        ("a.sh", "# docker mcp gateway run --servers a\n", []),
        ("a.sh", 'echo "docker mcp gateway run --servers a"\n', []),
        ("a.sh", "docker mcp gateway run --servers $LIST\n", []),
        ("a.sh", "docker mcp gateway run --servers <list>\n", []),
        ("compose.yaml", "services:\n  a:\n    image: acme/nats\n    command: --servers=a\n", []),
        ("README.md", "docker mcp gateway run --servers a\n", []),
    ],
)
def test_the_servers_that_a_gateway_starts_are_found(
    path: str, text: str, expected: list[tuple[str, int]]
) -> None:
    assert [(fact.name, fact.line) for fact in servers(path, text)] == expected

"""Table tests of MCP servers that Java, Kotlin and C# code starts."""

from __future__ import annotations

import json

import pytest

from tests.code_samples import facts, read

JAVA = """\
import io.modelcontextprotocol.client.transport.StdioClientTransport;

var parameters = ServerParameters.builder("npx")
    .args("-y", "@modelcontextprotocol/server-filesystem", "--token=canary1")
    .env(Map.of("TOKEN", "canary2"))
    .build();
var client = McpClient.sync(new StdioClientTransport(parameters)).build();
"""
CSHARP = """\
using ModelContextProtocol.Client;
var transport = new StdioClientTransport(new()
{
    Name = "Everything",
    Command = "npx",
    Arguments = ["-y", "@modelcontextprotocol/server-everything", "--key", "canary3"],
});
"""
LANGCHAIN4J = """\
McpTransport transport = new StdioMcpTransport.Builder()
    .command(List.of("/usr/local/bin/docker", "run", "-e", "TOKEN", "-i", "mcp/github"))
    .build();
"""


@pytest.mark.parametrize(
    ("path", "text", "name", "line"),
    [
        ("A.java", JAVA, "@modelcontextprotocol/server-filesystem", 3),
        ("A.kt", 'ServerParameters.builder("uvx").args("mcp-server-sqlite", "--db")', "mcp-server-sqlite", 1),
        ("A.cs", CSHARP, "@modelcontextprotocol/server-everything", 2),
        ("A.java", LANGCHAIN4J, "mcp/github", 1),
    ],
)
def test_the_package_behind_a_command_is_the_server(path: str, text: str, name: str, line: int) -> None:
    found = {key: fact for key, fact in facts(path, text).items() if fact.kind == "mcp_server"}

    assert set(found) == {name}
    assert (found[name].line, found[name].attributes["transport"]) == (line, "stdio")
    assert "canary" not in json.dumps(found[name].attributes)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("A.java", 'ServerParameters.builder("java").args("-jar", "server.jar").build();'),
        ("A.java", '// ServerParameters.builder("npx").args("-y", "@acme/x");'),
        ("A.java", 'ServerParameters.builder(program).build();\nrun("npx", "-y", "@acme/x");'),
        ("A.py", 'ServerParameters.builder("npx").args("-y", "@acme/x")'),
        ("A.cs", "new StdioClientTransport(" + '"' * 5_000),
    ],
)
def test_other_programs_and_comments_start_no_known_server(path: str, text: str) -> None:
    assert [fact for _, fact in read(path, text) if fact.kind == "mcp_server"] == []


def test_a_server_started_twice_is_one_fact() -> None:
    found = [fact for name, fact in read("A.java", JAVA + JAVA) if name == "mcp-launch"]

    assert len(found) == 1


@pytest.mark.parametrize(
    ("path", "text", "name"),
    [
        (
            "A.java",
            "import io.modelcontextprotocol.server.McpServer;\n"
            'var s = McpServer.async(t)\n  .serverInfo("shop", "1.0").build();\n',
            "shop",
        ),
        (
            "A.kt",
            "import io.modelcontextprotocol.kotlin.sdk.server.Server\n"
            'val s = Server(Implementation(name = "shop", version = "1"), o)\n',
            "shop",
        ),
        (
            "Program.cs",
            'builder.Services.AddMcpServer(o => { o.ServerInfo = new() { Name = "shop" }; });\n',
            "shop",
        ),
    ],
)
def test_a_server_built_in_code_has_its_name(path: str, text: str, name: str) -> None:
    assert facts(path, text)[name].kind == "mcp_server"


def test_a_server_without_a_name_is_found_too() -> None:
    found = [
        fact
        for _, fact in read("Program.cs", "builder.Services.AddMcpServer().WithHttpTransport();\n")
        if fact.kind == "mcp_server"
    ]

    assert len(found) == 1

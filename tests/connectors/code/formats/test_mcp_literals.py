"""Table tests of MCP servers whose start stands as plain text in code of any language."""

from __future__ import annotations

import json

import pytest

from connectors.code.facts import Fact
from tests.code_samples import read

GO = """\
var Conf = &param.Config{
    Servers: map[string]*param.Server{
        "files": {
            Command:     "npx",
            Description: "supports file operations, such as reading",
            Args: []string{
                "-y", "@modelcontextprotocol/server-filesystem", "--token=canary1",
            },
        },
        "github": {
            Command: "docker",
            Args:    []string{"run", "-i", "--rm", "-e", "TOKEN", "ghcr.io/github/github-mcp-server"},
            Env:     map[string]string{"TOKEN": "canary2"},
        },
    },
}
"""
SCRIPT = """\
const servers = {
  search: { command: 'npx', env: { KEY: 'canary3' }, args: ['-y', 'tavily-mcp@0.1.4'] },
  docs: { command: 'npx', args: ['mcp-remote', 'https://mcp.acme.io/sse?key=canary4'] },
};
"""


def _servers(path: str, text: str) -> list[Fact]:
    return [fact for name, fact in read(path, text) if name == "mcp-literal"]


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        ("a.go", GO, ["@modelcontextprotocol/server-filesystem:4", "ghcr.io/github/github-mcp-server:11"]),
        ("a.go", 'exec.Command("npx", "-y", "@acme/mcp-shop")', ["@acme/mcp-shop:1"]),
        ("a.ts", SCRIPT, ["tavily-mcp:2", "mcp.acme.io:3"]),
        ("a.js", "spawn('npx', ['-y', 'acme-mcp'])", ["acme-mcp:1"]),
        ("a.rs", 'Command::new("uvx").arg("mcp-server-fetch").spawn()', ["mcp-server-fetch:1"]),
        (
            "a.rs",
            'Stdio { command: "uvx".to_string(), args: vec!["mcp-server-git".into()] }',
            ["mcp-server-git:1"],
        ),
        (
            "a.rs",
            'S { command: String::from("uvx"), args: vec!["mcp-server-git".into()] }',
            ["mcp-server-git:1"],
        ),
        ("a.java", 'new ProcessBuilder("npx", "-y", "acme-mcp-server").start();', ["acme-mcp-server:1"]),
        ("a.kt", 'start(command = "npx", args = listOf("-y", "acme-mcp-server"))', ["acme-mcp-server:1"]),
        (
            "a.cs",
            'new Server { Command = "npx",\n  Arguments = ["-y", "acme-mcp-server"] }',
            ["acme-mcp-server:1"],
        ),
        ("a.rb", 'client = C.new(command: "npx", args: ["-y", "acme-mcp-server"])', ["acme-mcp-server:1"]),
        ("a.php", "$s = ['command' => 'npx', 'args' => ['-y', 'acme-mcp-server']];", ["acme-mcp-server:1"]),
        ("a.ex", '{:stdio, command: "npx", args: ["-y", "acme-mcp-server"]}', ["acme-mcp-server:1"]),
        ("a.swift", 'process.arguments = ["npx", "-y", "acme-mcp-server"]', ["acme-mcp-server:1"]),
        ("a.py", 'command = "uvx"\nargs = ["mcp-server-time", "--local"]\n', ["mcp-server-time:1"]),
    ],
)
def test_a_known_program_and_a_package_called_mcp_are_a_server(
    path: str, text: str, found: list[str]
) -> None:
    facts = _servers(path, text)

    assert [f"{fact.name}:{fact.line}" for fact in facts] == found
    assert "canary" not in json.dumps([fact.attributes | {"name": fact.name} for fact in facts])


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.go", 'exec.Command("npx", "-y", "prettier", "mcp-notes.md")'),
        ("a.go", 'if cmd == "npx" && args[0] == "mcp-remote" {'),
        ("a.go", '// Command: "npx", Args: []string{"-y", "acme-mcp"}'),
        ("a.go", 'const help = `{"command": "npx", "args": ["-y", "acme-mcp"]}`'),
        ("a.ts", 'const allowed = ["npx", "uvx", "docker"]; const mcp = ["acme-mcp"]'),
        ("a.ts", 'switch (c) { case "npx": return start("acme-mcp") }'),
        ("a.ts", "spawn('npx', ['@modelcontextprotocol/inspector'])"),
        ("a.ts", "spawn('npx', ['-y', 'create-mcp-app'])"),
        ("a.ts", "spawn('npx', ['-y', `${name}-mcp`])"),
        ("a.ts", "spawn('npx', ['mcp-remote', url])"),
        ("a.ts", "log('npx'); start('acme-mcp')"),
        ("a.ts", "const runner = 'npx'\nconst server = find('acme-mcp', 'x')"),
        ("a.tsx", "const shown = { command: 'npx', args: ['-y', 'acme-mcp'] }"),
        ("a.py", 'def f():\n    """Use it.\n\n    command="npx", args=["-y", "acme-mcp"]\n    """\n'),
        ("a.md", '`{"command": "npx", "args": ["-y", "acme-mcp"]}`'),
        ("a.rb", 'run(String("npx"), x: ["acme-mcp")' + '"' * 3_000),
        ("a.go", 'exec.Command("docker", "build", "-t", "acme-mcp", ".")'),
    ],
)
def test_other_programs_and_other_places_show_no_server(path: str, text: str) -> None:
    assert _servers(path, text) == []


def test_a_long_list_is_one_to_choose_from() -> None:
    rows = "".join(f"  {{ command: 'npx', args: ['-y', 'mcp-server-{number}a'] }},\n" for number in range(30))

    one, many = _servers("a.ts", SCRIPT), _servers("a.ts", f"const all = [\n{rows}]\n")

    assert {fact.attributes["form"] for fact in one} == {"started by code"}
    assert (len(many), {fact.attributes["form"] for fact in many}) == (30, {"offered by code"})

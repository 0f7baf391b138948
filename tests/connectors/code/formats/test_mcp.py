from __future__ import annotations

import json

import pytest

from tests.code_samples import facts, read

SECRET = "s3cr3t-value-8810"


def _config(**server: object) -> str:
    return json.dumps({"mcpServers": {"one": server}}, indent=1)


@pytest.mark.parametrize(
    ("command", "package"),
    [
        (
            ["npx", "-y", "@modelcontextprotocol/server-filesystem@1.0", "/tmp"],
            "@modelcontextprotocol/server-filesystem",
        ),
        (["npx", "--package", "other", "mcp-remote"], "mcp-remote"),
        (["uvx", "mcp-server-git==2025.1", "--repository", "."], "mcp-server-git"),
        (["uvx", "--from", "mcp-server-time", "serve"], "mcp-server-time"),
        (["uv", "tool", "run", "mcp-server-fetch"], "mcp-server-fetch"),
        (["cmd", "/c", "npx", "-y", "@playwright/mcp@latest"], "@playwright/mcp"),
        (
            ["docker", "run", "-i", "--rm", "-e", "TOKEN", "ghcr.example.org/acme/mcp:1.2"],
            "ghcr.example.org/acme/mcp",
        ),
        (["pnpm", "dlx", "mcp-remote", "https://x.example.org"], "mcp-remote"),
        (["/usr/bin/python", "server.py"], None),
        (["npx", "git+https://git.example.org/x"], None),
    ],
)
def test_the_package_behind_a_command_is_told(command: list[str], package: str | None) -> None:
    found = facts(".mcp.json", _config(command=command[0], args=command[1:]))["one"]

    assert found.attributes.get("package_name") == package
    assert found.attributes["transport"] == "stdio"
    assert found.line == 3


def test_only_names_and_the_host_leave_a_configuration() -> None:
    text = _config(
        command="npx",
        args=["-y", "mcp-remote", f"https://u:{SECRET}@mcp.example.org/?key={SECRET}", f"--token={SECRET}"],
        env={"API_TOKEN": SECRET},
        headers={"X-Key": SECRET},
        url=f"https://u:{SECRET}@mcp.example.org/sse?key={SECRET}",
    )

    found = read(".mcp.json", text)

    assert SECRET not in repr(found)
    assert found.facts[0][1].attributes["environment"] == ["API_TOKEN"]
    assert found.facts[0][1].attributes["headers"] == ["X-Key"]
    assert found.facts[0][1].attributes["host"] == "mcp.example.org"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (".vscode/mcp.json", '{"servers": {"one": {"command": "x"}}, // why\n}'),
        (".cursor/mcp.json", '{"mcpServers": {"one": {"url": "https://a.example.org"}}}'),
        ("claude_desktop_config.json", '{"mcpServers": {"one": {"command": "x",},},}'),
        ("opencode.jsonc", '{"mcp": {"one": {"type": "local", "command": ["npx", "x"]}}}'),
        ("opencode.json", '{"mcp": {"servers": {"one": {"type": "local", "command": ["npx", "x"]}}}}'),
        (".mcp.json", '{"one": {"command": "x"}, "version": 1}'),
        ("mcp-config.json", '{"mcpServers": {"one": {"command": "x"}}}'),
        ("src/mcp-servers-config.json", '{"mcpServers": {"one": {"command": "x"}}}'),
    ],
)
def test_every_clients_form_is_read(path: str, text: str) -> None:
    assert facts(path, text)["one"].kind == "mcp_server"


def test_a_registry_entry_declares_its_server() -> None:
    text = json.dumps(
        {
            "$schema": "https://static.modelcontextprotocol.io/schemas/server.schema.json",
            "name": "org.example/files",
            "packages": [{"identifier": "@acme/files"}],
        }
    )

    assert facts("server.json", text)["org.example/files"].attributes["package_name"] == "@acme/files"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("server.json", '{"port": 80, "servers": [1, 2]}'),
        ("server.json", '{"servers": {"web": {"port": 80}}}'),
        ("mcp.json", "[]"),
        ("package.json", '{"name": "mcp-talk", "bin": "x"}'),
        ("package.json", '{"name": "acme", "bin": "x", "dependencies": {"@modelcontextprotocol/sdk": "1"}}'),
    ],
)
def test_other_tools_files_hold_no_server(path: str, text: str) -> None:
    assert [fact for fact in facts(path, text).values() if fact.kind == "mcp_server"] == []


def test_a_package_that_builds_a_server_is_one() -> None:
    npm = facts(
        "package.json",
        '{"name": "@acme/mcp-files", "bin": {"x": "y"}, "dependencies": {"@modelcontextprotocol/sdk": "1"}}',
    )
    pypi = facts(
        "pyproject.toml", '[project]\nname = "mcp-x"\ndependencies = ["mcp"]\nscripts = { a = "b:c" }\n'
    )

    assert npm["@acme/mcp-files"].kind == "mcp_server"
    assert pypi["mcp-x"].kind == "mcp_server"

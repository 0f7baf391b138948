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


def test_servers_of_the_plugins_of_a_marketplace_are_found() -> None:
    text = (
        '{"plugins": [{"name": "a", "mcpServers": {"cases": {"type": "http", "url": "https://mcp.example.org/x"}}},'
        ' {"name": "b", "mcpServers": "./b.json"}, 7]}'
    )

    found = facts(".claude-plugin/marketplace.json", text)["cases"]

    assert (found.kind, found.attributes["host"]) == ("mcp_server", "mcp.example.org")


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


@pytest.mark.parametrize(
    ("path", "text", "name", "transport"),
    [
        (
            ".codex/config.toml",
            '[mcp_servers.docs]\ncommand = "npx"\nargs = ["-y", "mcp-docs"]\n',
            "docs",
            "stdio",
        ),
        (
            "librechat.yaml",
            "mcpServers:\n  docs:\n    type: sse\n    url: https://d.acme.dev/sse\n",
            "docs",
            "sse",
        ),
        (".continue/mcpServers/a.yaml", "mcpServers:\n  - name: docs\n    command: npx\n", "docs", "stdio"),
        (
            "goose/config.yaml",
            "extensions:\n  docs:\n    type: stdio\n    cmd: npx\n    args: [a]\n",
            "docs",
            "stdio",
        ),
        (
            ".zed/settings.json",
            '{"context_servers": {"docs": {"command": {"path": "npx", "args": []}}}}',
            "docs",
            "stdio",
        ),
        (
            ".vscode/settings.json",
            '{"mcp": {"servers": {"docs": {"url": "https://d.acme.dev/mcp"}}}}',
            "docs",
            "http",
        ),
        ("fastagent.config.yaml", "mcp:\n  servers:\n    docs:\n      command: uvx\n", "docs", "stdio"),
        (
            "gemini-extension.json",
            '{"mcpServers": {"docs": {"httpUrl": "https://d.acme.dev"}}}',
            "docs",
            "http",
        ),
        (
            "manifest.json",
            '{"dxt_version": "0.1", "name": "docs", "server": {"type": "node", "entry_point": "a.js"}}',
            "docs",
            "stdio",
        ),
    ],
)
def test_every_known_configuration_names_its_servers(path: str, text: str, name: str, transport: str) -> None:
    found = [fact for fact in facts(path, text).values() if fact.kind == "mcp_server"]

    assert [(fact.name, fact.attributes["transport"]) for fact in found] == [(name, transport)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("manifest.json", '{"manifest_version": 3, "name": "ext", "background": {"service_worker": "a.js"}}'),
        ("manifest.json", '{"name": "app", "server": {"type": "node"}}'),
        (".vscode/settings.json", '{"editor.tabSize": 2, "command": "x"}'),
        (".vscode/settings.json", '{"extensions": {"x": {"enabled": true, "command": 3}}}'),
        ("server.json", '{"name": "web", "version": "1", "packages": []}'),
        ("librechat.yaml", "mcpServers: [1, {name: 3}, null]\n"),
    ],
)
def test_files_of_other_tools_name_none(path: str, text: str) -> None:
    assert read(path, text).facts == []


def test_a_bridge_is_told_by_the_host_it_leads_to_and_nothing_else_of_its_arguments() -> None:
    text = _config(
        command="npx", args=["mcp-remote", f"https://m.acme.dev/mcp?k={SECRET}", "--header", SECRET]
    )

    found = facts("mcp.json", text)["one"]

    assert (found.attributes["host"], found.attributes["package_name"]) == ("m.acme.dev", "mcp-remote")
    assert SECRET not in repr(found)


@pytest.mark.parametrize(
    ("name", "more", "stands"),
    [
        ("acme-mcp-server", {}, True),
        ("@acme/mcp", {"mcpName": "org.example/acme"}, True),
        ("@acme/mcp", {}, False),
        ("@acme/mcp-test-client", {}, None),
        ("@acme/mcp-server-evals", {}, None),
        ("@acme/mcp-inspector", {}, None),
    ],
)
def test_a_package_is_a_server_only_where_it_says_so(
    name: str, more: dict[str, str], stands: bool | None
) -> None:
    content = {"name": name, "bin": "x.js", "dependencies": {"@modelcontextprotocol/sdk": "1"}, **more}

    found = [fact for _, fact in read("package.json", json.dumps(content)) if fact.kind == "mcp_server"]

    assert [fact.standing for fact in found] == ([] if stands is None else [stands])


def test_runner_and_package_in_one_word_are_read_apart() -> None:
    text = (
        '[[servers]]\n  name = "slack"\n  package = "npx::@modelcontextprotocol/server-slack@latest"\n'
        f'  required_env = ["SLACK_BOT_TOKEN"]\n\n[[servers]]\nname = "bare"\nnote = "{SECRET}"\n'
    )

    (found,) = facts(".mcpd.toml", text).values()

    assert (found.name, found.line) == ("slack", 2)
    assert found.attributes["package_name"] == "@modelcontextprotocol/server-slack"
    assert SECRET not in repr(found)

from __future__ import annotations

import pytest

from tests.code_samples import facts, read

SECRET = "s3cr3t-value-2201"


@pytest.mark.parametrize(
    ("path", "text", "name", "transport"),
    [
        (
            "a.py",
            'p = StdioServerParameters(\n    command="npx",\n    args=["-y", "@acme/server-memory"],\n)',
            "@acme/server-memory",
            "stdio",
        ),
        (
            "a.py",
            'MCPServerStdio(params={"command": "uvx", "args": ["mcp-server-git"]})',
            "mcp-server-git",
            "stdio",
        ),
        (
            "a.py",
            "MCPServerStdio(\n  command='uvx',\n  # without 'Server' it fails\n  args=['mcp-server-git'])",
            "mcp-server-git",
            "stdio",
        ),
        (
            "a.ts",
            "new StdioClientTransport({ command: 'npx', args: ['-y', 'mcp-docs@1'] })",
            "mcp-docs",
            "stdio",
        ),
        ("a.py", f'streamablehttp_client("https://m.acme.dev/mcp?k={SECRET}")', "m.acme.dev", "http"),
        ("a.py", 'MCPServerSse(params={"url": "https://m.acme.dev/sse"})', "m.acme.dev", "http"),
        (
            "a.py",
            'StdioServerParameters(command="npx", args=["mcp-remote", "https://m.acme.dev/mcp"])',
            "m.acme.dev",
            "http",
        ),
        (
            "a.py",
            'tools=[{"type": "mcp", "server_label": "docs", "server_url": "https://m.acme.dev/mcp"}]',
            "docs",
            "http",
        ),
    ],
)
def test_the_server_that_code_uses_is_told(path: str, text: str, name: str, transport: str) -> None:
    found = [fact for fact in facts(path, text).values() if fact.kind == "mcp_server"]

    assert [(fact.name, fact.attributes["transport"]) for fact in found] == [(name, transport)]
    assert SECRET not in repr(found)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", "StdioServerParameters(command=program, args=arguments)"),
        ("a.py", 'StdioServerParameters(command="python", args=["server.py"])'),
        ("a.py", '# StdioServerParameters(command="npx", args=["mcp-docs"])'),
        ("a.py", 'sse_client("http://localhost:8000/sse")'),
        (
            "a.py",
            'StdioServerParameters(command="uvx", args=["https://github.com/acme/a/releases/a-1-py3-none-any.whl"])',
        ),
        ("a.py", 'StdioServerParameters(command=c)\nrun("npx", "acme-docs")'),
        ("a.ts", "new StdioClientTransport({ command, args })"),
        ("a.py", "StdioServerParameters(" * 3000),
    ],
)
def test_code_that_names_none_gives_none(path: str, text: str) -> None:
    assert [fact for fact in facts(path, text).values() if fact.kind == "mcp_server"] == []


def test_an_installed_program_is_named_but_no_package() -> None:
    text = 'new StdioClientTransport({ command: "pnpm", args: ["exec", "acme-mcp", "--x"] });\n'

    (found,) = [fact for _, fact in read("a.ts", text) if fact.kind == "mcp_server"]

    assert found.name == "acme-mcp"
    assert found.attributes["program"] == "acme-mcp"
    assert "package" not in found.attributes

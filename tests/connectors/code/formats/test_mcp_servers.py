from __future__ import annotations

import pytest

from tests.code_samples import facts, read

SDK = "import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';\n"

BUILT = [
    ("a.py", "from fastmcp import FastMCP\n\nmcp = FastMCP('shop')\n", "shop", 3),
    ("a.py", "from mcp.server.fastmcp import FastMCP\nmcp = FastMCP(name='shop', port=1)\n", "shop", 2),
    ("a.py", "from mcp.server.fastmcp import FastMCP\nmcp: FastMCP = FastMCP(\n    'shop',\n)\n", "shop", 2),
    ("a.py", "from fastmcp import FastMCP\nserver = FastMCP()\n", "", 2),
    ("a.py", "from fastmcp import FastMCP\nNAME = 'shop'\nserver = FastMCP(NAME)\n", "shop", 3),
    ("a.py", "from fastmcp import FastMCP\nn = os.getenv('N', 'shop')\nserver = FastMCP(n)\n", "shop", 3),
    ("a.py", "from fastmcp import FastMCP\ndef f(name):\n    return FastMCP(name)\n", "", 3),
    ("a.py", "from mcp.server import Server\nserver = Server('mcp-git')\n", "mcp-git", 2),
    ("a.py", "from mcp.server import Server\nserver = Server('PROJECT_NAME')\n", "", 2),
    ("a.py", "from mcp.server.mcpserver import MCPServer\nm = MCPServer('new')\n", "new", 2),
    ("a.ts", SDK + "const s = new McpServer({\n  name: 'shop',\n  version: '1',\n});\n", "shop", 2),
    ("a.mjs", SDK + 'const s = new McpServer({ version: "1", name: "shop" });\n', "shop", 2),
    (
        "a.ts",
        "import { Server } from '@modelcontextprotocol/sdk/server/index.js';\n"
        "const s = new Server(\n  {\n    name: 'low',\n  },\n  {});",
        "low",
        2,
    ),
    (
        "a.py",
        "from fastmcp import FastMCP\n\nclass Shop(FastMCP[X]):\n"
        "    def __init__(self):\n        super().__init__('shop')\n",
        "shop",
        3,
    ),
    ("a.py", "from fastmcp import FastMCP\nclass Shop(FastMCP):\n    pass\n", "", 2),
    ("a.ts", SDK + "const s = new Server({ name, version }, {});", "", 2),
    ("a.ts", SDK + "const INFO = {\n  name: 'shop',\n};\nconst s = new McpServer(INFO, {});", "shop", 5),
    (
        "A.java",
        "import io.modelcontextprotocol.server.McpServer;\n"
        'static final String NAME = "shop";\n'
        "var s = McpServer.sync(transport(x))\n"
        "  .serverInfo(Implementation.builder(NAME, v).build()).build();\n",
        "shop",
        3,
    ),
    ("a.ts", "import { McpAgent } from 'agents/mcp';\nexport class Shop extends McpAgent<Env> {}", "Shop", 2),
    (
        "a.ts",
        SDK + "export class Shop extends McpServer {\n  constructor() {\n    super({ name: 'shop' });",
        "shop",
        2,
    ),
    (
        "a.ts",
        SDK + "class Shop extends McpServer {\n  constructor(n: string) { super({ name: n }); }\n}",
        "",
        2,
    ),
    (
        "n.ipynb",
        '{\n "cells": [\n  {\n   "cell_type": "code",\n   "source": [\n'
        '    "from fastmcp import FastMCP\\n",\n    "m = FastMCP(\\"nb\\")"\n   ]\n  }\n ]\n}',
        "nb",
        7,
    ),
]


@pytest.mark.parametrize(("path", "text", "name", "line"), BUILT)
def test_a_server_built_in_code_is_found_with_its_name(path: str, text: str, name: str, line: int) -> None:
    found = [fact for fact in facts(path, text).values() if fact.kind == "mcp_server"]

    assert [(fact.name, fact.line) for fact in found] == [(name, line)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", "class FastMCP: ...\nx = FastMCP('shop')\n"),
        ("a.py", "from fastmcp import FastMCP\n\n'''\nmcp = FastMCP('shop')\n'''\n"),
        ("a.py", "from fastmcp import FastMCP\ndef build(server: (FastMCP)): ...\n"),
        ("a.ts", SDK + "const s = new Server({ port: 8080 });\n"),
        ("a.py", "from fastmcp import FastMCP\n# mcp = FastMCP('shop')\n"),
        ("a.py", "from http.server import Server\ns = Server('x')\n"),
        ("a.ts", "import { Server } from 'http';\nconst s = new Server({ name: 'x' });\n"),
        ("a.ts", SDK + "// const s = new McpServer({ name: 'x' })\n"),
        ("a.ts", "import { McpServer } from './own';\nclass Shop extends McpServer {\n"),
        ("a.ts", SDK + "class Shop extends McpServerList {\n"),
        ("README.md", "from fastmcp import FastMCP\nmcp = FastMCP('shop')\n"),
        ("a.txt", SDK + "new McpServer({ name: 'x' })"),
    ],
)
def test_lookalikes_are_no_servers(path: str, text: str) -> None:
    assert [fact.name for _, fact in read(path, text) if fact.kind == "mcp_server"] == []


def test_a_server_without_a_literal_name_is_told_apart_by_its_variable_and_file() -> None:
    (found,) = [
        fact
        for _, fact in read("a.py", "from fastmcp import FastMCP\nserver = FastMCP(NAME)\n")
        if fact.kind == "mcp_server"
    ]

    assert (found.identifier, found.is_local) == ("a.py:server", True)


def test_garbage_does_not_hang_or_crash() -> None:
    text = "from fastmcp import FastMCP\n" + "FastMCP(" * 6_000 + '"""' * 20_001

    found = read("a.py", text)

    assert [what.rpartition("; ")[2] for _, what in found.problems] == ["the rest is left out"]


@pytest.mark.parametrize(
    ("module", "provider"),
    [
        ("mcp-handler", "vercel-ai"),
        ("@vercel/mcp-adapter", "vercel-ai"),
        ("agents/mcp", "cloudflare"),
        ("agents/mcp/server", "cloudflare"),
    ],
)
def test_a_handler_is_of_the_library_that_it_is_imported_from(module: str, provider: str) -> None:
    text = f'import {{ createMcpHandler }} from "{module}";\nconst handler = createMcpHandler(build);\n'

    found = [fact.provider for _, fact in read("a.ts", text) if fact.kind == "mcp_server"]

    assert found == [provider]

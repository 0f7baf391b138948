"""MCP servers built in Go, Rust, Ruby, PHP, Elixir, Swift and Dart."""

from __future__ import annotations

import pytest

from tests.code_samples import facts, read

ROWS = [
    (
        "main.go",
        'import (\n\t"github.com/mark3labs/mcp-go/server"\n)\n\n'
        's := server.NewMCPServer(\n\t"shop",\n\t"1.0.0",\n)\n',
        ("shop", 5),
    ),
    (
        "main.go",
        'import "github.com/modelcontextprotocol/go-sdk/mcp"\n\n'
        'server := mcp.NewServer(&mcp.Implementation{Title: "x", Name: "greeter"}, nil)\n',
        ("greeter", 3),
    ),
    (
        "main.go",
        'import "github.com/mark3labs/mcp-go/server"\n\nconst serverName = "shop"\n\n'
        "s = server.NewMCPServer(serverName, version(),\n\tserver.WithHooks(hooks),\n)\n",
        ("shop", 5),
    ),
    (
        "server.rs",
        "use rmcp::{ServerHandler, tool_handler};\n\n#[tool_handler]\nimpl ServerHandler for Counter {\n",
        ("", 4),
    ),
    (
        "server.rs",
        "use rmcp::ServerHandler;\nimpl ServerHandler for Counter {\n"
        '    fn get_info(&self) -> ServerInfo {\n        info(Implementation::new("counter", "1.0"))\n',
        ("counter", 2),
    ),
    (
        "server.rb",
        'require "mcp"\nserver = MCP::Server.new(\n  name: "shop",\n  tools: [],\n)\n',
        ("shop", 2),
    ),
    (
        "mcp.rb",
        'FastMcp.mount_in_rails(\n  Rails.application,\n  name: "trade",\n  version: "1",\n)\n',
        ("trade", 1),
    ),
    (
        "server.php",
        "<?php\nuse PhpMcp\\Server\\Server;\n"
        "$s = Server::make()\n    ->withServerInfo('Shop', '1.0')->build();\n",
        ("Shop", 3),
    ),
    (
        "ShopServer.php",
        "<?php\nuse Laravel\\Mcp\\Server;\n\nclass ShopServer extends Server\n{\n"
        "    protected string $name = 'Shop';\n}\n",
        ("Shop", 4),
    ),
    (
        "server.ex",
        'defmodule Shop do\n  use Hermes.Server,\n    name: "Shop MCP",\n    version: "1.0.0"\nend\n',
        ("Shop MCP", 2),
    ),
    (
        "main.swift",
        'import MCP\n\nlet server = Server(\n    name: "shop",\n    version: "1.0.0"\n)\n',
        ("shop", 3),
    ),
    (
        "main.dart",
        "import 'package:mcp_dart/mcp_dart.dart';\n"
        "final s = McpServer(Implementation(name: 'shop', version: '1'));\n",
        ("shop", 2),
    ),
]


@pytest.mark.parametrize(("path", "text", "expected"), ROWS)
def test_a_server_is_found_where_it_is_built(path: str, text: str, expected: tuple[str, int]) -> None:
    found = [fact for _, fact in read(path, text).facts if fact.kind == "mcp_server"]

    assert [(fact.name, fact.line) for fact in found] == [expected]


NOTHING = [
    ("main.go", 'import "example.org/acme/server"\ns := server.NewMCPServer("shop")\n'),
    ("server.rs", "trait ServerHandler {}\nimpl ServerHandler for Counter {}\n"),
    ("server.rb", 'server = VectorMCP::Server.new("x")\n'),
    ("server.php", "<?php\nuse App\\Server;\nclass Shop extends Server {}\n$s = Server::make();\n"),
    ("server.ex", "defmodule Shop.Tool do\n  use Hermes.Server.Component, type: :tool\nend\n"),
    ("main.swift", 'import Vapor\nlet server = Server(name: "shop")\n'),
    (
        "main.dart",
        "import 'package:mcp_dart/mcp_dart.dart';\nfinal c = McpClient(Implementation(name: 'x'));\n",
    ),
]


@pytest.mark.parametrize(("path", "text"), NOTHING)
def test_another_server_of_that_name_is_no_mcp_server(path: str, text: str) -> None:
    assert [fact for _, fact in read(path, text).facts if fact.kind == "mcp_server"] == []


def test_a_test_server_of_the_standard_library_is_no_mcp_server() -> None:
    sdk = '"github.com/modelcontextprotocol/go-sdk/mcp"'
    front = f'import (\n\t"net/http/httptest"\n\t{sdk}\n\tsdk {sdk}\n)\n'
    web = "source := httptest.NewServer(http.HandlerFunc(handle))\n"
    mcp = 'impl := &mcp.Implementation{Name: "x"}\ns := mcp.NewServer(impl, nil)\n'
    other = 'sdk.NewServer(&sdk.Implementation{Name: "shop"}, nil)\n'

    kinds = {name: fact.kind for name, fact in facts("main.go", front + web + mcp + other).items()}

    assert {name for name, kind in kinds.items() if kind == "mcp_server"} == {"", "shop"}


def test_a_function_of_another_package_builds_no_second_server() -> None:
    front = (
        'import (\n\tmcpofficial "example.org/shop/pkg/mcp-official"\n'
        '\t"github.com/modelcontextprotocol/go-sdk/mcp"\n)\n'
    )

    found = read(
        "main.go", f"{front}s := mcpofficial.NewServer(logger)\nh := mcp.NewStreamableHTTPHandler(s)\n"
    )

    assert [fact.name for _, fact in found if fact.kind == "mcp_server"] == []


def test_what_only_serves_a_server_is_no_second_one() -> None:
    text = (
        "import { McpServer } from '@modelcontextprotocol/server';\n"
        "import { createMcpHandler } from 'agents/mcp/server';\n"
        "const server = new McpServer(info, {});\nreturn createMcpHandler(() => server);\n"
    )

    found = [fact for _, fact in read("server.ts", text) if fact.kind == "mcp_server"]

    assert len({fact.identifier for fact in found}) == 1
    assert [fact.line for fact in found] == [3, 4]

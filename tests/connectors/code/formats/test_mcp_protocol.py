"""Table tests of MCP servers that are written without an SDK."""

from __future__ import annotations

import pytest

from connectors.code.facts import Fact
from tests.code_samples import read

RUBY = """\
class McpController < ApplicationController
  def dispatch(method, params)
    case method
    when "initialize" then { protocolVersion: VERSION, serverInfo: { name: "shop", version: "1.0" } }
    when "tools/list" then list
    when "tools/call" then call(params)
    end
  end
end
"""
PYTHON = """\
NAME = "shop"
if method == "initialize":
    reply({"protocolVersion": "2025-03-26", "serverInfo": {"name": NAME, "version": "1"}})
elif method == "tools/list":
    reply({"tools": TOOLS})
elif method == "tools/call":
    reply(call(params))
"""
GO = """\
switch req.Method {
case "initialize":
    return map[string]any{"protocolVersion": v, "serverInfo": map[string]any{"name": "shop"}}
case "tools/list":
    return list()
case "tools/call":
    return call(req)
}
"""
ELIXIR = """\
def handle("tools/list", _), do: list()
def handle("tools/call", params), do: call(params)
def handle("initialize", _), do: %{protocolVersion: "2025-03-26", serverInfo: %{name: "shop", version: "1"}}
"""
PHP = """\
$all = ['tools/list' => 'list', 'tools/call' => 'call'];
$info = ['protocolVersion' => '2025-03-26', 'serverInfo' => ['name' => 'shop', 'version' => '1']];
"""

ANSWER = """\
def initialize_request
  render_result(
    protocolVersion: '2025-11-25',
    serverInfo: {
      name: 'Shop',
      version: '1'
    },
    capabilities: { tools: {} }
  )
end
"""
ANSWER_CONST = """\
const VERSION = "2025-06-18";
export const answer = () => ({
  protocolVersion: VERSION,
  capabilities: { tools: {} },
  serverInfo: { name: "Shop", version: "1" },
});
"""


def _servers(path: str, text: str) -> list[Fact]:
    return [fact for name, fact in read(path, text) if name == "mcp-protocol"]


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [("a.rb", RUBY, 4), ("a.py", PYTHON, 3), ("a.go", GO, 3), ("a.ex", ELIXIR, 3), ("a.php", PHP, 2)],
)
def test_code_that_answers_the_protocol_is_a_server(path: str, text: str, line: int) -> None:
    (fact,) = _servers(path, text)

    assert (fact.kind, fact.name, fact.line) == ("mcp_server", "shop", line)


def test_the_whole_answer_to_initialize_is_a_servers() -> None:
    ruby, script = _servers("protocol_controller.rb", ANSWER), _servers("answer.ts", ANSWER_CONST)

    assert [(fact.name, fact.line) for fact in (*ruby, *script)] == [("Shop", 4), ("Shop", 5)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.rb", ANSWER.replace("'2025-11-25'", "version")),
        ("a.rb", ANSWER.replace("'2025-11-25'", "3")),
        ("a.rb", ANSWER.replace("capabilities", "options")),
        ("a.rb", ANSWER.replace("serverInfo", "clientInfo")),
        ("a.rb", ANSWER.replace("'Shop'", "name")),
        ("protocol_test.rb", ANSWER),
        ("client.ts", "expect(await open()).toEqual(\n" + ANSWER_CONST),
        ("lsp.ts", "return { capabilities: { hoverProvider: true }, serverInfo: { name: 'acme-ls' } };"),
        ("a.ts", ANSWER_CONST.replace('"2025-06-18"', "pick()")),
        ("a.yml", ANSWER),
    ],
)
def test_half_an_answer_and_what_a_test_expects_are_no_server(path: str, text: str) -> None:
    assert _servers(path, text) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.rb", RUBY.replace('"tools/list"', '"tools"')),
        ("a.rb", RUBY.replace("protocolVersion", "version")),
        ("a.rb", RUBY.replace("serverInfo", "info")),
        ("a.rb", RUBY.replace('"shop"', "name_of(self)")),
        ("a.rb", "".join(f"# {line}\n" for line in RUBY.splitlines())),
        ("a.md", RUBY),
        ("a.py", f'DOC = """\n{PYTHON}"""\n'),
        ("a.go", f"const doc = `{GO}`\n"),
        (
            "client.ts",
            "interface R { protocolVersion: string; serverInfo: { name: string } }\n"
            "await send('initialize', { clientInfo: { name: 'acme' } });\n"
            "await send('tools/list'); await send('tools/call', p);\n",
        ),
        ("a.go", GO.replace('"shop"', "s.name")),
    ],
)
def test_a_client_a_library_and_what_is_only_written_are_no_server(path: str, text: str) -> None:
    assert _servers(path, text) == []

"""What a unit builds itself is no dependency of it, and the server it publishes is one server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.code_samples import scan, write

_SERVER = """from mcp.server import Server
server = Server("acme-time")
"""


def test_a_package_does_not_depend_on_itself(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": '[project]\nname = "litellm"\ndependencies = ["openai>=1"]\n',
        "Dockerfile": "FROM python:3.12\nRUN pip install litellm\n",
        "examples/chat/requirements.txt": "litellm\n",
    }

    found = scan(write(tmp_path, files)).findings

    assert {(item.application, item.name) for item in found if item.kind == "package"} == {
        (".", "openai"),
        ("examples/chat", "litellm"),
    }


def test_an_npm_package_does_not_depend_on_itself(tmp_path: Path) -> None:
    manifest = {"name": "ollama", "devDependencies": {"ollama": "file:.", "openai": "^5"}}

    found = scan(write(tmp_path, {"package.json": json.dumps(manifest)})).findings

    assert [item.name for item in found if item.kind == "package"] == ["openai"]


@pytest.mark.parametrize(
    "files",
    [
        {
            "go.mod": "module github.com/sashabaranov/go-openai/v2 // its own\n\ngo 1.22\n",
            "chat/chat.go": 'package chat\n\nimport "github.com/sashabaranov/go-openai/v2/jsonschema"\n',
        },
        {
            "ruby-openai.gemspec": 'Gem::Specification.new do |spec|\n  spec.name = "ruby-openai"\nend\n',
            "bin/console": "#!/usr/bin/env ruby\n",
            "Gemfile": 'gem "ruby-openai", path: "."\n',
        },
        {
            "DESCRIPTION": "Package: ellmer\nTitle: Chat\n",
            "vignettes/a.Rmd": "library(ellmer)\n",
        },
        {
            "pubspec.yaml": "name: dart_openai\n",
            "lib/a.dart": "import 'package:dart_openai/dart_openai.dart';\n",
        },
    ],
    ids=["go", "gem", "cran", "pub"],
)
def test_a_package_that_its_own_code_imports_is_none_of_its_dependencies(
    tmp_path: Path, files: dict[str, str]
) -> None:
    assert [item.name for item in scan(write(tmp_path, files)).findings if item.kind == "package"] == []


def test_an_elixir_package_neither_imports_itself_nor_is_imported_where_it_is_defined(tmp_path: Path) -> None:
    files = {
        "mix.exs": "  def project do\n    [\n      app: :langchain,\n      version: 1\n    ]\n  end\n",
        "lib/callbacks.ex": "defmodule LangChain.Callbacks do\n  alias LangChain.Chains\nend\n",
        "notebooks/a.livemd": 'Mix.install([{:langchain, "~> 0.3"}])\n',
        "demo/mix.exs": 'defp deps do\n  [{:langchain, "~> 0.3"}]\nend\n',
        "demo/lib/langchain/more.ex": "defmodule LangChain.More do\nend\n",
    }

    found = scan(write(tmp_path, files)).findings

    (package,) = [item for item in found if item.kind == "package"]
    assert package.application == "demo"
    assert [item.locator for item in package.evidence] == ["demo/mix.exs:2"]


def test_a_published_server_and_its_code_are_one(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": '[project]\nname = "acme-mcp-time"\ndependencies = ["mcp>=1"]\n'
        '[project.scripts]\nacme-mcp-time = "acme:main"\n',
        "acme/server.py": _SERVER,
        "tests/test_server.py": _SERVER.replace("acme-time", "stub"),
    }

    found = [item for item in scan(write(tmp_path, files)).findings if item.kind == "mcp_server"]

    (server,) = found  # the stub of the test is none
    assert server.name == "acme-mcp-time"
    assert {item.locator.partition(":")[0] for item in server.evidence} == {
        "pyproject.toml",
        "acme/server.py",
    }
    assert server.attributes["server_name"] == "acme-time"


def test_code_without_a_name_is_the_server_that_the_unit_publishes(tmp_path: Path) -> None:
    server = 'from fastmcp import FastMCP\ns = FastMCP(f"{team}-tools")\n'
    files = {
        "pyproject.toml": '[project]\nname = "acme-mcp-time"\ndependencies = ["mcp>=1"]\n'
        '[project.scripts]\nacme-mcp-time = "acme:main"\n',
        "acme/stdio.py": server,
        "acme/http.py": server,
        "examples/own.py": _SERVER,
    }

    found = [item.name for item in scan(write(tmp_path, files)).findings if item.kind == "mcp_server"]

    assert sorted(found) == ["acme-mcp-time", "acme-time"]


@pytest.mark.parametrize(
    ("constants", "name"),
    [
        ("export const INFO = {\n  name: 'Acme time',\n} as const;\n", "Acme time"),
        ("export const INFO = 'acme-time';\n", "acme-time"),
        ("export const OTHER_NAME = 'acme-time';\n", "src/server.ts"),
    ],
)
def test_a_server_is_called_by_the_constant_that_it_imports(
    tmp_path: Path, constants: str, name: str
) -> None:
    server = (
        "import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';\n"
        "import { INFO } from './constants.js';\nconst s = new McpServer(INFO, {});\n"
    )
    files = {"package.json": "{}", "src/server.ts": server, "src/constants.ts": constants}

    (found,) = [item for item in scan(write(tmp_path, files)).findings if item.kind == "mcp_server"]

    assert found.name == name
    assert "name_constant" not in found.attributes


def test_a_server_inside_a_class_that_is_one_is_that(tmp_path: Path) -> None:
    text = (
        "import { McpAgent } from 'agents/mcp';\n"
        "import { Server } from '@modelcontextprotocol/sdk/server/index.js';\n"
        "export class Claims extends McpAgent<Env> {\n"
        "  async init() {\n    const server = new Server({ name: project }, {});\n  }\n}\n"
    )

    found = [
        item.name for item in scan(write(tmp_path, {"a.ts": text})).findings if item.kind == "mcp_server"
    ]

    assert found == ["Claims"]


def test_two_servers_in_code_stay_two(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": '[project]\nname = "acme-mcp-all"\ndependencies = ["mcp>=1"]\n'
        '[project.scripts]\nacme-mcp-all = "acme:main"\n',
        "acme/one.py": _SERVER,
        "acme/two.py": _SERVER.replace("acme-time", "acme-mail"),
    }

    found = [item.name for item in scan(write(tmp_path, files)).findings if item.kind == "mcp_server"]

    assert sorted(found) == ["acme-mail", "acme-mcp-all", "acme-time"]


def test_a_server_that_only_a_variable_holds_is_called_by_its_file(tmp_path: Path) -> None:
    server = 'from fastmcp import FastMCP\ns = FastMCP(f"{team}-tools")\n'

    found = scan(write(tmp_path, {"app/serve.py": server, "other.py": server})).findings

    assert sorted(item.name for item in found if item.kind == "mcp_server") == ["app/serve.py", "other.py"]


def test_an_ordinary_name_counts_only_where_agents_look(tmp_path: Path) -> None:
    files = {
        "replit.md": "# For the agent",
        "docs/install/replit.md": "# How to install on Replit",
        "docs/AGENT.md": "# What our agent does",
        "docs/AGENTS.md": "# For agents",
        "api/AGENT.md": "# For agents",
        "api/package.json": "{}",
    }

    found = scan(write(tmp_path, files)).findings

    assert sorted(item.name for item in found) == ["api/AGENT.md", "docs/AGENTS.md", "replit.md"]
    assert all("unit_root" not in item.attributes for item in found)


def test_a_skill_is_one_thing_with_its_parts(tmp_path: Path) -> None:
    files = {
        ".agents/skills/sell/SKILL.md": "# Sell",
        ".agents/skills/sell/reference/prices.md": "# Prices",
        ".agents/skills/sell/go/README.md": "# Go",
        ".agents/skills/sell/inner/SKILL.md": "# Inner",
        ".agents/skills/sell/inner/more.md": "# More",
        ".agents/skills/loose.md": "# Of no skill",
    }

    found = scan(write(tmp_path, files)).findings

    assert sorted((item.name, item.attributes.get("parts")) for item in found) == [
        (".agents/skills/loose.md", None),
        (".agents/skills/sell/SKILL.md", 2),
        (".agents/skills/sell/inner/SKILL.md", 1),
    ]


def test_a_repository_that_is_a_skill_itself_keeps_its_other_instructions(tmp_path: Path) -> None:
    files = {"shop/SKILL.md": "# Shop", "shop/AGENTS.md": "# Agents", "shop/.cursorrules": "rules"}

    found = scan(write(tmp_path, files)).findings

    assert len([item for item in found if item.kind == "agent_config"]) == 3


def test_a_class_without_a_name_is_a_server_only_where_no_other_is(tmp_path: Path) -> None:
    base = "from fastmcp import FastMCP\nclass Careful(FastMCP):\n    pass\n"
    alone = {"base.py": base}
    beside = {"base.py": base, "shop.py": "from fastmcp import FastMCP\ns = FastMCP('shop')\n"}

    found = [scan(write(tmp_path / name, files)).findings for name, files in (("a", alone), ("b", beside))]

    assert [[item.name for item in one if item.kind == "mcp_server"] for one in found] == [
        ["base.py"],
        ["shop"],
    ]


def test_what_a_publisher_shows_its_users_is_its_own_server(tmp_path: Path) -> None:
    manifest = {"name": "@acme/mcp-server", "bin": "x.js", "dependencies": {"@modelcontextprotocol/sdk": "1"}}
    code = "write({ command: 'npx', args: ['-y', '%s'] })\n"
    files = {
        "server/package.json": json.dumps(manifest),
        "setup.ts": code % "@acme/mcp-server" + code % "@other/mcp-server",
    }

    found = [item.name for item in scan(write(tmp_path, files)).findings if item.kind == "mcp_server"]

    assert sorted(found) == ["@acme/mcp-server", "@other/mcp-server"]


def test_a_handle_on_what_the_tree_declares_is_that(tmp_path: Path) -> None:
    kind = "Microsoft.Search/searchServices@2023-11-01"
    files = {
        "infra/search.bicep": f"resource search '{kind}' = {{\n  name: name\n}}\n",
        "infra/roles.bicep": f"resource handle '{kind}' existing = {{\n  name: name\n}}\n",
    }

    found = scan(write(tmp_path, files)).findings
    terraform = (
        'resource "azurerm_search_service" "search" {\n}\ndata "azurerm_search_service" "handle" {\n}\n'
    )
    of_terraform = scan(write(tmp_path / "c", {"main.tf": terraform})).findings
    alone = scan(write(tmp_path / "b", {"infra/roles.bicep": files["infra/roles.bicep"]})).findings

    assert [item.name for item in found] == ["Microsoft.Search/searchServices/search"]
    assert [item.name for item in of_terraform] == ["azurerm_search_service.search"]
    assert [item.name for item in alone] == ["Microsoft.Search/searchServices/handle"]


def test_a_compiled_template_adds_nothing_to_its_source(tmp_path: Path) -> None:
    bicep = "resource ai 'Microsoft.CognitiveServices/accounts@2023-05-01' = {\n  kind: 'OpenAI'\n}\n"
    compiled = {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "resources": [
            {"type": "Microsoft.CognitiveServices/accounts", "name": "two", "apiVersion": "2023-05-01"}
        ],
    }
    files = {
        "infra/main.bicep": bicep,
        "infra/main.json": json.dumps(compiled),
        "old/main.json": json.dumps(compiled),
    }

    found = [item for item in scan(write(tmp_path, files)).findings if item.kind == "ai_account"]

    assert sorted(item.evidence[0].locator.partition(":")[0] for item in found) == [
        "infra/main.bicep",
        "old/main.json",
    ]

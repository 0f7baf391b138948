"""What a unit builds itself is no dependency of it, and the server it publishes is one server."""

from __future__ import annotations

import json
from pathlib import Path

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

    assert sorted(item.name for item in found) == ["acme-mcp-time", "stub"]
    (server,) = [item for item in found if item.name == "acme-mcp-time"]
    assert {item.locator.partition(":")[0] for item in server.evidence} == {
        "pyproject.toml",
        "acme/server.py",
    }
    assert server.attributes["server_name"] == "acme-time"


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


def test_the_address_of_a_tests_client_is_made_up(tmp_path: Path) -> None:
    text = 'client = OpenAI(base_url="http://models.acme.internal:8000/v1")\n'
    files = {"requirements.txt": "", "tests/test_a.py": text}

    in_tests = scan(write(tmp_path / "a", files)).findings
    in_both = scan(write(tmp_path / "b", {**files, "app.py": text})).findings

    assert [item.name for item in in_tests] == []
    assert [(item.name, len(item.evidence)) for item in in_both] == [("models.acme.internal:8000", 2)]


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

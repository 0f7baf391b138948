"""Whatever a file holds, its parser gives facts or says why not."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.catalogue import load_catalogue
from connectors.code.formats.ci import MAX_LOOKS
from connectors.code.registry import Plan, formats_for
from tests.code_samples import read

SEEDS = {
    "requirements.txt": "openai[x]==1.0; python_version > '3' # y\\\n-r other.txt\n",
    "pyproject.toml": '[project]\nname = "mcp-x"\ndependencies = ["openai", "mcp"]\n[tool.pdm]\n',
    "setup.cfg": "[options]\ninstall_requires =\n  openai\n",
    "setup.py": "from setuptools import setup\nsetup(install_requires=['openai'])\n",
    "Pipfile": '[packages]\nopenai = "*"\n',
    "poetry.lock": '[[package]]\nname = "openai"\nversion = "1"\n',
    "yarn.lock": '# yarn lockfile v1\n"openai@^4":\n  version "4"\n',
    "pnpm-lock.yaml": "lockfileVersion: 9\npackages:\n  openai@4.0.0:\n",
    "main.tf": 'resource "aws_lex_bot" "a" {\n  name = "x" # <<EOT /* */\n  tags = { a = "b" }\n}\n',
    "a.py": 'import openai\nmodel = "us.anthropic.claude-3-haiku-20240307-v1:0"\nu = "https://api.openai.com"\n',
    "agents.yaml": "a:\n  role: &x r\n  goal: *x\n",
    "n.ipynb": '{"cells": [{"source": ["import openai\\n", "x(model=\\"gpt-4o\\")"]}]}',
}
JSON_FILES = (
    *(
        "package.json",
        "package-lock.json",
        "bun.lock",
        "Pipfile.lock",
        ".mcp.json",
        "server.json",
        "main.tf.json",
    ),
    *("opencode.json", "langgraph.json", ".claude/settings.json"),
)
KEYS = st.sampled_from(
    (
        *("dependencies", "packages", "", "node_modules/openai", "openai", "version", "mcpServers", "mcp"),
        *("command", "args", "env", "url", "name", "$schema", "remotes", "resource", "aws_lex_bot", "tags"),
        *("servers", "default", "bin", "mcpName", "link", "headers"),
    )
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["npx", "http://[", "1.0"])
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=20,
)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)


@QUICK
@given(name=st.sampled_from(sorted(SEEDS)), data=st.data())
def test_a_changed_file_never_surprises_its_parser(name: str, data: st.DataObject) -> None:
    seed = SEEDS[name].encode()
    start = data.draw(st.integers(0, len(seed)))
    end = data.draw(st.integers(start, len(seed)))
    inserted = data.draw(
        st.binary(max_size=8) | st.sampled_from([b'"', b"{", b"[", b"\n", b"<<", b"/*", b"\xff"])
    )

    found = read(name, seed[:start] + inserted + seed[end:])

    assert [reason for _, reason in found.problems if reason.startswith("parser error")] == []


@QUICK
@given(name=st.sampled_from(JSON_FILES), value=VALUES)
def test_json_of_any_shape_never_surprises_its_parser(name: str, value: object) -> None:
    found = read(name, json.dumps(value))

    assert [reason for _, reason in found.problems if reason.startswith("parser error")] == []


def test_a_parser_that_fails_costs_its_file_only() -> None:
    formats = formats_for(load_catalogue())

    found = formats.read(b"x", "x", Plan(("agent-file",), "source", "no such label"))

    assert found.problems == [("agent-file", "parser error: KeyError")]


@pytest.mark.parametrize(
    ("path", "syntax"),
    [
        ("a/b.py", "source"),
        ("README.md", "prose"),
        ("MODEL.md.j2", "prose"),
        ("values.yaml.j2", "config"),
        (".env.production", "config"),
        ("Dockerfile.dev", "config"),
        ("x/logo.png", "binary"),
        ("Makefile", "config"),
        ("package-lock.json", "prose"),
        ("unknown.zzz", "source"),
    ],
)
def test_the_end_of_a_name_says_how_text_is_read(path: str, syntax: str) -> None:
    assert formats_for(load_catalogue()).plan(path).syntax == syntax


def test_the_same_bytes_under_a_name_that_counts_have_facts_of_their_own() -> None:
    formats = formats_for(load_catalogue())
    keys = {
        formats.cache_key("0" * 40, name, formats.plan(name))
        for name in ("requirements.txt", "requirements-dev.txt", "a.py", "b.py", "a.ts")
    }

    assert len(keys) == 4


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.tf", "resource\n" + "a" + " " * 300_000),
        ("a.tf", 'resource "aws_lex_bot" "a" {\ntags = {' + "a" * 300_000 + "}\n}"),
        ("a.tf", 'resource\nx = "' + '\\"' * 150_000),
        (".mcp.json", "{" + "/*" * 150_000),
        (".mcp.json", '{"' + '\\"' * 150_000),
        ("a.py", '"""\n' + "import openai\n" * 20_000),
        ("a.py", "gpt-4" * 60_000),
        ("yarn.lock", "# yarn lockfile\n" + "a@" * 150_000),
        ("requirements.txt", "a" * 150_000 + "[" * 150_000),
    ],
)
def test_text_made_to_be_slow_is_not(path: str, text: str) -> None:
    started = time.process_time()

    read(path, text)

    assert time.process_time() - started < 3


def test_a_name_too_long_to_keep_is_left_out_and_told() -> None:
    servers = {"files": {"command": "npx"}, "x" * 1_001: {"command": "npx"}}

    found = read(".mcp.json", json.dumps({"mcpServers": servers}))

    assert {fact.name for _, fact in found.facts if fact.kind == "mcp_server"} == {"files"}
    assert ("mcp-config", "names of more than 1000 characters are left out") in found.problems


def test_places_beyond_the_most_that_are_looked_at_are_told() -> None:
    found = read("a.tf", "# " + "ollama/ " * 20_001)

    assert ("model-id", "more than 20,000 places to look at; the rest is left out") in found.problems


def test_what_a_parser_leaves_out_is_told_and_what_came_before_counts() -> None:
    formats = formats_for(load_catalogue())
    step = "  - uses: anthropics/claude-code-action@v1\n"
    data = f"jobs:\n  a:\n    steps:\n{step * (MAX_LOOKS + 1)}".encode()
    path = ".github/workflows/review.yml"

    found = formats.read(data, "review.yml", formats.plan(path))

    assert {fact.name for _, fact in found if fact.kind == "ci_step"} == {"anthropics/claude-code-action"}
    assert any(f"more than {MAX_LOOKS} lines" in reason for _, reason in found.problems)

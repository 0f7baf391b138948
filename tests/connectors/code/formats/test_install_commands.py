"""Packages that commands bring in: what is a command, where it ends, and which words are packages."""

from __future__ import annotations

import json

import pytest

from tests.code_samples import facts, read

COMMANDS = [
    ("Dockerfile", "RUN pip install --no-cache-dir openai==1.2 -r x.txt\n", {"openai": 1}),
    (
        "Dockerfile",
        "RUN apt-get update && \\\n    python3 -m pip install -U \\\n  anthropic\n",
        {"anthropic": 2},
    ),
    (
        "Dockerfile.gpu",
        "RUN --mount=type=cache pip install 'vllm>=0.6' && rm -rf transformers\n",
        {"vllm": 1},
    ),
    ("Dockerfile", 'RUN ["pip", "install", "openai"]\n', {}),
    ("build.sh", "sudo -E pip3 install torch; echo done\n", {"torch": 1}),
    ("build.sh", "PIP_X=1 /opt/venv/bin/pip install langchain[all]\n", {"langchain": 1}),
    ("build.sh", "uv add --dev openai\nuv pip install mcp\n", {"openai": 1, "mcp": 2}),
    ("build.sh", "uvx --from llm llm chat openai\n", {"llm": 1}),
    ("build.sh", "uvx aider-chat@latest openai\n", {"aider-chat": 1}),
    ("build.sh", "npm install -g @anthropic-ai/claude-code@1.0 && npm i openai\n", {"openai": 1}),
    ("build.sh", "npx -y promptfoo@latest eval openai\n", {"promptfoo": 1}),
    ("build.sh", "conda install -c pytorch -y pytorch=2.4\n", {"torch": 1}),
    ("build.sh", "go get github.com/openai/openai-go@v1.2.0\n", {"github.com/openai/openai-go": 1}),
    ("build.sh", "cargo add async-openai@0.2 --features x\n", {"async-openai": 1}),
    ("build.sh", "gem install ruby_llm -v 1.0\n", {"ruby_llm": 1}),
    ("build.sh", "composer require openai-php/client:^0.8\n", {"openai-php/client": 1}),
    ("ci.yml", "steps:\n  - run: pip install openai\n", {"openai": 2}),
    ("ci.yml", "steps:\n  - run: |\n      pip install -e . openai\n", {"openai": 3}),
    ("ci.yml", "script:\n  - bash -c 'pip install openai'\n", {"openai": 2}),
    ("Makefile", "install:\n\t@pip install openai\n", {"openai": 2}),
    ("devcontainer.json", '{"postCreateCommand": "pip install openai && true"}\n', {"openai": 1}),
]


@pytest.mark.parametrize(("path", "text", "expected"), COMMANDS)
def test_a_command_names_its_packages(path: str, text: str, expected: dict[str, int]) -> None:
    found = {name: fact.line for name, fact in facts(path, text).items() if fact.kind == "package"}

    assert expected.items() <= found.items()
    assert set(found) - set(expected) <= {"@anthropic-ai/claude-code"}


TALK = [
    ("build.sh", "# pip install openai\n"),
    ("build.sh", 'echo "please pip install openai"\n'),
    ("build.sh", "pip install -r openai\n"),
    ("build.sh", "pip install acme # openai\n"),
    ("build.sh", "pip install acme > openai\n"),
    ("build.sh", "pip install acme\nopenai serve\n"),
    ("build.sh", "mypip install openai\n"),
    ("ci.yml", "description: to use it, pip install openai\n"),
    ("app.py", 'raise ImportError("run pip install openai")\n'),
    ("app.py", "pip install openai\n"),
    ("README.md", "pip install openai\n"),
    ("build.sh", "npm install --prefix openai\n"),
]


@pytest.mark.parametrize(("path", "text"), TALK)
def test_talk_about_a_command_is_none(path: str, text: str) -> None:
    assert [fact for _, fact in read(path, text).facts if fact.kind == "package"] == []


def test_a_notebook_installs_behind_its_mark_only() -> None:
    cells = [
        "%pip install -q openai langchain\n",
        "!pip install 'anthropic>=1'\n",
        "print('pip install mcp')\n",
    ]
    text = json.dumps({"cells": [{"source": cells}]}, indent=1)

    assert set(facts("note.ipynb", json.dumps(json.loads(text)))) == {"openai", "langchain", "anthropic"}
    assert {name: fact.line for name, fact in facts("note.ipynb", text).items()} == {
        "openai": 5,
        "langchain": 5,
        "anthropic": 6,
    }


def test_a_notebooks_command_may_go_on_in_the_next_line() -> None:
    cells = ["!pip install --upgrade \\\n", "    openai \\\n", "    'anthropic'\n", "langchain\n"]
    text = json.dumps({"cells": [{"source": cells}, {"source": "".join(cells)}]}, indent=1)

    assert set(facts("note.ipynb", text)) == {"openai", "anthropic"}


def test_a_version_is_the_declared_range_without_credentials() -> None:
    text = "RUN pip install openai==1.2.0 && npm i openai@4 && pip install mcp@https://u:hunter2@git.example.org/m\n"

    found = read("Dockerfile", text).facts

    assert sorted(str(fact.attributes.get("declared")) for _, fact in found) == ["4", "==1.2.0", "from a URL"]
    assert "hunter2" not in repr(found)


@pytest.mark.parametrize(
    "text",
    [
        "RUN pip install " * 20_000,
        "RUN pip install \\\n" * 20_000,
        "pip install " + "-" * 100_000,
        "A=1 " * 50_000 + "pip install acme",
        "RUN pip install '\"`$(",
        "\x00\xff pip install \xfe",
    ],
)
def test_hostile_text_ends_soon(text: str) -> None:
    assert [fact for _, fact in read("Dockerfile", text).facts if fact.kind == "package"] == []

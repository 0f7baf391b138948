"""Table tests of the Python manifests and locks: what is named where, with which range and scope."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.code_samples import facts, read, scan, write

ROWS = [
    ("requirements.txt", "openai\n", "openai", 1, {"scope": "runtime", "direct": True}),
    ("requirements.txt", "# openai\nrequests\nOpenAI==1.2.3  # why\n", "openai", 3, {"locked": "1.2.3"}),
    ("requirements.in", "langchain_core>=0.3,<1\n", "langchain-core", 1, {"declared": ">=0.3,<1"}),
    ("requirements-dev.txt", "deepeval\n", "deepeval", 1, {"scope": "dev"}),
    ("requirements-test.txt", "ragas\n", "ragas", 1, {"scope": "test"}),
    ("requirements/base.txt", "mcp[cli]>=1\n", "mcp", 1, {"extras": "cli"}),
    (
        "requirements.txt",
        "openai>=1; python_version > '3.8'\n",
        "openai",
        1,
        {"marker": "python_version > '3.8'"},
    ),
    ("requirements.txt", "openai==1.0 \\\n  --hash=sha256:00\n", "openai", 2, {"locked": "1.0"}),
    (
        "requirements.txt",
        "git+https://git.example.org/x/y#egg=crewai\n",
        "crewai",
        1,
        {"declared": "from a URL"},
    ),
    (
        "requirements.txt",
        "tflite_runtime @ https://example.org/t-2.17.1-cp311.whl; platform_machine == 'x86_64'\n",
        "tflite-runtime",
        1,
        {"declared": "from a URL"},
    ),
    ("requirements.txt", "openai @ https://u:p@example.org/o.whl\n", "openai", 1, {"declared": "from a URL"}),
    ("pyproject.toml", '[project]\ndependencies = [\n "openai>=1",\n]\n', "openai", 3, {"scope": "runtime"}),
    (
        "pyproject.toml",
        '[project.optional-dependencies]\nai = ["anthropic"]\n',
        "anthropic",
        2,
        {"scope": "optional"},
    ),
    ("pyproject.toml", '[dependency-groups]\ntest = ["deepeval"]\n', "deepeval", 2, {"scope": "test"}),
    ("pyproject.toml", '[tool.poetry.dependencies]\nopenai = "^1.0"\n', "openai", 2, {"declared": "^1.0"}),
    (
        "pyproject.toml",
        '[tool.poetry.dependencies]\nopenai = { version = "^1", optional = true }\n',
        "openai",
        2,
        {"scope": "optional"},
    ),
    ("pyproject.toml", '[tool.poetry.group.dev.dependencies]\nmlflow = "*"\n', "mlflow", 2, {"scope": "dev"}),
    ("pyproject.toml", '[tool.pdm.dev-dependencies]\nx = ["wandb"]\n', "wandb", 2, {"scope": "dev"}),
    ("pyproject.toml", '[tool.uv]\ndev-dependencies = ["langfuse"]\n', "langfuse", 2, {"scope": "dev"}),
    ("setup.cfg", "[options]\ninstall_requires =\n  openai>=1\n", "openai", 3, {"declared": ">=1"}),
    ("setup.cfg", "[options.extras_require]\nai =\n  cohere\n", "cohere", 3, {"scope": "optional"}),
    ("setup.py", "from setuptools import setup\nsetup(install_requires=['openai'])\n", "openai", 2, {}),
    ("setup.py", "R = ['mcp']\nsetup(extras_require={'test': R})\n", "mcp", 1, {"scope": "test"}),
    ("Pipfile", '[packages]\nopenai = "*"\n', "openai", 2, {"declared": "*"}),
    ("Pipfile", '[dev-packages]\nragas = { version = ">=0.1" }\n', "ragas", 2, {"scope": "dev"}),
    (
        "Pipfile.lock",
        json.dumps({"default": {"openai": {"version": "==1.5"}}}),
        "openai",
        1,
        {"locked": "1.5"},
    ),
    ("poetry.lock", '[[package]]\nname = "openai"\nversion = "1.9"\n', "openai", 2, {"locked": "1.9"}),
    (
        "poetry.lock",
        '[[package]]\nname = "ragas"\nversion = "1"\ngroups = ["dev"]\n',
        "ragas",
        2,
        {"scope": "dev"},
    ),
    ("uv.lock", 'version = 1\n\n[[package]]\nname = "mcp"\nversion = "1.1"\n', "mcp", 4, {"direct": False}),
    ("pdm.lock", '[[package]]\nname = "openai"\nversion = "2"\n', "openai", 2, {"locked": "2"}),
    ("pylock.toml", '[[packages]]\nname = "openai"\nversion = "2"\n', "openai", 2, {"locked": "2"}),
]


@pytest.mark.parametrize(("path", "text", "name", "line", "attributes"), ROWS)
def test_a_declared_package_is_found_with_its_line_and_range(
    path: str, text: str, name: str, line: int, attributes: dict[str, object]
) -> None:
    found = facts(path, text)

    assert list(found) == [name]
    assert found[name].line == line
    assert found[name].identifier == f"pkg:pypi/{name}"
    assert {key: found[name].attributes.get(key) for key in attributes} == attributes
    assert read(path, text).problems == []


NOTHING = [
    ("requirements.txt", "openai is a company, not a line of this file\n"),
    ("requirements.txt", "haystack\nbedrock\nmy-openai-client\n"),
    ("pyproject.toml", '[tool.poetry.dependencies]\nopenai = { path = "../openai" }\n'),
    ("uv.lock", '[[package]]\nname = "mcp"\nversion = "1"\nsource = { editable = "." }\n'),
    ("setup.py", "setup(name='openai', install_requires=read('openai'))\n"),
    ("notes.txt", "openai\n"),
]


@pytest.mark.parametrize(("path", "text"), NOTHING)
def test_what_only_looks_like_a_package_is_not_found(path: str, text: str) -> None:
    found = read(path, text)

    assert found.facts == []
    assert found.problems == []


MALFORMED = [
    ("pyproject.toml", "[project\n"),
    ("setup.cfg", "no section\n"),
    ("setup.py", "setup(install_requires=[\n"),
    ("Pipfile.lock", "{"),
    ("poetry.lock", "[[package]]\n<<<<<<< ours\nname = 'x'\n"),
    ("requirements.txt", b"\xff\xfeo\x00p"[:3]),
    ("setup.py", "(" * 3000),
]


@pytest.mark.parametrize(("path", "content"), MALFORMED)
def test_a_malformed_manifest_is_a_problem_of_its_format(path: str, content: str | bytes) -> None:
    found = read(path, content)

    assert [fact for _, fact in found.facts] == []
    assert len(found.problems) == 1


def test_a_constraint_alone_is_no_dependency() -> None:
    found = facts("constraints.txt", "openai<2\n")

    assert found["openai"].standing is False


IMPORTS = [
    ("import openai\n", ["openai"]),
    ("from langchain_core.prompts import X\n", ["langchain-core"]),
    ("from google import genai\n", ["google-genai"]),
    ("    import anthropic as a\n", ["anthropic"]),
    ("# import openai\n", []),
    ("import openaiish\n", []),
    ("x = 'we import openai here'\n", []),
    ("from openai\n", []),
    ("try: import openai\nexcept ImportError: pass\n", ["openai"]),
    ("x = 1; import openai\n", ["openai"]),
    ('def f():\n    """Example:\n\n    import openai\n    """\n', []),
    ('"""Text: from openai import nothing."""\nname = "import openai"\n', []),
]


@pytest.mark.parametrize(("text", "names"), IMPORTS)
def test_only_a_real_import_is_an_import(text: str, names: list[str]) -> None:
    assert list(facts("app.py", text)) == names


def test_an_import_in_a_notebook_cell_is_found() -> None:
    cell = json.dumps({"cells": [{"source": ["import openai\n", "openai.x()"]}]}, indent=1)

    assert list(facts("note.ipynb", cell)) == ["openai"]


def test_what_other_tools_bring_along_counts_where_it_is_imported(tmp_path: Path) -> None:
    pinned = {"requirements.txt": "nltk==3.9\n", "a.py": "print(1)\n"}

    assert scan(write(tmp_path / "a", pinned)).findings == []

    (found,) = scan(write(tmp_path / "b", {**pinned, "a.py": "import nltk\n"})).findings
    assert found.name == "nltk"
    assert {item.locator for item in found.evidence} == {"requirements.txt:1", "a.py:1"}

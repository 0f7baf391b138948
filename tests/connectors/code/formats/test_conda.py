"""Table tests of conda's and pixi's environments: conda's names, and the requirements of pip beside them."""

from __future__ import annotations

import pytest

from tests.code_samples import facts, read

ENVIRONMENT = """\
name: shop
channels: [conda-forge]
dependencies:
  - python=3.11
  - conda-forge::pytorch=2.4.*=cuda*
  - transformers >=4.40,<5
  - faiss-cpu
  - spacy[version='>=3']
  - pip
  - pip:
      - -r requirements.txt
      - openai>=1.0
      - git+https://git.example.org/x.git#egg=crewai
      - pytorch
"""
LOCK = """\
version: 1
package:
  - name: pytorch
    version: 2.4.0
    manager: conda
    platform: linux-64
    category: main
  - name: pytorch
    version: 2.4.0
    manager: conda
    platform: osx-64
  - name: openai
    version: 1.5.0
    manager: pip
    category: dev
"""
PIXI = """\
[project]
name = "shop"

[dependencies]
pytorch-gpu = ">=2.4"
transformers = { version = "*", channel = "conda-forge" }

[pypi-dependencies]
openai = { version = ">=1" }
anthropic = { path = "../anthropic" }
mcp = { git = "https://git.example.org/m.git" }

[feature.test.dependencies]
sentence-transformers = "*"

[target.linux-64.dependencies]
lightgbm = "*"
"""

ROWS = [
    ("environment.yml", ENVIRONMENT, "torch", 5, {"declared": "=2.4.*=cuda*", "installer": "conda"}),
    ("environment.yml", ENVIRONMENT, "transformers", 6, {"declared": ">=4.40,<5", "direct": True}),
    ("environment.yml", ENVIRONMENT, "spacy", 8, {"declared": "version='>=3'"}),
    ("environment.yml", ENVIRONMENT, "openai", 12, {"declared": ">=1.0", "installer": None}),
    ("environment.yml", ENVIRONMENT, "crewai", 13, {"declared": "from a URL"}),
    ("conda-lock.yml", LOCK, "torch", 3, {"locked": "2.4.0", "direct": False}),
    ("conda-lock.yml", LOCK, "openai", 12, {"scope": "dev", "installer": None}),
    ("pixi.toml", PIXI, "torch", 5, {"declared": ">=2.4", "scope": "runtime"}),
    ("pixi.toml", PIXI, "transformers", 6, {"declared": "*"}),
    ("pixi.toml", PIXI, "openai", 9, {"declared": ">=1", "installer": None}),
    ("pixi.toml", PIXI, "mcp", 11, {"declared": "from a URL"}),
    ("pixi.toml", PIXI, "sentence-transformers", 14, {"scope": "test"}),
    ("pixi.toml", PIXI, "lightgbm", 17, {}),
]


@pytest.mark.parametrize(("path", "text", "name", "line", "attributes"), ROWS)
def test_a_conda_name_stands_for_its_package_of_pypi(
    path: str, text: str, name: str, line: int, attributes: dict[str, object]
) -> None:
    found = facts(path, text)[name]

    assert found.identifier == f"pkg:pypi/{name}"
    assert found.line == line
    assert {key: found.attributes.get(key) for key in attributes} == attributes


def test_a_package_of_the_same_tree_is_not_the_registrys() -> None:
    assert "anthropic" not in facts("pixi.toml", PIXI)


@pytest.mark.parametrize("path", ["environment.yml", "environment-gpu.yaml", "conda.yaml", "shop_env.yml"])
def test_environments_go_by_many_names(path: str) -> None:
    assert list(facts(path, "dependencies: [pytorch]\n")) == ["torch"]


@pytest.mark.parametrize(
    "text",
    [
        "dependencies: {pytorch: 1}\n",
        "dependencies: pytorch\n",
        "dependencies: [[pytorch], 3, {pip: 3}, {pip: [3]}, {conda: [pytorch]}]\n",
        "dependencies: [my-pytorch, 'not a name at all', '']\n",
        "- pytorch\n",
        "{{ not yaml }\n",
        "package: 3\n",
    ],
)
def test_other_forms_show_nothing(text: str) -> None:
    found = read("environment.yml", text)

    assert found.facts == []
    assert found.problems == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("environment.yml", "dependencies: ["),
        ("pixi.toml", "["),
        ("conda-lock.yml", "<<<<<<< a\n"),
        ("conda-lock.yml", "name: pytorch\n"),
        ("environment.yml", "dependencies: " + "[" * 5000),
    ],
)
def test_a_malformed_file_is_a_problem(path: str, text: str) -> None:
    found = read(path, text)

    assert found.facts == []
    assert found.problems

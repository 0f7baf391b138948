"""A pixi.lock names what is installed, of conda and of PyPI, in every version of its form."""

from __future__ import annotations

import pytest

from tests.code_samples import facts, read

_CHANNEL = "https://conda.example.org/conda-forge/noarch"


@pytest.mark.parametrize(
    ("text", "name", "version", "line"),
    [
        (
            f"version: 6\nenvironments: {{}}\npackages:\n- conda: {_CHANNEL}/openai-1.30.1-pyh_0.conda\n",
            "openai",
            "1.30.1",
            4,
        ),
        (f"packages:\n- conda: {_CHANNEL}/langchain-core-0.3.1-py_1.tar.bz2\n", "langchain-core", "0.3.1", 2),
        (
            "packages:\n- pypi: https://files.example.org/a.whl\n  name: openai\n  version: 1.2\n",
            "openai",
            "1.2",
            2,
        ),
        ("packages:\n- kind: pypi\n  name: openai\n  version: '1.3'\n", "openai", "1.3", 2),
        ("packages:\n- kind: conda\n  name: openai\n  version: 1.4\n", "openai", "1.4", 2),
    ],
)
def test_a_package_is_read_with_its_version(text: str, name: str, version: str, line: int) -> None:
    found = facts("pixi.lock", text)[name]

    assert (found.attributes["locked"], found.attributes["direct"], found.line) == (version, False, line)


def test_a_package_of_several_platforms_is_told_once() -> None:
    entry = "- conda: https://c.example.org/{}/openai-1.30.1-{}.conda\n"

    found = read("pixi.lock", "packages:\n" + entry.format("linux-64", "a") + entry.format("osx-64", "b"))

    assert len(found.facts) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "packages:\n- pypi: ./\n  name: openai\n",
        "packages:\n- conda: https://c.example.org/noarch/left-1-a_0.conda\n  depends:\n  - openai >=1\n",
        "packages: []\nother:\n- conda: x\n",
    ],
    ids=["empty", "own package", "another's need", "another list"],
)
def test_what_is_no_installed_package_shows_nothing(text: str) -> None:
    assert read("pixi.lock", text).facts == []


def test_a_file_that_is_none_is_a_problem() -> None:
    assert read("pixi.lock", "hello\n").problems == [("pixi-lock", "not a pixi.lock: it has no packages")]

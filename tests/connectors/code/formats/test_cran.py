"""Table tests of R's package description, lock and scripts."""

from __future__ import annotations

import json

import pytest

from tests.code_samples import facts, read

DESCRIPTION = """\
Package: shop
Title: Uses torch and keras
Depends: R (>= 4.1), keras3
Imports:
    ellmer (>= 0.3.0),
    httr2,
    ragnar
Suggests: vitals, testthat
Remotes: mlverse/torch
"""
RENV = json.dumps(
    {"R": {"Version": "4.4"}, "Packages": {"ellmer": {"Package": "ellmer", "Version": "0.4.0"}, "cli": {}}},
    indent=1,
)

ROWS = [
    ("DESCRIPTION", DESCRIPTION, "keras3", 3, {"scope": "runtime", "direct": True}),
    ("DESCRIPTION", DESCRIPTION, "ellmer", 5, {"declared": ">= 0.3.0"}),
    ("DESCRIPTION", DESCRIPTION, "ragnar", 7, {}),
    ("DESCRIPTION", DESCRIPTION, "vitals", 8, {"scope": "optional"}),
    ("renv.lock", RENV, "ellmer", 6, {"locked": "0.4.0", "direct": False}),
]


@pytest.mark.parametrize(("path", "text", "name", "line", "attributes"), ROWS)
def test_a_package_is_found_with_its_version(
    path: str, text: str, name: str, line: int, attributes: dict[str, object]
) -> None:
    found = facts(path, text)[name]

    assert found.line == line
    assert {key: found.attributes.get(key) for key in attributes} == attributes


def test_only_the_fields_that_need_packages_are_read() -> None:
    assert "torch" not in facts("DESCRIPTION", DESCRIPTION)


USES = [
    ("library(ellmer)\n", [("ellmer", True)]),
    ('  library("torch")\n', [("torch", True)]),
    ("suppressMessages(require(keras, quietly = TRUE))\n", [("keras", True)]),
    ("chat <- ellmer::chat_openai()\n", [("ellmer", False)]),
    ("library(text)\n", [("text", False)]),
    ("# library(ellmer)\n", []),
    ("library(ellmerish)\n", []),
    ("mylibrary(ellmer)\n", []),
    ("x$ellmer::y\n", []),
]


@pytest.mark.parametrize(("text", "names"), USES)
def test_attaching_a_package_stands_and_calling_it_adds(text: str, names: list[tuple[str, bool]]) -> None:
    found = facts("chat.R", text)

    assert [(name, fact.standing) for name, fact in found.items()] == names


@pytest.mark.parametrize("text", ["{", "[]", "<<<<<<< a\n{}"])
def test_a_malformed_lock_is_a_problem(text: str) -> None:
    assert read("renv.lock", text).problems


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("DESCRIPTION", "The ellmer is a bird.\n    ellmer\n"),
        ("DESCRIPTION", "Imports"),
        ("DESCRIPTION", b"\xff\x00Imports ellmer"),
        ("renv.lock", '{"Packages": ["ellmer"]}'),
        ("renv.lock", '{"Packages": 3}'),
    ],
)
def test_prose_and_wrong_types_show_nothing(path: str, text: str | bytes) -> None:
    found = read(path, text)

    assert found.facts == []
    assert found.problems == []

"""Table tests of PHP's manifest, lock and use of namespaces."""

from __future__ import annotations

import json

import pytest

from tests.code_samples import facts, read

MANIFEST = json.dumps(
    {
        "require": {"php": "^8.3", "openai-php/Client": "^0.10", "acme/ai": "dev-main", "laravel/mcp": 7},
        "require-dev": {"prism-php/prism": "*"},
        "conflict": {"rubix/ml": "*"},
    },
    indent=1,
)
LOCK = json.dumps(
    {
        "packages": [
            {"name": "openai-php/client", "version": "v0.10.3"},
            {"name": "rubix/ml", "version": "1.0", "dist": {"type": "path", "url": "../ml"}},
            {"name": 3},
            "x",
        ],
        "packages-dev": [{"name": "theodo-group/llphant", "version": "0.9"}],
    }
)

ROWS = [
    (
        "composer.json",
        MANIFEST,
        "openai-php/client",
        {"declared": "^0.10", "scope": "runtime", "direct": True},
    ),
    ("composer.json", MANIFEST, "laravel/mcp", {"declared": None}),
    ("composer.json", MANIFEST, "prism-php/prism", {"scope": "dev"}),
    ("composer.lock", LOCK, "openai-php/client", {"locked": "v0.10.3", "direct": False}),
    ("composer.lock", LOCK, "theodo-group/llphant", {"scope": "dev"}),
]


@pytest.mark.parametrize(("path", "text", "name", "attributes"), ROWS)
def test_a_package_is_found_with_its_version(
    path: str, text: str, name: str, attributes: dict[str, object]
) -> None:
    found = facts(path, text)[name]

    assert {key: found.attributes.get(key) for key in attributes} == attributes
    assert found.identifier == f"pkg:composer/{name}"


def test_a_package_of_the_tree_or_in_a_conflict_is_no_dependency() -> None:
    assert "rubix/ml" not in facts("composer.json", MANIFEST) | facts("composer.lock", LOCK)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("<?php\nuse Prism\\Prism\\Prism;\n", ["prism-php/prism"]),
        ("<?php use LLPhant\\Chat\\OpenAIChat;\n", ["theodo-group/llphant"]),
        ("<?php\n// use LLPhant\\Chat;\n", []),
        ("<?php\nuse LLPhantom\\Chat;\n", []),
        ("<?php\nuse App\\LLPhant\\Chat;\n", []),
    ],
)
def test_only_a_use_of_the_namespace_counts(text: str, names: list[str]) -> None:
    found = facts("app.php", text)

    assert list(found) == names
    assert all(fact.standing for fact in found.values())


def test_a_namespace_that_others_may_have_only_adds() -> None:
    found = facts("app.php", "<?php\nuse OpenAI\\Client;\n")

    assert found["openai-php/client"].standing is False


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("composer.json", "{"),
        ("composer.json", "[]"),
        ("composer.lock", "<<<<<<< a\n{}"),
        ("composer.json", "[" * 99_999),
    ],
)
def test_a_malformed_file_is_a_problem(path: str, text: str) -> None:
    found = read(path, text)

    assert found.facts == []
    assert found.problems


@pytest.mark.parametrize(
    "content",
    [{"require": []}, {"require": 1}, {"packages": {"a": 1}}, {"packages": [[], None, {"name": None}]}],
)
def test_wrong_types_show_nothing(content: object) -> None:
    for path in ("composer.json", "composer.lock"):
        found = read(path, json.dumps(content))

        assert found.facts == []
        assert found.problems == []


def test_a_locked_package_is_shown_where_it_is_locked_and_not_where_another_requires_it() -> None:
    locked = [
        {"name": "acme/bot", "version": "1", "require": {"openai-php/client": "^0.10"}},
        {"name": "openai-php/client", "version": "v0.10.3"},
    ]
    text = json.dumps({"packages": locked}, indent=1)

    (found,) = [fact for _, fact in read("composer.lock", text) if fact.kind == "package"]

    assert '"name": "openai-php/client"' in text.split("\n")[found.line - 1]

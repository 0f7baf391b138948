"""Table tests of the locks of NuGet and Paket."""

from __future__ import annotations

import json

import pytest

from tests.code_samples import facts, read

NAME = "Microsoft.SemanticKernel"
LOCK = {
    "version": 2,
    "dependencies": {
        "net9.0": {
            NAME: {"type": "Direct", "requested": "[1.0.0, )", "resolved": "1.0.0"},
            "OpenAI": {"type": "Transitive", "resolved": "2.1.0"},
            "acme": {"type": "Project"},
        },
        "net8.0": {NAME: {"type": "Direct", "resolved": "1.0.0"}},
    },
}
ASSETS = {
    "libraries": {f"{NAME}/1.0.0": {"type": "package"}, "OpenAI/2.1.0": {"type": "package"}},
    "project": {"frameworks": {"net9.0": {"dependencies": {NAME: {"target": "Package"}}}}},
}
PAKET = (
    "NUGET\n  remote: https://feed.example.org\n    Microsoft.SemanticKernel (1.0)\n      OpenAI (>= 2.0)\n"
)


@pytest.mark.parametrize(
    ("path", "text", "name", "attributes"),
    [
        (
            "packages.lock.json",
            json.dumps(LOCK),
            NAME,
            {"locked": "1.0.0", "declared": "[1.0.0, )", "direct": True},
        ),
        ("packages.lock.json", json.dumps(LOCK), "OpenAI", {"locked": "2.1.0", "direct": False}),
        ("obj/project.assets.json", json.dumps(ASSETS), NAME, {"locked": "1.0.0", "direct": True}),
        ("obj/project.assets.json", json.dumps(ASSETS), "OpenAI", {"direct": False}),
        ("paket.lock", PAKET, NAME, {"locked": "1.0", "direct": False}),
    ],
)
def test_a_lock_gives_versions(path: str, text: str, name: str, attributes: dict[str, object]) -> None:
    found = facts(path, text)[name]

    assert {key: found.attributes.get(key) for key in attributes} == attributes
    assert found.line > 0


def test_a_package_of_several_frameworks_is_one() -> None:
    found = [fact.name for _, fact in read("packages.lock.json", json.dumps(LOCK))]

    assert sorted(found) == [NAME, "OpenAI"]


@pytest.mark.parametrize("path", ["packages.lock.json", "project.assets.json"])
@pytest.mark.parametrize(
    "value",
    [
        {"dependencies": []},
        {"dependencies": {"net9.0": [NAME]}},
        {"dependencies": {"net9.0": {NAME: 1}}},
        {"libraries": {NAME: 1}, "project": 1},
        {"libraries": {"": {"type": "package"}}, "project": {"frameworks": {"x": 1}}},
    ],
)
def test_values_of_another_type_hold_nothing(path: str, value: object) -> None:
    found = read(path, json.dumps(value))

    assert found.facts == []
    assert found.problems == []


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 100_000, "<<<<<<< HEAD\n{}"])
def test_a_malformed_lock_is_a_problem(text: str) -> None:
    found = read("packages.lock.json", text)

    assert found.facts == []
    assert found.problems

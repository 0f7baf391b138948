"""Environments of GitHub workflows are gates only where somebody may be asked."""

from __future__ import annotations

import pytest

from tests.code_samples import read

_WORKFLOW = "on: push\njobs:\n  ship:\n    runs-on: ubuntu-latest\n    environment: {}\n    steps: []\n"


def _gates(environment: str) -> list[str]:
    found = read(".github/workflows/ship.yml", _WORKFLOW.format(environment))
    return [fact.name for name, fact in found if name == "workflow-environment"]


@pytest.mark.parametrize("name", ["production", "prod-eu", "release", "staging", "developers-approve"])
def test_an_environment_may_ask_people(name: str) -> None:
    assert _gates(name) == [f"environment {name}"]


@pytest.mark.parametrize(
    "name", ["development", "dev-eu", "test", "github-pages", "preview", "ci", "${{ inputs.to }}"]
)
def test_an_environment_to_try_things_asks_nobody(name: str) -> None:
    assert _gates(name) == []


@pytest.mark.parametrize("text", ["environment: [", "- environment: x", "jobs: {a: [environment: x]}"])
def test_other_shapes_show_nothing(text: str) -> None:
    assert [name for name, _ in read(".github/workflows/a.yml", text) if name == "workflow-environment"] == []

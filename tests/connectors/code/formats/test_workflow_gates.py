"""Environments of GitHub workflows are gates only where somebody may be asked."""

from __future__ import annotations

import pytest

from tests.code_samples import read

_WORKFLOW = "on: push\njobs:\n  ship:\n    runs-on: ubuntu-latest\n    environment: {}\n    steps: []\n"


def _gates(environment: str) -> list[str]:
    found = read(".github/workflows/ship.yml", _WORKFLOW.format(environment))
    return [fact.name for name, fact in found if name == "workflow-environment"]


@pytest.mark.parametrize("name", ["developers-approve", "eval-gate", "manual_review", "human-ok"])
def test_an_environment_whose_name_says_so_asks_people(name: str) -> None:
    assert _gates(name) == [f"environment {name}"]


@pytest.mark.parametrize("name", ["production", "release", "preview", "ci", "previewer", "${{ inputs.to }}"])
def test_of_another_the_file_does_not_say_that_anybody_is_asked(name: str) -> None:
    assert _gates(name) == []


def test_a_comment_beside_it_says_so_as_well() -> None:
    assert _gates("production  # needs an approval") == ["environment production"]
    text = _WORKFLOW.format("prod").replace("    environment", "    # Manual approval gate\n    environment")
    found = [(fact.name, fact.line) for name, fact in read(".github/workflows/a.yml", text) if fact.line]
    assert ("environment prod", 6) in found


@pytest.mark.parametrize("text", ["environment: [", "- environment: x", "jobs: {a: [environment: x]}"])
def test_other_shapes_show_nothing(text: str) -> None:
    assert [name for name, _ in read(".github/workflows/a.yml", text) if name == "workflow-environment"] == []

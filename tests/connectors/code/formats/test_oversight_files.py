"""Evaluation suites and guardrail configurations that are files of their own."""

from __future__ import annotations

import pytest

from tests.code_samples import read

PROMPTFOO = "prompts: [hello]\nproviders: [openai:gpt-4o]\ntests:\n  - vars: {x: 1}\n"
NEMO = "models:\n  - type: main\n    engine: openai\n\nrails:\n  input:\n    flows: [self check input]\n"


@pytest.mark.parametrize(
    ("path", "text", "kind", "name", "line"),
    [
        ("promptfooconfig.yaml", PROMPTFOO, "evaluation", "promptfoo", 1),
        ("a/promptfooconfig.json", '{"providers": [], "tests": []}', "evaluation", "promptfoo", 1),
        ("redteam.promptfoo.yaml", "targets: [x]\nredteam: {plugins: [pii]}\n", "evaluation", "promptfoo", 2),
        ("config/config.yml", NEMO, "guardrail", "nemo-guardrails-config", 5),
        ("rails/a.co", "# hi\ndefine user ask politics\n", "guardrail", "nemo-colang", 2),
        ("spec.rail", '<rail version="0.1">\n</rail>\n', "guardrail", "guardrails-rail", 1),
    ],
)
def test_a_file_in_its_known_form_is_found(path: str, text: str, kind: str, name: str, line: int) -> None:
    facts = [fact for format_name, fact in read(path, text) if format_name == "oversight-file"]

    assert [(fact.kind, fact.name, fact.line) for fact in facts] == [(kind, name, line)]
    assert facts[0].attributes["answers"] == "oversight"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("config.yml", "title: my site\nmodels: [a]\n"),
        ("config.yml", "rails: ruby\nmodels: [a]\n"),
        ("config.yaml", "rails: {env: production}\nflows: []\n"),
        ("a.co", "company = 1\n"),
        ("a.rail", "a railway\n"),
        ("promptfooconfig.yaml", "name: x\n"),
        ("promptfooconfig.json", "[]"),
        ("promptfooconfig.yaml", ""),
        ("promptfooconfig.yaml", "- " * 2_000),
    ],
)
def test_another_tools_file_of_that_name_is_none(path: str, text: str) -> None:
    found = read(path, text)

    assert not [fact for name, fact in found if name == "oversight-file"]


def test_a_broken_file_is_a_problem_not_an_error() -> None:
    found = read("promptfooconfig.yaml", "providers: [\n")

    assert [name for name, _ in found.problems] == ["oversight-file"]

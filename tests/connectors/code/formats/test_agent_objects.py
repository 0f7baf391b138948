from __future__ import annotations

import json

import pytest

from tests.code_samples import facts, read

CARD = {"name": "Shop", "url": "https://a.acme.dev", "capabilities": {}, "skills": [{"id": "buy"}]}
DECLARED = {
    "$schema": "https://developer.microsoft.com/json-schemas/copilot/declarative-agent/v1.0/schema.json",
    "name": "Helper",
    "instructions": "Help.",
}
FORMS = [
    ("agent-card.json", json.dumps(CARD), "agent", "Shop"),
    (".well-known/agent.json", json.dumps(CARD), "agent", "Shop"),
    ("appPackage/declarativeAgent.json", json.dumps(DECLARED), "agent", "Helper"),
    ("ai-plugin.json", '{"name_for_model": "shop", "api": {}}', "tool", "shop"),
    ("domain.yml", "version: '3.1'\nintents: [greet]\nresponses: {}\n", "agent", ""),
    ("flow.dag.yaml", "inputs: {}\nnodes: []\noutputs: {}\n", "workflow", ""),
    ("a.prompty", "---\nname: x\nmodel:\n  api: chat\n---\nsystem:\nHi", "prompt", ""),
    ("a.prompt.yml", "messages:\n- role: user\n  content: hi\n", "prompt", ""),
    ("prompts/systemPrompt.txt", "Answer in the words of the guide.\n", "prompt", ""),
    ("system_prompt.j2", "{% if a %}Help {{ user }} with tax.{% endif %}", "prompt", ""),
    ("system-prompt.md", "# Desk\n\n## Role\n\nYou are the desk of Acme.\n", "prompt", ""),
    ("SYSTEM_PROMPT.md", "---\nname: x\n---\nYour goal is to sort mail.\n", "prompt", ""),
    ("bot.mcs.yml", "kind: GptComponentMetadata\ndisplayName: Desk\n", "agent", "Desk"),
    ("Modelfile", "FROM acme/judge:q4\nPARAMETER temperature 1\n", "model", "acme/judge:q4"),
    ("judge.modelfile", "# x\nFROM llama3.2\n", "model", "llama3.2"),
]


@pytest.mark.parametrize(("path", "text", "kind", "name"), FORMS)
def test_a_file_in_its_known_form_is_what_it_is(path: str, text: str, kind: str, name: str) -> None:
    found = [fact for _, fact in read(path, text) if fact.kind == kind]

    assert [fact.name for fact in found] == [name]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("agent.json", '{"name": "build-agent", "labels": ["linux"]}'),
        ("agent.json", '{"name": 3, "skills": [], "url": "x"}'),
        ("agent-card.json", "[]"),
        ("ai-plugin.json", "{}"),
        ("domain.yml", "responses: {}\nslots: {}\n"),
        ("domain.yml", "name: example.org\n"),
        ("flow.dag.yaml", "- 1\n"),
        ("a.prompt", "Dear model, write a poem."),
        ("a.prompt.yml", "text: hi\n"),
        ("system_prompt.txt", " \n"),
        ("system_prompts.txt", "You are the desk of Acme."),
        ("docs/system-prompt.md", "# System prompts\n\nHow to set one.\n"),
        ("docs/system-prompt.md", "# System prompts\n\nIt has this:\n\n```txt\nYou are a helper.\n```\n"),
        ("topic.mcs.yml", "kind: AdaptiveDialog\n"),
        ("Modelfile", "FROM ./judge.gguf\n"),
    ],
)
def test_files_of_that_name_alone_are_not(path: str, text: str) -> None:
    kinds = {fact.kind for _, fact in read(path, text)}

    assert kinds <= {"agent_config"}


@pytest.mark.parametrize("path", sorted({path for path, *_ in FORMS}))
@pytest.mark.parametrize(
    "text", ["", "{", "[" * 5000, "\0" * 100, "null", "a: [", "FROM " * 5000, "---\n" * 3000]
)
def test_garbage_gives_nothing(path: str, text: str) -> None:
    assert [fact for _, fact in read(path, text) if fact.kind != "agent_config"] == []


def test_the_line_of_a_model_is_counted() -> None:
    assert facts("Modelfile", "# é\n\nFROM llama3.2\n")["llama3.2"].line == 3

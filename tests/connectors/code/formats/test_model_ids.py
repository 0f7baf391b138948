"""A model's id is kept whole, and only what is one counts: no method behind it, no image, no resource."""

from __future__ import annotations

import pytest

from tests.code_samples import facts

KEPT = [
    ("a.java", '@Path("models/gemini-2.5-flash:generateContent")', "gemini-2.5-flash"),
    (
        "a.py",
        'url = base + "/publishers/google/models/gemini-2.5-pro:streamGenerateContent"',
        "gemini-2.5-pro",
    ),
    ("a.yaml", "model: ollama/acme-judge:7b", "acme-judge:7b"),
    ("a.py", 'completion(model="ollama/acme-judge", messages=m)', "acme-judge"),
    ("a.sh", "litellm --model ollama_chat/acme-judge", "acme-judge"),
    ("a.py", 'm = "publishers/anthropic/models/claude-opus-4@20250514"', "claude-opus-4@20250514"),
    ("a.yaml", 'model: "llama3-groq-tool-use"', "llama3-groq-tool-use"),
    ("a.yaml", "model: acme/llama3-service", "acme/llama3-service"),
    ("m.yaml", "- provider: openai\n  models:\n    - name: gpt-4.1-mini\n      max: 1\n", "gpt-4.1-mini"),
    (
        "ai.yaml",
        "deployments:\n  - name: chat\n    model:\n      format: OpenAI\n      name: gpt-4o\n",
        "gpt-4o",
    ),
    ("l.ts", 'const model = "sonar-medium-online"', "sonar-medium-online"),
    ("a.py", 'm = ask(model="gemini-embedding-2")', "gemini-embedding-2"),
    ("a.py", 'run("@cf/meta/llama-2-7b-chat-int8", q)', "@cf/meta/llama-2-7b-chat-int8"),
    ("a.yaml", "model: ai21labs/AI21-Jamba-Mini-1.6", "ai21labs/AI21-Jamba-Mini-1.6"),
    ("a.ts", 'const model = "morph-v3-large"', "morph-v3-large"),
    ("a.py", 'm = ask(model="anthropic--claude-3.5-sonnet")', "anthropic--claude-3.5-sonnet"),
    ("a.py", 'c.begin_analyze_document(model_id="prebuilt-layout")', "prebuilt-layout"),
    (
        "a.ts",
        'const { model = "accounts/fireworks/models/acme-v3p1" } = config',
        "accounts/fireworks/models/acme-v3p1",
    ),
    (
        "a.py",
        'ask(model="accounts/fireworks/models/kimi-k2-instruct-0905")',
        "accounts/fireworks/models/kimi-k2-instruct-0905",
    ),
    (
        "a.json",
        '{"id": "accounts/fireworks/models/zai-org/glm-4p5"}',
        "accounts/fireworks/models/zai-org/glm-4p5",
    ),
]


@pytest.mark.parametrize(("path", "text", "name"), KEPT)
def test_the_id_is_what_the_vendor_calls_it(path: str, text: str, name: str) -> None:
    assert [fact.name for fact in facts(path, text).values() if fact.kind == "model"] == [name]


NONE = [
    ("docker-compose.yml", "services:\n  ollama:\n    image: ollama/ollama:latest\n"),
    ("Dockerfile", "FROM ollama/ollama:latest\n"),
    ("a_test.go", 'want := "publishers/team-a/models/judge"'),
    ("isvc.yaml", "kind: LLMInferenceService\nmetadata:\n  name: qwen2-7b\n"),
    ("d.yaml", "# llm\ncontainers:\n  - name: gpt-4o\n"),
    ("pv.yaml", "metadata:\n  labels:\n    model: llama3-pv\n"),
    ("svc.yaml", "metadata:\n  name: qwen2-service\n  labels: {model: qwen2-service}\n"),
    ("a.ts", 'const m = await pipeline("summarization", "test-org/test-model");'),
    ("a.py", 'AutoModel.from_pretrained("your-username/my-model")'),
    ("d.yaml", "kind: Deployment\nmetadata:\n  name: mistral-deployment\n"),
]


@pytest.mark.parametrize(("path", "text"), NONE)
def test_what_is_only_named_after_a_model_is_none(path: str, text: str) -> None:
    assert [fact.name for fact in facts(path, text).values() if fact.kind == "model"] == []


def test_every_model_that_one_line_pulls_is_found() -> None:
    found = facts("setup.sh", "ollama pull judge && ollama pull acme/writer:7b && ollama pull phi4-mini\n")

    assert {name for name, fact in found.items() if fact.kind == "model"} == {
        "judge",
        "acme/writer:7b",
        "phi4-mini",
    }


@pytest.mark.parametrize(
    ("model", "vendor"),
    [
        ("distilbert-base-uncased-finetuned-sst-2-english", "huggingface"),
        ("distilroberta-base", "huggingface"),
        ("bert-base-uncased", "google"),
        ("xlm-roberta-large", "meta"),
        ("deberta-v3-base", "microsoft"),
    ],
)
def test_a_model_made_of_another_is_its_own_makers(model: str, vendor: str) -> None:
    found = facts("a.py", f'pipeline(model="{model}")\n')

    assert found[model].provider == vendor

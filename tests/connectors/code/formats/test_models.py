from __future__ import annotations

import pytest

from tests.code_samples import facts

FOUND = [
    ("app.py", 'client.create(model="gpt-4o-mini")', "gpt-4o-mini", "openai"),
    ("app.ts", "const m = { id: 'google/gemini-2.5-flash-lite' }", "google/gemini-2.5-flash-lite", "google"),
    ("App.cs", 'builder.AddModel("chat", "llama3.1")', "llama3.1", "meta"),
    ("App.java", '.model("mixtral-8x7b-32768")', "mixtral-8x7b-32768", "mistral"),
    ("main.tf", 'foundation_model = "us.anthropic.claude-3-5-sonnet-20241022-v2:0"', None, "anthropic"),
    (
        "main.bicep",
        "param embeddingModelName string = 'text-embedding-ada-002'",
        "text-embedding-ada-002",
        "openai",
    ),
    (".env.example", "OPENAI_MODEL=gpt-4o\n", "gpt-4o", "openai"),
    (".env", "MODEL=meta/llama-3.1-8b-instruct\n", "meta/llama-3.1-8b-instruct", "meta"),
    ("a.properties", "spring.ai.ollama.chat.options.model=llama3.2:latest", "llama3.2:latest", "meta"),
    ("a.properties", "spring.ai.ollama.chat.options.model=acme/judge:q4", "acme/judge:q4", "ollama"),
    ("values.yaml", "llm:\n  deployment: gpt-35-turbo-16k\n", "gpt-35-turbo-16k", "openai"),
    ("c.yml", "models:\n  o3-mini:\n    max: 1\n", "o3-mini", "openai"),
    ("c.yml", "models:\n  - o1-mini\n", "o1-mini", "openai"),
    ("n.ipynb", '{"source": ["llm = LLM(model=\\"gpt-4o\\")"]}', "gpt-4o", "openai"),
    ("t.py", 'AutoModel.from_pretrained("acme/judge-7b")', "acme/judge-7b", "huggingface"),
    ("a.py", 'x = "arn:aws:bedrock:us-east-1::foundation-model/amazon.titan-embed-text-v2:0"', None, "aws"),
    ("a.py", 'Agent("openai:gpt-4o")', "gpt-4o", "openai"),
    ("a.py", 'model = "ft:gpt-4o:acme::abc"', "ft:gpt-4o:acme::abc", "openai"),
]


@pytest.mark.parametrize(("path", "text", "model", "vendor"), FOUND)
def test_a_model_id_is_found_whole_with_its_vendor(
    path: str, text: str, model: str | None, vendor: str
) -> None:
    found = [fact for fact in facts(path, text).values() if fact.kind == "model"]

    assert [fact.provider for fact in found] == [vendor]
    assert found[0].model == found[0].identifier
    if model is not None:
        assert found[0].model == model


NOT_FOUND = [
    ("README.md", 'Set `model="gpt-4o"`.'),
    ("app.py", "# model = 'gpt-4o'"),
    ("app.py", 'text = "We compared gpt-4o with others"'),
    ("app.py", 'package = "claude-code"'),
    ("app.py", 'tool = "command-line"'),
    ("app.py", 'disk = "phi-3"'),
    ("app.py", 'open("docs/gpt-4o.md")'),
    ("app.py", 'url = "https://huggingface.co/meta-llama/Llama-2-7b"'),
    ("c.yml", "title: what gpt-4o can do\n"),
    ("c.yml", "steps:\n  - o1-mini\n"),
    ("a.sh", "echo gpt-4o is here"),
    ("a.py", 'x = "gpt-4all"'),
    ("a.py", 'model = "string"'),
]


@pytest.mark.parametrize(("path", "text"), NOT_FOUND)
def test_talk_and_lookalikes_are_no_models(path: str, text: str) -> None:
    assert [fact.name for fact in facts(path, text).values() if fact.kind == "model"] == []


def test_lines_are_counted_from_one() -> None:
    assert facts("a.py", '\n\nmodel = "gpt-4o"\n')["gpt-4o"].line == 3

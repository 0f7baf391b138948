from __future__ import annotations

import pytest

from connectors.catalogue import load_catalogue
from tests.code_samples import facts, read

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
    ("a.py", 'M = "claude-3-5-sonnet-v2@20241022"', "claude-3-5-sonnet-v2@20241022", "anthropic"),
    ("a.py", 'M = "claude-opus-4-5"', "claude-opus-4-5", "anthropic"),
    ("a.py", 'M = "gpt-5.1-codex-max"', "gpt-5.1-codex-max", "openai"),
    ("a.py", 'client.create(model="o3")', "o3", "openai"),
    ("a.yml", "model: ${MODEL:-gpt-4o}", "gpt-4o", "openai"),
    ("pom.xml", "<model>gpt-4o</model>", "gpt-4o", "openai"),
    ("a.sh", "llm -m gpt-4o-mini 'hello'", "gpt-4o-mini", "openai"),
    (
        "a.sh",
        "serve --model mistralai/Mistral-7B-Instruct-v0.3",
        "mistralai/Mistral-7B-Instruct-v0.3",
        "mistral",
    ),
    ("a.sh", "ollama pull judge", "judge", "ollama"),
    ("Dockerfile", "RUN ollama serve & ollama pull acme/judge:q4", "acme/judge:q4", "ollama"),
    ("a.properties", "quarkus.langchain4j.openai.chat-model.model-name=gpt-4o", "gpt-4o", "openai"),
    ("a.yaml", "      model: azure/acme-chat", "azure/acme-chat", "azure-openai"),
    ("a.py", 'AutoModel.from_pretrained(\n    "acme/judge-7b",\n)', "acme/judge-7b", "huggingface"),
    ("a.py", 'SentenceTransformer("acme/embedder")', "acme/embedder", "sentence-transformers"),
    ("a.py", 'pipeline("summarization", model="facebook/bart-large-cnn")', "facebook/bart-large-cnn", None),
    ("a.py", 'model_id = "facebook/musicgen-3.3b"', "facebook/musicgen-3.3b", "meta"),
    ("a.ts", "modelId: 'us.amazon.nova-2-lite-v1:0'", "us.amazon.nova-2-lite-v1:0", "aws"),
    ("a.py", 'm = "publishers/google/models/gemini-2.5-pro"', "gemini-2.5-pro", "google"),
    ("a.py", 'model="openrouter/acme/writer-1"', "openrouter/acme/writer-1", "openrouter"),
    ("A.java", ".modelName(OpenAiChatModelName.GPT_4_O_MINI)", "gpt-4o-mini", "openai"),
    ("A.java", ".model(Model.CLAUDE_SONNET_4_5)", "claude-sonnet-4-5", "anthropic"),
    ("A.java", "is(EmbeddingModel.BGE_SMALL_ZH_V15)", "bge-small-zh-v1.5", None),
    ("A.java", ".model(EmbeddingModel.TITAN_EMBED_TEXT_V2)", "titan-embed-text-v2", None),
    ("a.go", "Model: openai.GPT4oMini,", "gpt-4o-mini", "openai"),
    ("a.go", "Model: anthropic.ModelClaude3_7SonnetLatest,", "claude-3-7-sonnet-latest", "anthropic"),
    ("a.py", 'YOLO("yolov8n.pt")', "yolov8n", "ultralytics"),
    ("a.sh", "serve \\\n  --model gpt-4o \\\n", "gpt-4o", "openai"),
    ("a.py", 'nlp = spacy.load("en_core_web_sm")', "en_core_web_sm", "explosion"),
    ("d.yaml", 'args:\n  - "--model=mistralai/Mistral-7B-v0.3"\n', "mistralai/Mistral-7B-v0.3", "mistral"),
    ("d.yaml", 'args: ["--model=acme/judge-7b", "--port=80"]\n', "acme/judge-7b", "huggingface"),
    ("a.py", 'run(["serve", "--model=gpt-4o"])', "gpt-4o", "openai"),
    ("d.yaml", 'args: [\n  "--model_path", "hf:acme/judge-quant"]\n', "acme/judge-quant", "huggingface"),
    ("a.sh", "deepsparse.server --model_path hf:acme/judge-quant", "acme/judge-quant", "huggingface"),
    ("a.sh", "huggingface-cli download acme/judge --local-dir=x", "acme/judge", "huggingface"),
    ("a.sh", "hf download --repo-type model --quiet 'acme/judge'", "acme/judge", "huggingface"),
    ("a.yaml", 'storageUri: "hf://acme/judge-7b"', "acme/judge-7b", "huggingface"),
    ("a.yaml", "  - source: hf://acme/judge@main", "acme/judge", "huggingface"),
    ("a.yaml", "  url: ollama://acme-judge:0.5b", "acme-judge:0.5b", "ollama"),
    (
        "a.sh",
        "hf download acme/judge \\\n  --local-dir x\nhf download acme/d --repo-type dataset",
        "acme/judge",
        "huggingface",
    ),
    (
        "a.go",
        'u := "https://huggingface.co/acme/judge-GGUF/resolve/main/judge.gguf"',
        "acme/judge-GGUF",
        "huggingface",
    ),
    (".env", "OPENAI_MODEL_NAME=o3\n", "o3", "openai"),
    ("d.yaml", "    - LLM_MODEL=o1\n", "o1", "openai"),
    ("d.yaml", "  OPENAI_MODEL: ${OPENAI_MODEL:-o3}\n", "o3", "openai"),
    ("config.yaml", "      model: openai/o3\n", "openai/o3", "openai"),
    ("d.yaml", "env:\n  - name: MODEL_ID\n    value: mistral:latest\n", "mistral:latest", "ollama"),
    ("d.yaml", "env:\n  - name: MODEL_ID\n    value: acme/judge\n", "acme/judge", "huggingface"),
    ("d.yaml", "env:\n  - name: OLLAMA_MODEL\n    value: acme-judge:q4\n", "acme-judge:q4", "ollama"),
    ("d.yaml", "env:\n  - name: EMBEDDING_MODEL\n    value: bge-large-en\n", "bge-large-en", "baai"),
    ("d.yaml", "env:\n  - value: gpt-4o\n    name: LLM\n", "gpt-4o", "openai"),
    (
        "t.template",
        "P:\n  DefaultModelId:\n    Type: String\n    Default: gpt-4o\n    D: x\n",
        "gpt-4o",
        "openai",
    ),
    ("t.template", "  - Name: CHAT_MODEL\n    Value: cohere.embed-english-v3\n", None, "cohere"),
    (
        "databricks.yml",
        "variables:\n  embedding_model:\n    description: what it is\n    default: databricks-gte-large-en\n",
        "databricks-gte-large-en",
        "databricks",
    ),
    ("a.yml", "model: ${MODEL:-ai/qwen3:8B}", "ai/qwen3:8B", "alibaba"),
    ("a.properties", "x.model=${OPENAI_MODEL:ai/gemma3-qat}", "ai/gemma3-qat", "google"),
]


@pytest.mark.parametrize(("path", "text", "model", "vendor"), FOUND)
def test_a_model_id_is_found_whole_with_its_vendor(
    path: str, text: str, model: str | None, vendor: str | None
) -> None:
    found = [fact for fact in facts(path, text).values() if fact.kind == "model"]

    assert [fact.provider for fact in found] == [vendor or found[0].provider]
    assert found[0].model == found[0].identifier
    if model is not None:
        assert found[0].model == model


NOT_FOUND = [
    ("README.md", 'Set `model="gpt-4o"`.'),
    ("app.py", "# model = 'gpt-4o'"),
    ("app.py", 'text = "We compared gpt-4o with others"'),
    ("compose.yaml", '      RANKING_SERVERURL: ${RANKING_SERVERURL-"nemotron-ranking-ms:8000"}'),
    ("compose.yaml", "      - LLM_HOST=llama-3-8b:8080"),
    (".env", "MODEL_ENDPOINT=nemotron-nano:8000/v1"),
    ("a.sh", 'echo "The model is: gpt-4o"'),
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
    ("a.py", 'def f():\n    """Call it with model="gpt-4o"."""\n'),
    ("a.py", 'x = "o3"'),
    ("a.py", 'repo = "facebook/react-18"'),
    ("a.sh", "ollama run the thing"),
    ("a.py", "ChatModel.objects.all()"),
    ("A.java", "ChatModel.builder()"),
    ("A.java", "int size = EmbeddingModel.BGE_SMALL_ZH_V15_DIMENSION;"),
    ("a.go", "limit := openai.GPT4oMaxTokens"),
    ("a.yml", "image: azure/acme-chat"),
    ("d.yaml", 'args:\n  - "--model=models/judge"\n'),
    ("d.yaml", "args:\n  - --model=checkpoints/best_v2.pt\n  - --model=conf/judge-2.yaml\n"),
    ("a.py", 'run(["serve", "--region=gpt-4o"])'),
    ("a.py", 'x = "mirror", "hf:acme/data"'),
    ("a.sh", "hf download acme/data --repo-type dataset"),
    ("a.py", 'd = read_csv("hf://datasets/acme/cases/train.csv")'),
    ("a.py", 'd = open("hf://spaces/acme/show/app.py")'),
    ("a.py", 'url = "ollama://localhost:11434"'),
    ("a.py", 'url = "ollama://10.0.0.7:11434"'),
    ("a.py", 'url = "ollama://models:11434"'),
    ("a.sh", "huggingface-cli download --repo-type dataset acme/data-7b"),
    ("a.sh", "hf download acme/data \\\n  --repo-type=dataset --local-dir x"),
    ("a.sh", "hf download the file"),
    ("a.go", 'u := "https://huggingface.co/datasets/acme/resolve/main/x.json"'),
    ("a.go", 'u := "https://huggingface.co/acme/judge/resolve/main/picture.png"'),
    ("a.cs", 'u = "https://huggingface.co/acme/wheels/resolve/main/x-1.0-cp310-win.whl";'),
    ("a.yaml", "SENSOR_MODEL=o3x\nMODELS=o3\nmodel: o3-sensor\n"),
    ("a.yaml", "repo: openai/o3\n"),
    ("d.yaml", "env:\n  - name: MODEL_ID\n    value: judge-host:8080\n"),
    ("d.yaml", "env:\n  - name: MODEL_ID\n    value: /data/judge\n"),
    ("d.yaml", "env:\n  - name: OLLAMA_MODELS\n    value: data\n"),
    ("d.yaml", "env:\n  - name: TITLE\n    value: gpt-4o\n"),
    ("d.yaml", "env:\n  - name: MODEL_ID\n    value: x\n  - name: TITLE\n    value: gpt-4o\n"),
    ("t.template", "P:\n  Title:\n    Type: String\n    Default: gpt-4o\n"),
    (
        "n.ipynb",
        '{\n "cells": [\n  {\n   "cell_type": "markdown",\n   "source": [\n'
        '    "model=\\"gpt-4o\\""\n   ]\n  }\n ]\n}',
    ),
]


@pytest.mark.parametrize(("path", "text"), NOT_FOUND)
def test_talk_and_lookalikes_are_no_models(path: str, text: str) -> None:
    assert [fact.name for fact in facts(path, text).values() if fact.kind == "model"] == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", 'excluded_patterns = ["claude-instant", "claude-v1"]'),
        ("a.py", 'UNSUPPORTED_MODELS: list[str] = [\n    "gpt-4o",\n    "gpt-4",\n]\n'),
        ("a.ts", 'const blockedModels = new Set(["gpt-4o"]);'),
        ("a.go", 'excluded := []string{"gpt-4", "gpt-4o"}'),
        ("p.yaml", "denied_models:\n  - gpt-4o\n"),
        ("p.json", '{"models": {"deny_list": ["gpt-4", "gpt-4o"]}}'),
    ],
)
def test_a_list_of_what_is_left_out_uses_nothing(path: str, text: str) -> None:
    found = [fact for _, fact in read(path, text).facts if fact.kind == "model"]

    assert found
    assert [fact.name for fact in found if fact.standing or "named" in fact.attributes] == []


@pytest.mark.parametrize(
    "text",
    [
        'included_models = ["gpt-4o"]',
        'excluded = []\nMODELS = ["gpt-4o"]',
        'f(skip_cache=True, models=["gpt-4o"])',
    ],
)
def test_other_lists_of_models_use_them(text: str) -> None:
    assert facts("a.py", text)["gpt-4o"].attributes["named"] == "given"


def test_lines_are_counted_from_one() -> None:
    assert facts("a.py", '\n\nmodel = "gpt-4o"\n')["gpt-4o"].line == 3


def test_a_text_that_is_used_is_no_docstring() -> None:
    text = 'ask(\n    """\n    model: "gpt-4o"\n    """\n)\nx = """\n "gpt-4"\n"""\n'

    assert set(facts("a.py", text)) == {"gpt-4o", "gpt-4"}


def test_the_code_of_a_notebook_counts_and_its_outputs_do_not() -> None:
    output = '"outputs": [\n  "model=\\"gpt-4\\""\n ],\n'
    cell = '"cell_type": "code",\n ' + output + ' "source": [\n  "m = \\"gpt-4o\\""\n ]\n'

    found = facts("n.ipynb", '{"cells": [\n{\n ' + cell + "}\n]}\n")

    assert {name: fact.line for name, fact in found.items()} == {"gpt-4o": 8}


def test_a_retired_model_says_when() -> None:
    found = facts("a.py", 'a = "us.anthropic.claude-3-opus-20240229-v1:0"\nb = "gpt-4o"\n')

    assert found["us.anthropic.claude-3-opus-20240229-v1:0"].attributes["retired"] == "2026-01-05"
    assert "retired" not in found["gpt-4o"].attributes


def test_the_key_of_a_long_list_is_found_above_its_items() -> None:
    items = [f'    {{\n      "id": "acme-{number}",\n      "size": 1\n    }},\n' for number in range(200)]
    text = '{\n  "models": [\n' + "".join(items) + '    {\n      "id": "grok-4"\n    }\n  ]\n}\n'

    assert facts("models.json", text)["grok-4"].kind == "model"
    assert "grok-4" not in facts("things.json", text.replace("models", "things"))


def test_every_constant_of_the_catalogue_stands_for_its_model() -> None:
    rows = load_catalogue().model_constant

    for row in rows:
        assert row.model in facts("a.java", f"x = {row.example};"), row.example


@pytest.mark.parametrize(
    "text", ['"""' * 5000, "'" * 9999, '"gpt-4o' * 3000, "pipeline(" * 3000, "model: " * 9000]
)
def test_garbage_is_read_without_a_problem(text: str) -> None:
    for path in ("a.py", "a.yml", "n.ipynb"):
        assert read(path, text).problems in ([], [("model-id", "not JSON: unexpected end of data at line 1")])

"""Weights that a program fetches from the web or opens by their name, and ids in several texts."""

from __future__ import annotations

import pytest

from connectors.catalogue import load_catalogue
from connectors.code.formats.model_ids import family_of
from tests.code_samples import facts

FETCHED = [
    (
        "Dockerfile",
        'RUN wget "https://github.com/acme/fields/releases/download/2.0.0/judge_704_int8.onnx" && \\\n',
        "judge_704_int8.onnx",
    ),
    ("Dockerfile", "ADD https://files.acme.dev/face/v1/judge.caffemodel /srv/\n", "judge.caffemodel"),
    (
        "a.py",
        'M = [{"url": "https://download.pytorch.org/models/resnet18-5c106cde.pth"}]',
        "resnet18-5c106cde.pth",
    ),
    ("a.sh", "curl -LO https://files.acme.dev/${VERSION}/judge.safetensors\n", "judge.safetensors"),
    ("a.ts", "const u = 'https://cdn.acme.dev/m/judge.tflite?v=2';", "judge.tflite"),
    ("a.yaml", "model_url: https://files.acme.dev/judge.gguf\n", "judge.gguf"),
    ("a.py", 'get("https://github.com/acme/a/releases/download/v8/judge-n.pt")', "judge-n.pt"),
]


@pytest.mark.parametrize(("path", "text", "name"), FETCHED)
def test_weights_fetched_from_the_web_are_a_model(path: str, text: str, name: str) -> None:
    assert [fact.name for fact in facts(path, text).values() if fact.kind == "model"] == [name]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", "# see https://files.acme.dev/judge.onnx\nx = 1\n"),
        ("a.py", 'u = "https://github.com/acme/a/blob/main/judge.onnx"'),
        ("a.py", 'u = "http://localhost:8000/judge.onnx"'),
        ("a.py", 'u = "https://example.com/judge.onnx"'),
        ("a.py", 'u = "https://files.acme.dev/your-model.onnx"'),
        ("a.py", 'u = "https://files.acme.dev/" + name + ".onnx"'),
        ("a.py", 'open("weights/judge.onnx")'),
        ("a.py", 'u = "https://files.acme.dev/judge.onnx.md"'),
        ("a.py", 'u = "https://jornal.pt/index.pt"'),
        ("README.md", "Get https://files.acme.dev/judge.onnx\n"),
        ("a.py", 'def f():\n    """From https://files.acme.dev/judge.onnx"""\n'),
    ],
)
def test_a_page_a_place_on_disk_and_prose_fetch_nothing(path: str, text: str) -> None:
    assert [fact.name for fact in facts(path, text).values() if fact.kind == "model"] == []


def test_a_file_of_the_hub_is_told_by_its_repository_alone() -> None:
    found = facts(
        "a.py", 'u = "https://huggingface.co/acme/judge-GGUF/resolve/main/judge.Q4_K_M.gguf?download=true"'
    )

    assert [name for name, fact in found.items() if fact.kind == "model"] == ["acme/judge-GGUF"]


@pytest.mark.parametrize(
    ("text", "name", "family"),
    [
        ('p = "/data/mistral-7b-v0.1.Q5_K_M.gguf"', "mistral-7b-v0.1.Q5_K_M", "mistral"),
        ('p = "llama-2-13b-chat.Q6_K.gguf"', "llama-2-13b-chat.Q6_K", "llama"),
        ('model = "mistral-7b-instruct-v0.2.Q5_K_M"', "mistral-7b-instruct-v0.2.Q5_K_M", "mistral"),
        ('p = "models/gemma-2-9b-it-IQ4_XS.gguf"', "gemma-2-9b-it-IQ4_XS", "gemma"),
        ('M = {"a": "microsoft/phi-1_5"}', "microsoft/phi-1_5", "phi"),
        ('model = "microsoft/phi-1.5"', "microsoft/phi-1.5", "phi"),
        ('x = load("microsoft/phi-2")', "microsoft/phi-2", "phi"),
    ],
)
def test_a_packed_model_is_one_of_its_family(text: str, name: str, family: str) -> None:
    assert facts("a.py", text)[name].attributes["family"] == family


@pytest.mark.parametrize(
    "text", ['p = "/data/judge.Q5_K_M.gguf"', 'p = "docs/mistral-7b.md"', 'x = "phi-1_52"', 'x = "phi-1"']
)
def test_other_files_and_names_are_of_none(text: str) -> None:
    assert [fact.name for fact in facts("a.py", text).values() if fact.kind == "model"] == []


SHA = "db21e45d3f7023abc2a46ee38a23973f6dce16bb082a930b0c49861f96d1e5bf"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (f'o = client.run(\n    "acme/paint"\n    ":{SHA}",\n    input={{}},\n)', ["acme/paint"]),
        (f'o = replicate.run(\n    "acme/paint"\n    ":{SHA}",\n)', ["acme/paint"]),
        (f'o = client.run("acme/paint:{SHA}", input=i)', ["acme/paint"]),
        ('o = await replicate.async_run("acme/paint", input=i)', ["acme/paint"]),
        ('client.run("acme/paint")', []),
        ('client.run("docker/build:latest")', []),
        ("client.run(TOKEN)", []),
    ],
)
def test_a_model_of_replicate_is_named_with_its_version_where_the_client_is_any(
    text: str, names: list[str]
) -> None:
    assert [fact.name for fact in facts("a.py", text).values() if fact.kind == "model"] == names


@pytest.mark.parametrize(
    ("model", "family", "vendor"),
    [
        ("sentence-transformers/all-mpnet-base-v2", "mpnet", "sentence-transformers"),
        ("paraphrase-multilingual-mpnet-base-v2", "mpnet", "sentence-transformers"),
        ("all-MiniLM-L6-v2", "minilm", "sentence-transformers"),
        ("cross-encoder/ms-marco-MiniLM-L-6-v2", "minilm", "sentence-transformers"),
        ("LaBSE", "sentence-embedding", "sentence-transformers"),
        ("distiluse-base-multilingual-cased-v1", "sentence-embedding", "sentence-transformers"),
        ("cohere.embed-multilingual-v3", "cohere-embed", "cohere"),
        ("rerank-english-v3.0", "cohere-rerank", "cohere"),
        ("c4ai-aya-expanse-8b", "aya", "cohere"),
        ("command-r-plus", "command", "cohere"),
        ("c4ai-command-r-v01", "command", "cohere"),
    ],
)
def test_a_family_is_of_models_made_alike(model: str, family: str, vendor: str) -> None:
    found = family_of(load_catalogue(), model)

    assert found is not None
    assert (found.name, found.vendor) == (family, vendor)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("run.sh", "MODEL_PATH=/models/llama-2-7b-chat.Q4_K_M.gguf\n"),
        ("d.yaml", "args:\n  - --model=/models/llama-2-7b-chat.Q4_K_M.gguf\n"),
        ("a.py", 'Llama(model_path="./models/llama-2-7b-chat.Q4_K_M.gguf")'),
    ],
)
def test_a_file_of_weights_that_settings_name_is_the_model(path: str, text: str) -> None:
    found = [fact.name for fact in facts(path, text).values() if fact.kind == "model"]

    assert found == ["llama-2-7b-chat.Q4_K_M"]

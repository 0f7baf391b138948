from __future__ import annotations

import pytest

from connectors.code.formats.model_context import NAMED
from tests.code_samples import facts, read

SURE = [
    (
        "a.go",
        'const (\n\tA = "meta-llama/llama-3.1-8b-instruct:free"\n)\n',
        "meta-llama/llama-3.1-8b-instruct:free",
    ),
    ("a.go", 'const (\n\tA = "qwen/qwen3-30b-a3b"\n)\n', "qwen/qwen3-30b-a3b"),
    ("a.go", 'const LLAVA = "llava:latest"\n', "llava:latest"),
    ("a.go", 'var x = "phi3:14b-q4_0"\n', "phi3:14b-q4_0"),
    ("a.go", 'const T = "qwen3-tts-flash"\n', "qwen3-tts-flash"),
    ("a.go", 'const V = "wan2.5-t2v-preview"\n', "wan2.5-t2v-preview"),
    ("a.go", 'const D = "doubao-seedance-1-0-pro-250528"\n', "doubao-seedance-1-0-pro-250528"),
    ("a.go", 'if edit {\n\tmodel = "qwen-image-edit"\n}\n', "qwen-image-edit"),
    ("a.kt", 'val model: String = "qwen3-asr-flash-realtime",\n', "qwen3-asr-flash-realtime"),
    ("a.kt", 'val model: String = "qwen3-asr-flash-2026-02-10",\n', "qwen3-asr-flash-2026-02-10"),
    ("a.kt", 'val model: String = "mimo-v2.5-asr",\n', "mimo-v2.5-asr"),
    ("a.kt", 'val model: String = "stepaudio-2.5-asr",\n', "stepaudio-2.5-asr"),
    ("a.kt", 'val model: String = "s2.1-pro",\n', "s2.1-pro"),
    ("a.swift", 'return ["scribe_v2"]\n', "scribe_v2"),
    ("a.swift", 'return "stt-async-v5"\n', "stt-async-v5"),
    ("a.cs", 'new Model("text-embedding-v3", "text-embedding-v3"),\n', "text-embedding-v3"),
    (
        "a.cs",
        '    static readonly Model[] KNOWN =\n    [\n        new("sonar-pro", "Pro"),\n    ];\n',
        "sonar-pro",
    ),
    (
        "a.cs",
        '    var models = new[]\n    {\n        new("granite-3.3-8b", "x"),\n    };\n',
        "granite-3.3-8b",
    ),
    ("a.swift", 'WhisperModel(\n    name: "ggml-large-v3-turbo",\n)\n', "ggml-large-v3-turbo"),
    ("a.rs", 'let sizes = [("large", "ggml-large-v3.bin", 2870)];\n', "ggml-large-v3"),
    ("compose.yml", "      - WHISPER_MODEL=${WHISPER_MODEL:-models/ggml-large-v3.bin}\n", "ggml-large-v3"),
    ("a.py", 'weights = "runs/yolov8n.pt"\n', "yolov8n"),
]


@pytest.mark.parametrize(("path", "text", "model"), SURE)
def test_an_id_that_nothing_else_is_called_needs_no_word_for_models(path: str, text: str, model: str) -> None:
    assert [fact.name for fact in facts(path, text).values() if fact.kind == "model"] == [model]


NONE = [
    ("a.py", 'repo = "acme/llama-3"\n'),
    ("a.py", 'repo = "microsoft/phi"\n'),
    ("a.py", 'image = "phi3:dev"\n'),
    ("a.py", 'name = "qwen2"\n'),
    ("a.py", 'name = "qwen-agent"\n'),
    ("a.py", 'name = "s2-product"\n'),
    ("a.rs", 'println!("cargo:rustc-link-lib=static=ggml-base");\n'),
    ("build.rs", 'link("ggml-base");\n'),
    ("a.py", 'link = "ggml-metal.bin"\n'),
    ("a.ts", 'const key = "jinaai/jina-clip-v2-tokenizer";\n'),
    ("a.py", 'x = "BAAI/bge-m3_preprocessor"\n'),
    ("Test.kt", 'traces("generated/openai-chat/deepseek-chat-tool")\n'),
    ("a.cs", 'void Call()\n{\n    Send("granite-3.3-8b");\n}\n'),
]


@pytest.mark.parametrize(("path", "text"), NONE)
def test_what_only_looks_like_such_an_id_is_none(path: str, text: str) -> None:
    assert [fact.name for fact in facts(path, text).values() if fact.kind == "model"] == []


def test_a_short_piece_behind_a_familys_name_makes_it_no_model() -> None:
    text = 'val QWEN_MT_MODEL = defineModel {\n    tokens("qwen", "mt")\n}\n'

    (found,) = [fact for fact in facts("a.kt", text).values() if fact.kind == "model"]

    assert not found.standing
    assert NAMED not in found.attributes


FIELDS = [
    ("a.kt", 'val model: String = "acme/judge-v1-english",\n'),
    ("a.swift", 'let modelName: String = "acme/judge-v1-english"\n'),
    ("a.py", 'class S:\n    model_name: str = "acme/judge-v1-english"\n'),
    ("a.py", 'run(model="acme/judge-v1-english")\n'),
    ("a.py", 'run(a, embedding_model="x", model="acme/judge-v1-english")\n'),
    ("a.ts", 'const defaultModel = "acme/judge-v1-english";\n'),
    ("a.ts", "send({ model: 'acme/judge-v1-english' });\n"),
    ("a.go", 'const DefaultModel string = "acme/judge-v1-english"\n'),
    ("a.rs", 'const MODEL_NAME: &str = "x"; let model = "acme/judge-v1-english";\n'),
]


@pytest.mark.parametrize(("path", "text"), FIELDS)
def test_a_field_called_model_holds_a_model_of_any_family_beside_other_ai(path: str, text: str) -> None:
    (found,) = [fact for fact in facts(path, text).values() if fact.kind == "model"]

    assert found.name == "acme/judge-v1-english"
    assert not found.standing
    assert found.attributes[NAMED] == "bare"


NO_FIELDS = [
    ("a.py", 'model = "app/user"\n'),
    ("a.py", 'model = "models/judge-7b"\n'),
    ("a.py", 'model = "weights/judge-7b.bin"\n'),
    ("a.py", 'model = "HS100/HS110"\n'),
    ("a.py", 'remodel_path("acme/judge-v1")\n'),
    ("a.py", '# model = "acme/judge-v1"\n'),
    ("a.py", 'model == "acme/judge-v1"\n'),
    ("a.vue", '<input v-model="acme/judge-v1">\n'),
    ("a.json", '{"model": "acme/judge-v1"}\n'),
    ("a.yaml", 'model: "acme/judge-v1"\n'),
    ("a.md", 'model = "acme/judge-v1"\n'),
    ("a.py", 'model = "your-org/judge-v1"\n'),
]


@pytest.mark.parametrize(("path", "text"), NO_FIELDS)
def test_records_folders_and_devices_are_no_models(path: str, text: str) -> None:
    assert [fact for _, fact in read(path, text) if fact.kind == "model"] == []

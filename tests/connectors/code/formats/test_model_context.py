"""A model id in code is the value of something, or a word like any other; a file may call models."""

from __future__ import annotations

import pytest

from connectors.code.formats.model_context import BARE, GIVEN, NAMED
from tests.code_samples import facts


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", 'M = "gpt-4o"'),
        ("a.py", 'ask(model="gpt-4o")'),
        ("a.py", 'M = ["gpt-3.5-turbo", "gpt-4o"]'),
        ("a.py", 'M = (\n    "gpt-3.5-turbo",\n    "gpt-4o",\n)'),
        ("a.py", 'load_model("gpt-4o")'),
        ("a.py", 'for model in ("gpt-4o",): pass'),
        ("a.py", 'm = "gpt-4o" if x == 1 else None'),
        ("a.py", 'm = os.getenv("CHAT_MODEL", "gpt-4o")'),
        ("a.py", 'm = settings.get("llm", default="gpt-4o")'),
        ("a.py", 'p.add_argument("--chat-model", help="gpt-4o")'),
        ("a.ts", 'const m = process.env.CHAT_MODEL ?? "gpt-4o";'),
        ("a.ts", 'const m: string = "gpt-4o";'),
        ("a.ts", 'x = { id: "gpt-4o" }'),
        ("a.rb", 'M = { :id => "gpt-4o" }'),
        ("a.py", 'MODELS = {"gpt-4o": {"label": "Fast", "size": 128_000}}'),
        ("a.py", 'MODELS = {"gpt-4o": OpenAIClient}'),
        ("A.java", '.model("gpt-4o")'),
        ("a.yaml", "model: gpt-4o"),
    ],
)
def test_an_id_that_is_a_value_or_named_a_model_is_given(path: str, text: str) -> None:
    found = facts(path, text)["gpt-4o"]

    assert found.attributes[NAMED] == GIVEN
    assert not found.standing


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", 'app("load_model", "gpt-4o")'),
        ("a.py", 'def test_model():\n    app("gpt-4o")'),
        ("a.py", 'ask("hello", "gpt-4o")'),
        ("a.sql", "SELECT 'gpt-4o';"),
        ("a.ts", "pick(names, 'gpt-4o')"),
    ],
)
def test_an_id_that_is_a_word_among_others_is_bare(path: str, text: str) -> None:
    assert facts(path, text)["gpt-4o"].attributes[NAMED] == BARE


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.kt", 'object M : ModelType("gpt-4o", O200K_BASE, 8192)'),
        ("a.py", 'MODEL_TO_ENCODING = {"gpt-4o": "o200k_base"}\ncall(max_tokens=9)'),
        ("a.go", 'if strings.HasPrefix(s.config.Model, "gpt-4o") {'),
        ("a.go", 'switch model {\n\tcase "gpt-4o":\n}'),
        ("a.go", 'switch model {\n\tcase "gpt-4", "gpt-4o":\n}'),
        ("a.py", 'if cfg.model == "gpt-4o": call(max_tokens=9)'),
        ("a.py", 'if model in ("gpt-4", "gpt-4o"): pass'),
        ("a.py", 'if model.startswith("gpt-4o"): pass'),
        ("a.ts", 'if (model !== "gpt-4o") { stop(); }'),
        ("a.ts", 'const big = model.includes("gpt-4o");'),
        ("a.py", 'SIZES = {\n    "gpt-4o": 128_000,\n}\ncall(max_tokens=9)'),
        ("a.ts", 'const prices = { "gpt-4o": { input: 2.5, output: 10 } };'),
        ("a.go", 'var sizes = map[string]int{\n\t"gpt-4o": 128 * 1024,\n}'),
        ("a.php", "$p = ['gpt-4o' => [2.5, 10.0]];"),
        ("a.kt", 'when (model) {\n    "gpt-4o" -> 128000\n}'),
        ("A.java", 'if (model.equals("gpt-4o")) {'),
    ],
)
def test_an_id_in_a_table_or_a_comparison_only_adds_a_place(path: str, text: str) -> None:
    found = facts(path, text)["gpt-4o"]

    assert not found.standing
    assert NAMED not in found.attributes


@pytest.mark.parametrize(
    "text",
    [
        'call("gpt-4o", max_tokens=9)',
        'requests.post(f"{base}/chat/completions", json={"model": "gpt-4o"})',
        'post(url, {"model": "gpt-4o", "messages": [{"role": "user"}]})',
    ],
)
def test_a_file_that_speaks_the_api_of_models_proves_use(text: str) -> None:
    found = facts("tests/a.py", text)["gpt-4o"]

    assert found.standing
    assert NAMED not in found.attributes


def test_a_place_that_always_names_a_model_proves_use() -> None:
    assert facts("a.py", 'SentenceTransformer("acme/embedder")')["acme/embedder"].standing

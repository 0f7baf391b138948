"""What is only spoken of in code: keys of tables, sides of comparisons, names of kinds of models."""

from __future__ import annotations

import pytest

from connectors.code.formats.model_context import NAMED
from tests.code_samples import facts, read


@pytest.mark.parametrize(
    ("path", "text", "model"),
    [
        ("a.py", 'big = "gpt-4o" in self.config.name', "gpt-4o"),
        ("a.py", 'if "gpt-4o" == model: pass', "gpt-4o"),
        ("a.py", 'elif model in {\n    "gpt-4",\n    "gpt-4o",\n}: pass', "gpt-4o"),
        ("a.py", 'for model_prefix in ["o1", "gpt-4o"]: pass', "gpt-4o"),
        ("a.ts", 'const big = ["gpt-4", "gpt-4o"].includes(model);', "gpt-4o"),
        ("a.rs", 'match model {\n    "gpt-4" | "gpt-4o" => Big,\n}', "gpt-4o"),
        ("a.rs", 'match model {\n    Some("gpt-4o") => Big,\n}', "gpt-4o"),
        ("a.cs", 'var size = model switch { "gpt-4o" => Size.Big };', "gpt-4o"),
        ("a.ts", 'const KNOWN_UNTIL = { "gpt-4o": "2023-10" };', "gpt-4o"),
        ("a.py", 'TOKEN_COSTS = {\n    "gpt-4o": OTHER["x"],\n}', "gpt-4o"),
        ("a.py", 'cost = MODEL_COSTS["gpt-4o"]', "gpt-4o"),
        ("a.ts", "const most = modelConfigs['gpt-4o'].maxTokens;", "gpt-4o"),
        ("a.py", 'tokenizer = tiktoken.encoding_for_model("gpt-4o")', "gpt-4o"),
        ("a.py", 'def num_tokens(text, model="gpt-4o"): pass', "gpt-4o"),
        ("schema.yaml", 'model:\n  example: "gpt-4o"', "gpt-4o"),
        ("schema.yaml", "model:\n  example: gpt-4o", "gpt-4o"),
        ("a.ts", "throw new Error(`model? Examples: 'openai/gpt-4', 'openai/gpt-4o'`);", "openai/gpt-4o"),
        ("a.py", 'Field(description="the model, e.g. \\"gpt-4o\\" or another")', "gpt-4o"),
        ("models.json", '{"models": [{\n  "id": "glm-5",\n  "name": "GLM-5"\n}]}', "GLM-5"),
        ("a.py", 'load(tokenizer_hub="acme/gpt-4o")', "acme/gpt-4o"),
        ("runs.jsonl", '{"engine": "x", "model": "gpt-4o"}', "gpt-4o"),
        (
            "prices.ts",
            'const models = {\n  "gpt-4o": {\n    mode: 1,\n    input_cost_per_token: 3.5e-6,\n  },\n}',
            "gpt-4o",
        ),
        ("0013_snapshot.json", '{"default": "gpt-4o"}', "gpt-4o"),
        ("deploy.sh", 'if [ "$MODEL_NAME" = "gpt-4o" ]; then\n', "gpt-4o"),
        ("a.tsx", "{ keywords: ['gpt', 'gpt-4o'], icon: X }", "gpt-4o"),
        (
            "models.json",
            '{"models": [{"name": "models/gemini-2.5-pro", "displayName": "x", "inputTokenLimit": 1}]}',
            "models/gemini-2.5-pro",
        ),
        ("trace.json", '{"gen_ai.request.model": "gpt-4o", "gen_ai.response.id": "x"}', "gpt-4o"),
        ("worker.d.ts", 'interface Models { "gpt-4o": Base; }', "gpt-4o"),
        ("A.java", 'sizes.put("gpt-4o", 4_096);', "gpt-4o"),
        (
            "a.ts",
            'const MODEL_DISPLAY_NAMES: { [key: string]: string } = {\n  "gpt-4o": "GPT 4o",\n};',
            "gpt-4o",
        ),
        ("a.py", "LEGACY_MODELS = [\n  'gpt-4',\n  'gpt-4o',\n]\nold = name in LEGACY_MODELS\n", "gpt-4o"),
        ("a.ts", "const shown = name.replace('gpt-4o', 'GPT 4o');", "gpt-4o"),
        ("a.py", "ok = a or \\\n    model in ['gpt-4', 'gpt-4o'] or \\\n    b", "gpt-4o"),
        ("a.ts", "const ok = [\n  'gpt-5',\n  'gpt-4o',\n].some((one) => id.includes(one));", "gpt-4o"),
        ("a.py", '_RICH = {\n    "gpt-5",\n    "gpt-4o",\n}\n\nok = model in _RICH\n', "gpt-4o"),
        ("a.ts", "const rich = [\n  'gpt-4o',\n];\nif (rich.includes(model)) x();", "gpt-4o"),
        ("config.json", '{"model_type": "phi3", "hidden_size": 1}', "phi3"),
        ("a.js", 'const SIZES = {\n  "gpt-4o": process.env.GPT_4O_CONTEXT,\n};', "gpt-4o"),
        (
            "a.ts",
            "const TO_TIKTOKEN: Record<string, string> = {\n  'gpt-35-turbo': 'gpt-4o',\n};",
            "gpt-4o",
        ),
        ("energy.yml", "models:\n  gpt-4o: 109.0\n  gpt-5: 106.5\n", "gpt-4o"),
        ("a.ts", "const MODEL_MAPPING = {\n  'gpt-4o': MODELS.LLAMA_8B,\n};", "gpt-4o"),
        ("models.json", '{"data": [{"id": "gpt-4o", "object": "model"}]}', "gpt-4o"),
        ("prices.json", '{"models": {"gpt-4o": {"mode": "chat", "prices": {"input": 1}}}}', "gpt-4o"),
        (
            "answer.json",
            '{"id": "x", "object": "chat.completion", "created": 1, "model": "gpt-4o-2024-08-06"}',
            "gpt-4o-2024-08-06",
        ),
        ("a.py", 'ANSWER = {"id": "chatcmpl-1", "model": "gpt-4o"}', "gpt-4o"),
        (
            "a.ts",
            "const reasoningModels = [\n  'gpt-5',\n  'gpt-4o',\n];\n"
            "if (reasoningModels.some((m) => id.includes(m))) x();",
            "gpt-4o",
        ),
        ("a.py", 'VISION_MODELS = {"gpt-5", "gpt-4o"}\nok = model in VISION_MODELS\n', "gpt-4o"),
        ("a.ts", "let visionArr=['gpt-5','gpt-4o'];\nreturn visionArr.indexOf(model)>-1", "gpt-4o"),
        (
            "a.go",
            'searchStrings := []string{\n\t"gpt-5",\n\t"gpt-4o",\n}\n'
            "for _, s := range searchStrings {\n\tif strings.Contains(model, s) {\n",
            "gpt-4o",
        ),
        (
            "a.go",
            'func f(id string) bool {\n\tsupported := []string{\n\t\t"gpt-4o",\n\t}\n'
            "\treturn slices.Contains(supported, id)\n}\n",
            "gpt-4o",
        ),
        ("a.py", 'def f(m):\n    big = ["gpt-4o", "gpt-4"]\n    return m in big\n', "gpt-4o"),
        ("a.go", 'if CheckModelPrefix(m, "gpt-4o") {\n\tmax_tokens = 1\n}', "gpt-4o"),
        ("a.go", 'newPrefixes := []string{"gpt-6", "gpt-4o"}', "gpt-4o"),
        ("a.json", '{"id": "qwen3-asr", "family": "qwen3", "model": "x"}', "qwen3"),
        (
            "a.py",
            'c = Config(\n    json_schema_extra={\n        "example": {\n            "model": "gpt-4o",\n',
            "gpt-4o",
        ),
        (
            "a.php",
            "array (\n  'id' => 'gpt-4o',\n  'mode' => 'chat',\n  'input_cost_per_token' => 3.8E-7,\n),",
            "gpt-4o",
        ),
        ("a.sh", "usage() {\n  cat <<EOF\n  --model <id>  The model (default: gpt-4o)\nEOF\n}\n", "gpt-4o"),
        (
            "notes.yml",
            "jobs:\n  a:\n    steps:\n      - run: |\n          cat > notes.md << 'NOTES'\n"
            "          serve --model gpt-4o\n          NOTES\n",
            "gpt-4o",
        ),
        (
            "a.sh",
            'gcloud run deploy --image "us-docker.pkg.dev/acme/llm/gemma3-4b:latest"',
            "us-docker.pkg.dev/acme/llm/gemma3-4b:latest",
        ),
        ("a.py", 'm = {"deepseek-x": DeepSeek("Qwen", 14)}', "Qwen"),
        ("A.kt", 'System.loadLibrary("smollm_v8_fp16")', "smollm_v8_fp16"),
        ("a.ts", 'const costs = [{\n  modelPrefix: "o1",\n  price: 15,\n}];', "o1"),
        ("test_a.py", 'assert _is_reasoning_model("o1")', "o1"),
        ("a.py", 'return "gpt-4o" in (self.model or "").lower()', "gpt-4o"),
        (
            "a.py",
            'LIMITS = {\n    "gpt-4o": Config(\n        max_context_tokens=128000,\n    ),\n}',
            "gpt-4o",
        ),
        ("a.py", 'efforts = {\n    "gpt-4o": ["none", "low", "high"],\n}', "gpt-4o"),
        ("a.cs", 'var t = Tokenizer.CreateTiktokenForModel("gpt-4o");', "gpt-4o"),
        ("a_test.go", 'assert.Equal(t, "gpt-4o", got.Model)', "gpt-4o"),
        ("a.test.ts", 'expect(calls[0].model).toBe("gpt-4o")', "gpt-4o"),
        ("a.test.ts", 'expect(set).toHaveBeenCalledWith(\n  "model",\n  "gpt-4o",\n);', "gpt-4o"),
        ("train.json", '{"model": "gpt-4o"}\n{"model": "gpt-4"}\n', "gpt-4o"),
        ("test_a.py", 'assert can_see("gpt-4o")', "gpt-4o"),
        ("a.rb", 'expect(model.id).to eq("gpt-4o")', "gpt-4o"),
        ("s.json", '{"model": {\n  "examples": [\n    "gpt-4o"\n  ]\n}}', "gpt-4o"),
        ("a.go", 'var thinks = map[string]bool{\n\t"gpt-4o": true,\n}\n', "gpt-4o"),
        ("a.ts", 'const r = { model: "gpt-4o", role: "assistant", content: "Hi" };', "gpt-4o"),
        ("a.json", '{\n  "model": "gpt-4o",\n  "usage": {\n    "prompt_tokens": 6\n  }\n}', "gpt-4o"),
        ("a.ts", 'const r = { model: "gpt-4o", stop_reason: "end_turn" };', "gpt-4o"),
        (
            "A.java",
            'ok("""\n  {"model":"llama2","created_at":"2023-11-09T13:48:51Z","done":false}\n""");',
            "llama2",
        ),
        ("results.yml", "- model: gpt-4o\n  cases: 133\n  pass_rate_1: 23.4\n", "gpt-4o"),
        ("results.yml", "- command: ask --model gpt-4o\n  cases: 133\n  accuracy: 0.91\n", "gpt-4o"),
        ("a.ts", 'x = {\n  id: "resp_67e5f19e7370",\n  model_name: "gpt-4o",\n}', "gpt-4o"),
        ("a.py", 'MODEL_TYPES = [\n    "mllama",\n    "gemma2",\n]', "gemma2"),
        ("a.py", 'load(model, chat_template="llama3")', "llama3"),
        ("a.rs", 'let model = 1;\nSelf::Gemma2 => "gemma2",', "gemma2"),
        ("a.ts", 'export enum ModelProvider {\n  Qwen = "Qwen",\n}', "Qwen"),
        ("a.rs", 'PromptTemplateType::DeepseekChat3 => write!(f, "deepseek-chat-3"),', "deepseek-chat-3"),
        ("a.rs", '"deepseek-chat-3" => Ok(PromptTemplateType::DeepseekChat3),', "deepseek-chat-3"),
        ("a.rs", 'enum PromptTemplateType {\n    #[value(name = "gpt-4o")]\n    A,\n}', "gpt-4o"),
        (
            "a.rs",
            '#[cfg(test)]\nmod tests {\n    fn t() {\n        ask(model("gpt-4o"));\n    }\n}\n',
            "gpt-4o",
        ),
        ("a.rs", '\n#[test]\nfn t() {\n    let model = "gpt-4o";\n}\n', "gpt-4o"),
        ("a.toml", 'prompt_template = "llama-3-chat"', "llama-3-chat"),
        ("a.yaml", "chat_template: llama-3-chat", "llama-3-chat"),
        ("a.sh", "serve --model-name acme --prompt-template llama-3-chat", "llama-3-chat"),
        ("a.rs", "let m = \"Unknown prompt template: {}. Known are 'x', 'gpt-4o', 'y'\";", "gpt-4o"),
        (
            "a.tf",
            'm = {\n  "gpt-4o" = {\n    name = "gpt-4.1"\n    model = { name = "gpt-4.1" }\n  }\n}',
            "gpt-4o",
        ),
        ("a.json", '{"models": {"gpt-4o": {"model": "azure/gpt-4.1"}}}', "gpt-4o"),
        ("a.yaml", "models:\n  gpt-4o:\n    model: azure/gpt-4.1\n", "gpt-4o"),
        ("a.json", '{"models": {"gpt-4o": ["openai/gpt-4o*mini*", "x"]}}', "gpt-4o"),
        ("a.json", '{"models": {"fast": ["openai/gpt-5*mini*", "gpt-4o"]}}', "gpt-4o"),
        ("a.json", '{"m": ["gpt-4o", "x"], "a": ["a/x*", "b/x*"], "b": ["a/y*", "b/y*"]}', "gpt-4o"),
    ],
)
def test_what_is_only_spoken_of_is_no_use_by_itself(path: str, text: str, model: str) -> None:
    found = [fact for _, fact in read(path, text) if fact.kind == "model" and fact.name == model]

    assert not any(fact.standing or NAMED in fact.attributes for fact in found)


@pytest.mark.parametrize(
    ("path", "text", "model"),
    [
        ("a.py", 'for model in ["gpt-4", "gpt-4o"]: ask(model)', "gpt-4o"),
        ("a.py", 'MODELS = {"gpt-4o": Client}', "gpt-4o"),
        ("a.py", 'ask(model="phi3")', "phi3"),
        ("a.ts", 'export const models = [\n  {\n    id: "grok-4",\n  },\n];', "grok-4"),
        ("a.py", 'm = os.getenv("CHAT_MODEL", "llama3")', "llama3"),
        ("a.rb", 'M = { "gpt-4o" => Client }', "gpt-4o"),
        ("a.ex", '@models %{"gpt-4o" => :openai}', "gpt-4o"),
        ("a.py", 'requests.post(url, "grok-4", max_tokens=9)  # model', "grok-4"),
        ("a.yaml", "model: gemma2", "gemma2"),
        ("models.json", '{"models": [{\n  "id": "glm-5",\n  "name": "GLM-5"\n}]}', "glm-5"),
        ("models.json", '{"models": [{\n  "id": "fast",\n  "name": "gpt-4o"\n}]}', "gpt-4o"),
        ("a.kt", 'val M = Model("Codestral", "codestral")', "codestral"),
        ("a.yaml", "examples:\n  - model: gpt-4o", "gpt-4o"),
        ("a.rs", 'let m = "serve --prompt-template chatml"; let model = "gpt-4o";', "gpt-4o"),
        ("a.sh", "serve --prompt-template chatml --model gpt-4o", "gpt-4o"),
        ("a.rs", '\n#[test]\nfn t() {\n}\nfn f() {\n    let model = "gpt-4o";\n}\n', "gpt-4o"),
        ("a.rs", '#[cfg(test)]\nmod tests {\n}\nfn f() {\n    let model = "gpt-4o";\n}\n', "gpt-4o"),
        ("a.tf", 'm = {\n  "gpt-4o" = {\n    sku = "Standard"\n  }\n}', "gpt-4o"),
        ("a.json", '{"models": {"gpt-4o": {"model": "openai/gpt-4o"}}}', "gpt-4o"),
        (
            "models.json",
            '{"models": {"gpt-4o": {"description": "The usual one.", "inputPrice": 2.5}}}',
            "gpt-4o",
        ),
        # A choice that also says its price is offered, and a list that decides what is accepted, too.
        ("a.ts", 'const MODELS = [{ id: "gpt-4o", inputPrice: 2.5 }];', "gpt-4o"),
        ("a.py", 'SUPPORTED_MODELS = ["gpt-5", "gpt-4o"]\nassert model in SUPPORTED_MODELS\n', "gpt-4o"),
        ("a.ts", 'const visionModels = ["gpt-5", "gpt-4o"];\nshow(visionModels.map(f));', "gpt-4o"),
        ("a.yaml", "models:\n  gpt-4o:\n    n: 1\n  big:\n    model: gpt-4.1\n", "gpt-4o"),
        ("a.tf", 'm = {\n  "gpt-4o" = {\n  }\n  b = {\n    model = "gpt-4.1"\n  }\n}', "gpt-4o"),
    ],
)
def test_what_is_called_or_offered_is_given(path: str, text: str, model: str) -> None:
    found = facts(path, text)[model]

    assert found.standing or NAMED in found.attributes


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", 'snapshot_download("acme/rows_2k", repo_type="dataset")'),
        ("a.py", 'p = snapshot_download(\n    "acme/rows_2k",\n    repo_type="dataset",\n)'),
        ("a.rs", 'const HELP: &str = "| MTP | `Qwen3_5`, `Qwen3.8` | built-in model head";'),
        ("_quarto.yml", "models:\n  - docs/models/llama-4.qmd"),
    ],
)
def test_a_data_set_a_page_and_markdown_in_a_text_are_no_models(path: str, text: str) -> None:
    assert [fact.name for _, fact in read(path, text) if fact.kind == "model"] == []


def test_a_place_names_the_model_that_stands_in_it_and_not_a_later_one() -> None:
    text = 'quality_llm = "azure/gpt-4.1"\n[embedding]\nbase_model = "azure/text-embedding-3-small"\n'

    found = [(fact.name, fact.line) for _, fact in read("a.toml", text) if fact.kind == "model"]

    assert sorted(found) == [("azure/gpt-4.1", 1), ("azure/text-embedding-3-small", 3)]


def test_the_capacity_that_a_script_adds_to_a_model_is_not_part_of_it() -> None:
    text = 'MODEL="text-embedding-3-small:10"\nMODEL="anthropic.claude-3-haiku-20240307-v1:0"\n'

    found = {fact.name for _, fact in read("a.sh", text) if fact.kind == "model"}

    assert found == {"text-embedding-3-small", "anthropic.claude-3-haiku-20240307-v1:0"}


def test_a_model_of_a_local_server_is_told_once() -> None:
    found = [fact.name for _, fact in read("a.py", 'MODEL = "ollama/llama3:8b"') if fact.kind == "model"]

    assert found == ["llama3:8b"]


@pytest.mark.parametrize("below", ["instruction = 1", "input = 1", "index = 1", "int x = 1", "in_use = 1"])
def test_a_word_of_the_next_line_that_begins_like_in_compares_no_model(below: str) -> None:
    text = f'resource "aws_bedrock_x" "a" {{\n foundation_model = "amazon.nova-pro-v1:0"\n  {below}\n}}\n'

    found = facts("a.tf", text)["amazon.nova-pro-v1:0"]

    assert found.standing or NAMED in found.attributes

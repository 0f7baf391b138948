"""Which address an AI client is told to call: in calls, in variables, under keys, before paths of an API."""

from __future__ import annotations

import pytest

from tests.code_samples import facts

_AT = "models.acme.internal:8000"


def _hosts(path: str, text: str) -> list[str]:
    return [name for name, fact in facts(path, text).items() if fact.kind == "provider_endpoint"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", f'c = OpenAI(base_url="http://{_AT}/v1", api_key=key(1))'),
        ("a.py", f'c = InferenceClient("http://{_AT}")'),
        ("a.py", f'lm = dspy.LM("m", api_base="http://{_AT}/v1")'),
        ("a.ts", f"const c = new Ollama({{ host: 'http://{_AT}' }});"),
        (
            "A.java",
            f'import dev.langchain4j.x;\nOpenAiChatModel.builder().apiKey(k())\n  .baseUrl("http://{_AT}/v1")',
        ),
        ("A.java", f'AnthropicOkHttpClient.builder().baseUrl("http://{_AT}")'),
        (
            "a.cs",
            f'new OpenAIClient(k, new OpenAIClientOptions {{ Endpoint = new Uri("http://{_AT}/v1") }});',
        ),
        ("a.cs", f'b.AddOpenAIChatCompletion("m", new Uri("http://{_AT}/v1"), "k");'),
        ("a.go", f'// openai\nc := o.NewClient(option.WithBaseURL("http://{_AT}/v1"))'),
        ("a.go", f'c := openai.DefaultConfig(k)\nc.BaseURL = "http://{_AT}/v1"'),
        ("a.rb", f'OpenAI::Client.new(uri_base: "http://{_AT}")'),
        ("a.php", f"$c = OpenAI::factory()->withBaseUri('http://{_AT}/v1')->make();"),
        ("a.rs", f'let c = OpenAIConfig::new().with_api_base("http://{_AT}/v1");'),
        (".env", f"VLLM_URL=http://{_AT}"),
        (".env", f"APP_LLM_BASE_URL=http://{_AT}/v1"),
        ("k.yaml", f'- name: EMBEDDING_API_URL\n  value: "http://{_AT}"'),
        ("k.yaml", f"- name: EMBEDDING_API_URL\n  value: http://{_AT}"),
        ("a.py", f'U = os.getenv(\n    "OPENAI_BASE_URL",\n    "http://{_AT}/v1",\n)'),
        ("a.py", f'U = config("OPENAI_BASE_URL", default="http://{_AT}/v1")'),
        ("a.ts", f'const u = process.env.OPENAI_BASE_URL ?? "http://{_AT}/v1";'),
        ("compose.yaml", f"- LLM_API_URL=${{LLM_API_URL:-http://{_AT}/v1}}"),
        ("a.yaml", f"spring:\n  ai:\n    openai:\n      base-url: http://{_AT}"),
        ("a.yaml", f"llm:\n  provider: x\n  base_url: http://{_AT}/v1"),
        ("a.json", f'{{\n  "embedding": {{\n    "baseURL": "http://{_AT}/v1"\n  }}\n}}'),
        ("litellm.yaml", f"litellm_params:\n  model: openai/acme\n  api_base: http://{_AT}/v1"),
        ("a.py", f'r = requests.post("http://{_AT}/v1/chat/completions", json=body)'),
        ("a.sh", f"curl -s http://{_AT}/openai/v1/embeddings -d @body"),
    ],
)
def test_an_address_that_a_client_is_told_is_found(path: str, text: str) -> None:
    assert _hosts(path, text) == [_AT]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        # The next line's address is that of something else, and so is the next call's.
        (".env", "OPENAI_BASE_URL=\nAPP_URL=https://acme.internal\n"),
        ("a.sh", "docker run -e VLLM_URL -e APP_URL=https://acme.internal x"),
        ("a.py", 'c = OpenAI(api_key=key())\nd = Shop(base_url="https://shop.acme.internal")\n'),
        # A vendor's name alone may be the address of its pages.
        ("a.ts", 'const ANTHROPIC_URL = "https://www.acme-anthropic.com";'),
        (".env", "MYLLM_URL=http://acme.internal"),
        # The exchange of that name.
        ("a.py", 'GEMINI_API_URL = "https://api.gemini.com"'),
        (".env", "LLM_URLS=http://acme.internal"),
        (".env", "LLM_BASE_URL=https://your-gateway.acme.com/v1"),
        (".env", "LLM_BASE_URL=https://llm.acme.example/v1"),
        ("a.yaml", "shop:\n  base_url: http://shop.acme.internal"),
        ("a.tsx", "window.intercomSettings = {\n  api_base: 'https://api-iam.intercom.io',\n};"),
        ("mkdocs.yml", "plugins:\n  - llmstxt:\n      base_url: https://docs.acme.dev"),
        ("a.go", 'c := shop.New(shop.WithBaseURL("http://shop.acme.internal"))'),
        ("a.rs", 'let u = "http://x/v1/chat/completions";'),
        ("a.ts", "const u = `${base}/v1/chat/completions`;"),
        ("a.py", "# VLLM_URL=http://acme.internal"),
        # A server of tools, no models.
        ("a.properties", "spring.ai.mcp.client.sse.connections.hr.url=http://hr.acme.internal:8082"),
        ("a.yaml", "llm:\n  base_url: http://hr.acme.internal:8082/mcp/"),
    ],
)
def test_other_addresses_are_none(path: str, text: str) -> None:
    assert _hosts(path, text) == []


def test_what_is_asked_of_cloudflares_models_is_told_and_nothing_else_of_it() -> None:
    front = "https://api.cloudflare.com/client/v4/accounts/"

    assert _hosts("a.py", f"u = f'{front}{{account}}/ai/run/'") == ["api.cloudflare.com"]
    assert _hosts("a.py", f"u = f'{front}{{account}}/zones'") == []


def test_each_call_keeps_its_own_address() -> None:
    text = 'a = OpenAI(base_url="http://one:8000/v1")\nb = OpenAI(k, base_url="http://two:8000/v1")\n'

    assert _hosts("a.py", text) == ["one:8000", "two:8000"]


def test_a_form_says_which_variable_it_was() -> None:
    (found,) = facts(".env", "\nVLLM_SERVER_URL=http://gpu:8000\n").values()

    assert (found.provider, found.line, found.attributes) == (
        "vllm",
        2,
        {"host": "gpu:8000", "form": "VLLM_SERVER_URL"},
    )

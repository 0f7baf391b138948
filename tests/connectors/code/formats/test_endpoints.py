from __future__ import annotations

import pytest

from tests.code_samples import facts


@pytest.mark.parametrize(
    ("path", "text", "host", "provider"),
    [
        ("a.py", 'base_url="https://api.openai.com/v1"', "api.openai.com", "openai"),
        ("a.yml", "base-url: https://api.groq.com/openai/v1", "api.groq.com", "groq"),
        (
            "a.go",
            'const host = "generativelanguage.googleapis.com"',
            "generativelanguage.googleapis.com",
            "google",
        ),
        ("a.py", 'u = f"https://{name}.openai.azure.com/"', "*.openai.azure.com", "azure-openai"),
        (
            "a.js",
            "const b = `https://${config.NAME}.openai.azure.com`;",
            "*.openai.azure.com",
            "azure-openai",
        ),
        (
            "a.cs",
            'var u = $"https://{o.Value.Name}.openai.azure.com/";',
            "*.openai.azure.com",
            "azure-openai",
        ),
        ("a.kt", 'val u = "https://${cfg.name()}.openai.azure.com"', "*.openai.azure.com", "azure-openai"),
        ("a.rb", "u = \"https://#{ENV['NAME']}.openai.azure.com\"", "*.openai.azure.com", "azure-openai"),
        (
            "a.py",
            'u = f"https://{s.region}-aiplatform.googleapis.com"',
            "*-aiplatform.googleapis.com",
            "google",
        ),
        ("a.py", 'base: str = "https://oai.hconeai.com/v1"', "oai.hconeai.com", "helicone"),
        (
            "a.rs",
            'format!("https://{location}-aiplatform.googleapis.com/v1")',
            "*-aiplatform.googleapis.com",
            "google",
        ),
        (".env", "URL=https://YOUR-NAME-HERE.openai.azure.com", "*.openai.azure.com", "azure-openai"),
        ("a.env", "URL=https://acme.openai.azure.com", "acme.openai.azure.com", "azure-openai"),
        (
            ".env",
            "URL=https://axial-resource.openai.azure.com",
            "axial-resource.openai.azure.com",
            "azure-openai",
        ),
        (".env", "URL=https://resource-name.openai.azure.com", "*.openai.azure.com", "azure-openai"),
        ("a.yml", "ollama: http://localhost:11434/api", "localhost:11434", "ollama"),
        (".env", "URL=https://myinstance.openai.azure.com", "*.openai.azure.com", "azure-openai"),
        (
            "a.ts",
            "defaultBaseUrl: 'https://<resource_name>.openai.azure.com',",
            "*.openai.azure.com",
            "azure-openai",
        ),
        ("a.py", 'base = "http://0.0.0.0:11434"', "0.0.0.0:11434", "ollama"),
        (
            "a.py",
            'h = "bedrock-runtime.eu-west-1.amazonaws.com"',
            "bedrock-runtime.eu-west-1.amazonaws.com",
            "aws",
        ),
        (
            "a.env",
            "MCP=https://acme-x1.gateway.bedrock-agentcore.us-east-1.amazonaws.com/mcp",
            "acme-x1.gateway.bedrock-agentcore.us-east-1.amazonaws.com",
            "aws",
        ),
        (
            "a.py",
            'u = "https://models.inference.ai.azure.com"',
            "models.inference.ai.azure.com",
            "github",
        ),
        (
            "a.ts",
            'const baseURL = "https://api.openai.com/v1"; const placeholder = "none";',
            "api.openai.com",
            "openai",
        ),
        (
            "setup.sh",
            'echo "url is https://api.openai.com/v1" >> settings.yaml',
            "api.openai.com",
            "openai",
        ),
        ("a.py", 'u = "https://user:hidden@api.mistral.ai/v1"', "api.mistral.ai", "mistral"),
        ("a.go", 'fmt.Sprintf("%s-aiplatform.googleapis.com", l)', "*-aiplatform.googleapis.com", "google"),
        ("a.py", 'u = "https://__DEMO__.openai.azure.com"', "*.openai.azure.com", "azure-openai"),
        ("a.yml", "run: curl -s -X POST https://api.openai.com/v1", "api.openai.com", "openai"),
        ("a.py", 'run("curl -s https://api.openai.com/v1")', "api.openai.com", "openai"),
        ("a.ts", "url: isA ? 'https://api.openai.com/v1' : other", "api.openai.com", "openai"),
        ("a.py", 'o(api_endpoint=f"{L}-documentai.googleapis.com")', "*-documentai.googleapis.com", "google"),
        ("a.ts", "x = 'eu-speech.googleapis.com'", "eu-speech.googleapis.com", "google"),
        (
            "a.rb",
            'U = "https://%<region>s-aiplatform.googleapis.com/v1/projects/%<project>s"',
            "*-aiplatform.googleapis.com",
            "google",
        ),
        ("a.go", 'u := fmt.Sprintf("https://%s.openai.azure.com", n)', "*.openai.azure.com", "azure-openai"),
        (
            "a.ts",
            "u = inDocker\n  ? 'http://host.docker.internal:11434'\n  : x;",
            "host.docker.internal:11434",
            "ollama",
        ),
        (
            "a.py",
            'u = f"https://{account}.snowflakecomputing.com/api/v2/cortex/analyst/message"',
            "*.snowflakecomputing.com/api/v2/cortex",
            "snowflake",
        ),
        (
            "a.yaml",
            "url: http://chat.llm-a.svc.cluster.local:11434/v1",
            "chat.llm-a.svc.cluster.local:11434",
            "ollama",
        ),
        (
            "n.ipynb",
            '{"cells": [{"cell_type": "code", "source": [\n"u = \\"http://vllm-gpu.llm.svc.cluster.local:8000\\""\n]}]}',
            "vllm-gpu.llm.svc.cluster.local:8000",
            "vllm",
        ),
        (
            "A.cs",
            'class P() : Base(X, new Uri("https://inference.hetzner.com/api/v1/"), L)',
            "inference.hetzner.com",
            "hetzner",
        ),
        ("A.kt", 'val baseUrl: String = "https://api.fish.audio",', "api.fish.audio", "fish-audio"),
        (
            "a.go",
            'u := url.URL{Scheme: "wss", Host: "openspeech.bytedance.com"}',
            "openspeech.bytedance.com",
            "bytedance",
        ),
        ("a.ts", 'baseUrl: "https://ai.gitee.com/v1",', "ai.gitee.com/v1", "gitee"),
        (
            "a.ts",
            "fetch(`https://claude.ai/api/organizations/${id}/chat_conversations`)",
            "claude.ai/api",
            "anthropic",
        ),
        ("a.py", 'U = "https://chatgpt.com/backend-api/conversation"', "chatgpt.com/backend-api", "openai"),
        ("a.py", 'U = "https://kimi.moonshot.cn/api/chat"', "kimi.moonshot.cn/api", "moonshot"),
        (
            "a.env",
            "BASE=https://api.openai-compat.model-serving.eu01.onstackit.cloud/v1",
            "api.openai-compat.model-serving.eu01.onstackit.cloud",
            "stackit",
        ),
    ],
)
def test_a_provider_host_is_found(path: str, text: str, host: str, provider: str) -> None:
    found = facts(path, text)

    assert list(found) == [host]
    assert found[host].provider == provider
    assert "hidden" not in repr(found)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", 'u = "http://localhost:8080"'),
        ("a.ts", "const CLAIM_PATH = 'https://api.openai.com/auth';"),
        ("a.json", '{"servers": {"github": {"url": "https://api.githubcopilot.com/mcp/"}}}'),
        ("compose.yaml", 'environment:\n  OLLAMA_HOST: "0.0.0.0:11434"'),
        ("Dockerfile", "ENV OLLAMA_HOST=http://0.0.0.0:11434"),
        ("Dockerfile", "ENV OLLAMA_HOST 0.0.0.0:11434"),
        ("a.go", 'Description: "Your URL (e.g., `https://your-name.openai.azure.com`)."'),
        ("a.cs", 'throw new E("No such thing. Expected format: Endpoint=https://<name>.openai.azure.com");'),
        ("a.ts", "'Url must follow pattern: https://{Id}.openai.azure.com'"),
        ("a.ts", "throw new Error(`Url must be of the form https://${a.b}.openai.azure.com`);"),
        ("a.js", "// const b = `https://${config.NAME}.openai.azure.com`;"),
        ("a.js", "const b = `https://${config.NAME}.openai.azure.com.evil.dev`;"),
        ("a.ts", 'x("Paste it here. Examples: `https://api.openai.com`.")'),
        ("a.py", 'if "api.openai.com" in message:\n    pass'),
        ("a.ts", 'if (url.includes("api.openai.com")) x();'),
        ("a.ts", 'return base === "https://api.openai.com/v1"'),
        ("a.go", 'strings.HasPrefix(url, "https://api.openai.com")'),
        ("a.go", 'known := []string{\n\t"api.openai.com",\n\t"api.mistral.ai",\n\t"api.groq.com",\n}'),
        ("a.tsx", "<Input placeholder={isA ? 'https://api.openai.com/v1' : ''} />"),
        ("a.ts", "f = {\n  placeholder: inDocker\n    ? 'http://host.docker.internal:11434'\n    : x,\n};"),
        ("a.py", 'Field(key="url", placeholder="https://api.openai.com/v1")'),
        ("a.ts", "return `AZURE_OPENAI_ENDPOINT=https://your-resource.openai.azure.com/\\nKEY=`"),
        ("compose.yaml", 'healthcheck:\n  test: ["CMD", "curl", "-f", "http://localhost:11434/api/tags"]'),
        ("Dockerfile", "HEALTHCHECK CMD curl -f http://localhost:11434/ || exit 1"),
        ("records.jsonl", '{"url": "https://api.openai.com/v1"}'),
        ("a.json", '{"source": "To see a list of models run: curl https://api.openai.com/v1"}'),
        ("crd.yaml", "description: |-\n  Where it is, as\n    https://api.openai.com/v1 says\n"),
        ("crd.yaml", "description: Defaults to https://api.openai.com/v1 when unset\n"),
        ("a.tf", 'variable "u" {\n  description = "Defaults to https://api.openai.com/v1"\n}\n'),
        ("n.ipynb", '{"cells": [{"cell_type": "code", "source": [\n "// as https://api.openai.com\\n"\n]}]}'),
        ("a.py", 'u = "https://platform.openai.com/docs"'),
        ("a.py", 'u = "https://api.openai.com.evil.example.org"'),
        ("a.py", 'u = "https://myapi.openai.com"'),
        ("a.ts", '  example: "https://your-resource.openai.azure.com",'),
        (
            "a.py",
            'c = F(\n  examples=[\n    {\n      "url": "https://api.openai.com/v1",\n    }\n  ],\n)',
        ),
        ("a.ts", "input.setAttribute('placeholder', hints[kind] || 'https://api.openai.com/v1');"),
        ("a.py", 'print("export OPENAI_BASE_URL=https://api.openai.com/v1")'),
        (
            "a.py",
            '# ====\n# Licence\n# ====\n\n"""\nAn example.\n\nSet it to https://api.openai.com/v1\n"""\n',
        ),
        (
            "a.py",
            'run(\n  [\n    "services",\n    "enable",\n    "aiplatform.googleapis.com",\n  ]\n)',
        ),
        ("agent.yaml", "system: |\n  Write code that calls\n    https://api.openai.com/v1\n"),
        ("a.ts", "const placeholders = {\n  openai: 'https://api.openai.com/v1',\n};"),
        ("qa.json", '{"generated_answer": "First set it to https://api.openai.com/v1 and call it."}'),
        ("s.json", '{"url": {\n  "examples": [\n    "https://api.openai.com/v1"\n  ]\n}}'),
        (
            "a.sh",
            'for d in \\\n  "claude.ai" \\\n  "api.anthropic.com" \\\n  "sentry.io"; do\n  allow $d\ndone',
        ),
        ("s.sh", """printf '%s' '{"network":{"allowDomains":["api.github.com","api.openai.com"]}}'"""),
        ("a.py", 'url = "https://api.anthropic.com/v1/organizations/usage_report/messages"'),
        ("a.go", 'u := "https://api.openai.com/dashboard/billing/credit_grants"'),
        ("s.json", '{"@odata.context": "https://acme.search.windows.net/$metadata#skillsets/$entity"}'),
        ("a.tsx", '<a\n  href="https://api.together.xyz/settings/api-keys"\n>Together</a>'),
        ("a.ts", 'const sign = () => window.open("https://api.together.xyz/settings/keys");'),
        ("a.kt", 'when (host) {\n  "integrate.api.nvidia.com" -> {\n    slow()\n'),
        ("a.go", 'switch host {\ncase "api.openai.com":\n'),
        ("a.sh", "gcloud services enable run.googleapis.com \\\n  aiplatform.googleapis.com\n"),
        ("a.php", "get_string(\n  'hint', 'acme',\n  'https://$REGION-aiplatform.googleapis.com/v1/'\n)"),
        (
            "a.ts",
            "const shown = `import os\nfrom openai import OpenAI\nurl = 'https://api.openai.com/v1'\n`;",
        ),
        ("a.py", 'SHOWN = """\nimport os\nURL = "https://api.openai.com/v1"\n"""\n'),
        ("a.js", "static url = 'https://api.together.xyz/playground/chat';"),
        (
            "n.mjs",
            "remotePatterns: [\n  {\n    protocol: 'https',\n    hostname: 'api.together.ai',\n  },\n],",
        ),
        ("a.bicep", "resource l 'x' = {\n  name: 'privatelink-link.search.windows.net'\n}"),
        ("a.ts", 'const home = "https://console.weaviate.cloud/";'),
        ("s.json", '{"allowed": [\n  "api.github.com",\n  "api.openai.com",\n  "acme.dev"\n]}'),
        ("ci.yml", 'env:\n  ALLOWED: "*.githubusercontent.com,api.github.com,api.openai.com,x.ubuntu.com"'),
        (
            "a.ts",
            "h.set(\"Content-Security-Policy\", `default-src 'self'; connect-src 'self' https://api.openai.com`)",
        ),
        ("a.py", 'ANTHROPIC_AUDIENCE = "https://api.anthropic.com"'),
        ("a.php", "'source' => 'https://openrouter.ai/api/v1/models',"),
        ("a.ts", 'export const longReqWhitelist = [\n  "https://api.openai.com",\n  "https://acme.dev",\n];'),
        ("a.dart", "SettingItem(\n  hintText: 'http://localhost:11434',\n)"),
        ("a.ts", "p.text({ placeholder: have.ANTHROPIC_BASE_URL || 'http://localhost:4000' })"),
        ("compose.yaml", 'ports:\n  - "127.0.0.1:11434:11434"'),
        ("train.json", '{"code": "call https://api.openai.com/v1"}\n{"code": "x"}\n'),
        ("a.tsx", "<p>Ollama: <code>http://localhost:11434/v1</code></p>"),
        ("a.ts", 'if ("gateway.ai.cloudflare.com" == paths[2]) {'),
        ("votes.json", '[{"_id": "1", "url": "https://api.openai.com/v1"}]'),
        ("tape.yaml", "interactions:\n- request:\n    headers:\n      host:\n      - api.cohere.com\n"),
        ("a.tsx", '<input placeholder="https://<name>.openai.azure.com" />'),
        ("a.tsx", "<TextItem\n    placeholder='http://localhost:11434/v1'\n/>"),
        ("a.jsx", 'field({ helperText: "https://api.openai.com/v1" })'),
        ("a.vue", 'const redirectTip = `{\n  "base": "https://api.openai.com/v1"\n}`;'),
        ("a.py", 'add_argument("--url", help="the API, https://api.openai.com/v1")'),
        (
            "a.php",
            "'description' => __( 'Endpoints, e.g., <code>https://EXAMPLE.openai.azure.com</code>.' ),",
        ),
        ("a.php", "'d' => __( 'e.g. <code>https://REGION.api.cognitive.microsoft.com</code>.' ),"),
        ("setup.sh", 'echo "The model is reached at https://api.openai.com/v1"'),
        ("a.py", "# see https://api.openai.com/v1"),
        ("README.md", "https://api.openai.com/v1"),
        ("a.py", 'u = "localhost:114345"'),
        ("a.py", 'u = f"https://{account}.snowflakecomputing.com/api/v2/statements"'),
        ("a.yaml", "url: http://web.shop.svc.cluster.local:8000"),
        ("a.yaml", "url: http://notvllm.shop.svc.cluster.local:8000"),
        ("a.yaml", "ports:\n  - 11434:11434"),
        ("a.py", 'u = "https://huggingface.co/acme/judge/resolve/main/picture.png"'),
        ("a.py", 'u = "https://huggingface.co/acme/judge"'),
        ("a.json", '{"matches": ["https://claude.ai/*", "https://*.chatgpt.com/*"]}'),
        ("a.ts", 'open("https://claude.ai/chat/new")'),
        ("a.ts", 'open("https://chatgpt.com/?q=hi")'),
        ("a.ts", 'open("https://gemini.google.com/app")'),
        ("a.ts", 'open("https://kimi.moonshot.cn")'),
        ("a.ts", 'open("https://ai.gitee.com/models")'),
        ("a.ts", 'open("https://opencode.ai/docs")'),
        ("a.ts", 'open("https://api.infomaniak.com/1/mail")'),
    ],
)
def test_other_addresses_are_not(path: str, text: str) -> None:
    assert facts(path, text) == {}


@pytest.mark.parametrize(
    ("path", "text", "host", "provider"),
    [
        (
            "a.py",
            'OpenAI(api_key=K, base_url="http://gpu.acme.internal:8000/v1")',
            "gpu.acme.internal:8000",
            "self-hosted",
        ),
        (
            "a.py",
            'ChatOpenAI(\n    model="m",\n    openai_api_base="https://llm.acme.dev/v1",\n)',
            "llm.acme.dev",
            "self-hosted",
        ),
        (
            "a.py",
            'OpenAI(base_url=os.getenv("X", "http://localhost:8000/v1"))',
            "localhost:8000",
            "self-hosted",
        ),
        (
            "a.ts",
            "new OpenAI({ apiKey, baseURL: 'https://u:hidden@llm.acme.dev/v1' })",
            "llm.acme.dev",
            "self-hosted",
        ),
        (
            "a.ts",
            'const u = "https://huggingface.co/acme/judge-GGUF/resolve/main/judge.Q4.gguf?download=true";',
            "huggingface.co",
            "huggingface",
        ),
        (".env", "OPENAI_BASE_URL=https://llm.acme.dev/v1?key=hidden", "llm.acme.dev", "self-hosted"),
        ("compose.yaml", "    - OLLAMA_HOST=http://models.acme.internal", "models.acme.internal", "ollama"),
        (
            "a.properties",
            "spring.ai.openai.base-url=http://models.acme.internal:81",
            "models.acme.internal:81",
            "self-hosted",
        ),
    ],
)
def test_any_host_counts_where_an_ai_client_is_told_to_call_it(
    path: str, text: str, host: str, provider: str
) -> None:
    found = {name: fact for name, fact in facts(path, text).items() if fact.kind == "provider_endpoint"}

    assert {name: fact.provider for name, fact in found.items()} == {host: provider}
    assert "hidden" not in repr(found)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", 'requests.Session(base_url="http://gpu.acme.internal:8000/v1")'),
        ("a.py", "OpenAI(base_url=URL)"),
        ("a.py", 'OpenAI(base_url="https://{host}/v1")'),
        ("a.py", 'OpenAI(base_url="https://example.com/v1")'),
        (".env", "OPENAI_BASE_URL="),
        ("a.sh", "echo $OLLAMA_HOST"),
        ("a.py", 'def f():\n    """OpenAI(base_url="http://a.acme.dev/v1")"""\n'),
    ],
)
def test_other_clients_and_placeholders_are_no_endpoints(path: str, text: str) -> None:
    assert [name for name, fact in facts(path, text).items() if fact.kind == "provider_endpoint"] == []


def test_a_known_host_as_a_base_is_one_endpoint_of_its_provider() -> None:
    found = facts("a.py", 'OpenAI(base_url="https://api.groq.com/openai/v1")')

    assert [(fact.name, fact.provider) for fact in found.values()] == [("api.groq.com", "groq")]


@pytest.mark.parametrize("zone", ["privatelink.openai.azure.com", "${x}privatelink.search.windows.net"])
def test_a_private_dns_zone_is_no_address(zone: str) -> None:
    found = facts("dns.tf", f'name = "{zone}"\n')

    assert [name for name in found if "privatelink" in name] == []


@pytest.mark.parametrize("host", ["https://api.openai.com/v1", "http://models.acme.internal:8000/v1"])
def test_what_stands_in_a_test_of_a_rust_file_is_made_up(host: str) -> None:
    text = (
        f'#[cfg(test)]\n#[allow(dead_code)]\nmod tests {{\n    OpenAI::new().with_api_base("{host}");\n}}\n'
    )

    found = facts("a.rs", text)

    assert found
    assert not any(fact.standing for fact in found.values())


def test_instructions_for_an_assistant_call_nobody() -> None:
    text = 'c = AzureOpenAI(azure_endpoint="https://acme-team.openai.azure.com/")\nask(model="gpt-4o")\n'

    assert {fact.kind for fact in facts(".cursorrules", text).values()} == {"agent_config"}


def test_words_in_angle_brackets_are_filled_in_later() -> None:
    found = facts("a.json", '{"endpoint": "https://<resource name>.openai.azure.com/openai"}')

    assert set(found) == {"*.openai.azure.com"}

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
        ("a.env", "URL=https://acme.openai.azure.com", "acme.openai.azure.com", "azure-openai"),
        ("a.yml", "ollama: http://localhost:11434/api", "localhost:11434", "ollama"),
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
        ("a.py", 'u = "https://user:hidden@api.mistral.ai/v1"', "api.mistral.ai", "mistral"),
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
        ("a.py", 'u = "https://platform.openai.com/docs"'),
        ("a.py", 'u = "https://api.openai.com.evil.example.org"'),
        ("a.py", 'u = "https://myapi.openai.com"'),
        ("a.py", "# see https://api.openai.com/v1"),
        ("README.md", "https://api.openai.com/v1"),
        ("a.py", 'u = "localhost:114345"'),
    ],
)
def test_other_addresses_are_not(path: str, text: str) -> None:
    assert facts(path, text) == {}

"""What an image runs as is read from its configuration; the values of its variables stay behind."""

from __future__ import annotations

import pytest

from connectors.catalogue import load_catalogue
from connectors.code.registry import formats_for
from connectors.images.manifests import ImageConfig
from connectors.images.running import facts, variable_names

SECRET = "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789"


def _found(config: ImageConfig, *names: str) -> set[tuple[str, str]]:
    return {(fact.kind, fact.name) for _, fact in facts(config, names, formats_for(load_catalogue()))}


@pytest.mark.parametrize(
    ("entrypoint", "command", "expected"),
    [
        (
            ("vllm", "serve"),
            ("acme/judge-7b", "--port", "8000"),
            {("model_server", "vLLM"), ("model", "acme/judge-7b")},
        ),
        (("/bin/ollama",), ("serve",), {("model_server", "Ollama")}),
        (
            ("text-generation-launcher",),
            ("--model-id=acme/big-chat",),
            {("model_server", "Text Generation Inference"), ("model", "acme/big-chat")},
        ),
        (("/bin/sh", "-c"), ("exec ollama serve",), {("model_server", "Ollama")}),
        (
            ("python", "-m", "vllm.entrypoints.openai.api_server", "--model", "/models/x"),
            (),
            {("model_server", "vLLM")},
        ),
        (("python", "-m", "http.server"), ("serve", "acme/site"), set()),
        (("nginx",), ("-g", "daemon off;"), set()),
        ((), (), set()),
    ],
)
def test_servers_are_known_by_their_command(
    entrypoint: tuple[str, ...], command: tuple[str, ...], expected: set[tuple[str, str]]
) -> None:
    assert _found(ImageConfig(entrypoint=entrypoint, command=command)) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("OPENAI_MODEL=gpt-4o-mini", ("model", "gpt-4o-mini")),
        ("OPENAI_BASE_URL=https://api.openai.com/v1", ("provider_endpoint", "api.openai.com")),
    ],
)
def test_models_and_hosts_in_variables_are_found(line: str, expected: tuple[str, str]) -> None:
    assert expected in _found(ImageConfig(env=("PATH=/usr/bin", line)))


def test_the_images_own_name_tells_a_known_server() -> None:
    assert any(kind == "model_server" for kind, _ in _found(ImageConfig(), "docker.io/ollama/ollama"))
    assert _found(ImageConfig(), "registry.example.org/team/app") == set()


def test_no_value_of_a_variable_leaves_but_what_is_a_fact() -> None:
    config = ImageConfig(
        env=(
            f"OPENAI_API_KEY={SECRET}",
            "DATABASE_PASSWORD=hunter2-hunter2",
            "TEXT=one\nENV OPENAI_MODEL=gpt-4o\nCMD ollama serve",
            "bad name=x",
            "=x",
            "LONG=" + "x" * 100_000,
        )
    )

    found = list(facts(config, (), formats_for(load_catalogue())))

    assert SECRET not in repr(found)
    assert "hunter2" not in repr(found)
    assert variable_names(config) == ["OPENAI_API_KEY", "DATABASE_PASSWORD", "TEXT", "LONG"]


def test_a_variable_cannot_pretend_to_be_another_line() -> None:
    config = ImageConfig(env=("TEXT=one\nCMD vllm serve acme/fake",))

    found = list(facts(config, (), formats_for(load_catalogue())))

    assert {fact.detail for _, fact in found} <= {"ENV TEXT"}


def test_a_command_with_an_open_quote_is_split_at_its_blanks() -> None:
    assert ("model_server", "Ollama") in _found(ImageConfig(command=("/bin/sh", "-c", "ollama serve 'x")))

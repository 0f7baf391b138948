"""What a reference, an address or a layer of a workload says about AI."""

from __future__ import annotations

import pytest

from connectors.aws_evidence import WorkloadPaths
from connectors.aws_paths import Path
from connectors.aws_workloads import known_host, known_image
from connectors.aws_workloads import look as look_at
from connectors.catalogue import read_table
from tests.fakes_aws import HOME


@pytest.mark.parametrize(
    ("reference", "title"),
    [
        ("ollama/ollama", "Ollama"),
        ("ollama/ollama:latest", "Ollama"),
        (f"{HOME}.dkr.ecr.eu-west-1.amazonaws.com/docker-hub/ollama/ollama:0.9", "Ollama"),
        ("localhost:5000/vllm/vllm-openai@sha256:" + "0" * 64, "vLLM"),
        ("nvcr.io/nim/meta/llama-3.1-8b-instruct:1.8", "NVIDIA NIM"),
        ("763104351884.dkr.ecr.eu-west-1.amazonaws.com/pytorch-inference:2.6", "AWS inference container"),
        ("acme/ollama", "Ollama"),
        ("acme/notollama", None),
        ("my-ollama/ollama-ui", None),
        ("nginx", None),
        ("", None),
    ],
)
def test_an_image_is_known_by_its_repository(reference: str, title: str | None) -> None:
    known = known_image(reference)

    assert (known and known.title) == title


@pytest.mark.parametrize(
    ("value", "host"),
    [
        ("https://api.openai.com/v1", "api.openai.com"),
        ("api.anthropic.com", "api.anthropic.com"),
        ("https://bedrock-runtime.eu-west-1.amazonaws.com", "bedrock-runtime.eu-west-1.amazonaws.com"),
        ("https://openrouter.ai/api/v1", "openrouter.ai"),
        ("https://openrouter.ai/blog", ""),
        ("https://api.openai.com.evil.example", ""),
        ("https://platform.openai.com/docs", ""),
        ("postgres://db.acme.example/api.openai.com", ""),
        ("x" * 3_000, ""),
        ("", ""),
    ],
)
def test_only_a_known_providers_host_is_shown_of_a_value(value: str, host: str) -> None:
    assert known_host(value) == host


def test_every_catalogued_host_is_known_in_an_address() -> None:
    hosts = [host for row in read_table("providers")["provider"] for host in row["hosts"]]

    assert [host for host in hosts if not known_host(f"https://{host.replace('*', 'x')}")] == []


def test_hostile_values_are_read_in_no_time() -> None:
    paths = WorkloadPaths(variables=(Path("v"),), values=(Path("v"),), images=(Path("i[]"),))
    known = {"v": {f"K{one}": "a." * 900 for one in range(2_000)}, "i": ["a/" * 500 + ":" * 500] * 60}

    seen = look_at(paths, known)

    assert not seen.is_about_ai
    assert known_host("a." * 900 + "!") == ""

"""Names of images are read as other clients read them."""

from __future__ import annotations

import pytest

from connectors.errors import ConfigError
from connectors.images.reference import has_registry, parse_reference

SHA = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nginx", "docker.io/library/nginx:latest"),
        ("vllm/vllm-openai:v0.6", "docker.io/vllm/vllm-openai:v0.6"),
        ("index.docker.io/library/nginx", "docker.io/library/nginx:latest"),
        ("registry.example.org/team/app:1.0", "registry.example.org/team/app:1.0"),
        ("REGISTRY.example.org/team/app", "registry.example.org/team/app:latest"),
        ("localhost:5000/app", "localhost:5000/app:latest"),
        ("127.0.0.1:5000/a/b/c:x", "127.0.0.1:5000/a/b/c:x"),
        (f"ghcr.io/a/b@{SHA}", f"ghcr.io/a/b@{SHA}"),
        (f"ghcr.io/a/b:1@{SHA}", f"ghcr.io/a/b:1@{SHA}"),
        ("docker://ghcr.io/a/b:1", "ghcr.io/a/b:1"),
        ("registry.example.org/team/*:prod-*", "registry.example.org/team/*:prod-*"),
    ],
)
def test_a_name_is_spelled_out(text: str, expected: str) -> None:
    assert str(parse_reference(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "registry.example.org/",
        "registry.example.org/Team/app",
        "a b",
        "registry.example.org/../../x",
        "registry.example.org/a:t/x",
        "registry.example.org/a@sha256:short",
        "user:secret@registry.example.org/a",
        "https://registry.example.org/a",
        "registry.example.org/a*@" + SHA,
        "registry.example.org/" + "a" * 300,
        "registry.example.org/a:" + "t" * 200,
        "-x/a",
    ],
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="not the name of an image"):
        parse_reference(text)


def test_a_digest_goes_before_a_tag() -> None:
    assert parse_reference(f"ghcr.io/a/b:1@{SHA}").version == SHA
    assert parse_reference("ghcr.io/a/b:1").version == "1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a/b", False), ("a", False), ("a.b/c", True), ("a:1/b", True), ("localhost/a", True), ("a:1", False)],
)
def test_a_registry_is_told_by_its_first_piece(text: str, expected: bool) -> None:
    assert has_registry(text) is expected

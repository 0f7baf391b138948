from __future__ import annotations

import importlib.util

import pytest

from connectors.errors import ConfigError
from connectors.patterns import compile_pattern, host_pattern


def test_a_pattern_that_back_tracks_elsewhere_is_quick_here() -> None:
    pytest.importorskip("re2")

    assert compile_pattern(r"(a+)+$").search("a" * 5_000 + "b") is None


def test_a_wrong_pattern_is_a_mistake_of_the_configuration() -> None:
    with pytest.raises(ConfigError, match="is wrong"):
        compile_pattern("(")


@pytest.mark.parametrize(
    ("host", "text", "found"),
    [
        ("api.x.ai", "https://api.x.ai/v1", "api.x.ai"),
        ("api.x.ai", "https://api.x.ai.", "api.x.ai"),
        ("api.x.ai", "https://notapi.x.ai", None),
        ("api.x.ai", "https://api.x.aim", None),
        ("*.openai.azure.com", "https://a.b.openai.azure.com", "a.b.openai.azure.com"),
        ("*.openai.azure.com", "https://openai.azure.com", None),
        ("bedrock.*.amazonaws.com", "bedrock.eu-west-1.amazonaws.com", "bedrock.eu-west-1.amazonaws.com"),
    ],
)
def test_a_host_is_matched_whole(host: str, text: str, found: str | None) -> None:
    match = host_pattern(host).search(text)

    assert (match.group("host") if match else None) == found


def test_a_wrong_pattern_writes_nothing_to_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConfigError):
        compile_pattern("a[z-b]")

    assert capfd.readouterr().err == ""


def test_a_long_pattern_is_compiled_too() -> None:
    assert compile_pattern(r"[\p{L}\p{N}]{1,300}x" if _has_re2() else "[a-z]{1,300}x").search("abx")


def _has_re2() -> bool:
    return importlib.util.find_spec("re2") is not None

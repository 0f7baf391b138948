from __future__ import annotations

import pytest

from connectors.code.facts import Fact, FileFacts
from connectors.model import Grade


def test_facts_come_back_from_the_cache_as_they_went() -> None:
    fact = Fact(
        kind="model",
        provider="openai",
        identifier="gpt-4o",
        name="gpt-4o",
        grade=Grade.CALLED,
        line=3,
        model="gpt-4o",
        standing=False,
        attributes={"a": [1, None]},
        tags={"b": "c"},
    )
    facts = FileFacts([("model-id", fact)], [("pyproject", "not TOML")])

    assert FileFacts.unpack(facts.pack()) == facts


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b"[[[]],[]]", b'[[["x",1]],[]]'])
def test_anything_else_is_a_miss(data: bytes) -> None:
    assert FileFacts.unpack(data) is None

"""Read files that are oversight themselves: evaluation suites and guardrail configurations in known forms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from connectors.code.facts import Fact, Source
from connectors.code.formats.common import Lines, load_json, load_yaml
from connectors.model import Grade

_COLANG = re.compile(rb"^(?:define (?:user|bot|flow|subflow) |flow [\w ]+$|import guardrails$)", re.M)
_RAIL = re.compile(rb"<rail\s+version\s*=")


def parse(source: Source) -> Iterator[Fact]:
    """Yield the file as evaluation or guardrail when its content has the form its name promises."""
    name = source.name
    if "promptfoo" in name:
        yield from _promptfoo(source)
    elif name.endswith(".co"):
        found = _COLANG.search(source.data)
        if found:
            yield _fact(source, "guardrail", "nvidia", "nemo-colang", "guardrail", found.start())
    elif name.endswith(".rail"):
        found = _RAIL.search(source.data)
        if found:
            yield _fact(source, "guardrail", "guardrails-ai", "guardrails-rail", "guardrail", found.start())
    elif b"rails:" in source.data and (b"models:" in source.data or b"flows:" in source.data):
        yield from _nemo(source)


def _promptfoo(source: Source) -> Iterator[Fact]:
    if source.name.endswith(".json"):
        content: Any = load_json(source)
    else:
        documents = load_yaml(source)
        content = documents[0] if documents else None
    if isinstance(content, dict) and content.keys() & {"providers", "targets"}:
        key = next((key for key in ("prompts", "tests", "redteam") if key in content), "")
        if key:
            place = max(source.data.find(key.encode()), 0)
            mechanism = "red team" if "redteam" in content else "evaluation"
            yield _fact(source, "evaluation", "promptfoo", "promptfoo", mechanism, place)


def _nemo(source: Source) -> Iterator[Fact]:
    documents = load_yaml(source)
    content = documents[0] if documents else None
    rails = content.get("rails") if isinstance(content, dict) else None
    if isinstance(rails, dict) and rails.keys() & {"input", "output", "dialog", "retrieval", "config"}:
        line = Lines(source.data).of("rails")
        yield _made("guardrail", "nvidia", "nemo-guardrails-config", "guardrail", line)


def _fact(source: Source, kind: str, provider: str, name: str, mechanism: str, place: int) -> Fact:
    return _made(kind, provider, name, mechanism, source.data.count(b"\n", 0, place) + 1)


def _made(kind: str, provider: str, name: str, mechanism: str, line: int) -> Fact:
    return Fact(
        kind=kind,
        provider=provider,
        identifier=name,
        name=name,
        grade=Grade.CONFIGURED,
        line=line,
        detail=mechanism,
        attributes={"answers": "oversight", "mechanism": mechanism},
    )

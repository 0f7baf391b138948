"""Read files that instruct or configure agents, known by name and, where that is common, by content."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connectors.catalogue.tables import AgentFile
from connectors.code.facts import Fact, Source
from connectors.code.formats.common import load_json, load_yaml
from connectors.model import Grade


def parse(source: Source) -> Iterator[Fact]:
    """Yield the file itself as a fact when it is in its known form; its path becomes its identity."""
    row = source.catalogue.agent_file(source.label)
    if not source.data.strip() or not _is_in_form(source, row):
        return
    yield Fact(
        kind="agent_config",
        provider=row.vendor,
        identifier="",
        name="",
        grade=Grade.CONFIGURED,
        line=1,
        attributes={"form": row.name} | ({"unit_root": True} if row.unit_root else {}),
    )


def _is_in_form(source: Source, row: AgentFile) -> bool:
    if not row.keys:
        return True
    if source.name.endswith(".json"):
        content = load_json(source)
        return isinstance(content, dict) and any(key in content for key in row.keys)
    if source.name.endswith((".yaml", ".yml")):
        return _has_entries(load_yaml(source), row.keys)
    words = {line.split(" ", 1)[0] for line in source.text().splitlines()}
    return any(key in words for key in row.keys)


def _has_entries(documents: list[Any], keys: tuple[str, ...]) -> bool:
    """Say whether the first document's entries are mappings with at least two of the keys."""
    first = documents[0] if documents else None
    entries = list(first.values()) if isinstance(first, dict) else []
    tables = [entry for entry in entries if isinstance(entry, dict)]
    return bool(tables) and all(sum(key in table for key in keys) >= 2 for table in tables[:3])

"""Read files that instruct or configure agents, known by name and, where that is common, by content."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connectors.catalogue.tables import AgentFile
from connectors.code.facts import Fact, Source
from connectors.code.formats.agentic import is_agentic, matter_of
from connectors.code.formats.common import entries, load_json, load_yaml
from connectors.model import Grade


def parse(source: Source) -> Iterator[Fact]:
    """Yield the file itself as a fact when it is in its known form; its path becomes its identity."""
    row = source.catalogue.agent_file(source.label)
    if not source.data.strip():
        return
    if not _is_in_form(source, row):
        if not row.otherwise:
            return
        row = source.catalogue.agent_file(row.otherwise)
        if not _is_in_form(source, row):
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
    if row.form == "agents":
        return _defines_agents(source, row)
    if row.form == "agentic-workflow":
        return is_agentic(matter_of(source))
    if not row.keys:
        return True
    if source.name.endswith(".json"):
        content = load_json(source)
        return isinstance(content, dict) and any(key in content for key in row.keys)
    if source.name.endswith((".yaml", ".yml")):
        return _has_entries(load_yaml(source), row.keys)
    words = {line.split(" ", 1)[0] for line in source.text().splitlines()}
    return any(key in words for key in row.keys)


def _defines_agents(source: Source, row: AgentFile) -> bool:
    """Say whether YAML is an agent with a name and what it is told, or a table or list of such agents."""
    if not any(f"{key}:".encode() in source.data for key in row.keys):
        return False
    documents = load_yaml(source)
    first = documents[0] if documents else None
    if not isinstance(first, dict):
        return False
    listed = first.get("agents")
    agents = listed if isinstance(listed, list) else [agent for _, agent in entries(listed)]
    if agents:
        return all(isinstance(agent, dict) and _is_agent(agent, row) for agent in agents[:20])
    return isinstance(first.get("name"), str) and _is_agent(first, row)


def _is_agent(table: dict[str, Any], row: AgentFile) -> bool:
    told = [key for key in row.keys if isinstance(table.get(key), str | list) and table[key]]
    return any(other in table for key in told[:1] for other in row.beside if other != key)


def _has_entries(documents: list[Any], keys: tuple[str, ...]) -> bool:
    """Say whether the first document's entries are mappings with at least two of the keys."""
    first = documents[0] if documents else None
    entries = list(first.values()) if isinstance(first, dict) else []
    tables = [entry for entry in entries if isinstance(entry, dict)]
    return bool(tables) and all(sum(key in table for key in keys) >= 2 for table in tables[:3])

"""Read what Microsoft 365 Copilot is extended with: declarative agents, custom engine agents, API plug-ins.

A declarative agent is told by its schema, whatever its file is called; an app's manifest names the engine
agents it brings (a declarative one it names is the file it points to), a plug-in its functions and runtimes.
Of instructions only the length leaves this module.

**Source:** Microsoft's pages "Declarative agent schema" 1.0 to 1.8 and the app manifest reference, and the
packages of OfficeDev/Copilot-for-M365-Samples, read on 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connectors.code.facts import Fact, Source
from connectors.code.formats.common import Lines, load_json_object, short
from connectors.model import Grade, Json

_AGENT_SCHEMAS = ("/declarative-agent/", "/declarative-copilot.schema.json")
_MAX_ITEMS = 100


def is_agent_schema(schema: str) -> bool:
    """Say whether a ``$schema`` is that of a declarative agent's manifest."""
    return any(part in schema for part in _AGENT_SCHEMAS)


def copilot_things(source: Source) -> Iterator[Fact]:
    """Yield the agents or the plug-in that a file of an app package defines."""
    if not source.name.endswith(".json"):
        return
    content = load_json_object(source)
    lines = Lines(source.data)
    if is_agent_schema(str(content.get("$schema", ""))):
        yield from _declarative(content, lines)
    elif "manifestVersion" in content:
        yield from _engine_agents(content, lines)
    else:
        yield from _plugin(content, lines)


def _declarative(content: dict[str, Any], lines: Lines) -> Iterator[Fact]:
    name, instructions = content.get("name"), content.get("instructions")
    if not isinstance(name, str) or not name.strip() or not isinstance(instructions, str):
        return
    attributes: dict[str, Json] = {"form": "declarative agent"}
    if actions := _items(content, "actions"):
        attributes["actions"] = len(actions)
    named = [item.get("name") for item in _items(content, "capabilities")]
    if capabilities := [short(item, 60) for item in named if isinstance(item, str)]:
        attributes["capabilities"] = list[Json](capabilities)
    yield _fact(lines, "agent", name, "name", attributes)


def _engine_agents(content: dict[str, Any], lines: Lines) -> Iterator[Fact]:
    agents = content.get("copilotAgents", content.get("copilotExtensions"))
    titles = content.get("name")
    title = titles.get("short") if isinstance(titles, dict) else None
    for agent in _items(agents if isinstance(agents, dict) else {}, "customEngineAgents"):
        if isinstance(agent.get("id"), str) and isinstance(title, str) and title.strip():
            yield _fact(lines, "agent", title, "customEngineAgents", {"form": "custom engine agent"})
            return


def _plugin(content: dict[str, Any], lines: Lines) -> Iterator[Fact]:
    name, version = content.get("name_for_human"), content.get("schema_version")
    if not isinstance(name, str) or not name.strip() or "name_for_model" in content:
        return
    functions, runtimes = _items(content, "functions"), _items(content, "runtimes")
    if str(version).startswith("v2") and (functions or runtimes):
        yield _fact(
            lines, "tool", name, "name_for_human", {"form": "API plug-in", "functions": len(functions)}
        )


def _items(table: dict[str, Any], key: str) -> list[dict[str, Any]]:
    value = table.get(key)
    return [item for item in value[:_MAX_ITEMS] if isinstance(item, dict)] if isinstance(value, list) else []


def _fact(lines: Lines, kind: str, name: str, key: str, attributes: dict[str, Json]) -> Fact:
    plain = short(name.strip())
    return Fact(
        kind=kind,
        provider="microsoft",
        identifier=plain,
        name=plain,
        grade=Grade.CONFIGURED,
        line=lines.of(key),
        attributes=attributes,
    )

"""Read exports of tools in which flows and agents are drawn: n8n, Dify, Flowise, Langflow, AutoGen Studio.

What Microsoft 365 Copilot is extended with is told by the same byte search (``copilot_agents``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from connectors.code.facts import Fact, Source
from connectors.code.formats.common import Lines, load_json, load_yaml, short
from connectors.code.formats.copilot_agents import copilot_things
from connectors.code.formats.model_ids import vendor_of
from connectors.model import Grade, Json

_N8N = "@n8n/n8n-nodes-langchain."
_DIFY_AGENTS = ("agent-chat", "chat", "completion")
_DIFY_FLOWS = ("workflow", "advanced-chat")
_MAX_NODES = 500


def parse(source: Source) -> Iterator[Fact]:
    """Yield the flow of an export with its agents and models; nothing for files that but mention it."""
    if not source.name.endswith((".json", ".yml", ".yaml")):
        return
    for name in dict.fromkeys(source.catalogue.flow_marks[hit.row].name for hit in source.hits):
        yield from _READERS[name](source)


def _n8n(source: Source) -> Iterator[Fact]:
    content: Any = load_json(source) if source.name.endswith(".json") else None
    for flow in content if isinstance(content, list) else [content]:
        nodes = [node for node in _list(flow, "nodes") if str(node.get("type", "")).startswith(_N8N)]
        if not nodes or not isinstance(flow.get("connections"), dict):
            continue
        lines = Lines(source.data)
        yield _fact(lines, "workflow", "n8n", flow.get("name"), form="n8n workflow", nodes=len(nodes))
        for node in nodes:
            kind = str(node["type"]).removeprefix(_N8N)
            if kind in ("agent", "agentTool"):
                yield _inner(source, lines, "n8n", node.get("name"), "n8n node")


def _dify(source: Source) -> Iterator[Fact]:
    if not source.name.endswith((".yml", ".yaml")):
        return
    documents = load_yaml(source)
    content = documents[0] if documents else None
    if not isinstance(content, dict) or content.get("kind") != "app":
        return
    app = content.get("app")
    mode = app.get("mode") if isinstance(app, dict) else None
    if not isinstance(app, dict) or mode not in (*_DIFY_AGENTS, *_DIFY_FLOWS):
        return
    lines = Lines(source.data)
    kind = "agent" if mode in _DIFY_AGENTS else "workflow"
    yield _fact(lines, kind, "dify", app.get("name"), form="Dify export", mode=mode)
    for model in dict.fromkeys(_dify_models(content)):
        yield Fact(
            kind="model",
            provider=vendor_of(source.catalogue, model) or "dify",
            identifier=model,
            name=model,
            grade=Grade.CONFIGURED,
            line=lines.of(model),
            model=model,
        )


def _dify_models(content: dict[str, Any]) -> Iterator[str]:
    """Yield the names of the models that the app and its nodes use."""
    workflow = content.get("workflow")
    graph = workflow.get("graph") if isinstance(workflow, dict) else None
    tables = [content.get("model_config"), *(node.get("data") for node in _list(graph, "nodes"))]
    for table in tables:
        model = table.get("model") if isinstance(table, dict) else None
        name = model.get("name") if isinstance(model, dict) else None
        if isinstance(name, str) and 0 < len(name) <= 150:
            yield name


def _flowise(source: Source) -> Iterator[Fact]:
    content = load_json(source) if source.name.endswith(".json") else None
    nodes = [node["data"] for node in _list(content, "nodes") if isinstance(node.get("data"), dict)]
    if nodes and all("category" in data and "inputAnchors" in data for data in nodes[:3]):
        yield _fact(Lines(source.data), "workflow", "flowise", "", form="Flowise export", nodes=len(nodes))


def _langflow(source: Source) -> Iterator[Fact]:
    content = load_json(source) if source.name.endswith(".json") else None
    data = content.get("data") if isinstance(content, dict) else None
    nodes = _list(data, "nodes")
    if isinstance(content, dict) and nodes and "last_tested_version" in content:
        name = content.get("name")
        yield _fact(
            Lines(source.data), "workflow", "langflow", name, form="Langflow export", nodes=len(nodes)
        )


def _autogen_studio(source: Source) -> Iterator[Fact]:
    content = load_json(source) if source.name.endswith(".json") else None
    if not isinstance(content, dict) or not isinstance(content.get("component_type"), str):
        return
    lines = Lines(source.data)
    stack: list[Any] = [content]
    for _ in range(_MAX_NODES):
        if not stack:
            return
        item = stack.pop()
        if isinstance(item, list):
            stack.extend(reversed(item))
        elif isinstance(item, dict):
            config = item.get("config")
            if item.get("component_type") == "agent" and isinstance(config, dict):
                yield _inner(source, lines, "microsoft", config.get("name"), "AutoGen Studio")
            elif isinstance(config, dict):
                stack.append(config.get("participants"))
                stack.append(config.get("agents"))


def _list(table: Any, key: str) -> list[dict[str, Any]]:
    value = table.get(key) if isinstance(table, dict) else None
    items = value[:_MAX_NODES] if isinstance(value, list) else []
    return [item for item in items if isinstance(item, dict)]


def _inner(source: Source, lines: Lines, provider: str, name: Any, form: str) -> Fact:
    """Return an agent within an export; names such as "AI Agent" are told apart by their file."""
    found = _fact(lines, "agent", provider, name, form=form)
    return replace(found, identifier=f"{source.name}:{found.name}" if found.name else "", is_local=True)


def _fact(lines: Lines, kind: str, provider: str, name: Any, **attributes: Json) -> Fact:
    """Return what an export is; its path is its identity, for names repeat."""
    plain = short(name) if isinstance(name, str) else ""
    return Fact(
        kind=kind,
        provider=provider,
        identifier="",
        name=plain,
        grade=Grade.CONFIGURED,
        line=(lines.of(str(name)) if plain else 0) or 1,
        attributes=attributes,
    )


_READERS: dict[str, Callable[[Source], Iterator[Fact]]] = {
    "n8n": _n8n,
    "dify": _dify,
    "flowise": _flowise,
    "langflow": _langflow,
    "autogen-studio": _autogen_studio,
    "m365": copilot_things,
}

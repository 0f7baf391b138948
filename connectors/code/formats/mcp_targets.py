"""Read the MCP servers that a gateway is configured to start or to reach: agentgateway's ``mcp: targets:``.

A target is called by its ``name`` and has one of ``stdio`` (a command), ``mcp``, ``sse`` or ``static`` (an
address) and ``openapi`` (an API whose operations become tools).

**Source:** examples/ of agentgateway/agentgateway and the page "MCP proxy" of its guides, read on 2026-11-22.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from connectors.code.facts import Fact, Source, tell_cut
from connectors.code.formats.common import Lines, load_json, load_yaml
from connectors.code.formats.mcp import server_fact

# A schema describes targets, and is a long file; a configuration lists them.
_LISTED = re.compile(
    rb"""\btargets["']?[ \t]*:(?:\s{0,40}\["""
    rb"""|[ \t]*(?:\#[^\n]{0,200})?\r?\n(?:[ \t]*\#[^\n]{0,300}\n){0,20}[ \t]*-[ \t])"""
)
_MAX_NODES = 20_000
_REMOTE = ("mcp", "sse", "static", "openapi")


def parse(source: Source) -> Iterator[Fact]:
    """Yield the servers behind a gateway, each once by its name and start."""
    is_json = source.name.endswith(".json")
    if not is_json and not source.name.endswith((".yaml", ".yml")):
        return
    if b"mcp" not in source.data or not _LISTED.search(source.data):
        return
    documents = [load_json(source)] if is_json else load_yaml(source)
    lines = Lines(source.data)
    seen: set[tuple[str, str]] = set()
    for target in _targets(documents):
        fact = _fact(source, target, lines)
        if fact is not None and (fact.name, str(fact.attributes)) not in seen:
            seen.add((fact.name, str(fact.attributes)))
            yield fact


def _targets(documents: list[Any]) -> Iterator[dict[str, Any]]:
    """Yield the targets below each ``mcp`` key, in the order of the file."""
    stack: list[tuple[str, Any]] = [("", document) for document in reversed(documents)]
    count = 0
    while stack and count <= _MAX_NODES:
        count += 1
        key, node = stack.pop()
        if isinstance(node, list):
            stack.extend(("", item) for item in reversed(node))
        elif isinstance(node, dict):
            targets = node.get("targets") if key == "mcp" else None
            for target in targets if isinstance(targets, list) else []:
                if isinstance(target, dict):
                    yield target
            stack.extend((str(name), value) for name, value in reversed(node.items()))
    tell_cut(count, _MAX_NODES, "nodes of a configuration")


def _fact(source: Source, target: dict[str, Any], lines: Lines) -> Fact | None:
    name = target.get("name")
    if not isinstance(name, str) or not name:
        return None
    started = target.get("stdio")
    if isinstance(started, dict) and isinstance(started.get("cmd"), str):
        return server_fact(source, name, started, lines.of("targets", name))
    for kind in _REMOTE:
        table = target.get(kind)
        host = table.get("host") if isinstance(table, dict) else None
        if isinstance(host, str) and host:
            url = host if "://" in host else f"http://{host}"
            server = {"url": url, "type": "sse" if kind == "sse" else "http"}
            fact = server_fact(source, name, server, lines.of("targets", name))
            form = {"form": "openapi"} if kind == "openapi" else {}
            return replace(fact, attributes={**fact.attributes, **form})
    return None

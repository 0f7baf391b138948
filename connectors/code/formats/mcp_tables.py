"""Read the MCP servers that an agent's configuration in YAML lists, whatever program reads it.

``mcp_servers:``, ``mcpServers:``, ``mcp:`` with ``servers:`` below, or ``servers:`` of which one starts a
package called after the protocol, at any depth: a file of its own, a section of a larger one, an object of
Kubernetes, or the text of a ConfigMap. What stands below the key is read by itself, so the rest of the file
may be a template. What tells nothing of how to start or to reach a server (a schema, a list of names, a
switch) is none.

**Source:** configurations of Hermes Agent and Foreman in joryirving/home-ops, of mcphost (contribute/conf)
and of openshift/lightspeed-service (eval), read on 2026-11-22.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from connectors.code.facts import Fact, Source, UnreadableError, tell_cut
from connectors.code.formats.common import Lines, entries, load_yaml
from connectors.code.formats.mcp import server_fact

_KEY = re.compile(
    rb"""([ \t]*(?:-[ \t]+)?)["']?(mcp_servers|mcpServers|mcp|servers)["']?:[ \t]*(?:#[^\n]*)?\r?$"""
)
# Servers of any kind stand below such a key: a list of MCP servers starts packages that are called so.
_STARTS_MCP = re.compile(rb"(?i)\bcommand[\"']?:[\s\S]{1,400}?(?:modelcontextprotocol|[-_/]mcp\b|\bmcp[-_])")
_ADDRESS = re.compile(r"https?://|wss?://|\$|\{\{")
_MAX_TABLES = 50
_MAX_BLOCK = 40_000
"""Size (bytes) of the lines read below one key; people's own lists of servers take a few thousand."""


def parse(source: Source) -> Iterator[Fact]:
    """Yield the servers below each key, each once by its name and start."""
    if not source.name.endswith((".yaml", ".yml")):
        return
    seen: set[tuple[str, str]] = set()
    longest = 0
    for hit in source.hits[:_MAX_TABLES]:
        start = source.data.rfind(b"\n", 0, hit.start) + 1
        end = source.data.find(b"\n", hit.start)
        found = _KEY.fullmatch(source.data[start:end]) if 0 <= end < start + 300 else None
        if found is None:
            continue
        block = _below(source.data[end + 1 : end + 2 + _MAX_BLOCK], len(found.group(1)))
        if found.group(2) == b"servers" and not _STARTS_MCP.search(block):
            continue
        longest = max(longest, len(block))
        above = source.data.count(b"\n", 0, end + 1)
        lines = Lines(block)
        for name, server in _servers(replace(source, data=block), is_section=found.group(2) == b"mcp"):
            fact = server_fact(source, name, server, above + lines.of(name))
            if (name, str(fact.attributes)) not in seen:
                seen.add((name, str(fact.attributes)))
                yield fact
    tell_cut(longest, _MAX_BLOCK, "bytes below a table of MCP servers")
    tell_cut(len(source.hits), _MAX_TABLES, "tables of MCP servers")


def _below(data: bytes, width: int) -> bytes:
    """Return the lines that belong to a key indented by ``width``: those further right and its items."""
    size = 0
    for line in data.splitlines(keepends=True):
        bare = line.lstrip(b" ")
        indent = len(line) - len(bare)
        if bare.strip() and not bare.startswith(b"#"):
            is_item = indent == width and bare.startswith(b"- ")
            if indent <= width and not is_item:
                break
        size += len(line)
    return data[:size]


def _servers(source: Source, *, is_section: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield servers by name, from a mapping or from a list of tables that each say their name."""
    try:
        documents = load_yaml(source)
    except UnreadableError:
        return  # a template, or cut by its size: the file is read by others
    table = documents[0] if documents else None
    if is_section:
        table = table.get("servers") if isinstance(table, dict) else None
    named = [
        (item["name"], item)
        for item in (table if isinstance(table, list) else [])
        if isinstance(item, dict) and isinstance(item.get("name"), str)
    ]
    for name, server in (*named, *entries(table)):
        if isinstance(server, dict) and name and _is_told(server):
            yield name, server


def _is_told(server: dict[str, Any]) -> bool:
    """Say whether a server is given a program to start, or an address to reach it at."""
    command = server.get("command")
    if isinstance(command, list):
        command = command[0] if command else None
    if isinstance(command, str) and command.strip():
        return True
    address = server.get("url")
    return isinstance(address, str) and _ADDRESS.match(address) is not None

"""Tell packages that are MCP servers themselves: they depend on an MCP SDK, declare a program, and say so.

A client depends on the same SDK: a name that says neither ``server`` nor that it is one in a registry only
adds to the server that the unit's code builds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from connectors.catalogue.tables import canonical
from connectors.code.facts import Fact, Source
from connectors.code.formats.common import (
    Lines,
    entries,
    load_json_object,
    load_toml,
    load_yaml,
    purl,
    short,
)
from connectors.code.formats.pyproject import requirement_texts
from connectors.model import Grade, Json
from connectors.patterns import compile_pattern


def parse_npm(source: Source) -> Iterator[Fact]:
    """Yield the MCP server that a package.json builds, if it does."""
    if b"mcp" not in source.data and b"modelcontextprotocol" not in source.data:
        return
    content = load_json_object(source)
    needed = {name for name, _ in entries(content.get("dependencies"))}
    is_program = bool(content.get("bin")) or isinstance(content.get("mcpName"), str)
    is_told = isinstance(content.get("mcpName"), str)
    yield from _fact(source, "npm", content.get("name"), needed, is_program=is_program, is_told=is_told)


def parse_pypi(source: Source) -> Iterator[Fact]:
    """Yield the MCP server that a pyproject.toml builds, if it does."""
    if b"mcp" not in source.data:
        return
    content = load_toml(source)
    project = content.get("project")
    project = project if isinstance(project, dict) else {}
    needed = {_name(text) for text, scope in requirement_texts(content) if scope == "runtime"}
    yield from _fact(source, "pypi", project.get("name"), needed, is_program=bool(project.get("scripts")))


def _name(text: str) -> str:
    found = re.match(r"[\w.-]+", text.strip())
    return canonical("pypi", found.group()) if found else ""


def _fact(
    source: Source,
    ecosystem: str,
    name: Any,
    needed: set[str],
    *,
    is_program: bool,
    is_told: bool = False,
) -> Iterator[Fact]:
    sdks = source.catalogue.sdks["pypi" if ecosystem == "pypi" else "npm"]
    if not isinstance(name, str) or not is_program or needed.isdisjoint(sdks):
        return
    if not compile_pattern(source.catalogue.name_pattern).search(name.lower()):
        return
    if compile_pattern(source.catalogue.not_name_pattern).search(name.lower()):
        return
    yield Fact(
        kind="mcp_server",
        provider="mcp",
        identifier=purl(ecosystem, name),
        name=name,
        grade=Grade.DECLARED,
        line=Lines(source.data).of("name", name),
        standing=is_told or "server" in name.lower(),
        attributes={"form": "package", "package": purl(ecosystem, name), "package_name": name},
    )


def parse_smithery(source: Source) -> Iterator[Fact]:
    """Yield the MCP server that a smithery.yaml puts on that host; the unit's code or package names it.

    How it is started is a function in JavaScript with keys of its users in it: only its kind is read.
    **Source:** Smithery's page "smithery.yaml Reference" (stored copy, 2026-11-22).
    """
    for content in load_yaml(source)[:1]:
        content = content if isinstance(content, dict) else {}
        start = content.get("startCommand")
        said = start.get("type") if isinstance(start, dict) else None
        runtime = content.get("runtime")
        if said not in ("stdio", "http") and runtime not in ("typescript", "container", "python"):
            return
        attributes: dict[str, Json] = {"form": "hosting", "transport": said if said == "stdio" else "http"}
        if isinstance(runtime, str):
            attributes["runtime"] = short(runtime, 40)
        yield Fact(
            kind="mcp_server",
            provider="mcp",
            identifier="",
            name="",
            grade=Grade.CONFIGURED,
            line=Lines(source.data).of("startCommand" if said else "runtime"),
            attributes=attributes,
        )

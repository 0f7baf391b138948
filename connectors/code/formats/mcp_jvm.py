"""Read MCP connections and servers from the settings of Spring AI and Quarkus (properties and YAML).

Only names leave: of a connection its name, program, package and host, and the names of its variables.

**Source:** "MCP Client Boot Starter" and "MCP Server Boot Starter" of Spring AI, the configuration reference
of quarkus-langchain4j's MCP client; both projects' repositories, read on 2026-11-22.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from connectors.catalogue.tables import canonical
from connectors.code.facts import Fact, Source
from connectors.code.formats.common import Lines, entries, load_yaml, purl
from connectors.code.formats.lines import text_lines
from connectors.code.formats.mcp import package_of
from connectors.model import Grade, Json

_MAX_SETTINGS = 20_000
_MAX_CONNECTIONS = 200
_PROFILE = re.compile(r"^%[\w,-]+\.")
_SPRING = re.compile(
    r"spring\.ai\.mcp\.client\.([\w-]+)\.connections\.(.+?)\.(command|url|args|env)(?:\b|$)(.*)"
)
_QUARKUS = re.compile(r"quarkus\.langchain4j\.mcp\.(.+?)\.(command|url|environment)(?:\b|$)(.*)")
_SERVER_NAMES = ("spring.ai.mcp.server.name", "quarkus.mcp.server.server-info.name")
_NAME = re.compile(r"[\w.-]{1,80}")
_PLACEHOLDER = re.compile(r"\$\{[^{}]*\}")


@dataclass(slots=True)
class _Connection:
    """What the settings say of one connection."""

    line: int
    command: list[str] = field(default_factory=list)
    arguments: list[str] = field(default_factory=list)
    url: str = ""
    environment: set[str] = field(default_factory=set)


def parse(source: Source) -> Iterator[Fact]:
    """Yield the MCP servers that the settings connect to, and the one that they name as their own."""
    if b"mcp" not in source.data:
        return
    connections: dict[str, _Connection] = {}
    for key, value, line in _settings(source):
        key = _PROFILE.sub("", key)
        if key in _SERVER_NAMES and _NAME.fullmatch(value):
            yield _named_server(value, line())
        found = _SPRING.fullmatch(key)
        if found:
            name, what, rest = found.group(2), found.group(3), found.group(4)
        else:
            found = _QUARKUS.fullmatch(key)
            name, what, rest = found.groups() if found else ("", "", "")
        name = name.strip("\"'[]")
        if _NAME.fullmatch(name) and (name in connections or len(connections) < _MAX_CONNECTIONS):
            if name not in connections:
                connections[name] = _Connection(line())
            _note(connections[name], what, rest, value)
    for name, connection in connections.items():
        if connection.command or connection.url:
            yield _fact(source, name, connection)


def _note(connection: _Connection, what: str, rest: str, value: str) -> None:
    words = [word.strip() for word in value.split(",") if word.strip()]
    if what == "command":
        connection.command += words
    elif what == "args":
        connection.arguments += words
    elif what == "url":
        connection.url = value
    elif _NAME.fullmatch(rest.strip(".\"'[]")):
        connection.environment.add(rest.strip(".\"'[]"))


def _fact(source: Source, name: str, connection: _Connection) -> Fact:
    command = [*connection.command, *connection.arguments]
    ecosystem, package = package_of(source, command)
    package = package if package and package[-1].isalnum() else ""
    row = source.catalogue.packages.get(ecosystem, {}).get(canonical(ecosystem, package)) if package else None
    attributes: dict[str, Json] = {
        "transport": "stdio" if command else "http",
        "program": command[0].replace("\\", "/").rpartition("/")[2][:80] if command else None,
        "package": purl(ecosystem, package) if package and ecosystem else None,
        "package_name": (package if ecosystem else None) or None,
        "host": _host(connection.url),
        "environment": list[Json](sorted(connection.environment)),
    }
    return Fact(
        kind="mcp_server",
        provider=row.vendor if row else "mcp",
        identifier=name,
        name=name,
        grade=Grade.CONFIGURED,
        line=connection.line,
        attributes={key: value for key, value in attributes.items() if value not in (None, "", [])},
    )


def _named_server(name: str, line: int) -> Fact:
    return Fact(
        kind="mcp_server",
        provider="mcp",
        identifier=name,
        name=name,
        grade=Grade.CONFIGURED,
        line=line,
        attributes={"form": "settings"},
    )


def _host(url: str) -> str | None:
    try:
        return urlsplit(_PLACEHOLDER.sub("", url)).hostname
    except ValueError:
        return None


def _settings(source: Source) -> Iterator[tuple[str, str, Callable[[], int]]]:
    """Yield the settings of a file: the dotted key, the value as text, and what finds the line."""
    if source.name.endswith(".properties"):
        yield from _properties(source.lenient_text())
        return
    lines = Lines(source.data)
    for document in load_yaml(source):
        for number, (path, value) in enumerate(_flat(document)):
            if number >= _MAX_SETTINGS:
                return
            if "mcp" in path:
                yield ".".join(path), value, partial(lines.of, *path[-3:])


def _properties(text: str) -> Iterator[tuple[str, str, Callable[[], int]]]:
    for number, line in enumerate(text_lines(text), 1):
        key, equals, value = line.strip().partition("=")
        if not equals:
            key, equals, value = line.strip().partition(":")
        if equals and key[:1] not in "#!" and "mcp" in key:
            yield re.sub(r"\[\d+\]$", "", key.strip()), value.strip(), partial(int, number)


def _flat(document: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the values of a document with their paths, in its order; a list's items under its own path."""
    stack: list[tuple[tuple[str, ...], Any]] = [((), document)]
    while stack:
        path, value = stack.pop()
        if isinstance(value, dict) and len(path) < 30:
            children = [((*path, *key.split(".")), item) for key, item in entries(value)]
            stack += reversed(children)
        elif isinstance(value, list):
            stack += [(path, item) for item in reversed(value) if not isinstance(item, dict | list)]
        elif value is not None:
            yield path, str(value)

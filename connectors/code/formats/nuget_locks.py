"""Read packages.lock.json, project.assets.json and paket.lock.

**Source:** "Enabling the lock file" of the NuGet documentation; Paket, "The paket.lock file". Both from
general knowledge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from connectors.code.facts import Fact, Source
from connectors.code.formats.common import (
    Lines,
    entries,
    load_json_object,
    package_fact,
    refuse_conflicts,
    short,
)
from connectors.code.formats.lines import text_lines

_PAKET_LINE = re.compile(r"^ {4}([A-Za-z][\w.-]{0,120}) \(([^)\s]{1,60})\)")


def parse(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages of a packages.lock.json, each once whatever the target frameworks."""
    refuse_conflicts(source)
    lines = Lines(source.data)
    seen: set[str] = set()
    for _, packages in entries(load_json_object(source).get("dependencies")):
        for name, value in entries(packages):
            if name in seen or not isinstance(value, dict) or value.get("type") == "Project":
                continue
            seen.add(name)
            requested, resolved = value.get("requested"), value.get("resolved")
            yield from package_fact(
                source,
                "nuget",
                name,
                line=partial(lines.of_entry, name),
                declared=short(requested) if isinstance(requested, str) else None,
                locked=short(resolved) if isinstance(resolved, str) else None,
                direct=value.get("type") == "Direct",
            )


def parse_assets(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages of a project.assets.json."""
    content = load_json_object(source)
    lines = Lines(source.data)
    direct = {
        name
        for _, framework in entries(_table(content.get("project")).get("frameworks"))
        for name, _ in entries(_table(framework).get("dependencies"))
    }
    for place, value in entries(content.get("libraries")):
        name, _, version = place.partition("/")
        if isinstance(value, dict) and value.get("type") == "package":
            yield from package_fact(
                source,
                "nuget",
                name,
                line=partial(lines.of, place),
                locked=short(version),
                direct=name in direct,
            )


def _table(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def parse_paket(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages of a paket.lock."""
    refuse_conflicts(source)
    for number, line in enumerate(text_lines(source.text()), 1):
        found = _PAKET_LINE.match(line)
        if found:
            yield from package_fact(
                source, "nuget", found.group(1), line=number, locked=found.group(2), direct=False
            )

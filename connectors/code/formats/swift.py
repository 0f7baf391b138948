"""Read Swift packages: Package.swift, Package.resolved (versions 1 to 3) and Xcode projects.

A Swift package is named by the address of its repository, without scheme, user and ``.git``.
**Source:** the Swift Package Manager's documentation of Package.swift and Package.resolved, general
knowledge, 2026-11-22.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from connectors.code.facts import Fact, Source
from connectors.code.formats.common import (
    Lines,
    load_json_object,
    package_fact,
    refuse_conflicts,
    short,
)
from connectors.code.formats.lines import LineCounter

# ``.package(url: "…", from: "1.0.0")``, with an optional name before; Tuist's ``.remote(url:`` is the same.
_PACKAGE = re.compile(
    r'\.(?:package|remote)\(\s*(?:name:\s*"[^"\n]*"\s*,\s*)?url:\s*"([^"\n]{1,500})"\s*,?([^\n]{0,200})'
)
_VERSION = re.compile(r'"([^"\n]*)"')
_REFERENCE = re.compile(r'repositoryURL = "([^"\n]{1,500})";\s*requirement = \{([^}]{0,500})\}')
_KEY = re.compile(r'(\w+) = "?([^";\n]*)"?;')


def parse(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages that a Package.swift depends on."""
    text = source.text()
    lines = LineCounter(text)
    for found in _PACKAGE.finditer(text):
        url, rest = found.groups()
        start = text.rfind("\n", 0, found.start()) + 1
        if text[start : found.start()].lstrip().startswith("//"):
            continue
        # Either ``from: "1.0"``, ``"1.0"..<"2.0"``, ``exact: "1.0"``, or a branch or revision.
        versions = _VERSION.findall(rest.split(".package(")[0])
        yield from _fact(source, url, lines.at(found.start()), " ".join(versions[:2]))


def parse_project(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages that an Xcode project (project.pbxproj) refers to."""
    text = source.text()
    lines = LineCounter(text)
    for found in _REFERENCE.finditer(text):
        keys = dict(_KEY.findall(found.group(2)))
        declared = next((keys[key] for key in _REQUIREMENTS if keys.get(key)), "")
        yield from _fact(source, found.group(1), lines.at(found.start()), declared)


_REQUIREMENTS = ("minimumVersion", "version", "branch", "revision")


def _fact(source: Source, url: str, line: int, declared: str) -> Iterator[Fact]:
    yield from package_fact(
        source,
        "swift",
        package_of(url),
        line=line,
        declared=short(declared),
        scope="runtime",
        direct=True,
    )


def parse_resolved(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages of a Package.resolved; it does not say which are direct."""
    refuse_conflicts(source)
    content = load_json_object(source)
    holder = content.get("object")
    pins = (holder if isinstance(holder, dict) else content).get("pins")
    lines = Lines(source.data)
    for pin in pins if isinstance(pins, list) else ():
        url = (pin.get("location") or pin.get("repositoryURL")) if isinstance(pin, dict) else None
        if isinstance(url, str):
            line = lines.of(url) or lines.of(url.replace("/", "\\/"))
            yield from package_fact(
                source, "swift", package_of(url), line=line, locked=_locked(pin), direct=False
            )


def _locked(pin: dict[str, Any]) -> str | None:
    state = pin.get("state")
    state = state if isinstance(state, dict) else {}
    for key in ("version", "branch", "revision"):
        if isinstance(state.get(key), str):
            return str(state[key])[:100]
    return None


def package_of(url: str) -> str:
    """Return the name of the package at a repository's address: host and path, nothing else of it."""
    text = re.sub(r"^[a-z+]+://", "", url.strip())
    text = text.rpartition("@")[2] if "@" in text.partition("/")[0] else text
    host, _, path = text.replace(":", "/", 1).partition("/")
    return f"{host}/{path.strip('/').removesuffix('.git')}".lower()

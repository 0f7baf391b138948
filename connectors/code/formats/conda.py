"""Read conda's environments (environment.yml), conda-lock.yml, pixi.toml and pixi.lock.

A conda package is no package of PyPI. The catalogue (``conda.toml``) says which conda names stand for a
catalogued PyPI package; all others are left alone. Below ``pip:`` stand requirements of PyPI itself.
**Source:** conda's documentation "Managing environments", conda-lock's and pixi's manifests, general
knowledge, 2026-11-22.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from connectors.code.facts import Fact, Source, UnreadableError
from connectors.code.formats.common import (
    Lines,
    entries,
    load_toml,
    load_yaml,
    package_fact,
    refuse_conflicts,
    short,
)
from connectors.code.formats.lines import text_lines
from connectors.code.formats.requirements import from_pep508

_SPEC = re.compile(r"(?:[^\s:\[\]]+::)?([A-Za-z0-9_.-]+?)\s*(?:\[([^\]]*)\])?\s*([=<>!~ ].*)?")
_PIXI_TABLES = {"dependencies": "runtime", "host-dependencies": "runtime", "build-dependencies": "dev"}


def parse(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages of a conda environment, and those of its ``pip:`` list."""
    if b"dependencies:" not in source.data:
        return  # the names are common ones; another tool's environment is no problem of ours
    lines = Lines(source.data)
    for document in load_yaml(source):
        listed = document.get("dependencies") if isinstance(document, dict) else None
        for item in listed if isinstance(listed, list) else ():
            if isinstance(item, str):
                yield from spec(source, item, line=partial(lines.of_requirement, item))
            elif isinstance(item, dict):
                requirements = item.get("pip")
                for text in requirements if isinstance(requirements, list) else ():
                    if isinstance(text, str):
                        line = partial(lines.of_requirement, text)
                        yield from from_pep508(source, text, line=line, scope="runtime")


def spec(source: Source, text: str, *, line: int | Callable[[], int]) -> Iterator[Fact]:
    """Yield the package that a conda match specification (``channel::name>=1``) names, if catalogued."""
    found = _SPEC.fullmatch(text.strip())
    if found:
        name, inside, rest = found.groups()
        declared = short((rest or inside or "").strip())
        yield from conda_fact(source, name, line=line, declared=declared, scope="runtime", direct=True)


def conda_fact(
    source: Source, name: str, *, line: int | Callable[[], int], **attributes: Any
) -> Iterator[Fact]:
    """Yield the fact of the PyPI package that a conda name stands for."""
    lower = name.lower()
    known = source.catalogue.conda.get(lower) or (lower if lower in source.catalogue.conda_same else None)
    if known:
        yield from package_fact(source, "pypi", known, line=line, installer="conda", **attributes)


def parse_lock(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages of a conda-lock.yml; it does not say which are direct.

    Its writer puts one key on a line, so it is read by lines: a YAML parser takes seconds for a large one.
    """
    refuse_conflicts(source)
    text = source.text()
    if text.strip() and not re.search(r"(?m)^package:", text):
        raise UnreadableError("not a conda-lock: it has no packages")
    seen: set[tuple[str, str]] = set()
    for line, entry in _entries(text):
        name, manager = entry["name"], entry.get("manager", "")
        if (name, manager) in seen:  # once for each platform
            continue
        seen.add((name, manager))
        make = partial(package_fact, source, "pypi") if manager == "pip" else partial(conda_fact, source)
        yield from make(
            name,
            line=line,
            locked=entry.get("version"),
            scope="dev" if entry.get("category") == "dev" else "runtime",
            direct=False,
        )


def _entries(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the keys of each entry of the lock's list, with the line on which it begins."""
    entry: dict[str, str] = {}
    started, indent = 0, ""
    for number, line in enumerate(text_lines(text), 1):
        if begins := _ENTRY.match(line):
            if entry:
                yield started, entry
            indent, started = begins.group(1) + "  ", number
            entry = {"name": begins.group(2)}
        elif entry and line.startswith(indent) and (key := _KEY.match(line, len(indent))):
            entry.setdefault(key.group(1), key.group(2))
    if entry:
        yield started, entry


_ENTRY = re.compile(r"""(\s*)- name: ['"]?([\w.-]+)['"]?\s*$""")
_KEY = re.compile(r"""(version|manager|category): ['"]?([^'"\s]+)['"]?\s*$""")


def parse_pixi(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages that a pixi.toml declares, of conda and of PyPI."""
    lines = Lines(source.data)
    for holder, scope in _holders(load_toml(source)):
        for table, otherwise in _PIXI_TABLES.items():
            for name, value in entries(holder.get(table)):
                line = partial(lines.of, table, name)
                declared = _range(value)
                yield from conda_fact(
                    source, name, line=line, declared=declared, scope=scope or otherwise, direct=True
                )
        for name, value in entries(holder.get("pypi-dependencies")):
            if isinstance(value, dict) and "path" in value:
                continue  # a package of the same tree
            yield from package_fact(
                source,
                "pypi",
                name,
                line=partial(lines.of, "pypi-dependencies", name),
                declared=_range(value),
                scope=scope or "runtime",
                direct=True,
            )


def _holders(content: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield every table that may hold dependencies, with the scope of its feature (none: by table)."""
    yield from ((table, "") for table in _with_targets(content))
    for name, feature in entries(content.get("feature")):
        if isinstance(feature, dict):
            scope = name if name in ("dev", "test") else "optional"
            yield from ((table, scope) for table in _with_targets(feature))


def _with_targets(table: dict[str, Any]) -> list[dict[str, Any]]:
    return [table, *(value for _, value in entries(table.get("target")) if isinstance(value, dict))]


def _range(value: Any) -> str | None:
    if isinstance(value, dict):
        if "git" in value or "url" in value:
            return "from a URL"
        value = value.get("version")
    return short(value) if isinstance(value, str) else None


def parse_pixi_lock(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages of a pixi.lock; it does not say which are direct.

    Read by lines as a conda-lock is. Of a conda package newer versions write only the address of its file,
    ``name-version-build``; older ones its name and version, as all do of PyPI's.
    """
    refuse_conflicts(source)
    start = _PACKAGES.search(source.data)
    if source.data.strip() and start is None:
        raise UnreadableError("not a pixi.lock: it has no packages")
    first = source.data.count(b"\n", 0, start.end()) if start else 0
    text = source.data[start.end() :].decode("utf-8", "replace") if start else ""
    seen: set[tuple[str, str, str]] = set()
    for line, manager, entry in _pixi_entries(text):
        name, version = entry.get("name", ""), entry.get("version", "")
        built = _BUILT.search(entry["at"]) if manager == "conda" and not name else None
        if built:
            name, version = built.groups()
        if not name or (manager, name, version) in seen:  # once for each platform
            continue
        seen.add((manager, name, version))
        make = partial(package_fact, source, "pypi") if manager == "pypi" else partial(conda_fact, source)
        yield from make(name, line=first + line, locked=version, scope="runtime", direct=False)


def _pixi_entries(text: str) -> Iterator[tuple[int, str, dict[str, str]]]:
    """Yield of each entry that is no own package the line, ``conda`` or ``pypi``, and keys."""
    entry: dict[str, str] = {}
    manager, started = "", 0
    for number, line in enumerate(text_lines(text), 1):
        if begins := _PIXI_ENTRY.match(line):
            if manager:
                yield started, manager, entry
            kind, value = begins.groups()
            manager, started = (value, number) if kind == "kind" else (kind, number)
            manager = manager if manager in ("conda", "pypi") and not value.startswith((".", "/")) else ""
            entry = {"at": value}
        elif key := _PIXI_KEY.match(line):
            entry.setdefault(key.group(1), key.group(2))
    if manager:
        yield started, manager, entry


_PACKAGES = re.compile(rb"(?m)^packages:[ \t]*$")
_PIXI_ENTRY = re.compile(r"""- (conda|pypi|kind): ['"]?([^\s'"]+)""")
_PIXI_KEY = re.compile(r"""  (name|version): ['"]?([^\s'"]+)['"]?\s*$""")
_BUILT = re.compile(r"/([A-Za-z0-9_.-]+)-([^-/]+)-[^-/]+\.(?:conda|tar\.bz2)$")

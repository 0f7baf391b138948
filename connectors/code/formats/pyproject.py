"""Read pyproject.toml: PEP 621, PEP 735 groups, Poetry, PDM, uv and Hatch environments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from connectors.catalogue.tables import canonical
from connectors.code.facts import Fact, Source
from connectors.code.formats.common import Lines, entries, load_toml, package_fact, short
from connectors.code.formats.requirements import from_pep508, scope_of


def parse(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages that a pyproject file declares."""
    content = load_toml(source)
    lines = Lines(source.data)
    local = set(_local_names(content))
    for text, scope in requirement_texts(content):
        if local and _name(text) in local:
            continue  # a package of the same tree, not the registry's
        yield from from_pep508(source, text, line=partial(lines.of_requirement, text), scope=scope)
    for name, value, scope in _poetry(content):
        yield from _poetry_fact(source, lines, name, value, scope)


def _local_names(content: dict[str, Any]) -> Iterator[str]:
    """Yield the names that uv takes from a folder or from the workspace instead of the registry."""
    uv = _table(_table(content, "tool"), "uv")
    for name, value in entries(uv.get("sources")):
        sources = value if isinstance(value, list) else [value]
        if any(isinstance(one, dict) and ("path" in one or one.get("workspace") is True) for one in sources):
            yield canonical("pypi", name)


def _name(text: str) -> str:
    found = re.match(r"\s*([\w.-]+)", text)
    return canonical("pypi", found.group(1)) if found else ""


def requirement_texts(content: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield PEP 508 texts with their scope, in the order of the standards."""
    project = _table(content, "project")
    yield from _texts(project.get("dependencies"), "runtime")
    for group, texts in entries(project.get("optional-dependencies")):
        yield from _texts(texts, _group_scope(group, "optional"))
    for group, texts in entries(content.get("dependency-groups")):
        yield from _texts(texts, _group_scope(group, "dev"))
    tool = _table(content, "tool")
    for group, texts in entries(_table(tool, "pdm").get("dev-dependencies")):
        yield from _texts(texts, _group_scope(group, "dev"))
    yield from _texts(_table(tool, "uv").get("dev-dependencies"), "dev")
    for name, environment in entries(_table(tool, "hatch").get("envs")):
        if isinstance(environment, dict):
            for key in ("dependencies", "extra-dependencies"):
                yield from _texts(environment.get(key), _group_scope(name, "dev"))


def _poetry(content: dict[str, Any]) -> Iterator[tuple[str, Any, str]]:
    poetry = _table(_table(content, "tool"), "poetry")
    for name, value in entries(poetry.get("dependencies")):
        optional = isinstance(value, dict) and value.get("optional") is True
        yield name, value, "optional" if optional else "runtime"
    for name, value in entries(poetry.get("dev-dependencies")):
        yield name, value, "dev"
    for group, table in entries(poetry.get("group")):
        for name, value in entries(table.get("dependencies") if isinstance(table, dict) else None):
            yield name, value, _group_scope(group, "dev")


def _poetry_fact(source: Source, lines: Lines, name: str, value: Any, scope: str) -> Iterator[Fact]:
    first = value[0] if isinstance(value, list) and value else value
    table = first if isinstance(first, dict) else {}
    declared = table.get("version") if table else first
    if "path" in table:
        return  # a package of the same tree, not the registry's
    if any(key in table for key in ("git", "url")):
        declared = "from a URL"
    yield from package_fact(
        source,
        "pypi",
        name,
        line=lambda: lines.of("dependencies", name) or lines.of(name),
        declared=short(declared) if isinstance(declared, str) else None,
        scope=scope,
        direct=True,
    )


def _group_scope(group: str, otherwise: str) -> str:
    named = scope_of(group.lower())
    return named if named != "runtime" else otherwise


def _texts(value: Any, scope: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for text in value:
            if isinstance(text, str):
                yield text, scope


def _table(content: dict[str, Any], key: str) -> dict[str, Any]:
    value = content.get(key)
    return value if isinstance(value, dict) else {}

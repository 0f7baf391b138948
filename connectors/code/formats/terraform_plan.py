"""Read Terraform plans (``terraform show -json``) and states: what will be, or is, deployed.

Only files in the known form are read. Of a resource's values, which hold secrets, only the catalogued
arguments are taken.

Source: the JSON output format and state format of Terraform's documentation (general knowledge, 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connectors.code.facts import Fact, Source
from connectors.code.formats.common import Lines, load_json_object
from connectors.code.formats.terraform import Named, literals, resource
from connectors.model import Grade

_MAX_MODULES = 1_000


def parse(source: Source) -> Iterator[Fact]:
    """Yield the catalogued resources of a plan or state; nothing for any other JSON."""
    data = source.data
    if b'"format_version"' in data and (b'"planned_values"' in data or b'"resource_changes"' in data):
        content = load_json_object(source)
        yield from _plan(source, content)
    elif b'"terraform_version"' in data and b'"lineage"' in data:
        yield from _state(source, load_json_object(source))


def _plan(source: Source, content: dict[str, Any]) -> Iterator[Fact]:
    lines = Lines(source.data)
    seen: set[str] = set()
    planned = content.get("planned_values")
    rows = [*_planned(planned.get("root_module") if isinstance(planned, dict) else None)]
    rows += [(row, _after(row)) for row in _list(content.get("resource_changes"))]
    for row, values in rows:
        found = _named(row)
        if found is None or found.address in seen or not isinstance(values, dict):
            continue
        seen.add(found.address)
        line = lines.of(found.type, found.name)
        yield from resource(source, found, literals(values), {}, line, Grade.CONFIGURED)


def _state(source: Source, content: dict[str, Any]) -> Iterator[Fact]:
    lines = Lines(source.data)
    for row in _list(content.get("resources")):
        found = _named(row)
        instances = _list(row.get("instances"))
        if found is None or not instances:
            continue
        attributes = instances[0].get("attributes")
        values = literals(attributes) if isinstance(attributes, dict) else {}
        yield from resource(source, found, values, {}, lines.of(found.type, found.name), Grade.DEPLOYED)


def _planned(root: Any) -> Iterator[tuple[dict[str, Any], Any]]:
    """Yield the resources of a module and those below it."""
    stack = [root]
    for _ in range(_MAX_MODULES):
        if not stack:
            return
        module = stack.pop()
        if isinstance(module, dict):
            yield from ((row, row.get("values")) for row in _list(module.get("resources")))
            stack += _list(module.get("child_modules"))


def _after(row: dict[str, Any]) -> Any:
    change = row.get("change")
    return change.get("after") if isinstance(change, dict) else None


def _named(row: dict[str, Any]) -> Named | None:
    kind, name = row.get("type"), row.get("name")
    if not isinstance(kind, str) or not isinstance(name, str):
        return None
    return Named(kind, name, "data." if row.get("mode") == "data" else "")


def _list(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []

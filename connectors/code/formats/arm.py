"""Read the resources of ARM templates (JSON), nested templates and child resources included.

A resource is an object with ``type`` and ``apiVersion`` under ``resources``; policies and exports that only
name a type declare nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from connectors.code.facts import Fact, Source
from connectors.code.formats.common import entries, load_json, short
from connectors.model import Grade, Json

_REFERENCE = re.compile(r"^\[(parameters|variables)\('([^'\]]+)'\)\]$")
_MAX_RESOURCES = 5_000


def parse(source: Source) -> Iterator[Fact]:
    """Yield a fact for each resource of a catalogued type."""
    if not source.name.endswith((".json", ".jsonc", ".template")):
        return
    if b"apiVersion" not in source.data:
        return
    lines = _TypeLines(source.data)
    for full_type, resource, values in _resources(load_json(source)):
        row = source.catalogue.arm_types.get(full_type.lower())
        line = lines.next(str(resource.get("type")))
        if row is None:
            continue
        arguments = {
            key: _literal(value, values) for key, value in resource.items() if isinstance(value, str)
        }
        if row.needs and arguments.get(row.needs.argument, "").upper() not in row.needs.values:
            continue
        name = arguments.get("name", "")
        # An expression is no name, but tells one resource from another and stays when lines move.
        told_by = short(resource.get("name", ""))
        kept: dict[str, Json] = {
            key: short(arguments[key])
            for key in source.catalogue.kept_arguments
            if key != "type" and arguments.get(key)
        }
        model = _model(resource, values) if row.kind == "model_endpoint" else ""
        yield Fact(
            kind=row.kind,
            provider=row.provider,
            identifier=f"{source.name}:{row.type}:{told_by}",
            is_local=True,
            name=f"{row.type}/{name}" if name else row.type,
            grade=Grade.DECLARED,
            line=line,
            model=short(model) if model else None,
            attributes={"resource_type": row.type, **kept},
        )


def _resources(content: Any) -> Iterator[tuple[str, dict[str, Any], Mapping[str, str]]]:
    """Yield full type, resource and the literal parameters in force, in the order of the file."""
    stack: list[tuple[Any, str, Mapping[str, str]]] = [(content, "", {})]
    count = 0
    while stack and count < _MAX_RESOURCES:
        value, parent, values = stack.pop()
        if not isinstance(value, dict):
            continue
        own_type = value.get("type")
        full_type = ""
        if isinstance(own_type, str) and isinstance(value.get("apiVersion"), str):
            full_type = own_type if "." in own_type.partition("/")[0] else f"{parent}/{own_type}".lstrip("/")
            count += 1
            yield full_type, value, values
        values = {**values, **_values(value)} if "resources" in value else values
        properties = value.get("properties")
        template = properties.get("template") if isinstance(properties, dict) else None
        inner = value.get("resources")
        children = (
            list(inner.values()) if isinstance(inner, dict) else inner if isinstance(inner, list) else []
        )
        stack += [(child, full_type or parent, values) for child in reversed([*children, template])]


def _values(template: dict[str, Any]) -> dict[str, str]:
    """Return the literal texts of a template's variables and parameter defaults."""
    known: dict[str, str] = {}
    for name, value in entries(template.get("variables")):
        if isinstance(value, str):
            known[f"variables/{name}"] = value
    for name, value in entries(template.get("parameters")):
        default = value.get("defaultValue") if isinstance(value, dict) else None
        if isinstance(default, str):
            known[f"parameters/{name}"] = default
    return known


def _literal(text: str, values: Mapping[str, str]) -> str:
    """Return a literal text, or what the parameter it names is by default; empty for any other expression."""
    found = _REFERENCE.match(text)
    if found:
        text = values.get("/".join(found.groups()), "")
    return "" if text.startswith("[") else text


def _model(resource: dict[str, Any], values: Mapping[str, str]) -> str:
    properties = resource.get("properties")
    model = properties.get("model") if isinstance(properties, dict) else None
    name = model.get("name") if isinstance(model, dict) else None
    return _literal(name, values) if isinstance(name, str) else ""


class _TypeLines:
    """Hand out the lines of ``"type": "..."`` one after the other for each type."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._places: dict[str, int] = {}

    def next(self, type_name: str) -> int:
        """Return the line (from 1) of the next place of this type; 0 when there is none."""
        wanted = re.compile(rb'"type"\s*:\s*"%s"' % re.escape(type_name.encode("utf-8", "replace")))
        found = wanted.search(self._data, self._places.get(type_name, 0))
        if found is None:
            return 0
        self._places[type_name] = found.end()
        return self._data.count(b"\n", 0, found.start()) + 1

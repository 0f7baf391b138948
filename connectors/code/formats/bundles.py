"""Read Databricks bundles: the AI resources they declare, and the Python packages that their jobs bring in.

A bundle is ``databricks.yml`` and whatever files it includes, so a file is known by its form: ``resources:``
at the top (or in a target), below it the kinds of resources, below these the resources by key.

**Source:** Databricks' "Declarative Automation Bundles resources" and the public bundle examples, read on
2026-11-22.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from connectors.catalogue.infra_rows import ResourceType
from connectors.code.facts import Fact, Source
from connectors.code.formats.common import Lines, entries, load_yaml, short
from connectors.code.formats.requirements import from_pep508
from connectors.model import Grade

_FORM = re.compile(rb"(?m)^(?:resources|targets)[ \t]*:")
_CALLED = ("name", "title", "display_name", "file_path", "endpoint_name")
"""What a resource of a bundle says of itself; one of them is there."""
_PLAIN = re.compile(r"[\w./:@-]{2,150}")
_GENERAL = (
    "app",
    "main",
    "this",
    "default",
    "endpoint",
    "experiment",
    "job",
    "pipeline",
    "model",
    "resource",
)
_INSERTED = re.compile(r"\$\{[^{}]*\}")
_MAX_TASKS = 500


def parse(source: Source) -> Iterator[Fact]:
    """Yield a fact for each resource of a catalogued type that the file declares."""
    if not _may_be_one(source):
        return
    rows = {row.type: row for row in source.catalogue.bundle}
    lines = Lines(source.data)
    for resources in _resources(source):
        for kind, table in entries(resources):
            row = rows.get(kind)
            for key, body in entries(table) if row else ():
                if row and isinstance(body, dict) and _is_declared(row, body):
                    yield _fact(row, key, body, lines.of(kind, key))


def parse_environments(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages that jobs and pipelines of a bundle install before they run."""
    if not _may_be_one(source):
        return
    lines = Lines(source.data)
    for resources in _resources(source):
        for kind in ("jobs", "pipelines"):
            for _, body in entries(resources.get(kind)):
                for text in _requirements(body) if isinstance(body, dict) else ():
                    line = partial(lines.of_requirement, text)
                    yield from from_pep508(source, text, line=line, scope="runtime")


def _may_be_one(source: Source) -> bool:
    return source.name.endswith((".yml", ".yaml")) and _FORM.search(source.data) is not None


def _resources(source: Source) -> Iterator[dict[str, Any]]:
    """Yield the tables of resources: the bundle's own, and what its targets add to them."""
    for document in load_yaml(source):
        content = document if isinstance(document, dict) else {}
        places = [content, *(target for _, target in entries(content.get("targets")))]
        for place in places:
            resources = place.get("resources") if isinstance(place, dict) else None
            if isinstance(resources, dict):
                yield resources


def _is_declared(row: ResourceType, body: dict[str, Any]) -> bool:
    """Say whether a resource is one, and has the things that its type must have to be about AI."""
    if not any(isinstance(body.get(key), str) for key in _CALLED):
        return False
    if row.needs is None:
        return True
    things = body.get(row.needs.argument)
    used = {
        key.upper() for thing in (things if isinstance(things, list) else ()) for key, _ in entries(thing)
    }
    return bool(used & set(row.needs.values))


def _fact(row: ResourceType, key: str, body: dict[str, Any], line: int) -> Fact:
    return Fact(
        kind=row.kind,
        provider=row.provider,
        identifier=f"{row.type}/{key}",
        is_local=True,
        name=f"{row.type}/{short(_name(row, key, body))}",
        grade=Grade.DECLARED,
        line=line,
        model=_served(body),
        attributes={"resource_type": row.type},
    )


def _name(row: ResourceType, key: str, body: dict[str, Any]) -> str:
    """Return the key of a resource; where that says no more than its type, the name that it is given."""
    if key.lower().replace("_", "").removeprefix("my") not in (*_GENERAL, row.type.removesuffix("s")):
        return key
    given = next((body[field] for field in _CALLED if isinstance(body.get(field), str)), "")
    name = _INSERTED.sub("*", given.rpartition("/")[2])
    return name if _PLAIN.fullmatch(name.replace("*", "")) else key


def _served(body: dict[str, Any]) -> str | None:
    """Return the model that an endpoint serves, where the file says it plainly."""
    config = body.get("config")
    served = config.get("served_entities") if isinstance(config, dict) else None
    for entity in served[:20] if isinstance(served, list) else ():
        if isinstance(entity, dict):
            outside = entity.get("external_model")
            name = outside.get("name") if isinstance(outside, dict) else entity.get("entity_name")
            if isinstance(name, str) and _PLAIN.fullmatch(name):
                return name
    return None


def _requirements(body: dict[str, Any]) -> Iterator[str]:
    environments = [item.get("spec") for item in _tables(body.get("environments"))]
    for spec in (*environments, body.get("environment")):
        listed = spec.get("dependencies") if isinstance(spec, dict) else None
        yield from (text for text in (listed if isinstance(listed, list) else ()) if isinstance(text, str))
    for task in _tables(body.get("tasks"))[:_MAX_TASKS]:
        inner = task.get("for_each_task")
        repeated = inner.get("task") if isinstance(inner, dict) else None
        for one in (task, repeated):
            for library in _tables(one.get("libraries")) if isinstance(one, dict) else ():
                package = library.get("pypi")
                text = package.get("package") if isinstance(package, dict) else None
                if isinstance(text, str):
                    yield text


def _tables(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []

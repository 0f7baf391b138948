"""Join what a chart's templates call an object with its values: ``{{ .Values.runtime.name }}``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from connectors.model import Json

if TYPE_CHECKING:
    from connectors.code.reading import Seen, TreeFacts

NOTE = "chart_values"
"""The kind of note that holds the names in a chart's values."""
TEMPLATE = "name_template"
"""The attribute of an object whose name a chart composes; it never leaves this join."""
_VALUE = re.compile(r"\$?\{\{-?\s*(?:\$\w*)?\.Values\.(?P<key>[\w.]+)\s*(?:\|[^{}]*)?-?\}\}")
_INSERTED = re.compile(r"\$?\{\{[^{}]*\}\}|\$\{[^{}]*\}")
_TOLD_PART = re.compile(r"[A-Za-z]{3}")


def join(facts: TreeFacts) -> None:
    """Fill in the names of objects that their chart's values tell; of others only the kind is known."""
    rows = facts.by_part.get("kubernetes", [])
    charts = {
        seen.path.rpartition("/")[0]: seen.fact.attributes["names"] for seen in facts.notes.get(NOTE, ())
    }
    for index, seen in enumerate(rows):
        if TEMPLATE in seen.fact.attributes:
            rows[index] = _named(seen, _values_of(seen.path, charts))


def _values_of(path: str, charts: Mapping[str, Json]) -> Mapping[str, Json]:
    """Return the names in the values of the nearest chart around a file."""
    folder = path
    while folder:
        folder = folder.rpartition("/")[0]
        names = charts.get(folder)
        if isinstance(names, dict):
            return names
    return {}


def _named(seen: Seen, names: Mapping[str, Json]) -> Seen:
    fact = seen.fact
    attributes = {key: value for key, value in fact.attributes.items() if key != TEMPLATE}
    template = str(fact.attributes[TEMPLATE])
    told = _VALUE.sub(lambda found: str(names.get(found["key"], found.group())), template)
    name = _INSERTED.sub("*", told)
    if told == template or not _TOLD_PART.search(name):
        return replace(seen, fact=replace(fact, attributes=attributes))
    return replace(
        seen,
        fact=replace(
            fact,
            identifier=f"{fact.identifier.rstrip('/')}/{name}",
            name=f"{fact.name}/{name}",
            attributes=attributes,
        ),
    )

"""Read the names that a Helm chart's ``values.yaml`` gives to the objects of its templates.

Read line by line, like the templates: what is indented below a key belongs to it. Only keys that name
something are kept, never another value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.code.chart_joins import NOTE
from connectors.code.facts import Fact, Source
from connectors.model import Grade, Json

_LINE = re.compile(r"(?P<indent> *)(?P<key>[A-Za-z][\w-]*)\s*:(?:\s+(?P<value>[^#\n]*?))?\s*(?:#.*)?$")
_NAMES = re.compile(r"(?i)name(?:override)?$")
_PLAIN = re.compile(r"[\"']?(?P<name>[A-Za-z0-9][\w.-]{0,62})[\"']?$")
_MOST_LINES = 5_000
_MOST_NAMES = 200


def parse(source: Source) -> Iterator[Fact]:
    """Yield a note with the names by their dotted keys: ``{"runtime.name": "claims-runtime"}``."""
    names: dict[str, Json] = {}
    path: list[tuple[int, str]] = []
    for line in source.lenient_text().split("\n", _MOST_LINES)[:_MOST_LINES]:
        found = _LINE.match(line)
        if found is None:
            continue
        indent = len(found["indent"])
        while path and path[-1][0] >= indent:
            path.pop()
        path.append((indent, found["key"]))
        plain = _PLAIN.match(found["value"] or "")
        if plain and _NAMES.search(found["key"]) and len(names) < _MOST_NAMES:
            names[".".join(key for _, key in path)] = plain["name"]
    if names:
        yield Fact(
            kind=NOTE,
            provider="unknown",
            identifier=NOTE,
            name=NOTE,
            grade=Grade.DECLARED,
            line=1,
            attributes={"names": names},
        )

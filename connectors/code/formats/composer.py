"""Read PHP's composer.json and composer.lock."""

from __future__ import annotations

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

_SECTIONS = {"require": "runtime", "require-dev": "dev"}
_LOCKED = {"packages": "runtime", "packages-dev": "dev"}


def parse(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages that a composer.json requires."""
    content = load_json_object(source)
    lines = Lines(source.data)
    for section, scope in _SECTIONS.items():
        for name, value in entries(content.get(section)):
            yield from package_fact(
                source,
                "composer",
                name,
                line=partial(lines.of, section, name),
                declared=short(value) if isinstance(value, str) else None,
                scope=scope,
                direct=True,
            )


def parse_lock(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages of a composer.lock; it does not say which are direct."""
    refuse_conflicts(source)
    content = load_json_object(source)
    lines = Lines(source.data)
    for section, scope in _LOCKED.items():
        listed = content.get(section)
        for item in listed if isinstance(listed, list) else ():
            if not isinstance(item, dict) or not isinstance(item.get("name"), str):
                continue
            distribution = item.get("dist")
            if isinstance(distribution, dict) and distribution.get("type") == "path":
                continue  # a package of the same tree
            version = item.get("version")
            yield from package_fact(
                source,
                "composer",
                item["name"],
                line=partial(lines.of_entry, "name", item["name"]),
                locked=version if isinstance(version, str) else None,
                scope=scope,
                direct=False,
            )

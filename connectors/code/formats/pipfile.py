"""Read Pipfile and Pipfile.lock."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from connectors.code.facts import Fact, Source
from connectors.code.formats.common import (
    Lines,
    entries,
    load_json_object,
    load_toml,
    package_fact,
    refuse_conflicts,
    short,
)

_SECTIONS = {"packages": "runtime", "dev-packages": "dev", "default": "runtime", "develop": "dev"}


def parse(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages of a Pipfile."""
    content = load_toml(source)
    lines = Lines(source.data)
    for section, scope in _SECTIONS.items():
        for name, value in entries(content.get(section)):
            yield from package_fact(
                source,
                "pypi",
                name,
                line=partial(lines.of, section, name),
                declared=short(_version(value) or ""),
                scope=scope,
                direct=True,
            )


def parse_lock(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages of a Pipfile.lock; it does not say which are direct."""
    refuse_conflicts(source)
    content = load_json_object(source)
    lines = Lines(source.data)
    for section, scope in _SECTIONS.items():
        for name, value in entries(content.get(section)):
            version = (_version(value) or "").lstrip("=")
            line = partial(lines.of, section, name)
            yield from package_fact(
                source, "pypi", name, line=line, locked=version, scope=scope, direct=False
            )


def _version(value: Any) -> str | None:
    if isinstance(value, dict):
        value = value.get("version")
    return value if isinstance(value, str) else None

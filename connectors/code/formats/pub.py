"""Read Dart's pubspec.yaml and pubspec.lock.

**Source:** dart.dev, "The pubspec file" and "Package dependencies", general knowledge, 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from connectors.code.facts import Fact, Source
from connectors.code.formats.common import (
    Lines,
    entries,
    load_yaml,
    package_fact,
    refuse_conflicts,
    short,
)

_SECTIONS = {"dependencies": "runtime", "dev_dependencies": "dev"}


def parse(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages that a pubspec.yaml depends on."""
    lines = Lines(source.data)
    content = _document(source)
    for section, scope in _SECTIONS.items():
        for name, value in entries(content.get(section)):
            details = value if isinstance(value, dict) else {"version": value}
            if "path" in details or "sdk" in details:
                continue  # a package of the same tree, or of the Dart or Flutter kit itself
            declared = "from a URL" if "git" in details else details.get("version")
            yield from package_fact(
                source,
                "pub",
                name,
                line=partial(lines.of, section, name),
                declared=short(declared) if isinstance(declared, str | int | float) else None,
                scope=scope,
                direct=True,
            )


def parse_lock(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages of a pubspec.lock, direct ones marked."""
    refuse_conflicts(source)
    lines = Lines(source.data)
    for name, value in entries(_document(source).get("packages")):
        details = value if isinstance(value, dict) else {}
        if details.get("source") in ("path", "sdk"):
            continue
        kind = str(details.get("dependency") or "")
        version = details.get("version")
        yield from package_fact(
            source,
            "pub",
            name,
            line=partial(lines.of, "packages", name),
            locked=version if isinstance(version, str) else None,
            scope="dev" if kind == "direct dev" else "runtime",
            direct=kind.startswith("direct"),
        )


def _document(source: Source) -> dict[str, Any]:
    documents = load_yaml(source)
    first = documents[0] if documents else None
    return first if isinstance(first, dict) else {}

"""Read R's DESCRIPTION and renv.lock.

**Source:** "Writing R Extensions", section 1.1.3, and renv's documentation of its lock, general knowledge,
2026-11-22.
"""

from __future__ import annotations

import re
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
from connectors.code.formats.lines import text_lines

_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9/@.-]*):\s*(.*)")
_SCOPES = {
    "Depends": "runtime",
    "Imports": "runtime",
    "LinkingTo": "runtime",
    "Suggests": "optional",
    "Enhances": "optional",
}
_NEEDED = re.compile(r"\s*([A-Za-z][A-Za-z0-9.]*)\s*(?:\(([^)]*)\))?\s*")


def parse(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages that an R package's DESCRIPTION needs."""
    name = ""
    for number, line in enumerate(text_lines(source.lenient_text()), 1):
        if line[:1] not in (" ", "\t"):
            field = _FIELD.match(line)
            name, line = field.groups() if field else ("", "")
        if name not in _SCOPES:
            continue
        for item in line.split(","):
            needed = _NEEDED.fullmatch(item)
            if needed:
                yield from package_fact(
                    source,
                    "cran",
                    needed.group(1),
                    line=number,
                    declared=short(needed.group(2) or ""),
                    scope=_SCOPES[name],
                    direct=True,
                )


def parse_renv(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages of a renv.lock; it does not say which are direct."""
    refuse_conflicts(source)
    content = load_json_object(source)
    lines = Lines(source.data)
    for name, value in entries(content.get("Packages")):
        version = value.get("Version") if isinstance(value, dict) else None
        yield from package_fact(
            source,
            "cran",
            name,
            line=partial(lines.of, name),
            locked=version if isinstance(version, str) else None,
            direct=False,
        )

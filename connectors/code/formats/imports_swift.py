"""Read Swift imports of catalogued packages; a target may be called the same, so they only add evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.code.facts import Fact, Hit, Source
from connectors.code.formats.common import package_fact
from connectors.code.formats.import_hits import after, before, first_hits
from connectors.model import Grade

_BEFORE = re.compile(rb"^\s*(?:@\w+(?:\([\w ]*\))?\s+)*$")
_AFTER = re.compile(rb"\s*(?:$|;|//)")


def parse(source: Source) -> Iterator[Fact]:
    """Yield an imported fact, which only adds evidence, for every catalogued module a Swift file imports."""
    if not source.name.endswith(".swift"):
        return
    for hit, line in first_hits(source, _is_import):
        name = source.catalogue.swift[hit.row].name
        yield from package_fact(source, "swift", name, line=line, grade=Grade.IMPORTED, standing=False)


def _is_import(source: Source, hit: Hit) -> bool:
    return bool(_BEFORE.match(before(source, hit))) and bool(_AFTER.match(after(source, hit)))

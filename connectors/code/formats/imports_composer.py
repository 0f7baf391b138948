"""Read PHP's use of catalogued namespaces."""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.code.facts import Fact, Hit, Source
from connectors.code.formats.common import package_fact
from connectors.code.formats.import_hits import before, first_hits
from connectors.model import Grade

_BEFORE = re.compile(rb"^\s*(?:<\?php\s+)?$")


def parse(source: Source) -> Iterator[Fact]:
    """Yield an imported fact for every catalogued namespace that a PHP file uses."""
    if not source.name.endswith((".php", ".phtml", ".inc")):
        return
    for hit, line in first_hits(source, _is_use):
        package = source.catalogue.composer[hit.row]
        yield from package_fact(
            source,
            "composer",
            package.name,
            line=line,
            grade=Grade.IMPORTED,
            standing=not package.needs_manifest,
        )


def _is_use(source: Source, hit: Hit) -> bool:
    return _BEFORE.match(before(source, hit)) is not None

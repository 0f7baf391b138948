"""Read Dart imports of catalogued packages: ``package:name/`` names the package whole."""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.code.facts import Fact, Hit, Source
from connectors.code.formats.common import package_fact
from connectors.code.formats.import_hits import before, first_hits
from connectors.model import Grade

_BEFORE = re.compile(rb"^\s*(?:import|export)\s+['\"]$")


def parse(source: Source) -> Iterator[Fact]:
    """Yield an imported fact for every catalogued package that a Dart file imports."""
    if not source.name.endswith(".dart"):
        return
    for hit, line in first_hits(source, _is_import):
        package = source.catalogue.pub[hit.row]
        yield from package_fact(
            source,
            "pub",
            package.name,
            line=line,
            grade=Grade.IMPORTED,
            standing=not package.needs_manifest,
        )


def _is_import(source: Source, hit: Hit) -> bool:
    return _BEFORE.match(before(source, hit)) is not None

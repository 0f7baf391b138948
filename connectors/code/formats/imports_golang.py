"""Read Go imports of catalogued modules: the whole path stands in quotes, so an import proves its module."""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.code.facts import Fact, Hit, Source
from connectors.code.formats.common import package_fact
from connectors.code.formats.import_hits import after, before, first_hits
from connectors.model import Grade

# Alone in an import block, with or without a name, or after the word itself.
_BEFORE = re.compile(rb"^\s*(?:import\s+)?(?:[\w.]+\s+)?$")
# Another path may begin the same way: what follows is the end, a package of the module, or a major version.
_AFTER = re.compile(rb'(?:\.v\d+)?(?:/[^"\s]*)?"\s*(?://[^\n]*)?;?\s*$')


def parse(source: Source) -> Iterator[Fact]:
    """Yield an imported fact for every catalogued module that a Go file imports."""
    if not source.name.endswith(".go"):
        return
    for hit, line in first_hits(source, _is_import):
        package = source.catalogue.golang[hit.row]
        yield from package_fact(
            source,
            "golang",
            package.name,
            line=line,
            grade=Grade.IMPORTED,
            standing=not package.needs_manifest,
        )


def _is_import(source: Source, hit: Hit) -> bool:
    return bool(_BEFORE.match(before(source, hit))) and bool(_AFTER.match(after(source, hit)))

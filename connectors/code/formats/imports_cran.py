"""Read R's use of catalogued packages: ``library(x)`` names a package, ``x::f`` only adds evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.code.facts import Fact, Hit, Source
from connectors.code.formats.common import package_fact
from connectors.code.formats.import_hits import after, before, first_hits
from connectors.model import Grade

_ENDINGS = (".r", ".R", ".Rmd", ".rmd", ".qmd", ".Rprofile", ".rnw", ".Rnw")
_COMMENT = re.compile(rb"^[^'\"]*#")
_BEFORE = re.compile(rb"(?:^|[^\w.:$@'\"])$")
_AFTER_NAME = re.compile(rb"\s*['\"]?\s*[,)]")


def parse(source: Source) -> Iterator[Fact]:
    """Yield an imported fact for every catalogued package that an R script attaches or calls."""
    if not source.name.endswith(_ENDINGS):
        return
    for hit, line in first_hits(source, _is_use):
        package = source.catalogue.cran[hit.row]
        attaches = not _is_call(source, hit)
        yield from package_fact(
            source,
            "cran",
            package.name,
            line=line,
            grade=Grade.IMPORTED,
            standing=attaches and not package.needs_manifest,
        )


def _is_use(source: Source, hit: Hit) -> bool:
    front = before(source, hit)
    if _COMMENT.match(front) or not _BEFORE.search(front):
        return False
    return _is_call(source, hit) or _AFTER_NAME.match(after(source, hit)) is not None


def _is_call(source: Source, hit: Hit) -> bool:
    return source.data[hit.start : hit.end].endswith(b"::")

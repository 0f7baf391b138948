"""Read Rust's use of catalogued crates; a path of that name may be a module, so it only adds evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.code.facts import Fact, Hit, Source
from connectors.code.formats.common import package_fact
from connectors.code.formats.import_hits import after, before, first_hits
from connectors.model import Grade

_COMMENT = re.compile(rb"^\s*(?://|\*)")
_AFTER_USE = re.compile(rb"\s*(?:::|;|as\s|,|\})")
_BEFORE_PATH = re.compile(rb"(?:^|[^\w:\"])(?:::)?$")


def parse(source: Source) -> Iterator[Fact]:
    """Yield an imported fact, which only adds evidence, for every catalogued crate a Rust file uses."""
    if not source.name.endswith(".rs"):
        return
    for hit, line in first_hits(source, _is_use):
        name = source.catalogue.cargo[hit.row].name
        yield from package_fact(source, "cargo", name, line=line, grade=Grade.IMPORTED, standing=False)


def _is_use(source: Source, hit: Hit) -> bool:
    front = before(source, hit)
    if _COMMENT.match(front) or not _BEFORE_PATH.search(front):
        return False
    if source.data[hit.start : hit.end].endswith(b"::"):
        return True
    return _AFTER_USE.match(after(source, hit)) is not None

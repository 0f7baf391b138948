"""Read Ruby's require of catalogued gems; a file of that name may be the program's own, so it only adds."""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.code.facts import Fact, Hit, Source
from connectors.code.formats.common import package_fact
from connectors.code.formats.import_hits import after, before, first_hits
from connectors.model import Grade

_ENDINGS = (".rb", ".ru", ".rake", "Rakefile", ".thor")
_BEFORE = re.compile(rb"^\s*(?:begin\s*;?\s*)?$")
_AFTER = re.compile(rb"(?:/[\w/.-]*)?['\"]")


def parse(source: Source) -> Iterator[Fact]:
    """Yield an imported fact, which only adds evidence, for every catalogued gem a Ruby file requires."""
    if not source.name.endswith(_ENDINGS):
        return
    for hit, line in first_hits(source, _is_require):
        name = source.catalogue.gem[hit.row].name
        yield from package_fact(source, "gem", name, line=line, grade=Grade.IMPORTED, standing=False)


def _is_require(source: Source, hit: Hit) -> bool:
    return bool(_BEFORE.match(before(source, hit))) and bool(_AFTER.match(after(source, hit)))

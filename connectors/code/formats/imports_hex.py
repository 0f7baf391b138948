"""Read Elixir's use of catalogued modules; a module of that name may be the program's own: it only adds."""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.code.facts import Fact, Hit, Source
from connectors.code.formats.common import package_fact
from connectors.code.formats.import_hits import after, before, first_hits
from connectors.model import Grade

_BEFORE = re.compile(rb"^\s*$|(?:^|[^\w.:\"#])$")
_AFTER = re.compile(rb"(?![\w])")
_COMMENT = re.compile(rb"^\s*#|^\s*def(?:module|protocol|impl)\s")  # whoever defines a module does not use it


def parse(source: Source) -> Iterator[Fact]:
    """Yield an imported fact, which only adds evidence, for every catalogued module an Elixir file uses."""
    if not source.name.endswith((".ex", ".exs", ".livemd", ".heex")):
        return
    for hit, line in first_hits(source, _is_use):
        name = source.catalogue.hex[hit.row].name
        yield from package_fact(source, "hex", name, line=line, grade=Grade.IMPORTED, standing=False)


def _is_use(source: Source, hit: Hit) -> bool:
    front = before(source, hit)
    if _COMMENT.match(front) or not _BEFORE.search(front):
        return False
    return source.data[hit.end - 1 : hit.end] == b"." or bool(_AFTER.match(after(source, hit)))

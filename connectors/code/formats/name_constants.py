"""Read the constants of a program that name something, from the files where programs keep their constants.

A name that stands in another file than the server that is called by it is joined by
:func:`connectors.code.own_joins.join_servers`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.code.facts import Fact, Source
from connectors.code.own_joins import CONSTANTS
from connectors.model import Grade, Json

HOLDS_NAMED = r"\{[^{}]{0,300}?\bname[\"']?[ \t]*:[ \t]*[\"'`]([^\"'`\n{}]{1,80})[\"'`]"
"""An object with a name among its first values."""
_DECLARED = r"(?P<constant>[A-Za-z_]\w{2,60})[ \t]*(?::[^=\n]{1,40})?=[ \t]*"
_TEXT = re.compile(
    r"(?m)^[ \t]*(?:export[ \t]+)?(?:(?:const|let|var|final)[ \t]+)?"
    + _DECLARED
    + r"[\"'`](?P<text>[^\"'`\n{}]{1,80})[\"'`][ \t]*(?:as const)?[ \t]*;?[ \t]*\r?$"
)
_OBJECT = re.compile(r"(?m)^[ \t]*(?:export[ \t]+)?(?:const|let|var)[ \t]+" + _DECLARED + HOLDS_NAMED)
_NAMES = re.compile(r"(?i)name|title|server|info")
_MOST = 100
_MOST_BYTES = 200_000


def parse(source: Source) -> Iterator[Fact]:
    """Yield a note with the texts of the constants that name something."""
    if len(source.data) > _MOST_BYTES:
        return
    text = source.lenient_text()
    found = [(one["constant"], one["text"]) for one in _TEXT.finditer(text)]
    found += [(one["constant"], one[2]) for one in _OBJECT.finditer(text)]
    names: dict[str, Json] = {constant: told for constant, told in found if _NAMES.search(constant)}
    if names:
        yield Fact(
            kind=CONSTANTS,
            provider="unknown",
            identifier=CONSTANTS,
            name=CONSTANTS,
            grade=Grade.DECLARED,
            line=1,
            attributes={"constants": dict(list(names.items())[:_MOST])},
        )

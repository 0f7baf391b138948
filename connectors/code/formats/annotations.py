"""Find the annotations of JVM sources that only document: what their texts show, nothing runs.

``@Example(code = "...")`` of a plug-in and ``@Schema(example = "...")`` of an interface hold whole
configurations and calls, for people who read the generated pages.

**Source:** the annotations of OpenAPI (swagger-core), Springfox and Kestra, from general knowledge.
"""

from __future__ import annotations

import re

Span = tuple[int, int]

ENDINGS = (".java", ".kt", ".kts", ".groovy", ".scala")
"""Endings of the files that are looked at."""

_OPENING = re.compile(
    r"@(?:field:|get:|param:)?(?:\w+\.)*(?:Examples?|ExampleObject|Schema|ArraySchema|Operation|OpenAPIDefinition"
    r"|Api(?:Operation|ModelProperty|Model|Param|Responses?|ImplicitParams?)?|Description|Documentation)\s*\("
)
# Texts and comments hold brackets that close nothing; one without an end runs to that of the file, so that
# nothing in it is tried twice.
_TOKEN = re.compile(
    r'"""(?>(?:[^"\\]|\\.|"(?!""))*)(?:"""|\Z)|"(?:[^"\\\n]|\\.)*+"|\'(?:[^\'\\\n]|\\.){1,6}+\'|//[^\n]*+'
    r"|/\*(?>(?:[^*]|\*(?!/))*)(?:\*/|\Z)|[()]",
    re.S,
)
_MOST_BYTES = 1_000_000


def documenting(text: str, name: str) -> list[Span]:
    """Return where the annotations that document lie; one that never closes is none."""
    if not name.endswith(ENDINGS) or len(text) > _MOST_BYTES:
        return []
    found: list[Span] = []
    place = 0
    while opening := _OPENING.search(text, place):
        end = _closing(text, opening.end())
        if end < 0:
            break
        found.append((opening.start(), end))
        place = end
    return found


def _closing(text: str, start: int) -> int:
    depth = 1
    for token in _TOKEN.finditer(text, start):
        depth += {"(": 1, ")": -1}.get(token.group(), 0)
        if depth == 0:
            return token.end()
    return -1

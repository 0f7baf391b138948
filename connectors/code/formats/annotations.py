"""Find the annotations of JVM and Elixir sources that only document: what their texts show, nothing runs.

``@Example(code = "...")`` of a plug-in and ``@Schema(example = "...")`` of an interface hold whole
configurations and calls, for people who read the generated pages.

**Source:** the annotations of OpenAPI (swagger-core), Springfox and Kestra, from general knowledge.
"""

from __future__ import annotations

import re

Span = tuple[int, int]

_DOCUMENTED = (".ex", ".exs")
ENDINGS = (".java", ".kt", ".kts", ".groovy", ".scala", *_DOCUMENTED)
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
# What a module of Elixir says of itself, or to people in a message; a template (~H) is shown by the program.
_DOCUMENT = re.compile(r'(?ms)(?<!~[A-RT-Z])("""|\'\'\')[ \t]*\r?\n.*?^[ \t]*\1')
# What is told to a database is run: execute("UPDATE bots SET model = ...
_SQL = re.compile(r"(?i)\W+(?:select|insert|update|delete|create|alter|with|do)\b")
_MOST_BYTES = 1_000_000


def documenting(text: str, name: str) -> list[Span]:
    """Return where the annotations that document lie; one that never closes is none."""
    if not name.endswith(ENDINGS) or len(text) > _MOST_BYTES:
        return []
    if name.endswith(_DOCUMENTED):
        return [one.span() for one in _DOCUMENT.finditer(text) if not _SQL.match(one.group())]
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

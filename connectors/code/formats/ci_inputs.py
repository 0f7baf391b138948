"""Tell an action that is handed a provider's key, or an AI's model, as an input of its own: it calls that.

Thousands of actions review, label or write by a model, and no list names them all; what one asks for does. A
key in ``env`` proves nothing: tests and deployments are given keys in that way. So does an input that is only
called ``model``: printers, phones and databases have models as well.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from connectors.catalogue.tables import Catalogue
from connectors.patterns import compile_pattern

USES = re.compile(r"""\s*(?:-\s+)?["']?(?:uses|task)["']?\s*:\s*["']?([A-Za-z0-9][\w./-]*)(?:@|["'\s]|$)""")
LOOKS_LIKE_ONE = re.compile(
    r"""\s+["']?([A-Za-z][\w-]*(?:[kK][eE][yY]|[tT][oO][kK][eE][nN]|[mM][oO][dD][eE][lL]))["']?"""
    r"""\s*:\s*(?!(?:""|'')\s*$)[^\s#]"""
)
_MOST_LINES = 200
"""Lines of a step on either side of its input that are looked at."""


def action_of(catalogue: Catalogue, lines: Sequence[bytes], index: int) -> tuple[str, str, int] | None:
    """Return the action that the input on a line is given to, the provider, and the action's line from 1.

    Where the input names no provider (``llm_api_key``), the action's owner stands for it. ``None`` when the
    line is no such input, or the step runs an action of the same repository.
    """
    found = LOOKS_LIKE_ONE.match(_text(lines[index]))
    provider = _provider(catalogue, found.group(1)) if found else None
    if provider is None:
        return None
    inputs = _above(lines, index, _indent(lines[index]))
    if inputs is None or _text(lines[inputs]).strip().removeprefix("- ") not in ("with:", "inputs:"):
        return None
    depth = _indent(lines[inputs])
    for number in _step(lines, inputs, depth):
        uses = USES.match(_text(lines[number]))
        if uses and _indent(lines[number]) == depth and "/" in uses.group(1):
            return uses.group(1), provider or uses.group(1).partition("/")[0].lower(), number + 1
    return None


def _provider(catalogue: Catalogue, name: str) -> str | None:
    lowered = name.lower().replace("-", "_")
    rows = catalogue.ci_input
    return next((row.provider for row in rows if compile_pattern(row.pattern).fullmatch(lowered)), None)


def _above(lines: Sequence[bytes], index: int, indent: int) -> int | None:
    """Return the nearest line above that stands further left."""
    for number in range(index - 1, max(index - _MOST_LINES, 0) - 1, -1):
        if lines[number].strip() and _indent(lines[number]) < indent:
            return number
    return None


def _step(lines: Sequence[bytes], inputs: int, depth: int) -> list[int]:
    """Return the lines of the step that holds ``with:``: up to its dash, and down to the next one."""
    found: list[int] = []
    first = inputs if _is_item(lines[inputs]) else max(inputs - _MOST_LINES, 0)
    for number in range(inputs - 1, first - 1, -1):
        if not lines[number].strip():
            continue
        if _indent(lines[number]) < depth:
            break
        found.append(number)
        if _is_item(lines[number]) and _indent(lines[number]) == depth:
            break
    for number in range(inputs + 1, min(inputs + _MOST_LINES, len(lines))):
        if lines[number].strip() and (
            _indent(lines[number]) < depth or (_is_item(lines[number]) and _indent(lines[number]) == depth)
        ):
            break
        found.append(number)
    return found


def _indent(line: bytes) -> int:
    """Return the column at which a line's key begins; that of an item stands behind its dash."""
    bare = line.lstrip(b" ")
    if bare.startswith(b"- "):
        bare = bare[1:].lstrip(b" ")
    return len(line) - len(bare)


def _is_item(line: bytes) -> bool:
    return line.lstrip(b" ").startswith(b"- ")


def _text(line: bytes) -> str:
    return line[:2_000].decode("utf-8", "replace").rstrip()

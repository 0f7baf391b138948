"""Read the dependencies that a single Python script declares in its own comments.

**Source:** "Inline script metadata" (PEP 723) of the Python packaging specifications, general knowledge,
2026-11-22.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from connectors.code.facts import Fact, Source
from connectors.code.formats.common import load_toml
from connectors.code.formats.lines import text_lines
from connectors.code.formats.requirements import from_pep508

_OPENS = "# /// script"
_CLOSES = "# ///"


def parse(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages of a script's metadata block."""
    if not source.name.endswith((".py", ".pyw")):
        return
    lines = text_lines(source.text())
    starts = [number for number, line in enumerate(lines) if line.rstrip() == _OPENS]
    if not starts:
        return
    block = _block(lines, starts[0] + 1)
    if block is None:
        return
    content = load_toml(replace(source, data="\n".join(line[2:] for line in block).encode()))
    listed = content.get("dependencies")
    for text in listed if isinstance(listed, list) else ():
        if isinstance(text, str):
            line = partial(_line_of, text, block, starts[0] + 2)
            yield from from_pep508(source, text, line=line, scope="runtime")


def _line_of(text: str, block: list[str], first: int) -> int:
    return next((at for at, line in enumerate(block) if text in line), -1) + first


def _block(lines: list[str], start: int) -> list[str] | None:
    """Return the lines of the block that begins at ``start``; none when it is never closed."""
    for end in range(start, len(lines)):
        if lines[end].rstrip() == _CLOSES:
            return lines[start:end]
        if not (lines[end] == "#" or lines[end].startswith("# ")):
            return None
    return None

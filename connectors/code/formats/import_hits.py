"""Go through what the byte search found in a source file and keep what is proved to be an import."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from connectors.code.facts import Hit, Source

_MAX_TRIES = 200
"""Places looked at for one package: a file that repeats its name without importing it costs no more."""
REACH = 300
"""Bytes looked at to each side of a hit."""


def first_hits(source: Source, is_import: Callable[[Source, Hit], bool]) -> Iterator[tuple[Hit, int]]:
    """Yield the first proved hit of each row with its line; at one place the longest literal counts."""
    seen: set[int] = set()
    tries: dict[int, int] = {}
    line, last, proved = 1, 0, -1
    for hit in sorted(source.hits, key=lambda hit: (hit.start, -hit.end)):
        line += source.data.count(b"\n", last, hit.start)
        last = hit.start
        tries[hit.row] = tries.get(hit.row, 0) + 1
        if hit.start == proved or hit.row in seen or tries[hit.row] > _MAX_TRIES:
            continue
        if is_import(source, hit):
            proved = hit.start
            seen.add(hit.row)
            yield hit, line


def before(source: Source, hit: Hit) -> bytes:
    """Return what stands before a hit on its line (at most :data:`REACH` bytes)."""
    data = source.data
    low = max(0, hit.start - REACH)
    return data[max(low, data.rfind(b"\n", low, hit.start) + 1) : hit.start]


def after(source: Source, hit: Hit) -> bytes:
    """Return what follows a hit on its line (at most :data:`REACH` bytes), without the line's end."""
    data = source.data
    end = data.find(b"\n", hit.end, hit.end + REACH)
    return data[hit.end : end if end >= 0 else hit.end + REACH].rstrip(b"\r")

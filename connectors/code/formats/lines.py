"""Look at the lines around a place in a file's bytes."""

from __future__ import annotations

_REACH = 400
_COMMENT = ("#", "//", "/*", "* ", "<!--", "--", ";;", "rem ")


def line_around(data: bytes, place: int) -> tuple[str, int]:
    """Return the line at ``place`` (at most 400 bytes to each side) and where in it ``place`` is."""
    start = max(data.rfind(b"\n", 0, place) + 1, place - _REACH)
    end = data.find(b"\n", place, place + _REACH)
    end = min(place + _REACH, len(data)) if end < 0 else end
    before = data[start:place].decode("utf-8", "replace")
    return before + data[place:end].decode("utf-8", "replace").rstrip("\r"), len(before)


def line_before(data: bytes, place: int) -> str:
    """Return the last line before the one at ``place`` that is not blank (its last 200 bytes)."""
    end = data.rfind(b"\n", 0, place)
    while end > 0:
        start = data.rfind(b"\n", max(0, end - 2000), end)
        text = data[max(start + 1, end - 200) : end].decode("utf-8", "replace")
        if text.strip():
            return text
        end = start
    return ""


def is_comment(line: str) -> bool:
    """Say whether a line is a comment as a whole, in any of the usual languages."""
    return line.lstrip(" \t").lower().startswith(_COMMENT)


def parents(data: bytes, place: int, levels: int = 3, reach: int = 300) -> list[str]:
    """Return the lines above that the line at ``place`` is indented under, nearest first."""
    start = data.rfind(b"\n", 0, place) + 1
    width = _indent(data[start : start + 200])
    found: list[str] = []
    for _ in range(reach):
        if start <= 0 or width == 0 or len(found) == levels:
            break
        end = start - 1
        start = data.rfind(b"\n", 0, end) + 1
        line = data[start : min(end, start + 200)]
        if line.strip() and (indent := _indent(line)) < width:
            found.append(line.decode("utf-8", "replace"))
            width = indent
    return found


def _indent(line: bytes) -> int:
    return len(line) - len(line.lstrip(b" \t"))

"""Look at the lines around a place in a file's bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

PAGES = (".tsx", ".jsx", ".vue", ".svelte", ".astro", ".cshtml", ".razor")
"""Endings of files that mix code with what a page shows its readers."""
REACH = 400
"""Bytes of a line that are looked at to each side of a place."""
_BLANK_LINES = 20
_COMMENT = ("#", "//", "/*", "* ", "<!--", "--", ";;", "rem ")
_OPTION = re.compile(r"--[A-Za-z]")
"""A command that goes on from the line above; what SQL and Lua write so, the file's ending tells."""


def line_around(data: bytes, place: int) -> tuple[str, int]:
    """Return the line at ``place`` (at most 400 bytes to each side) and where in it ``place`` is."""
    start = max(data.rfind(b"\n", 0, place) + 1, place - REACH)
    end = data.find(b"\n", place, place + REACH)
    end = min(place + REACH, len(data)) if end < 0 else end
    before = data[start:place].decode("utf-8", "replace")
    return before + data[place:end].decode("utf-8", "replace").rstrip("\r"), len(before)


def line_before(data: bytes, place: int) -> str:
    """Return the last line that is not blank before the one at ``place`` (200 bytes of it), if it is near."""
    end = data.rfind(b"\n", 0, place)
    for _ in range(_BLANK_LINES):
        if end <= 0:
            break
        start = data.rfind(b"\n", max(0, end - 2000), end)
        text = data[max(start + 1, end - 200) : end].decode("utf-8", "replace")
        if text.strip():
            return text
        end = start
    return ""


def is_comment(line: str) -> bool:
    """Say whether a line is a comment as a whole, in any of the usual languages."""
    text = line.lstrip(" \t")
    return text.lower().startswith(_COMMENT) and not _OPTION.match(text)


# One match runs to the end of the line; nothing in it is tried twice.
_TO_COMMENT = re.compile(
    r"""(?>(?:[^"'`\s]++|\s++(?!\#|//|--\s)|"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|`[^`]*+`)*)(?=\s)\s++(?:\#|//|--\s)"""
)


def in_comment(line: str, place: int, *, is_notebook: bool = False) -> bool:
    """Say whether a place of a line lies in a comment at its end; quotes that never close hide none.

    A line of a notebook is a text of JSON: its own quotes are taken off first.
    """
    if is_notebook:
        text = line.lstrip()
        place -= len(line) - len(text) + 1
        line = text.removeprefix('"').replace('\\"', " '")  # as long as before
    found = _TO_COMMENT.match(line)
    return found is not None and found.end() <= place


TEXTS = re.compile(r"""'(?:[^'\\\n]|\\.)*+'|"(?:[^"\\\n]|\\.)*+"|`[^`\n]*+`""")
"""Whole texts in quotes, on one line."""


def in_text(line: str, place: int) -> bool:
    """Say whether a place of a line of code lies in a text in quotes."""
    return any(quote in TEXTS.sub("", line[:place]) for quote in "'\"`")


_LONE = (b"{", b"[", b"(")
_CLOSING = (b"}", b"]", b")")
_INDENT = b" \t"
_LINE = 200
_FIRST_LOOK = 1_000
_LONGEST_LOOK = 64_000


def parents(
    data: bytes, place: int, levels: int = 3, reach: int = 300, *, openers: bool = False
) -> list[str]:
    """Return the lines above that the line at ``place`` is indented under, nearest first.

    With ``openers`` the line before a bracket that stands alone is meant, not the bracket: ``Models =``.
    """
    start = data.rfind(b"\n", 0, place) + 1
    width = _indent(data[start : start + 200])
    found: list[str] = []
    if width == 0 or levels <= 0:
        return found
    for line in islice(_lines_up(data, start - 1), reach):
        if not line[:width].strip(_INDENT):
            continue  # blank, or indented as far: what nearly all lines are
        bare = line.lstrip(_INDENT)
        stripped = bare.strip()
        if not stripped:
            continue
        if openers and stripped in _LONE:
            width = len(line) - len(bare) + 1
        elif not (openers and bare.startswith(_CLOSING)):
            found.append(line.decode("utf-8", "replace"))
            width = len(line) - len(bare)
            if width == 0 or len(found) == levels:
                break
    return found


def _lines_up(data: bytes, end: int) -> Iterator[bytes]:
    """Yield the lines (200 bytes of each) above the line feed at ``end``, nearest first."""
    size = _FIRST_LOOK
    while end >= 0:
        begin = max(0, end - size)
        first, *lines = data[begin:end].split(b"\n")
        for line in reversed(lines):
            yield line[:_LINE]
        if begin == 0:
            yield first[:_LINE]
            return
        # The first may have begun further up; what is not even one line is looked for in a longer piece.
        size = min(4 * size, _LONGEST_LOOK) if lines else 4 * size
        end = begin + len(first)


def _indent(line: bytes) -> int:
    return len(line) - len(line.lstrip(b" \t"))


# One match runs over code, comments and strings of one line up to the next text of several lines; nothing in
# it is tried twice, so that a hostile file costs no more than its length.
_TO_LONG_TEXT = re.compile(
    r"""(?>(?:[^"'\#]++|"(?!"")(?:[^"\\\n]|\\.)*+(?:"|(?=\n)|\Z|\\)|'(?!'')(?:[^'\\\n]|\\.)*+(?:'|(?=\n)|\Z|\\)"""
    r"""|\#[^\n]*+)*)(\"{3}|'{3})"""
)
_BEFORE_DOCSTRING = re.compile(r"(?:^|\n)[ \t]*[rRuU]?$")


def docstrings(text: str) -> list[tuple[int, int]]:
    """Return where Python's free-standing texts of several lines begin and end; none of it runs."""
    return [(start, end) for start, end in _long_texts(text) if _is_free(text, start)]


def written_texts(text: str) -> list[tuple[int, int]]:
    """Return where Python's texts of several lines lie that begin with a sentence: prompts, mails, help."""
    return [(start, end) for start, end in _long_texts(text) if _SENTENCE.match(text, start + 3, end)]


def opens_sentence(text: str) -> bool:
    """Say whether a text begins with a sentence: five words of which the first is written large."""
    return _SENTENCE.match(text) is not None


# SQL begins with a word of its own; YAML, code and lists have other marks among their first words.
_SENTENCE = re.compile(
    r"\s*(?:\#+\s)?(?!(?i:select|with|insert|create|merge|update|delete|alter|drop|declare|begin|grant)\b)"
    r"[A-Z][\w'’-]*(?:,?(?:\s|\\n)+[\w'’\"`-]+){4}"
)


def long_texts(text: str) -> list[tuple[int, int]]:
    """Return where all of Python's texts of several lines begin and end."""
    return list(_long_texts(text))


def _long_texts(text: str) -> Iterator[tuple[int, int]]:
    place = 0
    while found := _TO_LONG_TEXT.match(text, place):
        start = found.start(1)
        place = _closing(text, found.group(1), start + 3)
        if place < 0:
            return
        yield start, place


def _closing(text: str, token: str, start: int) -> int:
    """Return the place behind the closing quotes; below 0 when there are none."""
    end = text.find(token, start)
    while end > 0 and text[end - 1] == "\\" and text[end - 2] != "\\":
        end = text.find(token, end + 1)
    return end + 3 if end >= 0 else -1


_COMMENT_LINES = re.compile(r"(?m)^[ \t]*#[^\n]*\n")


def _is_free(text: str, start: int) -> bool:
    if not _BEFORE_DOCSTRING.search(text[max(0, start - 100) : start]):
        return False
    before = _COMMENT_LINES.sub("", text[max(0, start - 300) : start]).rstrip(" \t\r\nrRuU")
    return before[-1:] not in ("(", "[", "{", ",", "=", "+", "%", "\\")


def without_docstrings(text: str) -> str:
    """Blank Python's free-standing texts of several lines, keeping every line where it is."""
    pieces: list[str] = []
    last = 0
    for start, end in docstrings(text):
        pieces += [text[last:start], "\n" * text.count("\n", start, end)]
        last = end
    return "".join([*pieces, text[last:]])


def text_lines(text: str) -> list[str]:
    """Return the lines of a text as git and editors count them: only a line feed ends one.

    ``str.splitlines`` also splits at form feeds and Unicode separators, after which every number is off.
    """
    return text.removesuffix("\n").replace("\r\n", "\n").split("\n") if text else []


class LineCounter:
    """Count the lines up to places of a text or of bytes; what comes in order is counted once."""

    def __init__(self, text: str | bytes) -> None:
        self._text = text
        self._place, self._line = 0, 1

    def at(self, place: int) -> int:
        """Return the line (from 1) of a place."""
        if place < self._place:
            self._place, self._line = 0, 1
        text = self._text
        if isinstance(text, str):
            self._line += text.count("\n", self._place, place)
        else:
            self._line += text.count(b"\n", self._place, place)
        self._place = place
        return self._line

"""Tell comments and long texts from code: what stands in them runs nothing.

Languages that write comments like C are read from their front, token by token, for their comments and texts
of several lines end somewhere else than they begin. In all others a comment begins at a mark and ends with
its line. What never closes is taken for code: a mark that this module misreads must hide nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cache

from connectors.code.formats.lines import REACH, line_around

_MOST = 1_000_000
"""Size (bytes) up to which a file is read for its spans; larger sources are generated or bundled."""
_SCRIPT = ("js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts")
_LONG_QUOTES = ("java", "kt", "kts", "scala", "groovy", "cs", "swift", "dart")
_LIKE_C = frozenset({*_SCRIPT, *_LONG_QUOTES, "go", "c", "cc", "cpp", "h", "hpp", "m", "rs", "bicep", "php"})
_MARKS = {
    **dict.fromkeys(("sql", "lua", "hs", "elm"), ("--",)),
    **dict.fromkeys(("json", "jsonc", "json5", "jsonl"), ("//",)),
    **dict.fromkeys(("php", "tf", "tofu", "tfvars", "hcl"), ("#", "//")),
    **dict.fromkeys(("ini", "cfg", "conf"), ("#", ";")),
    **dict.fromkeys(("vue", "svelte", "astro"), ("//",)),
    **dict.fromkeys(("xml", "config", "csproj", "bat", "cmd", "properties"), ()),
}
"""What begins a comment behind code, by the ending of a file's name; in all others ``#`` does."""

_PLAIN = r"//[^\n]*|/\*|\"(?:[^\"\\\n]|\\.)*+(?:\"|(?=\n)|\Z)"
# In Rust and Go's sisters a quote may stand alone ('a): nothing that begins with one leaves its line.
_LETTER = r"'(?:[^'\\\n]|\\.)*+(?:'|(?=\n)|\Z)"
# A slash divides unless one of these stands before it; then it begins a regular expression.
_REGEX = (
    r"(?:(?<=[(,=:\[!&|?{};+])|(?<=\breturn)|^)[ \t]*"
    r"(?P<regex>/(?![/*])(?>(?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.){0,200}+\])+)/)"
)
_SCRIPT_TOKENS = re.compile(rf"{_REGEX}|(?<!:){_PLAIN}|{_LETTER}|`|\$\{{|[{{}}]|\\.", re.S | re.M)
_PLAIN_TOKENS = re.compile(rf"(?<!:){_PLAIN}|{_LETTER}", re.S)
_TOKENS = re.compile(rf"\"\"\"|(?<!:){_PLAIN}|{_LETTER}", re.S)
_GO_TOKENS = re.compile(rf"`|(?<!:){_PLAIN}|{_LETTER}", re.S)
_IN_TEMPLATE = re.compile(r"\\.|`|\$\{", re.S)
_MARKUP = frozenset(
    {"xml", "config", "csproj", "props", "targets", "vue", "svelte", "astro", "cshtml", "razor"}
)

_TEMPLATES = (
    ".stub",
    ".tmpl",
    ".tpl",
    ".hbs",
    ".ejs",
    ".j2",
    ".jinja",
    ".jinja2",
    ".mustache",
    ".liquid",
    ".eta",
)
# In Python, where two slashes divide, no line begins with them.
_NOTEBOOK_COMMENT = re.compile(r"\s*\"\s*//")
_FRONT = 100
"""Bytes in which a file without an ending of its own says what it is written in."""

Span = tuple[int, int]


class Spans:
    """The comments and long texts of one file, as places in its bytes."""

    def __init__(self, data: bytes, name: str) -> None:
        self._data = data
        self._ending = _language(data, name)
        self._read: tuple[list[Span], list[Span]] | None = None

    def in_comment(self, place: int) -> bool:
        """Say whether a place lies in a comment."""
        has_spans = self._ending in _LIKE_C or self._ending in _MARKUP
        if has_spans and _holds(self._spans()[0], place):
            return True
        marks = _MARKS.get(self._ending, () if has_spans else ("#",))
        is_notebook = self._ending == "ipynb"
        if is_notebook and _NOTEBOOK_COMMENT.match(line_around(self._data, place)[0]):
            return True
        return bool(marks) and _is_behind_mark(self._data, place, marks, is_notebook=is_notebook)

    def in_text(self, place: int) -> bool:
        """Say whether a place lies in a text that may run over several lines."""
        return self._ending in _LIKE_C and _holds(self._spans()[1], place)

    def in_snippet(self, place: int) -> bool:
        """Say whether a place lies in a text of several lines that is a program, and is only shown."""
        if self._ending not in _LIKE_C:
            return False
        texts = self._spans()[1]
        index = bisect_right(texts, (place, _MOST)) - 1
        if index < 0 or not texts[index][0] <= place < texts[index][1]:
            return False
        return is_program(self._data, *texts[index])

    def _spans(self) -> tuple[list[Span], list[Span]]:
        if self._read is None:
            if len(self._data) > _MOST:
                self._read = [], []
            else:
                # One character a byte, so that places in the text are places in the bytes.
                self._read = spans(self._data.decode("latin-1"), self._ending)
        return self._read


# What only the beginning of a program says.
_BEGINS = re.compile(
    rb"(?m)^[ \t]*(?:import[ \t]+(?:[\w.]+[ \t]*(?:[;,]|as\b|$)|[\w*{][^\n]*\bfrom[ \t]*[\"']|[\"'(])"
    rb"|from[ \t]+[\w.]+[ \t]+import\b|#include[ \t]*[<\"]|package[ \t]+\w+"
    rb"|using[ \t]+[\w.]+;|(?:const|let|var)[ \t]+[\w{}, ]+=[ \t]*(?:await[ \t]+)?(?:require|import)\()"
)
# Code that is handed to a machine to be run is no sample: lambda.Code.fromInline(`import boto3 ...`).
_RUN = re.compile(
    rb"(?i)(?:inline|zip_?file|\bexec|\beval|run_?(?:code|python|script)|user_?data|script)\w*[^;\n]{0,30}\Z"
)
_BEFORE = 60
_LINES = 2


def is_program(data: bytes, start: int, end: int) -> bool:
    """Say whether a text of several lines is a program that nothing there runs."""
    text = data[start:end]
    if text.count(b"\n") < _LINES or _BEGINS.search(text) is None:
        return False
    return _RUN.search(data[max(0, start - _BEFORE) : start].rstrip(b"`\"' ")) is None


def _language(data: bytes, name: str) -> str:
    """Return the ending of a file's name that tells its language: what a template writes, not itself."""
    if name.startswith(("Dockerfile", "Makefile")):
        return ""
    plain = name.lower()
    while plain.endswith(_TEMPLATES):
        plain = plain.rpartition(".")[0]
    if plain != name.lower() and data[:_FRONT].lstrip().startswith(b"<?php"):
        return "php"
    return plain.rpartition(".")[2]


def spans(text: str, ending: str) -> tuple[list[Span], list[Span]]:
    """Return where the comments and the long texts of a source lie; ``ending`` tells its language."""
    if ending in _MARKUP:
        return _of_markup(text), []
    if ending in _SCRIPT:
        return _of_script(text)
    comments: list[Span] = []
    texts: list[Span] = []
    last = text.rfind("*/")
    place = 0
    pattern = _GO_TOKENS if ending == "go" else _TOKENS if ending in _LONG_QUOTES else _PLAIN_TOKENS
    while found := pattern.search(text, place):
        token, place = found.group(), found.end()
        if token in ('"""', "`"):
            end = text.find(token, place)
            if end < 0:
                continue
            texts.append((place, end))
            place = end + len(token)
        elif token.startswith(("//", "/*")):
            place = _comment_end(text, found, last)
            comments.append((found.start(), place))
    return comments, texts


def _comment_end(text: str, found: re.Match[str], last: int) -> int:
    """Return where a comment ends; one that never closes is none, and what follows is code.

    ``last`` is where the last closing mark stands, so that a text full of opening ones costs one look.
    """
    if found.group() != "/*":
        return found.end()
    return text.find("*/", found.end()) + 2 if found.end() <= last else found.end()


def _of_markup(text: str) -> list[Span]:
    comments: list[Span] = []
    place = 0
    while (start := text.find("<!--", place)) >= 0 and (end := text.find("-->", start)) >= 0:
        place = end + 3
        comments.append((start, place))
    return comments


def _of_script(text: str) -> tuple[list[Span], list[Span]]:
    """Read JavaScript and its kin, where a template holds code in ``${}`` and that may hold templates."""
    comments: list[Span] = []
    texts: list[Span] = []
    open_braces: list[int] = []
    last = text.rfind("*/")
    braces = place = 0
    waiting: list[Span] = []
    while found := _SCRIPT_TOKENS.search(text, place):
        token, place = found.group(), found.end()
        is_end = token == "}" and bool(open_braces) and braces == open_braces[-1]
        if token == "{":
            braces += 1
        elif token == "}" and not is_end:
            braces -= 1
        elif token.startswith(("//", "/*")):
            place = _comment_end(text, found, last)
            comments.append((found.start(), place))
        if token != "`" and not is_end:
            continue
        if is_end:
            open_braces.pop()
        start = place
        place, is_closed = _template_end(text, start)
        if place < 0:
            return comments, texts  # what is open to the end was no template, nor what it holds
        waiting.append((start, place))
        if not is_closed:
            open_braces.append(braces)
        elif not open_braces:
            texts += waiting
            waiting = []
        place += 1 if is_closed else 2
    return comments, texts


def _template_end(text: str, start: int) -> tuple[int, bool]:
    """Return where a template's text ends, and whether the template does; below 0: nowhere."""
    for found in _IN_TEMPLATE.finditer(text, start):
        if found.group() == "`":
            return found.start(), True
        if found.group() == "${":
            return found.start(), False
    return -1, False


def _is_behind_mark(data: bytes, place: int, marks: tuple[str, ...], *, is_notebook: bool) -> bool:
    if place - data.rfind(b"\n", 0, place) > REACH:
        return False  # too far from the line's front to tell which quotes are open
    line, column = line_around(data, place)
    if is_notebook:  # a text of JSON: its own quotes are taken off first
        text = line.lstrip()
        column -= len(line) - len(text) + 1
        line = text.removeprefix('"').replace('\\"', " '")  # as long as before
    found = _to_mark(marks).match(line)
    return found is not None and found.end() <= column


@cache
def _to_mark(marks: tuple[str, ...]) -> re.Pattern[str]:
    """Compile what leads to the first mark of a comment; nothing in it is tried twice.

    An atomic group and no possessive quantifier: Python before 3.11.5 takes those wrongly around others.
    """
    mark = "|".join(map(re.escape, marks))
    return re.compile(
        rf"""\s*+(?:{mark})"""
        rf"""|(?>(?:[^\s"'`]++|\s++(?!{mark})|"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|`[^`]*+`)*)\s++(?:{mark})"""
    )


def _holds(found: list[Span], place: int) -> bool:
    index = bisect_right(found, place, key=lambda span: span[0]) - 1
    return index >= 0 and place < found[index][1]

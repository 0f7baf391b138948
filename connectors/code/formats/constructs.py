"""Find what code builds, by the catalogue's rows.

A literal finds the file, an import proves the library, a pattern finds the call. A row is one library in one
language family; a new language is a row, no code.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors.catalogue.code_rows import Construct
from connectors.code.facts import CutShortError, Source, tell_cut
from connectors.code.formats.lines import is_comment, without_docstrings
from connectors.code.formats.notebooks import code_text
from connectors.code.formats.talk import Talk
from connectors.patterns import compile_pattern

MAX_TEXT = 1_000_000
"""Size (bytes) up to which a file is searched for calls; larger sources are generated or bundled."""
MAX_CALLS = 200
"""Calls of one row looked at in one file."""


@dataclass(frozen=True, slots=True)
class Built:
    """A thing that code builds: the row that knows it, its name, and its line.

    ``is_named``: the code gives the name as a text; else it is the variable assigned to, or empty.
    """

    row: Construct
    name: str
    is_named: bool
    line: int

    def identifier(self, file: str) -> str:
        """Return what tells the thing from others of its unit; empty: the file's own path does."""
        return self.name if self.is_named or not self.name else f"{file}:{self.name}"


def built(source: Source, rows: Sequence[Construct]) -> Iterator[Built]:
    """Yield what the file builds, row by row, calls in the order of the file."""
    text = ""
    talk: Talk | None = None
    short: CutShortError | None = None
    for index in dict.fromkeys(hit.row for hit in source.hits):
        row = rows[index]
        endings = source.catalogue.code_languages[row.language]
        if not source.name.endswith(endings) or not _has_import(source.data, row):
            continue
        tell_cut(len(source.data), MAX_TEXT, "bytes")
        text = text or _text(source)
        talk = talk or _talk(source, text)
        try:
            yield from _calls(text, row, talk)
        except CutShortError as error:
            short = error
    if short is not None:
        raise short


def _has_import(data: bytes, row: Construct) -> bool:
    return not row.needs or any(need.encode() in data for need in row.needs)


def _text(source: Source) -> str:
    if source.name.endswith(".ipynb"):
        return code_text(source)
    text = source.lenient_text()
    return without_docstrings(text) if source.name.endswith((".py", ".pyi")) else text


def _talk(source: Source, text: str) -> Talk:
    """Return the talk of a text, with one byte for each of its characters."""
    return Talk(replace(source, data=text.encode("latin-1", "replace")))


def _calls(text: str, row: Construct, talk: Talk) -> Iterator[Built]:
    seen: set[str] = set()
    line, last = 1, 0
    for number, found in enumerate(compile_pattern(row.pattern).finditer(text)):
        tell_cut(number + 1, MAX_CALLS, f"calls that may build a thing of {row.name}")
        line += text.count("\n", last, found.start())
        last = found.start()
        name, variable = _group(found, "name") or _group(found, "other"), _group(found, "variable")
        if (name or variable) in seen or is_comment(text[text.rfind("\n", 0, found.start()) + 1 :][:200]):
            continue
        start = found.start() + len(found.group()) - len(found.group().lstrip())
        if talk.is_sample(start) or talk.holds(start):
            continue
        seen.add(name or variable)
        # A pattern may begin with the end of the line before the call.
        skipped = len(found.group()) - len(found.group().lstrip("\n"))
        yield Built(row, name or variable, bool(name), line + skipped)


def _group(found: Any, group: str) -> str:
    """Return the group's text where the pattern has one and it took part."""
    try:
        text = found.group(group)
    except (IndexError, KeyError):
        return ""
    return " ".join(text.split())[:100] if text else ""

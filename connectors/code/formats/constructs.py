"""Find what code builds, by the catalogue's rows.

A literal finds the file, an import proves the library, a pattern finds the call. A row is one library in one
language family; a new language is a row, no code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors.catalogue.code_rows import Construct
from connectors.code.facts import CutShortError, Source, tell_cut
from connectors.code.formats.lines import TEXTS, is_comment, without_docstrings
from connectors.code.formats.notebooks import code_text
from connectors.code.formats.talk import Talk
from connectors.patterns import compile_pattern

MAX_TEXT = 1_000_000
"""Size (bytes) up to which a file is searched for calls; larger sources are generated or bundled."""
_LINE = 400
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


def placed(source: Source, rows: Sequence[Construct]) -> Iterator[Built]:
    """Yield what the file builds; what only configures or serves a thing is a further place of that."""
    first: dict[str, Built] = {}
    waiting: list[Built] = []
    for thing in built(source, rows):
        if thing.row.settings_of:
            waiting.append(thing)
            continue
        first.setdefault(thing.row.name, thing)
        yield thing
    for thing in waiting:
        yield replace(first.get(thing.row.settings_of, thing), line=thing.line)


def built(source: Source, rows: Sequence[Construct]) -> Iterator[Built]:
    """Yield what the file builds, row by row, calls in the order of the file."""
    text = ""
    talk: Talk | None = None
    short: CutShortError | None = None
    last = 0
    for index in dict.fromkeys(hit.row for hit in source.hits):
        row = rows[index]
        endings = source.catalogue.code_languages[row.language]
        if not source.name.endswith(endings) or not _has_import(source.data, row):
            continue
        tell_cut(len(source.data), MAX_TEXT, "bytes")
        text = text or _text(source)
        talk = talk or _talk(source, text)
        try:
            for one in _calls(text, row, talk):
                last = last or source.data.count(b"\n") + 1
                # A notebook on one line gives its code without true line numbers: none is behind its end.
                yield one if one.line <= last else replace(one, line=last)
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
    bound: set[str] | None = None
    line, last = 1, 0
    for number, found in enumerate(compile_pattern(row.pattern).finditer(text)):
        tell_cut(number + 1, MAX_CALLS, f"calls that may build a thing of {row.name}")
        line += text.count("\n", last, found.start())
        last = found.start()
        name, variable = _group(found, "name") or _group(found, "other"), _group(found, "variable")
        if _TOKEN.fullmatch(name):
            name = ""  # the template's user fills it in
        if not name and any(f"(?P<{group}>" in row.pattern for group in ("name", "other")):
            name = _constant(text, found.end())
        if (name or variable) in seen or is_comment(text[text.rfind("\n", 0, found.start()) + 1 :][:200]):
            continue
        if library := _group(found, "library"):
            bound = _bound(text, row) if bound is None else bound
            if library not in bound:
                continue
        start = found.start() + len(found.group()) - len(found.group().lstrip())
        if talk.is_sample(start) or talk.holds(start) or _is_written(text, start):
            continue
        if _DEFINED.search(text, max(0, start - 20), start):
            continue  # a function of that name, not a call of it
        if _is_local(text, found.group()):
            continue
        seen.add(name or variable)
        # A pattern may begin with the end of the line before the call.
        skipped = len(found.group()) - len(found.group().lstrip("\n"))
        yield Built(row, name or variable, bool(name), line + skipped)


# What a template is to be made with: Server("PROJECT_NAME")
_TOKEN = re.compile(r"(?:[A-Z]+_)+NAME")
# name=WeatherAgent.NAME, Name: summaryName, .name(SUMMARY), name=f"claims-agent-{tenant}"
_GIVEN = re.compile(
    r"[^();]{0,400}?\b[nN]ame\s*[=:(]\s*"
    r"(?:(?P<owner>[A-Z]\w{1,60})\.(?:\w*Name|\w*NAME|Id|ID)|(?P<constant>[A-Za-z_]\w{2,60})"
    r"|(?P<composed>f\"[^\"\n]{3,160}\"|f'[^'\n]{3,160}'|`[^`\n]{3,160}`))\s*[,)}\n]"
)
_INSERTED = re.compile(r"\$?\{[^{}]*\}")
_TOLD_PART = re.compile(r"[A-Za-z]{3}")
_SERVES = re.compile(r"(?<=Agent)(?:Service|Factory|Builder|Provider)$")
_ASSIGNED = (
    r"^[ \t]*(?:(?:export|pub|const|let|var|val|final|private|public|internal|static|readonly|[sS]tring)\s+)"
    r"{{0,5}}"
    r"{}\s*(?::[^=\n]{{1,40}})?:?=\s*[\"']([^\"'\n{{}}]{{1,80}})[\"'][ \t]*;?[ \t]*\r?$"
)
# Classes that hold what belongs to others.
_HOLDERS = ("config", "constants", "consts", "settings", "names", "options", "defaults", "type", "env")


def _constant(text: str, end: int) -> str:
    """Return the name that a call is given by a constant: its text where the file has it, or its class.

    What is put in a name as the program runs is told as ``*``.
    """
    found = _GIVEN.match(text, end)
    if found is None:
        return ""
    if composed := found["composed"]:
        name = _INSERTED.sub("*", composed.removeprefix("f")[1:-1])
        return name if _TOLD_PART.search(name) and not set(name) & set("{}<>") else ""
    if owner := found["owner"]:
        return "" if owner.lower().endswith(_HOLDERS) else _SERVES.sub("", owner)
    told = re.search(rf"(?m){_ASSIGNED.format(found['constant'])}", text)
    return " ".join(told[1].split()) if told else ""


_DEFINED = re.compile(r"\b(?:def|function|func|fun|fn)\s+\Z")


_CALLEE = re.compile(r"(?<![\w.])([A-Za-z]\w{3,60})\(")


def _is_local(text: str, call: str) -> bool:
    """Say whether a call is of a function of Python that the file defines itself, under a library's name."""
    callee = _CALLEE.search(call)
    return callee is not None and re.search(rf"(?m)^(?:async )?def {callee[1]}\(", text) is not None


def _is_written(text: str, start: int) -> bool:
    """Say whether a place lies in a text of one line: code that another program is given runs there."""
    before = TEXTS.sub("", text[max(text.rfind("\n", 0, start) + 1, start - _LINE) : start])
    return before.lstrip(" \t(+").startswith(("'", '"'))


_GO_IMPORT = re.compile(
    r'(?m)^[ \t]*(?:import[ \t]+)?(?:(?P<alias>\w+)[ \t]+)?"(?P<path>[\w./-]{1,200})"[ \t]*(?://.*)?$'
)
_VERSION = re.compile(r"v\d+")


def _bound(text: str, row: Construct) -> set[str]:
    """Return the names that a Go file's imports give to a row's library.

    Without an alias a package may be called by the last part of its path, or by a part of that:
    ``trpc-mcp-go`` is the package ``mcp``.
    """
    fronts = tuple(need.strip('"') for need in (row.literal, *row.needs) if need.startswith('"'))
    names: set[str] = set()
    for found in _GO_IMPORT.finditer(text):
        if not found.group("path").startswith(fronts):
            continue
        parts = [part for part in found.group("path").split("/") if not _VERSION.fullmatch(part)]
        last = parts[-1]
        plain = {last, last.replace("-", "_"), last.replace("-", ""), *last.split("-")}
        names |= {found.group("alias")} if found.group("alias") else plain
    return names


def _group(found: Any, group: str) -> str:
    """Return the group's text where the pattern has one and it took part."""
    try:
        text = found.group(group)
    except (IndexError, KeyError):
        return ""
    return " ".join(text.split())[:100] if text else ""

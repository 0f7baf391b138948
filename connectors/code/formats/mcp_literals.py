"""Read MCP servers that code of any language lists with their start: a known program and what it runs.

``Command: "npx", Args: []string{"-y", "@acme/mcp-server"}`` in Go, and the same in a call, a builder, a
table. Nothing proves the library here, so the package must be called an MCP server by its own name. All other
arguments may hold secrets and stay where they are. A file with many servers offers them to its users: that is
told, for not each of them is used.

**Source:** admin/conf/mcp.go of yincongcyincong/MuseBot and the client guides of the MCP SDKs, read on
2026-11-22.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from connectors.catalogue.tables import canonical
from connectors.code.facts import Fact, Source, tell_cut
from connectors.code.formats.common import purl
from connectors.code.formats.lines import LineCounter, is_comment, line_around
from connectors.code.formats.mcp import BRIDGES, package_of
from connectors.code.formats.mcp_clients import host_of
from connectors.code.formats.talk import Talk
from connectors.model import Grade, Json
from connectors.patterns import compile_pattern

_MAX_HITS = 200
_MOST_STARTED = 12
"""Servers of one file that it may start itself; a longer list is one to choose from."""
_REACH = 1_500
_BEFORE = 60
_BETWEEN = 120
_SHOWN = (".tsx", ".jsx", ".vue", ".svelte", ".astro", ".cshtml", ".razor")
"""Files that are pages: what they hold is shown to people, who may start it."""
_MARKS = (b"mcp", b"modelcontextprotocol")
_TOKEN = re.compile(
    r"""(?P<text>"(?:[^"\\\n]|\\.){0,400}+"|'(?:[^'\\\n]|\\.){0,400}+')"""
    r"""|(?P<open>[({\[])|(?P<close>[)}\]])|(?P<stop>&&|\|\||==|;)|//[^\n]{0,400}"""
)
# What a comparison, a case or a membership test has before the program is no start of it.
_COMPARED = re.compile(r"(?:[=!]=|\b(?:case|in|is|not|eq|equals\(|contains\())\s*\Z")
_WRAPPED = re.compile(r"(?:\bString::from|\bSome|\w{0,40}(?:[Pp]tr|[Ss]tring))\(\s*\Z")
# What may follow the program: a comma, the rest of a builder, or a line that says the arguments by name.
_LISTED = re.compile(r"(?:\.\w{1,20}\(\))?\s*(?:,|\)\s*(?=[.?!]))")
_CLOSED = re.compile(r"\s*\)\s*,")
_CHAIN = re.compile(r"\s*[.?!]")
_NEXT_LINE = re.compile(r"(?:\.\w{1,20}\(\))?[ \t]*\r?\n\s*[\w\"'@$.]")
_KEYED = re.compile(r"""([A-Za-z_]\w{0,40})["']?\s*(?:=>|:=|[:=])[\s&\w.<>?!*]{0,60}\Z""")
_METHOD = re.compile(r"\.\s*([A-Za-z_]\w{0,40})\s*\Z")
_IS_KEY = re.compile(r"\s*(?:=>|:)(?!:)")
_ARGUMENTS = ("args", "arg", "arguments", "argv")
_OTHERS = ("env", "envs", "environment", "directory", "cwd", "current_dir", "workdir", "name", "description")


def parse(source: Source) -> Iterator[Fact]:
    """Yield the servers whose start stands in the file's code, each once."""
    if source.syntax != "source" or source.name.endswith(_SHOWN):
        return
    if not any(mark in source.data for mark in _MARKS):
        return
    servers: dict[str, Fact] = {}
    talk = Talk(source)
    counter = LineCounter(source.data)
    for hit in sorted(source.hits, key=lambda hit: hit.start)[:_MAX_HITS]:
        words = _words(source.data, hit.start)
        ecosystem, package = package_of(source, words)
        if not ecosystem or not _is_server(source, package):
            continue
        line, _ = line_around(source.data, hit.start)
        if is_comment(line) or talk.is_sample(hit.start) or talk.holds(hit.start):
            continue
        fact = _fact(source, ecosystem, package, words, counter.at(hit.start))
        if fact is not None:
            servers.setdefault(fact.identifier, fact)
    form = "started by code" if len(servers) <= _MOST_STARTED else "offered by code"
    for fact in servers.values():
        yield replace(fact, attributes={"form": form, **fact.attributes})
    tell_cut(len(source.hits), _MAX_HITS, "programs that may start a server")


def _is_server(source: Source, package: str) -> bool:
    name = package.lower()
    catalogue = source.catalogue
    return (
        bool(compile_pattern(catalogue.name_pattern).search(name))
        and not compile_pattern(catalogue.not_name_pattern).search(name)
        and name[-1].isalnum()
    )


def _words(data: bytes, place: int) -> list[str]:
    """Return the program in quotes at a place and the arguments it is given; empty when it is none."""
    before = data[max(0, place - _BEFORE) : place].decode("latin-1")
    text = data[place : place + _REACH].decode("utf-8", "replace")
    end = text.find(text[0], 1) + 1
    if end == 0 or _COMPARED.search(before):
        return []
    follows = _LISTED.match(text, end) or (_WRAPPED.search(before) and _CLOSED.match(text, end))
    if not follows and not _NEXT_LINE.match(text, end):
        return []
    start = follows.end() if follows else end
    return [text[1 : end - 1], *_arguments(text, start, is_named=not follows)]


def _arguments(text: str, start: int, *, is_named: bool) -> list[str]:
    """Return the texts of what stands behind the program, up to the bracket that closes what is around it.

    ``is_named``: only those behind a word that says that they are arguments.
    """
    found: list[str] = []
    depth, last = 0, start
    key = "?" if is_named else ""
    for token in _TOKEN.finditer(text, start):
        between, last = text[max(last, token.start() - _BETWEEN) : token.start()], token.end()
        if token["stop"]:
            break
        if depth == 0 and not token["close"]:
            key = _key(text, token, between) or key
        if token["open"]:
            depth += 1
        elif token["close"]:
            depth -= 1
            if depth < 0 and not (token["close"] == ")" and _CHAIN.match(text, token.end())):
                break
            depth = max(depth, 0)
        elif token["text"] and key in ("", *_ARGUMENTS) and not _IS_KEY.match(text, token.end()):
            found.append(token["text"][1:-1])
    return found


def _key(text: str, token: re.Match[str], between: str) -> str:
    """Return the word that says what a value is, in small letters; empty when none stands before it."""
    if token["text"] and _IS_KEY.match(text, token.end()):
        return token["text"][1:-1].lower()
    word = _KEYED.search(between)
    if word is not None:
        return word.group(1).lower()
    method = _METHOD.search(between) if token["open"] == "(" else None
    name = method.group(1).lower() if method else ""
    return name if name in (*_ARGUMENTS, *_OTHERS) else ""


def _fact(source: Source, ecosystem: str, package: str, words: list[str], line: int) -> Fact | None:
    told: dict[str, Json] = {"package": purl(ecosystem, package), "package_name": package}
    name, transport = package, "stdio"
    if package in BRIDGES:
        address = next((word for word in words if word.startswith(("https://", "http://"))), "")
        name, transport = host_of(address), "http"
        if not name:
            return None
        told["host"] = name
    row = source.catalogue.packages.get(ecosystem, {}).get(canonical(ecosystem, package))
    return Fact(
        kind="mcp_server",
        provider=row.vendor if row else "mcp",
        identifier=name,
        name=name,
        grade=Grade.CALLED,
        line=line,
        attributes={"transport": transport, **told},
    )

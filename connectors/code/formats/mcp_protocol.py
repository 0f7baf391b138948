"""Find MCP servers written by hand: code that answers the protocol's own messages without an SDK.

A server says who it is (``serverInfo``) and answers ``tools/list`` and ``tools/call``; a client names itself
(``clientInfo``), and a library leaves the name to whoever uses it. Where another file tells the messages
apart, the whole answer to ``initialize`` (with its version, a date) is that of a server.

**Source:** general knowledge of the protocol's messages; app/controllers/mcp_controller.rb of
we-promise/sure and app/controllers/mcp of docusealco/docuseal, read on 2026-11-22.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.code.facts import Fact, Source
from connectors.code.formats.constructs import MAX_TEXT
from connectors.code.formats.lines import LineCounter
from connectors.code.formats.talk import Talk
from connectors.model import Grade

_LIST = re.compile(r"""["'`]tools/list["'`]""")
_CALL = re.compile(r"""["'`]tools/call["'`]""")
_VERSION = re.compile(r"\b[pP]rotocol_?[vV]ersion\b")
_CLIENT = re.compile(r"""\bclient_?Info\b["']?\s{0,20}(?:=>|[:=,]|to\b)[^;\n]{0,80}?[{(\[]""", re.I)
# A type's fields have a word for a value; a table has a text, or a constant in capitals.
_SERVER = re.compile(
    r"""\bserver_?Info\b["'`]?(?P<between>[^;]{0,160}?)\bname\b["'`]?\s{0,20}(?:=>|[:=,]|to\b)\s{0,20}"""
    r"""(?:["'`](?P<name>[^"'`\n{}$#%]{1,80})["'`]|(?P<constant>[A-Z][A-Z0-9_]{2,60})\b)""",
    re.I,
)
_TRIES = 20
_DATED = re.compile(
    r"""\bprotocol_?[vV]ersion\b["'`]?\s{0,20}(?:=>|[:=,]|to\b)\s{0,20}(?:["'`](?P<date>20\d\d-\d\d-\d\d)["'`]"""
    r"""|(?:[A-Za-z_][\w.]{0,60}(?:\.|::))?(?P<constant>[A-Z][A-Z0-9_]{2,60})\b)"""
)
_DATE = re.compile(r"20\d\d-\d\d-\d\d")
_CAPABILITIES = re.compile(r"\bcapabilities\b")
_AROUND = 400
# What a test expects, and what stands in for a server, is none.
_EXPECTED = re.compile(
    r"(?i)expect|assert|should|\bmock|\bstub|\bfake|toEqual|toMatch|\bdescribe\(|\btest_|@Test\b"
)
_TEST_FILE = re.compile(
    r"(?i)(?:^|[._-])(?:tests?|spec|mocks?|fakes?|stubs?|fixtures?)(?:[._-]|$)|Tests?\.\w+$"
)


def parse(source: Source) -> Iterator[Fact]:
    """Yield the server that a file answers for by itself."""
    if source.syntax != "source" or len(source.data) > MAX_TEXT or source.name.endswith(".ipynb"):
        return
    # One character a byte, so that places in the text are places in the bytes.
    text = source.data.decode("latin-1")
    talk = Talk(source)
    if _CLIENT.search(text):
        return
    is_whole = all(_stands(mark, text, talk) for mark in (_LIST, _CALL, _VERSION))
    if not is_whole and (_TEST_FILE.search(source.name) or not _DATED.search(text)):
        return
    for number, found in enumerate(_SERVER.finditer(text)):
        if number == _TRIES:
            return
        if talk.holds(found.start()) or talk.is_sample(found.start()):
            continue
        if not is_whole and not _is_answer(text, found):
            continue
        name = found["name"] or _constant(text, found["constant"])
        if name:
            name = name.encode("latin-1").decode("utf-8", "replace")
            yield _fact(name, LineCounter(source.data).at(found.start()))
            return


def _is_answer(text: str, server: re.Match[str]) -> bool:
    """Say whether what a server calls itself stands beside its dated version and its capabilities."""
    around = text[max(0, server.start() - _AROUND) : server.end() + _AROUND]
    version = _DATED.search(around)
    if version is None or not _CAPABILITIES.search(around) or _EXPECTED.search(around):
        return False
    return bool(version["date"] or _DATE.fullmatch(_constant(text, version["constant"])))


def _stands(mark: re.Pattern[str], text: str, talk: Talk) -> bool:
    """Say whether a mark stands in code: in no comment, and in no text of several lines."""
    places = [found.start() for _, found in zip(range(_TRIES), mark.finditer(text), strict=False)]
    return any(not talk.holds(place) and not talk.is_sample(place) for place in places)


def _constant(text: str, name: str) -> str:
    """Return the text of a constant, if the file gives it one."""
    value = r"[\"'`]([^\"'`\n]{1,80})[\"'`]"
    kind = r"[ \t:]{0,9}(?:&?(?:'static )?\w{1,20}[ \t]{0,9})?"
    values = set(re.findall(rf"\b{name}\b{kind}:?=[ \t]{{0,9}}{value}", text))
    return str(values.pop()) if len(values) == 1 else ""


def _fact(name: str, line: int) -> Fact:
    return Fact(
        kind="mcp_server",
        provider="mcp",
        identifier=name,
        name=name,
        grade=Grade.CALLED,
        line=line,
        attributes={"form": "code", "library": "none"},
    )

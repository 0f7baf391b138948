"""Read from SQL which tables a file ends: those it drops, and those it gives another name.

A migration undoes what an earlier one did, and a parser sees one file: what is gone at its end becomes a
note, and :mod:`connectors.code.table_joins` replays the files of a folder in their order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.code.facts import Fact, Source
from connectors.code.formats.lines import LineCounter
from connectors.code.formats.plumbing import is_of_a_server
from connectors.model import Grade

ENDED = "table_ended"
"""The kind of the note: at the end of the file there is no table ``identifier`` (see :func:`plain`)."""

_NAME = r"""["`\[]?[A-Za-z_]\w*["`\]]?(?:\.["`\[]?[A-Za-z_]\w*["`\]]?)?"""
_CHANGE = re.compile(
    rf"(?im)^[ \t]*(?:create\s+table\s+(?:if\s+not\s+exists\s+)?(?P<made>{_NAME})"
    rf"|drop\s+table\s+(?:if\s+exists\s+)?(?P<dropped>{_NAME}(?:\s*,\s*{_NAME}){{0,50}})"
    rf"|alter\s+table\s+(?:if\s+exists\s+)?(?:only\s+)?(?P<old>{_NAME})\s+rename\s+to\s+(?P<new>{_NAME}))"
)
_DOWN = re.compile(
    r"(?im)^[ \t]*--[ \t=>]*(?:\+(?:goose|migrate|micrate)[ \t]+|migrate:|@)?(?:down|rollback|undo)\b"
)
_IN_SCHEMA = re.compile(rb"(?im)^create\s+table\s+(?P<schema>[a-z_]\w{0,60})\.(?P<table>[a-z_]\w{0,60})\s*\(")
_USE = re.compile(
    rb"(?im)^[ \t]*(?:use|\\c|\\connect)[ \t]+[`\"\[]?(?P<name>\w{1,60})[`\"\]]?[ \t]*;?[ \t]*\r?$"
)
_DUMP = b"PostgreSQL database dump"
_HEAD = 400
_FEW = 5
_SCHEMAS = ("public.", "dbo.", "main.")
_MOST_BYTES = 1_000_000


def down_at(data: bytes) -> int:
    """Return where the part of a SQL file begins that takes the rest back; its length when there is none."""
    found = _DOWN.search(data.decode("latin-1"))
    return found.start() if found else len(data)


def plain(name: str) -> str:
    """Return a table's name as names are compared: without quotes, case and the schema of all tables."""
    bare = re.sub(r"[\"`\[\]]", "", name).lower()
    return next((bare.removeprefix(schema) for schema in _SCHEMAS if bare.startswith(schema)), bare)


def copied_schemas(source: Source) -> frozenset[str]:
    """Return the schemas of a dump that only copy ``public``: nearly all of their tables are there too."""
    if not source.name.endswith(".sql") or _DUMP not in source.data[:_HEAD]:
        return frozenset()
    tables: dict[str, set[bytes]] = {}
    for found in _IN_SCHEMA.finditer(source.data):
        tables.setdefault(found["schema"].decode().lower(), set()).add(found["table"].lower())
    public = tables.pop("public", set())
    return frozenset(
        schema for schema, own in tables.items() if len(own) >= _FEW and len(own & public) >= len(own) * 0.8
    )


def foreign_spans(source: Source) -> list[tuple[int, int]]:
    """Return where a SQL file makes the tables of a program that keeps its own things: ``USE keycloak;``."""
    if not source.name.endswith(".sql"):
        return []
    chosen = list(_USE.finditer(source.data))
    starts = [*(found.start() for found in chosen), len(source.data)]
    return [
        (starts[index], starts[index + 1])
        for index, found in enumerate(chosen)
        if is_of_a_server(source.catalogue, found["name"].decode("latin-1"))
    ]


def ended(source: Source) -> Iterator[Fact]:
    """Yield a note for each table that is dropped or renamed and not made again further down."""
    if not source.name.endswith(".sql") or len(source.data) > _MOST_BYTES:
        return
    # One character a byte, so that lines are those of the file.
    text = source.data[: down_at(source.data)].decode("latin-1")
    gone: dict[str, int] = {}
    for found in _CHANGE.finditer(text):
        for name in re.split(r"\s*,\s*", found["dropped"] or found["old"] or ""):
            gone[plain(name)] = found.start()
        gone.pop(plain(found["made"] or found["new"] or ""), None)
    lines = LineCounter(text)
    for name, place in gone.items():
        if name:
            yield Fact(
                kind=ENDED,
                provider="",
                identifier=name,
                name=name,
                grade=Grade.DECLARED,
                line=lines.at(place),
                standing=False,
            )

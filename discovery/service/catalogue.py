"""Ask the catalogue: is a file of one's own right, what is found in a text, what is known about a word."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.errors import ConfigError
from connectors.secrets import redact

if TYPE_CHECKING:
    from connectors.code.facts import Fact, Hit
    from connectors.code.registry import Formats

MOST_BYTES = 16_000_000
"""Size of the largest file that ``probe`` reads, as in a scan."""
_MOST_HITS = 200


@dataclass(slots=True, kw_only=True)
class MistakeView:
    """One mistake in a catalogue file; ``line`` counts from 1, ``None``: the file as a whole."""

    line: int | None
    text: str


@dataclass(slots=True, kw_only=True)
class RowView:
    """One row of the catalogue."""

    table: str
    name: str
    file: str
    fields: dict[str, Any]


@dataclass(slots=True, kw_only=True)
class FactView:
    """One thing that a format read, and which literals of the catalogue stand on its line.

    ``stands``: it shows the thing by itself; otherwise it only adds evidence to what another file shows.
    """

    line: int
    kind: str
    provider: str
    name: str
    identifier: str
    model: str | None
    grade: str
    format: str
    stands: bool
    matched: list[str] = field(default_factory=list)
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class ProbeView:
    """What a scan would see in one file, alone in its folder."""

    path: str
    role: str
    syntax: str
    formats: list[str]
    facts: list[FactView] = field(default_factory=list)
    hits: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def lint(path: Path | None) -> list[MistakeView]:
    """Return every mistake in a file, with its line, or in our own tables."""
    from connectors.catalogue.looking import mistakes

    found = mistakes(path)
    if path is None or not found:
        return [MistakeView(line=None, text=one.text) for one in found]
    from discovery.config_lines import find_lines

    lines = find_lines(path.read_text(encoding="utf-8"))
    return [MistakeView(line=lines.of(one.path) if one.path else None, text=one.text) for one in found]


def search(word: str, *, table: str = "", own: Path | None = None) -> Iterator[RowView]:
    """Yield the rows of all tables that hold a word, the user's own first."""
    from connectors.catalogue import looking

    for row in looking.search(word, own, table=table):
        yield RowView(table=row.table, name=row.name, file=row.file, fields=dict(row.fields))


def tables() -> list[str]:
    """Return the names of all tables, sorted."""
    from connectors.catalogue.looking import all_rows

    return sorted({row.table for row in all_rows()})


def read_probe(path: Path) -> bytes:
    """Return a file's bytes; raises ``ConfigError`` when it is none or too large."""
    try:
        if not path.is_file():
            raise ConfigError(f"{str(path)!r} is not a file")
        if path.stat().st_size > MOST_BYTES:
            raise ConfigError(f"{str(path)!r} is larger than {MOST_BYTES:,} bytes")
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{str(path)!r} cannot be read: {error.strerror}") from error


def probe(data: bytes, path: str, *, own: Path | None = None) -> ProbeView:
    """Return what the formats read in ``data``, were it the file at ``path`` (relative, with ``/``)."""
    from connectors.catalogue import load_catalogue
    from connectors.code.registry import UNREAD, formats_for
    from connectors.code.roles import Roles

    catalogue = load_catalogue(own)
    formats = formats_for(catalogue)
    plan = formats.plan(path)
    read = formats.read(data, path.rpartition("/")[2], plan)
    hits = [] if plan.syntax in UNREAD else formats.prefilter.search(data)
    matched = _by_line(data, hits)
    return ProbeView(
        path=path,
        role=str(Roles(catalogue).of(path)),
        syntax=plan.syntax,
        formats=list(plan.formats),
        facts=[_fact(formats, name, fact, matched) for name, fact in read],
        hits=[f"line {line}: {text}" for line, texts in matched.items() for text in texts][:_MOST_HITS],
        problems=[f"{name}: {redact(reason)}" for name, reason in read.problems],
    )


def _fact(formats: Formats, name: str, fact: Fact, matched: Mapping[int, list[str]]) -> FactView:
    ways = list(matched.get(fact.line, ()))
    ecosystem = fact.attributes.get("ecosystem")
    if isinstance(ecosystem, str):
        ways.insert(0, f"{ecosystem} package {fact.name!r}")
    if not ways:
        ways.append(f"the file's name, read as {formats.rows[name].name}")
    return FactView(
        line=fact.line,
        kind=fact.kind,
        provider=fact.provider,
        name=redact(fact.name),
        identifier=redact(fact.identifier),
        model=redact(fact.model) if fact.model else fact.model,
        grade=str(fact.grade),
        format=name,
        stands=fact.standing,
        matched=ways,
        attributes={
            key: redact(value) if isinstance(value, str) else value for key, value in fact.attributes.items()
        },
    )


def _by_line(data: bytes, hits: list[Hit]) -> dict[int, list[str]]:
    """Return what the byte search found on each line, from the top; ends of lines are counted once."""
    ends = list(accumulate(len(line) for line in data.splitlines(keepends=True)))
    found: dict[int, dict[str, None]] = {}
    for hit in sorted(hits, key=lambda hit: hit.start):
        literal = data[hit.start : hit.end].decode("utf-8", "replace")
        found.setdefault(bisect_right(ends, hit.start) + 1, {})[f"{hit.hit_class} {literal!r}"] = None
    return {line: list(texts) for line, texts in found.items()}

"""What a parser says about one file: facts that are a pure function of its bytes, and how they are kept.

A fact knows no path, role, unit or owner; those are added for each tree (:mod:`connectors.code.assemble`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

import orjson

from connectors.catalogue.tables import Catalogue
from connectors.model import Grade, Json

T = TypeVar("T")

MAX_FACTS = 5_000
"""Facts kept of one file and format; a file with more is listed as an exception."""
MAX_NAME = 1_000
"""Characters of an identifier or name; a fact with a longer one is left out, and the file is an exception."""

MODULE_CALL = "module_call"
"""The kind of a fact that is no finding: the file's folder uses the folder ``identifier`` as a module.

Any other kind that is none of :mod:`connectors.kinds` makes a note for :mod:`connectors.code.tree_joins`.
"""


class UnreadableError(Exception):
    """A file cannot be parsed; the text says why in a few words and quotes nothing of the file."""


class CutShortError(UnreadableError):
    """A file holds more than a parser looks at: what was read counts, and that there is more is told."""


def within(items: Iterable[T], most: int, what: str) -> Iterator[T]:
    """Yield up to ``most`` items, then raise :class:`CutShortError` if there is one more."""
    for number, item in enumerate(items):
        tell_cut(number + 1, most, what)
        yield item


def tell_cut(count: int, most: int, what: str) -> None:
    """Raise :class:`CutShortError` when there are more than ``most``: call it when all else was yielded."""
    if count > most:
        raise CutShortError(f"more than {most} {what}; the rest is left out")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing a file says.

    ``identifier`` tells the thing from others of its kind in the same unit (package URL, model id, server
    name, resource address). ``line`` counts from 1; 0 means the file as a whole. ``standing`` false: the
    fact only adds evidence to a thing that another fact shows (an import beside its manifest). ``is_local``:
    the identifier holds only in the file's own folder (a resource's name in its Terraform module).
    """

    kind: str
    provider: str
    identifier: str
    name: str
    grade: Grade
    line: int = 0
    model: str | None = None
    detail: str = ""
    standing: bool = True
    is_local: bool = False
    attributes: Mapping[str, Json] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


class Hit(NamedTuple):
    """Where the byte search found a literal: its class, its row in that class, its place in the bytes."""

    hit_class: str
    row: int
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a parser gets: the bytes, how to read them, and what the byte search found.

    ``name`` is the file's own name, ``label`` what the format was told about it (an agent file's name);
    both belong to the key of cached facts.
    """

    data: bytes
    name: str
    syntax: str
    catalogue: Catalogue
    hits: tuple[Hit, ...] = ()
    label: str = ""

    def text(self) -> str:
        """Return the bytes as UTF-8 (or UTF-16 with its mark); raises :class:`UnreadableError`."""
        data = self.data
        encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        try:
            return data.decode(encoding)
        except UnicodeDecodeError as error:
            raise UnreadableError(
                f"not {encoding.upper()[:6].rstrip('-S')} text at byte {error.start}"
            ) from error

    def lenient_text(self) -> str:
        """Return the bytes as text with one character a byte where they are not UTF-8."""
        return self.data.decode("utf-8", "replace")


@dataclass(slots=True)
class FileFacts:
    """All that was read from one blob: facts by format, and which formats could not read it."""

    facts: list[tuple[str, Fact]] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)

    def __iter__(self) -> Iterator[tuple[str, Fact]]:
        return iter(self.facts)

    def pack(self) -> bytes:
        """Serialise for the cache."""
        return orjson.dumps([[[name, *_row(fact)] for name, fact in self.facts], self.problems])

    @classmethod
    def unpack(cls, data: bytes) -> FileFacts | None:
        """Read what :meth:`pack` wrote; ``None`` when it is something else (a miss)."""
        try:
            rows, problems = orjson.loads(data)
            facts = [(row[0], _fact(row[1:])) for row in rows]
            return cls(facts, [(name, reason) for name, reason in problems])
        except (ValueError, TypeError, IndexError):
            return None


def _row(fact: Fact) -> list[object]:
    return [
        *(fact.kind, fact.provider, fact.identifier, fact.name, fact.grade, fact.line, fact.model),
        *(fact.detail, fact.standing, fact.is_local, fact.attributes, fact.tags),
    ]


def _fact(row: list[object]) -> Fact:
    kind, provider, identifier, name, grade, line, model, detail, standing, is_local, attributes, tags = row
    return Fact(
        kind=kind,  # type: ignore[arg-type]
        provider=provider,  # type: ignore[arg-type]
        identifier=identifier,  # type: ignore[arg-type]
        name=name,  # type: ignore[arg-type]
        grade=Grade(str(grade)),
        line=line,  # type: ignore[arg-type]
        model=model,  # type: ignore[arg-type]
        detail=detail,  # type: ignore[arg-type]
        standing=standing,  # type: ignore[arg-type]
        is_local=is_local,  # type: ignore[arg-type]
        attributes=attributes,  # type: ignore[arg-type]
        tags=tags,  # type: ignore[arg-type]
    )

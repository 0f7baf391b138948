"""Tell which formats read a file, from the catalogue's lines, and call their parsers.

A new format is one function ``parse(source) -> Iterator[Fact]`` and one line in ``formats.toml``.
"""

from __future__ import annotations

import hashlib
import importlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import islice

from connectors.catalogue.tables import Catalogue, Format
from connectors.code.facts import (
    MAX_FACTS,
    MAX_NAME,
    CutShortError,
    Fact,
    FileFacts,
    Hit,
    Source,
    UnreadableError,
)
from connectors.code.formats.notebooks import without_prose
from connectors.code.globs import GlobTable
from connectors.code.prefilter import MAX_HITS, SUPPRESSION_MARK, Prefilter

UNREAD = ("prose", "binary")
# What an interface says in one language lies in such folders.
_FILLED_PROSE = (
    ".md.j2",
    ".md.jinja",
    ".md.jinja2",
    ".md.tmpl",
    ".md.tpl",
    ".md.hbs",
    ".md.template",
    ".html.j2",
)
"""Endings of pages for people that a program fills in."""
_MESSAGES = (".json", ".yaml", ".yml", ".properties")
_TRANSLATED = re.compile(r"(?i)(?:^|/)(?:locales?|i18n|l10n|translations?|lang|langs)/")
"""Syntaxes in which nothing is searched for: only a format that asks for the file by name reads it."""

Parser = Callable[[Source], Iterator[Fact]]


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be done with a file: the formats chosen by its path, how its text is read, and a label.

    ``head``: how many bytes from the front all of them need; 0 means the whole file.
    """

    formats: tuple[str, ...]
    syntax: str
    label: str = ""
    head: int = 0


class Formats:
    """The formats of a catalogue, ready to be asked about paths."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.rows = {row.name: row for row in catalogue.format}
        self._globs = GlobTable(
            (glob, row.name) for row in catalogue.format for glob in row.globs if not glob.startswith("@")
        )
        self._agents = GlobTable((glob, row.name) for row in catalogue.file for glob in row.globs)
        self._by_class: dict[str, list[Format]] = {}
        for row in catalogue.format:
            for hit_class in row.hits:
                self._by_class.setdefault(hit_class, []).append(row)
        self._syntaxes = _suffixes(catalogue)
        self._signature = ",".join(f"{row.name}:{row.version}" for row in catalogue.format)

    @cached_property
    def prefilter(self) -> Prefilter:
        """Return the byte search over all literals of the catalogue (about 30 ms to build)."""
        return Prefilter(self.catalogue)

    @cached_property
    def parts(self) -> dict[str, tuple[str, ...]]:
        """Return the kinds of each part, in the order of the catalogue."""
        found: dict[str, list[str]] = {}
        for row in self.catalogue.format:
            kinds = self.catalogue.infrastructure_kinds if row.kinds == ("*",) else row.kinds
            known = found.setdefault(row.part, [])
            known += [kind for kind in kinds if kind not in known]
        return {part: tuple(kinds) for part, kinds in found.items()}

    def plan(self, path: str) -> Plan:
        """Say what to do with the file at ``path`` (relative, with ``/``)."""
        formats = self._globs.find(path)
        labels = self._agents.find(path)
        if labels:
            formats = (*formats, "agent-file")
        heads = [self.rows[name].head for name in formats]
        head = max(heads) if heads and all(heads) else 0
        return Plan(formats, self._syntax(path), labels[0] if labels else "", head)

    def parts_of(self, plan: Plan) -> list[str]:
        """Return the parts that a file of this plan may report to."""
        names = {self.rows[name].part for name in plan.formats}
        if plan.syntax not in UNREAD:
            names |= {row.part for rows in self._by_class.values() for row in rows}
        return [part for part in self.parts if part in names]

    def cache_key(self, blob: str, name: str, plan: Plan) -> str:
        """Return the key of a blob's facts: its bytes and all that parsers are told besides."""
        # Formats chosen by name may read it; for the others its ending is enough, so copies share facts.
        known_as = name if plan.formats else name.rpartition(".")[2]
        told = f"{plan.syntax}/{'+'.join(plan.formats)}/{plan.label}/{known_as}"
        return f"code/{blob}/{self.catalogue.version}/{self._digest}/{told}"

    @cached_property
    def _digest(self) -> str:
        return hashlib.sha256(self._signature.encode()).hexdigest()[:8]

    def read(self, data: bytes, name: str, plan: Plan) -> FileFacts:
        """Return the facts in a file's bytes; what a parser cannot read becomes a problem."""
        result = FileFacts()
        if name.endswith(".ipynb"):
            data = without_prose(data)
        hits = self._hits(data, plan)
        wanted = [self.rows[format_name] for format_name in plan.formats]
        by_class: dict[str, list[Hit]] = {}
        for hit in hits:
            by_class.setdefault(hit.hit_class, []).append(hit)
        wanted += _unique(row for hit_class in by_class for row in self._by_class.get(hit_class, ()))
        for row in wanted:
            mine = _hits_of(row, by_class, hits)
            source = Source(
                data=data,
                name=name,
                syntax=plan.syntax,
                catalogue=self.catalogue,
                hits=mine,
                label=plan.label,
            )
            self._parse(row, source, result)
            if row.hits and len(hits) >= MAX_HITS:
                result.problems.append(
                    (row.name, f"more than {MAX_HITS:,} places to look at; the rest is left out")
                )
        return result

    def _hits(self, data: bytes, plan: Plan) -> tuple[Hit, ...]:
        """Return the hits in a file; in one read only for its name, those of comments to us alone."""
        if plan.syntax not in UNREAD:
            return tuple(self.prefilter.search(data))
        if not plan.formats or SUPPRESSION_MARK not in data:
            return ()
        return tuple(hit for hit in self.prefilter.search(data) if hit.hit_class == "suppression")

    def _parse(self, row: Format, source: Source, result: FileFacts) -> None:
        facts: list[Fact] = []
        try:
            for fact in islice(_parser(row.parser)(source), MAX_FACTS + 1):
                facts.append(fact)  # one by one: what came before a cut counts
        except CutShortError as error:
            result.problems.append((row.name, str(error)))
        except UnreadableError as error:
            result.problems.append((row.name, str(error)))
            return
        except RecursionError:
            result.problems.append((row.name, "nested too deep"))
            return
        except _SURPRISES as error:
            # A file that its parser's author never thought of must cost that file, not the whole tree.
            result.problems.append((row.name, f"parser error: {type(error).__name__}"))
            return
        if len(facts) > MAX_FACTS:
            result.problems.append((row.name, f"more than {MAX_FACTS} facts; the rest is left out"))
        facts = facts[:MAX_FACTS]
        kept = [fact for fact in facts if len(fact.identifier) <= MAX_NAME >= len(fact.name)]
        if len(kept) < len(facts):
            result.problems.append((row.name, f"names of more than {MAX_NAME} characters are left out"))
        result.facts += [(row.name, fact) for fact in kept]

    def _syntax(self, path: str) -> str:
        name = path.rsplit("/", 1)[-1]
        known = self._syntaxes.get(name)
        if known:
            return known
        if name.startswith(".env"):
            return "config"
        if name.startswith(("Dockerfile", "Containerfile")):
            return "config"
        if name.endswith(_FILLED_PROSE):
            return "prose"
        dot = name.rfind(".")
        ending = name[dot:] if dot >= 0 else ""
        if ending in _MESSAGES and _TRANSLATED.search(path):
            return "prose"
        return self._syntaxes.get(ending) or self._syntaxes.get(ending.lower(), "source")


def _suffixes(catalogue: Catalogue) -> dict[str, str]:
    syntax = catalogue.syntax
    table = dict.fromkeys(syntax.source, "source")
    table |= dict.fromkeys(syntax.config, "config")
    table |= dict.fromkeys(syntax.binary, "binary")
    return table | dict.fromkeys(syntax.prose, "prose")


def _hits_of(row: Format, by_class: dict[str, list[Hit]], hits: tuple[Hit, ...]) -> tuple[Hit, ...]:
    """Return a format's hits in the order in which they end."""
    present = [hit_class for hit_class in row.hits if hit_class in by_class]
    if len(present) <= 1:
        return tuple(by_class[present[0]]) if present else ()
    return tuple(hit for hit in hits if hit.hit_class in present)


def _unique(rows: Iterator[Format]) -> list[Format]:
    return list({row.name: row for row in rows}.values())


@cache
def _parser(place: str) -> Parser:
    if not re.fullmatch(r"[a-z_.]+:[a-z_]+", place):
        raise ValueError(f"not a parser: {place!r}")
    module, _, function = place.partition(":")
    parser: Parser = getattr(importlib.import_module(module), function)
    return parser


_SURPRISES = (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError)

_built: dict[str, Formats] = {}


def formats_for(catalogue: Catalogue) -> Formats:
    """Return the formats of a catalogue, built once a process and version."""
    formats = _built.get(catalogue.version)
    if formats is None:
        formats = _built[catalogue.version] = Formats(catalogue)
    return formats

"""Find every catalogued literal in a file's bytes in one pass.

One automaton (Aho-Corasick as a DFA, about 600 MB a second a core) holds the literals of all classes; only
files with a hit are looked at again, and there only the lines around the hits.
"""

from __future__ import annotations

from collections.abc import Iterator

from connectors.catalogue.tables import Catalogue
from connectors.code.facts import Hit

_WINDOW = 512 * 1024
MAX_HITS = 20_000
"""Hits kept of one file, so that a file made of one repeated literal cannot fill the memory."""


class Prefilter:
    """The byte search over all literals of a catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

        literals: dict[bytes, list[tuple[str, int]]] = {}
        for hit_class, row, literal in _literals(catalogue):
            literals.setdefault(literal.encode(), []).append((hit_class, row))
        self._meanings = list(literals.values())
        self._overlap = max(map(len, literals)) - 1
        self.literals = tuple(literals)
        # Overlapping search, for one literal may begin inside another; only the standard kind allows it.
        self._automaton = BytesAhoCorasick(list(literals), MatchKind.Standard, Implementation.DFA)

    def search(self, data: bytes) -> list[Hit]:
        """Return the hits in the order in which they end, at most :data:`MAX_HITS`."""
        if len(data) <= _WINDOW:
            found = self._automaton.find_matches_as_indexes(data, overlapping=True)
            return self._hits(found, 0, 0) if found else []
        hits: list[Hit] = []
        for start in range(0, len(data), _WINDOW):
            begin = max(0, start - self._overlap)
            window = memoryview(data)[begin : start + _WINDOW]
            found = self._automaton.find_matches_as_indexes(window, overlapping=True)
            hits += self._hits(found, begin, start)
            if len(hits) > MAX_HITS:
                break
        return hits[:MAX_HITS]

    def _hits(self, found: list[tuple[int, int, int]], offset: int, after: int) -> list[Hit]:
        return [
            Hit(hit_class, row, offset + start, offset + end)
            for index, start, end in found
            if offset + end > after
            for hit_class, row in self._meanings[index]
        ][:MAX_HITS]


def _literals(catalogue: Catalogue) -> Iterator[tuple[str, int, str]]:
    for row, family in enumerate(catalogue.family):
        for stem in family.stems:
            yield "model", row, stem
    for row, place in enumerate(catalogue.place):
        yield "model-place", row, place.literal
    row = 0
    for provider in catalogue.provider:
        for host in provider.hosts:
            yield "host", row, max(host.split("*"), key=len)
            row += 1
    for row, package in enumerate(catalogue.pypi):
        for module in package.modules:
            yield "python-module", row, f"import {module}"
            yield "python-module", row, f"from {module}"
            if "." in module:  # from google import genai
                parent, _, last = module.rpartition(".")
                yield "python-module", row, f"from {parent} import {last}"
    for row, package in enumerate(catalogue.npm):
        for quote in "'\"":
            yield "npm-module", row, f"{quote}{package.name}{quote}"
            yield "npm-module", row, f"{quote}{package.name}/"

"""Read imports of catalogued Java packages in Java, Kotlin, Scala and Groovy.

The byte search knows only the roots of the catalogued packages; what stands behind them decides which
artifact it is. A statement begins its line, so imports in comments and in generated text do not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from connectors.catalogue.tables import Package
from connectors.code.facts import Fact, Hit, Source, tell_cut
from connectors.code.formats.common import package_fact
from connectors.model import Grade

_JVM = frozenset({"java", "kt", "kts", "scala", "sc", "groovy", "gradle"})
_STATEMENT = re.compile(rb"[ \t]*import[ \t]+(?:static[ \t]+)?([A-Za-z_][\w.]{0,300})")
_STATED = re.compile(rb"(?m)^[ \t]*package[ \t]+([A-Za-z_][\w.]{0,300})")
_MAX_NAME = 500
_HEAD = 20_000
_MAX_TRIES = 500
_owners: dict[tuple[str, str], Mapping[str, Package]] = {}


def parse(source: Source) -> Iterator[Fact]:
    """Yield an imported fact for each catalogued artifact whose Java packages the file imports."""
    if source.name.rpartition(".")[2] not in _JVM:
        return
    packages = owners(source.catalogue.version, "maven", source.catalogue.maven)
    found: dict[str, tuple[Package, int, str]] = {}
    own = _own_module(source.data, packages)
    for hit in source.hits[:_MAX_TRIES]:
        begin = source.data.rfind(b"\n", 0, hit.start) + 1
        statement = _STATEMENT.match(source.data, begin)
        if statement is None or in_text_block(source.data, hit):
            continue
        name = statement.group(1).decode("ascii", "replace").rstrip(".")
        module = longest(packages, name)
        if module:
            found.setdefault(packages[module].name, (packages[module], hit.start, _package(name)))
    for row, start, package in found.values():
        yield from package_fact(
            source,
            "maven",
            row.name,
            line=partial(line_at, source.data, start),
            grade=Grade.IMPORTED,
            standing=not row.needs_manifest and row is not own,
            java_package=package,
        )
    tell_cut(len(source.hits), _MAX_TRIES, "imports")


def _own_module(data: bytes, packages: Mapping[str, Package]) -> Package | None:
    """Return the package whose own source a file is by its ``package`` statement.

    A package that imports itself says nothing; where a manifest of the unit declares it, that one counts.
    """
    stated = _STATED.search(data, 0, _HEAD)
    module = longest(packages, stated.group(1).decode("ascii", "replace")) if stated else ""
    return packages[module] if module else None


def _package(name: str) -> str:
    """Return the package of an imported name: the words before the first that begins a type."""
    words = name.split(".")
    return ".".join(words[: next((at for at, word in enumerate(words) if word[:1].isupper()), len(words))])


def owners(version: str, ecosystem: str, rows: Sequence[Package]) -> Mapping[str, Package]:
    """Return which package each module belongs to, worked out once for a version of the catalogue."""
    known = _owners.get((version, ecosystem))
    if known is None:
        known = _owners[version, ecosystem] = {module: row for row in rows for module in row.modules}
    return known


def longest(modules: Mapping[str, Package], name: str) -> str:
    """Return the longest module that ``name`` is or lies in; empty when there is none."""
    name = name[:_MAX_NAME]  # shortened word by word, what is longer takes time by its square
    while name and name not in modules:
        name = name.rpartition(".")[0]
    return name


def in_text_block(data: bytes, hit: Hit) -> bool:
    """Say whether a hit lies in a text of several lines: the code in it is not run."""
    return data.count(b'"""', 0, hit.start) % 2 == 1


def line_at(data: bytes, place: int) -> int:
    """Return the line of a place, counted from 1."""
    return data.count(b"\n", 0, place) + 1

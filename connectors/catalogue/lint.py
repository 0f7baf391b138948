"""Check the catalogue: no duplicate, and every pattern proved by its examples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from connectors.catalogue.tables import ECOSYSTEMS, Catalogue, canonical
from connectors.patterns import compile_pattern, host_pattern


def check(catalogue: Catalogue) -> list[str]:
    """Return every mistake as a sentence, in the order of the tables."""
    return [
        *duplicates(catalogue),
        *_families(catalogue),
        *_places(catalogue),
        *_hosts(catalogue),
        *_mcp(catalogue),
    ]


def duplicates(catalogue: Catalogue) -> Iterator[str]:
    """Yield a sentence for each name that a table holds twice."""
    yield from _repeated("provider", (row.name for row in catalogue.provider))
    yield from _repeated("host", (host for row in catalogue.provider for host in row.hosts))
    for ecosystem in ECOSYSTEMS:
        rows = getattr(catalogue, ecosystem)
        yield from _repeated(f"{ecosystem} package", (canonical(ecosystem, row.name) for row in rows))
        yield from _repeated(f"{ecosystem} module", (module for row in rows for module in row.modules))
    yield from _repeated("model family", (row.name for row in catalogue.family))
    yield from _repeated("model stem", (stem for row in catalogue.family for stem in row.stems))
    yield from _repeated("model place", (row.name for row in catalogue.place))
    yield from _repeated("resource type", (row.type for row in catalogue.terraform))
    yield from _repeated("ARM type", (row.type.lower() for row in catalogue.arm))
    yield from _repeated("agent file", (row.name for row in catalogue.file))
    yield from _repeated("format", (row.name for row in catalogue.format))


def _repeated(what: str, names: Iterable[str]) -> Iterator[str]:
    for name, count in Counter(names).items():
        if count > 1:
            yield f"the {what} {name!r} is there {count} times"


def _families(catalogue: Catalogue) -> Iterator[str]:
    for row in catalogue.family:
        pattern = compile_pattern(row.pattern)
        if not pattern.fullmatch(row.example):
            yield f"model family {row.name!r} does not match its example {row.example!r}"
        if pattern.fullmatch(row.not_example):
            yield f"model family {row.name!r} matches {row.not_example!r}, which it must not"


def _places(catalogue: Catalogue) -> Iterator[str]:
    for row in catalogue.place:
        pattern = compile_pattern(row.pattern)
        found = pattern.search(row.example)
        if found is None or not found.group("id") or row.literal not in row.example:
            yield f"model place {row.name!r} does not match its example {row.example!r}"
        if pattern.search(row.not_example):
            yield f"model place {row.name!r} matches {row.not_example!r}, which it must not"


def _hosts(catalogue: Catalogue) -> Iterator[str]:
    patterns = [(host, host_pattern(host)) for row in catalogue.provider for host in row.hosts]
    for host, pattern in patterns:
        example = f'"https://{host.replace("*", "acme")}"'
        if not pattern.search(example):
            yield f"host {host!r} does not match itself in {example}"
        for other in catalogue.not_hosts:
            if pattern.search(f'"https://{other}/"'):
                yield f"host {host!r} matches {other!r}, which it must not"


def _mcp(catalogue: Catalogue) -> Iterator[str]:
    pattern = compile_pattern(catalogue.name_pattern)
    if not pattern.search(catalogue.name_example):
        yield f"the MCP name pattern does not match {catalogue.name_example!r}"
    if pattern.search(catalogue.name_not_example):
        yield f"the MCP name pattern matches {catalogue.name_not_example!r}, which it must not"

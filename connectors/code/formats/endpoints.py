"""Read the addresses of AI providers in code and configuration."""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.catalogue.tables import Catalogue
from connectors.code.facts import Fact, Source
from connectors.code.formats.lines import is_comment, line_around
from connectors.model import Grade
from connectors.patterns import host_pattern

_TEMPLATE = re.compile(r"[^.]*[${}<>][^.]*")


def parse(source: Source) -> Iterator[Fact]:
    """Yield a fact for each provider host that stands in the file as a whole name, with its first line."""
    hosts = _hosts(source.catalogue)
    seen: set[str] = set()
    line, last = 1, 0
    for hit in sorted(source.hits, key=lambda hit: hit.start):
        line += source.data.count(b"\n", last, hit.start)
        last = hit.start
        provider, host = hosts[hit.row]
        text, _ = line_around(source.data, hit.start)
        if is_comment(text):
            continue
        found = host_pattern(host).search(text)
        if found is None:
            continue
        address = ".".join(_TEMPLATE.sub("*", label) for label in str(found.group("host")).split("."))
        if address in seen:
            continue
        seen.add(address)
        yield Fact(
            kind="provider_endpoint",
            provider=provider,
            identifier=address,
            name=address,
            grade=Grade.CONFIGURED if source.syntax == "config" else Grade.CALLED,
            line=line,
            attributes={"host": address},
        )


def _hosts(catalogue: Catalogue) -> list[tuple[str, str]]:
    """Return provider and host in the order in which the byte search numbers them."""
    return [(provider.name, host) for provider in catalogue.provider for host in provider.hosts]

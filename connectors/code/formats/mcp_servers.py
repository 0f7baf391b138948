"""Find MCP servers built in code: a server SDK imported and a server constructed in the same file."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.code.facts import Fact, Source
from connectors.code.formats.constructs import built
from connectors.model import Grade


def parse(source: Source) -> Iterator[Fact]:
    """Yield a fact for each server the file constructs; without a name its path becomes its identity."""
    for thing in built(source, source.catalogue.mcp_server_code):
        yield Fact(
            kind="mcp_server",
            provider=thing.row.provider,
            identifier=thing.identifier(source.name),
            is_local=bool(thing.name) and not thing.is_named,
            name=thing.name,
            grade=Grade.CALLED,
            line=thing.line,
            attributes={"form": "code", "library": thing.row.name, **thing.row.proof},
        )

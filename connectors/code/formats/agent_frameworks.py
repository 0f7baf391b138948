"""Find agents built in code: an agent framework imported and an agent constructed in the same file.

What only holds an agent's settings is a further place of the agent that the same file builds with them.
"""

from __future__ import annotations

from collections.abc import Iterator

from connectors.code.facts import Fact, Source
from connectors.code.formats.constructs import placed
from connectors.model import Grade


def parse(source: Source) -> Iterator[Fact]:
    """Yield a fact for each agent the file constructs; without a name its path becomes its identity."""
    for thing in placed(source, source.catalogue.agent_code):
        yield Fact(
            kind=thing.row.kind or "agent",
            provider=thing.row.provider,
            identifier=thing.identifier(source.name),
            is_local=bool(thing.name) and not thing.is_named,
            name=thing.name,
            grade=Grade.CALLED,
            line=thing.line,
            attributes={
                "form": "code",
                "framework": thing.row.settings_of or thing.row.name,
                **thing.row.proof,
            },
        )

"""Find agents built in code: an agent framework imported and an agent constructed in the same file.

What only holds an agent's settings is a further place of the agent that the same file builds with them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from connectors.code.facts import Fact, Source
from connectors.code.formats.constructs import placed
from connectors.model import Grade

_GRAPH = re.compile(r"\bStateGraph\s*(?:<[^()\n]{0,100}>)?\(")
# graph.name = "Research", builder.compile(checkpointer=saver, name="Research")
_COMPILED = re.compile(
    r"(?m)^[ \t]*\w*(?:graph|workflow|app|agent)\w*\.name[ \t]*=[ \t]*[\"'](?P<set>[^\"'\n{}]{1,80})[\"']"
    r"|\.compile\([^()]{0,300}?\bname[ \t]*[=:][ \t]*[\"'](?P<given>[^\"'\n{}]{1,80})[\"']"
)


def parse(source: Source) -> Iterator[Fact]:
    """Yield a fact for each agent the file constructs; without a name its path becomes its identity."""
    for built in placed(source, source.catalogue.agent_code):
        thing = built if built.is_named or not _is_common(source, built.name) else replace(built, name="")
        if thing.row.kind == "workflow" and not thing.name and (name := _compiled(source)):
            thing = replace(thing, name=name, is_named=True)
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


def _compiled(source: Source) -> str:
    """Return what a file calls the one graph that it compiles; empty where it says nothing or builds more."""
    text = source.lenient_text()
    if len(_GRAPH.findall(text)) != 1:
        return ""
    names = {found["set"] or found["given"] for found in _COMPILED.finditer(text)}
    return names.pop() if len(names) == 1 else ""


def _is_common(source: Source, variable: str) -> bool:
    """Say whether a variable's name is one that any agent could have: ``agent``, ``self._agent2``."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", variable).lower().strip("_")
    return words.rstrip("0123456789_") in source.catalogue.agent_variables

"""Read what ``langgraph.json`` calls the graphs that it serves.

``{"graphs": {"claims": "./app/graph.py:graph"}}``: a name, and the place of the code behind it.

**Source:** LangGraph's page "Application structure" (stored copy, 2026-11-24).
"""

from __future__ import annotations

from collections.abc import Iterator

from connectors.code.facts import Fact, Source, UnreadableError
from connectors.code.formats.common import entries, load_json_object
from connectors.code.graph_joins import NOTE
from connectors.model import Grade, Json

_MOST = 200


def parse(source: Source) -> Iterator[Fact]:
    """Yield a note with the names of the graphs by the place of their code."""
    try:
        content = load_json_object(source)
    except UnreadableError:
        return  # its own format lists it
    graphs: dict[str, Json] = {}
    for name, told in entries(content.get("graphs")):
        place = told.get("path") if isinstance(told, dict) else told
        if isinstance(place, str) and len(graphs) < _MOST:
            graphs[place.removeprefix("./")] = name
    if graphs:
        yield Fact(
            kind=NOTE,
            provider="langchain",
            identifier=NOTE,
            name=NOTE,
            grade=Grade.DECLARED,
            line=1,
            attributes={"graphs": graphs},
        )

"""Join the graphs that code builds without a name with what their deployment calls them."""

from __future__ import annotations

import posixpath
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connectors.code.reading import TreeFacts

NOTE = "graph_names"
"""The kind of note that holds the names of served graphs by the place of their code."""


def join(facts: TreeFacts) -> None:
    """Call the one graph of a file that has no name in code as it is served."""
    served: dict[str, set[str]] = {}
    for seen in facts.notes.get(NOTE, ()):
        graphs = seen.fact.attributes["graphs"]
        folder = seen.path.rpartition("/")[0]
        for place, name in graphs.items() if isinstance(graphs, dict) else ():
            path = posixpath.normpath(posixpath.join(folder, place.partition(":")[0]))
            served.setdefault(path, set()).add(str(name))
    rows = facts.by_part.get("agents", [])
    unnamed: dict[str, list[int]] = {}
    for index, seen in enumerate(rows):
        if seen.path in served and (seen.fact.is_local or not seen.fact.name):
            unnamed.setdefault(seen.path, []).append(index)
    for path, indexes in unnamed.items():
        if len(served[path]) == 1 and len({rows[index].fact.identifier for index in indexes}) == 1:
            name = next(iter(served[path]))
            for index in indexes:
                fact = replace(rows[index].fact, identifier=name, name=name, is_local=False)
                rows[index] = replace(rows[index], fact=fact)

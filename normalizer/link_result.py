"""What linking comes to: clusters, what joined them, and what did not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from normalizer.link_buckets import Edge

JOIN = 0.85
SUGGEST = 0.60
HUB = 5
DECLARES = "declares"
"""How the code of a thing binds to it: as a must-link does, unless it is the code of several."""
CALLER = "G7"
"""The rule of who calls what: what several call is only used by them."""
APART = "apart"
"""How a fork with a life of its own stands to what it was made from: no link joins the two."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Two groups that may be one system; ``strength`` combines the edges of different rules."""

    left: str
    right: str
    strength: float
    edges: tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class Blocked:
    """A link that would have joined two systems, and what forbids it."""

    edge: Edge
    why: str


@dataclass(slots=True)
class Clusters:
    """What came out: ``root`` of each node, the edges that joined, and what did not join.

    ``uses`` are edges whose target is somebody else's or shared; ``hubs`` the targets that
    :data:`HUB` or more unrelated systems use.
    """

    root: dict[str, str] = field(default_factory=dict)
    joined: list[Edge] = field(default_factory=list)
    uses: list[Edge] = field(default_factory=list)
    hubs: set[str] = field(default_factory=set)
    blocked: list[Blocked] = field(default_factory=list)
    suggestions: list[Suggestion] = field(default_factory=list)

    def members(self) -> dict[str, list[str]]:
        """Return the nodes of each cluster, sorted, by the cluster's root."""
        found: dict[str, list[str]] = defaultdict(list)
        for node in sorted(self.root):
            found[self.root[node]].append(node)
        return dict(found)


def best_by_rule(edges: Iterable[Edge]) -> list[Edge]:
    """Return the strongest edge of each rule: two of one rule are not two reasons."""
    best: dict[str, Edge] = {}
    for edge in edges:
        known = best.get(edge.rule)
        if known is None or edge.order < known.order:
            best[edge.rule] = edge
    return sorted(best.values(), key=lambda edge: edge.order)


def combined(edges: Iterable[Edge]) -> float:
    """Return how strong reasons are together: 1 - (1 - a)(1 - b)..."""
    apart = 1.0
    for edge in edges:
        apart *= 1 - edge.strength
    return 1 - apart

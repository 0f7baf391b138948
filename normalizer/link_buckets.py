"""Gather those who meet on a token, and make edges of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from normalizer import link_nodes
from normalizer.link_facts import Side, Token
from normalizer.link_nodes import Node
from normalizer.link_words import knowledge

PAIRS = 6
"""Who may meet for every pair of them to give an edge; more are joined as a star."""
TRANSITIVE = frozenset({"G1", "G5", "G6", "G11"})
"""Rules that say the same of all who meet: a star of edges says everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A reason to see two groups as one system, or (``is_use``) that one uses the other.

    ``how`` is must, likely, hint, or declares (:data:`normalizer.link_result.DECLARES`). A use binds only as
    long as nobody unrelated uses the target too.
    ``left`` uses, declares or names ``right`` where there is a direction.
    """

    rule: str
    left: str
    right: str
    how: str
    strength: float
    why: str
    token: str
    left_asset: str = ""
    right_asset: str = ""
    is_use: bool = False

    @property
    def order(self) -> tuple[float, str, str, str, str, str, str]:
        """Order edges: the strongest first, then by what they join."""
        ends = (self.left, self.right) if self.left < self.right else (self.right, self.left)
        return (-self.strength, *ends, self.rule, self.token, self.how, self.left)


Nodes = Mapping[str, Node]


@dataclass(frozen=True, slots=True)
class Bucket:
    """Those who meet on one token, sorted, and the nodes that they are."""

    text: str
    tokens: Sequence[Token]
    nodes: Nodes

    @property
    def value(self) -> str:
        """Return the token without its basis."""
        return self.text.partition(":")[2]

    def by_node(self, *sides: Side) -> dict[str, Token]:
        """Return the first token of each node on these sides."""
        found: dict[str, Token] = {}
        for one in self.tokens:
            if one.side in sides:
                found.setdefault(one.node, one)
        return found

    def edge(
        self,
        rule: str,
        left: Token,
        right: Token,
        why: str,
        *,
        strength: float = 0,
        how: str = "",
        use: bool = False,
    ) -> Edge:
        """Make an edge with the rule's own strength, unless another is given."""
        binding = knowledge().rules[rule]
        return Edge(
            rule=rule,
            left=left.node,
            right=right.node,
            how=how or binding.how,
            strength=strength or binding.strength,
            why=why,
            token=self.text,
            left_asset=left.asset_id,
            right_asset=right.asset_id,
            is_use=use,
        )

    def joined(self, rule: str, tokens: Sequence[Token], why: str) -> Iterator[Edge]:
        """Join those who share something: within one legal entity, each with the first of it."""
        by_entity: dict[str, list[Token]] = defaultdict(list)
        for one in tokens:
            by_entity[self.nodes[one.node].entity].append(one)
        known = [entity for entity in by_entity if entity]
        if len(known) == 1:  # where nobody else could be meant, the unknown are of it
            by_entity[known[0]] = sorted(
                [*by_entity[known[0]], *by_entity.pop("", [])], key=lambda one: one.node
            )
        for members in by_entity.values():
            pairs = (
                combinations(members, 2)
                if len(members) <= PAIRS and rule not in TRANSITIVE
                else ((members[0], one) for one in members[1:])
            )
            for left, right in pairs:
                yield self.edge(rule, left, right, why)

    def fits(self, left: Token, right: Token) -> bool:
        """Say whether no two legal entities stand between two who meet."""
        return link_nodes.is_compatible(self.nodes[left.node], self.nodes[right.node])

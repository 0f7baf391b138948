"""Turn the relations between assets into edges between their groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from connectors.model import RelationKind
from normalizer.link_edges import Edge
from normalizer.link_words import knowledge

_OWNING = frozenset({RelationKind.DECLARES.value, RelationKind.DEPLOYS.value})
_SAID = {
    "uses_model": "uses the model",
    "deploys": "deploys",
    "declares": "declares",
    "holds_key": "holds the key",
    "calls": "calls",
    "served_by": "is served by",
    "guarded_by": "is guarded by",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """One relation of the store, between two assets that are: their nodes, ids and names."""

    relation: str
    left_node: str
    right_node: str
    left_asset: str
    right_asset: str
    left_id: str
    right_id: str
    left_name: str = ""
    right_name: str = ""


def edges_of(relations: Iterable[Related]) -> Iterator[Edge]:
    """Yield the edges of relations: G2, config that names the other thing by its id.

    What declares or deploys a thing owns it, and what lies inside a thing by its id is part of it; all
    else only uses it.
    """
    binding = knowledge().rules["G2"]
    seen: set[tuple[str, str, str]] = set()
    for one in sorted(
        relations,
        key=lambda one: (one.left_node, one.right_node, one.relation, one.left_asset, one.right_asset),
    ):
        key = (one.left_node, one.right_node, one.relation)
        if one.left_node == one.right_node or key in seen:
            continue
        seen.add(key)
        yield Edge(
            rule="G2",
            left=one.left_node,
            right=one.right_node,
            how="declares" if is_code(one.left_node) and one.relation in _OWNING else binding.how,
            strength=binding.strength,
            why=f"{one.left_name} {_SAID.get(one.relation, one.relation)} {one.right_name}, by its id",
            token=f"relation:{one.relation}",
            left_asset=one.left_asset,
            right_asset=one.right_asset,
            is_use=one.relation not in _OWNING and not _is_inside(one.left_id, one.right_id),
        )


def is_code(node: str) -> bool:
    """Say whether a node is a unit of a repository."""
    return node.startswith(("unit:", "tag:code|"))


def _is_inside(part: str, whole: str) -> bool:
    return len(part) > len(whole) + 1 and part.casefold().startswith(f"{whole.casefold()}/")

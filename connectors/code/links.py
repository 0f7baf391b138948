"""Say which things of a unit use each other, where one and the same file shows both.

Modest on purpose: a link is drawn only when the file leaves no choice. Two agents and three models in one
file say nothing of who uses which.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connectors.model import Grade, RelationKind

if TYPE_CHECKING:
    from connectors.code.reading import Seen, TreeFacts

MAX_LINKS = 20
Key = Callable[["Seen"], str]
"""Return the natural key of the finding that a fact belongs to."""


@dataclass(frozen=True, slots=True)
class FileThings:
    """What one file shows: one fact for each thing of the kinds that links are drawn between."""

    by_kind: dict[str, dict[str, Seen]]

    def of(self, kind: str) -> list[Seen]:
        """Return the things of a kind."""
        return list(self.by_kind.get(kind, {}).values())


def things_by_file(facts: TreeFacts) -> dict[str, FileThings]:
    """Return the things of every file that shows at least two of different kinds."""
    found: dict[str, dict[str, dict[str, Seen]]] = {}
    for several in facts.by_part.values():
        for seen in several:
            fact = seen.fact
            if fact.kind in _LINKED and (fact.kind != "package" or fact.grade.rank >= Grade.IMPORTED.rank):
                kinds = found.setdefault(seen.path, {})
                kinds.setdefault(fact.kind, {}).setdefault(fact.identifier, seen)
    return {path: FileThings(kinds) for path, kinds in found.items() if len(kinds) > 1}


def links(
    members: Iterable[Seen], things: dict[str, FileThings], key: Key
) -> tuple[tuple[RelationKind, str], ...]:
    """Return the relations of a thing, shown by ``members``, with the natural keys it relates to."""
    found: dict[tuple[RelationKind, str], None] = {}
    for seen in members:
        here = things.get(seen.path)
        if here is not None and seen.fact.kind in _LINKED:
            for relation, other in _in_file(seen, here):
                found[relation, key(other)] = None
    return tuple(sorted(found))[:MAX_LINKS]


def _in_file(seen: Seen, here: FileThings) -> Iterator[tuple[RelationKind, Seen]]:
    kind = seen.fact.kind
    if kind == "agent":
        yield from ((RelationKind.USES_MODEL, model) for model in _models_of_agent(seen, here))
        if len(here.of("agent")) == 1:
            yield from ((RelationKind.GUARDED_BY, rail) for rail in here.of("guardrail"))
    elif kind == "package":
        yield from ((RelationKind.USES_MODEL, model) for model in _same_vendor(seen, here, "model"))
        yield from ((RelationKind.CALLS, host) for host in _same_vendor(seen, here, "provider_endpoint"))
    elif kind == "model" and len(here.of("model")) == len(here.of("provider_endpoint")) == 1:
        yield RelationKind.SERVED_BY, here.of("provider_endpoint")[0]


def _models_of_agent(seen: Seen, here: FileThings) -> list[Seen]:
    models = here.of("model")
    if len(here.of("agent")) == 1:
        return models
    return [model for model in models if model.fact.model and model.fact.model == seen.fact.model]


def _same_vendor(seen: Seen, here: FileThings, kind: str) -> list[Seen]:
    """Return the things of a file that an imported package reaches: its vendor's, or all if it is alone."""
    is_alone = len(here.of("package")) == 1
    return [one for one in here.of(kind) if is_alone or one.fact.provider == seen.fact.provider]


_LINKED = frozenset({"agent", "package", "model", "provider_endpoint", "guardrail"})

"""Let the environments of a workflow stand where the same workflow runs AI."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connectors.code.reading import Seen, TreeFacts

_FORMAT = "workflow-environment"
_RUNS_AI = frozenset({"ci_step", "model", "provider_endpoint", "evaluation"})


def _is_store(facts: TreeFacts, seen: Seen) -> bool:
    """Say whether an address is of a store that AI looks things up in: to fill it, no AI runs."""
    host = str(seen.fact.attributes.get("host", ""))
    return any(fnmatchcase(host, store) for store in facts.catalogue.ci_store_hosts)


def join(facts: TreeFacts) -> None:
    """Promote environments of workflows with AI and drop all others."""
    gates = facts.by_part.get("oversight", [])
    if not any(seen.format == _FORMAT for seen in gates):
        return
    with_ai = {
        seen.path
        for several in facts.by_part.values()
        for seen in several
        if seen.fact.kind in _RUNS_AI and seen.fact.standing and not _is_store(facts, seen)
    }
    facts.by_part["oversight"] = [
        replace(seen, fact=replace(seen.fact, standing=True)) if seen.format == _FORMAT else seen
        for seen in gates
        if seen.format != _FORMAT or seen.path in with_ai
    ]

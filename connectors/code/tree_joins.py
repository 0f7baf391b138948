"""Run the joins: what must look at a whole tree before findings are made of its facts.

A join is a function ``join(facts: TreeFacts) -> None`` that changes the facts in place: it fills in a
version that another file manages, or drops what another file proves wrong. It runs once for each tree, after
all files were read, in the order of :data:`JOINS`. What it needs from files that show no thing themselves a
parser yields as a **note**: a fact whose kind is none of :mod:`connectors.kinds` (``version_property``);
notes are kept in ``facts.notes`` by kind and never become findings.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connectors.code.reading import TreeFacts


@dataclass(frozen=True, slots=True)
class Join:
    """One join: ``module:function``, and the kinds of notes without any of which it has nothing to do.

    No kinds: it always runs. The module is imported only when it runs.
    """

    place: str
    needs: tuple[str, ...] = ()


JOINS: tuple[Join, ...] = (
    # Units first: all that follows may ask for the unit of a path.
    Join("connectors.code.unit_notes:join", ("unit_description", "unit_system", "workspace_root")),
    # Joins of formats, which fill in or drop facts, stand here.
    Join("connectors.code.joins_cargo:join", ("cargo_workspace",)),
    Join("connectors.code.joins:join_versions", ("build_properties", "gradle_accessor")),
    Join("connectors.code.joins:join_imports"),
    Join("connectors.code.joins:join_servers"),
    Join("connectors.code.own_joins:join_packages", ("own_package",)),
    Join("connectors.code.own_joins:join_servers"),
    Join("connectors.code.own_joins:join_places"),
    Join("connectors.code.own_joins:join_compiled"),
    Join("connectors.code.chart_joins:join"),
    Join("connectors.code.graph_joins:join", ("graph_names",)),
    Join("connectors.code.made_up_joins:join"),
    Join("connectors.code.prompt_joins:join", ("pipeline_prompt",)),
    Join("connectors.code.owner_files:join", ("owner_note",)),
    # Last what looks at all facts as they will be told.
    Join("connectors.code.model_joins:join"),
    Join("connectors.code.gate_joins:join"),
    Join("connectors.code.data_joins:join"),
    Join("connectors.code.suppress:join", ("suppression",)),
)


def run(facts: TreeFacts) -> None:
    """Run the joins that have something to do with these facts."""
    for join in JOINS:
        if not join.needs or any(kind in facts.notes for kind in join.needs):
            _function(join.place)(facts)


def _function(place: str) -> Callable[[TreeFacts], None]:
    module, _, name = place.partition(":")
    function: Callable[[TreeFacts], None] = getattr(importlib.import_module(module), name)
    return function

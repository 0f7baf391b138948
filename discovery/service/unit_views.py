"""Show the units of the organisation as a tree, with what is theirs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from normalizer.units import Unit, entity_of, owner_of
from store import queries_systems, units
from store.queries_assets import At

if TYPE_CHECKING:
    from store.database import Store

_LIVING = ("candidate", "registered", "governed")


@dataclass(slots=True, kw_only=True)
class UnitView:
    """One unit, in the order of the tree; ``depth`` 0 is a top one.

    ``legal_entity`` and ``default_owner`` are those that hold, its own or from above. ``systems`` counts the
    living systems of the unit itself. ``source`` is config or person.
    """

    name: str
    parent: str = ""
    lead: str = ""
    legal_entity: str = ""
    scopes: list[str] = field(default_factory=list)
    default_owner: str = ""
    systems: int = 0
    source: str = ""
    depth: int = 0


def list_units(store: Store) -> list[UnitView]:
    """Return the tree, parents before children, each level in order of name."""
    with store.read() as tx:
        tree, sources = units.load(tx.conn), units.sources(tx.conn)
        living = queries_systems.rows(tx.conn, At(), states=_LIVING) if tree else []
        of_systems = units.of_systems(tx.conn, [row.system_id for row in living])
    counts = Counter(unit.name for unit in of_systems.values())
    by_name = {unit.name: unit for unit in tree}
    found: list[UnitView] = []
    _add(found, "", 0, tree, by_name)
    for view in found:
        view.systems, view.source = counts[view.name], sources.get(view.name, "")
    return found


def _add(found: list[UnitView], parent: str, depth: int, tree: list[Unit], by_name: dict[str, Unit]) -> None:
    for unit in tree:
        if unit.parent == parent:
            found.append(
                UnitView(
                    name=unit.name,
                    parent=unit.parent,
                    lead=unit.lead,
                    legal_entity=entity_of(unit, by_name),
                    scopes=list(unit.scopes),
                    default_owner=owner_of(unit, by_name),
                    depth=depth,
                )
            )
            _add(found, unit.name, depth + 1, tree, by_name)

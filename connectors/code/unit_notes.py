"""Keep what a unit's own manifest says of it: what it is for, and that it is the root of a workspace.

A description is a hint for the question what a system does, never an answer: only a person answers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connectors.code.reading import TreeFacts

DESCRIPTION = "unit_description"
"""The kind of note that says what a manifest's unit is for, in the manifest's own words."""
WORKSPACE = "workspace_root"
"""The kind of note that says that a manifest holds others below it together."""
SYSTEM = "unit_system"
"""The kind of note by which ``ai-system.yaml`` names the system that its unit is."""
SYSTEM_FILES = ("ai-system.yaml", "ai-system.yml", ".ai-system.yaml", ".ai-system.yml")
_ORDER = (
    *("ai-system", "catalog-info", "package-json", "pyproject", "cargo", "pom", "composer", "msbuild"),
    "helm",
)


@dataclass(frozen=True, slots=True)
class Described:
    """What a manifest says its unit is for, and where it says so (``path:line``)."""

    text: str
    locator: str


@dataclass(slots=True)
class UnitNotes:
    """The descriptions of a tree's units by unit, and the systems that their own files say they are."""

    descriptions: dict[str, Described] = field(default_factory=dict)
    systems: dict[str, str] = field(default_factory=dict)


def join(facts: TreeFacts) -> None:
    """Tell units about workspaces first, then give each unit its description."""
    for seen in facts.notes.get(WORKSPACE, ()):
        facts.units.note_workspace(seen.path)
    for seen in sorted(facts.notes.get(SYSTEM, ()), key=lambda one: (one.path.count("/"), one.path)):
        facts.unit_notes.systems.setdefault(facts.units.of(seen.path), seen.fact.detail)
    best: dict[str, tuple[int, int, str]] = {}
    for seen in facts.notes.get(DESCRIPTION, ()):
        unit = facts.units.of(seen.path)
        if seen.fact.identifier == "helm" and unit != (seen.path.rpartition("/")[0] or "."):
            continue  # a chart says how the unit is installed; that of one chart is not what the code does
        rank = _ORDER.index(seen.fact.identifier) if seen.fact.identifier in _ORDER else len(_ORDER)
        order = (rank, seen.path.count("/"), seen.path)
        if unit not in best or order < best[unit]:
            best[unit] = order
            facts.unit_notes.descriptions[unit] = Described(seen.fact.detail, f"{seen.path}:{seen.fact.line}")

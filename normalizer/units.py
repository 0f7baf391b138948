"""Check a tree of organisation units, and find the unit that something belongs to. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One unit: its parent (a name), its lead, the legal entity it is part of, and what is its own.

    ``scopes`` are patterns of accounts, repositories (``github.com/acme/*``) and tenants. ``default_owner``
    is who is asked when nobody else is named; without one the lead is. ``legal_entity`` empty: the parent's.
    """

    name: str
    parent: str = ""
    lead: str = ""
    legal_entity: str = ""
    scopes: tuple[str, ...] = ()
    default_owner: str = ""


def check(units: Sequence[Unit]) -> None:
    """Raise ``ValueError`` with all mistakes of a tree: names twice, unknown parents, circles."""
    mistakes = [f"the unit {name!r} is there {count} times" for name, count in _twice(units)]
    by_name = {unit.name: unit for unit in units}
    for unit in units:
        if not unit.name.strip():
            mistakes.append("a unit without a name")
        if unit.parent and unit.parent not in by_name:
            near = get_close_matches(unit.parent, by_name, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            mistakes.append(f"the parent {unit.parent!r} of {unit.name!r} is no unit{hint}")
    mistakes += [f"units are each other's parents: {' -> '.join(circle)}" for circle in _circles(by_name)]
    if mistakes:
        raise ValueError("; ".join(mistakes))


def _twice(units: Sequence[Unit]) -> list[tuple[str, int]]:
    counts = Counter(unit.name for unit in units)
    return sorted((name, count) for name, count in counts.items() if count > 1)


def _circles(by_name: Mapping[str, Unit]) -> list[list[str]]:
    found: list[list[str]] = []
    known: set[str] = set()
    for start in sorted(by_name):
        path: list[str] = []
        name = start
        while name in by_name and name not in known and name not in path:
            path.append(name)
            name = by_name[name].parent
        if name in path:
            found.append([*path[path.index(name) :], name])
        known.update(path)
    return found


def holder_of(units: Sequence[Unit], places: Iterable[str]) -> Unit | None:
    """Return the unit whose pattern fits one of the places: of several the longest pattern, then the name."""
    fitting = [
        (-len(glob), unit.name, unit)
        for place in places
        if place
        for unit in units
        for glob in unit.scopes
        if fnmatchcase(place, glob)
    ]
    return min(fitting, key=lambda row: row[:2])[2] if fitting else None


def entity_of(unit: Unit, units: Mapping[str, Unit]) -> str:
    """Return the legal entity of a unit: its own, else that of the nearest unit above."""
    return _inherited(unit, units, "legal_entity")


def owner_of(unit: Unit, units: Mapping[str, Unit]) -> str:
    """Return who is asked for a unit's systems by default: its own default owner or lead, else from above."""
    seen: set[str] = set()
    here: Unit | None = unit
    while here is not None and here.name not in seen:
        if here.default_owner or here.lead:
            return here.default_owner or here.lead
        seen.add(here.name)
        here = units.get(here.parent)
    return ""


def _inherited(unit: Unit, units: Mapping[str, Unit], name: str) -> str:
    seen: set[str] = set()
    here: Unit | None = unit
    while here is not None and here.name not in seen:
        if value := str(getattr(here, name)):
            return value
        seen.add(here.name)
        here = units.get(here.parent)
    return ""

"""Mark findings that a comment in the code suppresses: ``aicensus: ignore[model] reason=only a test id``.

The comment covers its own line and, standing alone on it, the next; kinds in brackets narrow it. A finding
is suppressed when all places that show it by themselves are: it stays in the inventory with the role
``suppressed``, the reason as attribute, and raises no alert. A comment without a reason counts for nothing.
Every suppression is listed in the coverage with what it covers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connectors.kinds import KINDS

if TYPE_CHECKING:
    from connectors.code.reading import Seen, TreeFacts

NOTE = "suppression"
"""The kind of note that a comment makes (:mod:`connectors.code.formats.suppressions`)."""
_NAMED = 5


@dataclass(slots=True)
class Suppression:
    """One comment: the lines and kinds it covers (no kinds: all of them), and why."""

    path: str
    line: int
    reason: str
    kinds: frozenset[str]
    lines: tuple[int, ...]


class Suppressions:
    """The suppressions of a tree, by file."""

    def __init__(self, notes: list[Seen]) -> None:
        self._by_path: dict[str, list[Suppression]] = {}
        for seen in notes:
            one = _suppression(seen)
            if one.reason and one.kinds <= KINDS.keys():
                self._by_path.setdefault(one.path, []).append(one)

    def of(self, seen: Seen) -> Suppression | None:
        """Return what suppresses a fact where it stands."""
        for one in self._by_path.get(seen.path, ()):
            if seen.fact.line in one.lines and (not one.kinds or seen.fact.kind in one.kinds):
                return one
        return None


def join(facts: TreeFacts) -> None:
    """Make the suppressions of a tree known, and list them with what they cover."""
    notes = facts.notes[NOTE]
    facts.suppressions = Suppressions(notes)
    covered: dict[tuple[str, int], dict[str, None]] = {}
    for seen in (seen for several in facts.by_part.values() for seen in several):
        one = facts.suppressions.of(seen)
        if one is not None:
            names = covered.setdefault((one.path, one.line), {})
            names[f"{seen.fact.kind} {seen.fact.name or seen.path}"] = None
    for seen in notes:
        one = _suppression(seen)
        facts.places.append(
            (f"{one.path}:{one.line}", _told(one, list(covered.get((one.path, one.line), ()))))
        )


def _suppression(seen: Seen) -> Suppression:
    fact = seen.fact
    lines = (fact.line, fact.line + 1) if fact.attributes.get("alone") is True else (fact.line,)
    kinds = frozenset(kind for kind in fact.identifier.split(",") if kind)
    return Suppression(seen.path, fact.line, fact.detail, kinds, lines)


def _told(one: Suppression, names: list[str]) -> str:
    if not one.reason:
        return "a suppression without reason=…; it counts for nothing"
    unknown = sorted(one.kinds - KINDS.keys())
    if unknown:
        return f"a suppression of the unknown kind {unknown[0]!r}; it counts for nothing"
    if not names:
        return f"a suppression that covers nothing any more (reason: {one.reason})"
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"suppressed: {', '.join(names[:_NAMED])}{more} (reason: {one.reason})"

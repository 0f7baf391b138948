"""Decide what a complete part says about the things it no longer shows. Pure; the writer acts on it.

First complete scan without the thing: missing. Second: closed. If a part loses more than half of ten or
more present things at once, they are suspect instead, until the same ones are absent again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from normalizer.fold import AssetState, Content
from store.sightings import Open

LEAST = 10
"""Losing things is suspicious only where at least so many were."""


_FATES = ("close", "miss", "suspect", "hold", "supersede")


@dataclass(slots=True)
class AgeingPlan:
    """What becomes of absent sightings, each in one list only.

    ``hold`` could not be looked at; ``supersede`` was read from another version than the one there is now.
    """

    close: list[Open] = field(default_factory=list)
    miss: list[Open] = field(default_factory=list)
    suspect: list[Open] = field(default_factory=list)
    hold: list[Open] = field(default_factory=list)
    supersede: list[Open] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Return how many sightings change."""
        return sum(len(getattr(self, name)) for name in _FATES)

    def chunks(self, limit: int) -> Iterator[AgeingPlan]:
        """Cut the plan into plans of at most ``limit`` sightings; always at least one, possibly empty."""
        steps = [(name, one) for name in _FATES for one in getattr(self, name)]
        for start in range(0, len(steps) or 1, limit):
            piece = AgeingPlan()
            for name, one in steps[start : start + limit]:
                getattr(piece, name).append(one)
            yield piece


def plan(present_before: int, absent: Iterable[Open]) -> AgeingPlan:
    """Plan the ageing of one part: ``absent`` were open, were not seen, and are not held."""
    made = AgeingPlan()
    lost: list[Open] = []
    for one in absent:
        if one.state is AssetState.PRESENT:
            lost.append(one)
        elif one.state is AssetState.SUSPECT:
            # Absent again: the first absence was true.
            made.miss.append(one)
        else:
            made.close.append(one)
    if is_suspicious(present_before, len(lost)):
        made.suspect = lost
    else:
        made.miss += lost
    return made


def is_suspicious(present_before: int, lost: int) -> bool:
    """Say whether losing so many at once looks like a fault of ours or the vendor's."""
    return present_before >= LEAST and lost * 2 > present_before


def is_held(content: Content, unreadable: Sequence[str]) -> bool:
    """Say whether a thing could not be looked at: some of its evidence lies where reading failed.

    ``unreadable`` are locators of files, folders or resources; evidence lies in one when it is it, a line
    of it, or below it.
    """
    return any(
        seen.locator == place or (seen.locator.startswith(place) and seen.locator[len(place)] in ":/#?")
        for seen in content.evidence
        for place in (one.rstrip("/") for one in unreadable)
        if place
    )

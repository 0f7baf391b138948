"""Find who is named by owner files other than CODEOWNERS: Backstage, OWNERS, MAINTAINERS, manifests.

Of every sort of file the nearest one above the evidence counts. What they name is a hint, never an owner.

**Source:** general knowledge of the files of Backstage (``catalog-info.yaml``), of the Kubernetes project's
OWNERS and of Chromium's OWNERS; their pages were not opened for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from connectors.model import OwnerHint

if TYPE_CHECKING:
    from connectors.code.reading import Seen, TreeFacts

NOTE = "owner_note"
"""The kind of note that names a candidate: ``identifier`` who, ``name`` sort of file, ``detail`` as what."""
_CONFIDENCE = {
    "ai-system owner": 0.9,
    "backstage owner": 0.85,
    "OWNERS approver": 0.7,
    "OWNERS reviewer": 0.4,
    "MAINTAINERS": 0.55,
    "manifest maintainer": 0.5,
    "manifest author": 0.35,
}
_MOST = 10


class OwnerFiles:
    """The owner files of a tree by sort and folder."""

    def __init__(self, notes: Iterable[Seen]) -> None:
        self._by_sort: dict[str, dict[str, list[Seen]]] = {}
        for seen in notes:
            folder = seen.path.rpartition("/")[0]
            self._by_sort.setdefault(seen.fact.name, {}).setdefault(folder, []).append(seen)

    def hints(self, paths: Sequence[str]) -> tuple[OwnerHint, ...]:
        """Return who is named for any of the paths, the strongest sort first, each candidate once a sort."""
        found: dict[tuple[str, str], OwnerHint] = {}
        for sort, folders in sorted(self._by_sort.items(), key=lambda item: -_CONFIDENCE.get(item[0], 0.3)):
            for path in paths:
                for seen in _nearest(folders, path):
                    found.setdefault((sort, seen.fact.identifier), _hint(seen))
        return tuple(found.values())[:_MOST]


def join(facts: TreeFacts) -> None:
    """Make the owner files of a tree known."""
    facts.owner_files = OwnerFiles(facts.notes[NOTE])


def _nearest(folders: dict[str, list[Seen]], path: str) -> list[Seen]:
    folder = path.rpartition("/")[0]
    while folder and folder not in folders:
        folder = folder.rpartition("/")[0]
    return folders.get(folder, [])


def _hint(seen: Seen) -> OwnerHint:
    fact = seen.fact
    return OwnerHint(
        candidate=fact.identifier,
        source=fact.name,
        confidence=_CONFIDENCE.get(fact.name, 0.3),
        why=f"{seen.path}:{fact.line} names {fact.identifier} as {fact.detail}",
    )

"""Join what oversight at the vendor says of a thing to that thing: approvals, monitoring, records."""

from __future__ import annotations

import hashlib
from collections.abc import KeysView, Mapping
from typing import Any

from connectors.aws_columns import About
from connectors.aws_findings import Listed, Spot, bare
from connectors.model import Finding, Link, NaturalKey, RelationKind


class Spoken:
    """Gather, over one listing, what is said of each thing, by the thing's key."""

    def __init__(self, about: About, spot: Spot) -> None:
        self.about = about
        self._spot = spot
        self._said: dict[str, set[tuple[str, str]]] = {}
        self._controls: dict[str, set[NaturalKey]] = {}

    def add(self, item: Mapping[str, Any], control: NaturalKey) -> None:
        """Note what one item says; ``control`` is the item's own key."""
        for subject in self.about.subjects(item, self._spot.fields):
            said = self._said.setdefault(subject, set())
            for name, path in self.about.attributes:
                said.update((name, str(value)) for value in path.all(item))
            self._controls.setdefault(subject, set()).add(control)

    def keys(self) -> KeysView[str]:
        """Return the keys of the things that were spoken of."""
        return self._said.keys()

    def finding(self, thing: Listed, source: str) -> Finding:
        """Return what is to be added to a listed thing; its fingerprint is that of what was said."""
        said, controls = self._said[thing.key.key], sorted(self._controls[thing.key.key], key=str)
        finding = bare(thing.row, thing, source, self._spot)
        names = sorted({name for name, _ in said})
        finding.attributes = {
            name: [value for other, value in sorted(said) if other == name] for name in names
        }
        finding.links = tuple(Link(relation=RelationKind.GUARDED_BY, target=one) for one in controls)
        text = f"{sorted(said)}{[one.key for one in controls]}{thing.name}"
        finding.fingerprint = hashlib.blake2b(text.encode(), digest_size=10).hexdigest()
        return finding

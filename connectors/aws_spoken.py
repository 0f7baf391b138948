"""Join what oversight at the vendor says of a thing to that thing: approvals, monitoring, records."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, KeysView, Mapping
from typing import Any

from connectors.aws_columns import About
from connectors.aws_details import Answers
from connectors.aws_findings import Listed, Spot, bare
from connectors.aws_rows import Row
from connectors.model import Finding, Link, NaturalKey, RelationKind, Unchanged

_EVERYTHING = "*"


class Spoken:
    """Gather, over one listing, what is said of each thing, by the thing's key."""

    def __init__(self, about: About, spot: Spot) -> None:
        self.about = about
        self._spot = spot
        self._said: dict[str, set[tuple[str, str]]] = {}
        self._controls: dict[str, set[NaturalKey]] = {}

    def add(self, item: Mapping[str, Any], control: NaturalKey) -> None:
        """Note what one item says; ``control`` is the item's own key."""
        subjects = self.about.subjects(item, self._spot.fields)
        for subject in [_EVERYTHING] if self.about.everything else subjects:
            said = self._said.setdefault(subject, set())
            for name, path in self.about.attributes:
                said.update((name, str(value)) for value in path.all(item))
            self._controls.setdefault(subject, set()).add(control)

    def meet(self, things: Iterable[str]) -> None:
        """Tell which things there are; what speaks of everything then speaks of each."""
        said, controls = self._said.pop(_EVERYTHING, None), self._controls.pop(_EVERYTHING, None)
        if said is not None and controls is not None:
            for key in things:
                self._said[key], self._controls[key] = said, controls

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


class SpokenByDetails:
    """Add what the details of an item of oversight say to the things that they name, where those are listed.

    What is added has the stamp of the item it comes from; so an unchanged item says again what it said.
    """

    def __init__(
        self,
        row: Row,
        listed: Mapping[str, list[Listed]],
        previous: Mapping[tuple[str, str], str],
        spot: Spot,
    ) -> None:
        self._row = row
        self._about = row.about if row.about and row.about.by_details else None
        self._spot = spot
        self._done: set[str] = set()
        self._things: dict[str, Listed] = {}
        self._by_stamp: dict[str, list[str]] = {}
        if self._about:
            self._things = {one.key.key: one for part in self._about.parts for one in listed.get(part, ())}
            for (_, key), stamp in previous.items():
                self._by_stamp.setdefault(stamp, []).append(key)

    def unchanged(self, stamp: str) -> Iterator[Unchanged]:
        """Yield what an unchanged item said of things that are still there."""
        for key in self._by_stamp.get(stamp, ()):
            if key in self._things and key not in self._done:
                self._done.add(key)
                yield Unchanged(natural_key=self._things[key].key, fingerprint=stamp)

    def said(self, listed: Listed, answers: Answers, stamp: str) -> Iterator[Finding]:
        """Yield what an item says of each thing that it names."""
        if self._about is None:
            return
        spoken = Spoken(self._about, self._spot)
        for _, answer in answers:
            spoken.add(answer, listed.key)
        for key in sorted(spoken.keys() & self._things.keys() - self._done):
            self._done.add(key)
            finding = spoken.finding(self._things[key], self._row.details_part)
            finding.fingerprint = stamp
            yield finding

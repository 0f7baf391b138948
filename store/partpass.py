"""Remember one reading of one part: what was open before it, and what it has shown so far. No SQL here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from connectors.model import Finding, Ref, Unchanged
from normalizer.fold import AssetState
from normalizer.identity import Key
from store.arrivals import JOINT, Arrival, arrival_of, joined
from store.scopes import PartRow
from store.sightings import Open, SightKey, ref_class, sight_key
from store.text import clean_key, clean_mark


@dataclass(slots=True)
class Intake:
    """What one batch asks to write.

    ``pending`` are things that are new or differ from the open row in ``before``; ``repeated`` were written
    earlier in this reading (as the row of that number) and have now been shown differently once more;
    ``returned`` are as they were but had been away; ``same`` counts what needs no writing.
    """

    pending: dict[SightKey, list[Arrival]] = field(default_factory=dict)
    repeated: dict[SightKey, list[Arrival]] = field(default_factory=dict)
    returned: list[Open] = field(default_factory=list)
    same: int = 0


class PartPass:
    """Sort what a part shows into new, changed, returned and unchanged."""

    def __init__(self, row: PartRow, ref: Ref | None, *, sole_ref: bool = False) -> None:
        self.row = row
        self._sole_ref = sole_ref
        self.open: dict[SightKey, Open] = {}
        self.epoch = ""
        self.false_unchanged = 0
        self.seen: set[SightKey] = set()
        # Rows written in this reading: number and fingerprint.
        self.written: dict[SightKey, tuple[int, str]] = {}
        self._group = ref_class(ref.name, drives=ref.drives) if ref else ""
        self._ref_given = ref is not None
        self._groups_seen: set[str] = set()
        self._present: Counter[str] | None = None
        # Things recorded from several findings, of which this reading has shown some.
        self._partial: dict[SightKey, list[Arrival]] = {}

    def load(self, found: dict[SightKey, Open], epoch: str) -> None:
        """Take over what is open now: at the start, and again when somebody else changed it."""
        self.open, self.epoch = found, epoch
        self.written.clear()
        if self._present is None:
            self._present = Counter(
                "" if one.drives else one.ref_class
                for one in found.values()
                if one.last_seen_at is None or one.state is AssetState.PRESENT
            )

    def sort(self, findings: Iterable[Finding], unchanged: Iterable[Unchanged], now: str) -> Intake:
        """Compare a batch with what is open; ``now`` is when new things are opened (text, UTC)."""
        intake = Intake()
        for finding in findings:
            self._sort_one(intake, finding, now)
        for claim in unchanged:
            namespace, name = clean_key(claim.natural_key.namespace, claim.natural_key.key)
            key = sight_key(namespace, name, self._group)
            was = self.open.get(key)
            if was is None or was.fingerprint != clean_mark(claim.fingerprint):
                self.false_unchanged += 1
            elif key not in self.seen:
                self._is_same(intake, key, was)
        self.seen.update(intake.pending)
        return intake

    def _sort_one(self, intake: Intake, finding: Finding, now: str) -> None:
        natural, ref = finding.natural_key, finding.ref
        kept = clean_key(natural.namespace, natural.key)
        key: SightKey = kept
        if ref is not None and not ref.drives:
            group = ref_class(ref.name, drives=False)
            self._groups_seen.add(group)
            key = sight_key(*kept, group)
        elif not self._groups_seen:
            self._groups_seen.add("")
        was = self.open.get(key)
        if key in intake.pending:
            intake.pending[key].append(self._arrival(finding, kept, now, was))
        elif key in self.seen:
            self._sort_repeated(intake, key, self._arrival(finding, kept, now, was))
        elif was is None:
            intake.pending[key] = [self._arrival(finding, kept, now, None)]
        elif was.fingerprint == clean_mark(finding.fingerprint):
            self._is_same(intake, key, was)
        elif JOINT in was.fingerprint:
            self.seen.add(key)
            self._partial[key] = [self._arrival(finding, kept, now, was)]
        else:
            intake.pending[key] = [self._arrival(finding, kept, now, was)]

    def _arrival(self, finding: Finding, key: Key, now: str, was: Open | None) -> Arrival:
        arrival = arrival_of(finding, key, details=self.row.details, now=now)
        if was is not None:
            arrival.opened_at = was.opened_at
        return arrival

    def _is_same(self, intake: Intake, key: SightKey, was: Open) -> None:
        self.seen.add(key)
        if was.last_seen_at is None:
            intake.same += 1
        else:
            intake.returned.append(was)

    def _sort_repeated(self, intake: Intake, key: SightKey, arrival: Arrival) -> None:
        if key in self._partial:
            self._partial[key].append(arrival)
        elif arrival.fingerprint not in self._fingerprint(key).split(JOINT):
            intake.repeated.setdefault(key, []).append(arrival)

    def _fingerprint(self, key: SightKey) -> str:
        written = self.written.get(key)
        return written[1] if written else self.open[key].fingerprint

    def current_number(self, key: SightKey) -> int:
        """Return the number of the open row of a thing that this reading has shown."""
        written = self.written.get(key)
        return written[0] if written else self.open[key].sighting_no

    def settle(self, *, complete: bool) -> Intake:
        """Return what to write for things of which only some findings came back, at the end of the part.

        In a reading that is not ``complete`` the rest may only not have been reached: nothing changes.
        """
        intake = Intake()
        for key, arrivals in self._partial.items():
            was = self.open.get(key)
            one = joined(arrivals)
            if was is not None and (one.fingerprint == was.fingerprint or not complete):
                self.seen.discard(key)
                self._is_same(intake, key, was)
            else:
                intake.pending[key] = [one]
        self._partial.clear()
        return intake

    @property
    def ageing_groups(self) -> set[str]:
        """Return the groups of refs that this reading covered."""
        return {self._group} if self._ref_given else self._groups_seen or {""}

    @property
    def present_before(self) -> int:
        """Return how many things were present before, in the refs that this reading covered."""
        return sum((self._present or Counter())[group] for group in self.ageing_groups)

    def absent(self) -> list[Open]:
        """Return what is open, belongs to the refs that were read, and was not shown."""
        groups = self.ageing_groups
        return [one for key, one in self.open.items() if key not in self.seen and one.ref_class in groups]

    def superseded(self) -> list[Open]:
        """Return what earlier readings showed of other refs, where a scope holds one at a time only."""
        if not self._sole_ref:
            return []
        groups = self.ageing_groups
        return [one for one in self.open.values() if one.ref_class not in groups]

"""Take in what connectors saw, part by part, in short transactions.

Additions and changes are written as their batches arrive: what was seen is true however the part ends. The
last batch of a part also ages what the part no longer shows and writes its journal row, in one transaction.
What is unchanged is not written at all: it was seen last when its part was last complete.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property

from sqlalchemy import select

from connectors.model import PartStatus, Ref, Scope
from connectors.outcome import PartBatch, PartResult
from normalizer.fold import AssetState, Sighted
from store.ageing import AgeingPlan, is_held, plan
from store.assets import refold
from store.bulk import is_one_of, many_objects
from store.closing import close_sightings
from store.database import Store, WriteTx
from store.intake import take
from store.leases import Lease, check_lease
from store.partjournal import PartEntry, write_entry
from store.partpass import Intake, PartPass
from store.placement import Placement
from store.schema import part as part_table
from store.schema import scope as scope_table
from store.schema import sighting
from store.scopes import ScopeRow, find_scope, keep_scope
from store.sightings import Open, epoch, load_open, parts_showing, ref_class, restate, shows_any
from store.statistics import note_growth
from store.text import decode_content

CHUNK = 2_000
"""Sightings aged in one transaction at most: about 0.1 s on SQLite."""


@dataclass(slots=True)
class PartDelta:
    """What one batch changed.

    ``missing`` and ``suspect`` count sightings that became so, ``closed`` those that ended.
    ``touched_assets`` are to be grouped and judged again. ``replaced`` maps ids of earlier incarnations to
    those that follow them: their owner is asked again.
    """

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    missing: int = 0
    suspect: int = 0
    closed: int = 0
    touched_assets: set[str] = field(default_factory=set)
    replaced: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Known:
    """What one transaction touched of assets that were known before; see :class:`store.intake.Taken`."""

    altered: set[str] = field(default_factory=set)
    told_same: set[str] = field(default_factory=set)
    standing: set[str] = field(default_factory=set)
    at_hand: dict[int, Sighted] = field(default_factory=dict)


class PartWriter:
    """Write the parts of one scope in one run; not safe to share between threads.

    ``filtered`` says that the run looks only at some of the things inside parts: nothing ages. ``lease`` is
    checked in every transaction, so that a writer given up for dead cannot write any more (``LeaseLost``).
    ``placement`` is what it has done about grouping, for :func:`store.systems.regroup`.
    """

    def __init__(
        self, store: Store, run_id: str, scope: Scope, filtered: bool = False, *, lease: Lease | None = None
    ) -> None:
        self._store = store
        self._run_id = run_id
        self._scope = scope
        self._filtered = filtered
        self._lease = lease
        self._rows: ScopeRow | None = None
        self._passes: dict[str, PartPass] = {}
        self._entries: dict[str, PartEntry] = {}
        self._broken: set[str] = set()
        self._begun: set[str] = set()
        self.placement = Placement(scope_label=scope.label)

    def is_empty(self, batch: PartBatch) -> bool:
        """Say whether a batch is all of a part that is complete, shows nothing, and has nothing on record.

        Its end is all there is to write: :func:`store.standing.journal_standing` does so for many at once.
        """
        whole = batch.final is not None and batch.final.status is PartStatus.COMPLETE
        if not whole or batch.findings or batch.unchanged or batch.part in self._begun:
            return False
        return batch.part in self._silent

    @cached_property
    def _silent(self) -> frozenset[str]:
        """Find the declared parts that have nothing on record, as long as this writer wrote none of it."""
        with self._store.read() as tx:
            showing = parts_showing(tx.conn, self._scope.key)
        return frozenset(one.name for one in self._scope.parts) - showing

    def apply(self, batch: PartBatch) -> PartDelta:
        """Write one batch and return what it changed; a batch with ``final`` ends its part.

        When it raises, nothing of the transaction at work is kept, and further batches of the part are
        refused: it has no journal row, so nothing ages and the next run reads it again.
        """
        if batch.scope_key != self._scope.key:
            raise ValueError(f"a batch of {batch.scope_key!r} given to the writer of {self._scope.key!r}")
        if batch.part in self._broken:
            raise RuntimeError(f"the part {batch.part!r} could not be written before")
        self._begun.add(batch.part)
        self._broken.add(batch.part)
        delta = PartDelta()
        late = self._take(batch, delta)
        if late is not None and batch.final is not None:
            self._age_in_chunks(batch.part, batch.final, late, delta)
        if batch.final is not None:
            del self._passes[batch.part], self._entries[batch.part]
        self._broken.discard(batch.part)
        note_growth(self._store, delta.added + delta.changed)
        return delta

    def _take(self, batch: PartBatch, delta: PartDelta) -> AgeingPlan | None:
        """Write findings and, if it fits into one transaction, the end of the part.

        Returns the ageing that is still to be done.
        """
        with many_objects(), self._write() as tx:
            at_work = self._at_work(tx, batch.part)
            known = _Known()
            intake = at_work.sort(batch.findings, batch.unchanged, tx.now)
            self._keep(tx, at_work, intake, delta, known)
            late = None
            if batch.final is not None:
                complete = batch.final.status is PartStatus.COMPLETE and not at_work.false_unchanged
                self._keep(tx, at_work, at_work.settle(complete=complete), delta, known)
            entry = self._entries[batch.part]
            entry.added += delta.added
            entry.changed += delta.changed
            if batch.final is not None:
                ageing = self._plan(tx, at_work, batch.final, entry)
                if ageing.size <= CHUNK:
                    known.altered |= self._age(tx, at_work, ageing, delta, entry)
                    self._end(tx, at_work, batch.final, entry)
                else:
                    late = ageing
            known.altered |= refold(tx, known.altered | known.told_same, known.at_hand)
            self.placement.note(known.altered, known.told_same | known.standing)
        return late

    def _age_in_chunks(self, part: str, final: PartResult, ageing: AgeingPlan, delta: PartDelta) -> None:
        """Age more than fits into one short transaction; the journal row is in the last.

        If it breaks off between two, what is missing was truly absent, and the part counts as not complete.
        """
        at_work, entry = self._passes[part], self._entries[part]
        pieces = list(ageing.chunks(CHUNK))
        for place, piece in enumerate(pieces, 1):
            with self._write() as tx:
                aged = self._age(tx, at_work, piece, delta, entry)
                refold(tx, aged)
                self.placement.note(aged)
                if place == len(pieces):
                    self._end(tx, at_work, final, entry)

    @contextmanager
    def _write(self) -> Iterator[WriteTx]:
        with self._store.write(kind="part") as tx:
            if self._lease is not None:
                check_lease(tx.conn, self._lease)
            yield tx

    def _at_work(self, tx: WriteTx, part: str) -> PartPass:
        if self._rows is None:
            self._rows = find_scope(tx.conn, self._scope) or keep_scope(tx.conn, self._scope, tx.now)
            self.placement.is_first = not shows_any(
                tx.conn, [row.part_no for row in self._rows.parts.values()]
            )
        at_work = self._passes.get(part)
        if at_work is None:
            if part not in self._rows.parts:
                raise ValueError(f"the scope {self._scope.key!r} declares no part {part!r}")
            at_work = self._passes[part] = PartPass(
                self._rows.parts[part], self._scope.ref, sole_ref=self._scope.sole_ref
            )
            self._entries[part] = PartEntry()
        mark = epoch(tx.conn)
        if at_work.epoch != mark:
            at_work.load(load_open(tx.conn, at_work.row.part_no), mark)
        return at_work

    def _keep(
        self,
        tx: WriteTx,
        at_work: PartPass,
        intake: Intake,
        delta: PartDelta,
        known: _Known,
    ) -> None:
        taken = take(tx, at_work, intake, self.placement)
        known.at_hand |= taken.at_hand
        known.altered |= taken.altered
        known.told_same |= taken.told_same
        known.standing |= taken.standing
        delta.added += taken.added
        delta.changed += taken.changed
        delta.unchanged += taken.unchanged
        delta.touched_assets |= taken.fresh | taken.altered | taken.told_same | taken.standing
        delta.replaced |= taken.replaced

    def _plan(self, tx: WriteTx, at_work: PartPass, final: PartResult, entry: PartEntry) -> AgeingPlan:
        if (
            final.status is not PartStatus.COMPLETE
            or at_work.false_unchanged
            or at_work.row.details
            or self._filtered
        ):
            return AgeingPlan()
        entry.present_before = at_work.present_before
        absent, superseded = at_work.absent(), at_work.superseded()
        held = _held(tx, [*absent, *superseded], [locator for locator, _ in final.exceptions])
        ageing = plan(at_work.present_before, (one for one in absent if one.sighting_no not in held))
        ageing.hold = [one for one in absent if one.sighting_no in held and one.last_seen_at is None]
        ageing.supersede = [one for one in superseded if one.sighting_no not in held]
        return ageing

    def _age(
        self, tx: WriteTx, at_work: PartPass, piece: AgeingPlan, delta: PartDelta, entry: PartEntry
    ) -> set[str]:
        assert self._rows is not None  # made when the part was opened
        before = at_work.row.last_complete_at
        touched = close_sightings(tx, piece.close, "absent", scope_no=self._rows.scope_no)
        touched |= close_sightings(tx, piece.supersede, "superseded", scope_no=self._rows.scope_no)
        for several, state in (
            (piece.miss, AssetState.MISSING),
            (piece.suspect, AssetState.SUSPECT),
            (piece.hold, AssetState.PRESENT),
        ):
            if not several:
                continue
            restate(
                tx,
                [one.sighting_no for one in several],
                state=state,
                complete_at=before,
                held=several is piece.hold,
            )
            touched.update(one.asset_id for one in several)
        delta.closed += len(piece.close) + len(piece.supersede)
        delta.missing += len(piece.miss)
        delta.suspect += len(piece.suspect)
        delta.touched_assets |= touched
        entry.closed += len(piece.close) + len(piece.supersede)
        entry.missing += len(piece.miss) + len(piece.suspect)
        entry.suspect = entry.suspect or bool(piece.suspect)
        return touched

    def _end(self, tx: WriteTx, at_work: PartPass, final: PartResult, entry: PartEntry) -> None:
        if at_work.false_unchanged and final.status is PartStatus.COMPLETE:
            reason = f"{at_work.false_unchanged} things were called unchanged that are not on record"
            final = replace(final, status=PartStatus.INCOMPLETE, reason=reason)
        write_entry(tx, self._run_id, at_work.row.part_no, final, entry, filtered=self._filtered)
        if final.status is PartStatus.COMPLETE and not self._filtered:
            at_work.row.last_complete_at = tx.now


def _held(tx: WriteTx, absent: Sequence[Open], unreadable: Sequence[str]) -> set[int]:
    """Return the numbers of absent sightings whose evidence lies where reading failed."""
    if not unreadable:
        return set()
    held: set[int] = set()
    columns = select(sighting.c.sighting_no, sighting.c.payload)
    for start in range(0, len(absent), CHUNK):
        numbers = [one.sighting_no for one in absent[start : start + CHUNK]]
        rows = tx.conn.execute(columns.where(is_one_of(tx.conn, sighting.c.sighting_no, numbers)))
        held.update(row.sighting_no for row in rows if is_held(decode_content(row.payload), unreadable))
    return held


def previous_fingerprints(
    store: Store, scope_key: str, part: str, ref: Ref | None = None
) -> dict[tuple[str, str], str]:
    """Return ``(namespace, key) -> fingerprint`` of all that a part shows now, missing things included.

    ``ref`` is that of the scope; without one it is what drives.
    """
    group = ref_class(ref.name, drives=ref.drives) if ref else ""
    with store.read() as tx:
        part_no = tx.conn.execute(
            select(part_table.c.part_no)
            .join(scope_table, scope_table.c.scope_no == part_table.c.scope_no)
            .where(scope_table.c.key == scope_key, part_table.c.name == part)
        ).scalar()
        found = {} if part_no is None else load_open(tx.conn, part_no)
    return {(one.namespace, one.key): one.fingerprint for one in found.values() if one.ref_class == group}

"""Decide one thing on many systems at once.

Systems are changed in steps, each one transaction: the changes, their rules evaluated again, the log. What
one system refuses is told, and that system stays as it is. Each step keeps what its systems were before, so
that :mod:`discovery.service.system_undo` can take it back as one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from connectors import clock
from discovery.service import alerting, batch_refs, inventory, oversight_rules, record_edit, records, refs
from discovery.service.errors import DecisionError, ServiceError
from discovery.service.inventory import SystemFilter
from discovery.service.record_values import check
from discovery.service.system_standing import known_unit
from normalizer import ids
from store import audit, batches, oversight, systems, units
from store.audit import Actor, Entry
from store.batches import Batch, Item
from store.temporal import chunks

if TYPE_CHECKING:
    from store.database import Store, WriteTx

STEP = 10
"""Systems changed in one transaction, so that none holds the write lock for long."""
ASSIGN, _SET = "system.assign", "record.set"
ACTIONS = (ASSIGN, _SET)


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """The systems that are meant: those named, those that a filter leaves, both at once, or all."""

    systems: tuple[str, ...] = ()
    filters: SystemFilter = field(default_factory=SystemFilter)
    is_all: bool = False


@dataclass(slots=True, kw_only=True)
class Bulk:
    """What a decision on many did, or would do: names of what changed, how many were so already, refusals."""

    batch_id: str
    changed: list[str] = field(default_factory=list)
    same: int = 0
    refused: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchView:
    """One decision on many; ``state`` is done, undone, or too_old to be undone."""

    batch_id: str
    action: str
    what: str
    systems: int
    undone: int
    state: str
    made_by: str
    made_at: str
    undone_at: str | None


@dataclass(frozen=True, slots=True)
class _Done:
    """What one deed did: the entry of the log, and what the subject was before and after."""

    entry: Entry
    before: str
    after: str


_Deed = Callable[["WriteTx", str, str], "_Done | None"]
"""Does one thing to one system (transaction, id, time as text); ``None`` when it is so already."""


class _TakeBack(Exception):
    """End the transaction of a dry run without keeping anything."""


def assign(
    store: Store,
    which: Which,
    unit: str,
    *,
    actor: Actor,
    reason: str = "",
    dry_run: bool = False,
    now: datetime | None = None,
) -> Bulk:
    """Put systems into a unit; an empty name leaves them to the scopes of the units."""
    with store.read() as tx:
        if unit:
            known_unit(tx, unit)

    def deed(tx: WriteTx, system_id: str, at: str) -> _Done | None:
        before = units.named(tx.conn, [system_id]).get(system_id, "")
        if before == unit:
            return None
        units.assign(tx, system_id, known_unit(tx, unit) if unit else "", at)
        entry = Entry(
            action=ASSIGN, object=system_id, reason=reason, old={"unit": before}, new={"unit": unit}
        )
        return _Done(entry, before, unit)

    one = _batch(ASSIGN, f"unit {unit}" if unit else "no unit", actor)
    return _run(store, which, one, deed, actor, now, dry_run=dry_run)


def set_fields(
    store: Store,
    which: Which,
    given: Mapping[str, object],
    *,
    actor: Actor,
    timezone: str = "UTC",
    reason: str = "",
    only_empty: bool = False,
    dry_run: bool = False,
    now: datetime | None = None,
) -> Bulk:
    """Set fields of many records as :func:`records.change` does; ``only_empty`` leaves what was answered."""
    checked = check(given, today=oversight_rules.today(timezone, now or clock.now()))
    records.refuse(checked.mistakes if given else ["no field is given"])

    def deed(tx: WriteTx, system_id: str, at: str) -> _Done | None:
        before = oversight.of_systems(tx.conn, [system_id]).get(system_id)
        values = {
            name: value
            for name, value in checked.values.items()
            if not (only_empty and before and record_edit.is_answered(before.fields.get(name, {})))
        }
        if not values:
            return None
        wanted = records.Change(values=values, timezone=timezone, reason=reason, action=_SET)
        entry = records.apply_in(tx, system_id, wanted, actor=actor, at=at).entry
        version = before.version if before else 0
        return _Done(entry, str(version), str(version + 1))

    one = _batch(_SET, ", ".join(sorted(checked.values)), actor)
    return _run(store, which, one, deed, actor, now, dry_run=dry_run)


def _batch(action: str, what: str, actor: Actor) -> Batch:
    return Batch(batch_id=ids.mint("bat"), action=action, what=what, made_by=actor.label, made_at="")


def _run(
    store: Store,
    which: Which,
    one: Batch,
    deed: _Deed,
    actor: Actor,
    now: datetime | None,
    *,
    dry_run: bool,
) -> Bulk:
    done = Bulk(batch_id=one.batch_id)
    for chunk in chunks(_meant(store, which), STEP):
        try:
            with store.write(actor=actor.name, kind="decision") as tx:
                moment = now or clock.from_text(tx.now)
                step = _Step(tx, replace(one, made_at=clock.to_text(moment)), actor, moment)
                step.change(chunk, deed, done)
                if dry_run:
                    raise _TakeBack
                step.keep()
        except _TakeBack:
            continue
    return done


class _Step:
    """Change some systems in one transaction."""

    def __init__(self, tx: WriteTx, one: Batch, actor: Actor, now: datetime) -> None:
        self._tx, self._batch, self._actor, self._now = tx, one, actor, now
        self._at = clock.to_text(now)
        self._done: dict[str, _Done] = {}

    def change(self, chunk: Sequence[tuple[str, str]], deed: _Deed, bulk: Bulk) -> None:
        """Do the deed to systems (id, name); what one of them refuses leaves no trace."""
        for system_id, name in chunk:
            try:
                with self._tx.conn.begin_nested():
                    done = deed(self._tx, system_id, self._at)
            except ServiceError as error:
                bulk.refused[f"{name} ({system_id})"] = str(error)
                continue
            if done is None:
                bulk.same += 1
            else:
                self._done[system_id] = done
                bulk.changed.append(name)

    def keep(self) -> None:
        """Evaluate the rules again, and write what was done into the batch and the log."""
        if not self._done:
            return
        tx, batch_id = self._tx, self._batch.batch_id
        for system_id in self._done:
            systems.mark_decided(tx.conn, tx.rev, system_id)
        items = [
            Item(batch_id=batch_id, subject_id=key, before=one.before, after=one.after)
            for key, one in self._done.items()
        ]
        batches.put(tx.conn, self._batch, items)
        alerting.evaluate_in(tx, list(self._done), self._actor, now=self._now)
        for one in self._done.values():
            entry = replace(one.entry, new={**one.entry.new, "batch": batch_id})
            audit.append(tx.conn, self._actor, entry, at=self._at)


def _meant(store: Store, which: Which) -> list[tuple[str, str]]:
    """Return the ids and names of the systems that are meant; raises ``DecisionError`` when none is named."""
    if not which.systems and not which.is_all and which.filters == SystemFilter():
        raise DecisionError(
            "nothing says which systems are meant", hint="Give --system, a filter such as --kind, or --all."
        )
    found = [(one.system_id, one.name) for one in inventory.list_systems(store, which.filters)]
    if not which.systems:
        return found
    with store.read() as tx:
        named = {refs.system_id(tx, one) for one in which.systems}
    return [one for one in found if one[0] in named]


def listed(store: Store, *, now: datetime | None = None) -> list[BatchView]:
    """Return the decisions on many, the newest first, and whether each can be undone."""
    moment = now or clock.now()
    with store.read() as tx:
        rows = batches.latest(tx.conn, batch_refs.MOST_LISTED, ACTIONS)
    return [
        BatchView(
            batch_id=one.batch_id,
            action=one.action,
            what=one.what,
            systems=count,
            undone=undone,
            state=batch_refs.state_of(one, moment),
            made_by=one.made_by,
            made_at=one.made_at,
            undone_at=one.undone_at,
        )
        for one, count, undone in rows
    ]

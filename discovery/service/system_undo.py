"""Take a decision on many systems back as one: what was changed since is left, and told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from connectors import clock
from discovery.service import alerting, batch_refs, record_edit
from discovery.service.system_bulk import ACTIONS, ASSIGN, STEP, Bulk
from store import audit, batches, oversight, system_rows, units
from store.audit import Actor, Entry
from store.batches import Batch, Item
from store.temporal import chunks

if TYPE_CHECKING:
    from store.database import Store, WriteTx


def undo(
    store: Store,
    ref: str,
    *,
    actor: Actor,
    timezone: str = "UTC",
    reason: str = "",
    now: datetime | None = None,
) -> Bulk:
    """Take back a decision on many within 24 hours; what somebody has changed since is left, and told.

    When it is broken off, doing it again goes on where it stopped. Raises ``DecisionError`` when it is too
    late or undone already.
    """
    with store.read() as tx:
        one = batch_refs.to_undo(tx, ref, actor, ACTIONS, now or clock.now(), noun="systems")
        left = [item.subject_id for item in batches.left(tx.conn, one.batch_id)]
        names = {key: row.name for key, row in system_rows.rows(tx.conn, left).items()}
    done = Bulk(batch_id=one.batch_id)
    for chunk in chunks(left, STEP):
        with store.write(actor=actor.name, kind="decision") as write_tx:
            _undo_step(write_tx, one, chunk, names, done, actor, timezone, reason, now)
    restored, left_alone = len(done.changed), len(done.refused)
    batch_refs.close(
        store, one, "systems", restored=restored, left=left_alone, actor=actor, reason=reason, now=now
    )
    return done


def _undo_step(
    tx: WriteTx,
    one: Batch,
    chunk: Sequence[str],
    names: Mapping[str, str],
    done: Bulk,
    actor: Actor,
    timezone: str,
    reason: str,
    now: datetime | None,
) -> None:
    moment = now or clock.from_text(tx.now)
    at = clock.to_text(moment)
    entries: list[Entry] = []
    for item in batches.left(tx.conn, one.batch_id, chunk):
        name = f"{names.get(item.subject_id, item.subject_id)} ({item.subject_id})"
        entry, why = _restore(tx, one, item, at, timezone)
        if why:
            done.refused[name] = why
        if entry is not None:
            entries.append(replace(entry, reason=reason))
            done.changed.append(names.get(item.subject_id, item.subject_id))
    changed = [entry.object for entry in entries]
    batches.mark(tx.conn, one.batch_id, changed, at)
    alerting.evaluate_in(tx, changed, actor, now=moment)
    for entry in entries:
        audit.append(tx.conn, actor, entry, at=at)


def _restore(tx: WriteTx, one: Batch, item: Item, at: str, timezone: str) -> tuple[Entry | None, str]:
    """Take one item back; returns what to log, if anything was done, and what was left and why."""
    row = system_rows.rows(tx.conn, [item.subject_id]).get(item.subject_id)
    if row is None or row.state == "merged":
        return None, "it was merged into another system since"
    if one.action == ASSIGN:
        return _restore_unit(tx, one, item, at)
    return _restore_record(tx, one, item, at, timezone)


def _restore_unit(tx: WriteTx, one: Batch, item: Item, at: str) -> tuple[Entry | None, str]:
    current = units.named(tx.conn, [item.subject_id]).get(item.subject_id, "")
    if current != item.after:
        return (
            None,
            f"somebody has put it into {current!r} since" if current else "somebody took it out since",
        )
    if item.before and item.before not in {unit.name for unit in units.load(tx.conn)}:
        return None, f"the unit {item.before!r} is no more"
    units.assign(tx, item.subject_id, item.before, at)
    new = {"unit": item.before, "batch": one.batch_id}
    entry = Entry(action="system.assign.undo", object=item.subject_id, old={"unit": current}, new=dict(new))
    return entry, ""


def _restore_record(tx: WriteTx, one: Batch, item: Item, at: str, timezone: str) -> tuple[Entry | None, str]:
    current = oversight.of_systems(tx.conn, [item.subject_id]).get(item.subject_id)
    after = oversight.of_version(tx.conn, item.subject_id, int(item.after))
    if current is None or after is None:
        return None, "its record is no more"
    before = oversight.of_version(tx.conn, item.subject_id, int(item.before))
    edited = record_edit.taken_back(current, before, after, timezone)
    why = f"somebody has changed {', '.join(edited.kept)} since; that is left" if edited.kept else ""
    if edited.record.fields == current.fields:
        return None, why
    oversight.put(tx.conn, tx.rev, record_edit.judged(edited.record, at))
    names = [
        name
        for name in sorted({*current.fields, *edited.record.fields})
        if current.value(name) != edited.record.value(name)
    ]
    entry = Entry(
        action="record.undo",
        object=item.subject_id,
        old={name: current.value(name) for name in names},
        new={**{name: edited.record.value(name) for name in names}, "batch": one.batch_id},
    )
    return entry, why

"""Change and show the record of a system: fields with provenance, what evidence proposes, what is missing.

Two people who change one record at once do not overwrite each other: who names the version that they read
(``if_version``) is refused when another one has been written since, with what was changed by whom.
Errors: ``DecisionError`` with every mistake at once, ``EditConflict``, ``NotFound``, ``Ambiguous``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from connectors import clock
from connectors.model import Json
from discovery.service import (
    oversight_rules,
    record_edit,
    record_evidence,
    record_refs,
    record_sense,
    sla_moves,
)
from discovery.service.deciding import Act, Decided, decide
from discovery.service.errors import DecisionError
from discovery.service.record_edit import Stamp
from discovery.service.record_fields import known
from discovery.service.record_values import check
from store import oversight, parties
from store.audit import Actor, Entry

if TYPE_CHECKING:
    from store.database import ReadTx, Store, WriteTx
    from store.oversight import Record

__all__ = ["Change", "DecisionError", "EditConflict", "apply", "change", "confirm"]


class EditConflict(DecisionError):
    """Somebody else changed the record since it was read; the text says what, the hint how to go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to be changed: checked values by dotted name (``None`` clears), and how they are said.

    ``if_version`` is the version of the record that the change was made upon (0: there was none);
    ``action`` the word of the audit log; ``by`` the party's id of the actor where it is known already.
    """

    values: Mapping[str, Json]
    source: Literal["human", "import"] = "human"
    timezone: str = "UTC"
    reason: str = ""
    why: str = ""
    confirmed: bool = False
    if_version: int | None = None
    action: str = "record.set"
    confidence: float = 1.0
    by: str | None = None
    has_assets: bool = True


def change(
    store: Store,
    system: str,
    given: Mapping[str, object],
    *,
    actor: Actor,
    timezone: str = "UTC",
    reason: str = "",
    if_version: int | None = None,
    now: datetime | None = None,
) -> Decided:
    """Change fields of a record as a person; values are texts or as YAML gives them, an empty one clears."""
    today = oversight_rules.today(timezone, now or clock.now())
    checked = check(given, today=today)
    if not given:
        checked.mistakes.append("no field is given")
    refuse(checked.mistakes)
    wanted = Change(values=checked.values, timezone=timezone, reason=reason, if_version=if_version)

    def deed(tx: WriteTx, system_id: str, at: str) -> Act:
        before = oversight.of_systems(tx.conn, [system_id]).get(system_id)
        known = oversight_rules.doubts(before, today) if before else []
        act = apply_in(tx, system_id, wanted, actor=actor, at=at)
        after = oversight.of_systems(tx.conn, [system_id])[system_id]
        act.warnings += [one for one in oversight_rules.doubts(after, today) if one not in known]
        return act

    return decide(store, system, actor, now, deed)


def confirm(
    store: Store,
    system: str,
    names: tuple[str, ...],
    *,
    actor: Actor,
    timezone: str = "UTC",
    reason: str = "",
    if_version: int | None = None,
    now: datetime | None = None,
) -> Decided:
    """Say that what is on record for these fields is right: imported values come to be a person's answers."""
    with store.read() as tx:
        from discovery.service import refs

        system_id = refs.system_id(tx, system)
        record = oversight.of_systems(tx.conn, [system_id]).get(system_id)
    values = {name: record.value(name) for name in names} if record else {}
    absent = [name for name in names if values.get(name) is None]
    refuse([f"{name} has no value to confirm" for name in absent])
    version = if_version if if_version is not None or record is None else record.version
    wanted = Change(
        values=values, timezone=timezone, reason=reason, if_version=version, action="record.confirm"
    )
    return apply(store, system_id, wanted, actor=actor, now=now)


def apply(store: Store, system: str, wanted: Change, *, actor: Actor, now: datetime | None = None) -> Decided:
    """Change a record by values that were checked, in one transaction with its rules and the audit row."""

    def deed(tx: WriteTx, system_id: str, at: str) -> Act:
        return apply_in(tx, system_id, wanted, actor=actor, at=at)

    return decide(store, system, actor, now, deed)


def apply_in(tx: WriteTx, system_id: str, wanted: Change, *, actor: Actor, at: str) -> Act:
    """Change a record inside a transaction; returns what to log, with warnings."""
    before = oversight.of_systems(tx.conn, [system_id]).get(system_id)
    _check_version(tx, system_id, before, wanted.if_version)
    values, mistakes = record_refs.resolved(tx, system_id, wanted.values, at)
    refuse(mistakes)
    by = wanted.by or parties.ensure(tx.conn, [actor.name], now=at, team=False)[actor.name].party_id
    evidence = record_evidence.of_system(tx, system_id) if wanted.has_assets else []
    stamp = Stamp(
        source=wanted.source,
        by=by,
        at=at,
        timezone=wanted.timezone,
        why=wanted.why,
        confidence=wanted.confidence,
        confirmed=wanted.confirmed,
    )
    edited = record_edit.edited(before, system_id, values, stamp, evidence)
    record = edited.record
    refuse(record_sense.contradictions({name: record.value(name) for name in record.fields}))
    oversight.put(tx.conn, tx.rev, record)
    sla_moves.retimed(tx, before, record, at=at, actor=actor.label)
    if record.confirmed_at == at:
        outcome = "confirmed" if record.complete else "incomplete"
        oversight.add_review(
            tx.conn, tx.rev, at, system_id, by, outcome=outcome, next_due_at=record.next_review_at
        )
    old = {name: before.value(name) for name in values} if before else {}
    entry = Entry(action=wanted.action, object=system_id, reason=wanted.reason, old=old, new=values)
    return Act(entry, [*_conflict_notes(record, values), *_kept_notes(edited.kept)])


def refuse(mistakes: list[str]) -> None:
    """Raise ``DecisionError`` with every mistake at once; nothing without one."""
    if mistakes:
        raise DecisionError("the record cannot be kept: " + "; ".join(mistakes))


def _check_version(tx: ReadTx | WriteTx, system_id: str, before: Record | None, wanted: int | None) -> None:
    version = before.version if before else 0
    if wanted is None or wanted == version:
        return
    if before is None or wanted > version:
        raise EditConflict(
            f"the record has version {version}, not {wanted}", hint="Look at it with: aicensus record show"
        )
    earlier = oversight.of_version(tx.conn, system_id, wanted)
    names = sorted(
        name
        for name in {*before.fields, *(earlier.fields if earlier else {})}
        if earlier is None or before.value(name) != earlier.value(name)
    )
    people = parties.labels(tx.conn, {str(before.fields.get(name, {}).get("by", "")) for name in names})
    told = [_told(before, name, people) for name in names] or ["it was confirmed or withdrawn"]
    raise EditConflict(
        f"the record was changed since version {wanted} (it has version {version} now): " + "; ".join(told),
        hint=f"Look at it again, then repeat the change with --if-version {version}.",
    )


def _told(record: Record, name: str, people: Mapping[str, str]) -> str:
    entry = record.fields.get(name)
    if entry is None:
        return f"{name} was cleared"
    return f"{name} is {entry.get('value')!r:.80} by {people.get(str(entry.get('by')), 'somebody')}"


def _conflict_notes(record: Record, values: Mapping[str, Json]) -> list[str]:
    notes = []
    for name in values:
        found = record.fields.get(name, {}).get("conflict")
        spec = known(name)
        if isinstance(found, dict) and spec:
            news = found.get("news")
            said = ", ".join(map(str, news)) if isinstance(news, list) else ""
            notes.append(
                f"evidence says otherwise for {name}: {said} - {found.get('why')}"
                + (f" [{found['locator']}]" if found.get("locator") else "")
                + "; correct it, or give it again to settle it"
            )
    return notes


def _kept_notes(kept: tuple[str, ...]) -> list[str]:
    return [f"{name} was answered by a person and is left as it was" for name in kept]

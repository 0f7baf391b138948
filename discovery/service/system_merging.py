"""Take a person's decisions on what is one system: merge, split, undo, and answer what links suggest.

Each is one transaction that ends with the audit row; when anything is wrong, nothing has happened. A merge
keeps the old id as an alias with its owners and its record, so that undoing it brings everything back. What
a person splits stays apart, whatever links say later. Errors: ``DecisionError``, ``NotFound``, ``Ambiguous``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from connectors import clock
from connectors.model import Json
from connectors.secrets import redact
from discovery.service import alerting, inventory, refs
from discovery.service.deciding import Decided, need_reason
from discovery.service.errors import DecisionError, NotFound
from normalizer import grouping
from normalizer.units import entity_of
from store import audit, link_queue, linkage, merges, oversight, owners, system_rows, systems, units
from store.audit import Actor, Entry
from store.system_rows import SystemRow

if TYPE_CHECKING:
    from store.database import Store, WriteTx

_REGISTERED = ("registered", "governed")


@dataclass(slots=True, kw_only=True)
class Regrouped(Decided):
    """What merging, splitting or undoing left behind; ``others`` are further systems that it changed."""

    others: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Done:
    """What was done inside the transaction: the system that stands, others that changed, the audit row."""

    system_id: str
    others: list[str]
    entry: Entry
    warnings: list[str] = field(default_factory=list)


_Deed = Callable[["WriteTx", datetime], _Done]
_NO_ANSWERS = frozenset({"reviews.attestation_due_at"})
"""Fields that a campaign sets: a record of nothing else says nothing of its system."""


def _decide(store: Store, actor: Actor, now: datetime | None, deed: _Deed) -> Regrouped:
    """Do a deed in one transaction: the change, the systems settled, their rules, the audit row last."""
    with store.write(actor=actor.name, kind="decision") as tx:
        moment = now or clock.from_text(tx.now)
        done = deed(tx, moment)
        systems.mark_decided(tx.conn, tx.rev, done.system_id)
        changed = [done.system_id, *done.others]
        systems.refresh_in(tx, changed)
        made = alerting.evaluate_in(tx, changed, actor, now=moment)
        audit.append(tx.conn, actor, done.entry, at=clock.to_text(moment))
        keys = merges.keys_of(tx.conn, changed)
    # What it uses, and what is suggested, follows from the links: no part of what was decided.
    linkage.relink_nodes(store, [key for several in keys.values() for key in several])
    return Regrouped(
        system=inventory.get_system(store, done.system_id),
        warnings=done.warnings,
        alerts_resolved=sum(one.event == "resolved" for one in made),
        alerts_opened=sum(one.event in ("opened", "reopened") for one in made),
        others=done.others,
    )


def merge(
    store: Store, old: str, into: str, *, actor: Actor, reason: str, now: datetime | None = None
) -> Regrouped:
    """Make one system part of another; its id stays as an alias.

    Owner and record of the system that stays hold. Where it has none, those of the other are taken over.
    """
    need_reason(reason, "merging systems")

    def deed(tx: WriteTx, moment: datetime) -> _Done:
        one, other = refs.system_id(tx, old), refs.system_id(tx, into)
        warnings = _merge(tx, one, other, actor, redact(reason), moment)
        return _Done(other, [one], _merged_entry(one, other, reason), warnings)

    return _decide(store, actor, now, deed)


def _merged_entry(old: str, into: str, reason: str) -> Entry:
    return Entry(action="system.merge", object=into, reason=reason, new={"merged": old})


def _merge(tx: WriteTx, old: str, into: str, actor: Actor, reason: str, moment: datetime) -> list[str]:
    if old == into:
        raise DecisionError("both are the same system already", hint="Name two different ones.")
    rows = system_rows.rows(tx.conn, (old, into))
    if all(rows[one].state in _REGISTERED for one in (old, into)):
        raise DecisionError(
            f"{rows[old].name!r} and {rows[into].name!r} are both registered",
            hint="Retire or reject the one that is to go first: aicensus systems retire ID --reason ...",
        )
    _refuse_two_entities(tx, rows[old], rows[into])
    kept = {old, into}
    if any(kept == set(pair) for pair in link_queue.apart(tx.conn, [old])):
        raise DecisionError(
            "a person said that they are not the same system",
            hint=f"Take that back first: aicensus systems undo {old} --reason ...",
        )
    at = clock.to_text(moment)
    warnings = _take_over(tx, rows[old], rows[into], at)
    merges.merge_all(tx, {old: into}, {old: (f"merged by {actor.label}: {reason}", 1.0)}, by=merges.BY_PERSON)
    ended = [one.suggestion_no for one in link_queue.suggestions(tx.conn, old)]
    link_queue.end_suggestions(tx, ended)
    return warnings


def _refuse_two_entities(tx: WriteTx, old: SystemRow, into: SystemRow) -> None:
    """Refuse to make one system of what two legal entities answer for."""
    by_name = {one.name: one for one in units.load(tx.conn)}
    holders = units.of_systems(tx.conn, [old.system_id, into.system_id]) if by_name else {}
    of_old, of_into = (
        entity_of(holders[one.system_id], by_name) if one.system_id in holders else "" for one in (old, into)
    )
    if of_old and of_into and of_old != of_into:
        raise DecisionError(
            f"{old.name!r} is of {of_old!r}, {into.name!r} of {of_into!r}: a system has one legal entity",
            hint="If that is wrong, put one into the other's unit first: aicensus systems assign",
        )


def _take_over(tx: WriteTx, old: SystemRow, into: SystemRow, at: str) -> list[str]:
    """Let the system that stays have what it lacks: the accepted owner, and the record."""
    warnings: list[str] = []
    people = owners.of_systems(tx.conn, [old.system_id, into.system_id])
    accepted = [one for one in people.get(old.system_id, []) if one.is_accepted]
    has_own = any(
        one.is_accepted and one.role == owners.ACCOUNTABLE for one in people.get(into.system_id, [])
    )
    for one in accepted:
        if one.role == owners.ACCOUNTABLE and has_own:
            warnings.append(f"{one.party.label} answered for {old.name!r}; {into.name!r} keeps its own owner")
            continue
        owners.accept(
            tx.conn,
            tx.rev,
            at,
            into.system_id,
            one.party,
            role=one.role,
            source=one.source,
            confidence=one.confidence,
        )
    records = oversight.of_systems(tx.conn, [old.system_id, into.system_id])
    theirs, own = records.get(old.system_id), records.get(into.system_id)
    if theirs is not None and (own is None or own.fields.keys() <= _NO_ANSWERS):
        oversight.put(tx.conn, tx.rev, replace(theirs, system_id=into.system_id))
        warnings.append(f"the record of {old.name!r} is now that of {into.name!r}")
    elif theirs is not None:
        warnings.append(f"{into.name!r} keeps its own record; that of {old.name!r} stays under its old id")
    return warnings


def split(
    store: Store,
    ref: str,
    *,
    actor: Actor,
    reason: str,
    assets: Sequence[str] = (),
    groups: Sequence[str] = (),
    name: str = "",
    now: datetime | None = None,
) -> Regrouped:
    """Make a system of its own from some assets or groups of a system; both stay apart for ever.

    Returns the new system. ``groups`` are group keys as ``systems explain`` shows them.
    """
    need_reason(reason, "splitting a system")
    if not assets and not groups:
        raise DecisionError("nothing to split off", hint="Name what with --asset or --group.")

    def deed(tx: WriteTx, moment: datetime) -> _Done:
        system_id = refs.system_id(tx, ref)
        going = _going(tx, system_id, [refs.asset_id(tx, one) for one in assets], groups)
        made = _split_off(tx, system_id, going, groups, name)
        link_queue.keep_apart(
            tx, system_id, [made], reason=redact(reason), actor=actor.label, at=clock.to_text(moment)
        )
        systems.mark_decided(tx.conn, tx.rev, system_id)
        new: dict[str, Json] = {"new_system": made, "assets": [*going], "groups": [*groups]}
        entry = Entry(action="system.split", object=system_id, reason=reason, new=new)
        return _Done(made, [system_id], entry)

    return _decide(store, actor, now, deed)


def _going(tx: WriteTx, system_id: str, asset_ids: Sequence[str], groups: Sequence[str]) -> list[str]:
    """Return the members that leave; raises when they are none of it, or all there is."""
    members = merges.members(tx.conn, system_id)
    strangers = [one for one in asset_ids if one not in members]
    if strangers:
        raise DecisionError(
            f"{strangers[0]} is no member of that system", hint="See its members: systems show."
        )
    known = set(members.values())
    for group in groups:
        if group not in known:
            listed = ", ".join(sorted(known)[:5])
            raise NotFound(f"{group!r} is no group of that system", hint=f"Its groups: {listed}")
    going = sorted({*asset_ids, *(one for one, group in members.items() if group in groups)})
    if len(going) == len(members):
        raise DecisionError(
            "that is everything the system has: nothing would be left of it",
            hint="Leave something, or reject the system: aicensus systems reject ID --reason ...",
        )
    return going


def _split_off(tx: WriteTx, system_id: str, going: Sequence[str], groups: Sequence[str], name: str) -> str:
    """Move assets into a new system: whole groups with their keys, single ones pinned to a key of its own."""
    members = merges.members(tx.conn, system_id)
    staying = {group for one, group in members.items() if one not in set(going)}
    whole = sorted({members[one] for one in going} - staying)
    single = [one for one in going if members[one] in staying]
    first = grouping.best_key(whole) if whole else ""
    kind = grouping.system_kind(first, merges.kinds(tx.conn, going))
    made = merges.mint(tx, first, name=name or "split off", kind=kind, decided=True)
    own = f"{grouping.SPLIT}{made}"
    if single or not whole:
        merges.pin(tx, dict.fromkeys(single, own), by=merges.BY_PERSON)
    targets = dict.fromkeys([*whole, *([own] if single else [])], made)
    merges.move_nodes(tx, targets, dict.fromkeys(targets, ("a person split it off", 1.0)))
    changes: dict[str, object] = {} if whole else {"group_key": own}
    changes["name"] = name or _name_of(tx, going, first)
    system_rows.change(tx, made, changes)
    return made


def _name_of(tx: WriteTx, asset_ids: Sequence[str], key: str) -> str:
    if key and (label := grouping.explain(key).label):
        return label
    return merges.first_name(tx.conn, asset_ids) or "split off"


def undo(store: Store, ref: str, *, actor: Actor, reason: str, now: datetime | None = None) -> Regrouped:
    """Take back the last merge or split that a system took part in.

    ``ref`` may be the id that a merge left as an alias. What links merged stays apart afterwards; what a
    person merged or split is as if it had not been said.
    """
    need_reason(reason, "undoing a merge or split")

    def deed(tx: WriteTx, moment: datetime) -> _Done:
        system_id = refs.system_id(tx, ref)
        merged, split_row = _last_merge(tx, ref, system_id), _last_split(tx, system_id)
        if merged is not None and (split_row is None or merged.at >= split_row.at):
            return _undo_merge(tx, merged, actor, reason, moment)
        if split_row is not None:
            return _undo_split(tx, split_row, actor, reason, moment)
        raise DecisionError(f"{ref!r} was neither merged nor split", hint="See: aicensus systems explain ID")

    return _decide(store, actor, now, deed)


def _last_merge(tx: WriteTx, ref: str, system_id: str) -> merges.Merge | None:
    held = merges.merges(tx.conn)
    named = [one for one in held if one.old_system == ref]
    return next(iter(named or [one for one in held if one.into_system == system_id]), None)


def _last_split(tx: WriteTx, system_id: str) -> link_queue.Apart | None:
    rows = link_queue.apart_rows(tx.conn)
    return next((row for row in rows if system_id in (row.one_system, row.other_system)), None)


def _undo_merge(tx: WriteTx, one: merges.Merge, actor: Actor, reason: str, moment: datetime) -> _Done:
    target = systems.resolve(tx.conn, [one.into_system])[one.into_system]
    merges.unmerge(tx, one)
    if one.by == merges.BY_LINK:
        link_queue.keep_apart(
            tx, one.old_system, [target], reason=redact(reason), actor=actor.label, at=clock.to_text(moment)
        )
    systems.mark_decided(tx.conn, tx.rev, one.old_system)
    old: dict[str, Json] = {"merge": one.merge_no, "into": target, "by": one.by}
    entry = Entry(action="system.unmerge", object=one.old_system, reason=reason, old=old)
    return _Done(one.old_system, [target], entry)


def _undo_split(tx: WriteTx, row: link_queue.Apart, actor: Actor, reason: str, moment: datetime) -> _Done:
    one, other = row.one_system, row.other_system
    today = systems.resolve(tx.conn, [one, other])
    link_queue.end_apart(tx, [row.apart_no])
    is_split = system_rows.made_at(tx.conn, other) == row.rev
    if is_split:  # without what it was split from it has no reason to be
        _merge(tx, today[other], today[one], actor, redact(reason), moment)
    old: dict[str, Json] = {"apart": row.apart_no, "other": today[other]}
    entry = Entry(action="system.unsplit", object=today[one], reason=reason, old=old)
    return _Done(today[one], [] if is_split else [today[other]], entry)


def accept_suggestion(
    store: Store, number: int, *, actor: Actor, reason: str = "", now: datetime | None = None
) -> Regrouped:
    """Merge the two systems of a suggestion: into the registered, else the decided, else the older one."""

    def deed(tx: WriteTx, moment: datetime) -> _Done:
        one = _suggestion(tx, number)
        rows = system_rows.rows(tx.conn, (one.left_system, one.right_system)).values()
        into, old = (row.system_id for row in sorted(rows, key=_standing))
        why = reason or f"accepted suggestion {number}: {one.reasons[0][2]}"
        warnings = _merge(tx, old, into, actor, redact(why), moment)
        return _Done(into, [old], _merged_entry(old, into, why), warnings)

    return _decide(store, actor, now, deed)


def _standing(row: SystemRow) -> tuple[bool, bool, str]:
    return row.state not in _REGISTERED, not row.decided, row.system_id


def reject_suggestion(
    store: Store, number: int, *, actor: Actor, reason: str, now: datetime | None = None
) -> Regrouped:
    """Say that the two systems of a suggestion are not the same; nobody asks again."""
    need_reason(reason, "rejecting a suggestion")

    def deed(tx: WriteTx, moment: datetime) -> _Done:
        one = _suggestion(tx, number)
        link_queue.keep_apart(
            tx,
            one.left_system,
            [one.right_system],
            reason=redact(reason),
            actor=actor.label,
            at=clock.to_text(moment),
        )
        link_queue.end_suggestions(tx, [number])
        new: dict[str, Json] = {"not_the_same_as": one.right_system}
        entry = Entry(action="system.apart", object=one.left_system, reason=reason, new=new)
        return _Done(one.left_system, [one.right_system], entry)

    return _decide(store, actor, now, deed)


def _suggestion(tx: WriteTx, number: int) -> link_queue.Suggested:
    found = next((one for one in link_queue.suggestions(tx.conn) if one.suggestion_no == number), None)
    if found is None:
        raise NotFound(f"there is no suggestion {number}", hint="List them: aicensus systems suggestions")
    return found

"""Take a person's decisions on the standing of a system: add, register, govern, reject, retire, assign.

Each is one transaction that ends with the audit row. Errors: ``DecisionError``, ``NotFound``, ``Ambiguous``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING

from connectors import clock
from connectors.secrets import redact
from discovery.service import alerting, inventory, oversight_rules, records, whom
from discovery.service.deciding import Act, Decided, decide, need_reason
from discovery.service.errors import DecisionError, NotFound
from normalizer import grouping
from normalizer.units import Unit, check
from store import audit, merges, oversight, owners, system_rows, units
from store.audit import Actor, Entry
from store.system_rows import SystemRow

if TYPE_CHECKING:
    from store.database import ReadTx, Store, WriteTx

KINDS = (
    *("application", "agent", "saas_tool", "embedded_feature", "assistant", "model_service", "pipeline"),
    *("developer_tool", "shared_service"),
)
"""The kinds of systems (governance record, ``kind``)."""
STATES = ("candidate", "registered", "governed", "retired", "rejected", "merged")
"""The states of systems; those not asked for by name show the first three."""

REJECT_CODES = {
    "not_ai": "it is no AI system",
    "duplicate": "it is another system once more",
    "false_positive": "what was seen is not there, or not used",
    "test_only": "nothing but a test or an example",
    "out_of_scope": "it is not ours to govern",
}
"""Why a candidate is no system of ours."""
_MAY_REGISTER = ("candidate", "governed", "rejected", "retired")
_MAY_RETIRE = ("candidate", "registered", "governed")
_MOST_NAME = 200


def add(
    store: Store,
    name: str,
    *,
    kind: str,
    actor: Actor,
    purpose: str = "",
    owner: str = "",
    unit: str = "",
    reason: str = "",
    timezone: str = "UTC",
    now: datetime | None = None,
) -> Decided:
    """Add a system that no scanner can see. With an owner it is registered, without one a candidate."""
    plain_name, party = _checked(name, kind, owner)
    with store.write(actor=actor.name, kind="decision") as tx:
        if system_rows.named(tx.conn, plain_name):
            raise DecisionError(
                f"there is a system {plain_name!r} already", hint="Choose another name, or see: systems show."
            )
        moment = now or clock.from_text(tx.now)
        at = clock.to_text(moment)
        system_id = merges.mint(tx, grouping.MANUAL, name=plain_name, kind=kind, decided=True)
        key = f"{grouping.MANUAL}{system_id}"
        system_rows.change(tx, system_id, {"group_key": key})
        merges.move_nodes(tx, {key: system_id}, {})
        warnings = _say_more(tx, system_id, actor, at, timezone, party=party, purpose=purpose, unit=unit)
        made = alerting.evaluate_in(tx, [system_id], actor, now=moment)
        new = {"name": plain_name, "kind": kind, "unit": unit}
        entry = Entry(action="system.add", object=system_id, reason=reason, new=dict(new))
        audit.append(tx.conn, actor, entry, at=at)
    opened = sum(one.event == "opened" for one in made)
    return Decided(system=inventory.get_system(store, system_id), warnings=warnings, alerts_opened=opened)


def _checked(name: str, kind: str, owner: str) -> tuple[str, str]:
    plain = " ".join(name.split())
    if not plain or len(plain) > _MOST_NAME:
        raise DecisionError(f"a system's name has 1 to {_MOST_NAME} characters", hint="Give it a short one.")
    if kind not in KINDS:
        near = get_close_matches(kind, KINDS, n=1)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        raise DecisionError(f"{kind!r} is no kind of system", hint=f"{hint}Kinds: {', '.join(KINDS)}")
    return plain, whom.plain_name(owner) if owner else ""


def _say_more(
    tx: WriteTx,
    system_id: str,
    actor: Actor,
    at: str,
    timezone: str,
    *,
    party: str,
    purpose: str,
    unit: str,
) -> list[str]:
    warnings: list[str] = []
    if purpose:
        wanted = records.Change(values={"purpose.statement": purpose}, timezone=timezone, action="record.set")
        warnings += records.apply_in(tx, system_id, wanted, actor=actor, at=at).warnings
    if unit:
        units.assign(tx, system_id, known_unit(tx, unit), at)
    if party:
        who, told = whom.party(tx, party, at=at)
        warnings += told
        owners.accept(
            tx.conn,
            tx.rev,
            at,
            system_id,
            who,
            role=owners.ACCOUNTABLE,
            source=owners.DECLARED,
            confidence=1.0,
        )
        system_rows.set_state(tx, system_id, "registered", at=at)
    return warnings


def register(
    store: Store, system: str, *, actor: Actor, reason: str = "", now: datetime | None = None
) -> Decided:
    """Take a candidate into the register; somebody must have accepted to answer for it."""

    def deed(tx: WriteTx, system_id: str, at: str) -> Act:
        row = _in_state(tx, system_id, _MAY_REGISTER, "registered")
        _need_owner(tx, row)
        system_rows.set_state(tx, system_id, "registered", at=at, reason=redact(reason))
        return Act(_entry("system.register", row, reason, "registered"))

    return decide(store, system, actor, now, deed)


def govern(
    store: Store, system: str, *, actor: Actor, reason: str = "", now: datetime | None = None
) -> Decided:
    """Say that a registered system is governed: it has an owner and a complete oversight record.

    It stays so by a person's word; what is missing later is told by its alerts.
    """

    def deed(tx: WriteTx, system_id: str, at: str) -> Act:
        row = _in_state(tx, system_id, ("registered",), "governed")
        _need_owner(tx, row)
        record = oversight.of_systems(tx.conn, [system_id]).get(system_id)
        if record is None or not record.stands(at):
            names = (name.replace("_", " ") for name in oversight_rules.missing(record))
            lacking = ", ".join(names) or "a review that lies ahead"
            raise DecisionError(
                f"{row.name!r} has no complete oversight record; it lacks: {lacking}",
                hint=f"Answer the four questions first: aicensus systems review {system_id}",
            )
        system_rows.set_state(tx, system_id, "governed", at=at, reason=redact(reason))
        return Act(_entry("system.govern", row, reason, "governed"))

    return decide(store, system, actor, now, deed)


def _need_owner(tx: WriteTx, row: SystemRow) -> None:
    """Raise ``DecisionError`` unless somebody who is still there has accepted to answer for a system."""
    people = owners.of_systems(tx.conn, [row.system_id]).get(row.system_id, [])
    if not any(one.is_accepted and one.role == owners.ACCOUNTABLE and one.party.active for one in people):
        raise DecisionError(
            f"nobody has accepted to answer for {row.name!r}",
            hint=f"Name an owner first: aicensus owner set {row.system_id} PARTY",
        )


def reject(
    store: Store, system: str, *, actor: Actor, code: str, reason: str, now: datetime | None = None
) -> Decided:
    """Say that a candidate is no system to answer for, with a code of :data:`REJECT_CODES` and a reason."""
    need_reason(reason, "rejecting a system")
    if code not in REJECT_CODES:
        listed = "; ".join(f"{name} ({what})" for name, what in REJECT_CODES.items())
        raise DecisionError(f"{code!r} is no reason code", hint=f"Codes: {listed}")

    def deed(tx: WriteTx, system_id: str, at: str) -> Act:
        row = _in_state(tx, system_id, ("candidate",), "rejected")
        system_rows.set_state(tx, system_id, "rejected", at=at, code=code, reason=redact(reason))
        return Act(_entry("system.reject", row, f"{code}: {reason}", "rejected"))

    return decide(store, system, actor, now, deed)


def retire(store: Store, system: str, *, actor: Actor, reason: str, now: datetime | None = None) -> Decided:
    """Say that a system is no longer used."""
    need_reason(reason, "retiring a system")

    def deed(tx: WriteTx, system_id: str, at: str) -> Act:
        row = _in_state(tx, system_id, _MAY_RETIRE, "retired")
        living = system_rows.living(tx.conn, system_id)
        system_rows.set_state(tx, system_id, "retired", at=at, reason=redact(reason))
        warnings = (
            [f"{living} of its assets {'is' if living == 1 else 'are'} still there, which counts as a gap"]
            if living
            else []
        )
        return Act(_entry("system.retire", row, reason, "retired"), warnings)

    return decide(store, system, actor, now, deed)


def _in_state(tx: WriteTx, system_id: str, allowed: Sequence[str], wanted: str) -> SystemRow:
    row = system_rows.rows(tx.conn, [system_id])[system_id]
    if row.state == wanted:
        raise DecisionError(f"{row.name!r} is {wanted} already")
    if row.state not in allowed:
        raise DecisionError(
            f"{row.name!r} is {row.state}; only one that is {' or '.join(allowed)} can be {wanted}",
            hint="Registered systems are retired: aicensus systems retire ID --reason ..."
            if wanted == "rejected"
            else "",
        )
    return row


def _entry(action: str, row: SystemRow, reason: str, state: str) -> Entry:
    return Entry(
        action=action, object=row.system_id, reason=reason, old={"state": row.state}, new={"state": state}
    )


def assign(
    store: Store, system: str, unit: str, *, actor: Actor, reason: str = "", now: datetime | None = None
) -> Decided:
    """Put a system into an organisation unit; an empty name leaves it to the scopes of the units."""

    def deed(tx: WriteTx, system_id: str, at: str) -> Act:
        before = units.of_systems(tx.conn, [system_id]).get(system_id)
        units.assign(tx, system_id, known_unit(tx, unit) if unit else "", at)
        old = {"unit": before.name if before else ""}
        return Act(
            Entry(action="system.assign", object=system_id, reason=reason, old=dict(old), new={"unit": unit})
        )

    return decide(store, system, actor, now, deed)


def known_unit(tx: ReadTx | WriteTx, name: str) -> str:
    """Return the name of a unit that there is; raises ``NotFound`` with the nearest one."""
    names = [unit.name for unit in units.load(tx.conn)]
    if name not in names:
        near = get_close_matches(name, names, n=1)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        raise NotFound(f"there is no unit {name!r}", hint=f"{hint}See them: aicensus units")
    return name


def put_unit(
    store: Store, unit: Unit, *, actor: Actor, reason: str = "", now: datetime | None = None
) -> list[Unit]:
    """Add or change a unit; returns the tree. Raises ``DecisionError`` for unknown or circular parents."""

    def deed(tx: WriteTx, known: dict[str, Unit]) -> Entry:
        if units.sources(tx.conn).get(unit.name) == units.BY_CONFIG:
            raise DecisionError(
                f"the unit {unit.name!r} is kept in the configuration", hint="Change it there."
            )
        tree = [*(one for name, one in known.items() if name != unit.name), unit]
        try:
            check(tree)
        except ValueError as error:
            raise DecisionError(str(error), hint="See the units: aicensus units") from error
        units.put(tx, [unit], by=units.BY_PERSON)
        return Entry(action="unit.set", object=unit.name, reason=reason, new={"parent": unit.parent})

    return _change_units(store, actor, now, deed)


def remove_unit(
    store: Store, name: str, *, actor: Actor, reason: str, now: datetime | None = None
) -> list[Unit]:
    """Remove a unit that is nobody's parent."""
    need_reason(reason, "removing a unit")

    def deed(tx: WriteTx, known: dict[str, Unit]) -> Entry:
        known_unit(tx, name)
        if units.sources(tx.conn).get(name) == units.BY_CONFIG:
            raise DecisionError(f"the unit {name!r} is kept in the configuration", hint="Remove it there.")
        children = sorted(one.name for one in known.values() if one.parent == name)
        if children:
            raise DecisionError(f"{name!r} is the parent of {', '.join(children)}", hint="Move these first.")
        units.remove(tx, [name])
        return Entry(action="unit.remove", object=name, reason=reason)

    return _change_units(store, actor, now, deed)


_UnitDeed = Callable[["WriteTx", dict[str, Unit]], Entry]


def _change_units(store: Store, actor: Actor, now: datetime | None, deed: _UnitDeed) -> list[Unit]:
    with store.write(actor=actor.name, kind="decision") as tx:
        entry = deed(tx, {unit.name: unit for unit in units.load(tx.conn)})
        audit.append(tx.conn, actor, entry, at=clock.to_text(now) if now else tx.now)
        return units.load(tx.conn)


__all__ = [
    "KINDS",
    "REJECT_CODES",
    "STATES",
    "add",
    "assign",
    "known_unit",
    "put_unit",
    "register",
    "reject",
    "remove_unit",
    "retire",
]

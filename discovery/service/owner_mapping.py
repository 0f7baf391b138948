"""Keep whom a value of owner evidence means, once a person has corrected it.

Declining a candidate whom a tag or a file names, and setting another, says what that value means; so does
``owner map``. From then on the one who is meant is proposed for every system with the value. A mapping
accepts nobody, and the audit log keeps ids of parties only. Errors: ``DecisionError``, ``NotFound``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING

from connectors import clock
from connectors.secrets import redact
from discovery.service import whom
from discovery.service.deciding import need_reason
from discovery.service.errors import DecisionError, NotFound
from normalizer.owners import families_of, normal_party
from store import audit, owner_maps, owners, parties, systems
from store.audit import Entry

if TYPE_CHECKING:
    from store.audit import Actor
    from store.database import Store, WriteTx
    from store.parties import Party

_TOLD = ("tag", "catalogue", "codeowners", "declared")
"""Kinds of evidence whose values somebody wrote down: a correction of these says what the value means."""
_MOST_VALUE = 200


@dataclass(slots=True, kw_only=True)
class OwnerMapView:
    """One value of evidence and whom it means; ``systems`` counts for how many they are proposed now."""

    value: str
    party: str
    made_by: str
    made_at: str
    active: bool
    systems: int


@dataclass(slots=True, kw_only=True)
class Mapped:
    """What a mapping did; ``systems`` are those whose candidates were weighed again."""

    value: str
    party: str
    systems: int
    warnings: list[str]


def map_value(
    store: Store, value: str, party: str, *, actor: Actor, reason: str = "", now: datetime | None = None
) -> Mapped:
    """Let a value of owner evidence mean a party, in place of whom it meant before."""
    plain, person = _value(value), whom.plain_name(party)
    if plain == person:
        raise DecisionError(f"{value!r} means itself already", hint="Name whom it stands for.")
    with store.write(actor=actor.name, kind="decision") as tx:
        at = clock.to_text(now) if now else tx.now
        who, warnings = whom.party(tx, person, at=at)
        before = next((one for one in owner_maps.every(tx.conn) if one.value == plain), None)
        if before is not None and before.party == who:
            raise DecisionError(f"{plain!r} stands for {who.label} already")
        value_id = _keep(tx, plain, who, actor=actor, at=at)
        old = {"party_id": before.party.party_id} if before else {}
        entry = Entry(
            action="owner.map", object=value_id, reason=reason, old=dict(old), new={"party_id": who.party_id}
        )
        audit.append(tx.conn, actor, entry, at=at)
    weighed = propose_again(store, [plain], actor, {before.party.party_id} if before else ())
    return Mapped(value=plain, party=who.label, systems=weighed, warnings=warnings)


def unmap(store: Store, value: str, *, actor: Actor, reason: str, now: datetime | None = None) -> Mapped:
    """Let a value of owner evidence mean only itself again."""
    need_reason(reason, "undoing a mapping")
    plain = normal_party(value)
    with store.write(actor=actor.name, kind="decision") as tx:
        at = clock.to_text(now) if now else tx.now
        known = {one.value: one for one in owner_maps.every(tx.conn)}
        if plain not in known:
            near = get_close_matches(plain, known, n=1)
            hint = f"Did you mean {near[0]!r}? " if near else ""
            raise NotFound(f"{value!r} stands for nobody else", hint=f"{hint}See: aicensus owner maps")
        owner_maps.remove(tx.conn, plain)
        value_id = parties.ensure(tx.conn, [plain], now=at)[plain].party_id
        before = known[plain].party
        entry = Entry(action="owner.unmap", object=value_id, reason=reason, old={"party_id": before.party_id})
        audit.append(tx.conn, actor, entry, at=at)
    weighed = propose_again(store, [plain], actor, {before.party_id})
    return Mapped(value=plain, party=before.label, systems=weighed, warnings=[])


def listed(store: Store) -> list[OwnerMapView]:
    """Return all mappings by value."""
    with store.read() as tx:
        found = owner_maps.every(tx.conn)
        proposed = owner_maps.proposed_for(tx.conn, {one.party.party_id for one in found}, standing=True)
    return [
        OwnerMapView(
            value=one.value,
            party=one.party.label,
            made_by=one.made_by,
            made_at=one.made_at,
            active=one.party.active,
            systems=len(proposed.get(one.party.party_id, ())),
        )
        for one in found
    ]


def learnt(tx: WriteTx, system_id: str, who: Party, *, actor: Actor, at: str) -> dict[str, str]:
    """Keep what a correction says: values of candidates that were declined here mean ``who``.

    Returns the parties' ids by value. Somebody who answers for another system is a person of that name and no
    value for somebody else, so nothing is learnt of them.
    """
    rows = owners.of_systems(tx.conn, [system_id]).get(system_id, [])
    declined = {
        normal_party(one.party.label): one.party.party_id
        for one in rows
        if one.ended_at is not None and one.accepted_at is None and one.party.party_id != who.party_id
    }
    if not declined:
        return {}
    shown = owners.evidence_of(tx.conn, [system_id]).get(system_id, ())
    told = {
        name
        for hints, _ in shown
        for family, names in families_of(hints).items()
        if family in _TOLD
        for name in names
    }
    known = {one.value for one in owner_maps.every(tx.conn)}
    answering = owner_maps.answering(tx.conn, set(declined.values()))
    found = {
        value: party_id
        for value, party_id in sorted(declined.items())
        if value in told - known and party_id not in answering
    }
    for value in found:
        _keep(tx, value, who, actor=actor, at=at)
    return found


def propose_again(store: Store, values: Sequence[str], actor: Actor, also: Collection[str] = ()) -> int:
    """Weigh again who may answer for the systems that these were proposed for; return how many."""
    with store.read() as tx:
        named = {one.party_id for one in parties.find(tx.conn, values).values()}
        found = owner_maps.proposed_for(tx.conn, {*named, *also})
    touched = {system_id for several in found.values() for system_id in several}
    systems.refresh(store, touched, actor.name)
    return len(touched)


def _value(value: str) -> str:
    plain = normal_party(value)
    if not plain or len(plain) > _MOST_VALUE:
        raise DecisionError(
            f"a value has 1 to {_MOST_VALUE} characters", hint="Give it as the evidence does."
        )
    if "," in plain or ";" in plain:
        raise DecisionError(f"{value!r} names several", hint="Map each of them by itself.")
    if redact(plain) != plain:
        raise DecisionError("this value holds a secret", hint="Nothing that is secret names an owner.")
    return plain


def _keep(tx: WriteTx, value: str, who: Party, *, actor: Actor, at: str) -> str:
    """Keep a mapping; returns the id of the party that the value is by itself."""
    owner_maps.put(tx.conn, value, who.party_id, actor.label, at)
    return parties.ensure(tx.conn, [value], now=at)[value].party_id

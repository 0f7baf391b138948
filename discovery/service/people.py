"""Say what is kept about people, hand it out, and erase it; one transaction and one audit row each."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from discovery.service import alerting
from discovery.service.errors import Ambiguous, DecisionError, NotFound
from normalizer.owners import normal_party
from store import audit, owners, parties, people
from store.audit import Entry

if TYPE_CHECKING:
    from store import Store
    from store.audit import Actor
    from store.database import ReadTx, WriteTx
    from store.parties import Party
    from store.people import Mentions


@dataclass(slots=True, kw_only=True)
class PersonView:
    """One person or team; ``systems`` counts those that they answer for in any role."""

    party_id: str
    kind: str
    label: str
    email: str | None
    handle: str | None
    name: str | None
    active: bool
    systems: int


@dataclass(slots=True, kw_only=True)
class Erased:
    """What erasing a person did: in how many rows they were named, and the systems that lost an owner."""

    party_id: str
    mentions: Mentions
    systems: list[str] = field(default_factory=list)


def everyone(store: Store) -> list[PersonView]:
    """Return all people and teams, by label."""
    with store.read() as tx:
        known = people.everyone(tx.conn)
        held: dict[str, set[str]] = {}
        for rows in owners.of_systems(tx.conn, None).values():
            for one in rows:
                if one.is_accepted:
                    held.setdefault(one.party.party_id, set()).add(one.system_id)
    return [_view(one, len(held.get(one.party_id, ()))) for one in known]


def export(store: Store, ref: str) -> dict[str, Any]:
    """Return everything that is kept about one person (id, address, handle or name)."""
    with store.read() as tx:
        one = _find(tx, ref)
        return {"party": asdict(_view(one, 0)), **people.plain(people.about(tx.conn, one))}


def set_active(store: Store, ref: str, *, active: bool, actor: Actor, reason: str) -> list[str]:
    """Say that a person has left or is back; returns the systems whose rules were looked at again.

    Raises ``DecisionError`` when that is known already.
    """
    with store.write(actor=actor.name, kind="decision") as tx:
        one = _find(tx, ref)
        if one.active == active:
            raise DecisionError(f"{one.label!r} is {'active' if active else 'inactive'} already")
        parties.set_active(tx.conn, one.party_id, active=active)
        held = _systems_of(tx, one)
        alerting.evaluate_in(tx, held, actor)
        action = "party.activate" if active else "party.deactivate"
        audit.append(tx.conn, actor, Entry(action=action, object=one.party_id, reason=reason), at=tx.now)
    return held


def erase(store: Store, ref: str, *, actor: Actor, reason: str) -> Erased:
    """Erase a person: end their roles, forget their names, keep their id so that the audit log holds.

    What their own sources say (a tag, a CODEOWNERS line) comes back with the next scan unless it is changed
    there. Raises ``DecisionError`` for someone who erases themselves.
    """
    with store.write(actor=actor.name, kind="decision") as tx:
        one = _find(tx, ref)
        if normal_party(actor.name) in {
            normal_party(name) for name in (one.email, one.handle, one.name) if name
        }:
            raise DecisionError("you cannot erase yourself", hint="Ask somebody else to do it.")
        held = _systems_of(tx, one)
        rows = owners.of_systems(tx.conn, held)
        theirs = [row for several in rows.values() for row in several if row.party.party_id == one.party_id]
        owners.end(tx.conn, tx.rev, tx.now, theirs, "the person was erased")
        mentions = people.erase(tx.conn, one, now=tx.now)
        alerting.evaluate_in(tx, held, actor)
        new = {"mentions": mentions.total, "systems": len(held)}
        entry = Entry(action="party.erase", object=one.party_id, reason=reason, new=new)
        audit.append(tx.conn, actor, entry, at=tx.now)
    return Erased(party_id=one.party_id, mentions=mentions, systems=held)


def _systems_of(tx: ReadTx | WriteTx, one: Party) -> list[str]:
    return sorted(
        system_id
        for system_id, rows in owners.of_systems(tx.conn, None).items()
        if any(row.party.party_id == one.party_id and row.ended_at is None for row in rows)
    )


def _find(tx: ReadTx | WriteTx, ref: str) -> Party:
    plain = normal_party(ref)
    known = parties.by_id(tx.conn, [ref]).get(ref) or parties.find(tx.conn, [plain]).get(plain)
    if known is not None:
        return known
    beginning = (
        [one for one in people.everyone(tx.conn) if one.party_id.startswith(ref)] if len(ref) > 7 else []
    )
    if len(beginning) == 1:
        return beginning[0]
    if beginning:
        raise Ambiguous(f"{ref!r} is the beginning of {len(beginning)} ids", hint="Give more of it.")
    raise NotFound(f"nobody is known as {ref!r}", hint="List them with: aicensus people")


def _view(one: Party, systems: int) -> PersonView:
    return PersonView(
        party_id=one.party_id,
        kind=one.kind,
        label=one.label,
        email=one.email,
        handle=one.handle,
        name=one.name,
        active=one.active,
        systems=systems,
    )

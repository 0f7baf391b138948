"""Take a person's decisions: owners, oversight records, alerts, suspect runs.

Every decision is one transaction: the change, the rules evaluated again for that system, and the audit
row, appended last. Nothing is half-done. Times are UTC; a review date is a day in ``timezone`` (the
organisation's). Errors: ``DecisionError`` (what is wrong with the request), ``NotFound``, ``Ambiguous``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from connectors import clock
from connectors.model import Json
from connectors.secrets import redact
from discovery.service import alerting, inventory, oversight_rules, refs
from discovery.service.alert_decisions import AlertAction, decide_alert
from discovery.service.errors import Ambiguous, DecisionError, NotFound
from discovery.service.oversight_rules import DATA_CATEGORIES, OVERSIGHT_MODES, OversightAnswers
from discovery.service.views import OversightView, SystemView
from normalizer.owners import is_automation, normal_party
from store import audit, oversight, owners, parties, suspicion, systems
from store.audit import Actor, AuditReport, Entry
from store.owners import Owner

if TYPE_CHECKING:
    from store.alerts import Change
    from store.database import Store, WriteTx

__all__ = [
    "DATA_CATEGORIES",
    "OVERSIGHT_MODES",
    "AlertAction",
    "Ambiguous",
    "Decided",
    "DecisionError",
    "NotFound",
    "OversightAnswers",
    "OwnerRole",
    "accept_owner",
    "accept_run",
    "ask_owner_again",
    "decide_alert",
    "decline_owner",
    "record_oversight",
    "set_owner",
    "show_oversight",
    "verify_audit",
    "withdraw_oversight",
    "withdraw_owner",
]


class OwnerRole(StrEnum):
    """Name what an owner answers for; exactly one ``accountable`` a system."""

    ACCOUNTABLE = "accountable"
    TECHNICAL = "technical"
    DATA = "data"
    OVERSIGHT = "oversight"
    SPONSOR = "sponsor"
    VENDOR_MANAGER = "vendor_manager"
    DEPUTY = "deputy"


@dataclass(slots=True, kw_only=True)
class Decided:
    """What a decision left behind: the system as it now stands, and what to know about it."""

    system: SystemView
    warnings: list[str] = field(default_factory=list)
    alerts_resolved: int = 0
    alerts_opened: int = 0


@dataclass(slots=True)
class _Act:
    """What deciding did inside its transaction."""

    entry: Entry
    warnings: list[str] = field(default_factory=list)


_Deed = Callable[["WriteTx", str, str], _Act]
"""Does one thing to a system: (transaction, system id, time as text)."""


def set_owner(
    store: Store,
    system: str,
    party: str,
    *,
    actor: Actor,
    role: OwnerRole = OwnerRole.ACCOUNTABLE,
    reason: str = "",
    is_team: bool = False,
    now: datetime | None = None,
) -> Decided:
    """Name a party (e-mail, @handle or name) as owner and record the acceptance by ``actor``."""
    plain = normal_party(party)
    if is_automation(plain):
        raise DecisionError(f"{party!r} cannot answer for a system", hint="Name a person or a team.")

    def deed(tx: WriteTx, system_id: str, at: str) -> _Act:
        who = parties.ensure(tx.conn, [plain], now=at, team=is_team or None)[plain]
        if not who.active:
            raise DecisionError(f"{who.label!r} is no longer active", hint="Name someone who is.")
        return _accept(tx, system_id, at, who, role, owners.DECLARED, 1.0, "owner.set", reason)

    return _decide(store, system, actor, now, deed)


def accept_owner(
    store: Store,
    system: str,
    *,
    actor: Actor,
    candidate: str | None = None,
    role: OwnerRole = OwnerRole.ACCOUNTABLE,
    reason: str = "",
    now: datetime | None = None,
) -> Decided:
    """Accept a candidate as owner; without ``candidate`` the only or clearly best one."""

    def deed(tx: WriteTx, system_id: str, at: str) -> _Act:
        chosen = _choose(_rows(tx, system_id), candidate, system)
        confidence = chosen.confidence
        return _accept(
            tx, system_id, at, chosen.party, role, owners.INFERRED, confidence, "owner.accept", reason
        )

    return _decide(store, system, actor, now, deed)


def decline_owner(
    store: Store,
    system: str,
    candidate: str,
    *,
    actor: Actor,
    reason: str,
    now: datetime | None = None,
) -> Decided:
    """Say that a candidate is not the owner; the same evidence will not name them again."""
    _need_reason(reason, "declining a candidate")

    def deed(tx: WriteTx, system_id: str, at: str) -> _Act:
        chosen = _choose(_rows(tx, system_id), candidate, system)
        owners.end(tx.conn, tx.rev, at, [chosen], redact(reason))
        return _Act(
            Entry(action="owner.decline", object=system_id, reason=reason, old={"owner": _shown(chosen)})
        )

    return _decide(store, system, actor, now, deed)


def withdraw_owner(
    store: Store,
    system: str,
    *,
    actor: Actor,
    reason: str,
    role: OwnerRole = OwnerRole.ACCOUNTABLE,
    party: str | None = None,
    now: datetime | None = None,
) -> Decided:
    """End an ownership; the gap opens again."""
    _need_reason(reason, "withdrawing an owner")
    plain = normal_party(party) if party else None

    def deed(tx: WriteTx, system_id: str, at: str) -> _Act:
        ending = [
            one
            for one in _rows(tx, system_id)
            if one.is_accepted and one.role == role and plain in (None, normal_party(one.party.label))
        ]
        if not ending:
            raise DecisionError(f"{system!r} has no accepted {role.value} owner to withdraw")
        owners.end(tx.conn, tx.rev, at, ending, redact(reason))
        old: dict[str, Json] = {"owners": [_shown(one) for one in ending]}
        return _Act(Entry(action="owner.withdraw", object=system_id, reason=reason, old=old))

    return _decide(store, system, actor, now, deed)


def ask_owner_again(
    store: Store, replaced: Mapping[str, str], *, actor: Actor, now: datetime | None = None
) -> list[str]:
    """End acceptances for things that were made anew under the same name (new id by old id).

    Only where the system is that one thing: a new package in a service asks nobody again. Returns the
    systems whose gap opens.
    """
    with store.read() as tx:
        asked = systems.standing_for(tx.conn, set(replaced.values()))
        accepted = {
            one for one, rows in owners.of_systems(tx.conn, asked).items() if any(r.is_accepted for r in rows)
        }

    def deed(tx: WriteTx, system_id: str, at: str) -> _Act:
        ending = [one for one in _rows(tx, system_id) if one.is_accepted]
        reason = "the thing was made anew under the same name"
        owners.end(tx.conn, tx.rev, at, ending, reason)
        old: dict[str, Json] = {"owners": [_shown(one) for one in ending]}
        return _Act(Entry(action="owner.ask_again", object=system_id, reason=reason, old=old))

    for system_id in sorted(accepted):
        _decide(store, system_id, actor, now, deed)
    return sorted(accepted)


def record_oversight(
    store: Store,
    system: str,
    answers: OversightAnswers,
    *,
    actor: Actor,
    timezone: str = "UTC",
    reason: str = "",
    now: datetime | None = None,
) -> Decided:
    """Record the answers as confirmed by ``actor``; complete when all are given and the review is ahead.

    What is not answered now keeps its earlier answer. A record that lacks something is kept too, and the
    warnings say what.
    """
    today = oversight_rules.today(timezone, now or clock.now())
    given = oversight_rules.checked(answers, today)

    def deed(tx: WriteTx, system_id: str, at: str) -> _Act:
        before = oversight.of_systems(tx.conn, [system_id]).get(system_id)
        by = parties.ensure(tx.conn, [actor.name], now=at, team=False)[actor.name].party_id
        record = oversight_rules.merged(before, given, system_id, by=by, at=at, timezone=timezone)
        oversight.put(tx.conn, tx.rev, record)
        outcome = "confirmed" if record.complete else "incomplete"
        oversight.add_review(
            tx.conn, tx.rev, at, system_id, by, outcome=outcome, next_due_at=record.next_review_at
        )
        warnings = oversight_rules.warnings(record, today)
        if not any(one.is_accepted and one.role == OwnerRole.ACCOUNTABLE for one in _rows(tx, system_id)):
            warnings.append("the system has no accepted owner yet; name one with: aicensus owner set")
        old = {name: before.value(name) for name in given} if before else {}
        entry = Entry(action="oversight.record", object=system_id, reason=reason, old=old, new=given)
        return _Act(entry, warnings)

    return _decide(store, system, actor, now, deed)


def withdraw_oversight(
    store: Store, system: str, *, actor: Actor, reason: str, now: datetime | None = None
) -> Decided:
    """Withdraw the record; the gap opens again."""
    _need_reason(reason, "withdrawing a record")

    def deed(tx: WriteTx, system_id: str, at: str) -> _Act:
        before = oversight.of_systems(tx.conn, [system_id]).get(system_id)
        if before is None or before.withdrawn_at:
            raise DecisionError(f"{system!r} has no oversight record to withdraw")
        oversight.put(tx.conn, tx.rev, oversight_rules.withdrawn(before, at))
        return _Act(Entry(action="oversight.withdraw", object=system_id, reason=reason))

    return _decide(store, system, actor, now, deed)


def show_oversight(store: Store, system: str, *, as_of: datetime | None = None) -> OversightView:
    """Return a system's oversight record."""
    return inventory.get_system(store, system, as_of=as_of).oversight


def accept_run(store: Store, run: str, *, actor: Actor, reason: str, now: datetime | None = None) -> str:
    """Accept a suspect run's losses as real; returns the run's id."""
    _need_reason(reason, "accepting a run's losses")
    with store.read() as read_tx:
        run_id = refs.run_id(read_tx, run)
    touched = suspicion.accept_suspect(store, run_id)
    with store.write(actor=actor.name, kind="decision") as tx:
        entry = Entry(action="run.accept", object=run_id, reason=reason)
        audit.append(tx.conn, actor, entry, at=clock.to_text(now) if now else tx.now)
    changed = systems.regroup(store, touched).touched
    alerting.evaluate(store, changed, actor=actor, now=now)
    return run_id


def verify_audit(store: Store, head: str | None = None) -> AuditReport:
    """Check the audit log's chain; ``head`` is a hash noted earlier that must still be in it."""
    with store.read() as tx:
        return audit.verify(tx.conn, head)


def _decide(store: Store, ref: str, actor: Actor, now: datetime | None, deed: _Deed) -> Decided:
    """Do one deed to a system in one transaction: the change, its rules, and the audit row at its end."""
    with store.write(actor=actor.name, kind="decision") as tx:
        system_id = refs.system_id(tx, ref)
        moment = now or clock.from_text(tx.now)
        act = deed(tx, system_id, clock.to_text(moment))
        systems.mark_decided(tx.conn, tx.rev, system_id)
        changes = alerting.evaluate_in(tx, [system_id], actor, now=moment)
        audit.append(tx.conn, actor, act.entry, at=clock.to_text(moment))
    return Decided(
        system=inventory.get_system(store, system_id),
        warnings=act.warnings,
        alerts_resolved=_count(changes, "resolved"),
        alerts_opened=_count(changes, "opened") + _count(changes, "reopened"),
    )


def _count(changes: Iterable[Change], event: str) -> int:
    return sum(change.event == event for change in changes)


def _rows(tx: WriteTx, system_id: str) -> list[Owner]:
    return owners.of_systems(tx.conn, [system_id]).get(system_id, [])


def _accept(
    tx: WriteTx,
    system_id: str,
    at: str,
    who: parties.Party,
    role: OwnerRole,
    source: str,
    confidence: float,
    action: str,
    reason: str,
) -> _Act:
    replaced = owners.accept(
        tx.conn, tx.rev, at, system_id, who, role=role.value, source=source, confidence=confidence
    )
    new: dict[str, Json] = {
        "party_id": who.party_id,
        "role": role.value,
        "source": source,
        "confidence": confidence,
    }
    old: dict[str, Json] = {"owners": [_shown(one) for one in replaced]}
    warnings = [f"{one.party.label} no longer answers for it" for one in replaced if one.party != who]
    return _Act(Entry(action=action, object=system_id, reason=reason, old=old, new=new), warnings)


_CLEARLY = 0.2
"""How far the best candidate must be ahead to be accepted without being named."""


def _choose(rows: Sequence[Owner], wanted: str | None, system: str) -> Owner:
    candidates = [one for one in rows if one.is_candidate]
    listed = "; ".join(f"{one.party.label} ({one.confidence:.0%})" for one in candidates)
    if wanted is not None:
        plain = normal_party(wanted)
        found = [one for one in candidates if plain in (normal_party(one.party.label), one.party.party_id)]
        if found:
            return found[0]
        hint = f"Candidates: {listed}." if listed else "Name an owner with: aicensus owner set"
        raise NotFound(f"{wanted!r} is no candidate for {system!r}", hint=hint)
    if not candidates:
        raise DecisionError(f"no evidence names an owner of {system!r}", hint="Use: aicensus owner set")
    if len(candidates) > 1 and candidates[0].confidence - candidates[1].confidence < _CLEARLY:
        raise Ambiguous(f"{system!r} has several candidates", hint=f"Say which with --candidate: {listed}")
    return candidates[0]


def _shown(one: Owner) -> Json:
    return {"party_id": one.party.party_id, "role": one.role, "source": one.source}


def _need_reason(reason: str, what: str) -> None:
    if not reason.strip():
        raise DecisionError(f"{what} takes a reason", hint="Say why with --reason.")

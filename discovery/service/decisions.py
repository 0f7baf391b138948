"""Take a person's decisions: owners, oversight records, alerts, suspect runs.

Every decision is one transaction: the change, the rules evaluated again for that system, and the audit
row, appended last. Nothing is half-done. Times are UTC; a review date is a day in ``timezone`` (the
organisation's). Errors: ``DecisionError`` (what is wrong with the request), ``NotFound``, ``Ambiguous``.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from connectors import clock
from connectors.model import Json
from connectors.secrets import redact
from discovery.service import alerting, inventory, oversight_rules, owner_mapping, records, refs, whom
from discovery.service.alert_decisions import AlertAction, decide_alert
from discovery.service.deciding import Act, Decided, decide, need_reason
from discovery.service.errors import Ambiguous, DecisionError, NotFound
from discovery.service.oversight_rules import DATA_CATEGORIES, OVERSIGHT_MODES, OversightAnswers
from discovery.service.views import OversightView
from normalizer.owners import normal_party
from store import audit, oversight, owner_outcomes, owners, parties, suspicion, systems
from store.audit import Actor, AuditReport, Entry
from store.owners import Owner

if TYPE_CHECKING:
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
    plain = whom.plain_name(party)

    def deed(tx: WriteTx, system_id: str, at: str) -> Act:
        who, warnings = whom.party(tx, plain, at=at, team=is_team or None)
        if role is OwnerRole.ACCOUNTABLE:
            _learn(tx, at, system_id, who, was_right=True)
            corrected.update(owner_mapping.learnt(tx, system_id, who, actor=actor, at=at))
        act = _accept(tx, system_id, at, who, role, owners.DECLARED, 1.0, "owner.set", reason)
        act.warnings += warnings
        if corrected:
            act.entry = replace(act.entry, new={**act.entry.new, "mapped": [*corrected.values()]})
        return act

    corrected: dict[str, str] = {}
    decided = decide(store, system, actor, now, deed)
    for value in corrected:
        decided.warnings.append(
            f"{value} stands for {plain} from now on, who is proposed wherever evidence names it; "
            f"undo that with: aicensus owner unmap {shlex.quote(value)} --reason ..."
        )
    if corrected:
        owner_mapping.propose_again(store, [*corrected], actor)
    return decided


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

    def deed(tx: WriteTx, system_id: str, at: str) -> Act:
        chosen = _choose(_rows(tx, system_id), candidate, system)
        if not chosen.party.active:
            raise DecisionError(f"{chosen.party.label!r} is no longer active", hint="Name someone who is.")
        confidence = chosen.confidence
        _learn(tx, at, system_id, chosen.party, was_right=True)
        return _accept(
            tx, system_id, at, chosen.party, role, owners.INFERRED, confidence, "owner.accept", reason
        )

    return decide(store, system, actor, now, deed)


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
    need_reason(reason, "declining a candidate")

    def deed(tx: WriteTx, system_id: str, at: str) -> Act:
        chosen = _choose(_rows(tx, system_id), candidate, system)
        _learn(tx, at, system_id, chosen.party, was_right=False)
        owners.end(tx.conn, tx.rev, at, [chosen], redact(reason))
        return Act(
            Entry(action="owner.decline", object=system_id, reason=reason, old={"owner": _shown(chosen)})
        )

    return decide(store, system, actor, now, deed)


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
    need_reason(reason, "withdrawing an owner")
    plain = normal_party(party) if party else None

    def deed(tx: WriteTx, system_id: str, at: str) -> Act:
        ending = [
            one
            for one in _rows(tx, system_id)
            if one.is_accepted and one.role == role and plain in (None, normal_party(one.party.label))
        ]
        if not ending:
            raise DecisionError(f"{system!r} has no accepted {role.value} owner to withdraw")
        owners.end(tx.conn, tx.rev, at, ending, redact(reason))
        old: dict[str, Json] = {"owners": [_shown(one) for one in ending]}
        return Act(Entry(action="owner.withdraw", object=system_id, reason=reason, old=old))

    return decide(store, system, actor, now, deed)


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

    def deed(tx: WriteTx, system_id: str, at: str) -> Act:
        ending = [one for one in _rows(tx, system_id) if one.is_accepted]
        reason = "the thing was made anew under the same name"
        owners.end(tx.conn, tx.rev, at, ending, reason)
        old: dict[str, Json] = {"owners": [_shown(one) for one in ending]}
        return Act(Entry(action="owner.ask_again", object=system_id, reason=reason, old=old))

    for system_id in sorted(accepted):
        decide(store, system_id, actor, now, deed)
    return sorted(accepted)


def record_oversight(
    store: Store,
    system: str,
    answers: OversightAnswers,
    *,
    actor: Actor,
    timezone: str = "UTC",
    reason: str = "",
    if_version: int | None = None,
    now: datetime | None = None,
) -> Decided:
    """Record the answers as confirmed by ``actor``; complete when all are given and the review is ahead.

    What is not answered now keeps its earlier answer. A record that lacks something is kept too, and the
    warnings say what. ``if_version`` is the version of the record that the answers were made upon; raises
    ``EditConflict`` when somebody has changed it since.
    """
    today = oversight_rules.today(timezone, now or clock.now())
    given = oversight_rules.checked(answers, today)
    wanted = records.Change(
        values=given, timezone=timezone, reason=reason, if_version=if_version, action="oversight.record"
    )

    def deed(tx: WriteTx, system_id: str, at: str) -> Act:
        act = records.apply_in(tx, system_id, wanted, actor=actor, at=at)
        record = oversight.of_systems(tx.conn, [system_id])[system_id]
        act.warnings += oversight_rules.warnings(record, today)
        if not any(one.is_accepted and one.role == OwnerRole.ACCOUNTABLE for one in _rows(tx, system_id)):
            act.warnings.append("the system has no accepted owner yet; name one with: aicensus owner set")
        return act

    return decide(store, system, actor, now, deed)


def withdraw_oversight(
    store: Store, system: str, *, actor: Actor, reason: str, now: datetime | None = None
) -> Decided:
    """Withdraw the record; the gap opens again."""
    need_reason(reason, "withdrawing a record")

    def deed(tx: WriteTx, system_id: str, at: str) -> Act:
        before = oversight.of_systems(tx.conn, [system_id]).get(system_id)
        if before is None or before.withdrawn_at:
            raise DecisionError(f"{system!r} has no oversight record to withdraw")
        oversight.put(tx.conn, tx.rev, oversight_rules.withdrawn(before, at))
        return Act(Entry(action="oversight.withdraw", object=system_id, reason=reason))

    return decide(store, system, actor, now, deed)


def show_oversight(store: Store, system: str, *, as_of: datetime | None = None) -> OversightView:
    """Return a system's oversight record."""
    return inventory.get_system(store, system, as_of=as_of).oversight


def accept_run(store: Store, run: str, *, actor: Actor, reason: str, now: datetime | None = None) -> str:
    """Accept a suspect run's losses as real; returns the run's id.

    Raises ``DecisionError`` when nothing of the run is in doubt.
    """
    need_reason(reason, "accepting a run's losses")
    with store.read() as read_tx:
        run_id = refs.run_id(read_tx, run)

    def record(tx: WriteTx) -> None:
        entry = Entry(action="run.accept", object=run_id, reason=reason)
        audit.append(tx.conn, actor, entry, at=clock.to_text(now) if now else tx.now)

    touched = suspicion.accept_suspect(store, run_id, record)
    if touched is None:
        raise DecisionError(
            f"nothing that {run_id} lost is in doubt",
            hint="Only a suspect run is accepted; aicensus runs list says which are.",
        )
    changed = systems.regroup(store, touched).touched
    alerting.evaluate(store, changed, actor=actor, now=now)
    return run_id


def verify_audit(store: Store, head: str | None = None) -> AuditReport:
    """Check the audit log's chain; ``head`` is a hash noted earlier that must still be in it."""
    with store.read() as tx:
        return audit.verify(tx.conn, head)


def _rows(tx: WriteTx, system_id: str) -> list[Owner]:
    return owners.of_systems(tx.conn, [system_id]).get(system_id, [])


def _learn(tx: WriteTx, at: str, system_id: str, who: parties.Party, *, was_right: bool) -> None:
    """Let a decision say how far the kinds of evidence that there are can be trusted."""
    shown = owners.meaning_of(tx.conn, [system_id]).get(system_id, ())
    hints = [one for one, _ in shown]
    owner_outcomes.learn(tx.conn, tx.rev, at, system_id, hints, who.label, was_right=was_right)


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
) -> Act:
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
    return Act(Entry(action=action, object=system_id, reason=reason, old=old, new=new), warnings)


_CLEARLY = 0.2
"""How far the best candidate must be ahead to be accepted without being named."""


def _choose(rows: Sequence[Owner], wanted: str | None, system: str) -> Owner:
    waiting = [one for one in rows if one.is_candidate]
    candidates = waiting if wanted is not None else [one for one in waiting if one.party.active]
    listed = "; ".join(f"{one.party.label} ({one.confidence:.0%})" for one in candidates)
    if wanted is not None:
        plain = normal_party(wanted)
        found = [one for one in candidates if plain in (normal_party(one.party.label), one.party.party_id)]
        if found:
            return found[0]
        hint = f"Candidates: {listed}." if listed else "Name an owner with: aicensus owner set"
        raise NotFound(f"{wanted!r} is no candidate for {system!r}", hint=hint)
    if not candidates:
        raise DecisionError(
            f"{system!r} has no candidate: no evidence names one, or all were declined",
            hint="Name somebody: aicensus owner set",
        )
    if len(candidates) > 1 and candidates[0].confidence - candidates[1].confidence < _CLEARLY:
        raise Ambiguous(f"{system!r} has several candidates", hint=f"Say which with --candidate: {listed}")
    return candidates[0]


def _shown(one: Owner) -> Json:
    return {"party_id": one.party.party_id, "role": one.role, "source": one.source}

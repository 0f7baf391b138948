"""Classify a system and take it through its stages: decisions that set several fields of a record at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from connectors import clock
from connectors.model import Json
from discovery.service import classification, lifecycle, oversight_rules, records, refs
from discovery.service.classification import Answers, Outcome
from discovery.service.deciding import Act, Decided, decide, need_reason
from store import oversight, parties
from store.audit import Actor

if TYPE_CHECKING:
    from store.database import Store, WriteTx


@dataclass(slots=True, kw_only=True)
class Classified:
    """A classification: what the questionnaire came to, and what that left behind."""

    outcome: Outcome
    decided: Decided


def earlier_answers(store: Store, system: str) -> dict[str, tuple[str, ...]]:
    """Return what was answered when a system was last classified, by question; empty for never."""
    with store.read() as tx:
        system_id = refs.system_id(tx, system)
        record = oversight.of_systems(tx.conn, [system_id]).get(system_id)
    kept = record.value("risk.questionnaire") if record else None
    known = {one.id: {*one.words, classification.UNKNOWN} for one in classification.questions()}
    found: dict[str, tuple[str, ...]] = {}
    for row in kept if isinstance(kept, list) else ():
        if isinstance(row, dict) and isinstance(answer := row.get("answer"), list):
            question = str(row.get("question"))
            words = tuple(str(word) for word in answer if str(word) in known.get(question, ()))
            if words:
                found[question] = words
    return found


def classify(
    store: Store,
    system: str,
    given: Mapping[str, str | Sequence[str]],
    *,
    actor: Actor,
    timezone: str = "UTC",
    reason: str = "",
    again: bool = False,
    now: datetime | None = None,
) -> Classified:
    """Classify a system by the questionnaire and keep class, tier, text of the law, who and when.

    ``again`` takes what is not answered now from the last time. A tier that a person set is kept.
    """
    answers: Answers = classification.check(given)
    if again:
        answers = {**earlier_answers(store, system), **answers}
    today = oversight_rules.today(timezone, now or clock.now())
    outcome = classification.classify(answers, today)

    def deed(tx: WriteTx, system_id: str, at: str) -> Act:
        by = parties.ensure(tx.conn, [actor.name], now=at, team=False)[actor.name].party_id
        values = dict(outcome.fields) | {"risk.classified_by": by}
        if values.get("risk.art5_practices"):
            values["risk.art5_screened_by"] = by
        if values.get("ai_determination.result"):
            values["ai_determination.by"] = by
        kept = _own_tier(tx, system_id)
        if kept:
            del values["risk.tier"]
        wanted = records.Change(values=values, timezone=timezone, reason=reason, action="record.classify")
        act = records.apply_in(tx, system_id, wanted, actor=actor, at=at)
        act.warnings += outcome.notes
        if kept and kept != outcome.tier:
            act.warnings.append(f"the tier stays {kept}, as a person set it; proposed is {outcome.tier}")
        return act

    return Classified(outcome=outcome, decided=decide(store, system, actor, now, deed))


def set_stage(
    store: Store,
    system: str,
    stage: str,
    *,
    actor: Actor,
    reason: str,
    day: date | None = None,
    timezone: str = "UTC",
    now: datetime | None = None,
) -> Decided:
    """Take a system to a stage of its life; ``day`` is when it entered it (``None``: today)."""
    need_reason(reason, "changing the stage")
    today = oversight_rules.today(timezone, now or clock.now())

    def deed(tx: WriteTx, system_id: str, at: str) -> Act:
        record = oversight.of_systems(tx.conn, [system_id]).get(system_id)
        values: dict[str, Json] = {name: record.value(name) for name in record.fields} if record else {}
        changed, notes = lifecycle.step(values, stage, day or today, today)
        wanted = records.Change(values=changed, timezone=timezone, reason=reason, action="lifecycle.stage")
        act = records.apply_in(tx, system_id, wanted, actor=actor, at=at)
        return replace(act, warnings=[*act.warnings, *notes])

    return decide(store, system, actor, now, deed)


def _own_tier(tx: WriteTx, system_id: str) -> str | None:
    """Return the tier that a person set by hand, which the questionnaire does not overwrite."""
    record = oversight.of_systems(tx.conn, [system_id]).get(system_id)
    if record is None:
        return None
    tier, classified = record.fields.get("risk.tier", {}), record.fields.get("risk.classified_at", {})
    by_hand = tier.get("value") and tier.get("at") != classified.get("at")
    return str(tier["value"]) if by_hand else None

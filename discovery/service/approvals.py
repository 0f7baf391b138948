"""Say that a system was let through a gate, by whom, under which conditions, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from connectors import clock
from discovery.service import oversight_rules, record_lists, whom
from discovery.service.errors import DecisionError

if TYPE_CHECKING:
    from discovery.service.deciding import Decided
    from discovery.service.record_lists import Item
    from store import Store
    from store.audit import Actor
    from store.database import WriteTx

FIELD = "approvals"
GATES = ("register", "pilot", "production", "change", "retire")
DECISIONS = ("approved", "refused", "conditional")


@dataclass(slots=True, kw_only=True)
class ApprovalView:
    """One passage through a gate; ``current`` is false once its last day has passed."""

    system_id: str
    system_name: str
    gate: str
    decision: str
    by: str
    role: str | None
    at: str
    conditions: str | None
    valid_to: str | None
    current: bool


def listed(
    store: Store, *, system: str | None = None, timezone: str = "UTC", as_of: datetime | None = None
) -> list[ApprovalView]:
    """Return the approvals of all systems or one, by system, then as they were given."""
    today = oversight_rules.today(timezone, as_of or clock.now()).isoformat()
    return [
        ApprovalView(
            system_id=system_id,
            system_name=name,
            gate=str(item.get("gate", "")),
            decision=str(item.get("decision", "")),
            by=str(item.get("by", "")),
            role=_text(item, "role"),
            at=str(item.get("at", "")),
            conditions=_text(item, "conditions"),
            valid_to=_text(item, "valid_to"),
            current=str(item.get("valid_to") or "9999")[:10] >= today,
        )
        for system_id, name, item in record_lists.of_all(store, FIELD, system=system, as_of=as_of)
    ]


def give(
    store: Store,
    system: str,
    gate: str,
    *,
    actor: Actor,
    decision: str = "approved",
    role: str = "",
    conditions: str = "",
    valid_to: date | None = None,
    reason: str = "",
    timezone: str = "UTC",
    now: datetime | None = None,
) -> Decided:
    """Record what ``actor`` decided at a gate today; earlier decisions stay on record.

    A conditional one names its conditions. Raises ``DecisionError`` for an actor who is no longer active.
    """
    if decision == "conditional" and not conditions.strip():
        raise DecisionError(
            "a conditional approval names its conditions", hint="Give them with --conditions."
        )
    today = oversight_rules.today(timezone, now or clock.now())
    if valid_to is not None and valid_to < today:
        raise DecisionError(f"the last day {valid_to} has passed", hint="Choose today or a later day.")

    def change(tx: WriteTx, items: list[Item]) -> list[Item]:
        me = whom.acting(tx, actor, "approve", at=tx.now)
        item: Item = {"gate": gate, "decision": decision, "by": me.party_id, "at": today.isoformat()}
        optional = {
            "role": role.strip(),
            "conditions": conditions.strip(),
            "valid_to": valid_to.isoformat() if valid_to else "",
        }
        item |= {name: value for name, value in optional.items() if value}
        return [*items, item]

    return record_lists.edit(
        store,
        system,
        FIELD,
        change,
        actor=actor,
        action=f"approval.{decision}",
        reason=reason,
        timezone=timezone,
        now=now,
    )


def _text(item: Item, name: str) -> str | None:
    value = item.get(name)
    return str(value) if value else None

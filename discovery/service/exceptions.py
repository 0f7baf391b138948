"""Let a gap stand for a time: ask for it, have somebody else approve it, and end it.

An exception names one rule of one system, says why and what is done instead, and always ends, 365 days ahead
at most. Only an approved one counts: until its end the gap opens no alert, after it the alert is back. Who
asked cannot approve; from the command line nobody is proven, so the exception then says that it was
single-user mode.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from connectors import clock
from discovery.service import oversight_rules, record_lists, rule_sets, whom
from discovery.service.deciding import need_reason
from discovery.service.errors import DecisionError, NotFound
from discovery.service.permissions import second_person
from discovery.service.record_lists import Item
from store import parties

if TYPE_CHECKING:
    from discovery.service.deciding import Decided
    from store import Store
    from store.audit import Actor
    from store.database import WriteTx

FIELD = "exceptions"
MOST_DAYS = 365
_OPEN = ("requested", "active")


@dataclass(slots=True, kw_only=True)
class ExceptionView:
    """One exception: ``state`` is requested, active, expired, refused or closed.

    ``single_user``: decided from a command line, where nobody is proven to be a second person.
    """

    system_id: str
    system_name: str
    rule: str
    state: str
    reason: str
    compensating: str | None
    requested_by: str | None
    approved_by: str | None
    approved_at: str | None
    expires_at: str | None
    single_user: bool


def listed(
    store: Store, *, system: str | None = None, timezone: str = "UTC", as_of: datetime | None = None
) -> list[ExceptionView]:
    """Return the exceptions of all systems or one, by system, then as they were asked for."""
    today = oversight_rules.today(timezone, as_of or clock.now()).isoformat()
    return [
        ExceptionView(
            system_id=system_id,
            system_name=name,
            rule=_text(item, "rule") or "",
            state=_state(item, today),
            reason=_text(item, "reason") or "",
            compensating=_text(item, "compensating"),
            requested_by=_text(item, "requested_by"),
            approved_by=_text(item, "approved_by"),
            approved_at=_text(item, "approved_at"),
            expires_at=_text(item, "expires_at"),
            single_user=item.get("single_user") is True,
        )
        for system_id, name, item in record_lists.of_all(store, FIELD, system=system, as_of=as_of)
    ]


def request(
    store: Store,
    system: str,
    rule: str,
    *,
    actor: Actor,
    reason: str,
    until: date,
    compensating: str = "",
    timezone: str = "UTC",
    now: datetime | None = None,
) -> Decided:
    """Ask that the gap of one rule may stand until the end of a day."""
    need_reason(reason, "an exception")
    today = oversight_rules.today(timezone, now or clock.now())
    if not today < until or (until - today).days > MOST_DAYS:
        raise DecisionError(
            f"the end {until} is out of bounds",
            hint=f"Choose a day after today, {MOST_DAYS} days ahead at most.",
        )

    def change(tx: WriteTx, items: list[Item]) -> list[Item]:
        rule_sets.in_force(tx).get(rule)
        if any(_is_open(one, rule, today.isoformat()) for one in items):
            raise DecisionError(
                f"{rule} has an exception already", hint="Close it first: aicensus exceptions close"
            )
        item: Item = {"rule": rule, "reason": reason.strip(), "state": "requested"}
        me = parties.ensure(tx.conn, [actor.name], now=tx.now, team=False)[actor.name]
        item |= {"expires_at": until.isoformat(), "requested_by": me.party_id}
        if compensating.strip():
            item["compensating"] = compensating.strip()
        return [*items, item]

    return _edit(store, system, change, actor, "exception.request", reason, timezone, now)


def decide(
    store: Store,
    system: str,
    rule: str,
    *,
    actor: Actor,
    approve: bool,
    reason: str = "",
    timezone: str = "UTC",
    now: datetime | None = None,
) -> Decided:
    """Approve or refuse what was asked for; once approved, the rule's alert rests until the end."""
    if not approve:
        need_reason(reason, "refusing an exception")
    today = oversight_rules.today(timezone, now or clock.now()).isoformat()

    def change(tx: WriteTx, items: list[Item]) -> list[Item]:
        place, item = _find(items, rule, ("requested",), system)
        me = whom.acting(tx, actor, "approve", at=tx.now)
        asked_by = parties.labels(tx.conn, [str(item.get("requested_by", ""))])
        # Refusing takes nobody else: what is refused does not stand.
        first = next(iter(asked_by.values()), None)
        note = second_person(actor, first, "approving an exception") if approve else ""
        if str(item.get("expires_at", ""))[:10] <= today:
            raise DecisionError("what was asked for has ended", hint="Ask again with a later day.")
        decided: Item = {**item, "state": "active" if approve else "refused"}
        decided |= {"approved_by": me.party_id, "approved_at": today, "single_user": bool(note)}
        return [*items[:place], decided, *items[place + 1 :]]

    action = "exception.approve" if approve else "exception.refuse"
    return _edit(store, system, change, actor, action, reason, timezone, now)


def close(
    store: Store,
    system: str,
    rule: str,
    *,
    actor: Actor,
    reason: str,
    timezone: str = "UTC",
    now: datetime | None = None,
) -> Decided:
    """End an exception before its day; the alert that rested is open again."""
    need_reason(reason, "closing an exception")

    def change(tx: WriteTx, items: list[Item]) -> list[Item]:
        place, item = _find(items, rule, _OPEN, system)
        return [*items[:place], {**item, "state": "closed"}, *items[place + 1 :]]

    return _edit(store, system, change, actor, "exception.close", reason, timezone, now)


def _edit(
    store: Store,
    system: str,
    change: record_lists.Edit,
    actor: Actor,
    action: str,
    reason: str,
    timezone: str,
    now: datetime | None,
) -> Decided:
    return record_lists.edit(
        store,
        system,
        FIELD,
        change,
        actor=actor,
        action=action,
        reason=reason,
        timezone=timezone,
        now=now,
    )


def _find(items: list[Item], rule: str, states: tuple[str, ...], system: str) -> tuple[int, Item]:
    for place, one in reversed(list(enumerate(items))):
        if one.get("rule") == rule and one.get("state") in states:
            return place, one
    wanted = " or ".join(states)
    raise NotFound(f"{system!r} has no {wanted} exception of {rule}", hint="See: aicensus exceptions list")


def _is_open(item: Item, rule: str, today: str) -> bool:
    return item.get("rule") == rule and _state(item, today) in _OPEN


def _state(item: Item, today: str) -> str:
    state = str(item.get("state") or "requested")
    return "expired" if state == "active" and str(item.get("expires_at") or "")[:10] < today else state


def _text(item: Item, name: str) -> str | None:
    value = item.get(name)
    return str(value) if value else None

"""Change one list of a record (exceptions, approvals, evidence) as a decision of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from connectors import clock
from connectors.model import Json
from discovery.service import inventory, oversight_rules, record_refs
from discovery.service.deciding import Act, Decided, decide
from discovery.service.record_values import check
from discovery.service.records import Change, apply_in, refuse
from store import oversight, parties

if TYPE_CHECKING:
    from store import Store
    from store.audit import Actor
    from store.database import WriteTx

Item = dict[str, Json]
Edit = Callable[["WriteTx", list[Item]], list[Item]]
"""Returns the list after a change; raises ``DecisionError`` when it may not be made."""


def edit(
    store: Store,
    system: str,
    field: str,
    change: Edit,
    *,
    actor: Actor,
    action: str,
    reason: str,
    timezone: str,
    now: datetime | None = None,
) -> Decided:
    """Change the list ``field`` of a system's record in one transaction with its rules and the audit row."""
    today = oversight_rules.today(timezone, now or clock.now())

    def deed(tx: WriteTx, system_id: str, at: str) -> Act:
        items = change(tx, items_of(tx, system_id, field))
        checked = check({field: items or None}, today=today, by_command=True)
        refuse(checked.mistakes)
        wanted = Change(values=checked.values, timezone=timezone, reason=reason, action=action)
        return apply_in(tx, system_id, wanted, actor=actor, at=at)

    return decide(store, system, actor, now, deed)


def items_of(tx: WriteTx, system_id: str, field: str) -> list[Item]:
    """Return a list of a record as it is kept, with the ids of people."""
    record = oversight.of_systems(tx.conn, [system_id])
    kept = record[system_id].value(field) if system_id in record else None
    return [dict(one) for one in kept if isinstance(one, dict)] if isinstance(kept, list) else []


def of_all(
    store: Store, field: str, *, system: str | None = None, as_of: datetime | None = None
) -> list[tuple[str, str, Item]]:
    """Return ``(system id, system name, item)`` of all systems or one, with people by name."""
    from discovery.service.record_fields import known

    if system is None:
        systems = inventory.list_systems(store, as_of=as_of)
    else:
        systems = [inventory.get_system(store, system, as_of=as_of)]
    names = {one.system_id: one.name for one in systems}
    with store.read(as_of) as tx:
        records = oversight.of_systems(tx.conn, sorted(names), tx.rev)
        kept = {one: record.value(field) for one, record in records.items()}
        labels = parties.labels(
            tx.conn, record_refs.party_ids((known(field), value) for value in kept.values())
        )
    return [
        (system_id, names[system_id], dict(item))
        for system_id, value in sorted(kept.items(), key=lambda pair: (names[pair[0]].casefold(), pair[0]))
        for item in _items(record_refs.shown(known(field), value, labels))
        if isinstance(item, dict)
    ]


def _items(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []

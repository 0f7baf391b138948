"""Do one decision on a system the one way: the change, its rules evaluated again, the audit row last.

Everything happens in one transaction; when anything is wrong, nothing has happened. Times are UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from connectors import clock
from discovery.service import alerting, inventory, refs
from discovery.service.errors import DecisionError
from discovery.service.views import SystemView
from store import audit, systems
from store.audit import Actor, Entry

if TYPE_CHECKING:
    from store.alerts import Change
    from store.database import Store, WriteTx


@dataclass(slots=True, kw_only=True)
class Decided:
    """What a decision left behind: the system as it now stands, and what to know about it."""

    system: SystemView
    warnings: list[str] = field(default_factory=list)
    alerts_resolved: int = 0
    alerts_opened: int = 0


@dataclass(slots=True)
class Act:
    """What deciding did inside its transaction."""

    entry: Entry
    warnings: list[str] = field(default_factory=list)


Deed = Callable[["WriteTx", str, str], Act]
"""Does one thing to a system: (transaction, system id, time as text)."""


def decide(store: Store, ref: str, actor: Actor, now: datetime | None, deed: Deed) -> Decided:
    """Do one deed to a system in one transaction: the change, its rules, and the audit row at its end."""
    with store.write(actor=actor.name, kind="decision") as tx:
        system_id = refs.system_id(tx, ref)
        moment = now or clock.from_text(tx.now)
        act, changes = decide_in(tx, system_id, actor, moment, deed)
    return Decided(
        system=inventory.get_system(store, system_id),
        warnings=act.warnings,
        alerts_resolved=_count(changes, "resolved"),
        alerts_opened=_count(changes, "opened") + _count(changes, "reopened"),
    )


def decide_in(
    tx: WriteTx, system_id: str, actor: Actor, moment: datetime, deed: Deed
) -> tuple[Act, list[Change]]:
    """Do one deed inside a transaction that may hold several."""
    act = deed(tx, system_id, clock.to_text(moment))
    systems.mark_decided(tx.conn, tx.rev, system_id)
    changes = alerting.evaluate_in(tx, [system_id], actor, now=moment)
    audit.append(tx.conn, actor, act.entry, at=clock.to_text(moment))
    return act, changes


def need_reason(reason: str, what: str) -> None:
    """Raise ``DecisionError`` when a decision that takes a reason has none."""
    if not reason.strip():
        raise DecisionError(f"{what} takes a reason", hint="Say why with --reason.")


def _count(changes: Iterable[Change], event: str) -> int:
    return sum(change.event == event for change in changes)

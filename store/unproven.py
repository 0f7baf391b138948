"""Find decisions on alerts that were kept with a note that nobody proven to be a second person took them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from store.schema import alert, alert_event, system

if TYPE_CHECKING:
    from sqlalchemy import Connection

_DECIDED = ("accepted_risk", "false_positive")


@dataclass(frozen=True, slots=True, kw_only=True)
class NotedRow:
    """One alert that stands as decided; ``name`` is that of its system today, or its asset's id."""

    rule: str
    state: str
    name: str
    at: str


def alerts_noted(
    conn: Connection, note: str, *, system_id: str | None = None, rev: int | None = None
) -> list[NotedRow]:
    """Return the alerts whose last event (up to ``rev``) accepts a risk or calls it false under a note."""
    marked = select(alert_event.c.alert_id).where(
        alert_event.c.to_state.in_(_DECIDED), alert_event.c.reason.contains(note, autoescape=True)
    )
    last = select(func.max(alert_event.c.event_no)).where(alert_event.c.alert_id.in_(marked))
    if rev is not None:
        last = last.where(alert_event.c.rev <= rev)
    today = (system.c.system_id == alert.c.system_id) & system.c.valid_to.is_(None)
    query = (
        select(alert.c.rule, alert_event.c.to_state, alert.c.asset_id, system.c.name, alert_event.c.at)
        .select_from(
            alert_event.join(alert, alert.c.alert_id == alert_event.c.alert_id).outerjoin(system, today)
        )
        .where(
            alert_event.c.event_no.in_(last.group_by(alert_event.c.alert_id)),
            alert_event.c.to_state.in_(_DECIDED),
            alert_event.c.reason.contains(note, autoescape=True),
        )
    )
    if system_id is not None:
        query = query.where(alert.c.system_id == system_id)
    ordered = query.order_by(system.c.name, alert.c.rule, alert_event.c.event_no)
    return [
        NotedRow(
            rule=row.rule, state=row.to_state, name=row.name or row.asset_id or "organisation", at=row.at
        )
        for row in conn.execute(ordered).all()
    ]

"""Read how far alerts are, and keep which steps of escalation were taken and who is waited for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from connectors.secrets import redact
from store.alerts import ACTIVE_STATES, OPEN, AlertRow
from store.bulk import insert_rows, is_one_of
from store.schema import alert, alert_event, alert_pause, alert_step
from store.temporal import chunks

if TYPE_CHECKING:
    from sqlalchemy import Connection

Step = tuple[str, int, str, int]
"""Alert, which opening of it, target, percent."""
_SEEN = ("acknowledged", "assigned", "in_review")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Time in which a vendor is waited for; UTC texts."""

    pause_no: int
    alert_id: str
    reason: str
    made_by: str
    from_at: str
    until_at: str
    ended_at: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an alert that is open has come since it was opened last; UTC texts."""

    row: AlertRow
    started_at: str
    seen_at: str | None
    assigned_at: str | None
    pauses: Sequence[Pause] = ()


def active(conn: Connection, alert_ids: Collection[str] | None = None) -> list[Progress]:
    """Return how far alerts that want something are (``None``: all of them), by id."""
    query = select(alert).where(alert.c.state.in_(ACTIVE_STATES)).order_by(alert.c.alert_id)
    if alert_ids is not None:
        query = query.where(is_one_of(conn, alert.c.alert_id, sorted(alert_ids)))
    names = tuple(AlertRow.__dataclass_fields__)
    rows = [AlertRow(**{name: row._mapping[name] for name in names}) for row in conn.execute(query).all()]
    ids = [row.alert_id for row in rows]
    events, pauses = _events(conn, ids), pauses_of(conn, ids)
    return [_progress(row, events.get(row.alert_id, []), pauses.get(row.alert_id, [])) for row in rows]


def _events(conn: Connection, ids: Sequence[str]) -> dict[str, list[tuple[str, str, str]]]:
    found: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    columns = (alert_event.c.alert_id, alert_event.c.at, alert_event.c.event, alert_event.c.to_state)
    for chunk in chunks(ids):
        query = select(*columns).where(is_one_of(conn, alert_event.c.alert_id, chunk))
        for alert_id, at, event, state in conn.execute(query.order_by(alert_event.c.event_no)).all():
            found[alert_id].append((at, event, state))
    return found


def _progress(row: AlertRow, events: Sequence[tuple[str, str, str]], pauses: Sequence[Pause]) -> Progress:
    started, seen, assigned = row.opened_at, None, None
    for at, event, state in events:
        if event in ("opened", "reopened"):
            started, seen, assigned = at, None, None
        elif event in _SEEN:
            seen = seen or at
            assigned = assigned or (at if state == "assigned" else None)
        elif event == "undone":  # a decision on many was taken back: it never was seen by that
            seen = None if state == OPEN else seen
            assigned = assigned if state in ("assigned", "in_review") else None
    return Progress(row=row, started_at=started, seen_at=seen, assigned_at=assigned, pauses=pauses)


def steps_taken(conn: Connection, alert_ids: Collection[str]) -> set[Step]:
    """Return the steps of escalation that were taken for alerts."""
    columns = (alert_step.c.alert_id, alert_step.c.opening, alert_step.c.target, alert_step.c.percent)
    return {
        (row.alert_id, row.opening, row.target, row.percent)
        for chunk in chunks(sorted(alert_ids))
        for row in conn.execute(select(*columns).where(is_one_of(conn, alert_step.c.alert_id, chunk)))
    }


def take_steps(conn: Connection, taken: Sequence[tuple[Step, str, str | None]]) -> None:
    """Keep steps that are taken now: each with its time and whom it tells."""
    names = ("alert_id", "opening", "target", "percent", "at", "told")
    insert_rows(conn, alert_step, names, [(*step, at, told) for step, at, told in taken])


def pauses_of(conn: Connection, alert_ids: Collection[str]) -> dict[str, list[Pause]]:
    """Return the pauses of alerts in their order."""
    found: dict[str, list[Pause]] = defaultdict(list)
    for chunk in chunks(sorted(alert_ids)):
        query = select(alert_pause).where(is_one_of(conn, alert_pause.c.alert_id, chunk))
        for row in conn.execute(query.order_by(alert_pause.c.pause_no)).all():
            found[row.alert_id].append(Pause(**row._mapping))
    return found


def open_pauses(conn: Connection) -> list[Pause]:
    """Return the pauses that have not ended."""
    query = select(alert_pause).where(alert_pause.c.ended_at.is_(None)).order_by(alert_pause.c.pause_no)
    return [Pause(**row._mapping) for row in conn.execute(query).all()]


def add_pause(
    conn: Connection, alert_id: str, reason: str, made_by: str, from_at: str, until_at: str
) -> None:
    """Begin to wait."""
    values = {"alert_id": alert_id, "reason": redact(reason), "made_by": redact(made_by)}
    conn.execute(alert_pause.insert().values(**values, from_at=from_at, until_at=until_at))


def end_pause(conn: Connection, pause_no: int, ended_at: str) -> None:
    """End waiting."""
    conn.execute(alert_pause.update().where(alert_pause.c.pause_no == pause_no).values(ended_at=ended_at))

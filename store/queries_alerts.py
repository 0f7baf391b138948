"""Read alerts in their order, a page at a time, and count them: now or as known at a revision."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func, select

from store.alerts import ACTIVE_STATES, RESOLVED, TIMED_STATES, AlertRow
from store.bulk import is_one_of
from store.schema import alert, alert_event
from store.temporal import chunks

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, FromClause, Select

    from store.queries_assets import At

_GRAVEST_FIRST = {"critical": 0, "high": 1, "medium": 2, "low": 3}
_NAMES = tuple(AlertRow.__dataclass_fields__)
_ORDER = (case(_GRAVEST_FIRST, value=alert.c.severity, else_=9), alert.c.opened_at, alert.c.alert_id)
"""The order of alerts, on past days too: what an alert is called today says how grave it is."""
_LOOKED_UP = 100
"""Alerts of which the state on a past day is looked up at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsWhere:
    """Narrow alerts; an empty or missing value does not narrow (but no ``system_ids`` at all do)."""

    alert_id: str | None = None
    system_ids: Collection[str] | None = None
    states: Sequence[str] = ()
    rule: str | None = None
    severity: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """One event of an alert."""

    at: str
    actor: str
    event: str
    from_state: str
    to_state: str
    reason: str


def rows(conn: Connection, at: At, where: AlertsWhere, *, limit: int | None = None) -> list[AlertRow]:
    """Return alerts with the state that they had, the gravest first, then the oldest; at most ``limit``.

    Those opened later than the moment are left out.
    """
    source, columns = _as_known(at)
    query = select(*(columns[name].label(name) for name in _NAMES)).select_from(source).order_by(*_ORDER)
    query = _narrowed(conn, query, columns, where)
    if at.rev is None or limit is None:
        found = [AlertRow(**row._mapping) for row in conn.execute(query.limit(limit)).all()]
    else:
        found = _first(conn, query, where, limit)
    if at.rev is None or not found:
        return found
    again = _reopened(conn, [one.alert_id for one in found], at)
    return [replace(one, reopen_count=again.get(one.alert_id, 0)) for one in found]


def _first(conn: Connection, query: Select[Any], where: AlertsWhere, limit: int) -> list[AlertRow]:
    """Return the first alerts of a past day: in the order of today, as many looked up as it takes."""
    ids = select(alert.c.alert_id).order_by(*_ORDER)
    static = replace(where, states=(), system_ids=None)
    ids = _narrowed(conn, ids, {name: alert.c[name] for name in _NAMES}, static)
    found: list[AlertRow] = []
    for chunk in chunks(conn.execute(ids).scalars().all(), max(_LOOKED_UP, 2 * limit)):
        narrow = query.where(is_one_of(conn, alert.c.alert_id, chunk)).limit(limit - len(found))
        found += [AlertRow(**row._mapping) for row in conn.execute(narrow).all()]
        if len(found) >= limit:
            break
    return found


def open_by_system(conn: Connection, at: At, system_ids: Collection[str] | None) -> dict[str, int]:
    """Return how many alerts of each system want something (``None``: of all that have any)."""
    source, columns = _as_known(at)
    where = AlertsWhere(system_ids=system_ids, states=ACTIVE_STATES)
    query = select(columns["system_id"], func.count()).select_from(source)
    query = _narrowed(conn, query, columns, where).where(columns["system_id"].is_not(None))
    return dict(conn.execute(query.group_by(columns["system_id"])).all())


def open_by_severity(conn: Connection, at: At) -> dict[str, int]:
    """Return how many alerts want something, by severity, the gravest first."""
    source, columns = _as_known(at)
    query = select(columns["severity"], func.count()).select_from(source)
    query = _narrowed(conn, query, columns, AlertsWhere(states=ACTIVE_STATES))
    found: dict[str, int] = dict(conn.execute(query.group_by(columns["severity"])).all())
    return {severity: found[severity] for severity in _GRAVEST_FIRST if severity in found}


def events(conn: Connection, alert_id: str, at: At) -> list[EventRow]:
    """Return an alert's events, oldest first."""
    names = tuple(EventRow.__dataclass_fields__)
    query = select(*(alert_event.c[name] for name in names)).where(alert_event.c.alert_id == alert_id)
    if at.rev is not None:
        query = query.where(alert_event.c.rev <= at.rev)
    return [EventRow(**row._mapping) for row in conn.execute(query.order_by(alert_event.c.event_no))]


def _narrowed(
    conn: Connection, query: Select[Any], columns: Mapping[str, ColumnElement[Any]], where: AlertsWhere
) -> Select[Any]:
    equal = (("alert_id", where.alert_id), ("rule", where.rule), ("severity", where.severity))
    for name, value in equal:
        if value is not None:
            query = query.where(columns[name] == value)
    if where.states:
        query = query.where(columns["state"].in_(list(where.states)))
    if where.system_ids is not None:
        query = query.where(is_one_of(conn, columns["system_id"], sorted(where.system_ids)))
    return query


def _as_known(at: At) -> tuple[FromClause, Mapping[str, ColumnElement[Any]]]:
    """Return where alerts are read from, and how each column reads as known at the moment."""
    columns: dict[str, ColumnElement[Any]] = {name: alert.c[name] for name in _NAMES}
    if at.rev is None:
        return alert, columns
    event = alert_event.alias("last_event")
    earlier = alert_event.alias("earlier")
    # Looked up alert by alert: the last event of all of them would be looked for in all events.
    last = (
        select(earlier.c.event_no)
        .where(earlier.c.alert_id == alert.c.alert_id, earlier.c.rev <= at.rev)
        .order_by(earlier.c.rev.desc(), earlier.c.event_no.desc())
        .limit(1)
        .correlate(alert)
        .scalar_subquery()
    )
    # Whose alert it was then may be another system than today's; events before version 0008 do not tell it:
    # what stands today is the nearest to be known.
    tells = event.c.system_id.is_not(None)
    columns |= {
        "state": event.c.to_state,
        "resolved_at": case((event.c.to_state == RESOLVED, event.c.at)),
        "system_id": func.coalesce(event.c.system_id, alert.c.system_id),
        "until": case((tells, event.c.until), (event.c.to_state.in_(TIMED_STATES), alert.c.until)),
    }
    columns |= {name: case((tells, event.c[name]), else_=alert.c[name]) for name in ("assignee", "due_at")}
    return alert.join(event, event.c.event_no == last), columns


def _reopened(conn: Connection, alert_ids: Collection[str], at: At) -> dict[str, int]:
    """Return how often alerts had been opened again, without those that never were."""
    query = select(alert_event.c.alert_id, func.count()).group_by(alert_event.c.alert_id)
    query = query.where(alert_event.c.event == "reopened", alert_event.c.rev <= at.rev)
    found: dict[str, int] = {}
    for chunk in chunks(sorted(alert_ids)):
        found.update(conn.execute(query.where(is_one_of(conn, alert_event.c.alert_id, chunk))).all())
    return found

"""Read alerts in their order, a page at a time, and count them: now or as known at a revision."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import BigInteger, bindparam, case, func, select

from store.alerts import ACTIVE_STATES, RESOLVED, TIMED_STATES, AlertRow
from store.bulk import is_one_of
from store.schema import alert, alert_event
from store.temporal import chunks

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, FromClause, Row, Select

    from store.queries_assets import At

_GRAVEST_FIRST = {"critical": 0, "high": 1, "medium": 2, "low": 3}
_NAMES = tuple(AlertRow.__dataclass_fields__)
_COLUMNS: Mapping[str, ColumnElement[Any]] = {name: alert.c[name] for name in _NAMES}
_ORDER = (case(_GRAVEST_FIRST, value=alert.c.severity, else_=9), alert.c.opened_at, alert.c.alert_id)
"""The order of alerts, on past days too: what an alert is called today says how grave it is."""
_IDS = select(alert.c.alert_id).order_by(*_ORDER)
_REV = "as_of"
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
    known = _as_known(at.rev is not None)
    query = _narrowed(conn, known.every, known.columns, where)
    if at.rev is None:
        return [AlertRow(**row._mapping) for row in conn.execute(query.limit(limit)).all()]
    found = (
        conn.execute(query, _parameters(at)).all() if limit is None else _first(conn, query, at, where, limit)
    )
    again = _reopened(conn, [row.alert_id for row in found], at)
    return [AlertRow(**{**row._mapping, "reopen_count": again.get(row.alert_id, 0)}) for row in found]


def _first(
    conn: Connection, query: Select[Any], at: At, where: AlertsWhere, limit: int
) -> Sequence[Row[Any]]:
    """Return the first alerts of a past day: in the order of today, as many looked up as it takes."""
    ids = _narrowed(conn, _IDS, _COLUMNS, replace(where, states=(), system_ids=None))
    size, start, known = max(_LOOKED_UP, 2 * limit), 0, None
    found: list[Row[Any]] = []
    while known is None or start < known:
        narrow = query.where(alert.c.alert_id.in_(ids.limit(size).offset(start))).limit(limit - len(found))
        found += conn.execute(narrow, _parameters(at)).all()
        if len(found) >= limit:
            break
        start += size
        known = known or conn.execute(select(func.count()).select_from(alert)).scalar_one()
    return found


def open_by_system(conn: Connection, at: At, system_ids: Collection[str] | None) -> dict[str, int]:
    """Return how many alerts of each system want something (``None``: of all that have any)."""
    source, columns = _as_known(at.rev is not None)[:2]
    where = AlertsWhere(system_ids=system_ids, states=ACTIVE_STATES)
    query = select(columns["system_id"], func.count()).select_from(source)
    query = _narrowed(conn, query, columns, where).where(columns["system_id"].is_not(None))
    return dict(conn.execute(query.group_by(columns["system_id"]), _parameters(at)).all())


def open_by_severity(conn: Connection, at: At) -> dict[str, int]:
    """Return how many alerts want something, by severity, the gravest first."""
    source, columns = _as_known(at.rev is not None)[:2]
    query = select(columns["severity"], func.count()).select_from(source)
    query = _narrowed(conn, query, columns, AlertsWhere(states=ACTIVE_STATES))
    grouped = conn.execute(query.group_by(columns["severity"]), _parameters(at))
    found: dict[str, int] = dict(grouped.all())
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


def _parameters(at: At) -> dict[str, int]:
    return {} if at.rev is None else {_REV: at.rev}


class _Known(NamedTuple):
    """Where alerts are read from, how each column reads as known at a moment, and all of them in order."""

    source: FromClause
    columns: Mapping[str, ColumnElement[Any]]
    every: Select[Any]


@cache
def _as_known(is_past: bool) -> _Known:
    """Return how alerts are read, now or on a past day, which :func:`_parameters` names.

    Made once: to put it together takes longer than to read a page.
    """
    source, columns = _past() if is_past else (alert, _COLUMNS)
    every = select(*(columns[name].label(name) for name in _NAMES)).select_from(source).order_by(*_ORDER)
    return _Known(source, columns, every)


def _past() -> tuple[FromClause, Mapping[str, ColumnElement[Any]]]:
    columns = dict(_COLUMNS)
    event = alert_event.alias("last_event")
    earlier = alert_event.alias("earlier")
    # Looked up alert by alert: the last event of all of them would be looked for in all events.
    last = (
        select(earlier.c.event_no)
        .where(earlier.c.alert_id == alert.c.alert_id, earlier.c.rev <= bindparam(_REV, type_=BigInteger()))
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

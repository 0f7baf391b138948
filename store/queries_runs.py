"""Read runs, coverage, and what a run brought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import and_, case, func, or_, select

from store.queries_assets import At
from store.schema import alert, alert_event, asset, part, revision, run, run_part, run_scope, scope, system

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Subquery


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One run with the sums of its parts; times are UTC texts."""

    run_id: str
    state: str
    actor: str
    trigger: str
    filtered: bool
    started_at: str
    ended_at: str | None
    rev: int
    scopes: int
    parts: int
    parts_complete: int
    seen: int
    added: int
    changed: int
    missing: int
    closed: int
    requests: int
    suspect: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPartRow:
    """What became of one part in one run; exceptions are ``(locator, reason)``."""

    scope: str
    part: str
    status: str
    reason: str
    seen: int
    added: int
    changed: int
    missing: int
    closed: int
    requests: int
    suspect: bool
    exceptions: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageRow:
    """What is known of one part of one scope."""

    connector: str
    instance: str
    scope: str
    label: str
    state: str
    part: str
    status: str
    reason: str
    last_at: str | None
    last_complete_at: str | None
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """What came between two revisions."""

    system_ids: Sequence[str]
    assets: int
    assets_gone: int
    alerts: dict[str, int]


def runs(
    conn: Connection, *, run_id: str | None = None, limit: int | None = None, at: At | None = None
) -> list[RunRow]:
    """Return runs, newest first; lists of scopes count as parts, but not as things seen."""
    per_run = _sums_of_parts(run_id)
    planned = select(func.count()).where(run_scope.c.run_id == run.c.run_id).scalar_subquery().label("scopes")
    base = [
        run.c[name]
        for name in ("run_id", "state", "actor", "trigger", "filtered", "started_at", "ended_at", "rev")
    ]
    counted = [
        func.coalesce(per_run.c[name], 0).label(name)
        for name in (
            "parts",
            "parts_complete",
            "seen",
            "added",
            "changed",
            "missing",
            "closed",
            "requests",
            "suspect",
        )
    ]
    query = select(*base, planned, *counted).outerjoin(per_run, per_run.c.run_id == run.c.run_id)
    if run_id is not None:
        query = query.where(run.c.run_id == run_id)
    if at is not None and at.rev is not None:
        query = query.where(run.c.rev <= at.rev)
    query = query.order_by(run.c.started_at.desc(), run.c.run_id.desc()).limit(limit)
    return [
        RunRow(**{name: _plain(value) for name, value in row._mapping.items()}) for row in conn.execute(query)
    ]


def _sums_of_parts(run_id: str | None) -> Subquery:
    is_thing = scope.c.state != "listing"
    sums = [
        func.coalesce(func.sum(case((is_thing, run_part.c[name]), else_=0)), 0).label(name)
        for name in ("seen", "added", "changed", "missing", "closed")
    ]
    sums.append(func.coalesce(func.sum(run_part.c.requests), 0).label("requests"))
    sums.append(func.coalesce(func.sum(_one_if(run_part.c.status == "complete")), 0).label("parts_complete"))
    sums.append(func.coalesce(func.sum(_one_if(run_part.c.suspect)), 0).label("suspect"))
    query = (
        select(run_part.c.run_id, func.count().label("parts"), *sums)
        .join(part, part.c.part_no == run_part.c.part_no)
        .join(scope, scope.c.scope_no == part.c.scope_no)
        .group_by(run_part.c.run_id)
    )
    return (query if run_id is None else query.where(run_part.c.run_id == run_id)).subquery()


def run_parts(conn: Connection, run_id: str) -> list[RunPartRow]:
    """Return the parts of a run by scope and part."""
    names = ("status", "reason", "seen", "added", "changed", "missing", "closed", "requests", "suspect")
    query = (
        select(
            scope.c.key.label("scope"),
            part.c.name.label("part"),
            *(run_part.c[name] for name in names),
            run_part.c.exceptions,
        )
        .join(part, part.c.part_no == run_part.c.part_no)
        .join(scope, scope.c.scope_no == part.c.scope_no)
        .where(run_part.c.run_id == run_id)
        .order_by(scope.c.key, part.c.name)
    )
    found = []
    for row in conn.execute(query):
        values = dict(row._mapping)
        values["exceptions"] = [(one[0], one[1]) for one in orjson.loads(values["exceptions"])]
        found.append(RunPartRow(**values))
    return found


def coverage(conn: Connection, at: At, *, connector: str | None = None) -> list[CoverageRow]:
    """Return every part of every scope that is not retired, by connector, scope and part."""
    columns = [scope.c.connector, scope.c.instance, scope.c.key.label("scope"), scope.c.label]
    if at.moment is None:
        columns += [scope.c.state]
        last = [
            part.c.last_status.label("status"),
            part.c.last_reason.label("reason"),
            part.c.last_at,
            part.c.last_complete_at,
            func.coalesce(part.c.last_count, 0).label("count"),
        ]
        query = select(*columns, part.c.name.label("part"), *last).join(
            part, part.c.scope_no == scope.c.scope_no
        )
        query = query.where(scope.c.state != "retired")
    else:
        query = _past_coverage(columns, at)
    if connector is not None:
        query = query.where(scope.c.connector == connector)
    query = query.order_by(scope.c.connector, scope.c.key, part.c.name)
    return [CoverageRow(**row._mapping) for row in conn.execute(query)]


def kinds_read(conn: Connection, at: At) -> set[tuple[str, str]]:
    """Return ``(connector, kind)`` where a part that can show the kind was complete up to the moment."""
    query = select(scope.c.connector, part.c.kinds).join(part, part.c.scope_no == scope.c.scope_no).distinct()
    if at.moment is None:
        query = query.where(part.c.last_complete_at.is_not(None))
    else:
        complete = select(run_part.c.part_no).where(
            run_part.c.status == "complete", run_part.c.ended_at <= at.moment
        )
        query = query.where(part.c.part_no.in_(complete))
    return {(connector, kind) for connector, kinds in conn.execute(query) for kind in orjson.loads(kinds)}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEventRow:
    """One event of an alert with what it was about; times are UTC texts."""

    alert_id: str
    event: str
    at: str
    severity: str
    due_at: str | None


def events_since(conn: Connection, since: str, rev: int | None) -> list[AlertEventRow]:
    """Return the events of alerts from a moment (UTC text) up to a revision (``None``: now), oldest first."""
    due_at = func.coalesce(alert_event.c.due_at, alert.c.due_at).label("due_at")
    columns = (alert_event.c.alert_id, alert_event.c.event, alert_event.c.at, alert.c.severity, due_at)
    query = select(*columns).join(alert, alert.c.alert_id == alert_event.c.alert_id)
    query = query.where(alert_event.c.at >= since)
    if rev is not None:
        query = query.where(alert_event.c.rev <= rev)
    return [AlertEventRow(**row._mapping) for row in conn.execute(query.order_by(alert_event.c.event_no))]


def arrivals(conn: Connection, first_rev: int, ended_at: str | None) -> Arrivals:
    """Return what is first known after ``first_rev``, up to the last revision at ``ended_at``."""
    last = select(func.coalesce(func.max(revision.c.rev), 0))
    if ended_at is not None:
        last = last.where(revision.c.at <= ended_at)
    last_rev = conn.execute(last).scalar_one()

    def between(column: ColumnElement[int]) -> ColumnElement[bool]:
        return and_(column > first_rev, column <= last_rev)

    first = func.min(system.c.valid_from)
    systems = select(system.c.system_id).group_by(system.c.system_id).having(between(first))
    living = select(system.c.system_id).where(
        system.c.valid_to.is_(None), system.c.state.not_in(("merged", "retired"))
    )
    fresh = select(asset.c.asset_id).group_by(asset.c.asset_id).having(between(func.min(asset.c.valid_from)))
    gone = select(func.count()).where(
        asset.c.valid_to.is_(None), asset.c.state == "gone", between(asset.c.valid_from)
    )
    events = (
        select(alert_event.c.event, func.count())
        .where(between(alert_event.c.rev))
        .group_by(alert_event.c.event)
    )
    return Arrivals(
        system_ids=sorted(conn.execute(systems.where(system.c.system_id.in_(living))).scalars()),
        assets=conn.execute(select(func.count()).select_from(fresh.subquery())).scalar_one(),
        assets_gone=conn.execute(gone).scalar_one(),
        alerts=dict(conn.execute(events).all()),
    )


def _past_coverage(columns: list[Any], at: At) -> Any:
    """Read what was known of parts at a moment from the journal."""
    complete = case((run_part.c.status == "complete", run_part.c.ended_at))
    last = (
        select(
            run_part.c.part_no,
            func.max(run_part.c.ended_at).label("last_at"),
            func.max(complete).label("last_complete_at"),
        )
        .join(run, run.c.run_id == run_part.c.run_id)
        .where(run_part.c.ended_at <= at.moment, run.c.rev <= at.rev)
        .group_by(run_part.c.part_no)
        .subquery()
    )
    same = and_(run_part.c.part_no == last.c.part_no, run_part.c.ended_at == last.c.last_at)
    known = [
        run_part.c.status,
        run_part.c.reason,
        last.c.last_at,
        last.c.last_complete_at,
        run_part.c.seen.label("count"),
    ]
    return (
        select(
            *columns,
            case((scope.c.state == "retired", "active"), else_=scope.c.state).label("state"),
            part.c.name.label("part"),
            *known,
        )
        .join(part, part.c.scope_no == scope.c.scope_no)
        .join(last, last.c.part_no == part.c.part_no)
        .join(run_part, same)
        .where(or_(scope.c.retired_at.is_(None), scope.c.retired_at > at.moment))
    )


def _one_if(condition: Any) -> Any:
    return case((condition, 1), else_=0)


def _plain(value: Any) -> Any:
    # PostgreSQL sums whole numbers as numeric.
    return int(value) if value.__class__.__name__ == "Decimal" else value

"""Read systems with their members, and alerts, now or as known at a revision."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sqlalchemy import case, func, select

from store import alerts
from store.alerts import AlertRow
from store.bulk import is_one_of
from store.queries_assets import At
from store.regroup import SUGGESTION
from store.schema import alert_event, asset, sighting, system, system_alias, system_member
from store.temporal import holds

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemRow:
    """One system as kept; times are UTC texts."""

    system_id: str
    name: str
    state: str
    kind: str
    group_key: str
    decided: bool
    first_seen_at: str


@dataclass(slots=True)
class Members:
    """What a system is made of: ids of members that are not gone (sorted), and what they tell together.

    ``roles`` counts those that drive.
    """

    asset_ids: list[str] = field(default_factory=list)
    providers: set[str] = field(default_factory=set)
    roles: Counter[str] = field(default_factory=Counter)
    last_seen: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """One event of an alert."""

    at: str
    actor: str
    event: str
    from_state: str
    to_state: str
    reason: str


def rows(
    conn: Connection,
    at: At,
    *,
    system_id: str | None = None,
    states: Sequence[str] = (),
    kind: str | None = None,
) -> list[SystemRow]:
    """Return systems that are not merged, by name and id."""
    query = select(*(system.c[name] for name in SystemRow.__dataclass_fields__))
    query = query.where(holds(system, at.rev), system.c.state != "merged")
    if system_id is not None:
        query = query.where(system.c.system_id == system_id)
    if states:
        query = query.where(system.c.state.in_(list(states)))
    if kind is not None:
        query = query.where(system.c.kind == kind)
    found = [SystemRow(**row._mapping) for row in conn.execute(query).all()]
    return sorted(found, key=lambda one: (one.name.casefold(), one.name, one.system_id))


def members(
    conn: Connection, system_ids: Collection[str] | None, at: At, complete_at: Mapping[int, str]
) -> dict[str, Members]:
    """Return the members of systems (``None``: of all)."""
    found: dict[str, Members] = defaultdict(Members)
    narrow = _narrow(conn, system_ids)
    query = (
        select(system_member.c.system_id, asset.c.asset_id, asset.c.provider, asset.c.role, asset.c.drives)
        .join(asset, asset.c.asset_id == system_member.c.asset_id)
        .where(holds(system_member, at.rev), system_member.c.strength != SUGGESTION)
        .where(holds(asset, at.rev), asset.c.state != "gone", *narrow)
        .order_by(asset.c.asset_id)
    )
    for system_id, asset_id, provider, role, drives in conn.execute(query).all():
        one = found[system_id]
        one.asset_ids.append(asset_id)
        one.providers.add(provider)
        if drives:
            one.roles[role] += 1
    for system_id, seen in _last_seen(conn, narrow, at, complete_at).items():
        found[system_id].last_seen = seen
    return dict(found)


def aliases(conn: Connection, system_ids: Collection[str] | None) -> dict[str, list[str]]:
    """Return the ids that were merged into each system, sorted."""
    query = select(system_alias.c.system_id, system_alias.c.alias_id).order_by(system_alias.c.alias_id)
    if system_ids is not None:
        query = query.where(is_one_of(conn, system_alias.c.system_id, sorted(system_ids)))
    found: dict[str, list[str]] = defaultdict(list)
    for system_id, alias_id in conn.execute(query).all():
        found[system_id].append(alias_id)
    return dict(found)


def system_names(conn: Connection, system_ids: Collection[str], at: At) -> dict[str, str]:
    """Return the names of systems."""
    query = select(system.c.system_id, system.c.name).where(holds(system, at.rev))
    return dict(conn.execute(query.where(is_one_of(conn, system.c.system_id, sorted(system_ids)))).all())


def alert_rows(conn: Connection, at: At, system_ids: Collection[str] | None = None) -> list[AlertRow]:
    """Return alerts with the state that they had; those opened later are left out."""
    if at.rev is None:
        return alerts.of_systems(conn, system_ids)
    # Whose alert it was then may be another system than today's.
    past = _past_states(conn, at.rev)
    found = [
        _as_it_was(row, past[row.alert_id]) for row in alerts.of_systems(conn, None) if row.alert_id in past
    ]
    return found if system_ids is None else [row for row in found if row.system_id in set(system_ids)]


def alert_events(conn: Connection, alert_id: str, at: At) -> list[EventRow]:
    """Return an alert's events, oldest first."""
    names = tuple(EventRow.__dataclass_fields__)
    query = select(*(alert_event.c[name] for name in names)).where(alert_event.c.alert_id == alert_id)
    if at.rev is not None:
        query = query.where(alert_event.c.rev <= at.rev)
    return [EventRow(**row._mapping) for row in conn.execute(query.order_by(alert_event.c.event_no)).all()]


def _as_it_was(row: AlertRow, past: _Past) -> AlertRow:
    is_resolved = past.state == alerts.RESOLVED
    if past.system_id is None:
        # Written before events told it: what stands today is the nearest to be known.
        until = row.until if past.state in alerts.TIMED_STATES else None
        stood = {"until": until}
    else:
        stood = {"system_id": past.system_id, "assignee": past.assignee, "until": past.until}
        stood["due_at"] = past.due_at
    return replace(
        row,
        state=past.state,
        reopen_count=past.reopened,
        resolved_at=past.since if is_resolved else None,
        **stood,  # type: ignore[arg-type]
    )


@dataclass(slots=True)
class _Past:
    """How an alert stood after its last event up to a revision."""

    state: str
    since: str
    reopened: int
    system_id: str | None
    assignee: str | None
    due_at: str | None
    until: str | None


def _past_states(conn: Connection, rev: int) -> dict[str, _Past]:
    """Return how every alert stood that there was at a revision."""
    reopened = func.sum(case((alert_event.c.event == "reopened", 1), else_=0)).label("reopened")
    last = (
        select(func.max(alert_event.c.event_no).label("event_no"), reopened)
        .where(alert_event.c.rev <= rev)
        .group_by(alert_event.c.alert_id)
        .subquery()
    )
    names = ("alert_id", "to_state", "at", "system_id", "assignee", "due_at", "until")
    query = select(*(alert_event.c[name] for name in names), last.c.reopened)
    rows = conn.execute(query.join(last, last.c.event_no == alert_event.c.event_no)).all()
    return {alert_id: _Past(state, at, int(again), *stood) for alert_id, state, at, *stood, again in rows}


def _last_seen(
    conn: Connection, narrow: Sequence[ColumnElement[bool]], at: At, complete_at: Mapping[int, str]
) -> dict[str, str]:
    """Return when each system was seen last: the latest of its members' parts."""
    query = (
        select(
            system_member.c.system_id,
            sighting.c.part_no,
            func.max(sighting.c.last_seen_at),
            func.count(sighting.c.last_seen_at),
            func.count(),
            func.max(sighting.c.opened_at),
        )
        .join(sighting, sighting.c.asset_id == system_member.c.asset_id)
        .where(
            holds(system_member, at.rev),
            system_member.c.strength != SUGGESTION,
            holds(sighting, at.rev),
            *narrow,
        )
        .group_by(system_member.c.system_id, sighting.c.part_no)
    )
    found: dict[str, str] = {}
    for system_id, part_no, own, with_own, total, opened in conn.execute(query).all():
        # What the part still shows was seen when the part was last complete; the rest when it was seen last.
        seen = max(own or "", (complete_at.get(part_no) or opened) if with_own < total else "")
        found[system_id] = max(found.get(system_id, ""), seen)
    return found


def _narrow(conn: Connection, system_ids: Collection[str] | None) -> list[ColumnElement[bool]]:
    return [] if system_ids is None else [is_one_of(conn, system_member.c.system_id, sorted(system_ids))]

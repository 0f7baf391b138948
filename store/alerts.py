"""Keep alerts: one row for each fingerprint, and every change as an event that is only ever added.

The state of an alert at a revision is that of its last event up to it. ``SystemFacts`` are the derived
record that rules look at.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import func, select

from connectors.secrets import redact
from store import cases, outbox, oversight, owners, rule_facts, system_rows
from store.bulk import insert_rows, is_one_of
from store.oversight import Record
from store.owners import Owner
from store.rule_facts import Asked, Member
from store.schema import alert, alert_event, meta, revision, system, system_alias
from store.temporal import chunks, holds

if TYPE_CHECKING:
    from sqlalchemy import Connection

OPEN = "open"
RESOLVED = "resolved"
ACTIVE_STATES = ("open", "acknowledged", "assigned", "in_review")
"""States that still want something from someone."""
TIMED_STATES = ("accepted_risk", "suppressed")
"""States that a person chose and that end on a day."""
STATES = (*ACTIVE_STATES, RESOLVED, *TIMED_STATES, "false_positive")

_COLUMNS = (
    "alert_id",
    "fingerprint",
    "rule",
    "severity",
    "system_id",
    "asset_id",
    "title",
    "state",
    "opened_at",
    "due_at",
    "resolved_at",
    "reopen_count",
    "assignee",
    "until",
)
_STOOD = ("system_id", "assignee", "due_at", "until")
"""How an alert stood after an event, beside its state: what a past day shows."""
_EVENT = ("alert_id", "rev", "at", "actor", "event", "from_state", "to_state", "reason", *_STOOD)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRow:
    """One alert as it stands; times are UTC texts.

    One of an asset names it, and the system that it is in; one of the organisation names neither.
    """

    alert_id: str
    fingerprint: str
    rule: str
    severity: str
    system_id: str | None
    title: str
    state: str
    opened_at: str
    due_at: str | None
    resolved_at: str | None = None
    reopen_count: int = 0
    assignee: str | None = None
    until: str | None = None
    asset_id: str | None = None


class Standing(NamedTuple):
    """What of an alert tells whether anything is to be done about it; :func:`by_ids` reads the rest."""

    alert_id: str
    rule: str
    system_id: str | None
    asset_id: str | None
    state: str
    until: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One alert after an event; ``from_state`` is empty for a new one, ``told`` is who hears of it."""

    row: AlertRow
    event: str
    from_state: str
    reason: str = ""
    told: str = ""


@dataclass(slots=True, kw_only=True)
class SystemFacts:
    """What rules may know of a system. ``roles`` counts its members that drive and are not gone, by role.

    ``told`` are attributes by asset, those of other systems too; ``last_seen_at`` is known for systems that
    have a record, where it was asked for.
    """

    system_id: str
    name: str
    kind: str
    state: str
    first_seen_at: str
    roles: Mapping[str, int]
    owners: Sequence[Owner]
    record: Record | None
    members: Sequence[Member] = ()
    told: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    last_seen_at: str | None = None
    registered_at: str | None = None


def fingerprint(rule: str, subject_id: str, qualifier: str = "", *, subject: str = "system") -> str:
    """Return what makes an alert the same one: rule, the subject's resolved id, and a qualifier."""
    return hashlib.sha256(f"{rule}|{subject}|{subject_id}|{qualifier}".encode()).hexdigest()


def facts(
    conn: Connection,
    system_ids: Collection[str] | None,
    rev: int | None = None,
    *,
    asked: Asked | None = None,
    seen: bool = True,
    entered: bool = True,
) -> list[SystemFacts]:
    """Return what rules may know of the systems (``None``: of all that are not merged), by id.

    ``rev`` is the revision to read at (``None``: now); ``asked`` says which attributes of members to tell,
    ``seen`` whether anybody asks when systems were seen last, ``entered`` when they were registered.
    """
    query = select(system).where(holds(system, rev), system.c.state != "merged")
    if system_ids is not None:
        query = query.where(is_one_of(conn, system.c.system_id, sorted(system_ids)))
    rows = conn.execute(query.order_by(system.c.system_id)).all()
    wanted = None if system_ids is None else [row.system_id for row in rows]
    members = rule_facts.members(conn, wanted, rev)
    people = owners.of_systems(conn, wanted, rev)
    records = oversight.of_systems(conn, wanted, rev)
    is_whole = system_ids is None
    told = rule_facts.attributes(conn, members, asked, rev, whole=is_whole) if asked else {}
    recorded = {one: members[one] for one in records if one in members}
    seen_at = rule_facts.last_seen(conn, recorded, rev, whole=is_whole) if seen else {}
    known = [row.system_id for row in rows if entered and row.state != "candidate"]
    registered = system_rows.registered_at(conn, known, rev) if known else {}
    return [
        SystemFacts(
            system_id=row.system_id,
            name=row.name,
            kind=row.kind,
            state=row.state,
            first_seen_at=row.first_seen_at,
            roles=_roles(members.get(row.system_id, ())),
            owners=people.get(row.system_id, ()),
            record=records.get(row.system_id),
            members=members.get(row.system_id, ()),
            told=told,
            last_seen_at=seen_at.get(row.system_id),
            registered_at=registered.get(row.system_id),
        )
        for row in rows
    ]


def _roles(members: Sequence[Member]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in members:
        if one.drives:
            found[one.role] = found.get(one.role, 0) + 1
    return found


def standing(conn: Connection, system_ids: Collection[str]) -> list[Standing]:
    """Return how the alerts of systems stand, in no order."""
    query = select(*(alert.c[name] for name in Standing._fields))
    query = query.where(is_one_of(conn, alert.c.system_id, sorted(system_ids)))
    return [Standing._make(row) for row in conn.execute(query).all()]


def standing_of_no_system(conn: Connection) -> list[Standing]:
    """Return how the alerts of the organisation stand, and those of assets that were in no system, by id."""
    query = select(*(alert.c[name] for name in Standing._fields)).where(alert.c.system_id.is_(None))
    return [Standing._make(row) for row in conn.execute(query.order_by(alert.c.alert_id)).all()]


def standing_by_fingerprint(conn: Connection, fingerprints: Collection[str]) -> list[Standing]:
    """Return how the alerts with these fingerprints stand, by id."""
    query = select(*(alert.c[name] for name in Standing._fields)).order_by(alert.c.alert_id)
    return [
        Standing._make(row)
        for chunk in chunks(sorted(fingerprints))
        for row in conn.execute(query.where(is_one_of(conn, alert.c.fingerprint, chunk))).all()
    ]


def by_ids(conn: Connection, alert_ids: Collection[str]) -> dict[str, AlertRow]:
    """Return alerts by id."""
    query = select(*(alert.c[name] for name in _COLUMNS))
    return {
        row.alert_id: _row(row)
        for chunk in chunks(sorted(alert_ids))
        for row in conn.execute(query.where(is_one_of(conn, alert.c.alert_id, chunk))).all()
    }


def of_systems(conn: Connection, system_ids: Collection[str] | None) -> list[AlertRow]:
    """Return the alerts of systems (``None``: all), by id."""
    query = select(*(alert.c[name] for name in _COLUMNS)).order_by(alert.c.alert_id)
    if system_ids is not None:
        query = query.where(is_one_of(conn, alert.c.system_id, sorted(system_ids)))
    return [_row(row) for row in conn.execute(query).all()]


def of_no_system(conn: Connection) -> list[AlertRow]:
    """Return the alerts of the organisation, and of assets that were in no system, by id."""
    query = select(*(alert.c[name] for name in _COLUMNS)).where(alert.c.system_id.is_(None))
    return [_row(row) for row in conn.execute(query.order_by(alert.c.alert_id)).all()]


def get(conn: Connection, alert_id: str) -> AlertRow:
    """Return one alert; raises ``LookupError`` when there is none."""
    query = select(*(alert.c[name] for name in _COLUMNS)).where(alert.c.alert_id == alert_id)
    row = conn.execute(query).first()
    if row is None:
        raise LookupError(alert_id)
    return _row(row)


def alerting_roles(conn: Connection) -> tuple[str, ...]:
    """Return the roles of members that make a system alert, as last configured."""
    kept = conn.execute(select(meta.c.value).where(meta.c.key == _ROLES_KEY)).scalar()
    return tuple(kept.split(",")) if kept else ("application",)


def set_alerting_roles(conn: Connection, roles: Collection[str]) -> None:
    """Keep which roles alert, so that decisions between scans judge as the scan does."""
    conn.execute(meta.delete().where(meta.c.key == _ROLES_KEY))
    conn.execute(meta.insert().values(key=_ROLES_KEY, value=",".join(sorted(roles))))


_ROLES_KEY = "roles_that_alert"


def last_revision(conn: Connection) -> int:
    """Return the last revision of the store."""
    return int(conn.execute(select(func.coalesce(func.max(revision.c.rev), 0))).scalar_one())


def all_systems(conn: Connection) -> list[str]:
    """Return the ids of all systems that are not merged, sorted."""
    query = select(system.c.system_id).where(system.c.valid_to.is_(None), system.c.state != "merged")
    return sorted(conn.execute(query).scalars())


def due_systems(conn: Connection, now: str) -> set[str]:
    """Return the systems that time alone changes: a record has lapsed, an acceptance has ended."""
    ended = select(alert.c.system_id).where(alert.c.state.in_(TIMED_STATES), alert.c.until <= now)
    return set(oversight.lapsed(conn, now)) | {one for one in conn.execute(ended).scalars() if one}


def aliases_of(conn: Connection, system_ids: Collection[str] | None) -> dict[str, str]:
    """Return the aliases of systems (``None``: all aliases), alias -> system."""
    query = select(system_alias.c.alias_id, system_alias.c.system_id)
    if system_ids is not None:
        query = query.where(is_one_of(conn, system_alias.c.system_id, sorted(system_ids)))
    return dict(conn.execute(query).all())


def write(conn: Connection, rev: int, now: str, actor: str, changes: Sequence[Change]) -> None:
    """Write alerts and their events, their cases, and the news for whoever is to be told."""
    outbox.tell_changes(conn, now, changes)
    before = cases.homes(conn, changes)
    new = [one.row for one in changes if not one.from_state]
    insert_rows(conn, alert, _COLUMNS, [tuple(getattr(row, name) for name in _COLUMNS) for row in new])
    for one in changes:
        if one.from_state:
            values = {name: getattr(one.row, name) for name in _COLUMNS if name != "alert_id"}
            conn.execute(alert.update().where(alert.c.alert_id == one.row.alert_id).values(values))
    insert_rows(
        conn,
        alert_event,
        _EVENT,
        [
            (
                one.row.alert_id,
                rev,
                now,
                redact(actor),
                one.event,
                one.from_state,
                one.row.state,
                redact(one.reason),
                *(getattr(one.row, name) for name in _STOOD),
            )
            for one in changes
        ],
    )
    cases.follow(conn, now, changes, before)


def reopened(row: AlertRow, *, due_at: str | None, reason: str) -> Change:
    """Return the change that opens an alert again: an event, not a state."""
    after = replace(
        row, state=OPEN, reopen_count=row.reopen_count + 1, resolved_at=None, until=None, due_at=due_at
    )
    return Change(row=after, event="reopened", from_state=row.state, reason=reason)


def resolved(row: AlertRow, *, now: str, reason: str) -> Change:
    """Return the change that resolves an alert."""
    after = replace(row, state=RESOLVED, resolved_at=now, until=None)
    return Change(row=after, event="resolved", from_state=row.state, reason=reason)


def _row(kept: Sequence[Any]) -> AlertRow:
    return AlertRow(**dict(zip(_COLUMNS, kept, strict=True)))

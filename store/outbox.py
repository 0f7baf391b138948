"""Write news for the receivers that want it, in the transaction of what happened.

News is a fact that is told once to every receiver: its ``dedup`` says what makes it the same. Alerts are told
by subject and state: opened, assigned to somebody, resolved, opened again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import select

from connectors import clock
from connectors.secrets import redact
from store import owners, routes
from store.bulk import insert_rows, is_one_of
from store.schema import alert, outbox
from store.temporal import chunks

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from store.alerts import AlertRow, Change
    from store.routes import Route, Routing

_COLUMNS = (
    *("receiver", "dedup_key", "event", "subject_id", "rule", "severity", "owner", "payload"),
    *("created_at", "ready_at", "digest"),
)
_EVENTS = {
    "opened": "alert.opened",
    "reopened": "alert.reopened",
    "resolved": "alert.resolved",
    "acknowledged": "alert.acknowledged",
    "assigned": "alert.assigned",
    "in_review": "alert.in_review",
    "accepted_risk": "alert.accepted",
    "suppressed": "alert.suppressed",
    "false_positive": "alert.false_positive",
    "escalated": "alert.escalated",
    "undone": "alert.undone",
}
"""Which events of an alert are news, and how they are called outside."""
EVENTS = (
    *sorted({*_EVENTS.values(), "alert.expired"}),
    *("system.candidate", "system.registered", "system.changed", "system.retired"),
    *("owner.suggested", "owner.accepted", "owner.declined", "scan.failed"),
    *("attestation.asked", "attestation.reminder", "attestation.overdue", "attestation.answered"),
    "comment.mention",
)
_TOLD = (
    *("alert_id", "rule", "severity", "title", "state", "system_id", "asset_id"),
    *("opened_at", "due_at", "resolved_at", "until", "reopen_count", "assignee"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Something to tell; ``owners`` are those whom it is about, the first of them is told in a digest."""

    event: str
    subject_id: str
    dedup: str
    at: str
    data: Mapping[str, Any]
    rule: str = ""
    severity: str = ""
    owners: tuple[str, ...] = field(default=())


def tell_changes(conn: Connection, now: str, changes: Sequence[Change]) -> None:
    """Write what happened to alerts for the receivers; call it before the alerts are written."""
    routing = routes.kept(conn)
    if not routing.routes:
        return
    telling = [one for one in changes if one.event in _EVENTS]
    expired = _expired(conn, now, telling)
    named = _owners(conn, {one.row.system_id for one in telling if one.row.system_id})
    enqueue(conn, routing, [_news(one, now, expired, named) for one in telling])


def enqueue(conn: Connection, routing: Routing, news: Iterable[News]) -> None:
    """Write news for every receiver that wants it and has not got it."""
    rows = [
        _row(routing, route, one)
        for one in news
        for route in routing.routes
        if route.wants(one.event, one.severity, one.rule, tuple(name.casefold() for name in one.owners))
    ]
    fresh = {row[:2]: row for row in rows}
    for pair in _known(conn, fresh.keys()):
        del fresh[pair]
    insert_rows(conn, outbox, _COLUMNS, list(fresh.values()))


def _known(conn: Connection, pairs: Collection[tuple[str, str]]) -> list[tuple[str, str]]:
    wanted = {key for _, key in pairs}
    found = [
        (row.receiver, row.dedup_key)
        for chunk in chunks(sorted(wanted))
        for row in conn.execute(
            select(outbox.c.receiver, outbox.c.dedup_key).where(is_one_of(conn, outbox.c.dedup_key, chunk))
        ).all()
    ]
    return [pair for pair in found if pair in pairs]


def _row(routing: Routing, route: Route, one: News) -> tuple[Any, ...]:
    at = clock.from_text(one.at)
    cadence = route.cadence(one.severity) if one.severity else ""
    owner = one.owners[0] if one.owners else ""
    if cadence:
        ready = routing.due(cadence, at)
        digest = digest_key(cadence, clock.to_text(ready), owner)
    else:
        ready, digest = at + timedelta(seconds=routing.settle_s), ""
    payload = {"type": one.event, "timestamp": one.at, "data": dict(one.data)}
    return (
        *(route.name, one.dedup, one.event, one.subject_id, one.rule, one.severity, owner),
        *(redact(orjson.dumps(payload).decode()), one.at, clock.to_text(ready), digest),
    )


def digest_key(cadence: str, due_at: str, owner: str) -> str:
    """Return what makes a digest the same one; it names nobody."""
    return f"{cadence}/{due_at[:10]}/{hashlib.sha256(owner.encode()).hexdigest()[:12]}"


def _news(one: Change, now: str, expired: Collection[str], named: Mapping[str, tuple[str, ...]]) -> News:
    row = one.row
    event = "alert.expired" if row.alert_id in expired else _EVENTS[one.event]
    data = {name: getattr(row, name) for name in _TOLD}
    who = tuple(name for name in (one.told, row.assignee, *named.get(row.system_id or "", ())) if name)
    owner = next(iter(named.get(row.system_id or "", ())), None)
    data |= {"from_state": one.from_state or None, "reason": redact(one.reason), "owner": owner}
    if one.told:
        data["told"] = one.told
    return News(
        event=event,
        subject_id=row.alert_id,
        dedup=_dedup(one, row, event),
        at=now,
        data=data,
        rule=row.rule,
        severity=row.severity,
        owners=tuple(dict.fromkeys(who)),
    )


def _dedup(one: Change, row: AlertRow, event: str) -> str:
    told = event.removeprefix("alert.")
    if one.event in ("escalated", "undone"):
        told = f"{one.event}/{hashlib.sha256(one.reason.encode()).hexdigest()[:12]}"
    elif one.event == "assigned":
        told = f"assigned/{hashlib.sha256((row.assignee or '').encode()).hexdigest()[:12]}"
    elif row.until:
        told = f"{told}/{row.until[:10]}"
    return f"{row.alert_id}/{row.reopen_count}/{told}"


def _expired(conn: Connection, now: str, changes: Sequence[Change]) -> set[str]:
    """Return the alerts that are open again because what a person had decided has ended."""
    again = sorted(one.row.alert_id for one in changes if one.event == "reopened")
    found: set[str] = set()
    for chunk in chunks(again):
        query = select(alert.c.alert_id).where(is_one_of(conn, alert.c.alert_id, chunk))
        found |= set(conn.execute(query.where(alert.c.until <= now)).scalars())
    return found


def _owners(conn: Connection, system_ids: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return who answers for systems, the accountable ones first."""
    if not system_ids:
        return {}
    found: dict[str, tuple[str, ...]] = {}
    for system_id, rows in owners.of_systems(conn, sorted(system_ids)).items():
        accepted = sorted((one for one in rows if one.is_accepted), key=lambda one: one.role != "accountable")
        found[system_id] = tuple(dict.fromkeys(one.party.label for one in accepted))
    return found

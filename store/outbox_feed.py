"""Tell what became of systems, owners and runs since it was last told.

Read from their history by revision, in the transaction that moves the mark on: told once, whoever wrote it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, select

from store import outbox, routes
from store.outbox import News
from store.schema import owner, party, revision, run, run_scope, scope, system

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from store.database import Store

_TO_STATE = {
    "registered": "system.registered",
    "governed": "system.registered",
    "retired": "system.retired",
    "rejected": "system.retired",
}
_SUGGESTED = 0.8
"""From which confidence on a candidate is worth telling; weaker ones wait in the listings."""


def follow(store: Store) -> int:
    """Write news of systems, owners and runs for the receivers; return how many things were news."""
    with store.read() as tx:
        since, last = _mark(tx.conn), _last(tx.conn)
        if not routes.kept(tx.conn).routes or since[0] >= last[0]:
            return 0
    with store.begin() as conn:
        routing, since, last = routes.kept(conn), _mark(conn), _last(conn)
        news = [*_systems(conn, since[0]), *_owners(conn, since[0]), *_runs(conn, since[1])]
        outbox.enqueue(conn, routing, news)
        routes.put_meta(conn, routes.CURSOR, f"{last[0]} {last[1]}")
    return len(news)


def _mark(conn: Connection) -> tuple[int, str]:
    rev, _, at = routes.get_meta(conn, routes.CURSOR).partition(" ")
    return int(rev or 0), at


def _last(conn: Connection) -> tuple[int, str]:
    row = conn.execute(select(revision.c.rev, revision.c.at).order_by(revision.c.rev.desc()).limit(1)).first()
    return (row.rev, row.at) if row else (0, "")


def _systems(conn: Connection, since: int) -> Iterator[News]:
    before = system.alias("before")
    same = and_(before.c.system_id == system.c.system_id, before.c.valid_to == system.c.valid_from)
    told = ("system_id", "name", "kind", "state", "merged_into")
    query = (
        select(
            *(system.c[name] for name in told),
            system.c.valid_from,
            revision.c.at,
            *(before.c[name].label(f"old_{name}") for name in ("name", "kind", "state")),
        )
        .join(revision, revision.c.rev == system.c.valid_from)
        .outerjoin(before, same)
        .where(system.c.valid_from > since)
        .order_by(system.c.valid_from, system.c.system_id)
    )
    for row in conn.execute(query):
        event = _system_event(row)
        if event:
            data = {name: getattr(row, name) for name in told} | {"from_state": row.old_state}
            dedup = f"{row.system_id}/{event}/{row.valid_from}"
            yield News(event=event, subject_id=row.system_id, dedup=dedup, at=row.at, data=data)


def _system_event(row: Any) -> str:
    if row.old_state is None:
        return "system.candidate" if row.state == "candidate" else _TO_STATE.get(row.state, "")
    if row.old_state != row.state:
        both = {row.old_state, row.state}
        return (
            "system.changed"
            if both <= {"registered", "governed"}
            else _TO_STATE.get(row.state, "system.changed")
        )
    return "system.changed" if (row.old_name, row.old_kind) != (row.name, row.kind) else ""


def _owners(conn: Connection, since: int) -> Iterator[News]:
    columns = (
        "system_id",
        "role",
        "party_id",
        "source",
        "confidence",
        "accepted_at",
        "ended_at",
        "valid_from",
    )
    label = func.coalesce(party.c.email, party.c.handle, party.c.name, party.c.party_id).label("label")
    query = (
        select(*(owner.c[name] for name in columns), label, revision.c.at)
        .join(party, party.c.party_id == owner.c.party_id)
        .join(revision, revision.c.rev == owner.c.valid_from)
        .where(owner.c.valid_from > since)
        .order_by(owner.c.owner_no)
    )
    for row in conn.execute(query):
        event = _owner_event(row)
        if event:
            # A candidate is suggested once, however the evidence for it grows.
            again = "" if event == "owner.suggested" else f"/{row.valid_from}"
            data = {"system_id": row.system_id, "owner": row.label, "role": row.role}
            data |= {"source": row.source, "confidence": row.confidence}
            yield News(
                event=event,
                subject_id=row.system_id,
                dedup=f"{row.system_id}/{row.party_id}/{row.role}/{event}{again}",
                at=row.at,
                data=data,
                owners=(row.label,),
            )


def _owner_event(row: Any) -> str:
    if row.ended_at is not None:
        return "" if row.accepted_at else "owner.declined"
    if row.accepted_at:
        return "owner.accepted"
    return "owner.suggested" if row.confidence >= _SUGGESTED else ""


def _runs(conn: Connection, since: str) -> Iterator[News]:
    query = (
        select(run.c.run_id, run.c.state, run.c.trigger, run.c.ended_at, scope.c.key, run_scope.c.error)
        .outerjoin(run_scope, and_(run_scope.c.run_id == run.c.run_id, run_scope.c.state == "failed"))
        .outerjoin(scope, scope.c.scope_no == run_scope.c.scope_no)
        .where(run.c.ended_at >= since)
        .order_by(run.c.run_id, scope.c.key)
    )
    failed: dict[str, dict[str, Any]] = {}
    for row in conn.execute(query):
        if row.state == "failed" or row.key is not None:
            told = failed.setdefault(
                row.run_id,
                {
                    "run_id": row.run_id,
                    "state": row.state,
                    "trigger": row.trigger,
                    "at": row.ended_at,
                    "scopes": [],
                },
            )
            if row.key is not None:
                told["scopes"].append({"scope": row.key, "error": row.error})
    for run_id, told in failed.items():
        at = told.pop("at")
        yield News(event="scan.failed", subject_id=run_id, dedup=f"{run_id}/failed", at=at, data=told)

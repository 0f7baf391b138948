"""Keep the calendar: what is due when, and who has claimed it.

One row for each scheduled connector instance, and one for each claimed due time: unique, so that however
many daemons believe they lead, a due time is run once. Due times are computed by the caller.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, insert, select, update

from connectors import clock
from store.database import Store
from store.leadership import leads
from store.schema_schedule import schedule, schedule_run

MOST_RESUMED = 3
"""So many claims in a row that nobody finished, and the next one waits for its regular time."""

Key = tuple[str, str]
"""Connector and instance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One scheduled instance: its specification (text) and when it is due next (UTC)."""

    connector: str
    instance: str
    spec: str
    next_due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A due time (UTC) that one daemon has taken; ``number`` identifies it in the store."""

    number: int
    connector: str
    instance: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PastClaim:
    """A claim as it is kept: times in UTC; ``run_id`` is empty for a failed one, ``None`` if unfinished."""

    connector: str
    instance: str
    due_at: datetime
    holder: str
    claimed_at: datetime
    done_at: datetime | None
    run_id: str | None


def sync(store: Store, wanted: Mapping[Key, tuple[str, datetime]]) -> None:
    """Make the calendar hold exactly ``wanted``: key -> (specification, first due time).

    An entry whose specification stands keeps its next due time, so a restart changes nothing.
    """
    with store.begin() as conn:
        known = {(row.connector, row.instance): row.spec for row in conn.execute(select(schedule))}
        for key in known.keys() - wanted.keys():
            conn.execute(delete(schedule).where(_is(schedule, key)))
        for key, (spec, first) in sorted(wanted.items()):
            values = {"spec": spec, "next_due_at": clock.to_text(first)}
            if key not in known:
                conn.execute(insert(schedule).values(connector=key[0], instance=key[1], **values))
            elif known[key] != spec:
                conn.execute(update(schedule).where(_is(schedule, key)).values(**values))


def entries(store: Store) -> list[Entry]:
    """Return the calendar, what is due first coming first."""
    with store.read() as tx:
        rows = tx.conn.execute(
            select(schedule).order_by(schedule.c.next_due_at, schedule.c.connector, schedule.c.instance)
        )
        return [
            Entry(
                connector=row.connector,
                instance=row.instance,
                spec=row.spec,
                next_due_at=clock.from_text(row.next_due_at),
            )
            for row in rows
        ]


def claim(store: Store, entry: Entry, *, holder: str, epoch: int, next_due_at: datetime) -> Claim | None:
    """Take a due time and set the next one; ``None`` when someone else was faster or leads now.

    What the entry missed in the meantime is not made up for: one claim stands for all of it.
    """
    key = (entry.connector, entry.instance)
    due_at = clock.to_text(entry.next_due_at)
    with store.begin() as conn:
        if not leads(conn, holder, epoch):
            return None
        is_as_read = and_(_is(schedule, key), schedule.c.next_due_at == due_at)
        moved = conn.execute(
            update(schedule).where(is_as_read).values(next_due_at=clock.to_text(next_due_at))
        )
        taken = select(schedule_run.c.schedule_run_no).where(
            _is(schedule_run, key), schedule_run.c.due_at == due_at
        )
        if moved.rowcount != 1 or conn.execute(taken).first() is not None:
            return None
        conn.execute(
            insert(schedule_run).values(
                connector=key[0],
                instance=key[1],
                due_at=due_at,
                holder=holder,
                claimed_at=clock.to_text(clock.now()),
            )
        )
        number = conn.execute(taken).scalar_one()
    return Claim(number=number, connector=key[0], instance=key[1], due_at=entry.next_due_at)


def finish(store: Store, done: Claim, run_id: str) -> None:
    """Note that a claim's scan has ended; ``run_id`` is empty when it failed before it had a run."""
    with store.begin() as conn:
        conn.execute(
            update(schedule_run)
            .where(schedule_run.c.schedule_run_no == done.number)
            .values(run_id=run_id, done_at=clock.to_text(clock.now()))
        )


def put_back(store: Store, interrupted: Claim) -> None:
    """Give up a claim whose scan was interrupted and make it due again at once."""
    with store.begin() as conn:
        _give_up(conn, (interrupted.connector, interrupted.instance), [interrupted.number])


def put_back_lost(store: Store, holder: str) -> list[Key]:
    """Give up the unfinished claims of all but ``holder`` and make them due again; return which.

    For a new leader: who claimed before it is gone. What was given up :data:`MOST_RESUMED` times in a
    row waits for its regular time, for it may be what kills the daemons.
    """
    with store.begin() as conn:
        rows = conn.execute(
            select(schedule_run)
            .where(schedule_run.c.done_at.is_(None), schedule_run.c.holder != holder)
            .order_by(schedule_run.c.schedule_run_no)
        ).all()
        lost: dict[Key, list[int]] = {}
        for row in rows:
            lost.setdefault((row.connector, row.instance), []).append(row.schedule_run_no)
        for key, numbers in lost.items():
            _give_up(conn, key, numbers)
    return sorted(lost)


def history(store: Store, *, limit: int = 50) -> list[PastClaim]:
    """Return the newest claims, the newest first."""
    with store.read() as tx:
        rows = tx.conn.execute(
            select(schedule_run).order_by(schedule_run.c.schedule_run_no.desc()).limit(limit)
        )
        return [_past(row) for row in rows]


def _give_up(conn: Connection, key: Key, numbers: Iterable[int]) -> None:
    now = clock.to_text(clock.now())
    conn.execute(
        update(schedule_run).where(schedule_run.c.schedule_run_no.in_(list(numbers))).values(done_at=now)
    )
    last = conn.execute(
        select(schedule_run.c.run_id)
        .where(_is(schedule_run, key))
        .order_by(schedule_run.c.schedule_run_no.desc())
        .limit(MOST_RESUMED)
    ).all()
    if len(last) == MOST_RESUMED and all(row.run_id is None for row in last):
        return
    conn.execute(
        update(schedule).where(_is(schedule, key), schedule.c.next_due_at > now).values(next_due_at=now)
    )


def _is(table: Table, key: Key) -> ColumnElement[bool]:
    return and_(table.c.connector == key[0], table.c.instance == key[1])


def _past(row: Any) -> PastClaim:
    return PastClaim(
        connector=row.connector,
        instance=row.instance,
        due_at=clock.from_text(row.due_at),
        holder=row.holder,
        claimed_at=clock.from_text(row.claimed_at),
        done_at=clock.from_text(row.done_at) if row.done_at else None,
        run_id=row.run_id,
    )

"""Make messages of the news that waits, and let one sender at a time have each of them.

A message keeps its news and its id whatever happens to its sender: who takes it up sends the same again under
the same id. A claim ends with its sender's process, or after a while.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select

from connectors import clock
from connectors.secrets import redact
from normalizer import ids
from store import leases, outbox, routes
from store.bulk import insert_rows, is_one_of
from store.schema import delivery
from store.schema import outbox as table
from store.temporal import chunks

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from store.database import Store
    from store.routes import Routing

WAITING, DONE, DEAD = "waiting", "done", "dead"
CLAIM_S = 300.0
"""How long a sender on another machine may be silent before its message is taken up by somebody else."""
_LONGEST_WAIT = timedelta(minutes=10)
_ERROR_CHARS = 500
_AT_ONCE = 20_000
_COLUMNS = ("delivery_id", "receiver", "kind", "digest", "created_at", "state", "next_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One piece of news in a message; ``payload`` is JSON text."""

    event: str
    subject_id: str
    rule: str
    severity: str
    owner: str
    payload: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message as it stands; times are UTC texts."""

    delivery_id: str
    receiver: str
    kind: str
    digest: str
    state: str
    created_at: str
    next_at: str
    attempts: int
    done_at: str | None
    last_error: str
    items: Sequence[Item] = ()


def plan(store: Store, now: datetime, *, at_once: bool = False) -> int:
    """Make messages of the news that is ready and return how many; ``at_once`` waits for no run to end."""
    with store.read() as tx:
        if not _open_rows(tx.conn, now, at_once=at_once):
            return 0
    with store.begin() as conn:
        routing = routes.kept(conn)
        rows = _open_rows(conn, now, at_once=at_once)
        made = [*_singles(rows, routing, now, at_once=at_once), *_digests(conn, rows, routing)]
        at = clock.to_text(now)
        insert_rows(
            conn,
            delivery,
            _COLUMNS,
            [(one.id, one.receiver, one.kind, one.digest, at, WAITING, at) for one in made],
        )
        for one in made:
            for chunk in chunks(one.rows):
                which = is_one_of(conn, table.c.outbox_no, chunk)
                conn.execute(table.update().where(which).values(delivery_id=one.id))
    return len(made)


@dataclass(frozen=True, slots=True)
class _Made:
    id: str
    receiver: str
    kind: str
    digest: str
    rows: list[int]


def _open_rows(conn: Connection, now: datetime, *, at_once: bool) -> Sequence[Row[Any]]:
    ready = table.c.ready_at <= clock.to_text(now)
    # News told at once is looked at as a whole: what still settles belongs to what is ready.
    query = select(table).where(table.c.delivery_id.is_(None), or_(ready, table.c.digest == ""))
    return conn.execute(query.order_by(table.c.outbox_no).limit(_AT_ONCE)).all()


def _singles(rows: Iterable[Row[Any]], routing: Routing, now: datetime, *, at_once: bool) -> Iterable[_Made]:
    groups: dict[tuple[str, str, str], list[Row[Any]]] = defaultdict(list)
    for row in rows:
        if not row.digest:
            groups[row.receiver, row.event, row.rule].append(row)
    late = clock.to_text(now - _LONGEST_WAIT)
    soon = clock.to_text(now)
    # A clock that went back must not hold news for as long as it went.
    never = clock.to_text(now + _LONGEST_WAIT)
    for (receiver, _, _), group in groups.items():
        settles = any(soon < row.ready_at <= never for row in group)
        if settles and not at_once and min(row.created_at for row in group) > late:
            continue
        numbers = [row.outbox_no for row in group]
        if len(group) > routing.storm_limit:
            yield _Made(ids.mint("msg"), receiver, "rollup", "", numbers)
        else:
            yield from (_Made(ids.mint("msg"), receiver, "single", "", [number]) for number in numbers)


def _digests(conn: Connection, rows: Iterable[Row[Any]], routing: Routing) -> Iterable[_Made]:
    groups: dict[tuple[str, str], list[Row[Any]]] = defaultdict(list)
    for row in rows:
        if row.digest:
            groups[row.receiver, row.digest].append(row)
    for (receiver, digest), group in groups.items():
        told = select(delivery.c.delivery_id).where(
            delivery.c.receiver == receiver, delivery.c.digest == digest
        )
        numbers = [row.outbox_no for row in group]
        if conn.execute(told).first() is None:
            yield _Made(ids.mint("msg"), receiver, "digest", digest, numbers)
            continue
        # This day's was told before the clock went back: one digest a day, so it waits for the next.
        cadence = digest.partition("/")[0]
        due = clock.to_text(routing.due(cadence, clock.from_text(group[0].ready_at)))
        later = {"ready_at": due, "digest": outbox.digest_key(cadence, due, group[0].owner)}
        conn.execute(table.update().where(is_one_of(conn, table.c.outbox_no, numbers)).values(later))


def claim(
    store: Store, holder: str, receivers: Collection[str], now: datetime, but_not: Collection[str] = ()
) -> Delivery | None:
    """Take the oldest message that is due for one of the receivers, or ``None``."""
    wanted = sorted(set(receivers) - set(but_not))
    if not wanted:
        return None
    at = clock.to_text(now)
    query = (
        select(delivery)
        .where(delivery.c.state == WAITING, delivery.c.next_at <= at)
        .order_by(delivery.c.next_at, delivery.c.delivery_id)
    )
    with store.read() as tx:
        if not _free(tx.conn.execute(query.where(is_one_of(tx.conn, delivery.c.receiver, wanted))).all(), at):
            return None
    with store.begin() as conn:
        rows = conn.execute(query.where(is_one_of(conn, delivery.c.receiver, wanted)).limit(1_000)).all()
        row = _free(rows, at)
        if row is None:
            return None
        until = clock.to_text(now + timedelta(seconds=CLAIM_S))
        values = {"claimed_by": holder, "claimed_until": until, "attempts": row.attempts + 1}
        conn.execute(delivery.update().where(delivery.c.delivery_id == row.delivery_id).values(values))
        return _read(conn, row, attempts=row.attempts + 1)


def _free(rows: Sequence[Row[Any]], at: str) -> Row[Any] | None:
    for row in rows:
        if row.claimed_by is None or (row.claimed_until or "") <= at or leases.is_dead(row.claimed_by):
            return row
    return None


def finish(store: Store, delivery_id: str, holder: str, now: datetime) -> bool:
    """Note that a message has arrived; says whether the claim was still the sender's."""
    values = {"state": DONE, "done_at": clock.to_text(now), "last_error": ""}
    return _settle(store, delivery_id, holder, values)


def fail(store: Store, delivery_id: str, holder: str, *, error: str, next_at: datetime | None) -> bool:
    """Note that a message has not arrived; without ``next_at`` it is given up."""
    values: dict[str, Any] = {"last_error": redact(error)[:_ERROR_CHARS]}
    values |= {"state": DEAD} if next_at is None else {"next_at": clock.to_text(next_at)}
    return _settle(store, delivery_id, holder, values)


def _settle(store: Store, delivery_id: str, holder: str, values: dict[str, Any]) -> bool:
    mine = (delivery.c.delivery_id == delivery_id) & (delivery.c.claimed_by == holder)
    values |= {"claimed_by": None, "claimed_until": None}
    with store.begin() as conn:
        return (
            conn.execute(delivery.update().where(mine, delivery.c.state == WAITING).values(values)).rowcount
            > 0
        )


def listed(conn: Connection, states: Collection[str] = (), receiver: str | None = None) -> list[Delivery]:
    """Return messages with their news, the newest first."""
    query = select(delivery).order_by(delivery.c.created_at.desc(), delivery.c.delivery_id.desc())
    if states:
        query = query.where(delivery.c.state.in_(sorted(states)))
    if receiver is not None:
        query = query.where(delivery.c.receiver == receiver)
    return [_read(conn, row) for row in conn.execute(query.limit(1_000)).all()]


def revive(conn: Connection, which: Collection[str], now: datetime) -> int:
    """Let messages that were given up, or that wait for their next try, be due now; return how many."""
    values = {"state": WAITING, "attempts": 0, "next_at": clock.to_text(now)}
    chosen = is_one_of(conn, delivery.c.delivery_id, sorted(which))
    return conn.execute(delivery.update().where(chosen, delivery.c.state != DONE).values(values)).rowcount


def waiting(conn: Connection) -> dict[str, int]:
    """Count what has no message yet, by receiver."""
    query = select(table.c.receiver, func.count()).where(table.c.delivery_id.is_(None))
    return dict(conn.execute(query.group_by(table.c.receiver)).all())


def _read(conn: Connection, row: Row[Any], *, attempts: int | None = None) -> Delivery:
    names = ("event", "subject_id", "rule", "severity", "owner", "payload")
    found = conn.execute(
        select(*(table.c[name] for name in names))
        .where(table.c.delivery_id == row.delivery_id)
        .order_by(table.c.outbox_no)
    )
    items = tuple(Item(**one._mapping) for one in found)
    values = {
        name: getattr(row, name)
        for name in Delivery.__dataclass_fields__
        if name not in ("items", "attempts")
    }
    return Delivery(**values, attempts=row.attempts if attempts is None else attempts, items=items)

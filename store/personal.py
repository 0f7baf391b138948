"""Forget how single people used AI once it is old, and what was told to receivers long ago.

Rows are changed in place, past versions too: what they said of people is not to be read back. The audit log
names people by id only and is not touched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select

from connectors import clock
from normalizer import personal
from store import systems
from store.bulk import is_one_of
from store.database import revision_at
from store.owners import INFERRED
from store.schema import delivery, outbox, owner, sighting
from store.text import decode_content, encode_content

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from store.database import Store, WriteTx

_CHUNK = 500
_EMPTY = "{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """How many rows no longer name a person, or would not; ``proposals`` are of owners, for their use."""

    sightings: int
    proposals: int
    news: int

    @property
    def total(self) -> int:
        """Return how many rows in all."""
        return sum(asdict(self).values())


def forget(
    store: Store,
    older_than: datetime,
    *,
    actor: str,
    log: Callable[[WriteTx, Forgotten], None],
    dry_run: bool = False,
) -> Forgotten:
    """Take people's use out of sightings that ended, or were last used, before ``older_than``.

    What was delivered before is emptied; that it was told is kept, so that it is not told twice. ``log``
    writes the audit entry inside the last transaction.
    """
    moment = clock.to_text(older_than)
    with store.read() as tx:
        rev = revision_at(tx.conn, older_than)
        changes = _changes(tx.conn, rev, moment)
        told = list(tx.conn.execute(select(outbox.c.outbox_no).where(_delivered(moment))).scalars())
        proposals = tx.conn.execute(
            select(func.count()).select_from(owner).where(_proposed(moment))
        ).scalar_one()
    forgotten = Forgotten(sightings=len(changes), proposals=proposals, news=len(told))
    if dry_run:
        return forgotten
    for start in range(0, len(changes), _CHUNK):
        _write(store, changes[start : start + _CHUNK])
    for start in range(0, len(told), _CHUNK):
        with store.begin() as conn:
            chosen = is_one_of(conn, outbox.c.outbox_no, told[start : start + _CHUNK])
            conn.execute(outbox.update().where(chosen).values(payload=_EMPTY, owner=""))
    systems.regroup(store, sorted({one.asset_id for one, _ in changes}), actor=actor)
    with store.write(actor=actor, kind="prune") as write:
        write.conn.execute(owner.update().where(_proposed(moment)).values(reason=""))
        log(write, forgotten)
    return forgotten


def _changes(conn: Connection, rev: int, moment: str) -> list[tuple[Any, str]]:
    """Return the sightings that still name people, with what they say without them."""
    holds = or_(*(sighting.c.payload.contains(mark, autoescape=True) for mark in personal.marks()))
    query = select(sighting.c.sighting_no, sighting.c.asset_id, sighting.c.payload, sighting.c.valid_to)
    found = []
    for row in conn.execute(query.where(holds, sighting.c.valid_from <= rev)).all():
        content = decode_content(row.payload)
        used_at = content.usage.last_used_at if content.usage else None
        is_over = row.valid_to is not None and row.valid_to <= rev
        if not is_over and (row.valid_to is not None or (used_at and clock.to_text(used_at) >= moment)):
            continue
        text = encode_content(personal.without_people(content))
        if text != row.payload:
            found.append((row, text))
    return found


def _write(store: Store, changes: list[tuple[Any, str]]) -> None:
    with store.begin() as conn:
        for row, text in changes:
            same = (sighting.c.sighting_no == row.sighting_no) & (sighting.c.payload == row.payload)
            conn.execute(sighting.update().where(same).values(payload=text))


def _proposed(moment: str) -> ColumnElement[bool]:
    """Name the proposals that have ended and say of somebody that they used a thing."""
    says = or_(*(owner.c.reason.contains(one, autoescape=True) for one in personal.reasons()))
    ended = owner.c.valid_to.is_not(None) & (owner.c.source == INFERRED) & (owner.c.assigned_at < moment)
    return ended & says


def _delivered(moment: str) -> ColumnElement[bool]:
    done = select(delivery.c.delivery_id).where(delivery.c.state == "done", delivery.c.done_at < moment)
    return outbox.c.delivery_id.in_(done) & (outbox.c.payload != _EMPTY)

"""Find a decision on many by what somebody calls it, and say whether it can still be taken back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from connectors import clock
from connectors.secrets import redact
from discovery.service.errors import Ambiguous, DecisionError, NotFound
from store import audit, batches
from store.audit import Entry
from store.batches import Batch

if TYPE_CHECKING:
    from store.audit import Actor
    from store.database import ReadTx, Store

UNDO_WITHIN = timedelta(hours=24)
MOST_LISTED = 50
LATEST = "latest"
"""The decision that somebody made last."""


def to_undo(
    tx: ReadTx, ref: str, actor: Actor, actions: Collection[str], now: datetime, *, noun: str
) -> Batch:
    """Return the decision on many that is meant and can be taken back.

    ``ref`` is an id, a unique beginning of one, or ``latest`` for the newest of this person; ``actions`` are
    those on this ``noun``. Raises ``NotFound``, ``Ambiguous``, or ``DecisionError`` when it is too late.
    """
    one = _newest(tx, actor, actions, noun) if ref == LATEST else _named(tx, ref, actions, noun)
    if one.undone_at:
        raise DecisionError(f"{one.batch_id} was undone already")
    if state_of(one, now) == "too_old":
        raise DecisionError(
            f"{one.batch_id} was decided more than 24 hours ago", hint=f"Decide anew: aicensus {noun} bulk"
        )
    return one


def state_of(one: Batch, now: datetime) -> str:
    """Say of a decision on many whether it is done, undone, or too old to be undone."""
    if one.undone_at:
        return "undone"
    return "too_old" if clock.from_text(one.made_at) + UNDO_WITHIN < now else "done"


def _newest(tx: ReadTx, actor: Actor, actions: Collection[str], noun: str) -> Batch:
    mine = redact(actor.label)
    for one, _, _ in batches.latest(tx.conn, MOST_LISTED, actions):
        if one.made_by == mine and one.undone_at is None:
            return one
    hint = f"See: aicensus {noun} bulk list"
    raise NotFound("you decided nothing on many that is not undone", hint=hint)


def _named(tx: ReadTx, ref: str, actions: Collection[str], noun: str) -> Batch:
    known = batches.matching(tx.conn, ref)
    rows = [one for one in known if one.action in actions]
    if not rows:
        other = "systems" if noun == "alerts" else "alerts"
        hint = (
            f"It was on {other}: aicensus {other} bulk" if known else f"List them: aicensus {noun} bulk list"
        )
        raise NotFound(f"there is no decision on many {noun} {ref!r}", hint=hint)
    if len(rows) > 1:
        raise Ambiguous(f"{ref!r} may mean several decisions", hint="Use the whole id.")
    return rows[0]


def close(
    store: Store,
    one: Batch,
    noun: str,
    *,
    restored: int,
    left: int,
    actor: Actor,
    reason: str,
    now: datetime | None,
) -> None:
    """Write down, in a transaction of its own, that a decision on many was taken back, and how much of it."""
    with store.write(actor=actor.name, kind="decision") as tx:
        at = clock.to_text(now) if now else tx.now
        batches.close(tx.conn, one.batch_id, at)
        told = {noun: restored, "left": left}
        entry = Entry(action="batch.undo", object=one.batch_id, reason=reason, new=dict(told))
        audit.append(tx.conn, actor, entry, at=at)

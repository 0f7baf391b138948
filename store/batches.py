"""Keep what was decided on many subjects at once: what each was before and after, to undo it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from connectors.secrets import redact
from store.bulk import insert_rows, is_one_of
from store.schema import batch, batch_item
from store.temporal import chunks

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One decision on many; ``undone_at`` is set when all that could be taken back was."""

    batch_id: str
    action: str
    what: str
    made_by: str
    made_at: str
    undone_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What one subject was before and after: the name of a unit, a version of its record, or of an alert.

    Of an alert: the number of its event before, and the revision of the one that the decision made.
    """

    batch_id: str
    subject_id: str
    before: str
    after: str
    undone_at: str | None = None


_BATCH = tuple(Batch.__dataclass_fields__)
_ITEM = tuple(Item.__dataclass_fields__)


def put(conn: Connection, one: Batch, items: Sequence[Item]) -> None:
    """Write items of a batch, and the batch itself with its first ones."""
    known = conn.execute(select(batch.c.batch_id).where(batch.c.batch_id == one.batch_id)).first()
    if known is None:
        values = {name: getattr(one, name) for name in _BATCH} | {"made_by": redact(one.made_by)}
        conn.execute(batch.insert().values(values))
    insert_rows(conn, batch_item, _ITEM, [tuple(getattr(item, name) for name in _ITEM) for item in items])


def latest(conn: Connection, most: int, actions: Collection[str]) -> list[tuple[Batch, int, int]]:
    """Return the newest batches of some actions: how many subjects each has, how many were taken back."""
    rows = conn.execute(
        select(batch, func.count(batch_item.c.subject_id), func.count(batch_item.c.undone_at))
        .join(batch_item, batch_item.c.batch_id == batch.c.batch_id)
        .where(batch.c.action.in_(sorted(actions)))
        .group_by(*batch.c)
        .order_by(batch.c.made_at.desc(), batch.c.batch_id.desc())
        .limit(most)
    )
    return [(_batch(row), row[-2], row[-1]) for row in rows]


def matching(conn: Connection, ref: str) -> list[Batch]:
    """Return the batches whose id begins like this, a few at most."""
    query = select(batch).where(batch.c.batch_id.startswith(ref, autoescape=True)).limit(5)
    return [_batch(row) for row in conn.execute(query.order_by(batch.c.batch_id))]


def left(conn: Connection, batch_id: str, subject_ids: Collection[str] | None = None) -> list[Item]:
    """Return the items of a batch (``subject_ids``: those of these) that were not taken back, by subject."""
    query = select(batch_item).where(batch_item.c.batch_id == batch_id, batch_item.c.undone_at.is_(None))
    if subject_ids is not None:
        query = query.where(is_one_of(conn, batch_item.c.subject_id, sorted(subject_ids)))
    return [Item(**row._mapping) for row in conn.execute(query.order_by(batch_item.c.subject_id))]


def mark(conn: Connection, batch_id: str, subject_ids: Collection[str], at: str) -> None:
    """Note that items were taken back."""
    for chunk in chunks(sorted(subject_ids)):
        mine = (batch_item.c.batch_id == batch_id) & is_one_of(conn, batch_item.c.subject_id, chunk)
        conn.execute(batch_item.update().where(mine).values(undone_at=at))


def close(conn: Connection, batch_id: str, at: str) -> None:
    """Note that a batch was taken back as far as it could be."""
    conn.execute(batch.update().where(batch.c.batch_id == batch_id).values(undone_at=at))


def _batch(row: object) -> Batch:
    kept = row._mapping  # type: ignore[attr-defined]
    return Batch(**{name: kept[name] for name in _BATCH})

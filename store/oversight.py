"""Keep the oversight record of a system: the answers, who confirmed them, and until when they stand.

``record`` is a JSON object of fields by dotted name, each ``{value, source, by, at, confidence}``: ``source``
is human, import or default, ``by`` a party. An entry may hold what evidence says otherwise (``conflict``) and
what of it the person knew (``seen``). One row holds at a time; every change closes it and opens the next.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson
from sqlalchemy import select

from connectors.model import Json
from store.bulk import is_one_of
from store.schema import oversight, review
from store.temporal import chunks, holds

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One version of a system's record.

    ``complete`` is what was found when it was written; it stands until ``next_review_at`` (a UTC text: the
    end of the review day where the organisation is). ``version`` counts what people changed, from 1: who
    writes names the version they read, so that two people do not overwrite each other.
    """

    system_id: str
    fields: Mapping[str, Mapping[str, Json]]
    complete: bool
    next_review_at: str | None
    confirmed_by: str | None
    confirmed_at: str | None
    withdrawn_at: str | None
    version: int = 1

    def value(self, name: str) -> Json:
        """Return a field's value, ``None`` when nobody gave it."""
        return self.fields.get(name, {}).get("value")

    @property
    def conflicts(self) -> tuple[str, ...]:
        """Return the fields where evidence says otherwise than the person, sorted."""
        return tuple(sorted(name for name, entry in self.fields.items() if entry.get("conflict")))

    def stands(self, now: str) -> bool:
        """Say whether the record is complete at a moment."""
        return self.complete and self.withdrawn_at is None and (self.next_review_at or "") > now


def of_systems(
    conn: Connection, system_ids: Collection[str] | None, rev: int | None = None
) -> dict[str, Record]:
    """Return the holding record of each system that has one (``None``: of all)."""
    query = select(oversight).where(holds(oversight, rev))
    queries = (
        [query]
        if system_ids is None
        else [
            query.where(is_one_of(conn, oversight.c.system_id, chunk)) for chunk in chunks(sorted(system_ids))
        ]
    )
    return {row.system_id: _record(row) for one in queries for row in conn.execute(one).all()}


def recorded(conn: Connection) -> set[str]:
    """Return the systems of which there is a record."""
    return set(conn.execute(select(oversight.c.system_id).where(oversight.c.valid_to.is_(None))).scalars())


def of_version(conn: Connection, system_id: str, version: int) -> Record | None:
    """Return the last row of a version of a system's record."""
    query = select(oversight).where(oversight.c.system_id == system_id, oversight.c.version == version)
    row = conn.execute(query.order_by(oversight.c.oversight_no.desc()).limit(1)).first()
    return _record(row) if row else None


def put(conn: Connection, rev: int, record: Record) -> None:
    """Make a record the one that holds from a revision on."""
    current = oversight.update().where(
        oversight.c.system_id == record.system_id, oversight.c.valid_to.is_(None)
    )
    conn.execute(current.values(valid_to=rev))
    conn.execute(
        oversight.insert().values(
            system_id=record.system_id,
            record=orjson.dumps(dict(record.fields), option=orjson.OPT_SORT_KEYS).decode(),
            complete=record.complete,
            next_review_at=record.next_review_at,
            confirmed_by=record.confirmed_by,
            confirmed_at=record.confirmed_at,
            withdrawn_at=record.withdrawn_at,
            version=record.version,
            valid_from=rev,
        )
    )


def add_review(
    conn: Connection,
    rev: int,
    now: str,
    system_id: str,
    by_party: str,
    *,
    outcome: str,
    next_due_at: str | None,
) -> None:
    """Note that a person looked at a record; reviews are only ever added."""
    conn.execute(
        review.insert().values(
            system_id=system_id, at=now, by_party=by_party, outcome=outcome, next_due_at=next_due_at, rev=rev
        )
    )


def lapsed(conn: Connection, now: str) -> list[str]:
    """Return the systems whose complete record's review day has passed and nobody has noted it yet."""
    query = select(oversight.c.system_id).where(
        oversight.c.valid_to.is_(None), oversight.c.complete, oversight.c.next_review_at <= now
    )
    return sorted(conn.execute(query).scalars())


def _record(row: object) -> Record:
    kept = row._mapping  # type: ignore[attr-defined]
    return Record(
        system_id=kept["system_id"],
        fields=orjson.loads(kept["record"]),
        complete=kept["complete"],
        next_review_at=kept["next_review_at"],
        confirmed_by=kept["confirmed_by"],
        confirmed_at=kept["confirmed_at"],
        withdrawn_at=kept["withdrawn_at"],
        version=kept["version"],
    )

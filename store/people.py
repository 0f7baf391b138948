"""Gather and erase what is kept about one person; the audit log keeps ids only, so its chain stays whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import String, cast, func, or_, select

from store.parties import Party, from_row
from store.schema import (
    alert,
    alert_case,
    alert_event,
    alert_pause,
    alert_step,
    asset,
    audit,
    batch,
    blob_cache,
    note,
    org_unit,
    outbox,
    oversight,
    owner,
    owner_map,
    party,
    review,
    revision,
    run,
    sighting,
    suppression,
    ticket,
)

if TYPE_CHECKING:
    from sqlalchemy import Column, Connection, Table

_SHORTEST = 4
"""A name shorter than this is not looked for inside texts: it would hit other words."""
_NAMED: tuple[tuple[Table, Column[Any], Column[Any]], ...] = (
    (alert, alert.c.alert_id, alert.c.assignee),
    (alert_event, alert_event.c.event_no, alert_event.c.assignee),
    (alert_event, alert_event.c.event_no, alert_event.c.actor),
    (revision, revision.c.rev, revision.c.actor),
    (run, run.c.run_id, run.c.actor),
    (alert_case, alert_case.c.case_id, alert_case.c.assignee),
    (alert_pause, alert_pause.c.pause_no, alert_pause.c.made_by),
    (alert_step, alert_step.c.alert_id, alert_step.c.told),
    (batch, batch.c.batch_id, batch.c.made_by),
    (note, note.c.note_id, note.c.made_by),
    (org_unit, org_unit.c.unit_no, org_unit.c.lead),
    (org_unit, org_unit.c.unit_no, org_unit.c.default_owner),
    (outbox, outbox.c.outbox_no, outbox.c.owner),
    (owner_map, owner_map.c.value, owner_map.c.value),
    (owner_map, owner_map.c.value, owner_map.c.made_by),
    (suppression, suppression.c.suppression_id, suppression.c.made_by),
    (ticket, ticket.c.ticket_no, ticket.c.made_by),
)
"""Columns that hold a name by itself, with or without the mark of an unproven one."""
_TEXTS: tuple[tuple[str, Table, Column[Any], Column[Any]], ...] = (
    ("sightings", sighting, sighting.c.sighting_no, sighting.c.payload),
    ("records", oversight, oversight.c.oversight_no, oversight.c.record),
    ("owners", owner, owner.c.owner_no, owner.c.reason),
    ("alert_events", alert_event, alert_event.c.event_no, alert_event.c.reason),
    ("reviews", review, review.c.review_no, review.c.note),
    ("news", outbox, outbox.c.outbox_no, outbox.c.payload),
    ("notes", note, note.c.note_id, note.c.body),
    ("pauses", alert_pause, alert_pause.c.pause_no, alert_pause.c.reason),
    ("suppressions", suppression, suppression.c.suppression_id, suppression.c.reason),
    ("tickets", ticket, ticket.c.ticket_no, ticket.c.url),
)
"""Texts in which a name may stand among other words."""
_UNPROVEN = " (unauthenticated)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mentions:
    """In how many rows a person is named, by what the rows are."""

    sightings: int
    records: int
    owners: int
    alert_events: int
    reviews: int
    news: int
    notes: int
    pauses: int
    suppressions: int
    tickets: int
    names: int

    @property
    def total(self) -> int:
        """Return how many rows in all."""
        return sum(asdict(self).values())


def everyone(conn: Connection) -> list[Party]:
    """Return all parties that were not erased, by label."""
    rows = conn.execute(select(party).where(party.c.erased_at.is_(None)))
    return sorted(
        (from_row(row._mapping) for row in rows), key=lambda one: (one.label.casefold(), one.party_id)
    )


def about(conn: Connection, one: Party) -> dict[str, list[dict[str, Any]]]:
    """Return every row that refers to a person or names them, by table, as plain values."""
    found: dict[str, list[dict[str, Any]]] = {}
    by_id = (
        (owner, owner.c.party_id),
        (owner_map, owner_map.c.party_id),
        (oversight, oversight.c.confirmed_by),
        (review, review.c.by_party),
    )
    for table, column in by_id:
        rows = conn.execute(select(table).where(column == one.party_id))
        found[table.name] = [dict(row._mapping) for row in rows]
    entries = select(audit.c.body).where(
        or_(audit.c.actor == one.party_id, audit.c.body.contains(one.party_id, autoescape=True))
    )
    found["audit"] = [orjson.loads(body) for body in conn.execute(entries.order_by(audit.c.seq)).scalars()]
    names = _names(one)
    found["named"] = [
        {"table": table.name, "column": column.name, "row": key, "text": value}
        for table, id_column, column in _NAMED
        for key, value in conn.execute(select(id_column, column).where(_is_named(column, names)))
    ]
    found["mentioned"] = [
        {"table": table.name, "column": column.name, "row": key}
        for _, table, id_column, column in _TEXTS
        for key in _mentioning(conn, id_column, column, names)
    ]
    return found


def erase(conn: Connection, one: Party, *, now: str) -> Mentions:
    """Forget a person: their name, address and handle everywhere but in their own sources.

    Roles that they held end nowhere here: the caller ends them first. Cached facts of code may name them and
    are dropped as a whole; they come back at the next scan. Call it in the deciding transaction.
    """
    names = _names(one)
    meant = or_(owner_map.c.party_id == one.party_id, _is_named(owner_map.c.value, names))
    conn.execute(owner_map.delete().where(meant))
    counts = {
        name: _scrub(conn, table, id_column, column, names, one.party_id)
        for name, table, id_column, column in _TEXTS
    }
    named = 0
    for table, _, column in _NAMED:
        value = one.party_id
        named += conn.execute(table.update().where(_is_named(column, names)).values({column: value})).rowcount
    _scrub(conn, asset, asset.c.asset_id, asset.c.name, names, one.party_id)
    conn.execute(blob_cache.delete())
    blank = {"name": None, "email": None, "handle": None, "active": False, "erased_at": now}
    conn.execute(party.update().where(party.c.party_id == one.party_id).values(blank))
    return Mentions(**counts, names=named)


def _names(one: Party) -> list[str]:
    return sorted({name for name in (one.email, one.handle, one.name) if name})


def _is_named(column: Column[Any], names: list[str]) -> Any:
    spelt = [spelling for name in names for spelling in (name, name + _UNPROVEN)]
    return func.lower(column).in_([one.lower() for one in spelt])


def _mentioning(
    conn: Connection, id_column: Column[Any], column: Column[Any], names: list[str]
) -> Iterator[Any]:
    long_enough = [name for name in names if len(name) >= _SHORTEST]
    if long_enough:
        lowered = func.lower(cast(column, String))
        # As written too: SQLite folds only ASCII letters.
        hits = [
            hit
            for name in long_enough
            for hit in (
                lowered.contains(_as_json(name.lower()), autoescape=True),
                column.contains(_as_json(name), autoescape=True),
            )
        ]
        yield from conn.execute(select(id_column).where(or_(*hits)).distinct()).scalars()


def _scrub(
    conn: Connection,
    table: Table,
    id_column: Column[Any],
    column: Column[Any],
    names: list[str],
    instead: str,
) -> int:
    """Put the party's id where a text names them; return in how many rows."""
    keys = list(_mentioning(conn, id_column, column, names))
    if not keys:
        return 0
    spelt = "|".join(re.escape(_as_json(name)) for name in sorted(names, key=len, reverse=True))
    # Whole words only: an address inside a longer address is somebody else.
    pattern = re.compile(rf"(?<![\w.+-])(?:{spelt})(?![\w-])", re.IGNORECASE)
    changed = 0
    for key in keys:
        for row in conn.execute(select(column).where(id_column == key).distinct()).all():
            text = pattern.sub(instead, row[0])
            if text != row[0]:
                same = (id_column == key) & (column == row[0])
                changed += conn.execute(table.update().where(same).values({column: text})).rowcount
    return changed


def _as_json(name: str) -> str:
    """Return a name as it stands inside a JSON text."""
    return orjson.dumps(name).decode()[1:-1]


def plain(rows: Mapping[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Return rows with their JSON texts read, for an export."""
    found = {name: [dict(row) for row in several] for name, several in rows.items()}
    for row in found.get("oversight", ()):
        row["record"] = orjson.loads(row["record"])
    return found

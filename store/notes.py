"""Keep what people say about alerts, cases and systems, and the tickets elsewhere that are about them.

Nothing is changed or removed: an edit is a further note that names the one it replaces.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from connectors.secrets import redact
from store.bulk import is_one_of
from store.schema import note, ticket

if TYPE_CHECKING:
    from sqlalchemy import Connection


OPEN, CLOSED = "open", "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One thing that somebody said; ``edits`` is the note it replaces."""

    note_id: str
    subject_id: str
    at: str
    made_by: str
    body: str
    edits: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A ticket elsewhere."""

    ticket_no: int
    subject_id: str
    url: str
    made_by: str
    at: str
    removed_at: str | None
    state: str = OPEN
    state_at: str | None = None


def add(conn: Connection, one: Note) -> None:
    """Keep a note."""
    values = {name: getattr(one, name) for name in Note.__dataclass_fields__}
    values |= {"body": redact(one.body), "made_by": redact(one.made_by)}
    conn.execute(note.insert().values(values))


def about(conn: Connection, subject_ids: Collection[str]) -> list[Note]:
    """Return all notes about subjects in the order they were made, edits too."""
    query = select(note).where(is_one_of(conn, note.c.subject_id, sorted(subject_ids)))
    return [Note(**row._mapping) for row in conn.execute(query.order_by(note.c.at, note.c.note_id))]


def get(conn: Connection, ref: str) -> list[Note]:
    """Return the notes whose id begins like this, a few at most."""
    query = select(note).where(note.c.note_id.startswith(ref, autoescape=True)).limit(5)
    return [Note(**row._mapping) for row in conn.execute(query)]


def link(conn: Connection, subject_id: str, url: str, made_by: str, at: str) -> bool:
    """Keep a ticket's address; says whether it is new."""
    if any(one.url == url for one in tickets(conn, [subject_id])):
        return False
    values = {"subject_id": subject_id, "url": url, "made_by": redact(made_by), "at": at}
    conn.execute(ticket.insert().values(values))
    return True


def unlink(conn: Connection, subject_id: str, url: str, at: str) -> bool:
    """Let a ticket be linked no longer; says whether it was."""
    mine = (ticket.c.subject_id == subject_id) & (ticket.c.url == url) & ticket.c.removed_at.is_(None)
    return conn.execute(ticket.update().where(mine).values(removed_at=at)).rowcount > 0


def set_state(conn: Connection, subject_id: str, url: str, state: str, at: str) -> None:
    """Say whether a linked ticket is open or closed."""
    mine = (ticket.c.subject_id == subject_id) & (ticket.c.url == url) & ticket.c.removed_at.is_(None)
    conn.execute(ticket.update().where(mine).values(state=state, state_at=at))


def tickets(conn: Connection, subject_ids: Collection[str]) -> list[Ticket]:
    """Return the tickets that are linked to subjects, the oldest first."""
    query = select(ticket).where(is_one_of(conn, ticket.c.subject_id, sorted(subject_ids)))
    query = query.where(ticket.c.removed_at.is_(None)).order_by(ticket.c.ticket_no)
    return [Ticket(**row._mapping) for row in conn.execute(query)]

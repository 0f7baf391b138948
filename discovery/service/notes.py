"""Let people say something about an alert, a case or a system, and link tickets to them.

Whoever a comment mentions (``@dana@acme.example``, ``@handle``, ``@dana``) is told through the outbox, when
an address of theirs is known; in the transaction of the comment, and once for each comment and person.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from connectors import clock
from connectors.secrets import redact
from discovery.service import case_refs, mentions, refs
from discovery.service.errors import DecisionError, NotFound
from normalizer import ids
from store import audit
from store import notes as kept
from store.audit import Entry
from store.notes import Note

if TYPE_CHECKING:
    from store import Store
    from store.audit import Actor
    from store.database import ReadTx, WriteTx

MOST_CHARS = 10_000
_LONGEST_URL = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What became of a comment: its id, who is told of it, and why others whom it mentions are not."""

    note_id: str
    told: Sequence[str] = ()
    warnings: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketView:
    """One ticket elsewhere; ``state`` (open, closed) is what somebody here said of it, and when."""

    url: str
    state: str
    state_at: str | None
    made_by: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteView:
    """One thing that was said, as it reads now; ``edits`` are its earlier wordings."""

    note_id: str
    at: str
    made_by: str
    body: str
    edits: Sequence[str] = ()


def subject_id(tx: ReadTx | WriteTx, ref: str) -> str:
    """Return the id of the alert, case or system that a reference means, told apart by its beginning."""
    if ref.startswith("alr_"):
        return refs.alert_id(tx, ref)
    if ref.startswith("cas_"):
        return case_refs.find(tx, ref).case_id
    return refs.system_id(tx, ref)


def comment(
    store: Store, ref: str, text: str, *, actor: Actor, edits: str | None = None, now: datetime | None = None
) -> Said:
    """Keep what somebody says, and tell whom it mentions; ``edits`` names an earlier one that it replaces.

    Raises ``DecisionError`` for an empty or overlong text and for editing somebody else's.
    """
    body = text.strip()
    if not body or len(body) > MOST_CHARS:
        raise DecisionError(f"a comment has 1 to {MOST_CHARS:,} characters")
    with store.write(actor=actor.name, kind="comment") as tx:
        at = clock.to_text(now) if now else tx.now
        subject = subject_id(tx, ref)
        before = _own(tx, edits, subject, actor) if edits else None
        note_id = ids.mint("note")
        kept.add(
            tx.conn,
            Note(note_id=note_id, subject_id=subject, at=at, made_by=actor.label, body=body, edits=before),
        )
        entry = Entry(
            action="comment.edit" if before else "comment.add", object=subject, new={"note": note_id}
        )
        found = mentions.tell(tx, body, about=subject, note_id=before or note_id, by=actor.label, at=at)
        audit.append(tx.conn, actor, entry, at=at)
    return Said(note_id=note_id, told=found.told, warnings=found.warnings)


def link(store: Store, ref: str, url: str, *, actor: Actor, now: datetime | None = None) -> bool:
    """Link a ticket by its address (http or https, without a password); says whether it is new."""
    address = _checked(url)
    with store.write(actor=actor.name, kind="comment") as tx:
        at = clock.to_text(now) if now else tx.now
        subject = subject_id(tx, ref)
        is_new = kept.link(tx.conn, subject, address, actor.label, at)
        if is_new:
            audit.append(
                tx.conn, actor, Entry(action="ticket.link", object=subject, new={"url": address}), at=at
            )
    return is_new


def unlink(store: Store, ref: str, url: str, *, actor: Actor, now: datetime | None = None) -> None:
    """Let a ticket be linked no longer; it stays on record. Raises ``NotFound`` when it is not linked."""
    with store.write(actor=actor.name, kind="comment") as tx:
        at = clock.to_text(now) if now else tx.now
        subject = subject_id(tx, ref)
        if not kept.unlink(tx.conn, subject, url.strip(), at):
            raise NotFound(f"{ref!r} is not linked to that ticket", hint="Copy the address from its page.")
        entry = Entry(action="ticket.unlink", object=subject, old={"url": url.strip()})
        audit.append(tx.conn, actor, entry, at=at)


def set_ticket(
    store: Store,
    ref: str,
    url: str,
    state: str,
    *,
    actor: Actor,
    reason: str = "",
    now: datetime | None = None,
) -> bool:
    """Say that a linked ticket is open or closed; says whether that is new. Its vendor is not asked.

    Raises ``NotFound`` for one that is not linked.
    """
    with store.write(actor=actor.name, kind="comment") as tx:
        at = clock.to_text(now) if now else tx.now
        subject = subject_id(tx, ref)
        linked = {one.url: one for one in kept.tickets(tx.conn, [subject])}
        before = linked.get(url.strip())
        if before is None:
            listed = f" Linked are: {', '.join(linked)}." if linked else ""
            raise NotFound(
                f"{ref!r} is not linked to that ticket",
                hint=f"Link it first: aicensus alerts link.{listed}",
            )
        if before.state == state:
            return False
        kept.set_state(tx.conn, subject, before.url, state, at)
        old, new = {"state": before.state}, {"url": before.url, "state": state}
        entry = Entry(action="ticket.state", object=subject, reason=reason, old=dict(old), new=dict(new))
        audit.append(tx.conn, actor, entry, at=at)
    return True


def said_about(store: Store, ref: str) -> tuple[list[NoteView], list[TicketView]]:
    """Return what was said about an alert, a case or a system, and its tickets."""
    with store.read() as tx:
        return about(tx, [subject_id(tx, ref)])


def about(tx: ReadTx, subjects: Collection[str]) -> tuple[list[NoteView], list[TicketView]]:
    """Return what was said about subjects as it reads now, and their tickets."""
    rows = kept.about(tx.conn, subjects)
    shown: dict[str, NoteView] = {}
    first: dict[str, str] = {}
    for row in rows:
        root = first.get(row.edits or "", row.edits or row.note_id)
        first[row.note_id] = root
        before = shown.get(root)
        edits = (*before.edits, before.body) if before else ()
        at = before.at if before else row.at
        shown[root] = NoteView(note_id=root, at=at, made_by=row.made_by, body=row.body, edits=edits)
    linked = [
        TicketView(url=one.url, state=one.state, state_at=one.state_at, made_by=one.made_by, at=one.at)
        for one in kept.tickets(tx.conn, subjects)
    ]
    return list(shown.values()), linked


def _own(tx: WriteTx, ref: str, subject: str, actor: Actor) -> str:
    found = [one for one in kept.get(tx.conn, ref) if one.subject_id == subject]
    if len(found) != 1:
        raise NotFound(f"there is no one comment {ref!r} here", hint="Copy its id whole.")
    if found[0].made_by != redact(actor.label):
        raise DecisionError("only who wrote a comment may change it")
    return found[0].note_id


def _checked(url: str) -> str:
    address = url.strip()
    try:
        parts = urlsplit(address)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
    except ValueError:
        good = False
    if not good or len(address) > _LONGEST_URL or not address.isprintable() or redact(address) != address:
        raise DecisionError(
            "that is not the address of a ticket", hint="Give an http or https URL without a password or key."
        )
    return address

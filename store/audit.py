"""Keep the audit log: append-only, each entry chained to the one before by its hash.

The hash is SHA-256 over the exact text kept in ``body``, canonical JSON with sorted keys that holds the
hash before it; the first entry's is 64 zeros. So one changed byte, a removed or added entry and a
rewritten history are found by :func:`verify`, a cut tail by the head row or by a hash noted elsewhere.
People are named by party id; an actor is named as it acted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import func, select

from connectors.model import Json
from connectors.secrets import redact
from store.schema import audit, audit_head

if TYPE_CHECKING:
    from sqlalchemy import Connection

GENESIS = "0" * 64
_REASON_CHARS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts: ``kind`` is os, service, user or token; only an authenticated one counts as proof."""

    name: str
    kind: str
    authenticated: bool

    @property
    def label(self) -> str:
        """Return the name as it is shown, with the mark of an unproven one."""
        return self.name if self.authenticated else f"{self.name} (unauthenticated)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One act: ``action`` such as ``owner.accept``, the id it was done to, and what it changed."""

    action: str
    object: str
    reason: str = ""
    old: Mapping[str, Json] = field(default_factory=dict)
    new: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What a check of the log found; ``broken_seq`` is the first entry that does not hold."""

    ok: bool
    entries: int
    head: str
    broken_seq: int | None = None
    problem: str = ""


def append(conn: Connection, actor: Actor, entry: Entry, *, at: str) -> str:
    """Append an entry and return its hash; call it last in the deciding transaction.

    The head row is locked until that transaction ends, so that entries are numbered without a gap.
    """
    seq, prev_hash = _lock_head(conn)
    seq += 1
    content = {
        "action": entry.action,
        "actor": entry_actor(actor),
        "actor_kind": actor.kind,
        "at": at,
        "authenticated": actor.authenticated,
        "new": dict(entry.new),
        "object": entry.object,
        "old": dict(entry.old),
        "prev_hash": prev_hash,
        "reason": redact(entry.reason)[:_REASON_CHARS],
        "seq": seq,
    }
    body = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    digest = hashlib.sha256(body).hexdigest()
    row = {"seq": seq, "at": at, "actor": content["actor"], "actor_kind": actor.kind, "action": entry.action}
    row |= {"object": entry.object, "body": body.decode(), "prev_hash": prev_hash, "hash": digest}
    conn.execute(audit.insert().values(row))
    conn.execute(audit_head.update().where(audit_head.c.id == 1).values(seq=seq, hash=digest))
    return digest


def entry_actor(actor: Actor) -> str:
    """Return the actor's name as the log keeps it, without anything shaped like a secret."""
    return redact(actor.name)


def head(conn: Connection) -> tuple[int, str]:
    """Return the number and hash of the last entry (0 and 64 zeros for an empty log)."""
    row = conn.execute(select(audit_head.c.seq, audit_head.c.hash).where(audit_head.c.id == 1)).first()
    return (row.seq, row.hash) if row else (0, GENESIS)


def verify(conn: Connection, known_head: str | None = None) -> AuditReport:
    """Read the whole log once and check every entry, the chain, the head row and ``known_head``."""
    query = select(
        audit.c.seq,
        audit.c.body,
        audit.c.prev_hash,
        audit.c.hash,
        audit.c.at,
        audit.c.actor,
        audit.c.actor_kind,
        audit.c.action,
        audit.c.object,
    ).order_by(audit.c.seq)
    expected, last, known_seen = 1, GENESIS, known_head in (None, GENESIS)
    problem = ""
    with conn.execute(query, execution_options={"yield_per": 5_000}) as rows:
        for row in rows:
            problem = _problem(row, expected, last)
            if problem:
                break
            known_seen = known_seen or row.hash == known_head
            expected, last = expected + 1, row.hash
    problem = problem or _tail_problem(conn, expected - 1, last, known_seen)
    broken = expected if problem else None
    return AuditReport(ok=not problem, entries=expected - 1, head=last, broken_seq=broken, problem=problem)


def _problem(row: Any, expected: int, last: str) -> str:
    if row.seq != expected:
        return f"entry {expected} is missing: the next one is {row.seq}"
    if hashlib.sha256(row.body.encode()).hexdigest() != row.hash:
        return f"entry {expected} was changed: its hash does not fit its text"
    if row.prev_hash != last:
        return f"entry {expected} does not follow the one before it: the history was rewritten"
    kept = orjson.loads(row.body)
    shown = {name: getattr(row, name) for name in _SHOWN}
    if any(kept.get(name) != value for name, value in shown.items()):
        return f"entry {expected} was changed: its columns differ from its hashed text"
    return ""


_SHOWN = ("seq", "prev_hash", "at", "actor", "actor_kind", "action", "object")


def _tail_problem(conn: Connection, count: int, last: str, known_seen: bool) -> str:
    seq, digest = head(conn)
    if (seq, digest) != (count, last):
        return f"the log ends at entry {count} but its head row says {seq}: the tail was cut or added to"
    if not known_seen:
        return "the known head is not in the log: the tail was cut or the history rewritten"
    return ""


def _lock_head(conn: Connection) -> tuple[int, str]:
    query = select(audit_head.c.seq, audit_head.c.hash).where(audit_head.c.id == 1).with_for_update()
    row = conn.execute(query).first()
    if row is None:
        _start(conn)
        row = conn.execute(query).one()
    return row.seq, row.hash


def _start(conn: Connection) -> None:
    """Make the head row; two that start at once wait for each other on its key."""
    from sqlalchemy.dialects import postgresql, sqlite

    insert = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
    count = conn.execute(select(func.count()).select_from(audit)).scalar_one()
    if count:
        raise ValueError("the audit log has entries but no head row; run: aicensus audit verify")
    conn.execute(insert(audit_head).values(id=1, seq=0, hash=GENESIS).on_conflict_do_nothing())

"""Keep the audit log: append-only, each entry chained to the one before by its hash.

The hash is SHA-256 over the exact text kept in ``body``, canonical JSON with sorted keys that holds the
hash before it; the first entry's is 64 zeros. So one changed byte, a removed or added entry and a
rewritten history are found by :func:`verify`, a cut tail by the head row or by a hash noted elsewhere.
People are named by party id, those who act too and also inside a sentence (their address), so that a person
can be erased and the chain still holds.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import func, select

from connectors.model import Json
from connectors.secrets import redact
from store import parties
from store.schema import audit, audit_head

if TYPE_CHECKING:
    from sqlalchemy import Connection

GENESIS = "0" * 64
_REASON_CHARS = 2_000
_ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")


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
    who, told = _who(conn, actor, at), _without_addresses(conn, entry, at)
    seq, prev_hash = _lock_head(conn)
    seq += 1
    content = {
        "action": entry.action,
        "actor": who,
        "actor_kind": actor.kind,
        "at": at,
        "authenticated": actor.authenticated,
        "new": told.new,
        "object": entry.object,
        "old": told.old,
        "prev_hash": prev_hash,
        "reason": told.reason,
        "seq": seq,
    }
    body = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    digest = hashlib.sha256(body).hexdigest()
    row = {"seq": seq, "at": at, "actor": content["actor"], "actor_kind": actor.kind, "action": entry.action}
    row |= {"object": entry.object, "body": body.decode(), "prev_hash": prev_hash, "hash": digest}
    conn.execute(audit.insert().values(row))
    conn.execute(audit_head.update().where(audit_head.c.id == 1).values(seq=seq, hash=digest))
    return digest


def _who(conn: Connection, actor: Actor, at: str) -> str:
    """Return whom the log names: a service by its name, anybody else by party id."""
    name = redact(actor.name)
    if actor.kind == "service":
        return name
    return parties.ensure(conn, [name], now=at, team=False)[name].party_id


def without_addresses(conn: Connection, text: str, at: str) -> str:
    """Return a text, without secrets, in which the id of a person stands for their address.

    For what is signed or hashed and so can never be changed when somebody is erased.
    """
    return _without_addresses(conn, Entry(action="", object="", reason=text), at).reason


def _without_addresses(conn: Connection, entry: Entry, at: str) -> Entry:
    """Return an entry in which the id of a person stands for their address, also inside a sentence."""
    reason = redact(entry.reason)[:_REASON_CHARS]
    found: set[str] = set()

    def note(text: str) -> str:
        found.update(_ADDRESS.findall(text))
        return text

    for told in (entry.old, entry.new, reason):
        _mapped(told, note)
    known = parties.ensure(conn, sorted(found), now=at, team=False) if found else {}

    def put(text: str) -> str:
        return _ADDRESS.sub(lambda hit: known[hit[0]].party_id, text)

    return replace(entry, old=_mapped(entry.old, put), new=_mapped(entry.new, put), reason=put(reason))


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    """Return a JSON value with every text in it changed, keys too."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {change(key): _mapped(inner, change) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_mapped(inner, change) for inner in value]
    return value


def entries(
    conn: Connection, *, object_id: str | None = None, since: str | None = None, last: int | None = None
) -> list[dict[str, Any]]:
    """Return entries as they were hashed, newest first; ``object_id`` and ``since`` (UTC text) narrow."""
    query = select(audit.c.body).order_by(audit.c.seq.desc())
    if object_id is not None:
        query = query.where(audit.c.object == object_id)
    if since is not None:
        query = query.where(audit.c.at >= since)
    return [orjson.loads(body) for body in conn.execute(query.limit(last)).scalars()]


def texts(conn: Connection, *, until: str) -> Iterator[tuple[str, str]]:
    """Yield ``(body, hash)`` of the entries up to a moment (UTC text), oldest first, in bounded memory."""
    # Up to the last one of that time: a clock that was wrong once leaves no gap.
    last = select(func.max(audit.c.seq)).where(audit.c.at <= until).scalar_subquery()
    query = select(audit.c.body, audit.c.hash).where(audit.c.seq <= last).order_by(audit.c.seq)
    with conn.execute(query, execution_options={"yield_per": 5_000}) as rows:
        for row in rows:
            yield row.body, row.hash


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
    count = conn.execute(select(func.count()).select_from(audit)).scalar_one()
    if count:
        raise ValueError("the audit log has entries but no head row; run: aicensus audit verify")
    head = {"id": 1, "seq": 0, "hash": GENESIS}
    if conn.dialect.name == "postgresql":  # each dialect is loaded by who uses it
        from sqlalchemy.dialects import postgresql

        conn.execute(postgresql.insert(audit_head).values(head).on_conflict_do_nothing())
    else:
        from sqlalchemy.dialects import sqlite

        conn.execute(sqlite.insert(audit_head).values(head).on_conflict_do_nothing())

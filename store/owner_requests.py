"""Keep questions to people whether they answer for a system; each is answered once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from store.bulk import is_one_of
from store.schema import owner_request

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question; times are UTC texts. ``answer`` is accepted, declined, delegated or replaced."""

    request_id: str
    system_id: str
    party_id: str
    role: str
    asked_by: str
    asked_at: str
    expires_at: str
    answered_at: str | None = None
    answer: str | None = None


_COLUMNS = tuple(Request.__dataclass_fields__)


def put(conn: Connection, request: Request) -> None:
    """Write a new question."""
    conn.execute(owner_request.insert().values({name: getattr(request, name) for name in _COLUMNS}))


def get(conn: Connection, request_id: str) -> Request | None:
    """Return one question."""
    query = select(owner_request).where(owner_request.c.request_id == request_id)
    row = conn.execute(query).first()
    return Request(**row._mapping) if row else None


def of_systems(conn: Connection, system_ids: Collection[str] | None) -> list[Request]:
    """Return the questions about systems (``None``: all), newest first."""
    query = select(owner_request).order_by(owner_request.c.asked_at.desc(), owner_request.c.request_id)
    if system_ids is not None:
        query = query.where(is_one_of(conn, owner_request.c.system_id, sorted(system_ids)))
    return [Request(**row._mapping) for row in conn.execute(query)]


def answer(conn: Connection, request_id: str, what: str, now: str) -> bool:
    """Write the answer, once; return whether it was still open."""
    open_ = (owner_request.c.request_id == request_id) & owner_request.c.answered_at.is_(None)
    done = conn.execute(owner_request.update().where(open_).values(answered_at=now, answer=what))
    return done.rowcount == 1

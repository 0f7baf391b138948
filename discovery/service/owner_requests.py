"""Ask somebody whether they answer for a system, and take their answer by a signed token.

The token names the question and is signed with the organisation's key (HMAC-SHA-256 over the question's id,
party, role and end). Whoever holds it answers as that party, once, until it ends: hand it to nobody
else. The key is given by reference or is a file of the user's; it is never in the store.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from connectors import clock
from connectors.errors import ConfigError
from connectors.secrets import SecretRef, redact, remember
from discovery.service import refs, whom
from discovery.service.deciding import Act, Decided, decide
from discovery.service.decisions import OwnerRole
from discovery.service.errors import DecisionError, NotFound
from normalizer import ids
from normalizer.owners import normal_party
from store import audit, owner_requests, owners, parties, queries_systems, systems
from store.audit import Actor, Entry
from store.database import FURTHEST
from store.owner_requests import Request
from store.queries_assets import At

if TYPE_CHECKING:
    from store import Store
    from store.database import ReadTx, WriteTx

DEFAULT_DAYS = 14
MOST_DAYS = 90
_KEY_BYTES = 32


@dataclass(slots=True, kw_only=True)
class RequestView:
    """A question to somebody: ``state`` is open, expired, accepted, declined, delegated or replaced."""

    request_id: str
    system_id: str
    system_name: str
    party: str
    role: str
    state: str
    asked_by: str
    asked_at: str
    expires_at: str
    answered_at: str | None


@dataclass(slots=True, kw_only=True)
class Asked:
    """A question with the token that answers it; the token is shown once and never kept."""

    request: RequestView
    token: str
    warnings: list[str] = field(default_factory=list)


def signing_key(ref: SecretRef | None, folder: Path) -> bytes:
    """Return the key that tokens are signed with: what ``ref`` names, else a file in ``folder``.

    The file is made at first use, readable for its owner only. Raises ``ConfigError`` for a key under 16
    characters.
    """
    value = ref.resolve() if ref is not None else _own_key(folder / "signing.key")
    if len(value) < 16:
        raise ConfigError("the signing key is too short", hint="Use 32 random characters or more.")
    remember(value)
    return value.encode()


def _own_key(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    value = secrets.token_urlsafe(_KEY_BYTES)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(value + "\n")
    return value


def ask(
    store: Store,
    system: str,
    party: str | None,
    *,
    actor: Actor,
    key: bytes,
    role: OwnerRole = OwnerRole.ACCOUNTABLE,
    days: int = DEFAULT_DAYS,
    now: datetime | None = None,
) -> Asked:
    """Ask ``party`` (``None``: the best candidate) whether they answer for a system.

    An open question to the same party about the same role is replaced: its token no longer answers.
    """
    if not 1 <= days <= MOST_DAYS:
        raise DecisionError(f"{days} days is out of bounds", hint=f"Choose 1 to {MOST_DAYS}.")
    with store.write(actor=actor.name, kind="decision") as tx:
        moment = now or clock.from_text(tx.now)
        at = clock.to_text(moment)
        system_id = refs.system_id(tx, system)
        who, warnings = _whom(tx, system_id, party, system, at)
        request = _new(tx, system_id, who, role, actor, at, clock.to_text(moment + timedelta(days=days)))
        audit.append(tx.conn, actor, _entry("owner.ask", request, ""), at=at)
        return Asked(request=_view(tx, request, at), token=_token(request, key), warnings=warnings)


def answer(
    store: Store,
    token: str,
    what: str,
    *,
    key: bytes,
    to: str | None = None,
    reason: str = "",
    now: datetime | None = None,
) -> Decided:
    """Take an answer: ``what`` is accept, decline or delegate (``to`` is a candidate then).

    The actor is the party that the token names. Raises ``DecisionError`` for a token that is forged, ended or
    used; nothing has happened then.
    """
    with store.read() as tx:
        request = _checked(tx, token, key, clock.to_text(now or clock.now()))
        party = parties.by_id(tx.conn, [request.party_id])[request.party_id]
    if not party.active:
        raise DecisionError(
            f"{party.label!r} is no longer active", hint="Ask somebody else: aicensus owner ask"
        )
    actor = Actor(name=party.label, kind="token", authenticated=True)

    def deed(tx: WriteTx, system_id: str, at: str) -> Act:
        if not owner_requests.answer(tx.conn, request.request_id, _STATES[what], at):
            raise DecisionError("this token was used before", hint="Ask for a new one: aicensus owner ask")
        if what == "accept":
            return _accepted(tx, system_id, at, request, party)
        if what == "delegate":
            _delegated(tx, system_id, at, request, party, to or "")
        _ended(tx, system_id, at, party, reason or f"{_STATES[what]} by token")
        return Act(_entry(f"owner.{what}", request, reason))

    return decide(store, request.system_id, actor, now, deed)


_STATES = {"accept": "accepted", "decline": "declined", "delegate": "delegated"}


def listed(store: Store, *, now: datetime | None = None) -> list[RequestView]:
    """Return all questions, newest first."""
    at = clock.to_text(now or clock.now())
    with store.read() as tx:
        return [_view(tx, one, at) for one in owner_requests.of_systems(tx.conn, None)]


def _whom(
    tx: WriteTx, system_id: str, party: str | None, system: str, at: str
) -> tuple[parties.Party, list[str]]:
    if party is None:
        rows = owners.of_systems(tx.conn, [system_id]).get(system_id, [])
        best = next((one.party for one in rows if one.is_candidate), None)
        if best is None:
            hint = "Name somebody: aicensus owner ask SYSTEM --party WHO"
            raise DecisionError(f"no evidence names an owner of {system!r}", hint=hint)
        return best, []
    return whom.party(tx, party, at=at)


def _new(
    tx: WriteTx, system_id: str, who: parties.Party, role: OwnerRole, actor: Actor, at: str, ends: str
) -> Request:
    for one in owner_requests.of_systems(tx.conn, [system_id]):
        if (one.party_id, one.role, one.answered_at) == (who.party_id, role.value, None):
            owner_requests.answer(tx.conn, one.request_id, "replaced", at)
    asked_by = parties.ensure(tx.conn, [redact(actor.name)], now=at, team=False)[redact(actor.name)]
    request = Request(
        request_id=ids.mint("req"),
        system_id=system_id,
        party_id=who.party_id,
        role=role.value,
        asked_by=asked_by.party_id,
        asked_at=at,
        expires_at=ends,
    )
    owner_requests.put(tx.conn, request)
    return request


def _accepted(tx: WriteTx, system_id: str, at: str, request: Request, party: parties.Party) -> Act:
    replaced = owners.accept(
        tx.conn,
        tx.rev,
        at,
        system_id,
        party,
        role=request.role,
        source=owners.DECLARED,
        confidence=1.0,
    )
    others = [one for one in replaced if one.party != party]
    return Act(
        _entry("owner.accept", request, ""), [f"{one.party.label} no longer answers for it" for one in others]
    )


def _delegated(tx: WriteTx, system_id: str, at: str, request: Request, party: parties.Party, to: str) -> None:
    if normal_party(to) == normal_party(party.label):
        raise DecisionError(f"{to!r} cannot be delegated to", hint="Name another person or a team.")
    who, _ = whom.party(tx, whom.plain_name(to, "be delegated to"), at=at)
    why = f"{party.label} was asked and named them"
    owners.propose(tx.conn, tx.rev, at, system_id, who, role=request.role, confidence=0.85, why=why)


def _ended(tx: WriteTx, system_id: str, at: str, party: parties.Party, reason: str) -> None:
    """Let the party be no candidate any more; the same evidence names them not again."""
    rows = owners.of_systems(tx.conn, [system_id]).get(system_id, [])
    theirs = [one for one in rows if one.is_candidate and one.party.party_id == party.party_id]
    owners.end(tx.conn, tx.rev, at, theirs, redact(reason))


def _entry(action: str, request: Request, reason: str) -> Entry:
    new = {"request": request.request_id, "party_id": request.party_id, "role": request.role}
    return Entry(action=action, object=request.system_id, reason=reason, new=dict(new))


def _token(request: Request, key: bytes) -> str:
    return f"{request.request_id}.{_signature(request, key)}"


def _signature(request: Request, key: bytes) -> str:
    parts = ("owner", request.request_id, request.party_id, request.role, request.expires_at)
    digest = hmac.new(key, "|".join(parts).encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _checked(tx: ReadTx, token: str, key: bytes, now: str) -> Request:
    """Return the question of a token; what is wrong with a forged one is not told apart."""
    request_id, _, signature = token.strip().partition(".")
    request = owner_requests.get(tx.conn, request_id) if request_id else None
    expected = _signature(request, key) if request else ""
    if request is None or not hmac.compare_digest(expected.encode(), signature.encode()):
        raise NotFound("this token is not known here", hint="Copy it whole, or ask for a new one.")
    if request.answered_at is not None:
        what = "replaced by a newer one" if request.answer == "replaced" else "used before"
        raise DecisionError(f"this token was {what}", hint="Ask for a new one: aicensus owner ask")
    if request.asked_at > clock.to_text(clock.from_text(now) + FURTHEST):
        raise DecisionError(
            f"this token is dated {request.asked_at[:10]}, which lies ahead",
            hint="Look at the clocks, then ask for a new one: aicensus owner ask",
        )
    if request.expires_at <= now:
        raise DecisionError(
            f"this token ended on {request.expires_at[:10]}", hint="Ask for a new one: aicensus owner ask"
        )
    return request


def _view(tx: ReadTx | WriteTx, request: Request, now: str) -> RequestView:
    home = systems.resolve(tx.conn, [request.system_id])[request.system_id]
    named = parties.labels(tx.conn, [request.party_id, request.asked_by])
    ended = "expired" if request.expires_at <= now else "open"
    return RequestView(
        request_id=request.request_id,
        system_id=home,
        system_name=queries_systems.system_names(tx.conn, [home], At()).get(home, home),
        party=named.get(request.party_id, request.party_id),
        role=request.role,
        state=request.answer or ended,
        asked_by=named.get(request.asked_by, request.asked_by),
        asked_at=request.asked_at,
        expires_at=request.expires_at,
        answered_at=request.answered_at,
    )

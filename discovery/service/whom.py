"""Read whom a person means: refuse what cannot be anybody, warn of whom nothing has named before."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from discovery.service.errors import DecisionError
from discovery.service.record_refs import is_actor, reads_as_actor, reads_as_mail
from normalizer.owners import is_automation, normal_party
from store import parties

if TYPE_CHECKING:
    from store.audit import Actor
    from store.database import ReadTx, WriteTx
    from store.parties import Party


def plain_name(said: str, what: str = "answer for a system") -> str:
    """Return the one spelling of a person or team; raises ``DecisionError`` for what is neither."""
    plain = normal_party(said)
    if is_automation(plain):
        raise DecisionError(f"{said!r} cannot {what}", hint="Name a person or a team.")
    if "@" in plain[1:] and not (reads_as_mail(plain) or reads_as_actor(plain)):
        raise _no_address(said)
    return plain


def refuse_unknown_actor(tx: ReadTx | WriteTx, said: str) -> None:
    """Raise ``DecisionError`` for ``user@host`` that is nobody whom the product has written so."""
    plain = normal_party(said)
    if reads_as_actor(plain) and not is_actor(tx, plain):
        raise _no_address(said)


def _no_address(said: str) -> DecisionError:
    return DecisionError(
        f"{said!r} is not an address", hint="Write one such as dana@example.org, an @handle or a name."
    )


def party(tx: WriteTx, said: str, *, at: str, team: bool | None = None) -> tuple[Party, list[str]]:
    """Return the party that is meant, and what to know about it; somebody new is put on record.

    Nobody can say whether an address exists; one that nothing has named so far may be a slip, and is told.
    Raises ``DecisionError`` for what is nobody, and for one who is no longer active.
    """
    plain = plain_name(said)
    refuse_unknown_actor(tx, plain)
    known = parties.find(tx.conn, [plain]).get(plain)
    if known is None:
        warnings = [_unheard_of(tx, plain)]
        return parties.ensure(tx.conn, [plain], now=at, team=team)[plain], warnings
    if not known.active:
        raise DecisionError(f"{known.label!r} is no longer active", hint="Name someone who is.")
    return known, []


def acting(tx: WriteTx, actor: Actor, what: str, *, at: str, hint: str = "Ask somebody else.") -> Party:
    """Return the party that acts; raises ``DecisionError`` for one who is no longer active."""
    me = parties.ensure(tx.conn, [actor.name], now=at, team=False)[actor.name]
    if not me.active:
        raise DecisionError(f"{me.label!r} is no longer active and cannot {what}", hint=hint)
    return me


def refuse_left(tx: ReadTx | WriteTx, name: str, what: str, *, hint: str) -> None:
    """Raise ``DecisionError`` when somebody who is known is no longer active."""
    plain = normal_party(name)
    known = parties.find(tx.conn, [plain]).get(plain)
    if known is not None and not known.active:
        raise DecisionError(f"{known.label!r} is no longer active and cannot {what}", hint=hint)


def _unheard_of(tx: ReadTx | WriteTx, plain: str) -> str:
    near = get_close_matches(plain, [one.label for one in parties.beginning(tx.conn, plain[:2])], n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"nothing has named {plain} before, who is now on record{hint}"

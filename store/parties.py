"""Keep people and teams once; everything else refers to them by id."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select

from normalizer import ids
from normalizer.owners import is_team, normal_party
from store.bulk import insert_rows, is_one_of
from store.schema import party
from store.temporal import chunks

if TYPE_CHECKING:
    from sqlalchemy import Connection

_MAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A person or team; ``label`` is how it is shown: e-mail, else handle, else name."""

    party_id: str
    kind: str
    name: str | None
    email: str | None
    handle: str | None
    active: bool

    @property
    def label(self) -> str:
        """Return the text that names the party (its id when it was erased)."""
        return self.email or self.handle or self.name or self.party_id


def ensure(conn: Connection, names: Iterable[str], *, now: str, team: bool | None = None) -> dict[str, Party]:
    """Return the party of every name, making those that are not known yet.

    A name is an e-mail address, an ``@handle`` or plain text, in any case and spacing. ``team`` says what
    new ones are; ``None`` reads it from the name.
    """
    wanted = {name: normal_party(name) for name in names}
    known = find(conn, set(wanted.values()))
    fresh: dict[str, Party] = {}
    for plain in sorted(set(wanted.values()) - known.keys()):
        fresh[plain] = _new(plain, is_team(plain) if team is None else team)
    columns = ("party_id", "kind", "name", "email", "handle", "active", "created_at")
    insert_rows(
        conn,
        party,
        columns,
        [(one.party_id, one.kind, one.name, one.email, one.handle, True, now) for one in fresh.values()],
    )
    return {name: known.get(plain) or fresh[plain] for name, plain in wanted.items()}


def find(conn: Connection, names: Collection[str]) -> dict[str, Party]:
    """Return the known parties of normal names (:func:`normalizer.owners.normal_party`)."""
    found: dict[str, Party] = {}
    # As written and in lower case: the databases fold only ASCII letters, Python folds all.
    for chunk in chunks(sorted(set(names) | {name.casefold() for name in names})):
        query = select(party).where(
            or_(
                is_one_of(conn, party.c.email, chunk),
                is_one_of(conn, party.c.handle, chunk),
                is_one_of(conn, party.c.name, chunk),
                func.lower(party.c.name).in_(chunk),
            )
        )
        for row in conn.execute(query.order_by(party.c.party_id)).all():
            one = from_row(row._mapping)
            found.setdefault(normal_party(one.label), one)
            found.setdefault((one.name or one.label).casefold(), one)
    answers = {name: found.get(name) or found.get(name.casefold()) for name in names}
    return {name: one for name, one in answers.items() if one is not None}


def by_local_part(conn: Connection, part: str) -> list[Party]:
    """Return the active parties whose address begins with ``part@``, a few at most."""
    mine = party.c.email.startswith(f"{part.casefold()}@", autoescape=True)
    query = select(party).where(mine, party.c.active).order_by(party.c.party_id).limit(5)
    return [from_row(row._mapping) for row in conn.execute(query)]


def beginning(conn: Connection, start: str, most: int = 200) -> list[Party]:
    """Return active parties whose address, handle or name begins so, a few hundred at most."""
    names = (party.c.email, party.c.handle, party.c.name)
    query = select(party).where(
        or_(*(one.startswith(start, autoescape=True) for one in names)), party.c.active
    )
    return [from_row(row._mapping) for row in conn.execute(query.order_by(party.c.party_id).limit(most))]


def by_id(conn: Connection, party_ids: Collection[str]) -> dict[str, Party]:
    """Return parties by id."""
    found: dict[str, Party] = {}
    for chunk in chunks(sorted(set(party_ids))):
        for row in conn.execute(select(party).where(is_one_of(conn, party.c.party_id, chunk))):
            found[row.party_id] = from_row(row._mapping)
    return found


def set_active(conn: Connection, party_id: str, *, active: bool) -> None:
    """Say whether a party can answer for anything."""
    conn.execute(party.update().where(party.c.party_id == party_id).values(active=active))


def labels(conn: Connection, party_ids: Collection[str]) -> dict[str, str]:
    """Return how parties are shown, by id."""
    return {party_id: one.label for party_id, one in by_id(conn, party_ids).items()}


def from_row(row: Mapping[Any, Any]) -> Party:
    """Read a party out of a row's mapping that holds the columns of the party table."""
    return Party(
        party_id=row[party.c.party_id],
        kind=row[party.c.kind],
        name=row[party.c.name],
        email=row[party.c.email],
        handle=row[party.c.handle],
        active=row[party.c.active],
    )


def _new(plain: str, team: bool) -> Party:
    email = plain if _MAIL.match(plain) else None
    handle = plain if plain.startswith("@") else None
    name = None if email or handle else plain
    kind = "team" if team else "person"
    return Party(party_id=ids.mint("pty"), kind=kind, name=name, email=email, handle=handle, active=True)

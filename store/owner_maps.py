"""Keep whom the values of owner evidence mean: what a person corrected once is proposed from then on.

A value is a name as evidence gives it (of a tag, a CODEOWNERS line, a catalogue), in its one spelling
(:func:`normalizer.owners.normal_party`). A mapping proposes; it accepts nobody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from connectors.model import OwnerHint
from normalizer.owners import MAPPED, names_in
from store import parties
from store.bulk import insert_rows, is_one_of
from store.parties import Party
from store.schema import owner, owner_map
from store.temporal import chunks

if TYPE_CHECKING:
    from sqlalchemy import Connection

SURE = 0.9
"""How much a mapping is trusted before decisions say more: a person made it, for another system perhaps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerMap:
    """One value and whom it means; ``made_at`` is a UTC text."""

    value: str
    party: Party
    made_by: str
    made_at: str


def every(conn: Connection) -> list[OwnerMap]:
    """Return all mappings by value."""
    rows = conn.execute(select(owner_map).order_by(owner_map.c.value)).all()
    who = parties.by_id(conn, {row.party_id for row in rows})
    return [
        OwnerMap(value=row.value, party=who[row.party_id], made_by=row.made_by, made_at=row.made_at)
        for row in rows
    ]


def put(conn: Connection, value: str, party_id: str, made_by: str, at: str) -> None:
    """Let a value mean a party, instead of whom it meant before."""
    remove(conn, value)
    names = ("value", "party_id", "made_by", "made_at")
    insert_rows(conn, owner_map, names, [(value, party_id, made_by, at)])


def remove(conn: Connection, value: str) -> None:
    """Let a value mean only itself again."""
    conn.execute(owner_map.delete().where(owner_map.c.value == value))


def in_force(conn: Connection) -> dict[str, OwnerMap]:
    """Return the mappings to parties that can answer, by value."""
    return {one.value: one for one in every(conn) if one.party.active}


def applied(hints: Iterable[OwnerHint], known: Mapping[str, OwnerMap]) -> tuple[OwnerHint, ...]:
    """Return hints with the parties that mapped values mean in place of these values."""
    found: list[OwnerHint] = []
    for hint in hints:
        names = names_in(hint.candidate)
        meant = [known[name] for name in names if name in known]
        if not meant:
            found.append(hint)
            continue
        rest = [name for name in names if name not in known]
        if rest:
            found.append(replace(hint, candidate=", ".join(rest)))
        found += [
            OwnerHint(
                candidate=one.party.label,
                source=f"{MAPPED}:{hint.source}",
                confidence=SURE,
                why=f"{hint.why or hint.source}, mapped by {one.made_by} on {one.made_at[:10]}",
            )
            for one in meant
        ]
    return tuple(found)


def proposed_for(
    conn: Connection, party_ids: Collection[str], *, standing: bool = False
) -> dict[str, set[str]]:
    """Return the systems that parties are or were proposed for, by party; ``standing``: that they are now."""
    found: dict[str, set[str]] = defaultdict(set)
    for chunk in chunks(sorted(party_ids)):
        query = select(owner.c.party_id, owner.c.system_id).where(is_one_of(conn, owner.c.party_id, chunk))
        query = query.where(owner.c.accepted_at.is_(None), owner.c.valid_to.is_(None))
        if standing:
            query = query.where(owner.c.ended_at.is_(None))
        for row in conn.execute(query):
            found[row.party_id].add(row.system_id)
    return dict(found)


def answering(conn: Connection, party_ids: Collection[str]) -> set[str]:
    """Return those of some parties that answer for a system now."""
    found: set[str] = set()
    for chunk in chunks(sorted(party_ids)):
        query = select(owner.c.party_id).where(is_one_of(conn, owner.c.party_id, chunk))
        held = owner.c.accepted_at.is_not(None), owner.c.ended_at.is_(None), owner.c.valid_to.is_(None)
        found.update(conn.execute(query.where(*held)).scalars())
    return found

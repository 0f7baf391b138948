"""Enter systems that no scan shows: what people say exists counts as much as what was found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from normalizer import ids
from store.bulk import insert_rows
from store.regroup import SYSTEM
from store.schema import system
from store.temporal import holds

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSystem:
    """A system as a person enters it; ``state`` is candidate, registered or governed."""

    name: str
    kind: str
    state: str = "registered"


def add(conn: Connection, rev: int, now: str, new: Iterable[NewSystem]) -> list[str]:
    """Enter systems without members and return their ids in the same order; a person decided on each."""
    wanted = list(new)
    found = ids.mint_block("sys", len(wanted))
    rows = [
        (system_id, rev, one.name, one.state, one.kind, f"said:{system_id}", True, now)
        for system_id, one in zip(found, wanted, strict=True)
    ]
    insert_rows(conn, system, SYSTEM, rows)
    return found


def by_name(conn: Connection) -> dict[str, list[str]]:
    """Return the ids of all systems that are neither merged nor rejected, by name in lower case, sorted."""
    query = select(system.c.system_id, system.c.name).where(
        holds(system, None), system.c.state.not_in(("merged", "rejected"))
    )
    found: dict[str, list[str]] = {}
    for row in conn.execute(query.order_by(system.c.system_id)):
        found.setdefault(row.name.casefold(), []).append(row.system_id)
    return found

"""Keep the keys of systems: short texts made of a name once, of which none is ever given to another.

A key stays with the id that it was made for, also after a rename; after a merge it leads to the system that
took its own, and undoing the merge gives it back. Rows are never changed and never deleted.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from sqlalchemy import select

from normalizer.slugs import numbered, slug_of
from store.bulk import insert_rows, is_one_of
from store.schema import system_alias, system_slug
from store.temporal import chunks

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from store.database import WriteTx


def of_systems(
    conn: Connection, system_ids: Collection[str] | None, rev: int | None = None
) -> dict[str, str]:
    """Return the keys of systems that have one (``None``: of all): their own, else the first they took over.

    ``rev`` is the revision to read at (``None``: now).
    """
    taken = select(system_alias.c.alias_id, system_alias.c.system_id)
    if rev is not None:
        taken = taken.where(system_alias.c.rev <= rev)
    if system_ids is None:
        homes = {row[0]: row[1] for row in conn.execute(taken)}
        return _first(conn, None, homes, rev)
    found: dict[str, str] = {}
    for chunk in chunks(sorted(system_ids)):
        rows = conn.execute(taken.where(is_one_of(conn, system_alias.c.system_id, chunk))).all()
        found |= _first(conn, chunk, {row[0]: row[1] for row in rows}, rev)
    return found


def _first(
    conn: Connection, system_ids: Collection[str] | None, homes: dict[str, str], rev: int | None
) -> dict[str, str]:
    query = select(system_slug.c.system_id, system_slug.c.slug)
    if rev is not None:
        query = query.where(system_slug.c.rev <= rev)
    queries = [query]
    if system_ids is not None:
        ids = sorted({*system_ids, *homes})
        queries = [query.where(is_one_of(conn, system_slug.c.system_id, chunk)) for chunk in chunks(ids)]
    by_order = (system_slug.c.rev, system_slug.c.slug)
    rows = [tuple(row) for one in queries for row in conn.execute(one.order_by(*by_order))]
    found: dict[str, str] = {}
    for system_id, slug in [*(row for row in rows if row[0] not in homes), *rows]:
        found.setdefault(homes.get(system_id, system_id), slug)
    return found


def holder(conn: Connection, slug: str) -> str | None:
    """Return the id of the system that a key leads to, through merges; ``None`` for an unknown one."""
    query = select(system_slug.c.system_id).where(system_slug.c.slug == slug)
    system_id: str | None = conn.execute(query).scalar()
    if system_id is None:
        return None
    into = select(system_alias.c.system_id).where(system_alias.c.alias_id == system_id)
    return conn.execute(into).scalar() or system_id


def ensure(tx: WriteTx, system_id: str, name: str) -> str:
    """Return a system's key, made of its name when it has none yet."""
    known = of_systems(tx.conn, [system_id]).get(system_id)
    if known is not None:
        return known
    slug = _free(tx.conn, slug_of(name))
    insert_rows(tx.conn, system_slug, ("slug", "system_id", "rev"), [(slug, system_id, tx.rev)])
    return slug


def _free(conn: Connection, slug: str) -> str:
    # As text, what begins so: a hyphen and a number follow, and others that are longer do no harm.
    begins = system_slug.c.slug.startswith(slug, autoescape=True)
    taken = set(conn.execute(select(system_slug.c.slug).where(begins)).scalars())
    number = 1
    while numbered(slug, number) in taken:
        number += 1
    return numbered(slug, number)

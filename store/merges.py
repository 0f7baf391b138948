"""Move groups between systems, merge a system into another, and take a merge back.

Everything here works inside the caller's write transaction. Whoever calls it settles the systems that it
returns afterwards (:func:`store.systems.refresh`). Ids that lose a merge stay as aliases; what a merge took
along is kept, so that undoing it finds everything again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson
from sqlalchemy import and_, bindparam, func, select

from normalizer import ids
from store import regroup
from store.bulk import insert_rows, is_one_of
from store.regroup import GROUP, MEMBER, PINNED, SUGGESTION, in_groups, replace_rows
from store.schema import (
    asset,
    asset_pin,
    system,
    system_alias,
    system_key,
    system_member,
    system_merge,
    system_suggestion,
    system_use,
)
from store.temporal import chunks

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from store.database import WriteTx

BY_LINK, BY_PERSON = "link", "person"
Reason: TypeAlias = tuple[str, float]
"""Why something belongs somewhere, and how strong that is (0 to 1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """One merge that holds: what went where, by whom, and the groups and aliases that went along."""

    merge_no: int
    old_system: str
    into_system: str
    by: str
    why: str
    nodes: tuple[str, ...]
    aliases: tuple[str, ...]
    state: str
    at: str


def move_nodes(tx: WriteTx, targets: Mapping[str, str], reasons: Mapping[str, Reason]) -> set[str]:
    """Let groups belong to systems (``targets`` by group); returns the systems that lost members."""
    known = regroup.key_systems(tx.conn, targets)
    moving = {key: target for key, target in targets.items() if known.get(key) != target}
    for chunk in chunks(sorted(moving)):
        tx.conn.execute(system_key.delete().where(is_one_of(tx.conn, system_key.c.group_key, chunk)))
        rows = [(key, moving[key], tx.rev) for key in chunk]
        insert_rows(tx.conn, system_key, ("group_key", "system_id", "rev"), rows)
    left: set[str] = set()
    for chunk in chunks(sorted(targets)):
        for of_groups in in_groups(tx.conn, chunk):
            left |= _move_members(tx, of_groups, targets, reasons)
    return left


def _move_members(
    tx: WriteTx, which: Any, targets: Mapping[str, str], reasons: Mapping[str, Reason]
) -> set[str]:
    query = (
        select(asset.c.asset_id, GROUP, system_member.c.system_id)
        .select_from(asset.outerjoin(asset_pin, PINNED).join(system_member, _OPEN))
        .where(which, asset.c.valid_to.is_(None))
    )
    rows = [row for row in tx.conn.execute(query).all() if targets[row[1]] != row[2]]
    _end_members(tx, [asset_id for asset_id, _, _ in rows])
    told = [
        (asset_id, targets[key], tx.rev, *reasons.get(key, regroup.because(key))) for asset_id, key, _ in rows
    ]
    insert_rows(tx.conn, system_member, MEMBER, told)
    return {system_id for _, _, system_id in rows}


_OPEN = and_(
    system_member.c.asset_id == asset.c.asset_id,
    system_member.c.valid_to.is_(None),
    system_member.c.strength != SUGGESTION,
)


def _end_members(tx: WriteTx, asset_ids: Sequence[str]) -> None:
    for chunk in chunks(sorted(asset_ids)):
        which = is_one_of(tx.conn, system_member.c.asset_id, chunk)
        same = and_(which, system_member.c.valid_from == tx.rev, system_member.c.valid_to.is_(None))
        tx.conn.execute(system_member.delete().where(same))
        open_rows = and_(which, system_member.c.valid_to.is_(None))
        tx.conn.execute(system_member.update().where(open_rows).values(valid_to=tx.rev))


def merge_all(tx: WriteTx, into: Mapping[str, str], reasons: Mapping[str, Reason], *, by: str) -> None:
    """Make systems part of others (``into`` by id): groups and members go along, ids stay as aliases.

    No system of ``into`` may be the target of another. ``reasons`` are by system.
    """
    if not into:
        return
    keys = keys_of(tx.conn, into)
    rows = _current(tx.conn, {*into, *into.values()})
    _keep_merges(tx, into, reasons, by, keys, rows)
    move_nodes(
        tx,
        {key: into[old] for old, several in keys.items() for key in several},
        {key: reasons[old] for old, several in keys.items() for key in several},
    )
    _move_rest(tx, into, reasons)
    _end_ties(tx, into)
    _write_aliases(tx, into)
    changes: dict[str, dict[str, object]] = {
        old: {"state": "merged", "merged_into": target} for old, target in into.items()
    }
    for old, target in into.items():
        if rows[old].first_seen_at < rows[target].first_seen_at:
            known = changes.setdefault(target, {})
            known["first_seen_at"] = min(str(known.get("first_seen_at", "~")), rows[old].first_seen_at)
    replace_rows(tx.conn, tx.rev, changes)


def _current(conn: Connection, system_ids: Collection[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for chunk in chunks(sorted(system_ids)):
        query = select(system.c.system_id, system.c.state, system.c.first_seen_at)
        query = query.where(is_one_of(conn, system.c.system_id, chunk), system.c.valid_to.is_(None))
        found.update((row.system_id, row) for row in conn.execute(query).all())
    return found


def _keep_merges(
    tx: WriteTx,
    into: Mapping[str, str],
    reasons: Mapping[str, Reason],
    by: str,
    keys: Mapping[str, list[str]],
    rows: Mapping[str, Any],
) -> None:
    aliases: dict[str, list[str]] = {}
    for chunk in chunks(sorted(into)):
        query = select(system_alias.c.system_id, system_alias.c.alias_id)
        query = query.where(is_one_of(tx.conn, system_alias.c.system_id, chunk))
        for old, alias in tx.conn.execute(query.order_by(system_alias.c.alias_id)).all():
            aliases.setdefault(old, []).append(alias)
    names = ("old_system", "into_system", "by", "why", "nodes", "aliases", "state", "at", "valid_from")
    told = [
        (
            *(old, target, by, reasons[old][0], orjson.dumps(keys.get(old, [])).decode()),
            *(orjson.dumps(aliases.get(old, [])).decode(), rows[old].state, tx.now, tx.rev),
        )
        for old, target in sorted(into.items())
    ]
    insert_rows(tx.conn, system_merge, names, told)


def _move_rest(tx: WriteTx, into: Mapping[str, str], reasons: Mapping[str, Reason]) -> None:
    """Move members that are in a system by more than their group."""
    for chunk in chunks(sorted(into)):
        query = select(system_member.c.asset_id, system_member.c.system_id).where(
            is_one_of(tx.conn, system_member.c.system_id, chunk),
            system_member.c.valid_to.is_(None),
            system_member.c.strength != SUGGESTION,
        )
        rows = tx.conn.execute(query).all()
        _end_members(tx, [asset_id for asset_id, _ in rows])
        told = [(asset_id, into[old], tx.rev, *reasons[old]) for asset_id, old in rows]
        insert_rows(tx.conn, system_member, MEMBER, told)


def _end_ties(tx: WriteTx, system_ids: Collection[str]) -> None:
    """End uses and suggestions of systems that are no more; those of what they became are found anew."""
    columns = (
        *(system_use.c.from_system, system_use.c.to_system),
        *(system_suggestion.c.left_system, system_suggestion.c.right_system),
    )
    for chunk in chunks(sorted(system_ids)):
        for column in columns:
            table = column.table
            which = is_one_of(tx.conn, column, chunk), table.c.valid_to.is_(None)
            tx.conn.execute(table.update().where(*which).values(valid_to=tx.rev))


def _write_aliases(tx: WriteTx, into: Mapping[str, str]) -> None:
    moved = system_alias.update().where(system_alias.c.system_id == bindparam("old"))
    moved = moved.values(system_id=bindparam("target"))
    tx.conn.execute(moved, [{"old": old, "target": target} for old, target in sorted(into.items())])
    rows = [(old, target, tx.rev) for old, target in sorted(into.items())]
    insert_rows(tx.conn, system_alias, ("alias_id", "system_id", "rev"), rows)


def unmerge(tx: WriteTx, one: Merge) -> set[str]:
    """Take a merge back: the old id is a system again, with the groups that it brought, where they still are.

    Returns the systems that lost members.
    """
    conn = tx.conn
    conn.execute(system_alias.delete().where(system_alias.c.alias_id == one.old_system))
    for chunk in chunks(one.aliases):
        which = is_one_of(conn, system_alias.c.alias_id, chunk)
        conn.execute(system_alias.update().where(which).values(system_id=one.old_system))
    replace_rows(conn, tx.rev, {one.old_system: {"state": one.state, "merged_into": None}})
    left = move_nodes(tx, dict.fromkeys(one.nodes, one.old_system), {})
    conn.execute(system_merge.update().where(system_merge.c.merge_no == one.merge_no).values(valid_to=tx.rev))
    return left | {one.old_system}


def mint(
    tx: WriteTx, key: str, *, name: str, kind: str, state: str = "candidate", decided: bool = False
) -> str:
    """Make a system that is called after a group key, which the caller lets belong to it; returns its id."""
    system_id = ids.mint("sys")
    row = (system_id, tx.rev, name, state, kind, key, decided, tx.now)
    insert_rows(tx.conn, system, regroup.SYSTEM, [row])
    return system_id


def pin(tx: WriteTx, groups: Mapping[str, str], *, by: str) -> None:
    """Let assets be of another group than the one that follows from what they are."""
    for chunk in chunks(sorted(groups)):
        tx.conn.execute(asset_pin.delete().where(is_one_of(tx.conn, asset_pin.c.asset_id, chunk)))
        rows = [(asset_id, groups[asset_id], by, tx.rev) for asset_id in chunk]
        insert_rows(tx.conn, asset_pin, ("asset_id", "group_key", "by", "rev"), rows)


def unpin(tx: WriteTx, asset_ids: Collection[str]) -> None:
    """Let assets be of their own group again."""
    for chunk in chunks(sorted(asset_ids)):
        tx.conn.execute(asset_pin.delete().where(is_one_of(tx.conn, asset_pin.c.asset_id, chunk)))


def keys_of(conn: Connection, system_ids: Collection[str]) -> dict[str, list[str]]:
    """Return the group keys of systems, sorted."""
    found: dict[str, list[str]] = {}
    for chunk in chunks(sorted(system_ids)):
        query = select(system_key.c.system_id, system_key.c.group_key).where(
            is_one_of(conn, system_key.c.system_id, chunk)
        )
        for system_id, key in conn.execute(query.order_by(system_key.c.group_key)).all():
            found.setdefault(system_id, []).append(key)
    return found


def merges(conn: Connection, into: Collection[str] | None = None) -> list[Merge]:
    """Return the merges that hold, newest first; ``into`` narrows to those into some systems."""
    query = select(system_merge).where(system_merge.c.valid_to.is_(None))
    query = query.order_by(system_merge.c.merge_no.desc())
    rows = [] if into is not None else list(conn.execute(query).all())
    for chunk in chunks(sorted(into or ())):
        rows += conn.execute(query.where(is_one_of(conn, system_merge.c.into_system, chunk))).all()
    return [_merge(row) for row in rows]


def _merge(row: Any) -> Merge:
    return Merge(
        merge_no=row.merge_no,
        old_system=row.old_system,
        into_system=row.into_system,
        by=row.by,
        why=row.why,
        nodes=tuple(orjson.loads(row.nodes)),
        aliases=tuple(orjson.loads(row.aliases)),
        state=row.state,
        at=row.at,
    )


def sizes(conn: Connection, keys: Collection[str]) -> dict[str, int]:
    """Return how many assets each group has."""
    found: dict[str, int] = {}
    for chunk in chunks(sorted(keys)):
        for of_groups in in_groups(conn, chunk):
            query = select(GROUP, func.count()).select_from(asset.outerjoin(asset_pin, PINNED))
            query = query.where(of_groups, asset.c.valid_to.is_(None)).group_by(GROUP)
            for key, count in conn.execute(query).all():
                found[key] = found.get(key, 0) + count
    return found


def members(conn: Connection, system_id: str) -> dict[str, str]:
    """Return the assets of a system with their groups."""
    query = (
        select(asset.c.asset_id, GROUP)
        .select_from(asset.outerjoin(asset_pin, PINNED).join(system_member, _OPEN))
        .where(system_member.c.system_id == system_id, asset.c.valid_to.is_(None))
    )
    return dict(conn.execute(query).all())


def first_name(conn: Connection, asset_ids: Sequence[str]) -> str:
    """Return the name of the oldest of some assets."""
    query = select(asset.c.name).where(asset.c.asset_id == min(asset_ids), asset.c.valid_to.is_(None))
    return str(conn.execute(query).scalar() or "")


def kinds(conn: Connection, asset_ids: Collection[str]) -> set[str]:
    """Return the kinds of assets."""
    found: set[str] = set()
    for chunk in chunks(sorted(asset_ids)):
        query = select(asset.c.kind).distinct().where(asset.c.valid_to.is_(None))
        found.update(conn.execute(query.where(is_one_of(conn, asset.c.asset_id, chunk))).scalars())
    return found

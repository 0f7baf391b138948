"""Keep what links say of systems besides merging them: uses, suggestions, and what a person keeps apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import func, or_, select

from store import regroup
from store.bulk import insert_rows, is_one_of
from store.schema import (
    asset_pin,
    system,
    system_alias,
    system_apart,
    system_suggestion,
    system_use,
)
from store.temporal import chunks, holds

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from normalizer.link_result import Clusters
    from store.database import WriteTx
    from store.linkage import Component


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggested:
    """Two systems that may be one; ``reasons`` are (rule, strength, why), strongest first."""

    suggestion_no: int
    left_system: str
    right_system: str
    strength: float
    reasons: tuple[tuple[str, float, str], ...]
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """Two systems of which a person said that they are not the same."""

    apart_no: int
    one_system: str
    other_system: str
    reason: str
    actor: str
    at: str
    rev: int


def apart(conn: Connection, system_ids: Iterable[str]) -> list[tuple[str, str]]:
    """Return the pairs of today's systems that a person keeps apart and that touch one of ``system_ids``."""
    wanted = set(system_ids)
    rows = apart_rows(conn)
    now = _today(conn, {one for row in rows for one in (row.one_system, row.other_system)})
    pairs = {(now[row.one_system], now[row.other_system]) for row in rows}
    return sorted(pair for pair in pairs if pair[0] != pair[1] and not wanted.isdisjoint(pair))


def apart_rows(conn: Connection) -> list[Apart]:
    """Return what persons keep apart, newest first."""
    query = select(system_apart).where(system_apart.c.valid_to.is_(None))
    return [
        Apart(
            apart_no=row.apart_no,
            one_system=row.one_system,
            other_system=row.other_system,
            reason=row.reason,
            actor=row.actor,
            at=row.at,
            rev=row.valid_from,
        )
        for row in conn.execute(query.order_by(system_apart.c.apart_no.desc())).all()
    ]


def keep_apart(tx: WriteTx, one: str, others: Collection[str], *, reason: str, actor: str, at: str) -> None:
    """Write down that a person says that systems are not the same."""
    rows = [(one, other, reason, actor, at, tx.rev) for other in sorted(set(others) - {one})]
    insert_rows(
        tx.conn, system_apart, ("one_system", "other_system", "reason", "actor", "at", "valid_from"), rows
    )


def end_apart(tx: WriteTx, numbers: Collection[int]) -> None:
    """Take back that systems are not the same."""
    for chunk in chunks(sorted(numbers)):
        which = is_one_of(tx.conn, system_apart.c.apart_no, chunk)
        tx.conn.execute(system_apart.update().where(which).values(valid_to=tx.rev))


def _today(conn: Connection, system_ids: Collection[str]) -> dict[str, str]:
    found = {one: one for one in system_ids}
    for chunk in chunks(sorted(system_ids)):
        query = select(system_alias.c.alias_id, system_alias.c.system_id)
        found.update(conn.execute(query.where(is_one_of(conn, system_alias.c.alias_id, chunk))).all())
    return found


def decided(conn: Connection, system_ids: Collection[str]) -> set[str]:
    """Return those systems on which a person has decided something."""
    query = select(system.c.system_id).where(
        is_one_of(conn, system.c.system_id, system_ids), system.c.valid_to.is_(None), system.c.decided
    )
    return set(conn.execute(query).scalars())


def pinned_by_link(conn: Connection, keys: Collection[str]) -> dict[str, list[str]]:
    """Return the assets that links took out of what is left over, by the group they got."""
    found: dict[str, list[str]] = defaultdict(list)
    for chunk in chunks(sorted(key for key in keys if key.startswith("one:"))):
        query = select(asset_pin.c.group_key, asset_pin.c.asset_id).where(
            is_one_of(conn, asset_pin.c.group_key, chunk), asset_pin.c.by == "link"
        )
        for key, asset_id in conn.execute(query).all():
            found[key].append(asset_id)
    return dict(found)


_Uses = dict[tuple[str, str], str]
_Suggestions = dict[tuple[str, str], tuple[float, str]]


def differs(conn: Connection, near: Component, clusters: Clusters) -> bool:
    """Say whether uses or suggestions would change."""
    mine, uses, suggestions = _wanted(conn, near, clusters)
    known_uses = {(row.from_system, row.to_system): row.why for row in _use_rows(conn, mine)}
    known = {
        (row.left_system, row.right_system): (row.strength, row.reasons)
        for row in _suggestion_rows(conn, mine)
    }
    return known_uses != uses or known != suggestions


def sync(tx: WriteTx, near: Component, clusters: Clusters) -> set[str]:
    """Bring uses and suggestions in step; returns the systems that became shared or are so no more."""
    mine, uses, suggestions = _wanted(tx.conn, near, clusters)
    before = shared(tx.conn, mine)
    ended = [
        row.use_no
        for row in _use_rows(tx.conn, mine)
        if uses.get((row.from_system, row.to_system)) != row.why
    ]
    kept = {
        (row.from_system, row.to_system) for row in _use_rows(tx.conn, mine) if row.use_no not in set(ended)
    }
    for chunk in chunks(ended):
        which = is_one_of(tx.conn, system_use.c.use_no, chunk)
        tx.conn.execute(system_use.update().where(which).values(valid_to=tx.rev))
    fresh = [(*pair, why, tx.rev) for pair, why in sorted(uses.items()) if pair not in kept]
    insert_rows(tx.conn, system_use, ("from_system", "to_system", "why", "valid_from"), fresh)
    _sync_suggestions(tx, mine, suggestions)
    return before ^ shared(tx.conn, mine)


def _sync_suggestions(tx: WriteTx, mine: set[str], wanted: _Suggestions) -> None:
    kept = set()
    ended = []
    for row in _suggestion_rows(tx.conn, mine):
        pair = (row.left_system, row.right_system)
        if wanted.get(pair) == (row.strength, row.reasons):
            kept.add(pair)
        else:
            ended.append(row.suggestion_no)
    end_suggestions(tx, ended)
    rows = [(*pair, *wanted[pair], tx.now, tx.rev) for pair in sorted(wanted) if pair not in kept]
    names = ("left_system", "right_system", "strength", "reasons", "at", "valid_from")
    insert_rows(tx.conn, system_suggestion, names, rows)


def end_suggestions(tx: WriteTx, numbers: Collection[int]) -> None:
    """Take suggestions off the queue."""
    for chunk in chunks(sorted(numbers)):
        which = is_one_of(tx.conn, system_suggestion.c.suggestion_no, chunk)
        tx.conn.execute(system_suggestion.update().where(which).values(valid_to=tx.rev))


def _wanted(conn: Connection, near: Component, clusters: Clusters) -> tuple[set[str], _Uses, _Suggestions]:
    """Return the systems in question, and which uses and suggestions they should have."""
    keys = regroup.key_systems(conn, list(near.nodes))
    mine = {system_id for key, system_id in keys.items() if key in near.near}
    uses: _Uses = {}
    for edge in sorted(clusters.uses, key=lambda edge: edge.order):
        pair = (keys.get(edge.left, ""), keys.get(edge.right, ""))
        if all(pair) and pair[0] != pair[1] and not mine.isdisjoint(pair):
            uses.setdefault(pair, edge.why)
    suggestions: _Suggestions = {}
    for one in clusters.suggestions:
        left, right = sorted((keys.get(one.left, ""), keys.get(one.right, "")))
        if left and left != right and not mine.isdisjoint((left, right)):
            reasons = [[edge.rule, edge.strength, edge.why] for edge in one.edges]
            suggestions.setdefault((left, right), (one.strength, orjson.dumps(reasons).decode()))
    return mine, uses, suggestions


def _use_rows(conn: Connection, system_ids: Collection[str]) -> list[Any]:
    return _rows(conn, system_use, system_use.c.from_system, system_use.c.to_system, system_ids)


def _suggestion_rows(conn: Connection, system_ids: Collection[str]) -> list[Any]:
    columns = system_suggestion.c
    return _rows(conn, system_suggestion, columns.left_system, columns.right_system, system_ids)


def _rows(conn: Connection, table: Any, left: Any, right: Any, system_ids: Collection[str]) -> list[Any]:
    found: dict[Any, Any] = {}
    for chunk in chunks(sorted(system_ids)):
        for side in (left, right):
            query = select(table).where(is_one_of(conn, side, chunk), table.c.valid_to.is_(None))
            found.update((row[0], row) for row in conn.execute(query).all())
    return [found[number] for number in sorted(found)]


def shared(conn: Connection, system_ids: Collection[str]) -> set[str]:
    """Return those systems that so many others use that they are a service for all."""
    from normalizer.link_result import HUB

    found: set[str] = set()
    for chunk in chunks(sorted(system_ids)):
        query = select(system_use.c.to_system).where(
            is_one_of(conn, system_use.c.to_system, chunk), system_use.c.valid_to.is_(None)
        )
        grouped = query.group_by(system_use.c.to_system)
        found.update(
            conn.execute(grouped.having(func.count(func.distinct(system_use.c.from_system)) >= HUB)).scalars()
        )
    return found


def uses(
    conn: Connection, system_id: str, rev: int | None = None
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return what a system uses and what uses it, as (system, why), sorted."""
    query = select(system_use.c.from_system, system_use.c.to_system, system_use.c.why)
    query = query.where(or_(system_use.c.from_system == system_id, system_use.c.to_system == system_id))
    rows = conn.execute(query.where(holds(system_use, rev))).all()
    return (
        sorted((row.to_system, row.why) for row in rows if row.from_system == system_id),
        sorted((row.from_system, row.why) for row in rows if row.to_system == system_id),
    )


def suggestions(conn: Connection, system_id: str | None = None, rev: int | None = None) -> list[Suggested]:
    """Return the queue, strongest first; ``system_id`` narrows to one system."""
    columns = system_suggestion.c
    query = select(system_suggestion).where(holds(system_suggestion, rev))
    if system_id is not None:
        query = query.where(or_(columns.left_system == system_id, columns.right_system == system_id))
    query = query.order_by(columns.strength.desc(), columns.suggestion_no)
    return [
        Suggested(
            suggestion_no=row.suggestion_no,
            left_system=row.left_system,
            right_system=row.right_system,
            strength=row.strength,
            reasons=tuple((rule, strength, why) for rule, strength, why in orjson.loads(row.reasons)),
            at=row.at,
        )
        for row in conn.execute(query).all()
    ]


__all__ = [
    "Apart",
    "Suggested",
    "apart",
    "apart_rows",
    "decided",
    "differs",
    "end_apart",
    "end_suggestions",
    "keep_apart",
    "pinned_by_link",
    "shared",
    "suggestions",
    "sync",
    "uses",
]

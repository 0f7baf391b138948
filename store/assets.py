"""Keep assets and relations equal to what their open sightings add up to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, TypeAlias

from sqlalchemy import Column, Row, Select, Table, Update, bindparam, select, update

from connectors.model import Link
from normalizer.fold import AssetFold, AssetState, Sighted, fold
from normalizer.grouping import group_of
from normalizer.identity import Key
from store.arrivals import Arrival
from store.bulk import insert_rows, is_one_of, listed, matching, one_of_listed, pairs_of
from store.database import WriteTx
from store.placement import NewAsset
from store.schema import asset, asset_alias, identity, relation
from store.sightings import open_sightings
from store.text import MAX_KEY, clean, clean_key

_FOLDED = (
    *(
        "kind",
        "provider",
        "name",
        "natural_namespace",
        "natural_id",
        "state",
        "grade",
        "role",
        "ref",
        "drives",
    ),
    *("account", "region", "application", "model", "group_key", "first_seen_at"),
)
_GROUPED = tuple(
    _FOLDED.index(name) for name in ("kind", "name", "natural_id", "state", "drives", "group_key")
)
"""The places of what grouping and naming look at."""
_COLUMNS = ("asset_id", "valid_from", *_FOLDED)
_RELATION_COLUMNS = ("from_asset", "relation", "to_namespace", "to_key", "to_asset", "part_no", "valid_from")

Edge: TypeAlias = tuple[str, str, str, str, int]
"""From asset, relation, target namespace, target key, part number."""


def insert_assets(tx: WriteTx, shown: Mapping[str, Sequence[Arrival]], alone: Mapping[str, NewAsset]) -> None:
    """Write assets that nobody knew before, by id, from what shows them; ``alone`` are those shown once."""
    rows = (
        (asset_id, tx.rev, *_values_of_one(several[0], one.group_key))
        if (one := alone.get(asset_id)) is not None
        else (asset_id, tx.rev, *_values(fold([one.sighted for one in several])))
        for asset_id, several in shown.items()
    )
    insert_rows(tx.conn, asset, _COLUMNS, rows)


def group_key_of(arrival: Arrival) -> str:
    """Return the group of an asset that this alone shows."""
    one, (namespace, key) = arrival.shown, arrival.key
    return _kept(group_of(one.kind, namespace, key, one.account, one.application, arrival.content.tags))


def new_asset(asset_id: str, arrival: Arrival, group_key: str) -> NewAsset:
    """Return a new asset as far as grouping goes."""
    one = arrival.shown
    return NewAsset(asset_id, group_key, one.kind, one.name, arrival.key[1], arrival.opened_at)


def refold(tx: WriteTx, asset_ids: set[str], at_hand: Mapping[int, Sighted] | None = None) -> set[str]:
    """Fold assets again from their open sightings and write the versions and relations that changed.

    Returns those that changed in what decides about systems (:data:`_GROUPED`). An asset without any
    sighting is gone. An id that was merged into another ends without a successor. ``at_hand`` are sightings
    by row number that need not be read again.
    """
    if not asset_ids:
        return set()
    ordered = sorted(asset_ids)
    sightings: dict[str, list[Sighted]] = defaultdict(list)
    edges: set[Edge] = set()
    for asset_id, part_no, one in open_sightings(tx.conn, ordered, at_hand or {}):
        sightings[asset_id].append(one)
        if one.content.links:
            edges.update(edges_of(asset_id, one.content.links, part_no))
    current = _current(tx, ordered)
    merged = _merged(tx, [asset_id for asset_id in ordered if asset_id not in sightings])
    ended, rows, moved = _versions(tx, ordered, sightings, current, merged)
    if ended:
        names = {"rev": tx.rev, "listed": listed(ended)}
        tx.conn.execute(_ending(tx.conn.dialect.name), names)
    insert_rows(tx.conn, asset, _COLUMNS, rows)
    _relate_again(tx, ordered, edges)
    return moved


def _versions(
    tx: WriteTx,
    ordered: Sequence[str],
    sightings: dict[str, list[Sighted]],
    current: dict[str, Row[Any]],
    merged: set[str],
) -> tuple[list[str], list[tuple[Any, ...]], set[str]]:
    moved: set[str] = set()
    ended: list[str] = []
    rows: list[tuple[Any, ...]] = []
    for asset_id in ordered:
        now = current.get(asset_id)
        before = None if now is None else _row_values(now)
        if asset_id in merged:
            after = None
        elif found := sightings.get(asset_id):
            after = _values(fold(found), first_seen_at=now.first_seen_at if now else None)
        else:
            after = None if before is None else _gone(before)
        if after == before:
            continue
        if before is None or after is None or any(before[place] != after[place] for place in _GROUPED):
            moved.add(asset_id)
        if before is not None:
            ended.append(asset_id)
        if after is not None:
            rows.append((asset_id, tx.rev, *after))
    return ended, rows, moved


def _current(tx: WriteTx, asset_ids: Sequence[str]) -> dict[str, Row[Any]]:
    query = _open(tx.conn.dialect.name, asset, asset.c.asset_id)
    return {row.asset_id: row for row in tx.conn.execute(query, {"listed": listed(asset_ids)}).all()}


@cache
def _open(dialect: str, table: Table, column: Column[Any]) -> Select[Any]:
    return select(table).where(one_of_listed(dialect, column), table.c.valid_to.is_(None))


@cache
def _ending(dialect: str) -> Update:
    chosen = one_of_listed(dialect, asset.c.asset_id)
    return update(asset).where(chosen, asset.c.valid_to.is_(None)).values(valid_to=bindparam("rev"))


def _merged(tx: WriteTx, asset_ids: Sequence[str]) -> set[str]:
    if not asset_ids:
        return set()
    found = select(asset_alias.c.asset_id).where(
        is_one_of(tx.conn, asset_alias.c.asset_id, asset_ids), asset_alias.c.why == "merged"
    )
    return set(tx.conn.execute(found).scalars())


def _values(one: AssetFold, *, first_seen_at: str | None = None) -> tuple[Any, ...]:
    opened_at = one.first_seen_at
    return (
        one.kind,
        one.provider,
        one.name,
        one.natural_namespace,
        one.natural_id,
        one.state.value,
        one.grade.value,
        one.role.value,
        one.ref,
        one.drives,
        one.account,
        one.region,
        one.application,
        one.model,
        _kept(
            group_of(one.kind, one.natural_namespace, one.natural_id, one.account, one.application, one.tags)
        ),
        min(first_seen_at, opened_at) if first_seen_at else opened_at,
    )


def _values_of_one(arrival: Arrival, group_key: str) -> tuple[Any, ...]:
    """Return what :func:`_values` gives for the fold of a single sighting: almost every new asset."""
    one, (namespace, key) = arrival.shown, arrival.key
    return (
        one.kind,
        one.provider,
        one.name,
        namespace,
        key,
        AssetState.PRESENT._value_,
        one.grade._value_,
        one.role._value_,
        arrival.ref,
        arrival.drives,
        one.account,
        one.region,
        one.application,
        one.model,
        group_key,
        arrival.opened_at,
    )


def _kept(text: str) -> str:
    return text if len(text) <= MAX_KEY and text.isprintable() else clean(text, MAX_KEY)


def _row_values(row: Row[Any]) -> tuple[Any, ...]:
    return tuple(bool(row.drives) if name == "drives" else getattr(row, name) for name in _FOLDED)


def _gone(before: tuple[Any, ...]) -> tuple[Any, ...]:
    place = _FOLDED.index("state")
    return (*before[:place], "gone", *before[place + 1 :])


def edges_of(asset_id: str, links: Iterable[Link], part_no: int) -> Iterable[Edge]:
    """Return the relations that the links of a sighting show."""
    for link in links:
        namespace, key = clean_key(link.target.namespace, link.target.key)
        yield asset_id, link.relation.value, namespace, key, part_no


def relate(tx: WriteTx, edges: Iterable[Edge], targets: dict[Key, str]) -> None:
    """Write relations that are known to be new; ``targets`` are the assets that are known."""
    rows = [
        (from_asset, kind, namespace, key, targets.get((namespace, key)), part_no, tx.rev)
        for from_asset, kind, namespace, key, part_no in sorted(edges)
    ]
    insert_rows(tx.conn, relation, _RELATION_COLUMNS, rows)


def _relate_again(tx: WriteTx, asset_ids: Sequence[str], wanted: set[Edge]) -> None:
    open_now = _open(tx.conn.dialect.name, relation, relation.c.from_asset)
    rows = tx.conn.execute(open_now, {"listed": listed(asset_ids)}).all()
    known: dict[Edge, int] = {
        (row.from_asset, row.relation, row.to_namespace, row.to_key, row.part_no): row.relation_no
        for row in rows
    }
    ended = [number for edge, number in known.items() if edge not in wanted]
    if ended:
        tx.conn.execute(
            update(relation).where(is_one_of(tx.conn, relation.c.relation_no, ended)).values(valid_to=tx.rev)
        )
    fresh = wanted - known.keys()
    if fresh:
        relate(tx, fresh, find_targets(tx, {(edge[2], edge[3]) for edge in fresh}))


def find_targets(tx: WriteTx, keys: Iterable[Key]) -> dict[Key, str]:
    """Return the assets that some natural keys name."""
    pairs = sorted(set(keys))
    if not pairs:
        return {}
    found = tx.conn.execute(_targets(tx.conn.dialect.name), pairs_of(tx.conn.dialect.name, pairs)).all()
    return {(row.namespace, row.key): row.asset_id for row in found}


@cache
def _targets(dialect: str) -> Select[Any]:
    columns = identity.c
    query = select(columns.namespace, columns.key, columns.asset_id)
    return matching(dialect, query, columns.namespace, columns.key)


def answer_waiting(tx: WriteTx, targets: dict[Key, str]) -> None:
    """Fill in the target of relations that waited for these keys to become assets."""
    # Few namespaces are ever linked to from elsewhere: one look at each spares one for every key.
    awaited = {
        name for name in {key[0] for key in targets} if tx.conn.execute(_awaited(), {"name": name}).first()
    }
    pairs = sorted(key for key in targets if key[0] in awaited)
    if not pairs:
        return
    waiting = tx.conn.execute(_waiting(tx.conn.dialect.name), pairs_of(tx.conn.dialect.name, pairs)).all()
    for row in waiting:
        tx.conn.execute(
            update(relation)
            .where(relation.c.relation_no == row.relation_no)
            .values(to_asset=targets[row.to_namespace, row.to_key])
        )


@cache
def _awaited() -> Select[Any]:
    columns = relation.c
    return (
        select(columns.relation_no)
        .where(columns.to_namespace == bindparam("name"))
        .where(columns.to_asset.is_(None), columns.valid_to.is_(None))
        .limit(1)
    )


@cache
def _waiting(dialect: str) -> Select[Any]:
    columns = relation.c
    query = select(columns.relation_no, columns.to_namespace, columns.to_key).where(
        columns.to_asset.is_(None), columns.valid_to.is_(None)
    )
    return matching(dialect, query, columns.to_namespace, columns.to_key)

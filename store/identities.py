"""Look up and write down which asset a natural key names."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Select, bindparam, select, update

from normalizer.identity import Key, Known, Move, MoveWhy, Resolver
from normalizer.ids import mint_block
from store.arrivals import Arrival, moment_kept
from store.bulk import insert_rows, matching, pairs_of
from store.database import WriteTx
from store.schema import asset_alias, identity, relation, sighting
from store.sightings import bump_epoch, reassign
from store.text import clean_key, moment, moment_text

_COLUMNS = ("namespace", "key", "asset_id", "is_alias", "created_at", "rev")
_BLOCK = 500
_MANY = 100
"""Keys from which on it pays to ask first whether any of them can be known."""
_FEW_SPANS = 4


def resolve(
    tx: WriteTx, arrivals: Sequence[Arrival], named: Mapping[int, str], *, is_first: bool
) -> tuple[Resolver, list[str], set[str]]:
    """Find or mint the asset of every arrival; :func:`write_identities` writes down what is new.

    ``named`` are arrivals, by their place, whose asset is known and cannot have changed. ``is_first`` says
    that most of them are likely to be new. Returns the resolver, the asset ids in the order of
    ``arrivals``, and known assets that must be folded again because an id moved.
    """
    keys = [one.key for one in arrivals]
    names = [_aliases(one) if one.content.aliases else () for one in arrivals]
    asked = {key for place, key in enumerate(keys) if place not in named} if named else set(keys)
    known = _known(tx, asked.union(*filter(None, names)), is_first=is_first)
    resolver = Resolver(known, _minting(len(keys)))
    given = [
        named.get(place) or resolver.resolve(key, aliases, one.created_at)
        for place, (one, key, aliases) in enumerate(zip(arrivals, keys, names, strict=True))
    ]
    touched: set[str] = set()
    for move in resolver.stored_moves():
        touched |= _make(tx, move)
    if resolver.moves:
        given = [resolver.final(asset_id) for asset_id in given]
    return resolver, given, touched


def _minting(about: int) -> Callable[[], str]:
    """Return what mints one asset id a call, in blocks of at most ``about``."""
    block: list[str] = []

    def mint() -> str:
        if not block:
            block.extend(reversed(mint_block("ast", max(1, min(about, _BLOCK)))))
        return block.pop()

    return mint


def _aliases(arrival: Arrival) -> Sequence[Key]:
    return [clean_key(one.namespace, one.key) for one in arrival.content.aliases]


def _known(tx: WriteTx, keys: Collection[Key], *, is_first: bool) -> dict[Key, Known]:
    pairs = sorted(keys)
    if not pairs or (is_first and len(pairs) >= _MANY and _none_between(tx, pairs)):
        return {}
    rows = tx.conn.execute(_lookup(tx.conn.dialect.name), pairs_of(tx.conn.dialect.name, pairs)).all()
    return {
        (namespace, key): Known(asset_id, bool(is_alias), moment(created_at))
        for namespace, key, asset_id, is_alias, created_at in rows
    }


def _none_between(tx: WriteTx, pairs: Sequence[Key]) -> bool:
    """Say whether no key is known from the least to the greatest of each namespace (given in order).

    What one listing shows for the first time lies close together, and nothing known lies between.
    """
    spans: dict[str, tuple[str, str]] = {}
    for namespace, key in pairs:
        spans[namespace] = (spans[namespace][0] if namespace in spans else key, key)
    return len(spans) <= _FEW_SPANS and not any(
        tx.conn.execute(_between(), {"namespace": namespace, "least": least, "greatest": greatest}).first()
        for namespace, (least, greatest) in spans.items()
    )


@cache
def _between() -> Select[Any]:
    columns = identity.c
    query = select(columns.key).where(columns.namespace == bindparam("namespace"))
    query = query.where(columns.key >= bindparam("least"), columns.key <= bindparam("greatest"))
    # Ordered, so that no planner reads the whole table in the hope of an early hit.
    return query.order_by(columns.namespace, columns.key).limit(1)


@cache
def _lookup(dialect: str) -> Select[Any]:
    columns = identity.c
    query = select(columns.namespace, columns.key, columns.asset_id, columns.is_alias, columns.created_at)
    return matching(dialect, query, columns.namespace, columns.key)


def write_identities(tx: WriteTx, resolver: Resolver) -> None:
    """Write down what :func:`resolve` found to be new."""
    for (namespace, key), row in resolver.dated.items():
        tx.conn.execute(
            update(identity)
            .where(identity.c.namespace == namespace, identity.c.key == key)
            .values(created_at=moment_text(row.created_at), rev=tx.rev)
        )
    # In the order of their keys: neighbours in the index are then written together.
    rows = (
        (*key, row.asset_id, row.is_alias, moment_kept(row.created_at), tx.rev)
        for key, row in sorted(resolver.added.items(), key=itemgetter(0))
    )
    insert_rows(tx.conn, identity, _COLUMNS, rows)


def _make(tx: WriteTx, move: Move) -> set[str]:
    """Let ``move.new`` take over the names of ``move.old``; rare, so one statement after the other."""
    conn = tx.conn
    conn.execute(
        update(identity).where(identity.c.asset_id == move.old).values(asset_id=move.new, rev=tx.rev)
    )
    conn.execute(
        update(relation)
        .where(relation.c.to_asset == move.old, relation.c.valid_to.is_(None))
        .values(to_asset=move.new)
    )
    conn.execute(
        asset_alias.insert().values(asset_id=move.old, to_asset=move.new, why=move.why.value, rev=tx.rev)
    )
    still_open = (sighting.c.asset_id == move.old) & sighting.c.valid_to.is_(None)
    if move.why is MoveWhy.REPLACED:
        conn.execute(
            update(sighting)
            .where(still_open)
            .values(valid_to=tx.rev, closed_at=tx.now, close_reason="replaced")
        )
    else:
        numbers = conn.execute(select(sighting.c.sighting_no).where(still_open)).scalars().all()
        reassign(tx, numbers, move.new)
    bump_epoch(tx)
    return {move.old, move.new}

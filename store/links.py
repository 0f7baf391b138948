"""Keep join tokens and the links between groups in step with what was touched.

Only tokens of touched assets are looked at, and only the links that hang on these. A link keeps the
revisions between which it held. What the links make of systems is done in :mod:`store.linkage`.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func, or_, select

from normalizer import link_nodes, linking
from normalizer.link_edges import NAMED, Edge
from normalizer.link_facts import MAX_TOKEN, Fact, Side, Token, tokens_of
from store import link_reading
from store.bulk import insert_rows, is_one_of
from store.schema import link, link_token
from store.temporal import chunks
from store.text import clean

if TYPE_CHECKING:
    from sqlalchemy import Connection

_TOKEN = ("asset_id", "token", "side", "node", "label", "detail")
_LINK = (
    *("rule", "token", "left_node", "right_node", "how", "strength", "why", "left_asset", "right_asset"),
    *("is_use", "valid_from"),
)
_LOOSE = frozenset({"owner", "title", "model", "identity", "role", "key", "copy"})
_MOST_LOOSE, _MOST = 60, 5_000
"""Who may meet on a token before it is no more than a word: on what is no identity, and on what is one."""

_Row = tuple[str, str, str, str, str, str]


@dataclass(slots=True)
class LinkPlan:
    """What changes: token rows to delete (asset and token and side) and to add, links to end and to add.

    ``touched`` are the nodes whose systems are worth a look.
    """

    gone: list[tuple[str, str, str]] = field(default_factory=list)
    fresh: list[_Row] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    added: list[Edge] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.gone or self.fresh or self.ended or self.added)


def plan(conn: Connection, asset_ids: Collection[str]) -> LinkPlan:
    """Work out what touched assets change; reads the store, writes nothing."""
    facts = link_reading.facts(conn, asset_ids)
    before = _token_rows(conn, asset_ids)
    touched = {fact.node for fact in facts} | {row[3] for row in before}
    holders = {_holder(key): key for key in touched}
    before += _token_rows(conn, holders)
    nodes = link_reading.nodes(conn, touched, facts)
    wanted = _wanted(conn, facts, nodes)
    result = LinkPlan(touched=touched)
    known, now = {row[:3]: row for row in before}, {row[:3]: row for row in wanted}
    result.gone = [key for key, row in known.items() if now.get(key) != row]
    result.fresh = [row for key, row in now.items() if known.get(key) != row]
    _plan_links(conn, result, facts, nodes, {row[1] for row in (*known.values(), *now.values())})
    return result


def _wanted(conn: Connection, facts: Sequence[Fact], nodes: dict[str, link_nodes.Node]) -> list[_Row]:
    rows = [_row(token.asset_id, token) for fact in facts for token in tokens_of(fact)]
    living = {key: node for key, node in nodes.items() if node.spans}
    origins = link_reading.origins(conn, [key for key, node in living.items() if node.is_code])
    for key, node in living.items():
        for token in link_nodes.tokens_of(node, origins.get(key, link_nodes.Origin())):
            rows.append(_row(_holder(key), token))
    return rows


def _row(asset_id: str, token: Token) -> _Row:
    # Values of attributes are as the vendor sent them: neither database keeps every character.
    return (
        *(asset_id, clean(token.text, MAX_TOKEN), token.side.value, token.node),
        *(clean(token.label, MAX_TOKEN), clean(token.detail, MAX_TOKEN)),
    )


def _holder(key: str) -> str:
    """Return what stands for a whole group where an asset's id stands otherwise."""
    return f"node:{hashlib.blake2b(key.encode('utf-8', 'replace'), digest_size=16).hexdigest()}"


def _token_rows(conn: Connection, asset_ids: Iterable[str]) -> list[_Row]:
    found: list[_Row] = []
    for chunk in chunks(sorted(asset_ids)):
        query = select(*(link_token.c[name] for name in _TOKEN))
        found.extend(
            tuple(row) for row in conn.execute(query.where(is_one_of(conn, link_token.c.asset_id, chunk)))
        )
    return found


def _plan_links(
    conn: Connection,
    result: LinkPlan,
    facts: Sequence[Fact],
    known: dict[str, link_nodes.Node],
    texts: Collection[str],
) -> None:
    counted = _telling(conn, texts, {row[1] for row in result.fresh if row[2] == Side.NAMES.value})
    stale = set(result.gone)
    met = [
        one
        for one in link_reading.tokens(conn, counted)
        if (one.asset_id or _holder(one.node), one.text, one.side.value) not in stale
    ]
    met += [_token(row) for row in result.fresh if row[1] in counted]
    crowds = Counter(one.text for one in met)
    met = [one for one in met if crowds[one.text] > 1]
    nodes = known | link_reading.nodes(conn, {one.node for one in met} - known.keys(), facts)
    edges = {_key(edge): edge for edge in linking.bucketed(met, nodes)}
    for number, key in _open_links(conn, texts):
        if key in edges:
            del edges[key]
        else:
            result.ended.append(number)
            result.touched |= {key[1], key[2]}
    result.added = list(edges.values())
    for edge in result.added:
        result.touched |= {edge.left, edge.right}


def _token(row: _Row) -> Token:
    asset_id = "" if row[0].startswith("node:") else row[0]
    return Token(row[1], link_reading.SIDES[row[2]], row[3], asset_id, row[4], row[5])


def _telling(conn: Connection, texts: Collection[str], named: Collection[str]) -> set[str]:
    """Return those tokens on which so few meet that meeting means something.

    Where nobody names what others are, those who meet are not even read: things of one name may be many.
    ``named`` are tokens that somebody is about to name.
    """
    found = {one for one in texts if one in named or one.partition(":")[0] not in NAMED}
    naming = func.count(case((link_token.c.side == Side.NAMES.value, 1)))
    query = select(link_token.c.token, func.count(), naming).group_by(link_token.c.token)
    query = query.having(or_(func.count() > _MOST_LOOSE, naming > 0))
    for chunk in chunks(sorted(texts)):
        counts = conn.execute(query.where(is_one_of(conn, link_token.c.token, chunk))).all()
        for text, count, names in counts:
            if count > (_MOST_LOOSE if text.partition(":")[0] in _LOOSE else _MOST):
                found.discard(text)
            elif names:
                found.add(text)
    return found


_LinkKey = tuple[str, str, str, str, str, float, str, str, str, bool]


def _key(edge: Edge) -> _LinkKey:
    return (
        *(edge.rule, edge.left, edge.right, edge.token, edge.how, edge.strength, edge.why),
        *(edge.left_asset, edge.right_asset, edge.is_use),
    )


def _open_links(conn: Connection, texts: Collection[str]) -> list[tuple[int, _LinkKey]]:
    found: list[tuple[int, _LinkKey]] = []
    for chunk in chunks(sorted(texts)):
        query = select(link).where(is_one_of(conn, link.c.token, chunk), link.c.valid_to.is_(None))
        found.extend((row.link_no, _key(edge_of(row))) for row in conn.execute(query).all())
    return found


def edge_of(row: Any) -> Edge:
    """Return a row of the table as an edge."""
    return Edge(
        rule=row.rule,
        left=row.left_node,
        right=row.right_node,
        how=row.how,
        strength=row.strength,
        why=row.why,
        token=row.token,
        left_asset=row.left_asset,
        right_asset=row.right_asset,
        is_use=bool(row.is_use),
    )


def write(conn: Connection, rev: int, changes: LinkPlan) -> None:
    """Write a plan."""
    by_asset: dict[str, list[tuple[str, str]]] = {}
    for asset_id, token, side in changes.gone:
        by_asset.setdefault(asset_id, []).append((token, side))
    for asset_id, pairs in sorted(by_asset.items()):
        for token, side in pairs:
            conn.execute(
                link_token.delete().where(
                    link_token.c.asset_id == asset_id, link_token.c.token == token, link_token.c.side == side
                )
            )
    insert_rows(conn, link_token, _TOKEN, changes.fresh)
    for chunk in chunks(sorted(changes.ended)):
        conn.execute(link.update().where(is_one_of(conn, link.c.link_no, chunk)).values(valid_to=rev))
    rows = [
        (
            *(one.rule, one.token, one.left, one.right, one.how, one.strength, one.why),
            *(one.left_asset, one.right_asset, one.is_use, rev),
        )
        for one in sorted(changes.added, key=lambda edge: edge.order)
    ]
    insert_rows(conn, link, _LINK, rows)


def links_of(conn: Connection, keys: Collection[str]) -> list[Edge]:
    """Return the links that hold on some nodes, each once."""
    found: dict[int, Edge] = {}
    for chunk in chunks(sorted(keys)):
        for side in (link.c.left_node, link.c.right_node):
            query = select(link).where(is_one_of(conn, side, chunk), link.c.valid_to.is_(None))
            found.update((row.link_no, edge_of(row)) for row in conn.execute(query).all())
    return [found[number] for number in sorted(found)]

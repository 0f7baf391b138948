"""Read what links are made of: facts of assets, groups as nodes, relations between them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import func, select

from normalizer import grouping, link_nodes
from normalizer.link_facts import Fact, Side, Token, own_node
from normalizer.link_nodes import Node, Origin
from normalizer.link_uses import Related
from normalizer.owners import hints_from_tags, is_automation, normal_party
from normalizer.units import entity_of, holder_of
from store import units
from store.bulk import is_one_of
from store.regroup import GROUP, PINNED, SUGGESTION, in_groups
from store.schema import (
    asset,
    asset_pin,
    identity,
    link_token,
    relation,
    scope,
    sighting,
    system,
    system_key,
    system_member,
)
from store.temporal import chunks

if TYPE_CHECKING:
    from sqlalchemy import Connection

_SILENT = frozenset({"package", "ci_step", "notebook", "data_store", "evaluation"})
"""Kinds in code that say nothing by which they could be linked, but for tags: their unit does."""
_SAMPLE = 3
_NAMED = re.compile(r"\((.+)\)")
_ASSET = "ast_"
SIDES = {side.value: side for side in Side}
"""Looked up here, as calling the enumeration costs five times as much and happens a million times."""


def facts(conn: Connection, asset_ids: Collection[str]) -> list[Fact]:
    """Return the facts of those assets that still are and that drive, gone ones included."""
    found: list[Fact] = []
    for chunk in chunks(sorted(asset_ids)):
        query = select(asset, asset_pin.c.group_key.label("pinned"), asset_pin.c.by)
        query = query.select_from(asset.outerjoin(asset_pin, PINNED))
        rows = conn.execute(
            query.where(is_one_of(conn, asset.c.asset_id, chunk), asset.c.valid_to.is_(None), asset.c.drives)
        ).all()
        silent = [row.asset_id for row in rows if _is_silent(row.natural_namespace, row.kind)]
        telling = {row.asset_id for row in rows} - set(silent)
        wide = _wide(conn, telling) | _wide(conn, silent, tagged=True)
        found.extend(_fact(row, wide.get(row.asset_id, ())) for row in rows)
    return found


def _is_silent(namespace: str, kind: str) -> bool:
    return kind in _SILENT and grouping.is_code(namespace)


def _wide(
    conn: Connection, asset_ids: Collection[str], *, tagged: bool = False
) -> dict[str, list[dict[str, Any]]]:
    """Return the wide parts of what shows each asset, decoded, in the order of their text.

    ``tagged``: only of those with tags, told by the text alone.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for chunk in chunks(sorted(asset_ids)):
        query = select(sighting.c.asset_id, sighting.c.payload).where(
            is_one_of(conn, sighting.c.asset_id, chunk), sighting.c.valid_to.is_(None)
        )
        if tagged:
            query = query.where(sighting.c.payload.not_like('%"tags":{}%'))
        for asset_id, payload in conn.execute(query).all():
            found[asset_id].append(payload)
    return {one: [orjson.loads(text) for text in sorted(texts)] for one, texts in found.items()}


def _fact(row: Any, wide: Iterable[dict[str, Any]]) -> Fact:
    attributes: dict[str, Any] = {}
    tags: dict[str, str] = {}
    hints: list[tuple[float, str]] = []
    for one in wide:
        attributes = {**one["attributes"], **attributes}
        tags = {**one["tags"], **tags}
        hints += [(-hint["confidence"], normal_party(hint["candidate"])) for hint in one["owner_hints"]]
    hints += [(-hint.confidence, normal_party(hint.candidate)) for hint in hints_from_tags(tags)]
    best = next((party for _, party in sorted(hints) if not is_automation(party)), "")
    return Fact(
        asset_id=row.asset_id,
        group_key=row.pinned if row.by == "person" else row.group_key,
        kind=row.kind,
        provider=row.provider,
        namespace=row.natural_namespace,
        natural_id=row.natural_id,
        name=row.name,
        account=row.account or "",
        region=row.region or "",
        model=row.model or "",
        owner=best,
        attributes=attributes,
        tags=tags,
    )


def origins(conn: Connection, keys: Collection[str]) -> dict[str, Origin]:
    """Return what is known of the repositories of code groups, by a few of their assets."""
    found: dict[str, Origin] = {}
    for chunk in chunks(sorted(keys)):
        query = select(asset.c.group_key, func.min(asset.c.asset_id), func.max(asset.c.asset_id))
        query = query.where(is_one_of(conn, asset.c.group_key, chunk), asset.c.valid_to.is_(None))
        samples = {
            key: {first, last} for key, first, last in conn.execute(query.group_by(asset.c.group_key)).all()
        }
        ids = set().union(*samples.values()) if samples else set()
        wide, names = _wide(conn, ids), _namespaces(conn, ids)
        for key, several in samples.items():
            contents = [one for asset_id in sorted(several) for one in wide.get(asset_id, ())]
            known = set().union(*(names.get(asset_id, set()) for asset_id in several))
            found[key] = _origin(contents, known)
    return found


def _namespaces(conn: Connection, asset_ids: Collection[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    query = select(identity.c.asset_id, identity.c.namespace).distinct()
    query = query.where(is_one_of(conn, identity.c.asset_id, asset_ids), identity.c.namespace.like("code/%"))
    for asset_id, namespace in conn.execute(query).all() if asset_ids else ():
        found[asset_id].add(namespace.partition("/")[2])
    return found


def _origin(contents: list[dict[str, Any]], known: set[str]) -> Origin:
    addresses: dict[str, None] = {}
    fork_of, fork_by, hints = "", "", []
    for one in contents:
        for alias in one["aliases"]:
            head, _, rest = alias["namespace"].partition("/")
            if head == "code":
                addresses.setdefault(rest)
        fork_of = fork_of or str(one["attributes"].get("fork_of", ""))
        fork_by = fork_by or str(one["attributes"].get("fork_by", ""))
        hints += [(-hint["confidence"], normal_party(hint["candidate"])) for hint in one["owner_hints"]]
    best = next((party for _, party in sorted(hints) if not is_automation(party)), "")
    return Origin(
        addresses=tuple(addresses),
        earlier=tuple(sorted(known - addresses.keys())),
        fork_of=fork_of,
        fork_by=fork_by,
        owner=best,
    )


def nodes(conn: Connection, keys: Collection[str], at_hand: Iterable[Fact] = ()) -> dict[str, Node]:
    """Return groups as nodes; ``at_hand`` are facts whose tokens are not written yet."""
    found = {key: link_nodes.start(key) for key in keys}
    for chunk in chunks(sorted(found)):
        for of_groups in in_groups(conn, chunk):
            _add(conn, found, GROUP, asset.outerjoin(asset_pin, PINNED), of_groups)
        # What is only left over belongs to no group of its own yet: its tokens say which node it is.
        own = select(link_token.c.asset_id, link_token.c.node).distinct()
        own = own.where(is_one_of(conn, link_token.c.node, [key for key in chunk if key.startswith("one:")]))
        singles = own.subquery()
        _add(conn, found, singles.c.node, asset.join(singles, singles.c.asset_id == asset.c.asset_id), None)
        _freeze(conn, found, singles)
        _add_tokens(conn, found, chunk)
    for fact in at_hand:
        if fact.node in found:
            link_nodes.add(found[fact.node], fact.kind, fact.name, fact.account)
            link_nodes.note_tag(found[fact.node], fact)
    _add_systems(conn, found)
    _add_places(conn, found)
    return found


def _add(conn: Connection, found: dict[str, Node], group: Any, source: Any, where: Any) -> None:
    columns = (group, asset.c.kind, func.min(asset.c.name), func.max(asset.c.name), func.min(asset.c.account))
    query = select(*columns).select_from(source).where(asset.c.valid_to.is_(None), asset.c.drives)
    query = query if where is None else query.where(where)
    for key, kind, least, name, account in conn.execute(query.group_by(group, asset.c.kind)).all():
        link_nodes.add(found[key], kind, name, account or "", least)


def _freeze(conn: Connection, found: dict[str, Node], singles: Any) -> None:
    """Mark what is left over in a system on which a person decided: its members stay."""
    query = (
        select(singles.c.node)
        .select_from(
            singles.join(system_member, system_member.c.asset_id == singles.c.asset_id).join(
                system, (system.c.system_id == system_member.c.system_id) & system.c.valid_to.is_(None)
            )
        )
        .where(system_member.c.valid_to.is_(None), system.c.decided, system.c.group_key.like("rest:%"))
    )
    for key in conn.execute(query).scalars():
        found[key].frozen = True


def _add_tokens(conn: Connection, found: dict[str, Node], keys: Collection[str]) -> None:
    query = select(link_token.c.node, link_token.c.token).where(
        is_one_of(conn, link_token.c.node, keys), link_token.c.token.like("system:%")
    )
    for key, token in conn.execute(query).all():
        found[key].system_tags.add(token.partition(":")[2])


def _add_systems(conn: Connection, found: Mapping[str, Node]) -> None:
    for chunk in chunks(sorted(found)):
        query = select(system_key.c.group_key, system.c.system_id, system.c.decided, system.c.state)
        query = query.join(
            system, (system.c.system_id == system_key.c.system_id) & system.c.valid_to.is_(None)
        )
        for key, system_id, decided, state in conn.execute(
            query.where(is_one_of(conn, system_key.c.group_key, chunk))
        ).all():
            _set_system(found[key], system_id, decided, state)
    strangers = [key for key, node in found.items() if not node.system_id]
    for chunk in chunks(sorted(strangers)):
        _add_frozen_systems(conn, found, chunk)


def _add_frozen_systems(conn: Connection, found: Mapping[str, Node], keys: Collection[str]) -> None:
    """Say where groups are whose assets stayed in a system on which a person decided, under another key."""
    member = (
        (system_member.c.asset_id == asset.c.asset_id)
        & system_member.c.valid_to.is_(None)
        & (system_member.c.strength != SUGGESTION)
    )
    holder = (
        (system.c.system_id == system_member.c.system_id) & system.c.valid_to.is_(None) & system.c.decided
    )
    for of_groups in in_groups(conn, keys):
        query = select(GROUP, func.min(system.c.system_id), func.min(system.c.state))
        query = query.select_from(
            asset.outerjoin(asset_pin, PINNED).join(system_member, member).join(system, holder)
        )
        query = query.where(of_groups, asset.c.valid_to.is_(None)).group_by(GROUP)
        for key, system_id, state in conn.execute(
            query.having(func.count(func.distinct(system.c.system_id)) == 1)
        ).all():
            _set_system(found[key], system_id, True, state)


def _set_system(node: Node, system_id: str, decided: bool, state: str) -> None:
    node.system_id, node.decided = system_id, bool(decided)
    node.registered = state in ("registered", "governed")


def _add_places(conn: Connection, found: Mapping[str, Node]) -> None:
    """Say what accounts are called, and to which legal entity each group belongs."""
    accounts = {node.account for node in found.values() if node.account and not node.is_code}
    called: dict[str, str] = {}
    for chunk in chunks(sorted(accounts)):
        query = select(scope.c.account, func.min(scope.c.label)).group_by(scope.c.account)
        for account, label in conn.execute(query.where(is_one_of(conn, scope.c.account, chunk))).all():
            named = _NAMED.search(label or "")
            called[account] = named.group(1) if named else ""
    tree = units.load(conn)
    by_name = {unit.name: unit for unit in tree}
    addresses = _addresses(conn, [key for key, node in found.items() if node.is_code]) if tree else {}
    for key, node in found.items():
        node.account_name = called.get(node.account, "")
        places = (node.account, node.repository, *addresses.get(key, ()))
        holder = holder_of(tree, places) if tree else None
        node.entity = entity_of(holder, by_name) if holder else ""


def _addresses(conn: Connection, keys: Collection[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for chunk in chunks(sorted(keys)):
        query = select(link_token.c.node, link_token.c.token).where(
            is_one_of(conn, link_token.c.node, chunk),
            link_token.c.token.like("repo:%"),
            link_token.c.side == Side.HAS.value,
        )
        for key, token in conn.execute(query.order_by(link_token.c.token)).all():
            found[key].append(token.partition(":")[2])
    return found


def tokens(conn: Connection, texts: Collection[str]) -> list[Token]:
    """Return everybody who meets on some tokens."""
    found: list[Token] = []
    columns = link_token.c
    for chunk in chunks(sorted(texts)):
        query = select(
            columns.token, columns.side, columns.node, columns.asset_id, columns.label, columns.detail
        ).where(is_one_of(conn, columns.token, chunk))
        for text, side, node, asset_id, label, detail in conn.execute(query).all():
            told = asset_id if asset_id.startswith(_ASSET) else ""
            found.append(Token(text, SIDES[side], node, told, label, detail))
    return found


def related(conn: Connection, keys: Collection[str]) -> list[Related]:
    """Return the relations from and to the assets of some nodes, as far as both ends are known."""
    found: dict[tuple[str, str, str], Any] = {}
    assets: dict[str, str] = {}
    for chunk in chunks(sorted(keys)):
        query = select(link_token.c.asset_id, link_token.c.node).distinct()
        query = query.where(
            is_one_of(conn, link_token.c.node, chunk), link_token.c.asset_id.like(f"{_ASSET}%")
        )
        assets.update(conn.execute(query).all())
    columns = (relation.c.relation, relation.c.from_asset, relation.c.to_asset)
    for chunk in chunks(sorted(assets)):
        query = select(*columns).where(relation.c.valid_to.is_(None), relation.c.to_asset.is_not(None))
        for side in (relation.c.from_asset, relation.c.to_asset):
            for row in conn.execute(query.where(is_one_of(conn, side, chunk))).all():
                found[row.relation, row.from_asset, row.to_asset] = row
    ends = {one for _, left, right in found for one in (left, right)}
    known = _ends(conn, ends)
    return [
        Related(
            relation=kind,
            left_node=known[left][0],
            right_node=known[right][0],
            left_asset=left,
            right_asset=right,
            left_id=known[left][1],
            right_id=known[right][1],
            left_name=known[left][2],
            right_name=known[right][2],
        )
        for kind, left, right in sorted(found)
        if left in known and right in known
    ]


def _ends(conn: Connection, asset_ids: Collection[str]) -> dict[str, tuple[str, str, str]]:
    found: dict[str, tuple[str, str, str]] = {}
    columns = (asset.c.asset_id, asset.c.natural_namespace, asset.c.natural_id, asset.c.name, GROUP)
    for chunk in chunks(sorted(asset_ids)):
        query = select(*columns).select_from(asset.outerjoin(asset_pin, PINNED))
        query = query.where(
            is_one_of(conn, asset.c.asset_id, chunk), asset.c.valid_to.is_(None), asset.c.drives
        )
        for asset_id, namespace, natural_id, name, group in conn.execute(query).all():
            node = own_node(namespace, natural_id) if group.startswith("rest:") else group
            found[asset_id] = (node, natural_id, name)
    return found

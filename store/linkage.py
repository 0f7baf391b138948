"""Let systems follow the links between groups: who is merged, who only uses whom, what is worth asking.

:func:`relink` is what a scan calls after grouping. It looks at the touched groups and at whatever hangs
together with them, decides all of that anew (:func:`normalizer.linking.cluster`), and changes what is not so
yet. Nothing a person decided is undone. Safe to repeat; a killed run leaves whole steps.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import select

from normalizer import grouping, link_uses, linking
from normalizer.link_edges import Edge
from normalizer.link_nodes import Node
from normalizer.link_result import DECLARES, HUB, Clusters
from store import link_queue, link_reading, links, merges, regroup
from store.alerts import last_revision
from store.bulk import is_one_of, many_objects
from store.merges import Reason
from store.schema import link_token, system
from store.systems import all_assets, refresh
from store.temporal import chunks

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from store.database import Store, WriteTx

STEP = 1_000
"""Assets looked at in one transaction."""
_FAR = 4 * HUB
"""Users of one thing beyond which nobody goes on from it to the others."""
_MOST_NODES = 20_000


@dataclass(slots=True)
class Relinked:
    """What linking changed: ids of systems, which became aliases of which, and those that came back."""

    touched: set[str] = field(default_factory=set)
    merged: dict[str, str] = field(default_factory=dict)
    split: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Component:
    """Groups that hang together by links, with all that is needed to decide about them.

    ``near`` are those that are decided here; the others only count as users of what is near.
    """

    nodes: dict[str, Node] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    near: set[str] = field(default_factory=set)
    together: list[tuple[str, str]] = field(default_factory=list)
    apart: list[tuple[str, str]] = field(default_factory=list)

    def clusters(self) -> Clusters:
        """Decide who is one system."""
        return linking.cluster(self.nodes, self.edges, apart=self.apart, together=self.together)


def relink(store: Store, asset_ids: Iterable[str] | None, *, actor: str = "engine") -> Relinked:
    """Bring links in step with touched assets (``None``: all), and systems in step with the links."""
    result = Relinked()
    with many_objects():
        if asset_ids is None:
            with store.read() as tx:
                asset_ids = all_assets(tx.conn)
        for step in chunks(sorted(set(asset_ids)), STEP):
            touched = _write_links(store, step, actor)
            if touched:
                _settle(store, touched, result, actor)
        refresh(store, result.touched - result.merged.keys(), actor)
    result.touched -= result.merged.keys()
    return result


def _write_links(store: Store, asset_ids: Collection[str], actor: str) -> set[str]:
    """Write what touched assets change of links; returns the nodes whose systems are worth a look."""
    with store.read() as tx:
        seen_at, changes = last_revision(tx.conn), links.plan(tx.conn, asset_ids)
    if changes:
        with store.write(actor=actor, kind="link") as write_tx:
            if write_tx.rev != seen_at + 1:  # somebody wrote meanwhile
                changes = links.plan(write_tx.conn, asset_ids)
            links.write(write_tx.conn, write_tx.rev, changes)
    return changes.touched


def relink_nodes(store: Store, keys: Collection[str], *, actor: str = "engine") -> Relinked:
    """Decide anew about some groups, after a person said something about their systems."""
    result = Relinked()
    with many_objects():
        _settle(store, set(keys), result, actor)
        refresh(store, result.touched - result.merged.keys(), actor)
    return result


def _settle(store: Store, touched: set[str], result: Relinked, actor: str) -> None:
    with store.read() as tx:
        seen_at, near = last_revision(tx.conn), component(tx.conn, touched)
        clusters = near.clusters()
        if not _lacks(tx.conn, near, clusters):
            return
    with store.write(actor=actor, kind="link") as write_tx:
        if write_tx.rev != seen_at + 1:
            near = component(write_tx.conn, touched)
            clusters = near.clusters()
        _apply(write_tx, near, clusters, result)


def component(conn: Connection, touched: Collection[str]) -> Component:
    """Return everything that hangs together with some groups, not going on through what many use."""
    result = Component()
    frontier = set(touched)
    edges: dict[tuple[str, str, str, str, str, str], Edge] = {}
    shared: set[str] = set()
    while frontier and len(result.near) < _MOST_NODES:
        shared |= _of_same_systems(conn, frontier)
        frontier |= shared
        frontier -= result.near
        result.near |= frontier
        found = [*links.links_of(conn, frontier), *link_uses.edges_of(link_reading.related(conn, frontier))]
        for edge in found:
            edges[edge.rule, edge.left, edge.right, edge.token, edge.left_asset, edge.right_asset] = edge
        frontier = _next(found) - result.near
    result.edges = sorted(edges.values(), key=lambda edge: edge.order)
    ends = {one for edge in result.edges for one in (edge.left, edge.right)}
    # Whatever nothing ties to anything stays as it is: nobody need look at it.
    result.near = {key for key in result.near if key in ends or key in shared} | set(
        link_queue.pinned_by_link(conn, result.near - ends)
    )
    found_nodes = link_reading.nodes(conn, result.near | ends)
    result.nodes = {key: node for key, node in found_nodes.items() if node.spans and not node.frozen}
    result.near &= result.nodes.keys()
    _note_decisions(conn, result)
    return result


def _next(edges: Iterable[Edge]) -> set[str]:
    users: dict[str, set[str]] = defaultdict(set)
    found: set[str] = set()
    for edge in edges:
        if edge.is_use:
            users[edge.right].add(edge.left)
            found.add(edge.right)
        elif edge.how == DECLARES:
            users[edge.left].add(edge.right)
            found.add(edge.left)
        else:
            found |= {edge.left, edge.right}
    for several in users.values():
        if len(several) <= _FAR:
            found |= several
    return found


def _of_same_systems(conn: Connection, keys: Collection[str]) -> set[str]:
    """Return the groups of those systems that are made of several."""
    found: set[str] = set()
    systems = set(regroup.key_systems(conn, keys).values())
    for several in merges.keys_of(conn, systems).values():
        if len(several) > 1:
            found.update(several)
    return found


def _note_decisions(conn: Connection, result: Component) -> None:
    """Keep together what is one system by a person's word or lies outside, and apart what a person split."""
    by_system: dict[str, list[str]] = defaultdict(list)
    for key in sorted(result.nodes):
        node = result.nodes[key]
        if node.system_id:
            by_system[node.system_id].append(key)
    for keys in by_system.values():
        firm = result.nodes[keys[0]].decided
        kept = keys if firm else [key for key in keys if key not in result.near]
        result.together += [(kept[0], key) for key in kept[1:]]
    for one, other in link_queue.apart(conn, by_system):
        result.apart += [
            (left, right) for left in by_system.get(one, [])[:50] for right in by_system.get(other, [])[:50]
        ]


def _lacks(conn: Connection, near: Component, clusters: Clusters) -> bool:
    """Say whether anything has to be written."""
    for keys in clusters.members().values():
        mine = [near.nodes[key] for key in keys if key in near.near]
        if len({node.system_id for node in mine}) > 1:
            return True
        if len(mine) > 1 and not mine[0].system_id:
            return True
    if _strays(near, clusters) or _homeless(conn, near, clusters):
        return True
    return link_queue.differs(conn, near, clusters)


def _strays(near: Component, clusters: Clusters) -> bool:
    """Say whether a system's groups fell into several clusters."""
    roots: dict[str, set[str]] = defaultdict(set)
    for key in near.near:
        if near.nodes[key].system_id:
            roots[near.nodes[key].system_id].add(clusters.root[key])
    return any(len(several) > 1 for several in roots.values())


def _homeless(conn: Connection, near: Component, clusters: Clusters) -> dict[str, list[str]]:
    """Return pinned assets, by node, that nothing links any more: they are only left over again."""
    members = clusters.members()
    alone = [keys[0] for keys in members.values() if len(keys) == 1 and keys[0] in near.near]
    return link_queue.pinned_by_link(conn, alone)


def _apply(tx: WriteTx, near: Component, clusters: Clusters, result: Relinked) -> None:
    free = _homeless(tx.conn, near, clusters)
    _regroup(tx, {asset_id: "" for ids in free.values() for asset_id in ids}, result)
    _pin_linked(tx, near, clusters, result)
    _place(tx, near, clusters, set(free), result)
    result.touched |= link_queue.sync(tx, near, clusters)


def _regroup(tx: WriteTx, groups: dict[str, str], result: Relinked) -> None:
    """Pin assets (unpin those with an empty group) and let them move to the systems of their groups."""
    if not groups:
        return
    merges.unpin(tx, [asset_id for asset_id, key in groups.items() if not key])
    merges.pin(tx, {asset_id: key for asset_id, key in groups.items() if key}, by=merges.BY_LINK)
    changes = regroup.plan(tx.conn, regroup.misplaced(tx.conn, regroup.load(tx.conn, groups)))
    regroup.write(tx.conn, tx.rev, changes)
    result.merged |= regroup.absorb_empty(tx.conn, tx.rev, changes)
    result.touched |= changes.systems


def _pin_linked(tx: WriteTx, near: Component, clusters: Clusters, result: Relinked) -> None:
    """Take what is linked out of what is only left over."""
    loose = [
        key
        for keys in clusters.members().values()
        if len(keys) > 1
        for key in keys
        if key in near.near and not near.nodes[key].system_id
    ]
    groups: dict[str, str] = {}
    for chunk in chunks(sorted(loose)):
        query = select(link_token.c.asset_id, link_token.c.node).distinct()
        query = query.where(is_one_of(tx.conn, link_token.c.node, chunk), link_token.c.asset_id.like("ast_%"))
        groups.update(tx.conn.execute(query).all())
    _regroup(tx, groups, result)


def _homes(tx: WriteTx, clusters: Clusters, now: Mapping[str, str]) -> dict[str, str]:
    """Return the cluster in which each system goes on: where most of its assets are."""
    sizes = merges.sizes(tx.conn, now)
    brought = {key for one in merges.merges(tx.conn, set(now.values())) for key in one.nodes}
    counted: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    for key, system_id in now.items():
        root = clusters.root[key]
        assets, own = counted[system_id].get(root, (0, 0))
        # Of equals, where the system's own groups are and not those that a merge brought.
        counted[system_id][root] = (assets - sizes.get(key, 0) - 1, own - (key not in brought))
    return {
        system_id: min(roots, key=lambda root: (roots[root], root)) for system_id, roots in counted.items()
    }


def _reasons(clusters: Clusters) -> dict[str, Reason]:
    """Return, for each node, the strongest reason that joined it to others."""
    found: dict[str, Reason] = {}
    for edge in sorted(clusters.joined, key=lambda edge: edge.order):
        for key in (edge.left, edge.right):
            found.setdefault(key, (f"{edge.rule}: {edge.why}", edge.strength))
    return found


def _place(tx: WriteTx, near: Component, clusters: Clusters, free: set[str], result: Relinked) -> None:
    """Bring the groups of each cluster into one system."""
    # A group whose assets a person's decision keeps where they are has no key there.
    now = {key: near.nodes[key].system_id for key in near.near - free if near.nodes[key].decided}
    now |= regroup.key_systems(tx.conn, near.near - free)
    reasons, homes = _reasons(clusters), _homes(tx, clusters, now)
    firm = link_queue.decided(tx.conn, homes)
    into: dict[str, str] = {}
    why: dict[str, Reason] = {}
    targets: dict[str, str] = {}
    for root, keys in clusters.members().items():
        mine = [key for key in keys if key in now]
        if not mine:
            continue
        here = sorted({now[key] for key in mine if homes[now[key]] == root})
        target = min(here, key=lambda one: (one not in firm, one)) if here else ""
        target = target or _split_off(tx, mine, now, result)
        targets.update({key: target for key in mine if homes[now[key]] != root})
        for old in (one for one in here if one != target):
            into[old] = target
            why[old] = next((reasons[key] for key in mine if now[key] == old and key in reasons), ("", 1.0))
    merges.merge_all(tx, into, why, by=merges.BY_LINK)
    result.merged |= into
    left = merges.move_nodes(tx, targets, reasons) if targets else set()
    changed = {*into.values(), *targets.values(), *left}
    result.touched |= changed | into.keys()
    _name(tx, changed - into.keys())


def _name(tx: WriteTx, system_ids: Collection[str]) -> None:
    """Let the group that tells most name a system, where no person has decided on it."""
    keys = merges.keys_of(tx.conn, system_ids)
    changes: dict[str, dict[str, object]] = {}
    for chunk in chunks(sorted(keys)):
        query = select(system.c.system_id, system.c.group_key).where(
            is_one_of(tx.conn, system.c.system_id, chunk), system.c.valid_to.is_(None), ~system.c.decided
        )
        for system_id, group_key in tx.conn.execute(query).all():
            if (best := grouping.best_key(keys[system_id])) != group_key:
                changes[system_id] = {"group_key": best}
    regroup.replace_rows(tx.conn, tx.rev, changes)


def _split_off(tx: WriteTx, keys: list[str], now: Mapping[str, str], result: Relinked) -> str:
    """Return the system of groups that nothing ties to theirs any more: the one they had, or a new one."""
    for one in merges.merges(tx.conn, {now[key] for key in keys}):
        if one.by == merges.BY_LINK and not set(one.nodes).isdisjoint(keys):
            result.touched |= merges.unmerge(tx, one)
            result.split.add(one.old_system)
            return one.old_system
    first = grouping.best_key(keys)
    system_id = merges.mint(tx, first, name=grouping.explain(first).label or first, kind="application")
    result.touched.add(system_id)
    result.split.add(system_id)
    return system_id

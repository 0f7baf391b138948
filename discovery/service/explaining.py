"""Explain why a system is what it is: its groups, each link with its strength, and what did not join it.

What is shown is worked out anew from the links that hold, as the next scan would. Read-only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from discovery.service import refs
from normalizer import grouping
from normalizer.link_edges import Edge
from normalizer.link_nodes import Node
from normalizer.link_result import Clusters
from store import link_queue, linkage, merges, system_rows, systems, units

if TYPE_CHECKING:
    from datetime import datetime

    from store.database import ReadTx, Store

_MOST_ASSETS = 20


@dataclass(slots=True, kw_only=True)
class GroupView:
    """Assets that belong together by what they are: the parts that links put together."""

    group: str
    why: str
    strength: float
    assets: list[str] = field(default_factory=list)
    count: int = 0


@dataclass(slots=True, kw_only=True)
class LinkView:
    """One reason to see two groups as one system; ``state`` is joined, uses, shared or blocked.

    ``system_id`` is the other system, where it is another; ``blocked_by`` what forbids the link.
    """

    rule: str
    how: str
    strength: float
    why: str
    left: str
    right: str
    left_asset: str = ""
    right_asset: str = ""
    state: str = "joined"
    system_id: str = ""
    blocked_by: str = ""


@dataclass(slots=True, kw_only=True)
class SuggestionView:
    """Two systems that may be one, with the reasons, strongest first."""

    suggestion: int
    left_system: str
    left_name: str
    right_system: str
    right_name: str
    strength: float
    reasons: list[str] = field(default_factory=list)
    at: str = ""


@dataclass(slots=True, kw_only=True)
class MergeView:
    """One id that became an alias: by links or by a person, why and when (UTC)."""

    alias: str
    by: str
    why: str
    at: str


@dataclass(slots=True, kw_only=True)
class NeighbourView:
    """Another system that this one uses, is used by, or is kept apart from."""

    system_id: str
    name: str
    why: str


@dataclass(slots=True, kw_only=True)
class ExplainView:
    """Everything about why a system is one; ``unit`` is the organisation's."""

    system_id: str
    name: str
    state: str
    kind: str
    unit: str = ""
    groups: list[GroupView] = field(default_factory=list)
    links: list[LinkView] = field(default_factory=list)
    merges: list[MergeView] = field(default_factory=list)
    uses: list[NeighbourView] = field(default_factory=list)
    used_by: list[NeighbourView] = field(default_factory=list)
    apart: list[NeighbourView] = field(default_factory=list)
    suggestions: list[SuggestionView] = field(default_factory=list)


def explain(store: Store, ref: str) -> ExplainView:
    """Explain one system."""
    with store.read() as tx:
        system_id = refs.system_id(tx, ref)
        row = system_rows.rows(tx.conn, [system_id])[system_id]
        view = ExplainView(system_id=system_id, name=row.name, state=row.state, kind=row.kind)
        unit = units.of_systems(tx.conn, [system_id]).get(system_id)
        view.unit = unit.name if unit else ""
        view.groups = _groups(tx, system_id)
        near = linkage.component(tx.conn, {one.group for one in view.groups})
        view.links = _links({one.group for one in view.groups}, near.nodes, near.clusters())
        view.merges = [
            MergeView(alias=one.old_system, by=one.by, why=one.why, at=one.at)
            for one in merges.merges(tx.conn, [system_id])
        ]
        _add_neighbours(tx, view)
        view.suggestions = _suggestions(tx, system_id)
    return view


def suggestions(
    store: Store, ref: str | None = None, *, as_of: datetime | None = None
) -> list[SuggestionView]:
    """Return the queue of what links suggest, strongest first; ``ref`` narrows to one system."""
    with store.read(as_of) as tx:
        return _suggestions(tx, refs.system_id(tx, ref, tx.rev) if ref else None)


def _groups(tx: ReadTx, system_id: str) -> list[GroupView]:
    by_group: dict[str, list[str]] = {}
    for asset_id, group in sorted(merges.members(tx.conn, system_id).items()):
        by_group.setdefault(group, []).append(asset_id)
    found = []
    for group, assets in sorted(by_group.items()):
        reason = grouping.explain(group)
        view = GroupView(group=group, why=reason.why, strength=reason.strength, count=len(assets))
        view.assets = assets[:_MOST_ASSETS]
        found.append(view)
    return found


def _links(mine: set[str], nodes: dict[str, Node], clusters: Clusters) -> list[LinkView]:
    found = [_link(edge, "joined", mine, nodes) for edge in _of(clusters.joined, mine)]
    found += [
        _link(edge, "shared" if edge.right in clusters.hubs else "uses", mine, nodes)
        for edge in _of(clusters.uses, mine)
    ]
    for one in clusters.blocked:
        if not mine.isdisjoint((one.edge.left, one.edge.right)):
            view = _link(one.edge, "blocked", mine, nodes)
            view.blocked_by = one.why
            found.append(view)
    order = ("joined", "uses", "shared", "blocked")
    return sorted(
        found, key=lambda one: (order.index(one.state), -one.strength, one.left, one.right, one.rule)
    )


def _of(edges: Iterable[Edge], mine: set[str]) -> list[Edge]:
    seen: dict[int, Edge] = {id(edge): edge for edge in edges if not mine.isdisjoint((edge.left, edge.right))}
    return list(seen.values())


def _link(edge: Edge, state: str, mine: set[str], nodes: dict[str, Node]) -> LinkView:
    other = next((one for one in (edge.left, edge.right) if one not in mine), "")
    return LinkView(
        rule=edge.rule,
        how="uses" if edge.is_use and state != "joined" else edge.how,
        strength=edge.strength,
        why=edge.why,
        left=edge.left,
        right=edge.right,
        left_asset=edge.left_asset,
        right_asset=edge.right_asset,
        state=state,
        system_id=nodes[other].system_id if other in nodes else "",
    )


def _add_neighbours(tx: ReadTx, view: ExplainView) -> None:
    uses, used_by = link_queue.uses(tx.conn, view.system_id)
    rows = link_queue.apart_rows(tx.conn)
    today = systems.resolve(tx.conn, {one for row in rows for one in (row.one_system, row.other_system)})
    apart: list[tuple[str, str]] = []
    for row in rows:
        pair = (today[row.one_system], today[row.other_system])
        if view.system_id in pair:
            apart.append((pair[1] if pair[0] == view.system_id else pair[0], f"{row.reason} ({row.actor})"))
    names = _names(tx, [one for one, _ in (*uses, *used_by, *apart)])
    view.uses = [NeighbourView(system_id=one, name=names.get(one, one), why=why) for one, why in uses]
    view.used_by = [NeighbourView(system_id=one, name=names.get(one, one), why=why) for one, why in used_by]
    view.apart = [NeighbourView(system_id=one, name=names.get(one, one), why=why) for one, why in apart]


def _names(tx: ReadTx, system_ids: Sequence[str]) -> dict[str, str]:
    return {one: row.name for one, row in system_rows.rows(tx.conn, set(system_ids), tx.rev).items()}


def _suggestions(tx: ReadTx, system_id: str | None) -> list[SuggestionView]:
    rows = link_queue.suggestions(tx.conn, system_id, tx.rev)
    names = _names(tx, [one for row in rows for one in (row.left_system, row.right_system)])
    return [
        SuggestionView(
            suggestion=row.suggestion_no,
            left_system=row.left_system,
            left_name=names.get(row.left_system, row.left_system),
            right_system=row.right_system,
            right_name=names.get(row.right_system, row.right_system),
            strength=row.strength,
            reasons=[f"{rule} ({strength:.0%}): {why}" for rule, strength, why in row.reasons],
            at=row.at,
        )
        for row in rows
    ]

"""Compare what code declares, what runs, and what was registered.

Three things are told: something runs and no code of its system is known; infrastructure code declares a
thing of a kind of which nothing runs in its system, although a live look at that kind was complete; and a
system runs that nobody registered. Where nothing could have shown the live thing, nothing is said.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from connectors.catalogue import read_table
from connectors.kinds import KINDS
from discovery.service import inventory
from normalizer.grouping import authority
from store import queries_runs
from store.queries_assets import At

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from discovery.service.views import AssetView, SystemView
    from store import Store

DRIFTS = ("live_not_in_code", "in_code_not_live", "running_not_registered")
"""What may drift apart, in the order in which it is listed."""
_RUNNING = ("deployed", "live")


@dataclass(slots=True, kw_only=True)
class DriftView:
    """One thing that is not where it is expected; ``drift`` is one of :data:`DRIFTS`.

    ``asset_id`` is ``None`` where the whole system is meant; ``why`` is a sentence.
    """

    drift: str
    system_id: str | None
    system_name: str | None
    asset_id: str | None
    name: str
    kind: str
    provider: str | None
    why: str


@dataclass(slots=True)
class _Members:
    """What of a system matters here."""

    has_code: bool = False
    running: list[AssetView] = field(default_factory=list)
    live_kinds: set[str] = field(default_factory=set)
    declared: list[AssetView] = field(default_factory=list)


def drifts(store: Store, *, as_of: datetime | None = None) -> list[DriftView]:
    """Return what drifts apart, by drift, system and name."""
    systems = {one.system_id: one for one in inventory.list_systems(store, as_of=as_of)}
    with store.read(as_of) as tx:
        at = At() if as_of is None else At(rev=tx.rev, moment=_text(as_of))
        read = queries_runs.kinds_read(tx.conn, at)
    members = _members(inventory.iter_assets(store, as_of=as_of))
    found: list[DriftView] = []
    for system_id, of_system in members.items():
        if system_id in systems and systems[system_id].alerting:
            found += _of_system(systems[system_id], of_system, read)
    rank = {name: place for place, name in enumerate(DRIFTS)}
    return sorted(
        found,
        key=lambda one: (rank[one.drift], (one.system_name or "").casefold(), one.name, one.asset_id or ""),
    )


def _text(moment: datetime) -> str:
    from connectors import clock

    return clock.to_text(moment)


@cache
def _declaring() -> frozenset[str]:
    """Return the formats that declare what is to run; what they show names them as its source."""
    return frozenset(row["name"] for row in read_table("formats")["format"] if row.get("declares"))


def _members(assets: Iterable[AssetView]) -> dict[str, _Members]:
    found: dict[str, _Members] = defaultdict(_Members)
    declaring = _declaring()
    for asset in assets:
        if asset.system_id is None or asset.state == "missing":
            continue
        one = found[asset.system_id]
        if authority(asset.namespace) == "code":
            one.has_code = True
            if any(seen.source in declaring for seen in asset.evidence):
                one.declared.append(asset)
        else:
            one.live_kinds.add(asset.kind)
            if asset.grade in _RUNNING and KINDS[asset.kind].stands_alone:
                one.running.append(asset)
    return found


def _of_system(system: SystemView, members: _Members, read: set[tuple[str, str]]) -> Iterator[DriftView]:
    if not members.has_code:
        for asset in members.running:
            why = "it runs, and no code of its system is known: scan the repository that it comes from"
            yield _view("live_not_in_code", system, asset, why)
    for asset in members.declared:
        could_be_seen = (asset.provider, asset.kind) in read
        if could_be_seen and asset.kind not in members.live_kinds and asset.role == "application":
            kind = asset.kind.replace("_", " ")
            why = f"code declares it, and no {kind} of its system was found at {asset.provider}"
            yield _view("in_code_not_live", system, asset, why)
    if system.state == "candidate" and members.running:
        running = len(members.running)
        yield DriftView(
            drift="running_not_registered",
            system_id=system.system_id,
            system_name=system.name,
            asset_id=None,
            name=system.name,
            kind=system.kind,
            provider=", ".join(sorted({one.provider for one in members.running})),
            why=f"{running:,} of its things run, and nobody registered it",
        )


def _view(drift: str, system: SystemView, asset: AssetView, why: str) -> DriftView:
    return DriftView(
        drift=drift,
        system_id=system.system_id,
        system_name=system.name,
        asset_id=asset.asset_id,
        name=asset.name,
        kind=asset.kind,
        provider=asset.provider,
        why=why,
    )

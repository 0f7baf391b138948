"""Export as CSV for a spreadsheet: one row for every asset, beside the system it belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TextIO

from discovery.exports.source import ExportOptions, Source
from discovery.render.as_csv import write_rows

if TYPE_CHECKING:
    from discovery.service.views import AssetView, SystemView

FIELDS = (
    *("system_id", "system", "system_kind", "system_state", "owner", "owner_candidate"),
    *("owner_confidence", "oversight", "next_review", "open_alerts"),
    *("asset_id", "asset", "kind", "provider", "natural_id", "state", "grade", "role"),
    *("account", "region", "model", "first_seen", "last_seen", "evidence"),
)


def write(source: Source, out: TextIO, options: ExportOptions) -> None:
    """Write a header and the rows; a system without assets gets a row of its own at the end."""
    write_rows(_rows(source), FIELDS, out)


def _rows(source: Source) -> Iterator[dict[str, object]]:
    systems = {system.system_id: system for system in source.systems()}
    bare = dict.fromkeys(systems)
    for asset in source.assets():
        system = systems.get(asset.system_id or "")
        bare.pop(asset.system_id or "", None)
        yield {**_of_system(system), **_of_asset(asset)}
    for system_id in bare:
        yield _of_system(systems[system_id])


def _of_system(system: SystemView | None) -> dict[str, object]:
    if system is None:
        return {}
    best = system.owner_candidates[0] if system.owner_candidates else None
    return {
        "system_id": system.system_id,
        "system": system.name,
        "system_kind": system.kind,
        "system_state": system.state,
        "owner": system.owner,
        "owner_candidate": best.party if best else None,
        "owner_confidence": best.confidence if best else None,
        "oversight": system.oversight.state,
        "next_review": system.oversight.next_review,
        "open_alerts": system.open_alerts,
    }


def _of_asset(asset: AssetView) -> dict[str, object]:
    return {
        "asset_id": asset.asset_id,
        "asset": asset.name,
        "kind": asset.kind,
        "provider": asset.provider,
        "natural_id": asset.natural_id,
        "state": asset.state,
        "grade": asset.grade,
        "role": asset.role,
        "account": asset.account,
        "region": asset.region,
        "model": asset.model,
        "first_seen": asset.first_seen,
        "last_seen": asset.last_seen,
        "evidence": asset.evidence[0].locator if asset.evidence else None,
    }

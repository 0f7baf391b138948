"""Hold what a scan shows against what people said in the records, and keep where the two differ.

Evidence is read from the assets of a system that are not gone. Only records in which a person said something
are looked at: what nobody answered cannot be contradicted, and is proposed when somebody looks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from connectors import clock
from connectors.model import Json
from discovery.service import assembling, record_edit
from discovery.service.permissions import ENGINE
from discovery.service.record_sense import Seen
from discovery.service.views import AssetView
from normalizer import record_facts
from store import alerts, oversight, queries_assets
from store.queries_assets import AssetWhere, At
from store.temporal import chunks

if TYPE_CHECKING:
    from store.database import ReadTx, Store, WriteTx
    from store.oversight import Record

MOST_ASSETS = 2_000
"""Assets of one system that evidence is read from."""
STEP = 200
"""Systems looked at in one transaction."""
_PRESENT = ("present", "suspect", "missing")


def of_system(tx: ReadTx | WriteTx, system_id: str, at: At | None = None) -> list[Seen]:
    """Return what the assets of a system show about the fields of its record."""
    return of_assets(assets_of(tx, system_id, at or At()))


def of_assets(assets: Iterable[AssetView]) -> list[Seen]:
    """Return what assets show about the fields of a record."""
    return [
        Seen(
            field=one.field,
            value=one.value,
            why=one.why,
            locator=one.locator,
            confidence=one.confidence,
        )
        for one in record_facts.facts([_Member(view) for view in assets])
    ]


def assets_of(
    tx: ReadTx | WriteTx, system_id: str, at: At, complete_at: Mapping[int, str] | None = None
) -> list[AssetView]:
    """Return the assets of a system that are not gone, at most :data:`MOST_ASSETS`."""
    known = complete_at if complete_at is not None else queries_assets.parts_complete_at(tx.conn, at)
    found: list[AssetView] = []
    where = AssetWhere(states=_PRESENT, system_id=system_id)
    for page in queries_assets.pages(tx.conn, where, at):
        shown = queries_assets.sightings(tx.conn, page, at, known)
        found += [assembling.asset(row, shown.get(row.asset_id, [])) for row in page]
        if len(found) >= MOST_ASSETS:
            break
    return list(islice(found, MOST_ASSETS))


def refresh(store: Store, system_ids: Collection[str]) -> int:
    """Keep what evidence now says otherwise than the people in the records of these systems.

    Returns how many records changed. Without a record nothing is read; without a change nothing is written.
    """
    count = 0
    with store.read() as tx:
        known = oversight.recorded(tx.conn)
    for chunk in chunks(sorted(known.intersection(system_ids)), STEP):
        with store.read() as tx:
            changed, rev = _changed(tx, chunk, clock.to_text(clock.now())), alerts.last_revision(tx.conn)
        if changed:
            with store.write(actor=ENGINE.name, kind="evidence") as write_tx:
                fresh = changed if write_tx.rev == rev + 1 else _changed(write_tx, chunk, write_tx.now)
                for record in fresh:
                    oversight.put(write_tx.conn, write_tx.rev, record)
            count += len(fresh)
    return count


def _changed(tx: ReadTx | WriteTx, system_ids: Sequence[str], now: str) -> list[Record]:
    records = oversight.of_systems(tx.conn, system_ids)
    if not records:
        return []
    complete_at = queries_assets.parts_complete_at(tx.conn, At())
    found = []
    for system_id, record in sorted(records.items()):
        evidence = of_assets(assets_of(tx, system_id, At(), complete_at))
        fresh = record_edit.with_evidence(record, evidence, now)
        if fresh is not record:
            found.append(fresh)
    return found


class _Member:
    """An asset as the facts see it."""

    __slots__ = ("attributes", "kind", "locator", "name", "provider", "region", "role", "tags")

    def __init__(self, view: AssetView) -> None:
        self.kind, self.name, self.role = view.kind, view.name, view.role
        self.provider, self.region = view.provider, view.region
        self.attributes: Mapping[str, Json] = view.attributes
        self.tags: Mapping[str, str] = view.tags
        self.locator = view.evidence[0].locator if view.evidence else ""

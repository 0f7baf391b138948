"""Say which things of a scan are new, and which of those count: what a pipeline decides on.

A thing is new when the compared version does not show it (``--diff``, ``--since``) and the baseline does not
hold it; without either, when this scan is the first to see it. A new thing counts unless something excuses
it; what is excused is shown with the reason, never dropped.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connectors.model import Comparison
from discovery.service import inventory
from discovery.service.views import AssetView, EvidenceView

if TYPE_CHECKING:
    from discovery.service.baseline import Baseline
    from discovery.service.scan import ScanReport
    from store import Store

SEVERITIES = ("low", "medium", "high", "critical")
_SUPPORTING = frozenset({"data_store", "evaluation", "guardrail", "oversight_control"})
"""Kinds that are evidence of oversight or data: bringing one in is no news to answer for."""
NEW = "new"
"""The threshold that asks for new things instead of alerts."""


@dataclass(slots=True, kw_only=True)
class Excuse:
    """Why a thing does not count; ``kind`` is suppressed, baseline, role or support."""

    kind: str
    reason: str


@dataclass(slots=True, kw_only=True)
class Thing:
    """One asset as a scan shows it; ``places`` are those in what changed, where a version was compared."""

    asset: AssetView
    is_new: bool
    places: list[EvidenceView] = field(default_factory=list)
    excuse: Excuse | None = None

    @property
    def counts(self) -> bool:
        """Say whether it is new and nothing excuses it."""
        return self.is_new and self.excuse is None


def things_of(
    store: Store, report: ScanReport, *, roles_that_alert: Collection[str], baseline: Baseline | None = None
) -> list[Thing]:
    """Return what a scan shows: all assets of its scopes, or those with evidence in what changed.

    Sorted: new ones first, then by kind and name.
    """
    judge = _Judge(roles_that_alert, baseline)
    if report.is_compared:
        found = [judge.compared(asset, how) for asset, how in _shown(store, report)]
    else:
        found = [judge.whole(asset, started) for asset, started in _scanned(store, report)]
    found.sort(key=lambda one: (not one.counts, not one.is_new, one.asset.kind, one.asset.name))
    return found


def reaches(store: Store, things: Sequence[Thing], threshold: str, *, everywhere: bool) -> bool:
    """Say whether a scan is to fail: ``threshold`` is none, new, or the least severity of an open alert.

    ``everywhere``: alerts of all systems count, else only of those that hold a new thing that counts.
    """
    if threshold == "none":
        return False
    if threshold == NEW:
        return any(one.counts for one in things)
    grave = SEVERITIES[SEVERITIES.index(threshold) :]
    systems = {one.asset.system_id for one in things if one.counts}
    return any(
        alert.severity in grave and (everywhere or alert.system_id in systems)
        for alert in inventory.list_alerts(store)
    )


def _scanned(store: Store, report: ScanReport) -> Iterator[tuple[AssetView, str]]:
    """Yield the assets in the scopes of a run, with the time when it began."""
    run = inventory.get_run(store, report.run_id)
    scopes = {part.scope for part in run.details}
    for asset in inventory.iter_assets(store):
        # Scopes that a run took over from one that was cut off have no part in its journal.
        if report.tally.scopes_reused or not scopes.isdisjoint(asset.scopes):
            yield asset, run.started_at


def hidden_by_files(store: Store, report: ScanReport) -> list[str]:
    """Return what ``.aicensusignore`` files hid from a scan: a change could hide with them what it brings."""
    return [
        f"{one['locator']}: {one['reason']}"
        for part in inventory.get_run(store, report.run_id).details
        for one in part.exceptions
        if one["locator"].rpartition("/")[2].startswith(".aicensusignore")
    ]


def _shown(store: Store, report: ScanReport) -> Iterator[tuple[AssetView, Comparison]]:
    """Yield the assets that the run saw in what changed."""
    known: dict[tuple[str, str], Comparison] = {}
    for finding in report.shown:
        if finding.comparison is not None:
            for key in (finding.natural_key, *finding.aliases):
                known[key.namespace, key.key] = finding.comparison
    if not known:
        return
    for asset in inventory.iter_assets(store):
        how = known.get((asset.namespace, asset.natural_id))
        if how is not None:
            yield asset, how


@dataclass(frozen=True, slots=True)
class _Judge:
    roles: Collection[str]
    baseline: Baseline | None

    def compared(self, asset: AssetView, how: Comparison) -> Thing:
        places = [one for one in asset.evidence if one.locator in how.locators]
        return self._thing(asset, places or asset.evidence, is_fresh=how.is_introduced)

    def whole(self, asset: AssetView, started: str) -> Thing:
        is_fresh = self.baseline is not None or asset.first_seen >= started
        return self._thing(asset, asset.evidence, is_fresh=is_fresh)

    def _thing(self, asset: AssetView, places: list[EvidenceView], *, is_fresh: bool) -> Thing:
        excuse = self._excuse(asset)
        is_known = excuse is not None and excuse.kind == "baseline"
        return Thing(asset=asset, is_new=is_fresh and not is_known, places=places, excuse=excuse)

    def _excuse(self, asset: AssetView) -> Excuse | None:
        if self.baseline is not None and self.baseline.holds(asset):
            return Excuse(kind="baseline", reason="in the baseline")
        if asset.role == "suppressed":
            return Excuse(kind="suppressed", reason=f"suppressed in the code: {suppressed_reason(asset)}")
        if asset.role not in self.roles:
            return Excuse(kind="role", reason=f"in code that is {asset.role} only")
        if asset.kind in _SUPPORTING:
            return Excuse(kind="support", reason="oversight or data of AI, not AI itself")
        return None


def suppressed_reason(asset: AssetView) -> str:
    """Return the reason that the comment in the code gives."""
    return str(asset.attributes.get("suppressed_reason") or "without a reason that is known")

"""What an export reads: the inventory as it was at one moment, so that all of its lists agree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from connectors import clock

if TYPE_CHECKING:
    from discovery.service.views import AlertView, AssetView, CoverageView, SystemView
    from store import Store

DOCUMENT = "aicensus.inventory/1"
"""Name and version of our own export documents; a new version only when a field changes its meaning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions:
    """What a person may choose. ``spec`` is the CycloneDX version; ``organisation`` names the whole.

    ``without_suppressed`` leaves suppressed results out of SARIF, for views that would show them as open.
    """

    spec: str = "1.6"
    organisation: str = ""
    version: str = ""
    without_suppressed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Say what a document is and what moment it shows; times are UTC texts."""

    format: str
    exported_at: str
    as_of: str
    aicensus: str
    organisation: str


class Source(Protocol):
    """Read one moment of the inventory; every call may be repeated and shows the same."""

    @property
    def moment(self) -> datetime:
        """Return the moment that is shown (UTC)."""

    def systems(self) -> list[SystemView]:
        """Return all systems in order of name."""

    def assets(self) -> Iterator[AssetView]:
        """Yield all assets that are not gone, in order of id."""

    def alerts(self, states: tuple[str, ...] = ()) -> list[AlertView]:
        """Return the alerts in ``states``; empty: those that still want something."""

    def coverage(self) -> list[CoverageView]:
        """Return what was read and what could not be."""


@dataclass(frozen=True, slots=True)
class StoreSource:
    """Read from a store as of ``moment``; what is written meanwhile does not show."""

    store: Store
    moment: datetime = field(default_factory=clock.now)

    def systems(self) -> list[SystemView]:
        """Return all systems in order of name."""
        from discovery.service import inventory

        return inventory.list_systems(self.store, as_of=self.moment)

    def assets(self) -> Iterator[AssetView]:
        """Yield all assets that are not gone, in order of id."""
        from discovery.service import inventory

        return inventory.iter_assets(self.store, as_of=self.moment)

    def alerts(self, states: tuple[str, ...] = ()) -> list[AlertView]:
        """Return the alerts in ``states``; empty: those that still want something."""
        from discovery.service import inventory

        return inventory.list_alerts(self.store, inventory.AlertFilter(states=states), as_of=self.moment)

    def coverage(self) -> list[CoverageView]:
        """Return what was read and what could not be."""
        from discovery.service import inventory

        return inventory.coverage(self.store, as_of=self.moment)


def header(source: Source, options: ExportOptions) -> Header:
    """Return the head of a document of ours."""
    return Header(
        format=DOCUMENT,
        exported_at=clock.to_text(clock.now()),
        as_of=clock.to_text(source.moment),
        aicensus=options.version,
        organisation=options.organisation,
    )

"""The table columns of what changed between two days, and of what is not where it is expected."""

from __future__ import annotations

from collections.abc import Sequence

from discovery.cli.columns import field_names
from discovery.render.as_table import Column
from discovery.render.listing import Listing
from discovery.render.text import short_ids, words
from discovery.service.drift import DriftView
from discovery.service.history import DifferenceView
from discovery.service.views import to_json


def difference_listing(rows: Sequence[DifferenceView]) -> Listing[DifferenceView]:
    """Return how differences between two moments are listed."""
    shorten = short_ids(row.id for row in rows)
    return Listing(
        one="difference",
        many="differences",
        columns=[
            Column(title="CHANGE", text=lambda row: row.change, whole=True),
            Column(title="WHAT", text=lambda row: row.subject, whole=True),
            Column(title="NAME", text=lambda row: row.name),
            Column(title="BEFORE", text=lambda row: row.before or "-"),
            Column(title="AFTER", text=lambda row: row.after or "-"),
            Column(title="ID", text=lambda row: shorten(row.id), style=lambda _: "dim", whole=True),
        ],
        to_json=to_json,
        fields=field_names(DifferenceView),
        empty="Nothing changed between these moments.",
    )


def drift_listing(rows: Sequence[DriftView]) -> Listing[DriftView]:
    """Return how things that are not where they are expected are listed."""
    shorten = short_ids(row.asset_id or row.system_id or "" for row in rows)
    return Listing(
        one="drift",
        many="drifts",
        columns=[
            Column(title="DRIFT", text=lambda row: words(row.drift), whole=True),
            Column(title="SYSTEM", text=lambda row: row.system_name or "-"),
            Column(title="WHAT", text=lambda row: row.name),
            Column(title="KIND", text=lambda row: words(row.kind), whole=True),
            Column(
                title="ID",
                text=lambda row: shorten(row.asset_id or row.system_id or ""),
                style=lambda _: "dim",
                whole=True,
            ),
        ],
        to_json=to_json,
        fields=field_names(DriftView),
        empty="Code, what runs and what was registered agree, as far as was seen.",
    )

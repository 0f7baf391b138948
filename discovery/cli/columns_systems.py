"""The table columns of suggestions and organisation units."""

from __future__ import annotations

from discovery.cli.columns import field_names
from discovery.render.as_table import Column
from discovery.render.listing import Listing
from discovery.service.explaining import SuggestionView
from discovery.service.unit_views import UnitView
from discovery.service.views import to_json


def suggestion_listing() -> Listing[SuggestionView]:
    """Return how suggestions are listed."""
    return Listing(
        one="suggestion",
        many="suggestions",
        columns=[
            Column(title="NO", text=lambda row: str(row.suggestion), whole=True),
            Column(title="SYSTEM", text=lambda row: row.left_name),
            Column(title="MAY BE", text=lambda row: row.right_name),
            Column(title="STRENGTH", text=lambda row: f"{row.strength:.0%}", whole=True),
            Column(title="WHY", text=lambda row: "; ".join(row.reasons)),
        ],
        to_json=to_json,
        fields=field_names(SuggestionView),
        empty="Nothing to ask.",
    )


def unit_listing() -> Listing[UnitView]:
    """Return how organisation units are listed."""
    return Listing(
        one="unit",
        many="units",
        columns=[
            Column(title="UNIT", text=lambda row: "  " * row.depth + row.name),
            Column(title="LEAD", text=lambda row: row.lead),
            Column(title="LEGAL ENTITY", text=lambda row: row.legal_entity),
            Column(title="ASKED BY DEFAULT", text=lambda row: row.default_owner),
            Column(title="OWNS", text=lambda row: ", ".join(row.scopes)),
            Column(title="SYSTEMS", text=lambda row: str(row.systems), whole=True),
        ],
        to_json=to_json,
        fields=field_names(UnitView),
        empty="No unit yet. Add one with: aicensus units set NAME --lead PERSON",
    )

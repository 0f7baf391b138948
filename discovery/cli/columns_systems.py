"""The table columns of suggestions, organisation units and decisions on many systems."""

from __future__ import annotations

from collections.abc import Sequence

from discovery.cli.columns import field_names
from discovery.render.as_table import Column
from discovery.render.listing import Listing
from discovery.render.text import minute, short_ids, words
from discovery.service.explaining import SuggestionView
from discovery.service.system_bulk import BatchView
from discovery.service.unit_views import UnitView
from discovery.service.views import to_json

_DONE = {"system.assign": "into", "record.set": "set"}


def suggestion_listing() -> Listing[SuggestionView]:
    """Return how suggestions are listed."""
    return Listing(
        one="suggestion",
        many="suggestions",
        columns=[
            Column(title="NO", text=lambda row: str(row.suggestion), whole=True),
            Column(title="SYSTEM", text=lambda row: _named(row.left_name, row.left_system, row.right_name)),
            Column(title="MAY BE", text=lambda row: _named(row.right_name, row.right_system, row.left_name)),
            Column(title="STRENGTH", text=lambda row: f"{row.strength:.0%}", whole=True),
            Column(title="WHY", text=lambda row: "; ".join(row.reasons)),
        ],
        to_json=to_json,
        fields=field_names(SuggestionView),
        empty="Nothing to ask.",
    )


def batch_listing(rows: Sequence[BatchView], zone: str) -> Listing[BatchView]:
    """Return how decisions on many systems are listed; times are those of ``zone``."""
    shorten = short_ids(row.batch_id for row in rows)
    return Listing(
        one="decision on many",
        many="decisions on many",
        columns=[
            Column(title="DECISION", text=lambda row: shorten(row.batch_id), whole=True),
            Column(title="WHEN", text=lambda row: minute(row.made_at, zone), whole=True),
            Column(title="BY", text=lambda row: row.made_by.removesuffix(" (unauthenticated)")),
            Column(title="WHAT", text=lambda row: f"{_DONE.get(row.action, row.action)} {row.what}"),
            Column(title="SYSTEMS", text=lambda row: str(row.systems), whole=True),
            Column(title="STATE", text=lambda row: words(row.state), whole=True),
        ],
        to_json=to_json,
        fields=field_names(BatchView),
        empty="Nothing was decided on many systems yet.",
    )


def _named(name: str, system_id: str, other: str) -> str:
    """Return a system's name, with its id where the other one has the same name."""
    return f"{name} {system_id[:20]}" if name == other else name


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

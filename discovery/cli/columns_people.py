"""The table columns of people, and of what they were asked."""

from __future__ import annotations

from collections.abc import Sequence

from discovery.cli.columns import field_names
from discovery.render.as_table import Column
from discovery.render.listing import Listing
from discovery.render.text import day, short_ids, words
from discovery.service.owner_mapping import OwnerMapView
from discovery.service.owner_requests import RequestView
from discovery.service.people import PersonView
from discovery.service.views import to_json


def people_listing(rows: Sequence[PersonView]) -> Listing[PersonView]:
    """Return how people and teams are listed."""
    shorten = short_ids(row.party_id for row in rows)
    return Listing(
        one="person",
        many="people and teams",
        columns=[
            Column(title="WHO", text=lambda row: row.label),
            Column(title="KIND", text=lambda row: row.kind, whole=True),
            Column(title="ACTIVE", text=lambda row: "yes" if row.active else "no", whole=True),
            Column(title="SYSTEMS", text=lambda row: str(row.systems), right=True, whole=True),
            Column(title="ID", text=lambda row: shorten(row.party_id), style=lambda _: "dim", whole=True),
        ],
        to_json=to_json,
        fields=field_names(PersonView),
        empty="Nobody is known yet.",
    )


def map_listing(zone: str) -> Listing[OwnerMapView]:
    """Return how values of evidence and whom they mean are listed; days are those of ``zone``."""
    return Listing(
        one="value",
        many="values",
        columns=[
            Column(title="VALUE", text=lambda row: row.value),
            Column(title="STANDS FOR", text=lambda row: row.party if row.active else f"{row.party} (left)"),
            Column(title="PROPOSED FOR", text=lambda row: str(row.systems), right=True, whole=True),
            Column(title="BY", text=lambda row: row.made_by.removesuffix(" (unauthenticated)")),
            Column(title="SINCE", text=lambda row: day(row.made_at, zone), whole=True),
        ],
        to_json=to_json,
        fields=field_names(OwnerMapView),
        empty="Every value means itself: aicensus owner map VALUE PARTY",
    )


def request_listing(rows: Sequence[RequestView], zone: str) -> Listing[RequestView]:
    """Return how questions to people are listed; days are those of ``zone``."""
    return Listing(
        one="question",
        many="questions",
        columns=[
            Column(title="SYSTEM", text=lambda row: row.system_name),
            Column(title="WHO", text=lambda row: row.party),
            Column(title="ROLE", text=lambda row: words(row.role), whole=True),
            Column(title="STATE", text=lambda row: row.state, whole=True),
            Column(title="ASKED", text=lambda row: day(row.asked_at, zone), whole=True),
            Column(title="UNTIL", text=lambda row: day(row.expires_at, zone), whole=True),
        ],
        to_json=to_json,
        fields=field_names(RequestView),
        empty="Nobody was asked yet: aicensus owner ask SYSTEM",
    )

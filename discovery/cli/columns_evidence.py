"""The table columns of what proves and permits: evidence, approvals, exceptions, attestations."""

from __future__ import annotations

from collections.abc import Sequence

from discovery.cli.columns import field_names
from discovery.render.as_table import Column
from discovery.render.listing import Listing
from discovery.render.text import told_apart, words
from discovery.service.approvals import ApprovalView
from discovery.service.attestation_due import DueView
from discovery.service.attestation_status import CampaignView, ItemView
from discovery.service.evidence import EvidenceItemView
from discovery.service.exceptions import ExceptionView
from discovery.service.views import to_json


def exception_listing() -> Listing[ExceptionView]:
    """Return how exceptions are listed."""
    return Listing(
        one="exception",
        many="exceptions",
        columns=[
            Column(title="SYSTEM", text=lambda row: row.system_name),
            Column(title="RULE", text=lambda row: row.rule, whole=True),
            Column(title="STATE", text=lambda row: row.state, whole=True),
            Column(title="UNTIL", text=lambda row: row.expires_at or "-", whole=True),
            Column(title="ASKED BY", text=lambda row: row.requested_by or "-"),
            Column(title="DECIDED BY", text=lambda row: row.approved_by or "-"),
            Column(title="REASON", text=lambda row: row.reason),
        ],
        to_json=to_json,
        fields=field_names(ExceptionView),
        empty="No exceptions.",
    )


def approval_listing() -> Listing[ApprovalView]:
    """Return how approvals are listed."""
    return Listing(
        one="approval",
        many="approvals",
        columns=[
            Column(title="SYSTEM", text=lambda row: row.system_name),
            Column(title="GATE", text=lambda row: row.gate, whole=True),
            Column(title="DECISION", text=lambda row: row.decision, whole=True),
            Column(title="BY", text=lambda row: row.by),
            Column(title="ON", text=lambda row: row.at, whole=True),
            Column(title="UNTIL", text=lambda row: row.valid_to or "-", whole=True),
            Column(title="CONDITIONS", text=lambda row: row.conditions or ""),
        ],
        to_json=to_json,
        fields=field_names(ApprovalView),
        empty="No approvals.",
    )


def due_listing() -> Listing[DueView]:
    """Return how systems that are to be attested are listed."""
    return Listing(
        one="system",
        many="systems",
        columns=[
            Column(title="SYSTEM", text=lambda row: row.system_name),
            Column(title="OWNER", text=lambda row: row.owner or "-"),
            Column(title="CONFIRMED", text=lambda row: (row.confirmed_at or "-")[:10], whole=True),
            Column(title="DUE", text=lambda row: row.due_on or "-", whole=True),
            Column(title="WHY", text=lambda row: "; ".join(row.reasons)),
        ],
        to_json=to_json,
        fields=field_names(DueView),
        empty="Nobody is to be asked again.",
    )


def evidence_listing() -> Listing[EvidenceItemView]:
    """Return how evidence is listed."""
    return Listing(
        one="piece of evidence",
        many="pieces of evidence",
        columns=[
            Column(title="SYSTEM", text=lambda row: row.system_name),
            Column(title="TITLE", text=lambda row: row.title),
            Column(title="INTEGRITY", text=lambda row: words(row.integrity), whole=True),
            Column(title="UNTIL", text=lambda row: row.valid_to or "-", whole=True),
            Column(title="COVERS", text=lambda row: ", ".join(row.covers)),
            Column(title="ID", text=lambda row: row.id, style=lambda _: "dim", whole=True),
        ],
        to_json=to_json,
        fields=field_names(EvidenceItemView),
        empty="No evidence was added yet.",
    )


def campaign_listing() -> Listing[CampaignView]:
    """Return how attestation campaigns are listed."""
    return Listing(
        one="campaign",
        many="campaigns",
        columns=[
            Column(title="CAMPAIGN", text=lambda row: row.name),
            Column(title="DUE", text=lambda row: row.due_on, whole=True),
            Column(title="SYSTEMS", text=lambda row: str(row.systems), right=True, whole=True),
            Column(title="ANSWERED", text=lambda row: str(row.answered), right=True, whole=True),
            Column(title="OPEN", text=lambda row: str(row.open), right=True, whole=True),
            Column(title="UNATTESTED", text=lambda row: str(row.unattested), right=True, whole=True),
        ],
        to_json=to_json,
        fields=field_names(CampaignView),
        empty="No campaign was started yet: aicensus attest start NAME",
    )


def item_listing(rows: Sequence[ItemView]) -> Listing[ItemView]:
    """Return how the systems of a campaign are listed."""
    name = told_apart((row.system_name, row.system_id) for row in rows)
    return Listing(
        one="system",
        many="systems",
        columns=[
            Column(title="SYSTEM", text=lambda row: name(row.system_name, row.system_id)),
            Column(title="ASKED", text=lambda row: row.party or "- nobody answers for it"),
            Column(title="STATE", text=lambda row: words(row.state), whole=True),
            Column(title="DUE", text=lambda row: row.due_on, whole=True),
            Column(title="REMIND", text=lambda row: "today" if row.remind else "", whole=True),
            Column(title="CHANGED", text=lambda row: "since asked" if row.changed else "", whole=True),
        ],
        to_json=to_json,
        fields=field_names(ItemView),
        empty="Nobody is to be reminded today.",
    )

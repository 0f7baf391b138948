"""Describe the tables of attestation campaigns: who is asked to confirm what, and what they said."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Table

from store.columns import TEXT, metadata, text_column

campaign = Table(
    "campaign",
    metadata,
    text_column("campaign_id", key=True),
    text_column("name"),
    # what was chosen, as it was written: JSON
    text_column("scope"),
    text_column("started_by"),
    text_column("started_at"),
    text_column("due_on"),
    Index("uq_campaign_name", "name", unique=True),
)

campaign_item = Table(
    "campaign_item",
    metadata,
    Column("campaign_id", TEXT, ForeignKey("campaign.campaign_id"), primary_key=True),
    text_column("system_id", key=True),
    # who is asked; null while nobody answers for the system
    text_column("party_id", null=True),
    # SHA-256 of what the system was like when it was asked about
    text_column("snapshot"),
    text_column("due_on"),
    text_column("answered_at", null=True),
    # confirm, correct, retire, not_mine; null while open, and after a delegation
    text_column("decision", null=True),
    # what was said, as it was signed: JSON, with its signature
    text_column("statement", default=""),
    text_column("signature", default=""),
    Index("ix_campaign_item_system_id", "system_id"),
)

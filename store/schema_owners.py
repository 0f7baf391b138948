"""Describe the tables of asking people whether they answer for a system, and of what that taught."""

from __future__ import annotations

from sqlalchemy import Column, Double, ForeignKey, Index, Table

from store.columns import TEXT, flag, metadata, number, serial, text_column

# A question to one party about one role on one system; its answer is written once.
owner_request = Table(
    "owner_request",
    metadata,
    text_column("request_id", key=True),
    text_column("system_id"),
    text_column("party_id"),
    text_column("role"),
    text_column("asked_by"),
    text_column("asked_at"),
    text_column("expires_at"),
    text_column("answered_at", null=True),
    # accepted, declined, delegated, replaced
    text_column("answer", null=True),
    Index("ix_owner_request_system_id", "system_id"),
)

# What a decision on a candidate said about one kind of evidence that had named them, or somebody else.
owner_outcome = Table(
    "owner_outcome",
    metadata,
    serial("outcome_no"),
    text_column("system_id"),
    text_column("family"),
    flag("was_right"),
    Column("weight", Double, nullable=False),
    text_column("at"),
    number("rev"),
    Index("ix_owner_outcome_family", "family"),
)

# Whom a value of owner evidence means, as a person said: `value` is its one spelling (normal_party).
owner_map = Table(
    "owner_map",
    metadata,
    text_column("value", key=True),
    Column("party_id", TEXT, ForeignKey("party.party_id"), nullable=False),
    text_column("made_by"),
    text_column("made_at"),
)

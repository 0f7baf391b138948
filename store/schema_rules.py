"""Describe the tables of facts about the organisation and of the rule sets that were in force."""

from __future__ import annotations

from sqlalchemy import Table

from store.columns import metadata, open_index, serial, text_column, validity

organisation_fact = Table(
    "organisation_fact",
    metadata,
    serial("fact_no"),
    text_column("key"),
    text_column("value"),
    text_column("said_by"),
    text_column("said_at"),
    text_column("reason", default=""),
    *validity(),
)
open_index(
    "uq_organisation_fact_open_key",
    organisation_fact.c.key,
    valid_to=organisation_fact.c.valid_to,
    unique=True,
)

# The rules that decided, as they were: which alerts a past day had follows from these.
rule_set = Table(
    "rule_set",
    metadata,
    serial("rule_set_no"),
    text_column("hash"),
    text_column("law_version"),
    text_column("content"),
    *validity(),
)
open_index("ix_rule_set_open", rule_set.c.hash, valid_to=rule_set.c.valid_to)

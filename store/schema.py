"""Describe every table of the store: one schema for SQLite and PostgreSQL.

Conventions: times are texts of :func:`connectors.clock.to_text` (they sort as time does), JSON is canonical
text, text sorts by code point on both databases. ``valid_from`` and ``valid_to`` are revisions: a row is
what was known from ``valid_from`` up to, not including, ``valid_to`` (null: still).

A sighting was seen last at its own ``last_seen_at``, or, while that is null, at the later of its
``opened_at`` and its part's ``last_complete_at``.
"""

from __future__ import annotations

from store.columns import metadata
from store.schema_campaigns import campaign, campaign_item
from store.schema_cases import (
    alert_case,
    alert_pause,
    alert_step,
    batch,
    batch_item,
    delivery,
    note,
    outbox,
    suppression,
    ticket,
)
from store.schema_governance import (
    alert,
    alert_event,
    audit,
    audit_head,
    oversight,
    owner,
    party,
    review,
    system,
    system_alias,
    system_key,
    system_member,
    system_slug,
)
from store.schema_inventory import (
    asset,
    asset_alias,
    blob_cache,
    identity,
    lease,
    meta,
    part,
    relation,
    revision,
    run,
    run_part,
    run_scope,
    scope,
    sighting,
)
from store.schema_links import (
    asset_pin,
    link,
    link_token,
    org_unit,
    system_apart,
    system_merge,
    system_standing,
    system_suggestion,
    system_unit,
    system_use,
)
from store.schema_owners import owner_map, owner_outcome, owner_request
from store.schema_rules import organisation_fact, rule_set
from store.schema_schedule import schedule, schedule_run

__all__ = [
    "alert",
    "alert_case",
    "alert_event",
    "alert_pause",
    "alert_step",
    "asset",
    "asset_alias",
    "asset_pin",
    "audit",
    "audit_head",
    "batch",
    "batch_item",
    "blob_cache",
    "campaign",
    "campaign_item",
    "delivery",
    "identity",
    "lease",
    "link",
    "link_token",
    "meta",
    "metadata",
    "note",
    "org_unit",
    "organisation_fact",
    "outbox",
    "oversight",
    "owner",
    "owner_map",
    "owner_outcome",
    "owner_request",
    "part",
    "party",
    "relation",
    "review",
    "revision",
    "rule_set",
    "run",
    "run_part",
    "run_scope",
    "schedule",
    "schedule_run",
    "scope",
    "sighting",
    "suppression",
    "system",
    "system_alias",
    "system_apart",
    "system_key",
    "system_member",
    "system_merge",
    "system_slug",
    "system_standing",
    "system_suggestion",
    "system_unit",
    "system_use",
    "ticket",
]

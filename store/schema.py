"""Describe every table of the store: one schema for SQLite and PostgreSQL.

Conventions: times are texts of :func:`connectors.clock.to_text` (they sort as time does), JSON is canonical
text, text sorts by code point on both databases. ``valid_from`` and ``valid_to`` are revisions: a row is
what was known from ``valid_from`` up to, not including, ``valid_to`` (null: still).

A sighting was seen last at its own ``last_seen_at``, or, while that is null, at the later of its
``opened_at`` and its part's ``last_complete_at``.
"""

from __future__ import annotations

from store.columns import metadata
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
from store.schema_schedule import schedule, schedule_run

__all__ = [
    "alert",
    "alert_event",
    "asset",
    "asset_alias",
    "audit",
    "audit_head",
    "blob_cache",
    "identity",
    "lease",
    "meta",
    "metadata",
    "oversight",
    "owner",
    "part",
    "party",
    "relation",
    "review",
    "revision",
    "run",
    "run_part",
    "run_scope",
    "schedule",
    "schedule_run",
    "scope",
    "sighting",
    "system",
    "system_alias",
    "system_key",
    "system_member",
]

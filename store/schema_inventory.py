"""Describe the tables of the inventory: journal, sightings, assets, relations and the cache."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, Table

from store.columns import (
    NUMBER,
    TEXT,
    flag,
    metadata,
    number,
    open_index,
    partial_index,
    serial,
    text_column,
    validity,
)

revision = Table(
    "revision",
    metadata,
    # Allotted in commit order under the write lock, so that a reader of revision n has all of 1..n.
    Column("rev", NUMBER, primary_key=True, autoincrement=False),
    text_column("at"),
    text_column("actor"),
    text_column("kind"),
    Index("ix_revision_at", "at"),
)

meta = Table("meta", metadata, text_column("key", key=True), text_column("value"))

scope = Table(
    "scope",
    metadata,
    serial("scope_no"),
    text_column("key"),
    text_column("connector"),
    text_column("instance"),
    text_column("label", default=""),
    text_column("locator", default=""),
    text_column("account", null=True),
    text_column("region", null=True),
    # listing (the connector's own list of scopes), active, retired, unmanaged
    text_column("state", default="active"),
    number("absent_listings", default=0),
    text_column("created_at"),
    text_column("retired_at", null=True),
    Index("uq_scope_key", "key", unique=True),
    Index("ix_scope_instance", "connector", "instance"),
)

part = Table(
    "part",
    metadata,
    serial("part_no"),
    Column("scope_no", NUMBER, ForeignKey("scope.scope_no"), nullable=False),
    text_column("name"),
    text_column("kinds", default="[]"),
    flag("details", default=False),
    text_column("last_status", default="never"),
    text_column("last_reason", default=""),
    text_column("last_at", null=True),
    # last_seen of every open sighting of the part that has no last_seen_at of its own
    text_column("last_complete_at", null=True),
    number("last_count", null=True),
    # the listing of scopes only: keys of scopes whose first absence looked like a fault
    text_column("suspect_keys", default="[]"),
    # what the connector wants back at the next scan; empty unless the last one was complete
    text_column("state", default=""),
    Index("uq_part_scope", "scope_no", "name", unique=True),
)

run = Table(
    "run",
    metadata,
    text_column("run_id", key=True),
    # running, done, partial, failed, interrupted
    text_column("state"),
    text_column("actor"),
    text_column("trigger"),
    flag("filtered", default=False),
    text_column("code_version"),
    text_column("catalogue_version"),
    text_column("config_hash"),
    number("rev"),
    text_column("started_at"),
    text_column("ended_at", null=True),
    text_column("counts", default="{}"),
    Index("ix_run_state", "state"),
)

run_scope = Table(
    "run_scope",
    metadata,
    Column("run_id", TEXT, ForeignKey("run.run_id"), primary_key=True),
    Column("scope_no", NUMBER, ForeignKey("scope.scope_no"), primary_key=True, autoincrement=False),
    # planned, reused, done, failed
    text_column("state", default="planned"),
    text_column("error", default=""),
    number("requests", default=0),
    text_column("started_at", null=True),
    text_column("ended_at", null=True),
)

run_part = Table(
    "run_part",
    metadata,
    Column("run_id", TEXT, ForeignKey("run.run_id"), primary_key=True),
    Column("part_no", NUMBER, ForeignKey("part.part_no"), primary_key=True, autoincrement=False),
    text_column("status"),
    text_column("reason", default=""),
    number("seen", default=0),
    number("added", default=0),
    number("changed", default=0),
    number("missing", default=0),
    number("closed", default=0),
    # things that were present before this run: what a loss is measured against
    number("present_before", default=0),
    number("requests", default=0),
    text_column("started_at"),
    text_column("ended_at"),
    text_column("exceptions", default="[]"),
    flag("suspect", default=False),
    Index("ix_run_part_part", "part_no"),
)

lease = Table(
    "lease",
    metadata,
    text_column("name", key=True),
    text_column("holder"),
    # grows with every new holder: a writer with an old epoch is refused
    number("epoch"),
    text_column("expires_at"),
)

sighting = Table(
    "sighting",
    metadata,
    # one row for every version of a sighting, numbered by the writer
    Column("sighting_no", NUMBER, primary_key=True, autoincrement=False),
    number("part_no"),
    text_column("asset_id"),
    text_column("namespace"),
    text_column("key"),
    text_column("fingerprint"),
    text_column("kind"),
    text_column("provider"),
    text_column("name"),
    text_column("grade"),
    text_column("role"),
    text_column("ref", default=""),
    flag("drives"),
    flag("details"),
    text_column("account", null=True),
    text_column("region", null=True),
    text_column("application", null=True),
    text_column("model", null=True),
    text_column("created_at", null=True),
    text_column("payload"),
    *validity(),
    text_column("opened_at"),
    # set while the thing is not seen: when it was seen last
    text_column("last_seen_at", null=True),
    text_column("suspect_at", null=True),
    text_column("missing_at", null=True),
    # set on a row that ended because the part no longer shows the thing (not on a superseded version)
    text_column("closed_at", null=True),
    text_column("close_reason", null=True),
)
Index("ix_sighting_asset_id", sighting.c.asset_id)
open_index("ix_sighting_open_part", sighting.c.part_no, valid_to=sighting.c.valid_to)

identity = Table(
    "identity",
    metadata,
    text_column("namespace", key=True),
    text_column("key", key=True),
    text_column("asset_id"),
    flag("is_alias"),
    text_column("created_at", null=True),
    number("rev"),
    Index("ix_identity_asset_id", "asset_id"),
    sqlite_with_rowid=False,
)

# Ids that lost a merge, or were followed by a new incarnation under the same key, and where they went.
asset_alias = Table(
    "asset_alias",
    metadata,
    text_column("asset_id", key=True),
    text_column("to_asset"),
    # merged, replaced
    text_column("why"),
    number("rev"),
)

asset = Table(
    "asset",
    metadata,
    text_column("asset_id", key=True),
    Column("valid_from", NUMBER, primary_key=True, autoincrement=False),
    number("valid_to", null=True),
    text_column("kind"),
    text_column("provider"),
    text_column("name"),
    text_column("natural_namespace"),
    text_column("natural_id"),
    # present, suspect, missing, gone
    text_column("state"),
    text_column("grade"),
    text_column("role"),
    text_column("ref", default=""),
    flag("drives"),
    text_column("account", null=True),
    text_column("region", null=True),
    text_column("application", null=True),
    text_column("model", null=True),
    text_column("group_key"),
    text_column("first_seen_at"),
    sqlite_with_rowid=False,
)
open_index("ix_asset_open_group", asset.c.group_key, valid_to=asset.c.valid_to)
open_index("ix_asset_open_kind", asset.c.kind, asset.c.asset_id, valid_to=asset.c.valid_to)

relation = Table(
    "relation",
    metadata,
    serial("relation_no"),
    text_column("from_asset"),
    text_column("relation"),
    text_column("to_namespace"),
    text_column("to_key"),
    # filled as soon as the target is an asset
    text_column("to_asset", null=True),
    number("part_no"),
    *validity(),
)
open_index("ix_relation_open_from", relation.c.from_asset, valid_to=relation.c.valid_to)
# Not over the waiting ones: SQLite would rather read all of those here than use the index below.
partial_index(
    "ix_relation_open_to",
    relation.c.to_asset,
    where=relation.c.to_asset.is_not(None) & relation.c.valid_to.is_(None),
)
# Relations whose target is not an asset yet; looked through whenever assets are new.
partial_index(
    "ix_relation_waiting",
    relation.c.to_namespace,
    relation.c.to_key,
    where=relation.c.to_asset.is_(None) & relation.c.valid_to.is_(None),
)

blob_cache = Table(
    "blob_cache",
    metadata,
    text_column("key", key=True),
    Column("value", LargeBinary, nullable=False),
    # the day of the last use, so that reading seldom writes
    text_column("used_at"),
    Index("ix_blob_cache_used_at", "used_at"),
)

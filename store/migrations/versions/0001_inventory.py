"""Make the tables of the inventory.

Frozen: it makes what version 0001 was, whatever :mod:`store.schema` says by now.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    _asset()
    _asset_alias()
    _blob_cache()
    _identity()
    _lease()
    _meta()
    _relation()
    _revision()
    _run()
    _scope()
    _sighting()
    _part()
    _run_scope()
    _run_part()


def _asset() -> None:
    op.create_table(
        "asset",
        sa.Column("asset_id", TEXT, nullable=False),
        sa.Column("valid_from", NUMBER, autoincrement=False, nullable=False),
        sa.Column("valid_to", NUMBER, nullable=True),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("provider", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("natural_namespace", TEXT, nullable=False),
        sa.Column("natural_id", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("grade", TEXT, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("ref", TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("drives", sa.Boolean(), nullable=False),
        sa.Column("account", TEXT, nullable=True),
        sa.Column("region", TEXT, nullable=True),
        sa.Column("application", TEXT, nullable=True),
        sa.Column("model", TEXT, nullable=True),
        sa.Column("group_key", TEXT, nullable=False),
        sa.Column("first_seen_at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("asset_id", "valid_from", name=op.f("pk_asset")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_asset_open_group",
        "asset",
        ["group_key"],
        unique=False,
        sqlite_where=sa.text("valid_to IS NULL"),
        postgresql_where=sa.text("valid_to IS NULL"),
    )
    op.create_index(
        "ix_asset_open_kind",
        "asset",
        ["kind", "asset_id"],
        unique=False,
        sqlite_where=sa.text("valid_to IS NULL"),
        postgresql_where=sa.text("valid_to IS NULL"),
    )


def _asset_alias() -> None:
    op.create_table(
        "asset_alias",
        sa.Column("asset_id", TEXT, nullable=False),
        sa.Column("to_asset", TEXT, nullable=False),
        sa.Column("why", TEXT, nullable=False),
        sa.Column("rev", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("asset_id", name=op.f("pk_asset_alias")),
    )


def _blob_cache() -> None:
    op.create_table(
        "blob_cache",
        sa.Column("key", TEXT, nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_blob_cache")),
    )
    op.create_index("ix_blob_cache_used_at", "blob_cache", ["used_at"], unique=False)


def _identity() -> None:
    op.create_table(
        "identity",
        sa.Column("namespace", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("asset_id", TEXT, nullable=False),
        sa.Column("is_alias", sa.Boolean(), nullable=False),
        sa.Column("created_at", TEXT, nullable=True),
        sa.Column("rev", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("namespace", "key", name=op.f("pk_identity")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_identity_asset_id", "identity", ["asset_id"], unique=False)


def _lease() -> None:
    op.create_table(
        "lease",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("holder", TEXT, nullable=False),
        sa.Column("epoch", NUMBER, nullable=False),
        sa.Column("expires_at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )


def _meta() -> None:
    op.create_table(
        "meta",
        sa.Column("key", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_meta")),
    )


def _relation() -> None:
    op.create_table(
        "relation",
        sa.Column("relation_no", NUMBER, autoincrement=True, nullable=False),
        sa.Column("from_asset", TEXT, nullable=False),
        sa.Column("relation", TEXT, nullable=False),
        sa.Column("to_namespace", TEXT, nullable=False),
        sa.Column("to_key", TEXT, nullable=False),
        sa.Column("to_asset", TEXT, nullable=True),
        sa.Column("part_no", NUMBER, nullable=False),
        sa.Column("valid_from", NUMBER, nullable=False),
        sa.Column("valid_to", NUMBER, nullable=True),
        sa.PrimaryKeyConstraint("relation_no", name=op.f("pk_relation")),
    )
    op.create_index(
        "ix_relation_open_from",
        "relation",
        ["from_asset"],
        unique=False,
        sqlite_where=sa.text("valid_to IS NULL"),
        postgresql_where=sa.text("valid_to IS NULL"),
    )
    op.create_index(
        "ix_relation_open_to",
        "relation",
        ["to_asset"],
        unique=False,
        sqlite_where=sa.text("to_asset IS NOT NULL AND valid_to IS NULL"),
        postgresql_where=sa.text("to_asset IS NOT NULL AND valid_to IS NULL"),
    )
    op.create_index(
        "ix_relation_waiting",
        "relation",
        ["to_namespace", "to_key"],
        unique=False,
        sqlite_where=sa.text("to_asset IS NULL AND valid_to IS NULL"),
        postgresql_where=sa.text("to_asset IS NULL AND valid_to IS NULL"),
    )


def _revision() -> None:
    op.create_table(
        "revision",
        sa.Column("rev", NUMBER, autoincrement=False, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("rev", name=op.f("pk_revision")),
    )
    op.create_index("ix_revision_at", "revision", ["at"], unique=False)


def _run() -> None:
    op.create_table(
        "run",
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("trigger", TEXT, nullable=False),
        sa.Column("filtered", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("code_version", TEXT, nullable=False),
        sa.Column("catalogue_version", TEXT, nullable=False),
        sa.Column("config_hash", TEXT, nullable=False),
        sa.Column("rev", NUMBER, nullable=False),
        sa.Column("started_at", TEXT, nullable=False),
        sa.Column("ended_at", TEXT, nullable=True),
        sa.Column("counts", TEXT, server_default=sa.text("'{}'"), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_run")),
    )
    op.create_index("ix_run_state", "run", ["state"], unique=False)


def _scope() -> None:
    op.create_table(
        "scope",
        sa.Column("scope_no", NUMBER, autoincrement=True, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("connector", TEXT, nullable=False),
        sa.Column("instance", TEXT, nullable=False),
        sa.Column("label", TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("locator", TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("account", TEXT, nullable=True),
        sa.Column("region", TEXT, nullable=True),
        sa.Column("state", TEXT, server_default=sa.text("'active'"), nullable=False),
        sa.Column("absent_listings", NUMBER, server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("retired_at", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("scope_no", name=op.f("pk_scope")),
    )
    op.create_index("ix_scope_instance", "scope", ["connector", "instance"], unique=False)
    op.create_index("uq_scope_key", "scope", ["key"], unique=True)


def _sighting() -> None:
    op.create_table(
        "sighting",
        sa.Column("sighting_no", NUMBER, autoincrement=False, nullable=False),
        sa.Column("part_no", NUMBER, nullable=False),
        sa.Column("asset_id", TEXT, nullable=False),
        sa.Column("namespace", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("fingerprint", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("provider", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("grade", TEXT, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("ref", TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("drives", sa.Boolean(), nullable=False),
        sa.Column("details", sa.Boolean(), nullable=False),
        sa.Column("account", TEXT, nullable=True),
        sa.Column("region", TEXT, nullable=True),
        sa.Column("application", TEXT, nullable=True),
        sa.Column("model", TEXT, nullable=True),
        sa.Column("created_at", TEXT, nullable=True),
        sa.Column("payload", TEXT, nullable=False),
        sa.Column("valid_from", NUMBER, nullable=False),
        sa.Column("valid_to", NUMBER, nullable=True),
        sa.Column("opened_at", TEXT, nullable=False),
        sa.Column("last_seen_at", TEXT, nullable=True),
        sa.Column("suspect_at", TEXT, nullable=True),
        sa.Column("missing_at", TEXT, nullable=True),
        sa.Column("closed_at", TEXT, nullable=True),
        sa.Column("close_reason", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("sighting_no", name=op.f("pk_sighting")),
    )
    op.create_index("ix_sighting_asset_id", "sighting", ["asset_id"], unique=False)
    op.create_index(
        "ix_sighting_open_part",
        "sighting",
        ["part_no"],
        unique=False,
        sqlite_where=sa.text("valid_to IS NULL"),
        postgresql_where=sa.text("valid_to IS NULL"),
    )


def _part() -> None:
    op.create_table(
        "part",
        sa.Column("part_no", NUMBER, autoincrement=True, nullable=False),
        sa.Column("scope_no", NUMBER, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("kinds", TEXT, server_default=sa.text("'[]'"), nullable=False),
        sa.Column("details", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("last_status", TEXT, server_default=sa.text("'never'"), nullable=False),
        sa.Column("last_reason", TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("last_at", TEXT, nullable=True),
        sa.Column("last_complete_at", TEXT, nullable=True),
        sa.Column("last_count", NUMBER, nullable=True),
        sa.Column("suspect_keys", TEXT, server_default=sa.text("'[]'"), nullable=False),
        sa.ForeignKeyConstraint(["scope_no"], ["scope.scope_no"], name=op.f("fk_part_scope_no")),
        sa.PrimaryKeyConstraint("part_no", name=op.f("pk_part")),
    )
    op.create_index("uq_part_scope", "part", ["scope_no", "name"], unique=True)


def _run_scope() -> None:
    op.create_table(
        "run_scope",
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("scope_no", NUMBER, autoincrement=False, nullable=False),
        sa.Column("state", TEXT, server_default=sa.text("'planned'"), nullable=False),
        sa.Column("error", TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("requests", NUMBER, server_default=sa.text("0"), nullable=False),
        sa.Column("started_at", TEXT, nullable=True),
        sa.Column("ended_at", TEXT, nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["run.run_id"], name=op.f("fk_run_scope_run_id")),
        sa.ForeignKeyConstraint(["scope_no"], ["scope.scope_no"], name=op.f("fk_run_scope_scope_no")),
        sa.PrimaryKeyConstraint("run_id", "scope_no", name=op.f("pk_run_scope")),
    )


def _run_part() -> None:
    op.create_table(
        "run_part",
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("part_no", NUMBER, autoincrement=False, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("reason", TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("seen", NUMBER, server_default=sa.text("0"), nullable=False),
        sa.Column("added", NUMBER, server_default=sa.text("0"), nullable=False),
        sa.Column("changed", NUMBER, server_default=sa.text("0"), nullable=False),
        sa.Column("missing", NUMBER, server_default=sa.text("0"), nullable=False),
        sa.Column("closed", NUMBER, server_default=sa.text("0"), nullable=False),
        sa.Column("present_before", NUMBER, server_default=sa.text("0"), nullable=False),
        sa.Column("requests", NUMBER, server_default=sa.text("0"), nullable=False),
        sa.Column("started_at", TEXT, nullable=False),
        sa.Column("ended_at", TEXT, nullable=False),
        sa.Column("exceptions", TEXT, server_default=sa.text("'[]'"), nullable=False),
        sa.Column("suspect", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(["part_no"], ["part.part_no"], name=op.f("fk_run_part_part_no")),
        sa.ForeignKeyConstraint(["run_id"], ["run.run_id"], name=op.f("fk_run_part_run_id")),
        sa.PrimaryKeyConstraint("run_id", "part_no", name=op.f("pk_run_part")),
    )
    op.create_index("ix_run_part_part", "run_part", ["part_no"], unique=False)

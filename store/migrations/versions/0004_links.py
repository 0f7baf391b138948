"""Hold links between systems and organisation units.

Frozen: it makes what version 0004 was, whatever :mod:`store.schema` says by now.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    _link_token()
    _link()
    _asset_pin()
    _system_merge()
    _system_apart()
    _system_suggestion()
    _system_use()
    _system_standing()
    _org_unit()
    _system_unit()


def _link_token() -> None:
    op.create_table(
        "link_token",
        sa.Column("asset_id", TEXT, nullable=False),
        sa.Column("token", TEXT, nullable=False),
        sa.Column("side", TEXT, nullable=False),
        sa.Column("node", TEXT, nullable=False),
        sa.Column("label", TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("detail", TEXT, server_default=sa.text("''"), nullable=False),
        sa.PrimaryKeyConstraint("asset_id", "token", "side", name=op.f("pk_link_token")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_link_token_node", "link_token", ["node"], unique=False)
    op.create_index("ix_link_token_token", "link_token", ["token"], unique=False)


def _link() -> None:
    op.create_table(
        "link",
        sa.Column("link_no", NUMBER, autoincrement=True, nullable=False),
        sa.Column("rule", TEXT, nullable=False),
        sa.Column("token", TEXT, nullable=False),
        sa.Column("left_node", TEXT, nullable=False),
        sa.Column("right_node", TEXT, nullable=False),
        sa.Column("how", TEXT, nullable=False),
        sa.Column("strength", sa.Double(), nullable=False),
        sa.Column("why", TEXT, nullable=False),
        sa.Column("left_asset", TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("right_asset", TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("is_use", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("valid_from", NUMBER, nullable=False),
        sa.Column("valid_to", NUMBER, nullable=True),
        sa.PrimaryKeyConstraint("link_no", name=op.f("pk_link")),
    )
    _open_index("ix_link_open_left", "link", "left_node", unique=False)
    _open_index("ix_link_open_right", "link", "right_node", unique=False)
    _open_index("ix_link_open_token", "link", "token", unique=False)


def _asset_pin() -> None:
    op.create_table(
        "asset_pin",
        sa.Column("asset_id", TEXT, nullable=False),
        sa.Column("group_key", TEXT, nullable=False),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("rev", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("asset_id", name=op.f("pk_asset_pin")),
    )
    op.create_index("ix_asset_pin_group_key", "asset_pin", ["group_key"], unique=False)


def _system_merge() -> None:
    op.create_table(
        "system_merge",
        sa.Column("merge_no", NUMBER, autoincrement=True, nullable=False),
        sa.Column("old_system", TEXT, nullable=False),
        sa.Column("into_system", TEXT, nullable=False),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("why", TEXT, nullable=False),
        sa.Column("nodes", TEXT, nullable=False),
        sa.Column("aliases", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("valid_from", NUMBER, nullable=False),
        sa.Column("valid_to", NUMBER, nullable=True),
        sa.PrimaryKeyConstraint("merge_no", name=op.f("pk_system_merge")),
    )
    _open_index("ix_system_merge_open_into", "system_merge", "into_system", unique=False)


def _system_apart() -> None:
    op.create_table(
        "system_apart",
        sa.Column("apart_no", NUMBER, autoincrement=True, nullable=False),
        sa.Column("one_system", TEXT, nullable=False),
        sa.Column("other_system", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("valid_from", NUMBER, nullable=False),
        sa.Column("valid_to", NUMBER, nullable=True),
        sa.PrimaryKeyConstraint("apart_no", name=op.f("pk_system_apart")),
    )
    _open_index("ix_system_apart_open_one", "system_apart", "one_system", unique=False)
    _open_index("ix_system_apart_open_other", "system_apart", "other_system", unique=False)


def _system_suggestion() -> None:
    op.create_table(
        "system_suggestion",
        sa.Column("suggestion_no", NUMBER, autoincrement=True, nullable=False),
        sa.Column("left_system", TEXT, nullable=False),
        sa.Column("right_system", TEXT, nullable=False),
        sa.Column("strength", sa.Double(), nullable=False),
        sa.Column("reasons", TEXT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("valid_from", NUMBER, nullable=False),
        sa.Column("valid_to", NUMBER, nullable=True),
        sa.PrimaryKeyConstraint("suggestion_no", name=op.f("pk_system_suggestion")),
    )
    _open_index("ix_system_suggestion_open_left", "system_suggestion", "left_system", unique=False)
    _open_index("ix_system_suggestion_open_right", "system_suggestion", "right_system", unique=False)


def _system_use() -> None:
    op.create_table(
        "system_use",
        sa.Column("use_no", NUMBER, autoincrement=True, nullable=False),
        sa.Column("from_system", TEXT, nullable=False),
        sa.Column("to_system", TEXT, nullable=False),
        sa.Column("why", TEXT, nullable=False),
        sa.Column("valid_from", NUMBER, nullable=False),
        sa.Column("valid_to", NUMBER, nullable=True),
        sa.PrimaryKeyConstraint("use_no", name=op.f("pk_system_use")),
    )
    _open_index("ix_system_use_open_from", "system_use", "from_system", unique=False)
    _open_index("ix_system_use_open_to", "system_use", "to_system", unique=False)


def _system_standing() -> None:
    op.create_table(
        "system_standing",
        sa.Column("standing_no", NUMBER, autoincrement=True, nullable=False),
        sa.Column("system_id", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("code", TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("reason", TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("valid_from", NUMBER, nullable=False),
        sa.Column("valid_to", NUMBER, nullable=True),
        sa.PrimaryKeyConstraint("standing_no", name=op.f("pk_system_standing")),
    )
    _open_index("uq_system_standing_open_system", "system_standing", "system_id", unique=True)


def _org_unit() -> None:
    op.create_table(
        "org_unit",
        sa.Column("unit_no", NUMBER, autoincrement=True, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=True),
        sa.Column("lead", TEXT, nullable=True),
        sa.Column("legal_entity", TEXT, nullable=True),
        sa.Column("scopes", TEXT, server_default=sa.text("'[]'"), nullable=False),
        sa.Column("default_owner", TEXT, nullable=True),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("valid_from", NUMBER, nullable=False),
        sa.Column("valid_to", NUMBER, nullable=True),
        sa.PrimaryKeyConstraint("unit_no", name=op.f("pk_org_unit")),
    )
    _open_index("uq_org_unit_open_name", "org_unit", "name", unique=True)


def _system_unit() -> None:
    op.create_table(
        "system_unit",
        sa.Column("assignment_no", NUMBER, autoincrement=True, nullable=False),
        sa.Column("system_id", TEXT, nullable=False),
        sa.Column("unit", TEXT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("valid_from", NUMBER, nullable=False),
        sa.Column("valid_to", NUMBER, nullable=True),
        sa.PrimaryKeyConstraint("assignment_no", name=op.f("pk_system_unit")),
    )
    _open_index("uq_system_unit_open_system", "system_unit", "system_id", unique=True)


def _open_index(name: str, table: str, column: str, *, unique: bool) -> None:
    holds = sa.text("valid_to IS NULL")
    op.create_index(name, table, [column], unique=unique, sqlite_where=holds, postgresql_where=holds)

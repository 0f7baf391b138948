"""Hold facts of the organisation and what rules were seen.

Frozen: it makes what version 0005 was, whatever :mod:`store.schema` says by now.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "organisation_fact",
        sa.Column("fact_no", NUMBER, autoincrement=True, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("said_by", TEXT, nullable=False),
        sa.Column("said_at", TEXT, nullable=False),
        sa.Column("reason", TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("valid_from", NUMBER, nullable=False),
        sa.Column("valid_to", NUMBER, nullable=True),
        sa.PrimaryKeyConstraint("fact_no", name=op.f("pk_organisation_fact")),
    )
    _open_index("uq_organisation_fact_open_key", "organisation_fact", "key", unique=True)
    op.create_table(
        "rule_set",
        sa.Column("rule_set_no", NUMBER, autoincrement=True, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("law_version", TEXT, nullable=False),
        sa.Column("content", TEXT, nullable=False),
        sa.Column("valid_from", NUMBER, nullable=False),
        sa.Column("valid_to", NUMBER, nullable=True),
        sa.PrimaryKeyConstraint("rule_set_no", name=op.f("pk_rule_set")),
    )
    _open_index("ix_rule_set_open", "rule_set", "hash", unique=False)


def _open_index(name: str, table: str, column: str, *, unique: bool) -> None:
    holds = sa.text("valid_to IS NULL")
    op.create_index(name, table, [column], unique=unique, sqlite_where=holds, postgresql_where=holds)

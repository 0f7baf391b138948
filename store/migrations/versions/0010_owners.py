"""Hold what people are asked about their systems, and what their answers say of the evidence.

Frozen: it makes what version 0010 was, whatever :mod:`store.schema` says by now.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "owner_request",
        sa.Column("request_id", TEXT, nullable=False),
        sa.Column("system_id", TEXT, nullable=False),
        sa.Column("party_id", TEXT, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("asked_by", TEXT, nullable=False),
        sa.Column("asked_at", TEXT, nullable=False),
        sa.Column("expires_at", TEXT, nullable=False),
        sa.Column("answered_at", TEXT, nullable=True),
        sa.Column("answer", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_owner_request")),
    )
    op.create_index("ix_owner_request_system_id", "owner_request", ["system_id"], unique=False)
    op.create_table(
        "owner_outcome",
        sa.Column("outcome_no", NUMBER, autoincrement=True, nullable=False),
        sa.Column("system_id", TEXT, nullable=False),
        sa.Column("family", TEXT, nullable=False),
        sa.Column("was_right", sa.Boolean(), nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("rev", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("outcome_no", name=op.f("pk_owner_outcome")),
    )
    op.create_index("ix_owner_outcome_family", "owner_outcome", ["family"], unique=False)

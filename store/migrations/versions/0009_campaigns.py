"""Hold attestation campaigns.

Frozen: it makes what version 0009 was, whatever :mod:`store.schema` says by now.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "campaign",
        sa.Column("campaign_id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("scope", TEXT, nullable=False),
        sa.Column("started_by", TEXT, nullable=False),
        sa.Column("started_at", TEXT, nullable=False),
        sa.Column("due_on", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("campaign_id", name=op.f("pk_campaign")),
    )
    op.create_index("uq_campaign_name", "campaign", ["name"], unique=True)
    op.create_table(
        "campaign_item",
        sa.Column("campaign_id", TEXT, nullable=False),
        sa.Column("system_id", TEXT, nullable=False),
        sa.Column("party_id", TEXT, nullable=True),
        sa.Column("snapshot", TEXT, nullable=False),
        sa.Column("due_on", TEXT, nullable=False),
        sa.Column("answered_at", TEXT, nullable=True),
        sa.Column("decision", TEXT, nullable=True),
        sa.Column("statement", TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("signature", TEXT, server_default=sa.text("''"), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.campaign_id"], name=op.f("fk_campaign_item_campaign_id")
        ),
        sa.PrimaryKeyConstraint("campaign_id", "system_id", name=op.f("pk_campaign_item")),
    )
    op.create_index("ix_campaign_item_system_id", "campaign_item", ["system_id"], unique=False)

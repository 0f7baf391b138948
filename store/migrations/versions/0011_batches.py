"""Keep what was decided on many systems at once, so that it can be undone, and whether tickets are closed.

Frozen: it makes what version 0011 was, whatever :mod:`store.schema` says by now.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the tables; tickets that are linked already count as open."""
    op.create_table(
        "batch",
        sa.Column("batch_id", TEXT, nullable=False),
        sa.Column("action", TEXT, nullable=False),
        sa.Column("what", TEXT, nullable=False),
        sa.Column("made_by", TEXT, nullable=False),
        sa.Column("made_at", TEXT, nullable=False),
        sa.Column("undone_at", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_batch")),
    )
    op.create_index("ix_batch_made_at", "batch", ["made_at"], unique=False)
    op.create_table(
        "batch_item",
        sa.Column("batch_id", TEXT, nullable=False),
        sa.Column("subject_id", TEXT, nullable=False),
        sa.Column("before", TEXT, nullable=False),
        sa.Column("after", TEXT, nullable=False),
        sa.Column("undone_at", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("batch_id", "subject_id", name=op.f("pk_batch_item")),
    )
    op.add_column("ticket", sa.Column("state", TEXT, server_default=sa.text("'open'"), nullable=False))
    op.add_column("ticket", sa.Column("state_at", TEXT, nullable=True))

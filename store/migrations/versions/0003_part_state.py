"""Let a part keep a text between scans, such as the commit that was read.

Frozen: it makes what version 0003 was, whatever :mod:`store.schema` says by now.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the column; nothing is known of earlier scans."""
    op.add_column("part", sa.Column("state", TEXT, server_default=sa.text("''"), nullable=False))

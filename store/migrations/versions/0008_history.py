"""Keep what alerts were like at every event, so that a past day shows them as they were.

Frozen: it makes what version 0008 was, whatever :mod:`store.schema` says by now.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the columns; earlier events do not tell them."""
    for name in ("system_id", "assignee", "due_at", "until"):
        op.add_column("alert_event", sa.Column(name, TEXT, nullable=True))

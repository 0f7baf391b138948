"""Hold cases, comments and what is to be delivered.

Frozen: it makes what version 0007 was, whatever :mod:`store.schema` says by now.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    _deliveries()
    _cases()
    _sayings()


def _text(name: str, *, null: bool = False, default: str | None = None) -> sa.Column[str]:
    server = None if default is None else sa.text(f"'{default}'")
    return sa.Column(name, TEXT, nullable=null, server_default=server)


def _deliveries() -> None:
    op.create_table(
        "outbox",
        sa.Column("outbox_no", NUMBER, autoincrement=True, nullable=False),
        _text("receiver"),
        _text("dedup_key"),
        _text("event"),
        _text("subject_id"),
        _text("rule", default=""),
        _text("severity", default=""),
        _text("owner", default=""),
        _text("payload"),
        _text("created_at"),
        _text("ready_at"),
        _text("digest", default=""),
        _text("delivery_id", null=True),
        sa.PrimaryKeyConstraint("outbox_no", name=op.f("pk_outbox")),
    )
    op.create_index("uq_outbox_receiver_dedup_key", "outbox", ["receiver", "dedup_key"], unique=True)
    op.create_index("ix_outbox_delivery_id", "outbox", ["delivery_id"], unique=False)
    op.create_table(
        "delivery",
        _text("delivery_id"),
        _text("receiver"),
        _text("kind"),
        _text("digest", default=""),
        _text("created_at"),
        _text("state"),
        sa.Column("attempts", NUMBER, server_default=sa.text("0"), nullable=False),
        _text("next_at"),
        _text("claimed_by", null=True),
        _text("claimed_until", null=True),
        _text("done_at", null=True),
        _text("last_error", default=""),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_delivery")),
    )
    op.create_index("ix_delivery_state", "delivery", ["state", "next_at"], unique=False)
    op.create_index("ix_delivery_digest", "delivery", ["receiver", "digest"], unique=False)


def _cases() -> None:
    op.create_table(
        "alert_case",
        _text("case_id"),
        _text("subject"),
        _text("state"),
        _text("opened_at"),
        _text("closed_at", null=True),
        _text("assignee", null=True),
        _text("merged_into", null=True),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_alert_case")),
    )
    op.create_index("uq_alert_case_subject", "alert_case", ["subject"], unique=True)
    op.create_index("ix_alert_case_state", "alert_case", ["state"], unique=False)
    op.create_table(
        "alert_step",
        _text("alert_id"),
        sa.Column("opening", NUMBER, autoincrement=False, nullable=False),
        _text("target"),
        sa.Column("percent", NUMBER, autoincrement=False, nullable=False),
        _text("at"),
        _text("told", null=True),
        sa.PrimaryKeyConstraint("alert_id", "opening", "target", "percent", name=op.f("pk_alert_step")),
    )
    op.create_table(
        "alert_pause",
        sa.Column("pause_no", NUMBER, autoincrement=True, nullable=False),
        _text("alert_id"),
        _text("reason"),
        _text("made_by"),
        _text("from_at"),
        _text("until_at"),
        _text("ended_at", null=True),
        sa.PrimaryKeyConstraint("pause_no", name=op.f("pk_alert_pause")),
    )
    op.create_index("ix_alert_pause_alert_id", "alert_pause", ["alert_id"], unique=False)


def _sayings() -> None:
    op.create_table(
        "suppression",
        _text("suppression_id"),
        _text("rule"),
        _text("system_id", null=True),
        _text("title"),
        _text("severity", null=True),
        _text("reason"),
        _text("made_by"),
        _text("made_at"),
        _text("until"),
        _text("ended_at", null=True),
        sa.PrimaryKeyConstraint("suppression_id", name=op.f("pk_suppression")),
    )
    op.create_table(
        "note",
        _text("note_id"),
        _text("subject_id"),
        _text("at"),
        _text("made_by"),
        _text("body"),
        _text("edits", null=True),
        sa.PrimaryKeyConstraint("note_id", name=op.f("pk_note")),
    )
    op.create_index("ix_note_subject_id", "note", ["subject_id"], unique=False)
    op.create_table(
        "ticket",
        sa.Column("ticket_no", NUMBER, autoincrement=True, nullable=False),
        _text("subject_id"),
        _text("url"),
        _text("made_by"),
        _text("at"),
        _text("removed_at", null=True),
        sa.PrimaryKeyConstraint("ticket_no", name=op.f("pk_ticket")),
    )
    op.create_index("ix_ticket_subject_id", "ticket", ["subject_id"], unique=False)

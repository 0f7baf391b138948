"""Make the tables of systems, people, decisions and the calendar.

Frozen: it makes what version 0002 was, whatever :mod:`store.schema` says by now.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    _alert()
    _audit()
    _audit_head()
    _oversight()
    _party()
    _review()
    _schedule()
    _schedule_run()
    _system()
    _system_alias()
    _system_key()
    _system_member()
    _alert_event()
    _owner()


def _alert() -> None:
    op.create_table(
        "alert",
        sa.Column("alert_id", TEXT, nullable=False),
        sa.Column("fingerprint", TEXT, nullable=False),
        sa.Column("rule", TEXT, nullable=False),
        sa.Column("severity", TEXT, nullable=False),
        sa.Column("system_id", TEXT, nullable=True),
        sa.Column("asset_id", TEXT, nullable=True),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("opened_at", TEXT, nullable=False),
        sa.Column("due_at", TEXT, nullable=True),
        sa.Column("resolved_at", TEXT, nullable=True),
        sa.Column("reopen_count", NUMBER, server_default=sa.text("0"), nullable=False),
        sa.Column("assignee", TEXT, nullable=True),
        sa.Column("until", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("alert_id", name=op.f("pk_alert")),
    )
    op.create_index("ix_alert_state", "alert", ["state"], unique=False)
    op.create_index("ix_alert_system_id", "alert", ["system_id"], unique=False)
    op.create_index("uq_alert_fingerprint", "alert", ["fingerprint"], unique=True)


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", NUMBER, autoincrement=False, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("actor_kind", TEXT, nullable=False),
        sa.Column("action", TEXT, nullable=False),
        sa.Column("object", TEXT, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.Column("prev_hash", TEXT, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit")),
    )


def _audit_head() -> None:
    op.create_table(
        "audit_head",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("seq", NUMBER, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )


def _oversight() -> None:
    op.create_table(
        "oversight",
        sa.Column("oversight_no", NUMBER, autoincrement=True, nullable=False),
        sa.Column("system_id", TEXT, nullable=False),
        sa.Column("record", TEXT, nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("next_review_at", TEXT, nullable=True),
        sa.Column("confirmed_by", TEXT, nullable=True),
        sa.Column("confirmed_at", TEXT, nullable=True),
        sa.Column("withdrawn_at", TEXT, nullable=True),
        sa.Column("valid_from", NUMBER, nullable=False),
        sa.Column("valid_to", NUMBER, nullable=True),
        sa.PrimaryKeyConstraint("oversight_no", name=op.f("pk_oversight")),
    )
    op.create_index("ix_oversight_next_review_at", "oversight", ["next_review_at"], unique=False)
    op.create_index(
        "uq_oversight_open_system",
        "oversight",
        ["system_id"],
        unique=True,
        sqlite_where=sa.text("valid_to IS NULL"),
        postgresql_where=sa.text("valid_to IS NULL"),
    )


def _party() -> None:
    op.create_table(
        "party",
        sa.Column("party_id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=True),
        sa.Column("email", TEXT, nullable=True),
        sa.Column("handle", TEXT, nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("erased_at", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("party_id", name=op.f("pk_party")),
    )
    op.create_index("ix_party_email", "party", ["email"], unique=False)
    op.create_index("ix_party_handle", "party", ["handle"], unique=False)


def _review() -> None:
    op.create_table(
        "review",
        sa.Column("review_no", NUMBER, autoincrement=True, nullable=False),
        sa.Column("system_id", TEXT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("by_party", TEXT, nullable=False),
        sa.Column("outcome", TEXT, nullable=False),
        sa.Column("next_due_at", TEXT, nullable=True),
        sa.Column("note", TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("rev", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("review_no", name=op.f("pk_review")),
    )
    op.create_index("ix_review_system_id", "review", ["system_id"], unique=False)


def _schedule() -> None:
    op.create_table(
        "schedule",
        sa.Column("connector", TEXT, nullable=False),
        sa.Column("instance", TEXT, nullable=False),
        sa.Column("spec", TEXT, nullable=False),
        sa.Column("next_due_at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("connector", "instance", name=op.f("pk_schedule")),
    )


def _schedule_run() -> None:
    op.create_table(
        "schedule_run",
        sa.Column("schedule_run_no", NUMBER, autoincrement=True, nullable=False),
        sa.Column("connector", TEXT, nullable=False),
        sa.Column("instance", TEXT, nullable=False),
        sa.Column("due_at", TEXT, nullable=False),
        sa.Column("holder", TEXT, nullable=False),
        sa.Column("run_id", TEXT, nullable=True),
        sa.Column("claimed_at", TEXT, nullable=False),
        sa.Column("done_at", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("schedule_run_no", name=op.f("pk_schedule_run")),
    )
    op.create_index("uq_schedule_run_due", "schedule_run", ["connector", "instance", "due_at"], unique=True)


def _system() -> None:
    op.create_table(
        "system",
        sa.Column("system_id", TEXT, nullable=False),
        sa.Column("valid_from", NUMBER, autoincrement=False, nullable=False),
        sa.Column("valid_to", NUMBER, nullable=True),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("group_key", TEXT, nullable=False),
        sa.Column("decided", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("merged_into", TEXT, nullable=True),
        sa.Column("first_seen_at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("system_id", "valid_from", name=op.f("pk_system")),
    )
    op.create_index(
        "ix_system_open_state",
        "system",
        ["state", "system_id"],
        unique=False,
        sqlite_where=sa.text("valid_to IS NULL"),
        postgresql_where=sa.text("valid_to IS NULL"),
    )


def _system_alias() -> None:
    op.create_table(
        "system_alias",
        sa.Column("alias_id", TEXT, nullable=False),
        sa.Column("system_id", TEXT, nullable=False),
        sa.Column("rev", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("alias_id", name=op.f("pk_system_alias")),
    )
    op.create_index("ix_system_alias_system_id", "system_alias", ["system_id"], unique=False)


def _system_key() -> None:
    op.create_table(
        "system_key",
        sa.Column("group_key", TEXT, nullable=False),
        sa.Column("system_id", TEXT, nullable=False),
        sa.Column("rev", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("group_key", name=op.f("pk_system_key")),
    )
    op.create_index("ix_system_key_system_id", "system_key", ["system_id"], unique=False)


def _system_member() -> None:
    op.create_table(
        "system_member",
        sa.Column("asset_id", TEXT, nullable=False),
        sa.Column("system_id", TEXT, nullable=False),
        sa.Column("valid_from", NUMBER, autoincrement=False, nullable=False),
        sa.Column("valid_to", NUMBER, nullable=True),
        sa.Column("why", TEXT, nullable=False),
        sa.Column("strength", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("asset_id", "system_id", "valid_from", name=op.f("pk_system_member")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_system_member_open_system",
        "system_member",
        ["system_id", "asset_id"],
        unique=False,
        sqlite_where=sa.text("valid_to IS NULL"),
        postgresql_where=sa.text("valid_to IS NULL"),
    )


def _alert_event() -> None:
    op.create_table(
        "alert_event",
        sa.Column("event_no", NUMBER, autoincrement=True, nullable=False),
        sa.Column("alert_id", TEXT, nullable=False),
        sa.Column("rev", NUMBER, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("event", TEXT, nullable=False),
        sa.Column("from_state", TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("to_state", TEXT, nullable=False),
        sa.Column("reason", TEXT, server_default=sa.text("''"), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.alert_id"], name=op.f("fk_alert_event_alert_id")),
        sa.PrimaryKeyConstraint("event_no", name=op.f("pk_alert_event")),
    )
    op.create_index("ix_alert_event_alert_id", "alert_event", ["alert_id", "rev"], unique=False)


def _owner() -> None:
    op.create_table(
        "owner",
        sa.Column("owner_no", NUMBER, autoincrement=True, nullable=False),
        sa.Column("system_id", TEXT, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("party_id", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("assigned_at", TEXT, nullable=False),
        sa.Column("accepted_at", TEXT, nullable=True),
        sa.Column("ended_at", TEXT, nullable=True),
        sa.Column("reason", TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("valid_from", NUMBER, nullable=False),
        sa.Column("valid_to", NUMBER, nullable=True),
        sa.ForeignKeyConstraint(["party_id"], ["party.party_id"], name=op.f("fk_owner_party_id")),
        sa.PrimaryKeyConstraint("owner_no", name=op.f("pk_owner")),
    )
    op.create_index(
        "ix_owner_open_system",
        "owner",
        ["system_id", "role"],
        unique=False,
        sqlite_where=sa.text("valid_to IS NULL"),
        postgresql_where=sa.text("valid_to IS NULL"),
    )

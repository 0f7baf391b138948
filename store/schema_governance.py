"""Describe the tables of systems, people and decisions."""

from __future__ import annotations

from sqlalchemy import Column, Double, ForeignKey, Index, Table

from store.columns import NUMBER, TEXT, flag, metadata, number, open_index, serial, text_column, validity

system = Table(
    "system",
    metadata,
    text_column("system_id", key=True),
    Column("valid_from", NUMBER, primary_key=True, autoincrement=False),
    number("valid_to", null=True),
    text_column("name"),
    # candidate, registered, governed, retired, rejected, merged
    text_column("state"),
    text_column("kind"),
    text_column("group_key"),
    # a person decided something on it: from then on only must-links add members
    flag("decided", default=False),
    text_column("merged_into", null=True),
    text_column("first_seen_at"),
)
open_index("ix_system_open_state", system.c.state, system.c.system_id, valid_to=system.c.valid_to)

# Ids that lost a merge; followed until an id that is not in the table.
system_alias = Table(
    "system_alias",
    metadata,
    text_column("alias_id", key=True),
    text_column("system_id"),
    number("rev"),
    Index("ix_system_alias_system_id", "system_id"),
)

# Keys that people type: one a system that was ever registered, never changed and never given to another.
system_slug = Table(
    "system_slug",
    metadata,
    text_column("slug", key=True),
    text_column("system_id"),
    number("rev"),
    Index("ix_system_slug_system_id", "system_id"),
)

system_key = Table(
    "system_key",
    metadata,
    text_column("group_key", key=True),
    text_column("system_id"),
    number("rev"),
    Index("ix_system_key_system_id", "system_id"),
)

system_member = Table(
    "system_member",
    metadata,
    text_column("asset_id", key=True),
    text_column("system_id", key=True),
    Column("valid_from", NUMBER, primary_key=True, autoincrement=False),
    number("valid_to", null=True),
    text_column("why"),
    # 0 to 1; 1 is a must-link, 0 only a suggestion
    Column("strength", Double, nullable=False),
    sqlite_with_rowid=False,
)
open_index(
    "ix_system_member_open_system",
    system_member.c.system_id,
    system_member.c.asset_id,
    valid_to=system_member.c.valid_to,
)

party = Table(
    "party",
    metadata,
    text_column("party_id", key=True),
    # person, team
    text_column("kind"),
    text_column("name", null=True),
    text_column("email", null=True),
    text_column("handle", null=True),
    flag("active", default=True),
    text_column("created_at"),
    text_column("erased_at", null=True),
    Index("ix_party_email", "email"),
    Index("ix_party_handle", "handle"),
)

owner = Table(
    "owner",
    metadata,
    serial("owner_no"),
    text_column("system_id"),
    text_column("role"),
    Column("party_id", TEXT, ForeignKey("party.party_id"), nullable=False),
    text_column("source"),
    Column("confidence", Double, nullable=False),
    text_column("assigned_at"),
    text_column("accepted_at", null=True),
    text_column("ended_at", null=True),
    text_column("reason", default=""),
    *validity(),
)
open_index("ix_owner_open_system", owner.c.system_id, owner.c.role, valid_to=owner.c.valid_to)

oversight = Table(
    "oversight",
    metadata,
    serial("oversight_no"),
    text_column("system_id"),
    text_column("record"),
    flag("complete"),
    text_column("next_review_at", null=True),
    text_column("confirmed_by", null=True),
    text_column("confirmed_at", null=True),
    text_column("withdrawn_at", null=True),
    # what people changed so far; a change names the one it was made upon
    number("version", default=1),
    *validity(),
)
open_index("uq_oversight_open_system", oversight.c.system_id, valid_to=oversight.c.valid_to, unique=True)
Index("ix_oversight_next_review_at", oversight.c.next_review_at)

review = Table(
    "review",
    metadata,
    serial("review_no"),
    text_column("system_id"),
    text_column("at"),
    text_column("by_party"),
    text_column("outcome"),
    text_column("next_due_at", null=True),
    text_column("note", default=""),
    number("rev"),
    Index("ix_review_system_id", "system_id"),
)

alert = Table(
    "alert",
    metadata,
    text_column("alert_id", key=True),
    text_column("fingerprint"),
    text_column("rule"),
    text_column("severity"),
    text_column("system_id", null=True),
    text_column("asset_id", null=True),
    text_column("title"),
    text_column("state"),
    text_column("opened_at"),
    text_column("due_at", null=True),
    text_column("resolved_at", null=True),
    number("reopen_count", default=0),
    text_column("assignee", null=True),
    # end of a suppression or of an accepted risk
    text_column("until", null=True),
    Index("uq_alert_fingerprint", "fingerprint", unique=True),
    Index("ix_alert_system_id", "system_id"),
    Index("ix_alert_state", "state"),
)

# Append-only: the state of an alert at any revision is its last event up to it.
alert_event = Table(
    "alert_event",
    metadata,
    serial("event_no"),
    Column("alert_id", TEXT, ForeignKey("alert.alert_id"), nullable=False),
    number("rev"),
    text_column("at"),
    text_column("actor"),
    text_column("event"),
    text_column("from_state", default=""),
    text_column("to_state"),
    text_column("reason", default=""),
    # how the alert stood after it; none of it is known of events written before version 0008
    text_column("system_id", null=True),
    text_column("assignee", null=True),
    text_column("due_at", null=True),
    text_column("until", null=True),
    Index("ix_alert_event_alert_id", "alert_id", "rev"),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", NUMBER, primary_key=True, autoincrement=False),
    text_column("at"),
    text_column("actor"),
    text_column("actor_kind"),
    text_column("action"),
    text_column("object"),
    # the exact text that was hashed
    text_column("body"),
    text_column("prev_hash"),
    text_column("hash"),
)

# One row (id 1): the end of the chain, locked while an entry is appended.
audit_head = Table(
    "audit_head",
    metadata,
    Column("id", NUMBER, primary_key=True, autoincrement=False),
    number("seq"),
    text_column("hash"),
)

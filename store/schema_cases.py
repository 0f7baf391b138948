"""Describe the tables of cases, of what is to be delivered, and of what people say about alerts."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table

from store.columns import NUMBER, metadata, number, serial, text_column

# One event for one receiver; written in the transaction of the event, sent as part of a delivery.
outbox = Table(
    "outbox",
    metadata,
    serial("outbox_no"),
    text_column("receiver"),
    # what makes it the same news: subject and state
    text_column("dedup_key"),
    text_column("event"),
    text_column("subject_id"),
    text_column("rule", default=""),
    text_column("severity", default=""),
    # who is told in a digest
    text_column("owner", default=""),
    text_column("payload"),
    text_column("created_at"),
    text_column("ready_at"),
    # the digest it waits for: owner, cadence and day; empty: sent at once
    text_column("digest", default=""),
    text_column("delivery_id", null=True),
    Index("uq_outbox_receiver_dedup_key", "receiver", "dedup_key", unique=True),
    Index("ix_outbox_delivery_id", "delivery_id"),
)

# One message to one receiver; its id is the idempotency key of every try.
delivery = Table(
    "delivery",
    metadata,
    text_column("delivery_id", key=True),
    text_column("receiver"),
    # single, rollup, digest
    text_column("kind"),
    text_column("digest", default=""),
    text_column("created_at"),
    # waiting, done, dead
    text_column("state"),
    number("attempts", default=0),
    text_column("next_at"),
    text_column("claimed_by", null=True),
    text_column("claimed_until", null=True),
    text_column("done_at", null=True),
    text_column("last_error", default=""),
    Index("ix_delivery_state", "state", "next_at"),
    Index("ix_delivery_digest", "receiver", "digest"),
)

# All open alerts of one system (or of the organisation) as one piece of work.
alert_case = Table(
    "alert_case",
    metadata,
    text_column("case_id", key=True),
    # a system's id, or organisation
    text_column("subject"),
    # open, closed
    text_column("state"),
    text_column("opened_at"),
    text_column("closed_at", null=True),
    text_column("assignee", null=True),
    text_column("merged_into", null=True),
    Index("uq_alert_case_subject", "subject", unique=True),
    Index("ix_alert_case_state", "state"),
)

# A step of escalation that was taken; never taken twice, whatever the clock says.
alert_step = Table(
    "alert_step",
    metadata,
    text_column("alert_id", key=True),
    # which opening of the alert
    Column("opening", NUMBER, primary_key=True, autoincrement=False),
    # acknowledge, assign, resolve
    text_column("target", key=True),
    Column("percent", NUMBER, primary_key=True, autoincrement=False),
    text_column("at"),
    text_column("told", null=True),
)

# Time in which a vendor is waited for and nobody here can do anything.
alert_pause = Table(
    "alert_pause",
    metadata,
    serial("pause_no"),
    text_column("alert_id"),
    text_column("reason"),
    text_column("made_by"),
    text_column("from_at"),
    # the latest end, and the one that came
    text_column("until_at"),
    text_column("ended_at", null=True),
    Index("ix_alert_pause_alert_id", "alert_id"),
)

# A rule by which alerts are not raised for a while.
suppression = Table(
    "suppression",
    metadata,
    text_column("suppression_id", key=True),
    text_column("rule"),
    text_column("system_id", null=True),
    text_column("title"),
    text_column("severity", null=True),
    text_column("reason"),
    text_column("made_by"),
    text_column("made_at"),
    text_column("until"),
    text_column("ended_at", null=True),
)

# What people say about an alert, a case or a system; an edit is a further row that names the one it replaces.
note = Table(
    "note",
    metadata,
    text_column("note_id", key=True),
    text_column("subject_id"),
    text_column("at"),
    text_column("made_by"),
    text_column("body"),
    text_column("edits", null=True),
    Index("ix_note_subject_id", "subject_id"),
)

ticket = Table(
    "ticket",
    metadata,
    serial("ticket_no"),
    text_column("subject_id"),
    text_column("url"),
    text_column("made_by"),
    text_column("at"),
    text_column("removed_at", null=True),
    # open, closed: as somebody here said, and when
    text_column("state", default="open"),
    text_column("state_at", null=True),
    Index("ix_ticket_subject_id", "subject_id"),
)

# What one person decided on many subjects at once, so that it can be taken back as one.
batch = Table(
    "batch",
    metadata,
    text_column("batch_id", key=True),
    # system.assign, record.set, alert.acknowledge and so on
    text_column("action"),
    # names of units and fields, or which alerts; never a value, which may name people
    text_column("what"),
    text_column("made_by"),
    text_column("made_at"),
    text_column("undone_at", null=True),
    Index("ix_batch_made_at", "made_at"),
)

batch_item = Table(
    "batch_item",
    metadata,
    text_column("batch_id", key=True),
    text_column("subject_id", key=True),
    # the unit or the version of the record before it and after it; of an alert the event and the revision
    text_column("before"),
    text_column("after"),
    text_column("undone_at", null=True),
)

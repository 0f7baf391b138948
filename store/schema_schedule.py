"""Describe the tables of the calendar: what is due when, and who claimed it."""

from __future__ import annotations

from sqlalchemy import Index, Table

from store.columns import metadata, serial, text_column

schedule = Table(
    "schedule",
    metadata,
    text_column("connector", key=True),
    text_column("instance", key=True),
    text_column("spec"),
    text_column("next_due_at"),
)

schedule_run = Table(
    "schedule_run",
    metadata,
    serial("schedule_run_no"),
    text_column("connector"),
    text_column("instance"),
    text_column("due_at"),
    text_column("holder"),
    text_column("run_id", null=True),
    text_column("claimed_at"),
    text_column("done_at", null=True),
    # The guard against two daemons: one row for one due time, whoever comes first.
    Index("uq_schedule_run_due", "connector", "instance", "due_at", unique=True),
)

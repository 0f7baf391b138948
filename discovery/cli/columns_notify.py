"""How receivers and messages to them are listed."""

from __future__ import annotations

from collections.abc import Sequence

from discovery.cli.columns import field_names
from discovery.render.as_table import Column
from discovery.render.listing import Listing
from discovery.render.styles import style_of
from discovery.render.text import day, last_day, minute, short_ids, words
from discovery.service.alert_bulk import AlertBatchView
from discovery.service.cases import CaseView
from discovery.service.feedback import FeedbackView
from discovery.service.notes import NoteView
from discovery.service.notifying import DeliveryView, ReceiverView
from discovery.service.suppressing import SuppressionView
from discovery.service.views import to_json


def receiver_listing() -> Listing[ReceiverView]:
    """Return how receivers are listed."""
    return Listing(
        one="receiver",
        many="receivers",
        columns=[
            Column(title="RECEIVER", text=lambda row: row.name, whole=True),
            Column(title="KIND", text=lambda row: row.kind, whole=True),
            Column(title="SEVERITY", text=lambda row: row.severity, whole=True),
            Column(title="EVENTS", text=lambda row: ", ".join(row.events)),
            Column(title="RULES", text=lambda row: ", ".join(row.rules) or "all"),
            Column(title="DIGEST", text=lambda row: row.digest.replace("_", " "), whole=True),
            Column(title="WAITING", text=lambda row: str(row.waiting), right=True, whole=True),
            Column(title="GIVEN UP", text=lambda row: str(row.dead), right=True, whole=True),
        ],
        to_json=to_json,
        fields=field_names(ReceiverView),
        empty="No receiver is configured; add a [[notifications.receivers]] table.",
    )


def outbox_listing(rows: Sequence[DeliveryView], zone: str) -> Listing[DeliveryView]:
    """Return how messages are listed; times are those of ``zone``."""
    shorten = short_ids(row.delivery_id for row in rows if row.delivery_id)
    return Listing(
        one="message",
        many="messages",
        columns=[
            Column(
                title="MESSAGE",
                text=lambda row: shorten(row.delivery_id) if row.delivery_id else "-",
                whole=True,
            ),
            Column(title="RECEIVER", text=lambda row: row.receiver),
            Column(
                title="STATE", text=lambda row: row.state, style=lambda row: style_of(row.state), whole=True
            ),
            Column(title="ABOUT", text=lambda row: row.about),
            Column(title="TRIES", text=lambda row: str(row.attempts), right=True, whole=True),
            Column(title="NEXT", text=lambda row: _next(row, zone), whole=True),
            Column(title="PROBLEM", text=lambda row: row.error or "-"),
        ],
        to_json=to_json,
        fields=field_names(DeliveryView),
        empty="Everything was told.",
    )


def _next(row: DeliveryView, zone: str) -> str:
    return minute(row.next_at, zone) if row.next_at and row.state == "waiting" else "-"


def case_listing(rows: Sequence[CaseView], zone: str) -> Listing[CaseView]:
    """Return how cases are listed; days are those of ``zone``."""
    shorten = short_ids(row.case_id for row in rows)
    return Listing(
        one="case",
        many="cases",
        columns=[
            Column(title="CASE", text=lambda row: shorten(row.case_id), whole=True),
            Column(
                title="SEVERITY",
                text=lambda row: row.severity or "-",
                style=lambda row: style_of(row.severity or ""),
                whole=True,
            ),
            Column(title="SYSTEM", text=lambda row: row.system_name or row.system_id or "the organisation"),
            Column(title="ALERTS", text=lambda row: str(row.alerts), right=True, whole=True),
            Column(title="ANSWERS", text=lambda row: row.assignee or row.answers or "-"),
            Column(title="DUE", text=lambda row: day(row.due_at, zone), whole=True),
        ],
        to_json=to_json,
        fields=field_names(CaseView),
        empty="No case is open.",
    )


def comment_listing(rows: Sequence[NoteView], zone: str) -> Listing[NoteView]:
    """Return how comments are listed, the oldest first; times are those of ``zone``."""
    shorten = short_ids(row.note_id for row in rows)
    return Listing(
        one="comment",
        many="comments",
        columns=[
            Column(title="COMMENT", text=lambda row: shorten(row.note_id), whole=True),
            Column(title="WHEN", text=lambda row: minute(row.at, zone), whole=True),
            Column(title="BY", text=lambda row: row.made_by.removesuffix(" (unauthenticated)")),
            Column(title="TEXT", text=lambda row: row.body + (" (edited)" if row.edits else "")),
        ],
        to_json=to_json,
        fields=field_names(NoteView),
        empty="Nothing was said yet.",
    )


def suppression_listing(rows: Sequence[SuppressionView], zone: str) -> Listing[SuppressionView]:
    """Return how suppressions are listed; days are those of ``zone``."""
    shorten = short_ids(row.suppression_id for row in rows)
    return Listing(
        one="suppression",
        many="suppressions",
        columns=[
            Column(title="SUPPRESSION", text=lambda row: shorten(row.suppression_id), whole=True),
            Column(
                title="STATE", text=lambda row: row.state, style=lambda row: style_of(row.state), whole=True
            ),
            Column(title="RULE", text=lambda row: row.rule, whole=True),
            Column(title="SYSTEM", text=lambda row: row.system_id or "all"),
            Column(title="TITLE", text=lambda row: row.title),
            Column(title="HIDES", text=lambda row: str(row.alerts), right=True, whole=True),
            Column(title="UNTIL", text=lambda row: last_day(row.until, zone), whole=True),
            Column(title="REASON", text=lambda row: row.reason),
        ],
        to_json=to_json,
        fields=field_names(SuppressionView),
        empty="Nothing is suppressed by rule.",
    )


def feedback_listing() -> Listing[FeedbackView]:
    """Return how what was called wrong is listed."""
    return Listing(
        one="thing",
        many="things",
        columns=[
            Column(title="RULE", text=lambda row: row.rule, whole=True),
            Column(title="KIND", text=lambda row: row.kind, whole=True),
            Column(title="PROVIDER", text=lambda row: row.provider or "-"),
            Column(title="THING", text=lambda row: row.thing),
            Column(title="ALERTS", text=lambda row: str(row.alerts), right=True, whole=True),
            Column(title="WHY IT IS WRONG", text=lambda row: "; ".join(row.reasons)),
        ],
        to_json=to_json,
        fields=field_names(FeedbackView),
        empty="Nothing was called wrong.",
    )


def alert_batch_listing(rows: Sequence[AlertBatchView], zone: str) -> Listing[AlertBatchView]:
    """Return how decisions on many alerts are listed; times are those of ``zone``."""
    shorten = short_ids(row.batch_id for row in rows)
    return Listing(
        one="decision on many",
        many="decisions on many",
        columns=[
            Column(title="DECISION", text=lambda row: shorten(row.batch_id), whole=True),
            Column(title="WHEN", text=lambda row: minute(row.made_at, zone), whole=True),
            Column(title="BY", text=lambda row: row.made_by.removesuffix(" (unauthenticated)")),
            Column(title="WHAT", text=lambda row: f"{words(row.action.removeprefix('alert.'))}: {row.what}"),
            Column(title="ALERTS", text=lambda row: str(row.alerts), right=True, whole=True),
            Column(title="STATE", text=lambda row: words(row.state), whole=True),
        ],
        to_json=to_json,
        fields=field_names(AlertBatchView),
        empty="Nothing was decided on many alerts yet.",
    )

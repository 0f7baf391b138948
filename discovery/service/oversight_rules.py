"""Say what a complete oversight record takes, and put answers together.

Complete: purpose, data, how people supervise it and the next review are all answered by a person, and the
review day has not passed where the organisation is. Who answers for the system is the rule of owners.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from connectors.model import Json
from connectors.secrets import redact
from discovery.service import record_edit
from discovery.service.errors import DecisionError
from store.oversight import Record

DATA_CATEGORIES = (
    *("none", "public", "internal", "confidential", "personal", "special_category", "children", "biometric"),
    *("health", "financial", "credentials", "source_code", "intellectual_property", "unknown"),
)
OVERSIGHT_MODES = ("in_the_loop", "on_the_loop", "in_command", "post_hoc", "none", "not_applicable")
QUESTIONS = {
    "purpose.statement": "purpose",
    "data.categories": "data_categories",
    "oversight.mode": "mode",
    "oversight.description": "description",
    "reviews.next_due_at": "next_review",
}
"""The fields without which no record is complete, in the order they are asked, with their public names."""
PURPOSE_CHARS = 40
"""A shorter purpose is kept, with a warning: it says too little to judge a use by."""
_MOST_CHARS = 8_000
_LONG_DAYS = 731


@dataclass(frozen=True, slots=True, kw_only=True)
class OversightAnswers:
    """The answers to the four questions that a person gives; ``None`` keeps what is on record.

    ``data_categories`` and ``mode`` are words of :data:`DATA_CATEGORIES` and :data:`OVERSIGHT_MODES`.
    """

    purpose: str | None = None
    data_categories: tuple[str, ...] | None = None
    mode: str | None = None
    description: str | None = None
    next_review: date | None = None


def today(timezone: str, now: datetime) -> date:
    """Return the day it is where the organisation is."""
    return now.astimezone(ZoneInfo(timezone)).date()


def checked(answers: OversightAnswers, today: date) -> dict[str, Json]:
    """Return the given answers by field; raises ``DecisionError`` that lists every mistake at once."""
    given: dict[str, Json] = {}
    mistakes: list[str] = []
    for field, name in (("purpose.statement", "purpose"), ("oversight.description", "description")):
        text = getattr(answers, name)
        if text is not None:
            given[field] = redact(text.strip())[:_MOST_CHARS]
            if not text.strip():
                mistakes.append(f"{name} is empty")
    if answers.data_categories is not None:
        mistakes += _wrong_words("data category", answers.data_categories, DATA_CATEGORIES)
        given["data.categories"] = [*sorted(set(answers.data_categories))]
        if not answers.data_categories:
            mistakes.append("data categories are empty; say 'none' when there are none")
    if answers.mode is not None:
        mistakes += _wrong_words("oversight mode", (answers.mode,), OVERSIGHT_MODES)
        given["oversight.mode"] = answers.mode
    if answers.next_review is not None:
        given["reviews.next_due_at"] = answers.next_review.isoformat()
        if answers.next_review <= today:
            mistakes.append(f"the next review {answers.next_review} is not in the future")
    if not given:
        mistakes.append("no question is answered")
    if mistakes:
        raise DecisionError("the record cannot be kept: " + "; ".join(mistakes))
    return given


def withdrawn(record: Record, at: str) -> Record:
    """Return the record after a person withdrew it: the answers stay readable, nothing stands."""
    return replace(record, complete=False, withdrawn_at=at, version=record.version + 1)


def missing(record: Record | None) -> list[str]:
    """Return the public names of the questions that no person answered, in the order they are asked."""
    return [QUESTIONS[name] for name in record_edit.unanswered(record)]


def warnings(record: Record, today: date) -> list[str]:
    """Return what a person should know about a record that was just kept."""
    found = [f"the record is not complete: {name} is not answered" for name in missing(record)]
    return found + doubts(record, today)


def doubts(record: Record, today: date) -> list[str]:
    """Return what is odd about the answers that a record holds."""
    found = []
    purpose, day = record.value("purpose.statement"), record.value("reviews.next_due_at")
    if isinstance(purpose, str) and len(purpose) < PURPOSE_CHARS:
        found.append(
            f"the purpose is short: say problem, users and output in {PURPOSE_CHARS} characters or more"
        )
    if isinstance(day, str) and (ahead := (date.fromisoformat(day) - today).days) > _LONG_DAYS:
        found.append(f"the next review is {ahead} days away")
    if isinstance(day, str) and date.fromisoformat(day) <= today:
        found.append(f"the next review {day} has passed: set another")
    if record.value("oversight.mode") == "none":
        found.append("no person supervises it: say in the description why that is right")
    return found


def _wrong_words(what: str, words: tuple[str, ...], known: tuple[str, ...]) -> list[str]:
    return [f"unknown {what} {word!r} (known: {', '.join(known)})" for word in words if word not in known]

"""``aicensus systems review``: what a person decides about one system, on one screen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from discovery.cli.asking import T, asked
from discovery.cli.lazy import Command, Example
from discovery.cli.options import format_option, parse_day, reason_option, store_options, version_option
from discovery.cli.oversight import MODES, answer_options
from discovery.cli.session import Session

if TYPE_CHECKING:
    from datetime import date

    from discovery.service.decisions import OversightAnswers
    from discovery.service.record_shapes import RecordView
    from store import Store

_REVIEW_DAYS = 365


@click.command(
    "review",
    cls=Command,
    examples=(
        Example("aicensus systems review support-bot", "See the four questions; on a terminal, answer them."),
        Example(
            "aicensus systems review support-bot --owner dana@example.org --data personal --mode in_the_loop "
            "--next-review 2027-05-01 --no-input",
            "Answer without being asked.",
        ),
    ),
)
@click.argument("system")
@answer_options
@click.option("--owner", metavar="PARTY", help="Who answers for it: an address, a handle or a name.")
@click.option("--no-input", is_flag=True, help="Never ask; show it, and keep what the options say.")
@version_option
@reason_option(required=False)
@format_option(("table", "json"))
@store_options
def review(
    system: str,
    purpose: str | None,
    data: tuple[str, ...],
    mode: str | None,
    description: str | None,
    next_review: str | None,
    owner: str | None,
    no_input: bool,
    if_version: int | None,
    reason: str,
    fmt: str,
    config_path: Path | None,
    db: str | None,
) -> None:
    """Look at SYSTEM: what it does, who is responsible, what data, how people oversee it; then the gaps.

    On a terminal you may change each answer; Enter keeps it, or takes what evidence proposes. What somebody
    else changes meanwhile is not overwritten.
    """
    from discovery.cli.oversight import given_answers
    from discovery.render.terminal import is_interactive
    from discovery.service.decisions import OversightAnswers

    answers = given_answers(purpose, data, mode, description, next_review)
    session = Session(config_path, db)
    asks = is_interactive() and not no_input and fmt == "table"
    decides = asks or owner is not None or answers != OversightAnswers()
    with session.store(read_only=not decides) as store:
        if asks:
            record = _screen(store, system, session.zone)
            if_version = record.version if if_version is None else if_version
            system = record.system_id
            answers, owner = _ask(answers, owner, record)
        if decides:
            _keep(store, system, answers, owner, session, reason, if_version)
        if fmt == "json":
            _json(store, system)
        elif not asks:
            _screen(store, system, session.zone)


def _screen(store: Store, system: str, zone: str) -> RecordView:
    from discovery.cli.record import value_text
    from discovery.render.review import write_review
    from discovery.service import inventory, record_fields, record_showing

    view = inventory.get_system(store, system)
    record = record_showing.show(store, view.system_id)
    alerts = inventory.list_alerts(store, inventory.AlertFilter(system=view.system_id))
    write_review(
        view, record, alerts, questions=dict(record_fields.QUESTIONS), zone=zone, value_text=value_text
    )
    return record


def _json(store: Store, system: str) -> None:
    from discovery.cli.columns import field_names
    from discovery.render.listing import Listing
    from discovery.service import record_showing
    from discovery.service.record_shapes import RecordView
    from discovery.service.views import to_json

    found = record_showing.show(store, system)
    Listing[RecordView](
        one="record", many="records", columns=(), to_json=to_json, fields=field_names(RecordView), empty=""
    ).write([found], "json")


def _keep(
    store: Store,
    system: str,
    answers: OversightAnswers,
    owner: str | None,
    session: Session,
    reason: str,
    if_version: int | None,
) -> None:
    """Keep what was answered and say so on standard error: the answer of the command is the screen."""
    from discovery.render.text import safe
    from discovery.service import decisions
    from discovery.service.permissions import os_actor

    warnings: list[str] = []
    if answers != decisions.OversightAnswers():
        decided = decisions.record_oversight(
            store,
            system,
            answers,
            actor=os_actor(),
            timezone=session.zone,
            reason=reason,
            if_version=if_version,
        )
        warnings += decided.warnings
        click.echo(f"The oversight record is {decided.system.oversight.state}.", err=True)
    if owner:
        named = decisions.set_owner(store, system, owner, actor=os_actor(), reason=reason)
        warnings = [one for one in warnings if "no accepted owner" not in one] + named.warnings
        click.echo(f"{safe(owner)} answers for it.", err=True)
    for warning in warnings:
        click.echo(f"Note: {safe(warning)}", err=True)


def _ask(
    given: OversightAnswers, owner: str | None, record: RecordView
) -> tuple[OversightAnswers, str | None]:
    """Ask on standard error for every answer, with what is known as the default."""
    from dataclasses import replace

    from discovery.cli.oversight import CATEGORIES, categories, word

    answers = given
    if given.purpose is None:
        purpose = _prompt("1. What does it do?", record, "purpose.statement", str)
        answers = replace(answers, purpose=purpose or None)
    accepted = record.of("owners").answered
    if owner is None and not accepted:
        owner = asked("2. Who is responsible? (Enter leaves it open)", "", str) or None
    if given.data_categories is None:
        question = f"3. What data does it see? ({', '.join(CATEGORIES)})"
        chosen = _prompt(
            question, record, "data.categories", lambda text: categories([text]) if text else None
        )
        answers = replace(answers, data_categories=chosen)
    if given.mode is None:
        question = f"4. How do people oversee it? ({', '.join(MODES)})"
        mode = _prompt(
            question, record, "oversight.mode", lambda text: word(text, MODES, "--mode") if text else None
        )
        answers = replace(answers, mode=mode)
    if given.description is None:
        question = "   Who checks what, when, and with which power to stop it?"
        answers = replace(
            answers, description=_prompt(question, record, "oversight.description", str) or None
        )
    if given.next_review is None:
        day = asked("   Next review (YYYY-MM-DD)?", _proposed_day(record).isoformat(), _day_ahead)
        answers = replace(answers, next_review=day)
    return answers, owner


def _prompt(question: str, record: RecordView, field: str, read: Callable[[str], T]) -> T:
    known = record.of(field)
    value = known.value
    default = ", ".join(map(str, value)) if isinstance(value, list) else str(value or "")
    if known.source == "connector":
        click.echo(f"   evidence: {known.why}", err=True)
    if known.conflict:
        said = f"{', '.join(known.conflict.news)}: {known.conflict.why}"
        click.echo(f"   evidence says otherwise: {said}", err=True)
    return asked(question, default, read)


def _day_ahead(text: str) -> date:
    from connectors import clock

    day = parse_day(text, "--next-review")
    if day <= clock.now().date():
        raise click.BadParameter(f"{day} is not ahead", param_hint="--next-review")
    return day


def _proposed_day(record: RecordView) -> date:
    from datetime import date, timedelta

    from connectors import clock

    today = clock.now().date()
    if record.next_review and record.complete:
        return date.fromisoformat(record.next_review)
    return today + timedelta(days=_REVIEW_DAYS)

"""``aicensus oversight``: what a system is for, what data it sees, and who watches it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from discovery.cli.lazy import Example, Group
from discovery.cli.options import (
    as_of_option,
    format_option,
    parse_day,
    reason_option,
    stack,
    store_options,
    version_option,
)
from discovery.cli.session import Session

if TYPE_CHECKING:
    from discovery.service.decisions import OversightAnswers
    from discovery.service.views import OversightView

MODES = ("in_the_loop", "on_the_loop", "in_command", "post_hoc", "none", "not_applicable")
CATEGORIES = (
    *("none", "public", "internal", "confidential", "personal", "special_category", "children"),
    *("biometric", "health", "financial", "credentials", "source_code", "intellectual_property", "unknown"),
)


answer_options = stack(
    click.option(
        "--purpose",
        metavar="TEXT",
        help="What it is for, who uses it, what comes out; 40 letters or more.",
    ),
    click.option(
        "--data",
        "data",
        multiple=True,
        metavar="WORD",
        help=f"What data it sees; repeatable. One of {', '.join(CATEGORIES)}.",
    ),
    click.option("--mode", metavar="WORD", help=f"How people watch it. One of {', '.join(MODES)}."),
    click.option(
        "--description", metavar="TEXT", help="Who checks what, when, and with which power to stop it."
    ),
    click.option("--next-review", metavar="DATE", help="The day on which all this is looked at again."),
)
"""The answers to the questions, as options."""


@click.group(
    cls=Group,
    examples=(
        Example(
            "aicensus oversight record support-bot", "Answer the four questions; asks for what is missing."
        ),
        Example("aicensus oversight show support-bot", "See the record."),
    ),
)
def oversight() -> None:
    """Record what a system is for and who watches it."""


@oversight.command(
    "record",
    examples=(
        Example("aicensus oversight record support-bot", "Be asked one question after another."),
        Example(
            'aicensus oversight record support-bot --purpose "Answers questions of customers about orders" '
            '--data personal --mode in_the_loop --description "A person approves each answer" '
            "--next-review 2027-05-01",
            "Give all answers at once.",
        ),
    ),
)
@click.argument("system")
@answer_options
@click.option("--no-input", is_flag=True, help="Never ask; leave what is not given as it is on record.")
@version_option
@reason_option(required=False)
@format_option()
@store_options
def record(
    system: str,
    purpose: str | None,
    data: tuple[str, ...],
    mode: str | None,
    description: str | None,
    next_review: str | None,
    no_input: bool,
    if_version: int | None,
    reason: str,
    fmt: str,
    config_path: Path | None,
    db: str | None,
) -> None:
    """Record the oversight of SYSTEM: purpose, data, human supervision, next review.

    The record is complete when all questions are answered and the review lies ahead. On a terminal you
    are asked for what is neither given nor on record.
    """
    from discovery.cli.decided import write_decided
    from discovery.render.terminal import is_interactive
    from discovery.service import decisions
    from discovery.service.permissions import os_actor

    answers = given_answers(purpose, data, mode, description, next_review)
    session = Session(config_path, db)
    with session.store() as store:
        if is_interactive() and not no_input:
            known = decisions.show_oversight(store, system)
            answers = _ask(answers, known)
            if_version = known.version if if_version is None else if_version
        if answers == decisions.OversightAnswers():
            raise click.UsageError("nothing to record: give at least one answer, such as --purpose")
        decided = decisions.record_oversight(
            store,
            system,
            answers,
            actor=os_actor(),
            timezone=session.zone,
            reason=reason,
            if_version=if_version,
        )
    state = decided.system.oversight.state
    write_decided(decided, f"The oversight record of {decided.system.name} is {state}.", fmt)


def given_answers(
    purpose: str | None,
    data: tuple[str, ...],
    mode: str | None,
    description: str | None,
    next_review: str | None,
) -> OversightAnswers:
    """Read the answers that came as options; raises usage errors that name the option."""
    from discovery.service.decisions import OversightAnswers

    return OversightAnswers(
        purpose=purpose,
        data_categories=categories(data) if data else None,
        mode=word(mode, MODES, "--mode") if mode else None,
        description=description,
        next_review=parse_day(next_review, "--next-review") if next_review else None,
    )


def word(text: str, known: tuple[str, ...], option: str) -> str:
    """Read one word of those that are known, however it is spelt; raises a usage error."""
    spelt = text.strip().lower().replace("-", "_").replace(" ", "_")
    if spelt not in known:
        raise click.BadParameter(f"{text!r} is not one of {', '.join(known)}", param_hint=option)
    return spelt


def categories(texts: tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """Read the words of data categories; raises a usage error for one that is not known."""
    parts = [part for text in texts for part in text.split(",") if part.strip()]
    return tuple(dict.fromkeys(word(part, CATEGORIES, "--data") for part in parts))


def _ask(given: OversightAnswers, known: OversightView) -> OversightAnswers:
    """Ask on standard error for every answer that is neither given nor on record."""
    from dataclasses import replace

    answers = given
    if given.purpose is None and not known.purpose:
        answers = replace(answers, purpose=_prompt("What is it for, who uses it, what comes out?"))
    if given.data_categories is None and not known.data_categories:
        text = _prompt(f"Which data does it see? ({', '.join(CATEGORIES)})")
        answers = replace(answers, data_categories=categories([text]))
    if given.mode is None and not known.mode:
        text = _prompt(f"How do people watch it? ({', '.join(MODES)})")
        answers = replace(answers, mode=word(text, MODES, "--mode"))
    if given.description is None and not known.description:
        answers = replace(
            answers, description=_prompt("Who checks what, when, and with which power to stop it?")
        )
    if given.next_review is None and known.state != "complete":
        answers = replace(
            answers, next_review=parse_day(_prompt("Next review (YYYY-MM-DD)?"), "--next-review")
        )
    return answers


def _prompt(question: str) -> str:
    answer: str = click.prompt(question, err=True, type=str, prompt_suffix="\n> ")
    return answer.strip()


@oversight.command("show", examples=(Example("aicensus oversight show support-bot", "See the record."),))
@click.argument("system")
@as_of_option
@format_option()
@store_options
def show(system: str, as_of: str | None, fmt: str, config_path: Path | None, db: str | None) -> None:
    """Show the oversight record of SYSTEM."""
    from discovery.cli.columns import field_names
    from discovery.render.listing import Listing
    from discovery.service import decisions
    from discovery.service.views import OversightView, to_json

    session = Session(config_path, db)
    with session.store(read_only=True) as store:
        found = decisions.show_oversight(store, system, as_of=session.moment(as_of))
    if fmt == "table":
        _write_record(system, found, session.zone)
        return
    Listing(
        one="record", many="records", columns=(), to_json=to_json, fields=field_names(OversightView), empty=""
    ).write([found], fmt)


def _write_record(system: str, found: OversightView, zone: str) -> None:
    from discovery.render.facts import write_facts
    from discovery.render.text import day, words

    write_facts(
        f"Oversight of {system}",
        (
            ("state", words(found.state)),
            ("purpose", found.purpose or ""),
            ("data", ", ".join(map(words, found.data_categories))),
            ("supervision", words(found.mode or "")),
            ("how", found.description or ""),
            ("next review", found.next_review or ""),
            (
                "confirmed",
                f"{day(found.confirmed_at, zone)} by {found.confirmed_by}" if found.confirmed_by else "",
            ),
            ("missing", ", ".join(map(words, found.missing))),
        ),
    )


@oversight.command(
    "withdraw",
    examples=(
        Example(
            'aicensus oversight withdraw support-bot --reason "the model changed"', "Take a record back."
        ),
    ),
)
@click.argument("system")
@reason_option(required=True)
@format_option()
@store_options
def withdraw(system: str, reason: str, fmt: str, config_path: Path | None, db: str | None) -> None:
    """Withdraw the oversight record of SYSTEM; the gap opens again."""
    from discovery.cli.decided import write_decided
    from discovery.service import decisions
    from discovery.service.permissions import os_actor

    with Session(config_path, db).store() as store:
        decided = decisions.withdraw_oversight(store, system, actor=os_actor(), reason=reason)
    write_decided(decided, f"The oversight record of {decided.system.name} is withdrawn.", fmt)

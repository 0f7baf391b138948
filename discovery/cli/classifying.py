"""``aicensus systems classify|stage``: the class in the EU AI Act, and where a system is in its life."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from discovery.cli.asking import asked
from discovery.cli.lazy import Command, Example
from discovery.cli.options import format_option, parse_day, reason_option, store_options
from discovery.cli.session import Session

if TYPE_CHECKING:
    from discovery.service.classification import Answers, Question


@click.command(
    "classify",
    cls=Command,
    examples=(
        Example("aicensus systems classify support-bot", "Be asked one question after another."),
        Example(
            "aicensus systems classify support-bot --answer ai_system=yes --answer nexus=yes "
            "--answer excluded=no --answer role=deployer --answer practices=none --answer annex_i=no "
            "--answer annex_iii=none --answer art50=interaction --answer decision_role=informs "
            "--answer harm=minor",
            "Give all answers at once.",
        ),
        Example("aicensus systems classify support-bot --again --answer harm=serious", "Change one answer."),
    ),
)
@click.argument("system")
@click.option(
    "--answer",
    "answers",
    multiple=True,
    metavar="QUESTION=WORD",
    help="One answer; repeatable, words by comma.",
)
@click.option("--again", is_flag=True, help="Take what is not answered now from the last time.")
@click.option("--no-input", is_flag=True, help="Never ask; what is not answered counts as unknown.")
@reason_option(required=False)
@format_option(("table", "json"))
@store_options
def classify(
    system: str,
    answers: tuple[str, ...],
    again: bool,
    no_input: bool,
    reason: str,
    fmt: str,
    config_path: Path | None,
    db: str | None,
) -> None:
    """Give SYSTEM its class in the EU AI Act by at most twelve questions ('record questions' lists them).

    What nobody knows counts as unknown, and unknown as unclassified. This is no legal advice.
    """
    from discovery.cli.record import parse_assignments
    from discovery.render.terminal import is_interactive
    from discovery.render.text import safe
    from discovery.service import classification, record_steps
    from discovery.service.permissions import os_actor

    given = classification.check({name: str(said) for name, said in parse_assignments(answers).items()})
    session = Session(config_path, db)
    with session.store() as store:
        if is_interactive() and not no_input:
            given = _questionnaire(given, record_steps.earlier_answers(store, system))
        if not given and not again:
            raise click.UsageError("nothing is answered: give --answer QUESTION=WORD; see 'record questions'")
        done = record_steps.classify(
            store, system, given, actor=os_actor(), timezone=session.zone, reason=reason, again=again
        )
    for note in done.decided.warnings:
        click.echo(f"Note: {safe(note)}", err=True)
    if fmt == "json":
        _write_outcome(done)
        return
    name = safe(done.decided.system.name)
    click.echo(f"{name} is {done.outcome.eu_class}: {done.outcome.because}.")
    click.echo(f"Tier {done.decided.system.oversight.tier}; text of the law {done.outcome.law_version}.")


def _write_outcome(done: object) -> None:
    import sys

    from discovery.render.as_json import write_array
    from discovery.service.record_steps import Classified

    assert isinstance(done, Classified)
    outcome, system = done.outcome, done.decided.system
    row = {
        "system_id": system.system_id,
        "name": system.name,
        "eu_class": outcome.eu_class,
        "tier": system.oversight.tier,
        "because": outcome.because,
        "notes": list(outcome.notes),
        "upcoming_class": outcome.upcoming_class,
        "upcoming_from": outcome.upcoming_from.isoformat() if outcome.upcoming_from else None,
        "law_version": outcome.law_version,
    }
    write_array([row], sys.stdout)


def _questionnaire(given: Answers, earlier: Answers) -> dict[str, tuple[str, ...]]:
    from discovery.service import classification

    answers = dict(given)
    for number, question in enumerate(classification.questions(), 1):
        if question.id in answers or not classification.asked(question, answers):
            continue
        _write_question(number, question)
        default = ",".join(earlier.get(question.id, (classification.UNKNOWN,)))
        answers |= asked("   answer", default, partial(_checked, question.id))
    return answers


def _checked(question: str, said: str) -> dict[str, tuple[str, ...]]:
    from discovery.service import classification

    return classification.check({question: said})


def _write_question(number: int, question: Question) -> None:
    many = " (several, by comma)" if question.many else ""
    click.echo(f"\n{number}. {question.ask}{many}", err=True)
    if question.help:
        click.echo(f"   {question.help}", err=True)
    for choice in question.choices:
        since = f" (from {choice.since})" if choice.since else ""
        means = f": {choice.means}" if choice.means else ""
        click.echo(f"     {choice.word}{means}{since}", err=True)
    click.echo("     unknown", err=True)


@click.command(
    "stage",
    cls=Command,
    examples=(
        Example(
            'aicensus systems stage support-bot pilot --reason "ten users since Monday"', "Enter a stage."
        ),
    ),
)
@click.argument("system")
@click.argument("stage")
@click.option("--since", metavar="DATE", help="When it entered the stage; today unless given.")
@reason_option(required=True)
@format_option()
@store_options
def stage(
    system: str,
    stage: str,
    since: str | None,
    reason: str,
    fmt: str,
    config_path: Path | None,
    db: str | None,
) -> None:
    """Take SYSTEM to STAGE: idea, development, verification, pilot, production, suspended, retired."""
    from discovery.cli.decided import write_decided
    from discovery.service import record_steps
    from discovery.service.permissions import os_actor

    day = parse_day(since, "--since") if since else None
    session = Session(config_path, db)
    with session.store() as store:
        decided = record_steps.set_stage(
            store, system, stage, actor=os_actor(), reason=reason, day=day, timezone=session.zone
        )
    write_decided(
        decided, f"{decided.system.name} is in the stage {decided.system.oversight.stage} now.", fmt
    )


VERBS = (classify, stage)

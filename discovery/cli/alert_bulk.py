"""``aicensus alerts bulk``: take one decision on many alerts, and take it back as one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from discovery.cli.lazy import Command, Example, Group
from discovery.cli.options import (
    SEVERITIES,
    format_option,
    parse_day,
    reason_option,
    stack,
    store_options,
    until_option,
)
from discovery.cli.session import Session

if TYPE_CHECKING:
    from discovery.service.alert_bulk import Bulk

_MOST_NAMED = 20
_WHICH: Callable[[Any], Any] = stack(
    click.option("--state", "states", multiple=True, metavar="STATE", help="Only this state; repeatable."),
    click.option("--rule", metavar="ID", help="Only this rule, such as OWN-01."),
    click.option("--severity", type=click.Choice(SEVERITIES), help="Only this severity."),
    click.option("--system", metavar="SYSTEM", help="Only this system (id or name)."),
    click.option("--all", "is_all", is_flag=True, help="Really all alerts: no filter."),
    click.option("--dry-run", is_flag=True, help="Only count."),
)


@click.group(
    "bulk",
    cls=Group,
    default="list",
    examples=(
        Example("aicensus alerts bulk acknowledge --rule OWN-01 --dry-run", "Count what it would be."),
        Example("aicensus alerts bulk assign --system claims-portal --to dana@example.org", "Give all away."),
        Example("aicensus alerts bulk undo latest", "Take your last decision on many back as one."),
    ),
)
def bulk() -> None:
    """Take one decision on many alerts, and undo it within 24 hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verb:
    """One decision on many: its name here, its help, and what it asks for beside a filter."""

    name: str
    help: str
    example: str
    needs_reason: bool = False
    has_until: bool = False
    has_assignee: bool = False


_VERBS = (
    _Verb(
        name="acknowledge",
        help="Say that a person has seen many alerts.",
        example="aicensus alerts bulk acknowledge --rule OWN-01 --dry-run",
    ),
    _Verb(
        name="assign",
        help="Give many alerts to somebody.",
        example="aicensus alerts bulk assign --system claims-portal --to dana@example.org",
        has_assignee=True,
    ),
    _Verb(
        name="review",
        help="Say that work on many alerts has begun.",
        example="aicensus alerts bulk review --severity critical",
    ),
    _Verb(
        name="accept-risk",
        help="Live with many alerts until a day.",
        example='aicensus alerts bulk accept-risk --rule LIF-06 --until 2027-01-31 --reason "it ends"',
        needs_reason=True,
        has_until=True,
    ),
    _Verb(
        name="false-positive",
        help="Say that many alerts are wrong, and why.",
        example='aicensus alerts bulk false-positive --system demo --reason "a sample, never deployed"',
        needs_reason=True,
    ),
    _Verb(
        name="suppress",
        help="Hide many alerts until a day.",
        example='aicensus alerts bulk suppress --rule TPR-01 --reason "contracts are reviewed in spring"',
        needs_reason=True,
        has_until=True,
    ),
    _Verb(
        name="reopen",
        help="Open many alerts again that were decided on.",
        example='aicensus alerts bulk reopen --state suppressed --rule TPR-01 --reason "the review is here"',
        needs_reason=True,
    ),
)


def _make(verb: _Verb) -> click.Command:
    def callback(config_path: Path | None, db: str | None, **given: Any) -> None:
        _decide(verb, Session(config_path, db), **given)

    function = store_options(callback)
    function = reason_option(required=verb.needs_reason)(function)
    if verb.has_until:
        function = until_option("The last day it holds; 90 days from now unless given, 365 at most.")(
            function
        )
    if verb.has_assignee:
        function = click.option(
            "--to", "assignee", required=True, metavar="PARTY", help="E-mail, @handle or name."
        )(function)
    help_text = (
        f"{verb.help}\n\nWithout --state it is those that want something; what cannot be moved is told."
    )
    return click.command(
        verb.name, cls=Command, help=help_text, examples=(Example(verb.example, verb.help),)
    )(_WHICH(function))


def _decide(
    verb: _Verb,
    session: Session,
    *,
    states: tuple[str, ...],
    rule: str | None,
    severity: str | None,
    system: str | None,
    is_all: bool,
    dry_run: bool,
    reason: str,
    until: str | None = None,
    assignee: str | None = None,
) -> None:
    from discovery.service.alert_bulk import decide_many
    from discovery.service.alert_decisions import AlertAction, Given
    from discovery.service.inventory import AlertFilter
    from discovery.service.permissions import os_actor

    if not (states or rule or severity or system or is_all):
        raise click.UsageError("name a filter (--rule, --severity, --system, --state), or --all")
    _check_states(states)
    given = Given(
        action=AlertAction(verb.name.replace("-", "_")),
        actor=os_actor(),
        reason=reason,
        until=parse_day(until, "--until") if until else None,
        assignee=assignee,
        timezone=session.zone,
    )
    filters = AlertFilter(states=states, rule=session.rule(rule), severity=severity, system=system)
    with session.store() as store:
        done = decide_many(store, filters, given, dry_run=dry_run)
    _write(done, session)


def _check_states(states: tuple[str, ...]) -> None:
    from store.alerts import STATES

    for one in states:
        if one not in STATES:
            raise click.BadParameter(f"{one!r} is unknown; known: {', '.join(STATES)}", param_hint="--state")


def _write(done: Bulk, session: Session) -> None:
    from discovery.render.text import count

    told = ", ".join(
        f"{done.by_severity[one]} {one}" for one in reversed(SEVERITIES) if one in done.by_severity
    )
    would = "would be moved" if done.dry_run else "moved"
    click.echo(f"{count(done.moved, 'alert')} {would}{f' ({told})' if told else ''}.")
    _write_refused(done.refused, " stays as it is")
    if done.moved and not done.dry_run:
        click.echo(
            f"Undo it within 24 hours: aicensus alerts bulk undo {done.batch_id}{session.options_text()}"
        )


def _write_refused(refused: Any, how: str) -> None:
    from discovery.render.text import safe

    for alert_id, why in list(refused.items())[:_MOST_NAMED]:
        click.echo(f"{alert_id}{how}: {safe(why, limit=400)}", err=True)
    if len(refused) > _MOST_NAMED:
        click.echo(f"and {len(refused) - _MOST_NAMED:,} more", err=True)


@click.command(
    "list",
    cls=Command,
    examples=(Example("aicensus alerts bulk list", "Find the id of a decision to undo it."),),
)
@format_option()
@store_options
def list_batches(fmt: str, config_path: Path | None, db: str | None) -> None:
    """List the latest decisions on many alerts, and whether each can still be undone."""
    from discovery.cli.columns_notify import alert_batch_listing
    from discovery.service import alert_bulk

    session = Session(config_path, db)
    with session.store(read_only=True) as store:
        rows = alert_bulk.listed(store)
    alert_batch_listing(rows, session.zone).write(rows, fmt)


@click.command(
    "undo",
    cls=Command,
    examples=(
        Example('aicensus alerts bulk undo bat_0199 --reason "wrong rule"', "Take it back for all of them."),
    ),
)
@click.argument("decision", metavar="DECISION")
@reason_option(required=False)
@store_options
def undo(decision: str, reason: str, config_path: Path | None, db: str | None) -> None:
    """Take back a DECISION on many, by id or its beginning, or 'latest' for your last one.

    What became of an alert since is left, and told; a gap that has closed meanwhile is resolved at once.
    """
    from discovery.render.text import count
    from discovery.service import alert_undo
    from discovery.service.permissions import os_actor

    session = Session(config_path, db)
    with session.store() as store:
        done = alert_undo.undo(store, decision, actor=os_actor(), reason=reason)
    click.echo(f"{count(len(done.restored), 'alert')} as before.")
    _write_refused(done.refused, "")


for _one in _VERBS:
    bulk.add_command(_make(_one))
bulk.add_command(list_batches)
bulk.add_command(undo)

"""``aicensus alerts``: what needs somebody's answer, and the decisions on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from discovery.cli import alert_more
from discovery.cli.alert_bulk import bulk
from discovery.cli.lazy import Command, Example, Group
from discovery.cli.options import (
    SEVERITIES,
    as_of_option,
    effective_limit,
    format_option,
    limit_option,
    parse_day,
    reason_option,
    store_options,
    until_option,
)
from discovery.cli.session import Session

if TYPE_CHECKING:
    from discovery.service.views import AlertDetailView

TABLE_LIMIT = 100
STATES = (
    *("open", "acknowledged", "assigned", "in_review", "resolved"),
    *("accepted_risk", "false_positive", "suppressed"),
)


@click.group(
    cls=Group,
    default="list",
    examples=(
        Example("aicensus alerts", "List all that still want an answer, most severe first."),
        Example("aicensus alerts --state resolved --format json", "List what was put right."),
    ),
)
def alerts() -> None:
    """List what needs somebody's answer, and decide on it."""


@alerts.command(
    "list", examples=(Example("aicensus alerts list --rule OWN-01", "List systems that nobody owns."),)
)
@click.option(
    "--state", "states", multiple=True, type=click.Choice(STATES), help="Only this state; repeatable."
)
@click.option("--rule", metavar="ID", help="Only this rule, such as OWN-01.")
@click.option("--severity", type=click.Choice(SEVERITIES), help="Only this severity.")
@click.option("--system", metavar="SYSTEM", help="Only this system (id or name).")
@limit_option(TABLE_LIMIT)
@as_of_option
@format_option()
@store_options
def list_alerts(
    states: tuple[str, ...],
    rule: str | None,
    severity: str | None,
    system: str | None,
    limit: int | None,
    as_of: str | None,
    fmt: str,
    config_path: Path | None,
    db: str | None,
) -> None:
    """List alerts, most severe first; without --state those that still want something."""
    from discovery.cli.columns import alert_listing
    from discovery.service import inventory

    session = Session(config_path, db)
    filters = inventory.AlertFilter(states=states, rule=session.rule(rule), severity=severity, system=system)
    most = effective_limit(limit, fmt, TABLE_LIMIT)
    with session.store(read_only=True) as store:
        # One more, to tell whether there are more.
        rows = inventory.list_alerts(
            store, filters, as_of=session.moment(as_of), limit=most + 1 if most else None
        )
        beside = inventory.ids_beside(store, [row.alert_id for row in rows]) if fmt == "table" else ()
    alert_listing(rows, session.zone, beside=beside).write(rows, fmt, limit=most)


@alerts.command(
    "show", examples=(Example("aicensus alerts show alr_0199", "Show an alert and all that happened."),)
)
@click.argument("alert")
@as_of_option
@format_option()
@store_options
def show_alert(alert: str, as_of: str | None, fmt: str, config_path: Path | None, db: str | None) -> None:
    """Show one ALERT by id or unique beginning of an id, with everything that happened to it."""
    from discovery.service import inventory

    session = Session(config_path, db)
    with session.store(read_only=True) as store:
        found = inventory.get_alert(store, alert, as_of=session.moment(as_of))
    if fmt == "table":
        _write_alert(found, session.zone)
    else:
        _write_details([found], fmt)


def _write_details(rows: list[AlertDetailView], fmt: str) -> None:
    from discovery.cli.columns import field_names
    from discovery.render.listing import Listing
    from discovery.service.views import AlertDetailView, to_json

    names = field_names(AlertDetailView)
    Listing(one="alert", many="alerts", columns=(), to_json=to_json, fields=names, empty="").write(rows, fmt)


def _write_alert(found: AlertDetailView, zone: str) -> None:
    from discovery.render.facts import write_facts, write_list
    from discovery.render.text import day, last_day, minute, words

    write_facts(
        found.title,
        (
            ("id", found.alert_id),
            ("rule", found.rule),
            ("severity", found.severity),
            ("state", words(found.state)),
            ("system", f"{found.system_name or ''} ({found.system_id})" if found.system_id else ""),
            ("opened", day(found.opened_at, zone)),
            ("due", day(found.due_at, zone)),
            ("until", last_day(found.until, zone)),
            ("assignee", found.assignee or ""),
            ("reopened", f"{found.reopen_count} times" if found.reopen_count else ""),
            ("what to do", found.fix),
        ),
    )
    write_list(
        "What happened",
        [
            f"{minute(event.at, zone)}  {words(event.event)} by {event.actor}"
            + (f": {event.reason}" if event.reason else "")
            for event in found.events
        ],
        most=50,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verb:
    """One decision: its name here, the action it takes, and what it asks for."""

    name: str
    action: str
    help: str
    example: str
    needs_reason: bool = False
    has_until: bool = False
    has_assignee: bool = False


_VERBS = (
    _Verb(
        name="acknowledge",
        action="acknowledge",
        help="Say that a person has seen an alert.",
        example="aicensus alerts acknowledge alr_0199",
    ),
    _Verb(
        name="assign",
        action="assign",
        help="Give an alert to somebody.",
        example="aicensus alerts assign alr_0199 --to dana@example.org",
        has_assignee=True,
    ),
    _Verb(
        name="review",
        action="review",
        help="Say that work on an alert has begun.",
        example="aicensus alerts review alr_0199",
    ),
    _Verb(
        name="accept-risk",
        action="accept_risk",
        help="Live with an alert until a day.",
        example='aicensus alerts accept-risk alr_0199 --until 2027-01-31 --reason "retires in January"',
        needs_reason=True,
        has_until=True,
    ),
    _Verb(
        name="false-positive",
        action="false_positive",
        help="Say that an alert is wrong, and why.",
        example='aicensus alerts false-positive alr_0199 --reason "a sample, never deployed"',
        needs_reason=True,
    ),
    _Verb(
        name="suppress",
        action="suppress",
        help="Hide an alert until a day.",
        example='aicensus alerts suppress alr_0199 --until 2027-01-31 --reason "out of scope this quarter"',
        needs_reason=True,
        has_until=True,
    ),
    _Verb(
        name="reopen",
        action="reopen",
        help="Open an alert again that was decided on.",
        example='aicensus alerts reopen alr_0199 --reason "the sample is live now"',
        needs_reason=True,
    ),
)


def _decide(
    refs: tuple[str, ...],
    action: str,
    session: Session,
    fmt: str,
    *,
    reason: str,
    until: date | None,
    assignee: str | None,
) -> None:
    from discovery.render.text import last_day, safe, words
    from discovery.service import decisions
    from discovery.service.permissions import os_actor

    actor = os_actor()
    decided = []
    with session.store() as store:
        for ref in refs:
            done = decisions.decide_alert(
                store,
                ref,
                decisions.AlertAction(action),
                actor=actor,
                reason=reason,
                until=until,
                assignee=assignee,
                timezone=session.zone,
            )
            decided.append(done)
            if fmt == "table":
                until_text = f" until {last_day(done.until, session.zone)}" if done.until else ""
                to_text = f" to {done.assignee}" if action == "assign" and done.assignee else ""
                click.echo(f"{done.alert_id} is {words(done.state)}{to_text}{until_text}: {safe(done.title)}")
    if fmt != "table":
        _write_details(decided, fmt)


def _make(verb: _Verb) -> click.Command:
    def callback(
        refs: tuple[str, ...],
        reason: str,
        fmt: str,
        config_path: Path | None,
        db: str | None,
        until: str | None = None,
        assignee: str | None = None,
    ) -> None:
        last_day = parse_day(until, "--until") if until else None
        session = Session(config_path, db)
        _decide(refs, verb.action, session, fmt, reason=reason, until=last_day, assignee=assignee)

    function = format_option()(store_options(callback))
    function = reason_option(required=verb.needs_reason)(function)
    if verb.has_until:
        function = until_option("The last day it holds; 90 days from now unless given, 365 at most.")(
            function
        )
    if verb.has_assignee:
        function = click.option(
            "--to", "assignee", required=True, metavar="PARTY", help="E-mail, @handle or name."
        )(function)
    function = click.argument("refs", nargs=-1, required=True, metavar="ALERT...")(function)
    function.__doc__ = verb.help
    return click.command(
        verb.name, cls=Command, help=verb.help, examples=(Example(verb.example, verb.help),)
    )(function)


for _verb in _VERBS:
    alerts.add_command(_make(_verb))
alerts.add_command(bulk)
for _more in alert_more.VERBS:
    alerts.add_command(_more)

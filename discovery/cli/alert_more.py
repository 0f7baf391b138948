"""Further verbs of ``aicensus alerts``: many at once, waiting for a vendor, comments, tickets."""

from __future__ import annotations

from pathlib import Path

import click

from discovery.cli.lazy import Command, Example
from discovery.cli.options import (
    SEVERITIES,
    parse_day,
    reason_option,
    store_options,
    until_option,
)
from discovery.cli.session import Session

TABLE_LIMIT = 100
ACTIONS = ("acknowledge", "assign", "review", "accept-risk", "false-positive", "suppress", "reopen")


@click.command(
    "bulk",
    cls=Command,
    examples=(
        Example("aicensus alerts bulk acknowledge --rule OWN-01 --dry-run", "Count what it would be."),
        Example("aicensus alerts bulk assign --system claims-portal --to dana@example.org", "Give all away."),
    ),
)
@click.argument("action", type=click.Choice(ACTIONS))
@click.option("--state", "states", multiple=True, metavar="STATE", help="Only this state; repeatable.")
@click.option("--rule", metavar="ID", help="Only this rule, such as OWN-01.")
@click.option("--severity", type=click.Choice(SEVERITIES), help="Only this severity.")
@click.option("--system", metavar="SYSTEM", help="Only this system (id or name).")
@click.option("--to", "assignee", metavar="PARTY", help="For assign: e-mail, @handle or name.")
@click.option("--all", "is_all", is_flag=True, help="Really all alerts: no filter.")
@click.option("--dry-run", is_flag=True, help="Only count.")
@until_option("For accept-risk and suppress: the last day; 90 days from now unless given, 365 at most.")
@reason_option(required=False)
@store_options
def bulk(
    action: str,
    states: tuple[str, ...],
    rule: str | None,
    severity: str | None,
    system: str | None,
    assignee: str | None,
    is_all: bool,
    dry_run: bool,
    until: str | None,
    reason: str,
    config_path: Path | None,
    db: str | None,
) -> None:
    """Take one decision on all alerts of a filter; without --state on those that want something."""
    from discovery.render.text import count, safe
    from discovery.service.alert_bulk import decide_many
    from discovery.service.alert_decisions import AlertAction, Given
    from discovery.service.inventory import AlertFilter
    from discovery.service.permissions import os_actor

    if not (states or rule or severity or system or is_all):
        raise click.UsageError("name a filter (--rule, --severity, --system, --state), or --all")
    session = Session(config_path, db)
    given = Given(
        action=AlertAction(action.replace("-", "_")),
        actor=os_actor(),
        reason=reason,
        until=parse_day(until, "--until") if until else None,
        assignee=assignee,
        timezone=session.zone,
    )
    filters = AlertFilter(states=states, rule=rule, severity=severity, system=system)
    with session.store() as store:
        done = decide_many(store, filters, given, dry_run=dry_run)
    told = ", ".join(
        f"{done.by_severity[one]} {one}" for one in reversed(SEVERITIES) if one in done.by_severity
    )
    would = "would be moved" if dry_run else "moved"
    click.echo(f"{count(done.moved, 'alert', 'alerts')} {would}{f' ({told})' if told else ''}.")
    for alert_id, why in list(done.refused.items())[:20]:
        click.echo(f"{alert_id} stays as it is: {safe(why)}", err=True)
    if len(done.refused) > 20:
        click.echo(f"and {len(done.refused) - 20} more stay as they are", err=True)


@click.command(
    "wait",
    cls=Command,
    examples=(Example('aicensus alerts wait alr_0199 --reason "the vendor looks"', "Hold its time."),),
)
@click.argument("alert")
@reason_option(required=True)
@store_options
def wait(alert: str, reason: str, config_path: Path | None, db: str | None) -> None:
    """Hold the time of an ALERT while a vendor is waited for: ten working days in all."""
    from discovery.render.text import minute
    from discovery.service import escalation
    from discovery.service.permissions import os_actor

    session = Session(config_path, db)
    with session.store() as store:
        until = escalation.wait(store, alert, actor=os_actor(), reason=reason)
    click.echo(f"Its time stands still until {minute(until, session.zone)} at the latest.")


@click.command(
    "go-on", cls=Command, examples=(Example("aicensus alerts go-on alr_0199", "The vendor has answered."),)
)
@click.argument("alert")
@reason_option(required=False)
@store_options
def go_on(alert: str, reason: str, config_path: Path | None, db: str | None) -> None:
    """End waiting for a vendor: the time of an ALERT runs again, and what is due moves by the wait."""
    from discovery.render.text import minute
    from discovery.service import escalation
    from discovery.service.permissions import os_actor

    session = Session(config_path, db)
    with session.store() as store:
        due = escalation.go_on(store, alert, actor=os_actor(), reason=reason)
    click.echo(f"Its time runs again; it is due {minute(due, session.zone)}.")


@click.command(
    "comment",
    cls=Command,
    examples=(Example('aicensus alerts comment alr_0199 "asked the team on Monday"', "Say something."),),
)
@click.argument("subject", metavar="ALERT|CASE|SYSTEM")
@click.argument("text")
@click.option("--edit", "edits", metavar="NOTE", help="Replace an earlier comment of yours; both are kept.")
@store_options
def comment(subject: str, text: str, edits: str | None, config_path: Path | None, db: str | None) -> None:
    """Say something about an alert, a case or a system; nothing that was said is lost."""
    from discovery.service import notes
    from discovery.service.permissions import os_actor

    session = Session(config_path, db)
    with session.store() as store:
        click.echo(notes.comment(store, subject, text, actor=os_actor(), edits=edits))


@click.command(
    "link",
    cls=Command,
    examples=(Example("aicensus alerts link alr_0199 https://tickets.example.org/AI-7", "Link a ticket."),),
)
@click.argument("subject", metavar="ALERT|CASE|SYSTEM")
@click.argument("url")
@click.option("--remove", is_flag=True, help="Take the link away.")
@store_options
def link(subject: str, url: str, remove: bool, config_path: Path | None, db: str | None) -> None:
    """Link a ticket elsewhere to an alert, a case or a system."""
    from discovery.service import notes
    from discovery.service.permissions import os_actor

    session = Session(config_path, db)
    with session.store() as store:
        if remove:
            notes.unlink(store, subject, url, actor=os_actor())
            click.echo("It is linked no longer.")
        else:
            is_new = notes.link(store, subject, url, actor=os_actor())
            click.echo("Linked." if is_new else "It was linked already.")


VERBS = (bulk, wait, go_on, comment, link)

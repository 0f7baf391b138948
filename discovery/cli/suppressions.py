"""``aicensus suppressions``: keep alerts quiet by rule, until a day."""

from __future__ import annotations

from pathlib import Path

import click

from discovery.cli.lazy import Example, Group
from discovery.cli.options import (
    SEVERITIES,
    format_option,
    parse_day,
    reason_option,
    store_options,
    until_option,
)
from discovery.cli.session import Session


@click.group(
    cls=Group,
    default="list",
    examples=(Example("aicensus suppressions", "See what is kept quiet, and until when."),),
)
def suppressions() -> None:
    """Keep alerts quiet by rule, until a day."""


@suppressions.command("list", examples=(Example("aicensus suppressions list --format csv", "For a sheet."),))
@format_option()
@store_options
def list_suppressions(fmt: str, config_path: Path | None, db: str | None) -> None:
    """List suppressions, those in force first, with how many alerts each hides."""
    from discovery.cli.columns_notify import suppression_listing
    from discovery.service import suppressing

    session = Session(config_path, db)
    with session.store(read_only=True) as store:
        rows = suppressing.listed(store)
    suppression_listing(rows, session.zone).write(rows, fmt)


@suppressions.command(
    "add",
    examples=(
        Example('aicensus suppressions add --rule "TRN-*" --reason "later" --dry-run', "Count first."),
        Example(
            'aicensus suppressions add --system sandbox --until 2027-03-31 --reason "a trial"', "One system."
        ),
    ),
)
@click.option("--rule", default="*", metavar="GLOB", help="Of these rules, such as OWN-01 or TRN-*.")
@click.option("--system", metavar="SYSTEM", help="Of this system (id or name).")
@click.option("--title", default="*", metavar="GLOB", help="With such a title, such as *sandbox*.")
@click.option("--severity", type=click.Choice(SEVERITIES), help="Of this severity.")
@click.option("--dry-run", is_flag=True, help="Only count what it would hide now.")
@until_option("The last day it holds; 90 days from now unless given, 365 at most.")
@reason_option(required=True)
@store_options
def add_suppression(
    rule: str,
    system: str | None,
    title: str,
    severity: str | None,
    dry_run: bool,
    until: str | None,
    reason: str,
    config_path: Path | None,
    db: str | None,
) -> None:
    """Suppress alerts that match, those that are open now and those to come."""
    from discovery.render.text import count
    from discovery.service import suppressing
    from discovery.service.permissions import os_actor

    last = parse_day(until, "--until") if until else None
    session = Session(config_path, db)
    wanted = suppressing.Wanted(rule=rule, system=system, title=title, severity=severity)
    with session.store() as store:
        suppression_id, matching = suppressing.add(
            store,
            wanted,
            actor=os_actor(),
            reason=reason,
            until=last,
            timezone=session.zone,
            dry_run=dry_run,
        )
    what = count(matching, "alert", "alerts")
    click.echo(f"{what} would be suppressed." if dry_run else f"{suppression_id} suppresses {what} now.")


@suppressions.command(
    "end",
    examples=(Example('aicensus suppressions end sup_0199 --reason "live now"', "End it early."),),
)
@click.argument("suppression")
@reason_option(required=True)
@store_options
def end_suppression(suppression: str, reason: str, config_path: Path | None, db: str | None) -> None:
    """End a SUPPRESSION before its day; what it hid is open again."""
    from discovery.render.text import count
    from discovery.service import suppressing
    from discovery.service.permissions import os_actor

    session = Session(config_path, db)
    with session.store() as store:
        again = suppressing.end(store, suppression, actor=os_actor(), reason=reason)
    click.echo(f"It is ended; {count(again, 'alert is', 'alerts are')} open again.")

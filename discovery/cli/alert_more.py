"""Further verbs of ``aicensus alerts``: waiting for a vendor, comments, tickets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from discovery.cli.lazy import Command, Example
from discovery.cli.options import format_option, reason_option, store_options
from discovery.cli.session import Session

if TYPE_CHECKING:
    from discovery.service.notes import TicketView


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
    examples=(
        Example('aicensus alerts comment alr_0199 "asked the team on Monday"', "Say something."),
        Example('aicensus alerts comment support-bot "@dana@example.org: yours?"', "Tell somebody of it."),
    ),
)
@click.argument("subject", metavar="ALERT|CASE|SYSTEM")
@click.argument("text")
@click.option("--edit", "edits", metavar="NOTE", help="Replace an earlier comment of yours; both are kept.")
@store_options
def comment(subject: str, text: str, edits: str | None, config_path: Path | None, db: str | None) -> None:
    """Say something about an alert, a case or a system; nothing that was said is lost.

    Whom it mentions (@dana@example.org, @dana, @handle) is told by the receivers, if an address is known.
    """
    from discovery.render.text import safe
    from discovery.service import notes
    from discovery.service.permissions import os_actor

    session = Session(config_path, db)
    with session.store() as store:
        said = notes.comment(store, subject, text, actor=os_actor(), edits=edits)
    click.echo(said.note_id)
    for label in said.told:
        click.echo(f"Told: {safe(label)}", err=True)
    for warning in said.warnings:
        click.echo(f"Note: {safe(warning)}", err=True)


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


@click.command(
    "ticket",
    cls=Command,
    examples=(
        Example(
            "aicensus alerts ticket alr_0199 https://tickets.example.org/AI-7 --state closed",
            "Note that the ticket is closed.",
        ),
    ),
)
@click.argument("subject", metavar="ALERT|CASE|SYSTEM")
@click.argument("url")
@click.option(
    "--state", type=click.Choice(["open", "closed"]), required=True, help="How the ticket stands elsewhere."
)
@reason_option(required=False)
@store_options
def ticket(subject: str, url: str, state: str, reason: str, config_path: Path | None, db: str | None) -> None:
    """Say how a linked ticket stands. It moves no alert: that closes when its rule no longer holds."""
    from discovery.service import notes
    from discovery.service.permissions import os_actor

    session = Session(config_path, db)
    with session.store() as store:
        is_new = notes.set_ticket(store, subject, url, state, actor=os_actor(), reason=reason)
    click.echo(f"The ticket is {state}." if is_new else f"The ticket was {state} already.")


@click.command(
    "comments",
    cls=Command,
    examples=(Example("aicensus alerts comments support-bot", "Read what was said, and see its tickets."),),
)
@click.argument("subject", metavar="ALERT|CASE|SYSTEM")
@format_option()
@store_options
def comments(subject: str, fmt: str, config_path: Path | None, db: str | None) -> None:
    """List what was said about an alert, a case or a system; a table names its tickets too."""
    from discovery.cli.columns_notify import comment_listing
    from discovery.service import notes

    session = Session(config_path, db)
    with session.store(read_only=True) as store:
        said, tickets = notes.said_about(store, subject)
    comment_listing(said, session.zone).write(said, fmt)
    if fmt == "table":
        write_tickets(tickets, session.zone)


def write_tickets(tickets: Sequence[TicketView], zone: str) -> None:
    """Write the tickets of something with how each stands."""
    from discovery.render.facts import write_list
    from discovery.render.text import day

    since = {one.url: f" since {day(one.state_at, zone)}" if one.state_at else "" for one in tickets}
    write_list("Tickets", [f"{one.url} ({one.state}{since[one.url]})" for one in tickets], most=20)


VERBS = (wait, go_on, comment, comments, link, ticket)

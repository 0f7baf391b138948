"""``aicensus receivers``: who is told of what, and whether it reaches them."""

from __future__ import annotations

from pathlib import Path

import click

from discovery.cli.lazy import Example, Group
from discovery.cli.options import format_option, store_options
from discovery.cli.session import Session


@click.group(
    cls=Group,
    default="list",
    examples=(
        Example("aicensus receivers", "See who is told of what."),
        Example("aicensus receivers test security", "Send a test to one."),
    ),
)
def receivers() -> None:
    """See who is told what happens, and send them a test."""


@receivers.command(
    "list", examples=(Example("aicensus receivers list --format json", "For other programs."),)
)
@format_option()
@store_options
def list_receivers(fmt: str, config_path: Path | None, db: str | None) -> None:
    """List the receivers of the configuration, and how much waits for each."""
    from discovery.cli.columns_notify import receiver_listing
    from discovery.service import notifying

    session = Session(config_path, db)
    with session.store(read_only=True) as store:
        rows = notifying.receivers(store, session.config)
    receiver_listing().write(rows, fmt)


@receivers.command("test", examples=(Example("aicensus receivers test security", "See that it arrives."),))
@click.argument("name")
@store_options
def test_receiver(name: str, config_path: Path | None, db: str | None) -> None:
    """Send the receiver NAME a message that says it is a test; needs no store."""
    from discovery.service import notifying

    session = Session(config_path, db)
    notifying.test(session.config, name)
    click.echo(f"The test reached {name}.")

"""``aicensus coverage``: what was read, and what could not be seen."""

from __future__ import annotations

from pathlib import Path

import click

from discovery.cli.lazy import Command, Example
from discovery.cli.options import as_of_option, format_option, store_options
from discovery.cli.session import Session

BLIND = ("incomplete", "denied", "throttled", "failed", "never")
"""Part statuses that leave something unseen; the other ones say that there is nothing to see."""


@click.command(
    cls=Command,
    examples=(
        Example("aicensus coverage --gaps", "See only what could not be read, and why."),
        Example(
            "aicensus coverage --connector aws --format csv",
            "Hand the state of one connector to a spreadsheet.",
        ),
    ),
)
@click.option("--connector", metavar="NAME", help="Only this connector.")
@click.option("--gaps", is_flag=True, help="Only parts that could not be read to their end.")
@as_of_option
@format_option()
@store_options
def coverage(
    connector: str | None, gaps: bool, as_of: str | None, fmt: str, config_path: Path | None, db: str | None
) -> None:
    """Say what was read, and what could not be seen.

    One row for every part (a listing) of every scope (an account, a region, a repository). Only a part
    that was read completely can say that something is gone.
    """
    from discovery.cli.columns import coverage_listing
    from discovery.service import inventory

    session = Session(config_path, db)
    with session.store(read_only=True) as store:
        known = inventory.coverage(store, connector=connector, as_of=session.moment(as_of))
    rows = [row for row in known if row.status in BLIND] if gaps else known
    if fmt == "table" and gaps and known and not rows:
        click.echo(f"All {len(known):,} parts were read to their end.")
        return
    coverage_listing(session.zone).write(rows, fmt)

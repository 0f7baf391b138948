"""``aicensus diff``: what changed between two days."""

from __future__ import annotations

from pathlib import Path

import click

from discovery.cli.lazy import Command, Example
from discovery.cli.options import effective_limit, format_option, limit_option, parse_moment, store_options
from discovery.cli.session import Session

TABLE_LIMIT = 200
_CHANGES = ("appeared", "vanished", "merged", "state", "owner", "record", "model", "renamed", "moved")


@click.command(
    cls=Command,
    examples=(
        Example("aicensus diff 2026-10-31 2026-11-22", "See what three weeks brought."),
        Example("aicensus diff 2026-10-31 --only owner --only model", "See new owners and models since."),
        Example("aicensus diff 2026-10-31 --subject system --format csv", "Hand it to a spreadsheet."),
    ),
)
@click.argument("start")
@click.argument("end", required=False)
@click.option("--only", multiple=True, type=click.Choice(_CHANGES), help="Only this change; may be repeated.")
@click.option("--subject", type=click.Choice(("system", "asset")), help="Only systems, or only assets.")
@limit_option(TABLE_LIMIT)
@format_option()
@store_options
def diff(
    start: str,
    end: str | None,
    only: tuple[str, ...],
    subject: str | None,
    limit: int | None,
    fmt: str,
    config_path: Path | None,
    db: str | None,
) -> None:
    """Say what changed between two days.

    END is now unless given. A day means its end in the organisation's time zone. Compared is what was known
    at each moment.
    """
    from connectors import clock
    from discovery.cli.columns_history import difference_listing
    from discovery.service import history

    session = Session(config_path, db)
    since = parse_moment(start, session.zone, "START")
    until = parse_moment(end, session.zone, "END") if end else clock.now()
    with session.store(read_only=True) as store:
        found = history.differences(store, since, until)
    rows = [
        one
        for one in found
        if (not only or one.change in only) and (subject is None or one.subject == subject)
    ]
    difference_listing(rows).write(rows, fmt, limit=effective_limit(limit, fmt, TABLE_LIMIT))

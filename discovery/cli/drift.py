"""``aicensus drift``: code, what runs, and what was registered, side by side."""

from __future__ import annotations

from pathlib import Path

import click

from discovery.cli.lazy import Command, Example
from discovery.cli.options import as_of_option, effective_limit, format_option, limit_option, store_options
from discovery.cli.session import Session

TABLE_LIMIT = 200


@click.command(
    cls=Command,
    examples=(
        Example("aicensus drift", "See what runs without code, is declared but not live, or not registered."),
        Example(
            "aicensus drift --only live_not_in_code --format csv", "List what no repository accounts for."
        ),
    ),
)
@click.option(
    "--only",
    multiple=True,
    type=click.Choice(("live_not_in_code", "in_code_not_live", "running_not_registered")),
    help="Only this; may be repeated.",
)
@limit_option(TABLE_LIMIT)
@as_of_option
@format_option()
@store_options
def drift(
    only: tuple[str, ...],
    limit: int | None,
    as_of: str | None,
    fmt: str,
    config_path: Path | None,
    db: str | None,
) -> None:
    """Compare code, what runs, and what was registered.

    Told is what is live but not in code, in code but not live, or running but not registered.
    What nothing could have seen is not called missing: 'aicensus coverage' shows what was read.
    """
    from discovery.cli.columns_history import drift_listing
    from discovery.service import drift as service

    session = Session(config_path, db)
    with session.store(read_only=True) as store:
        found = service.drifts(store, as_of=session.moment(as_of))
    rows = [one for one in found if not only or one.drift in only]
    drift_listing(rows).write(rows, fmt, limit=effective_limit(limit, fmt, TABLE_LIMIT))

"""``aicensus catalogue feedback``: what was called wrong, for whoever keeps the catalogue."""

from __future__ import annotations

from pathlib import Path

import click

from discovery.cli.lazy import Command, Example
from discovery.cli.options import format_option, store_options
from discovery.cli.session import Session


@click.command(
    "feedback",
    cls=Command,
    examples=(
        Example("aicensus catalogue feedback", "See what people called wrong."),
        Example("aicensus catalogue feedback --format issue", "As a text for whoever keeps the catalogue."),
    ),
)
@format_option(("table", "json", "jsonl", "csv", "issue"))
@store_options
def feedback(fmt: str, config_path: Path | None, db: str | None) -> None:
    """List what false positives are about, by rule and by what it was taken for.

    A row of your own catalogue with the name of one of ours replaces it (`aicensus catalogue lint`).
    """
    from discovery.cli.columns_notify import feedback_listing
    from discovery.service import feedback as service

    session = Session(config_path, db)
    with session.store(read_only=True) as store:
        rows = service.feedback(store)
    if fmt == "issue":
        click.echo(service.as_issue(rows))
    else:
        feedback_listing().write(rows, fmt)

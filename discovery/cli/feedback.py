"""``aicensus catalogue feedback``: what was called wrong, for whoever keeps the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from discovery.cli.lazy import Command, Example
from discovery.cli.options import format_option, store_options
from discovery.cli.session import Session

if TYPE_CHECKING:
    from discovery.service.feedback import FeedbackView


@click.command(
    "feedback",
    cls=Command,
    examples=(
        Example("aicensus catalogue feedback", "See what people called wrong."),
        Example("aicensus catalogue feedback --format issue", "As a text for whoever keeps the catalogue."),
        Example("aicensus catalogue feedback --write own.toml", "Into your own catalogue, to be reviewed."),
    ),
)
@click.option(
    "--write",
    "own_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Add rows to a catalogue file of your own, so that scans leave these things out.",
)
@format_option(("table", "json", "jsonl", "csv", "issue"))
@store_options
def feedback(own_file: Path | None, fmt: str, config_path: Path | None, db: str | None) -> None:
    """List what false positives are about, by rule and by what it was taken for.

    A row of your own catalogue with the name of one of ours replaces it (`aicensus catalogue lint`). With
    --write, what alerts were about alone becomes a `not_ai` row, and anything else a proposal in a comment.
    """
    from discovery.cli.columns_notify import feedback_listing
    from discovery.service import feedback as service

    session = Session(config_path, db)
    with session.store(read_only=True) as store:
        rows = service.feedback(store)
    if own_file is not None:
        _write(rows, own_file)
    elif fmt == "issue":
        click.echo(service.as_issue(rows))
    else:
        feedback_listing().write(rows, fmt)


def _write(rows: Sequence[FeedbackView], own_file: Path) -> None:
    from discovery.render.text import count, safe
    from discovery.service import overrides

    made = overrides.write(rows, own_file)
    click.echo(
        f"{safe(made.path)}: {count(made.added, 'row', 'rows')} added, {made.proposed:,} proposed in "
        f"comments, {made.known:,} there already."
    )
    for one in made.without:
        click.echo(f"  {safe(one)}: no row can leave it out; reject its system or comment on its place")
    if made.added or made.known:
        click.echo(f"Review it, then name it for the code connector: catalogue = {str(own_file)!r}")

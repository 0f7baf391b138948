"""``aicensus export``: the whole inventory in one document."""

from __future__ import annotations

from pathlib import Path

import click

from discovery.cli.files import opened
from discovery.cli.lazy import Command, Example
from discovery.cli.options import as_of_option, no_suppressed_option, store_options
from discovery.cli.session import Session
from discovery.exports import FORMATS


@click.command(
    cls=Command,
    examples=(
        Example("aicensus export csv -o inventory.csv", "One row for every asset, for a spreadsheet."),
        Example("aicensus export cyclonedx --spec 1.7 -o aibom.json", "An AI bill of materials."),
        Example("aicensus export sarif -o aicensus.sarif", "Results for a code scanning view."),
        Example("aicensus export jsonl --as-of 2026-11-01", "The inventory as it was known at a day."),
    ),
)
@click.argument("form", metavar="jsonl|csv|json|cyclonedx|sarif", type=click.Choice(list(FORMATS)))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write to FILE, replaced only when the export is whole. [default: standard output]",
)
@click.option(
    "--spec",
    type=click.Choice(["1.6", "1.7"]),
    default="1.6",
    show_default=True,
    help="Version of CycloneDX.",
)
@no_suppressed_option
@as_of_option
@store_options
def export(
    form: str,
    output: Path | None,
    spec: str,
    no_suppressed: bool,
    as_of: str | None,
    config_path: Path | None,
    db: str | None,
) -> None:
    """Write the inventory as JSON lines, CSV, one JSON document, CycloneDX, or SARIF."""
    from importlib.metadata import version

    from connectors import clock
    from discovery.exports import writer
    from discovery.exports.source import ExportOptions, StoreSource

    session = Session(config_path, db)
    options = ExportOptions(
        spec=spec,
        organisation=session.config.organisation.name,
        version=version("aicensus"),
        without_suppressed=no_suppressed,
    )
    moment = session.moment(as_of) or clock.now()
    with session.store(read_only=True) as store, opened(output) as out:
        writer(form)(StoreSource(store, moment), out, options)
    if output is not None:
        click.echo(f"Wrote {output}.", err=True)

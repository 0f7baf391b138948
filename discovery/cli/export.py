"""``aicensus export``: the whole inventory in one document."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click

from discovery.cli.lazy import Command, Example
from discovery.cli.options import as_of_option, store_options
from discovery.cli.session import Session
from discovery.exports import FORMATS


@click.command(
    cls=Command,
    examples=(
        Example("aicensus export csv -o inventory.csv", "One row for every asset, for a spreadsheet."),
        Example("aicensus export cyclonedx --spec 1.7 -o aibom.json", "An AI bill of materials."),
        Example("aicensus export jsonl --as-of 2026-11-01", "The inventory as it was known at a day."),
    ),
)
@click.argument("form", metavar="jsonl|csv|json|cyclonedx", type=click.Choice(list(FORMATS)))
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
@as_of_option
@store_options
def export(
    form: str, output: Path | None, spec: str, as_of: str | None, config_path: Path | None, db: str | None
) -> None:
    """Write the inventory as JSON lines, CSV, one JSON document, or CycloneDX."""
    from importlib.metadata import version

    from connectors import clock
    from discovery.exports import writer
    from discovery.exports.source import ExportOptions, StoreSource

    session = Session(config_path, db)
    options = ExportOptions(
        spec=spec, organisation=session.config.organisation.name, version=version("aicensus")
    )
    moment = session.moment(as_of) or clock.now()
    with session.store(read_only=True) as store, _opened(output) as out:
        writer(form)(StoreSource(store, moment), out, options)
    if output is not None:
        click.echo(f"Wrote {output}.", err=True)


@contextmanager
def _opened(output: Path | None) -> Iterator[TextIO]:
    """Open the output; a file takes its place only after everything was written."""
    if output is None or str(output) == "-":
        yield sys.stdout
        return
    if output.exists() and not output.is_file():  # a pipe or a device is written to, never replaced
        with _named(output), output.open("w", encoding="utf-8", errors="backslashreplace", newline="") as out:
            yield out
        return
    output = output.resolve()  # a link stays a link
    with _named(output):
        handle, name = tempfile.mkstemp(prefix=f".{output.name}.", dir=output.parent)
        draft = Path(name)
        try:
            # Surrogates from undecodable names may reach a CSV cell; they are written escaped.
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace", newline="") as out:
                yield out
            draft.replace(output)
        finally:
            draft.unlink(missing_ok=True)


@contextmanager
def _named(output: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise click.FileError(str(output), error.strerror or type(error).__name__) from error

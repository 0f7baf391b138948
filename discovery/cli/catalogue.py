"""``aicensus catalogue``: what is known, whether a file of one's own is right, and what it finds."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from discovery.cli.boundary import ExitCode, stop
from discovery.cli.feedback import feedback
from discovery.cli.lazy import Example, Group
from discovery.cli.options import debug_option, effective_limit, format_option, limit_option

if TYPE_CHECKING:
    from discovery.render.listing import Listing
    from discovery.service.catalogue import FactView, ProbeView, RowView

_FILE = click.Path(path_type=Path, dir_okay=False)
_OWN = click.option(
    "--catalogue", "own", type=_FILE, metavar="FILE", help="Put the rows of this TOML file on top of ours."
)
_LIMIT = 50


@click.group(
    cls=Group,
    examples=(
        Example("aicensus catalogue search langchain", "See what is known about a word."),
        Example("aicensus catalogue test bot/requirements.txt", "See what a scan would find in a file."),
    ),
)
def catalogue() -> None:
    """Search what is known, check an extension, try it on a file."""


catalogue.add_command(feedback)


@catalogue.command(
    "lint",
    examples=(
        Example("aicensus catalogue lint own.toml", "Check a file of your own before scans use it."),
        Example("aicensus catalogue lint", "Check the tables that come with aicensus."),
    ),
)
@click.argument("file", required=False, type=_FILE, metavar="[FILE]")
@debug_option
def lint(file: Path | None) -> None:
    """Find every mistake in a catalogue file at once; exit code 2 when there is one.

    Without FILE the tables that come with aicensus are checked. A file of your own extends them: a row that
    bears the name of one of ours replaces it.
    """
    from discovery.render.text import count, safe
    from discovery.service.catalogue import lint as find_mistakes

    found = find_mistakes(file)
    where = safe(file) if file else "the catalogue"
    for one in found:
        place = f"{where}:{one.line}" if one.line else where
        click.echo(f"{place}: {safe(one.text, limit=1000)}", err=True)
    if found:
        click.echo(f"{count(len(found), 'mistake')}.", err=True)
        stop(ExitCode.USAGE)
    click.echo(f"{where}: no mistake.")


@catalogue.command(
    "test",
    examples=(
        Example("aicensus catalogue test src/app.py", "See what is found in a file, and why."),
        Example(
            "aicensus catalogue test 'anthropic==0.40' --as requirements.txt",
            "Try a text as if it were a file.",
        ),
    ),
)
@click.argument("subject", metavar="FILE|TEXT|-")
@click.option(
    "--as", "path", metavar="PATH", help="Read it as if it lay there: name and folder decide the format."
)
@_OWN
@format_option(("table", "json"))
@debug_option
def test(subject: str, path: str | None, own: Path | None, fmt: str) -> None:
    """Show what a scan would find in a file or text, and what of the catalogue matched.

    Exit code 1 when nothing is found. A fact that does not stand only adds evidence: an import beside the
    manifest that declares its package. A dash reads standard input.
    """
    from discovery.render.as_json import dumps
    from discovery.service.catalogue import probe
    from discovery.service.views import to_json

    data, place = _subject(subject, path)
    found = probe(data, place, own=own)
    if fmt == "json":
        click.echo(dumps(to_json(found), indent=True))
    else:
        _write_probe(found)
    if not found.facts:
        stop(ExitCode.FINDINGS)


@catalogue.command(
    "search",
    examples=(
        Example("aicensus catalogue search bedrock --table terraform", "See which resource types are known."),
        Example("aicensus catalogue search openai --format json", "Get the whole rows."),
    ),
)
@click.argument("word")
@click.option("--table", metavar="NAME", help="Only this table, such as pypi, family, provider, terraform.")
@_OWN
@limit_option(_LIMIT)
@format_option(("table", "json", "jsonl"))
@debug_option
def search(word: str, table: str | None, own: Path | None, limit: int | None, fmt: str) -> None:
    """List the rows of any table that hold a word: packages, models, hosts, resource types, images."""
    from discovery.service import catalogue as service

    known = service.tables() if table else []
    if table and table not in known:
        raise click.BadParameter(
            f"there is no table {table!r}; known are {', '.join(known)}", param_hint="--table"
        )
    rows = service.search(word, table=table or "", own=own)
    _listing().write(rows, fmt, limit=effective_limit(limit, fmt, _LIMIT))


def _subject(subject: str, path: str | None) -> tuple[bytes, str]:
    """Return the bytes to look at and the path to read them as."""
    from discovery.service.catalogue import MOST_BYTES, read_probe

    if subject == "-":
        return sys.stdin.buffer.read(MOST_BYTES), path or "text"
    file = Path(subject)
    try:
        is_there = file.exists()
    except (OSError, ValueError):  # too long, or no path at all
        is_there = False
    if is_there:
        shown = file.name if file.is_absolute() else file.as_posix()
        return read_probe(file), path or shown
    return subject.encode("utf-8", "surrogateescape"), path or "text"


def _write_probe(found: ProbeView) -> None:
    from discovery.render.as_table import Column, write_table
    from discovery.render.terminal import console
    from discovery.render.text import count, safe
    from discovery.service.catalogue import FactView

    formats = ", ".join(found.formats) or "none by its name"
    click.echo(f"{safe(found.path)}: {found.role}, read as {found.syntax}; formats: {formats}")
    if found.facts:
        click.echo()
        columns = [
            Column[FactView](title="LINE", text=lambda one: str(one.line or "-"), right=True, whole=True),
            Column[FactView](title="KIND", text=_kind),
            Column[FactView](title="THING", text=lambda one: one.name or one.identifier),
            Column[FactView](title="PROVIDER", text=lambda one: one.provider),
            Column[FactView](title="FORMAT", text=lambda one: one.format),
            Column[FactView](title="MATCHED", text=lambda one: "; ".join(one.matched)),
        ]
        write_table(console(), columns, found.facts)
        click.echo(f"\n{count(len(found.facts), 'fact')}.")
    else:
        click.echo("Nothing is found.")
        for hit in found.hits[:20]:
            click.echo(f"  looked at and not taken: {safe(hit)}")
    for problem in found.problems:
        click.echo(f"Could not be read: {safe(problem)}", err=True)


def _kind(one: FactView) -> str:
    from discovery.render.text import words

    return words(one.kind) if one.stands else f"{words(one.kind)} (evidence only)"


def _listing() -> Listing[RowView]:
    from discovery.render.as_table import Column
    from discovery.render.listing import Listing
    from discovery.service.catalogue import RowView
    from discovery.service.views import to_json

    return Listing(
        one="row",
        many="rows",
        columns=[
            Column[RowView](title="TABLE", text=lambda row: row.table, whole=True),
            Column[RowView](title="ROW", text=lambda row: row.name),
            Column[RowView](title="SAYS", text=lambda row: _says(row.fields), most=60),
            Column[RowView](title="FILE", text=lambda row: row.file),
        ],
        to_json=to_json,
        fields=("table", "name", "file", "fields"),
        empty="No row holds that.",
    )


def _says(fields: dict[str, Any]) -> str:
    plain = [f"{name}: {value}" for name, value in fields.items() if isinstance(value, str | int)]
    lists = [
        f"{name}: {', '.join(map(str, value))}" for name, value in fields.items() if isinstance(value, list)
    ]
    return "; ".join([*plain, *lists])

"""``aicensus record import``: registers that exist, brought into the records."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from discovery.cli.lazy import Command, Example
from discovery.cli.options import format_option, reason_option, store_options
from discovery.cli.session import Session

if TYPE_CHECKING:
    from discovery.service.record_import import Imported, Planned

_MOST_NOTES = 10


@click.command(
    "import",
    cls=Command,
    examples=(
        Example("aicensus record import register.csv --dry-run", "See what a register would bring."),
        Example(
            'aicensus record import register.csv --map "Line of business=org_unit" --ignore Notes '
            '--reason "register of 2026"',
            "Say what columns mean that are not understood.",
        ),
        Example(
            "aicensus record import --from backstage catalog-info.yaml", "Take over a Backstage catalogue."
        ),
    ),
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--from",
    "kind",
    type=click.Choice(["csv", "yaml", "backstage"]),
    help="What the file is; told from its name when it is not given.",
)
@click.option("--map", "maps", multiple=True, metavar="COLUMN=FIELD", help="What a column means; repeatable.")
@click.option("--ignore", "ignored", multiple=True, metavar="COLUMN", help="Leave a column out; repeatable.")
@click.option("--dry-run", is_flag=True, help="Check everything, write nothing.")
@click.option(
    "--confirm", is_flag=True, help="You vouch for it: answers count as a person's, owners as accepted."
)
@click.option("--no-create", is_flag=True, help="Refuse a file that names a system nobody knows.")
@reason_option(required=False)
@format_option()
@store_options
def import_file(
    file: Path,
    kind: str | None,
    maps: tuple[str, ...],
    ignored: tuple[str, ...],
    dry_run: bool,
    confirm: bool,
    no_create: bool,
    reason: str,
    fmt: str,
    config_path: Path | None,
    db: str | None,
) -> None:
    """Import systems, owners and records from FILE: CSV, YAML, ai-system.yaml or a Backstage catalogue.

    All of it is checked first; one mistake, and nothing is written. What a person answered is left as it is.
    """
    from discovery.cli.record import parse_assignments
    from discovery.service import record_import, record_tables
    from discovery.service.permissions import os_actor

    renamed = {column: str(target) for column, target in parse_assignments(maps).items()}
    reading = record_tables.Reading(kind=kind or "", renamed=renamed, ignored=ignored)
    rows = record_tables.read(file, reading)
    session = Session(config_path, db)
    options = record_import.ImportOptions(
        name=file.name, timezone=session.zone, confirmed=confirm, creates=not no_create, reason=reason
    )
    with session.store(create=not dry_run, read_only=dry_run) as store:
        imported = record_import.plan(store, rows, options)
        if not dry_run:
            imported = record_import.run(store, imported, options, actor=os_actor())
    _write(imported, fmt, dry_run=dry_run, confirm=confirm)


def _write(imported: Imported, fmt: str, *, dry_run: bool, confirm: bool) -> None:
    from discovery.render.text import count

    _write_plan(imported.planned, fmt)
    if fmt != "table":
        return
    kept = [one for one in imported.planned if one.kept]
    for one in kept[:_MOST_NOTES]:
        click.echo(
            f"Note: {_safe(one.name)}: a person answered {', '.join(one.kept)}; left as it was", err=True
        )
    for one in [one for one in imported.planned if one.notes][:_MOST_NOTES]:
        click.echo(f"Note: {_safe(one.name)} ({one.where}): {_safe('; '.join(one.notes))}", err=True)
    created = sum(one.action == "create" for one in imported.planned)
    updated = sum(one.action == "update" for one in imported.planned)
    same = len(imported.planned) - created - updated
    verb = "would be" if dry_run else "were" if created + updated != 1 else "was"
    click.echo(
        f"\n{count(created + updated, 'system')} {verb} written: {created} new, {updated} changed; "
        f"{same} as before, {imported.left_out} left out."
    )
    if not confirm and any(one.owner for one in imported.planned):
        click.echo("Owners are candidates until they accept; --confirm says that you vouch for them.")


def _write_plan(planned: list[Planned], fmt: str) -> None:
    from discovery.cli.columns import field_names
    from discovery.render.as_table import Column
    from discovery.render.listing import Listing
    from discovery.service.record_shapes import ImportedView
    from discovery.service.views import to_json

    rows = [
        ImportedView(
            where=one.where,
            system_id=one.system_id,
            name=one.name,
            action=one.action,
            fields=sorted({*one.fields, *one.late}),
            kept=one.kept,
            owner=one.owner,
            notes=one.notes,
        )
        for one in planned
    ]
    Listing[ImportedView](
        one="row",
        many="rows",
        columns=[
            Column(title="WHERE", text=lambda row: row.where, whole=True),
            Column(title="SYSTEM", text=lambda row: row.name),
            Column(title="ACTION", text=lambda row: row.action, whole=True),
            Column(title="OWNER", text=lambda row: row.owner or "-"),
            Column(title="FIELDS", text=lambda row: ", ".join(row.fields) or "-"),
        ],
        to_json=to_json,
        fields=field_names(ImportedView),
        empty="Nothing to import.",
    ).write(rows, fmt, limit=100 if fmt == "table" else 0)


def _safe(text: str) -> str:
    from discovery.render.text import safe

    return safe(text)

"""``aicensus runs``: past scans, and the word that makes a suspect one count."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from discovery.cli.lazy import Example, Group
from discovery.cli.options import effective_limit, format_option, limit_option, reason_option, store_options
from discovery.cli.session import Session

if TYPE_CHECKING:
    from discovery.service.views import RunDetailView

TABLE_LIMIT = 20
MOST_UNREAD = 50


@click.group(
    cls=Group,
    default="list",
    examples=(
        Example("aicensus runs", "List the latest runs."),
        Example("aicensus runs show", "Show the latest run, part by part."),
        Example(
            'aicensus runs accept latest --reason "the account was closed"',
            "Let a run count that lost more than half of what was known.",
        ),
    ),
)
def runs() -> None:
    """List past scans, show one, accept a suspect one."""


@runs.command("list", examples=(Example("aicensus runs list --limit 5", "List the five latest."),))
@limit_option(TABLE_LIMIT)
@format_option()
@store_options
def list_runs(limit: int | None, fmt: str, config_path: Path | None, db: str | None) -> None:
    """List runs, newest first."""
    from discovery.cli.columns import run_listing
    from discovery.service import inventory

    session = Session(config_path, db)
    most = effective_limit(limit, fmt, TABLE_LIMIT)
    with session.store(read_only=True) as store:
        rows = inventory.list_runs(store, limit=most + 1 if most else None)
    run_listing(rows, session.zone).write(rows, fmt, limit=most)


@runs.command("show", examples=(Example("aicensus runs show latest", "See what became of every part."),))
@click.argument("run", default="latest")
@format_option()
@store_options
def show_run(run: str, fmt: str, config_path: Path | None, db: str | None) -> None:
    """Show one RUN (default: the latest) by id, unique beginning of an id, or 'latest'."""
    from discovery.cli.columns import field_names
    from discovery.render.listing import Listing
    from discovery.service import inventory
    from discovery.service.views import RunDetailView, to_json

    session = Session(config_path, db)
    with session.store(read_only=True) as store:
        found = inventory.get_run(store, run)
    if fmt == "table":
        _write_run(found, session.zone)
        return
    Listing(
        one="run", many="runs", columns=(), to_json=to_json, fields=field_names(RunDetailView), empty=""
    ).write([found], fmt)


def _write_run(found: RunDetailView, zone: str) -> None:
    from discovery.cli.columns import run_state
    from discovery.render.as_table import Column, write_table
    from discovery.render.facts import write_facts
    from discovery.render.styles import style_of
    from discovery.render.terminal import console
    from discovery.render.text import duration, minute, words
    from discovery.service.views import RunPartView

    write_facts(
        f"Run {found.run_id}",
        (
            ("state", run_state(found)),
            ("started", f"{minute(found.started_at, zone)} by {found.actor} ({found.trigger})"),
            ("took", duration(found.duration_s) if found.duration_s is not None else ""),
            ("scopes", f"{found.scopes:,}"),
            ("parts", f"{found.parts_complete:,} of {found.parts:,} complete"),
            (
                "sightings",
                f"{found.added:,} new, {found.changed:,} changed, "
                f"{found.missing:,} missing, {found.closed:,} gone",
            ),
            ("requests", f"{found.requests:,}"),
            ("filtered", "yes: nothing aged" if found.filtered else ""),
        ),
    )
    if not found.details:
        return
    click.echo()
    columns = [
        Column[RunPartView](title="SCOPE", text=lambda row: row.scope),
        Column[RunPartView](title="PART", text=lambda row: row.part),
        Column[RunPartView](
            title="STATUS",
            text=lambda row: words(row.status) + (", suspect" if row.suspect else ""),
            style=lambda row: style_of(row.status),
        ),
        Column[RunPartView](title="SEEN", text=lambda row: f"{row.seen:,}", right=True, whole=True),
        Column[RunPartView](title="REASON", text=lambda row: row.reason),
    ]
    write_table(console(), columns, found.details)
    _write_unread(found)


def _write_unread(found: RunDetailView) -> None:
    """List the single files and links that a part names, each once, however many parts name it."""
    from discovery.render.as_table import Column, write_table
    from discovery.render.terminal import console

    told = ((part.scope, one["locator"], one["reason"]) for part in found.details for one in part.exceptions)
    unread = list(dict.fromkeys(told))
    if not unread:
        return
    click.echo("\nNot read, or noted")
    columns = [
        Column[tuple[str, str, str]](title="FILE", text=lambda row: row[1]),
        Column[tuple[str, str, str]](title="REASON", text=lambda row: row[2]),
        Column[tuple[str, str, str]](title="SCOPE", text=lambda row: row[0]),
    ]
    write_table(console(), columns, unread[:MOST_UNREAD])
    if len(unread) > MOST_UNREAD:
        click.echo(f"… and {len(unread) - MOST_UNREAD:,} more: --format json")


@runs.command(
    "accept",
    examples=(
        Example('aicensus runs accept latest --reason "team moved to another vendor"', "Accept the losses."),
    ),
)
@click.argument("run")
@reason_option(required=True)
@store_options
def accept_run(run: str, reason: str, config_path: Path | None, db: str | None) -> None:
    """Accept what a suspect RUN no longer saw as really gone.

    A run that loses more than half of ten or more assets at once is suspect and resolves nothing until
    the same are absent again, or somebody accepts it here.
    """
    from discovery.service import decisions
    from discovery.service.permissions import os_actor

    session = Session(config_path, db)
    with session.store() as store:
        accepted = decisions.accept_run(store, run, actor=os_actor(), reason=reason)
    click.echo(f"Accepted run {accepted}. What it no longer saw now counts as missing or gone.")

"""``aicensus systems``: what people answer for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from discovery.cli import classifying, grouping, reviewing, standing, system_bulk
from discovery.cli.lazy import Example, Group
from discovery.cli.options import as_of_option, effective_limit, format_option, limit_option, store_options
from discovery.cli.session import Session

if TYPE_CHECKING:
    from discovery.service.views import SystemView

TABLE_LIMIT = 100


@click.group(
    cls=Group,
    default="list",
    examples=(
        Example("aicensus systems", "List all systems with owner and oversight record."),
        Example(
            "aicensus systems --no-owner --format csv",
            "List those that nobody answers for, for a spreadsheet.",
        ),
        Example("aicensus systems show support-bot", "Show one in full, by name or id."),
    ),
)
def systems() -> None:
    """List AI systems, show one, and say what is one system and where it stands."""


@systems.command(
    "list",
    examples=(
        Example(
            "aicensus systems list --text bot --as-of 2026-11-01", "See what was known at an earlier day."
        ),
    ),
)
@click.option("--kind", metavar="KIND", help="Only systems of this kind, such as agent or application.")
@click.option("--state", "states", multiple=True, metavar="STATE", help="Only this state; may be repeated.")
@click.option("--text", metavar="TEXT", help="Only names that contain TEXT.")
@click.option("--no-owner", is_flag=True, help="Only systems without an accepted accountable owner.")
@click.option("--no-oversight", is_flag=True, help="Only systems without a complete oversight record.")
@limit_option(TABLE_LIMIT)
@as_of_option
@format_option()
@store_options
def list_systems(
    kind: str | None,
    states: tuple[str, ...],
    text: str | None,
    no_owner: bool,
    no_oversight: bool,
    limit: int | None,
    as_of: str | None,
    fmt: str,
    config_path: Path | None,
    db: str | None,
) -> None:
    """List systems in order of name."""
    from discovery.cli.columns import system_listing
    from discovery.render.terminal import console
    from discovery.service import inventory

    standing.check_filters(kind, states)
    session = Session(config_path, db)
    filters = inventory.SystemFilter(
        states=states,
        kind=kind,
        text=text,
        has_owner=False if no_owner else None,
        has_oversight=False if no_oversight else None,
    )
    most = effective_limit(limit, fmt, TABLE_LIMIT)
    with session.store(read_only=True) as store:
        # One more, to tell whether there are more.
        rows = inventory.list_systems(
            store, filters, as_of=session.moment(as_of), limit=most + 1 if most else None
        )
        beside = inventory.ids_beside(store, [row.system_id for row in rows]) if fmt == "table" else ()
    listing = system_listing(rows, width=console().width, beside=beside)
    if as_of is not None or filters != inventory.SystemFilter():
        listing.empty = "No system fits."
    listing.write(rows, fmt, limit=most)


@systems.command(
    "show", examples=(Example("aicensus systems show support-bot", "Show owner, record and assets."),)
)
@click.argument("system")
@as_of_option
@format_option(("table", "json", "jsonl", "csv"))
@store_options
def show_system(system: str, as_of: str | None, fmt: str, config_path: Path | None, db: str | None) -> None:
    """Show one SYSTEM by id, unique beginning of an id, key, or name."""
    from discovery.cli.columns import system_listing
    from discovery.service import inventory

    session = Session(config_path, db)
    moment = session.moment(as_of)
    with session.store(read_only=True) as store:
        found = inventory.get_system(store, system, as_of=moment)
        if fmt != "table":
            system_listing([found], width=0).write([found], fmt)
            return
        members = inventory.list_assets(
            store, inventory.AssetFilter(system=found.system_id), as_of=moment, limit=50
        )
    _write_system(found, session.zone)
    from discovery.cli.columns import asset_listing

    if members:
        click.echo()
        asset_listing(members).write(members, "table")
    if len(found.assets) > len(members):
        click.echo(f"See all {len(found.assets):,} by 'aicensus assets --system {found.system_id}'.")


for verb in (reviewing.review, *classifying.VERBS, *grouping.VERBS, *standing.VERBS, system_bulk.bulk):
    systems.add_command(verb)


def _why_silent(found: SystemView) -> str:
    if found.state in ("retired", "rejected", "merged"):
        return f"it is {found.state}"
    return "only test, docs or example code" if found.assets else "a candidate of which nothing is seen"


def _write_system(found: SystemView, zone: str) -> None:
    from discovery.render.facts import write_facts, write_list
    from discovery.render.text import day, words

    record = found.oversight
    write_facts(
        found.name,
        (
            ("id", found.system_id),
            ("key", found.key or ""),
            ("kind", words(found.kind)),
            ("state", found.state),
            ("owner", found.owner or "nobody has accepted"),
            ("oversight", words(record.state)),
            ("purpose", record.purpose or ""),
            ("data", ", ".join(map(words, record.data_categories))),
            ("supervision", words(record.mode or "")),
            ("how", record.description or ""),
            ("next review", record.next_review or ""),
            ("missing", ", ".join(map(words, record.missing))),
            ("providers", ", ".join(found.providers)),
            ("seen", f"first {day(found.first_seen, zone)}, last {day(found.last_seen, zone)}"),
            (
                "alerts",
                str(found.open_alerts) if found.alerting else f"does not alert: {_why_silent(found)}",
            ),
            ("one system by", found.why),
        ),
    )
    write_list(
        "Proposed answers, confirmed by nobody",
        [
            f"{proposed.question}: {proposed.value} - {proposed.why}"
            + (f" [{proposed.locator}]" if proposed.locator else "")
            for proposed in record.prefilled
            if proposed.question != "owner"
        ],
    )
    if not found.owner:
        write_list(
            "Who may answer for it",
            [
                f"{candidate.party} ({candidate.confidence:.0%}): {'; '.join(candidate.reasons)}"
                for candidate in found.owner_candidates
            ],
        )

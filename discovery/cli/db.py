"""``aicensus db``: look after the store."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from discovery.cli.lazy import Example, Group
from discovery.cli.options import format_option, reason_option, store_options
from discovery.cli.session import Session

if TYPE_CHECKING:
    from store.personal import Forgotten
    from store.prune import Pruned


@click.group(
    cls=Group,
    examples=(
        Example("aicensus db info", "See where the store is and how much it holds."),
        Example("aicensus db upgrade", "Bring a store of an older version up to date."),
    ),
)
def db() -> None:
    """Upgrade, prune and describe the store."""


@db.command("info", examples=(Example("aicensus db info --format json", "The same for a program."),))
@format_option(("table", "json"))
@store_options
def info(fmt: str, config_path: Path | None, db: str | None) -> None:
    """Say where the store is, what it holds, and what its audit log ends with."""
    from discovery.render.as_json import write_array
    from discovery.render.facts import write_facts
    from discovery.service.maintenance import describe

    with Session(config_path, db).store(read_only=True) as store:
        found = describe(store)
    if fmt == "json":
        from dataclasses import asdict

        write_array([asdict(found)], sys.stdout)
        return
    write_facts(
        "Store",
        (
            ("place", found.place),
            ("database", found.dialect),
            ("size", f"{found.size_bytes / 1e6:,.1f} MB" if found.size_bytes is not None else ""),
            ("systems", f"{found.systems:,}"),
            ("assets", f"{found.assets:,}"),
            ("open alerts", f"{found.open_alerts:,}"),
            ("runs", f"{found.runs:,}"),
            ("audit log", f"{found.audit_entries:,} entries, head {found.audit_head}"),
        ),
    )


@db.command("upgrade", examples=(Example("aicensus db upgrade", "Upgrade the store of the configuration."),))
@store_options
def upgrade(config_path: Path | None, db: str | None) -> None:
    """Bring the store to this version's schema; does nothing when it is up to date.

    Make a backup first: an upgraded store cannot be read by an older version.
    """
    from store import upgrade as upgrade_store

    before, after = upgrade_store(Session(config_path, db).store_url)
    if before == after:
        click.echo(f"The store is up to date (schema {after}).")
    else:
        click.echo(f"Upgraded the store from schema {before or 'none'} to {after}.")


@db.command(
    "prune",
    examples=(
        Example(
            'aicensus db prune --older-than 730 --reason "retention of two years" --yes',
            "Delete what ended more than two years ago.",
        ),
        Example(
            'aicensus db prune --personal --older-than 90 --reason "use is personal data" --yes',
            "Drop who used what more than 90 days ago.",
        ),
    ),
)
@click.option(
    "--older-than",
    "days",
    type=click.IntRange(min=1),
    metavar="DAYS",
    help="Only what ended so many days ago or earlier. [with --personal: personal_days of the store]",
)
@click.option("--personal", is_flag=True, help="Only names of people in evidence of use, and delivered news.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
@reason_option(required=True)
@store_options
def prune(
    days: int | None,
    personal: bool,
    yes: bool,
    dry_run: bool,
    reason: str,
    config_path: Path | None,
    db: str | None,
) -> None:
    """Delete history that ended long ago; what holds now is never touched.

    The only command that deletes rows. It cannot be undone, and it is kept in the audit log. Afterwards
    --as-of cannot look behind that time. Without --yes it says what it would delete and asks. With --personal
    it deletes no row but drops who used what from old evidence, and empties news that were delivered.
    """
    from discovery.render.terminal import is_interactive
    from discovery.service import maintenance
    from discovery.service.permissions import os_actor

    session = Session(config_path, db)
    if personal:
        days = days or session.config.store.personal_days
    if not days:
        more = ", or set personal_days in [store]" if personal else ""
        raise click.UsageError(f"say how old it must be: --older-than DAYS{more}")
    if not (yes or dry_run or is_interactive()):
        raise click.UsageError("nobody is here to be asked: give --yes to delete, or --dry-run to look")
    act = maintenance.forget if personal else maintenance.prune
    with session.store() as store:
        if not yes or dry_run:
            found = act(store, older_than_days=days, actor=os_actor(), reason=reason, dry_run=True)
            click.echo(f"Would delete {_counts(found)}.", err=not dry_run)
            if dry_run:
                return
            if not click.confirm(f"Delete this from {store.place} for ever?", err=True):
                click.echo("Nothing was deleted.", err=True)
                return
        deleted = act(store, older_than_days=days, actor=os_actor(), reason=reason)
    click.echo(f"Deleted {_counts(deleted)}.")


@db.command(
    "mend-clock",
    examples=(
        Example(
            'aicensus db mend-clock --reason "the clock was a year ahead until today"',
            "Go on with a store that a wrong clock wrote to.",
        ),
    ),
)
@reason_option(required=True)
@store_options
def mend_clock(reason: str, config_path: Path | None, db: str | None) -> None:
    """Date what a clock that was ahead wrote with now, so that the store can be written again.

    Look first that this machine's clock is right. Days that were recorded meanwhile (when an alert was
    opened, until when it is due) stay as they are; the audit log is not touched and gets one more entry.
    """
    from connectors import clock
    from discovery.render.text import count, minute
    from discovery.service import maintenance
    from discovery.service.permissions import os_actor

    session = Session(config_path, db)
    now = minute(clock.to_text(clock.now()), session.zone)
    with session.store() as store:
        mended = maintenance.mend_clock(store, actor=os_actor(), reason=reason)
    if mended:
        click.echo(f"{count(mended, 'revision')} lay ahead of this machine's clock; dated {now}.")
    else:
        click.echo(f"Nothing lies ahead of this machine's clock ({now}).")


def _counts(pruned: Pruned | Forgotten) -> str:
    from dataclasses import asdict

    from discovery.render.text import count

    parts = [f"{number:,} {name}" for name, number in asdict(pruned).items() if number]
    return count(pruned.total, "row") + (f" ({', '.join(parts)})" if parts else "")

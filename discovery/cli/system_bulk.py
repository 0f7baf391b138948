"""``aicensus systems bulk``: decide one thing on many systems, and take it back as one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from discovery.cli.lazy import Example, Group
from discovery.cli.options import format_option, reason_option, stack, store_options
from discovery.cli.session import Session

if TYPE_CHECKING:
    from discovery.service.system_bulk import Bulk, Which

_MOST_NAMED = 20
_DRY_RUN: Callable[[Any], Any] = click.option(
    "--dry-run", is_flag=True, help="Only say which systems would change, and which refuse."
)
_WHICH: Callable[[Any], Any] = stack(
    click.option("--system", "systems", multiple=True, metavar="SYSTEM", help="This one; may be repeated."),
    click.option("--kind", metavar="KIND", help="Only systems of this kind."),
    click.option(
        "--state", "states", multiple=True, metavar="STATE", help="Only this state; may be repeated."
    ),
    click.option("--text", metavar="TEXT", help="Only names that contain TEXT."),
    click.option("--no-owner", is_flag=True, help="Only systems without an accepted accountable owner."),
    click.option("--no-oversight", is_flag=True, help="Only systems without a complete oversight record."),
    click.option("--all", "is_all", is_flag=True, help="Really all systems: no filter."),
)


@click.group(
    "bulk",
    cls=Group,
    default="list",
    examples=(
        Example(
            "aicensus systems bulk assign --unit Retail --text shop --dry-run",
            "See which systems a decision would change.",
        ),
        Example("aicensus systems bulk undo bat_0199", "Take a decision on many back as one."),
    ),
)
def bulk() -> None:
    """Decide one thing on many systems at once, and undo it within 24 hours."""


@bulk.command(
    "assign",
    examples=(
        Example("aicensus systems bulk assign --unit Retail --kind agent", "Put all agents into one unit."),
    ),
)
@click.option(
    "--unit", required=True, metavar="UNIT", help='The unit; "" leaves them to the scopes of the units.'
)
@_WHICH
@_DRY_RUN
@reason_option(required=False)
@store_options
def assign(
    unit: str, dry_run: bool, reason: str, config_path: Path | None, db: str | None, **which: Any
) -> None:
    """Put many systems into an organisation unit."""
    from discovery.service import system_bulk
    from discovery.service.permissions import os_actor

    session = Session(config_path, db)
    with session.store() as store:
        done = system_bulk.assign(
            store, _which(**which), unit, actor=os_actor(), reason=reason, dry_run=dry_run
        )
    _write(done, session, dry_run=dry_run)


@bulk.command(
    "set",
    examples=(
        Example(
            "aicensus systems bulk set markets=DE,AT role=deployer --state registered --only-empty",
            "Answer a question for all systems of which nobody has answered it yet.",
        ),
    ),
)
@click.argument("assignments", nargs=-1, required=True, metavar="FIELD=VALUE...")
@_WHICH
@click.option("--only-empty", is_flag=True, help="Leave what somebody has answered already.")
@_DRY_RUN
@reason_option(required=False)
@store_options
def set_fields(
    assignments: tuple[str, ...],
    only_empty: bool,
    dry_run: bool,
    reason: str,
    config_path: Path | None,
    db: str | None,
    **which: Any,
) -> None:
    """Set fields in the records of many systems, written as 'record set' takes them."""
    from discovery.cli.record import parse_assignments
    from discovery.service import system_bulk
    from discovery.service.permissions import os_actor

    given = parse_assignments(assignments)
    session = Session(config_path, db)
    with session.store() as store:
        done = system_bulk.set_fields(
            store,
            _which(**which),
            given,
            actor=os_actor(),
            timezone=session.zone,
            reason=reason,
            only_empty=only_empty,
            dry_run=dry_run,
        )
    _write(done, session, dry_run=dry_run)


@bulk.command(
    "list", examples=(Example("aicensus systems bulk list", "Find the id of a decision to undo it."),)
)
@format_option()
@store_options
def list_batches(fmt: str, config_path: Path | None, db: str | None) -> None:
    """List the latest decisions on many, and whether each can still be undone."""
    from discovery.cli.columns_systems import batch_listing
    from discovery.service import system_bulk

    session = Session(config_path, db)
    with session.store(read_only=True) as store:
        rows = system_bulk.listed(store)
    batch_listing(rows, session.zone).write(rows, fmt)


@bulk.command(
    "undo",
    examples=(
        Example('aicensus systems bulk undo bat_0199 --reason "wrong unit"', "Take it back for all of them."),
    ),
)
@click.argument("decision", metavar="DECISION")
@reason_option(required=False)
@store_options
def undo(decision: str, reason: str, config_path: Path | None, db: str | None) -> None:
    """Take back a DECISION on many, by id or its beginning, or 'latest' for your last one.

    What somebody has changed since is left, and told.
    """
    from discovery.render.text import count
    from discovery.service import system_undo
    from discovery.service.permissions import os_actor

    session = Session(config_path, db)
    with session.store() as store:
        done = system_undo.undo(store, decision, actor=os_actor(), timezone=session.zone, reason=reason)
    click.echo(f"{count(len(done.changed), 'system')} as before.")
    _write_refused(done, how="")


def _which(
    systems: tuple[str, ...],
    kind: str | None,
    states: tuple[str, ...],
    text: str | None,
    no_owner: bool,
    no_oversight: bool,
    is_all: bool,
) -> Which:
    from discovery.cli.standing import check_filters
    from discovery.service.inventory import SystemFilter
    from discovery.service.system_bulk import Which

    check_filters(kind, states)
    filters = SystemFilter(
        states=states,
        kind=kind,
        text=text,
        has_owner=False if no_owner else None,
        has_oversight=False if no_oversight else None,
    )
    return Which(systems=systems, filters=filters, is_all=is_all)


def _write(done: Bulk, session: Session, *, dry_run: bool) -> None:
    from discovery.render.text import count, safe

    would = "would change" if dry_run else "changed"
    already = f"; {done.same:,} {'was' if done.same == 1 else 'were'} so already" if done.same else ""
    click.echo(f"{count(len(done.changed), 'system')} {would}{already}.")
    for name in done.changed[:_MOST_NAMED] if dry_run else ():
        click.echo(f"  {safe(name)}")
    if dry_run and len(done.changed) > _MOST_NAMED:
        click.echo(f"  and {len(done.changed) - _MOST_NAMED:,} more")
    _write_refused(done)
    if done.changed and not dry_run:
        click.echo(
            f"Undo it within 24 hours: aicensus systems bulk undo {done.batch_id}{session.options_text()}"
        )


def _write_refused(done: Bulk, how: str = " stays as it is") -> None:
    from discovery.render.text import safe

    for name, why in list(done.refused.items())[:_MOST_NAMED]:
        click.echo(f"{safe(name)}{how}: {safe(why, limit=400)}", err=True)
    if len(done.refused) > _MOST_NAMED:
        click.echo(f"and {len(done.refused) - _MOST_NAMED:,} more", err=True)

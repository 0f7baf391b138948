"""``aicensus people``: who is known, what is kept about them, and erasing it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from discovery.cli.lazy import Example, Group
from discovery.cli.options import effective_limit, format_option, limit_option, reason_option, store_options
from discovery.cli.session import Session

TABLE_LIMIT = 200


@click.group(
    cls=Group,
    default="list",
    examples=(
        Example("aicensus people", "List everyone who is known, with how many systems they answer for."),
        Example("aicensus people export dana@example.org", "Hand a person what is kept about them."),
        Example(
            'aicensus people deactivate dana@example.org --reason "has left"',
            "Open the gap of every system that they answered for.",
        ),
    ),
)
def people() -> None:
    """See, hand out and erase what is kept about people."""


@people.command("list", examples=(Example("aicensus people list --format csv", "Hand it to a spreadsheet."),))
@limit_option(TABLE_LIMIT)
@format_option()
@store_options
def list_people(limit: int | None, fmt: str, config_path: Path | None, db: str | None) -> None:
    """List people and teams: owners, candidates, and those who decided something."""
    from discovery.cli.columns_people import people_listing
    from discovery.service import people as service

    with Session(config_path, db).store(read_only=True) as store:
        rows = service.everyone(store)
    people_listing(rows).write(rows, fmt, limit=effective_limit(limit, fmt, TABLE_LIMIT))


@people.command(
    "export",
    examples=(Example("aicensus people export dana@example.org", "Write it as JSON, to hand it out."),),
)
@click.argument("person")
@store_options
def export(person: str, config_path: Path | None, db: str | None) -> None:
    """Write all that is kept about PERSON (address, @handle, name or id) as one JSON document."""
    from discovery.render.as_json import write_array
    from discovery.service import people as service

    with Session(config_path, db).store(read_only=True) as store:
        write_array([service.export(store, person)], sys.stdout)


@people.command(
    "erase",
    examples=(
        Example(
            'aicensus people erase dana@example.org --reason "request of 2026-11-20" --yes',
            "Forget a person; the audit log keeps an id that names nobody.",
        ),
    ),
)
@click.argument("person")
@click.option("--yes", is_flag=True, help="Do not ask.")
@reason_option(required=True)
@store_options
def erase(person: str, yes: bool, reason: str, config_path: Path | None, db: str | None) -> None:
    """Erase PERSON: end their roles and forget their name everywhere.

    It cannot be undone. The audit log stays whole: it names people by id only. What a tag or a CODEOWNERS
    file says of them comes back with the next scan unless it is changed there.
    """
    from discovery.render.terminal import is_interactive
    from discovery.render.text import count, safe
    from discovery.service import people as service
    from discovery.service.permissions import os_actor

    if not (yes or is_interactive()):
        raise click.UsageError("nobody is here to be asked: give --yes to erase")
    with Session(config_path, db).store() as store:
        if not yes and not click.confirm(f"Erase {safe(person)} from {store.place} for ever?", err=True):
            click.echo("Nothing was erased.", err=True)
            return
        done = service.erase(store, person, actor=os_actor(), reason=reason)
    click.echo(
        f"Erased. The id that stays is {done.party_id}; {count(done.mentions.total, 'row')} named them."
    )
    if done.systems:
        click.echo(
            f"{count(len(done.systems), 'system')} lost an owner or a candidate: aicensus systems --no-owner"
        )


def _set_active(person: str, active: bool, reason: str, config_path: Path | None, db: str | None) -> None:
    from discovery.render.text import count, safe
    from discovery.service import people as service
    from discovery.service.permissions import os_actor

    with Session(config_path, db).store() as store:
        held = service.set_active(store, person, active=active, actor=os_actor(), reason=reason)
    said = "is active again" if active else "is no longer active"
    click.echo(f"{safe(person)} {said}; {count(len(held), 'system')} looked at again.")


@people.command(
    "deactivate",
    examples=(
        Example('aicensus people deactivate dana@example.org --reason "has left"', "Say that they left."),
    ),
)
@click.argument("person")
@reason_option(required=True)
@store_options
def deactivate(person: str, reason: str, config_path: Path | None, db: str | None) -> None:
    """Say that PERSON has left: what they answered for is without an owner again."""
    _set_active(person, False, reason, config_path, db)


@people.command(
    "activate",
    examples=(
        Example('aicensus people activate dana@example.org --reason "is back"', "Say that they are back."),
    ),
)
@click.argument("person")
@reason_option(required=True)
@store_options
def activate(person: str, reason: str, config_path: Path | None, db: str | None) -> None:
    """Say that PERSON is back: what they had accepted stands again."""
    _set_active(person, True, reason, config_path, db)

"""``aicensus organisation``: what is so for the organisation as a whole: policy, reviews, audits."""

from __future__ import annotations

from pathlib import Path

import click

from discovery.cli.lazy import Example, Group
from discovery.cli.options import as_of_option, format_option, reason_option, store_options
from discovery.cli.session import Session


@click.group(
    cls=Group,
    default="show",
    examples=(
        Example("aicensus organisation show", "See what is known of the organisation, and what is not."),
        Example(
            "aicensus organisation set policy.ref https://intranet.example.org/ai-policy",
            "Say where the AI policy is.",
        ),
    ),
)
def organisation() -> None:
    """Say what is so for the organisation as a whole: policy, reviews, audits, controls."""


@organisation.command(
    "show",
    examples=(Example("aicensus organisation show --said", "See only what was said."),),
)
@click.option("--said", is_flag=True, help="Only facts that were said.")
@as_of_option
@format_option()
@store_options
def show(said: bool, as_of: str | None, fmt: str, config_path: Path | None, db: str | None) -> None:
    """Show the facts of the organisation, with who said them and when."""
    from discovery.cli.columns_rules import fact_listing
    from discovery.service import organisation_facts

    session = Session(config_path, db)
    with session.store(read_only=True) as store:
        rows = organisation_facts.show(store, as_of=session.moment(as_of))
    fact_listing().write([one for one in rows if one.value or not said], fmt)


@organisation.command(
    "set",
    examples=(
        Example(
            'aicensus organisation set internal_audit.last_at 2026-10-05 --reason "report 2026-17"',
            "Say when AI was last audited.",
        ),
        Example(
            'aicensus organisation set control.A.7.2 not_applicable --reason "no model is trained here"',
            "Say that a control does not apply, and why.",
        ),
    ),
)
@click.argument("key")
@click.argument("value")
@reason_option(required=False)
@format_option()
@store_options
def set_fact(key: str, value: str, reason: str, fmt: str, config_path: Path | None, db: str | None) -> None:
    """Say that the fact KEY is VALUE; 'organisation show' lists the keys."""
    from discovery.cli.columns_rules import fact_listing
    from discovery.render.text import safe
    from discovery.service import organisation_facts
    from discovery.service.permissions import os_actor

    with Session(config_path, db).store() as store:
        done = organisation_facts.say(store, key, value, actor=os_actor(), reason=reason)
    if fmt == "table":
        click.echo(f"{done.key} is {safe(done.value or '')}.")
    else:
        fact_listing().write([done], fmt)


@organisation.command(
    "unset",
    examples=(Example('aicensus organisation unset policy.ref --reason "withdrawn"', "Take a fact back."),),
)
@click.argument("key")
@reason_option(required=True)
@store_options
def unset(key: str, reason: str, config_path: Path | None, db: str | None) -> None:
    """Take the fact KEY back; the gaps that it closed open again."""
    from discovery.render.text import safe
    from discovery.service import organisation_facts
    from discovery.service.permissions import os_actor

    with Session(config_path, db).store() as store:
        organisation_facts.unsay(store, key, actor=os_actor(), reason=reason)
    click.echo(f"{safe(key)} is no longer said.")

"""``aicensus units``: the units of the organisation."""

from __future__ import annotations

from pathlib import Path

import click

from discovery.cli.lazy import Example, Group
from discovery.cli.options import format_option, reason_option, store_options
from discovery.cli.session import Session


@click.group(
    cls=Group,
    default="list",
    examples=(
        Example("aicensus units", "Show the tree of units."),
        Example(
            'aicensus units set Retail --parent Group --lead dana@example.org --entity "Acme UK Ltd" '
            '--scope "1111*" --scope "github.com/acme-retail/*"',
            "Add a unit with its lead, its legal entity, and what is its own.",
        ),
    ),
)
def units() -> None:
    """Keep the units of the organisation: leads, legal entities, and what is whose."""


@units.command("list", examples=(Example("aicensus units list --format json", "For a program."),))
@format_option()
@store_options
def list_units(fmt: str, config_path: Path | None, db: str | None) -> None:
    """List the units, parents before children."""
    from discovery.cli.columns_systems import unit_listing
    from discovery.service import unit_views

    with Session(config_path, db).store(read_only=True) as store:
        rows = unit_views.list_units(store)
    unit_listing().write(rows, fmt)


@units.command(
    "set",
    examples=(
        Example('aicensus units set Retail --lead dana@example.org --scope "1111*"', "Add or change a unit."),
    ),
)
@click.argument("name")
@click.option("--parent", default="", metavar="UNIT", help="The unit above.")
@click.option(
    "--lead", default="", metavar="PARTY", help="Who leads it, and is asked when nobody else is named."
)
@click.option("--entity", default="", metavar="NAME", help="The legal entity; left out, the parent's.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    metavar="PATTERN",
    help="Its accounts, repositories (github.com/acme/*) and tenants; may be repeated.",
)
@click.option("--default-owner", default="", metavar="PARTY", help="Who is asked instead of the lead.")
@reason_option(required=False)
@format_option()
@store_options
def set_unit(
    name: str,
    parent: str,
    lead: str,
    entity: str,
    scopes: tuple[str, ...],
    default_owner: str,
    reason: str,
    fmt: str,
    config_path: Path | None,
    db: str | None,
) -> None:
    """Add the unit NAME, or change it as a whole."""
    from discovery.cli.columns_systems import unit_listing
    from discovery.service import system_standing, unit_views
    from discovery.service.permissions import os_actor
    from normalizer.units import Unit

    unit = Unit(
        name=name, parent=parent, lead=lead, legal_entity=entity, scopes=scopes, default_owner=default_owner
    )
    with Session(config_path, db).store(create=True) as store:
        system_standing.put_unit(store, unit, actor=os_actor(), reason=reason)
        rows = unit_views.list_units(store)
    unit_listing().write(rows, fmt)


@units.command(
    "remove",
    examples=(Example('aicensus units remove Retail --reason "sold"', "Remove a unit without children."),),
)
@click.argument("name")
@reason_option(required=True)
@format_option()
@store_options
def remove_unit(name: str, reason: str, fmt: str, config_path: Path | None, db: str | None) -> None:
    """Remove the unit NAME."""
    from discovery.cli.columns_systems import unit_listing
    from discovery.service import system_standing, unit_views
    from discovery.service.permissions import os_actor

    with Session(config_path, db).store() as store:
        system_standing.remove_unit(store, name, actor=os_actor(), reason=reason)
        rows = unit_views.list_units(store)
    unit_listing().write(rows, fmt)

"""``aicensus record view``: the record as the forms of registers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from discovery.cli.lazy import Command, Example
from discovery.cli.options import as_of_option, format_option, store_options
from discovery.cli.session import Session
from discovery.cli.single_user import tell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from discovery.service.record_forms import FormView

FORMS = ("annex-viii-a", "annex-viii-b", "annex-viii-c", "omb", "atrs")
MISSING = "[missing]"


@click.command(
    "view",
    cls=Command,
    examples=(
        Example("aicensus record view support-bot --as annex-viii-a", "See what a registration would say."),
        Example("aicensus record view --all --as omb --format csv", "Write the inventory of a US agency."),
    ),
)
@click.argument("system", required=False)
@click.option("--as", "form", required=True, metavar="FORM", help=f"The form: {', '.join(FORMS)}.")
@click.option(
    "--all", "everything", is_flag=True, help="Every system that is not retired, rejected or merged."
)
@click.option(
    "--state", "states", multiple=True, metavar="STATE", help="With --all: only this state; repeatable."
)
@as_of_option
@format_option(("text", "json", "csv"))
@store_options
def view(
    system: str | None,
    form: str,
    everything: bool,
    states: tuple[str, ...],
    as_of: str | None,
    fmt: str,
    config_path: Path | None,
    db: str | None,
) -> None:
    """Write the record of SYSTEM as a form of a register; what lacks is shown as missing."""
    from discovery.service import record_forms, record_showing, single_user

    if (system is None) != everything:
        raise click.UsageError("name a system, or say --all")
    names = record_forms.columns(form)
    session = Session(config_path, db)
    moment = session.moment(as_of)
    with session.store(read_only=True) as store:
        if system is not None:
            shown = iter([record_showing.show(store, system, as_of=moment)])
        else:
            with_assets = record_forms.needs_assets(form)
            shown = record_showing.show_all(store, states, as_of=moment, with_assets=with_assets)
        _write_forms((record_forms.fill(form, one) for one in shown), names, fmt)
        tell(single_user.decisions(store, system=system, timezone=session.zone, as_of=moment), fmt)


def _write_forms(forms: Iterator[FormView], names: list[str], fmt: str) -> None:
    import sys

    from discovery.render.as_csv import write_rows
    from discovery.render.as_json import write_array
    from discovery.service.views import to_json

    if fmt == "json":
        write_array((to_json(one) for one in forms), sys.stdout)
    elif fmt == "csv":
        rows = ({one.column: MISSING if one.missing else one.value for one in form.columns} for form in forms)
        write_rows(rows, names, sys.stdout)
    else:
        for number, form in enumerate(forms):
            _write_form(form, first=number == 0)


def _write_form(form: FormView, *, first: bool) -> None:
    from discovery.render.facts import write_facts

    if not first:
        click.echo()
    write_facts(
        f"{form.name}: {form.title}",
        [(f"{one.column} {one.label}", MISSING if one.missing else one.value or "-") for one in form.columns],
    )
    if form.law_version:
        click.echo(f"  Text of the law: {form.law_version}.")
    if not form.fits:
        click.echo("  This form is not meant for the class that the system has.")

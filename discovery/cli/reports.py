"""``aicensus report``: documents for those who ask from outside."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from discovery.cli.files import opened
from discovery.cli.lazy import Example, Group
from discovery.cli.options import as_of_option, format_option, store_options
from discovery.cli.session import Session, is_to_come
from discovery.cli.single_user import tell

if TYPE_CHECKING:
    from discovery.service.gap_report import GapReportView


@click.group(
    cls=Group,
    examples=(
        Example("aicensus report gaps --format html --out gaps.html", "A gap analysis to read or print."),
        Example("aicensus report maturity", "Where you stand in four dimensions, and what to do next."),
        Example(
            "aicensus report audit-pack --as-of 2026-11-01 --out audit.zip",
            "Hand an auditor what was known that day.",
        ),
    ),
)
def report() -> None:
    """Write reports for people who were not there."""


@report.command(
    "audit-pack",
    examples=(
        Example("aicensus report audit-pack --out audit.zip", "Pack what is known now."),
        Example("aicensus report audit-pack --as-of 2026-11-01 --out audit.zip", "Pack an earlier day."),
    ),
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    metavar="FILE",
    help="A new zip file.",
)
@as_of_option
@store_options
def audit_pack(out: Path, as_of: str | None, config_path: Path | None, db: str | None) -> None:
    """Write the inventory, coverage, alerts, decisions and log head of a day as one verifiable file.

    It is verified anywhere by 'aicensus audit verify FILE', without a store or a network. It holds personal
    data: the names that the ids in the log stand for.
    """
    from importlib.metadata import version

    from connectors import clock
    from discovery.render.text import count, safe
    from discovery.service import audit_pack as service

    session = Session(config_path, db)
    asked, now = session.moment(as_of), clock.now()
    if asked is not None and is_to_come(asked):
        raise click.BadParameter("a pack holds what is known; give a day up to today", param_hint="--as-of")
    moment = min(asked or now, now)
    with session.store(read_only=True) as store:
        view = service.write(store, out, as_of=moment, version=version("aicensus"))
    tell(view.single_user, "zip")
    click.echo(
        f"Wrote {safe(str(out))}: {count(view.lines['systems.jsonl'], 'system')}, "
        f"{count(view.lines['assets.jsonl'], 'asset')}, {count(view.entries, 'decision')}.\nhead {view.head}"
    )


@report.command(
    "gaps",
    examples=(
        Example("aicensus report gaps --format html --out gaps.html", "A page to read or print."),
        Example("aicensus report gaps --framework iso42001 --format csv", "By control, for a spreadsheet."),
        Example("aicensus report gaps --system support-bot --format html --out bot.html", "One system."),
    ),
)
@click.option(
    "--framework",
    type=click.Choice(("iso42001", "eu_ai_act", "nist_ai_rmf")),
    help="A row for every control of this framework.",
)
@click.option("--system", metavar="SYSTEM", help="Only this system.")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write to a file."
)
@as_of_option
@format_option(("html", "json", "csv"))
@store_options
def gaps(
    framework: str | None,
    system: str | None,
    out: Path | None,
    as_of: str | None,
    fmt: str,
    config_path: Path | None,
    db: str | None,
) -> None:
    """Write a gap analysis: what is due, what is to come, what it rests on, and maturity.

    It says what a gap is against and what it may breach from when; it is no verdict.
    """
    from discovery.service import gap_report
    from discovery.service.rule_sets import of_config

    if fmt == "html" and out is None and sys.stdout.isatty():
        raise click.UsageError(
            "a page is read in a browser: name a file with --out gaps.html, or take --format csv or json"
        )
    session = Session(config_path, db)
    with session.store(read_only=True) as store:
        made = gap_report.make(
            store,
            rules=of_config(session.config),
            organisation=session.config.organisation.name,
            framework=framework,
            system=system,
            timezone=session.zone,
            as_of=session.moment(as_of),
        )
    _write(_text(made, fmt, session.zone), out)


@report.command(
    "maturity",
    examples=(
        Example("aicensus report maturity", "Four dimensions as intervals, with the next steps."),
        Example("aicensus report maturity --as-of 2026-08-31 --format json", "As of an earlier day."),
    ),
)
@as_of_option
@format_option(("table", "json"))
@store_options
def maturity(as_of: str | None, fmt: str, config_path: Path | None, db: str | None) -> None:
    """Show maturity over four dimensions as intervals: a spectrum, never a pass."""
    from discovery.render.as_json import write_array
    from discovery.render.text import changes, count
    from discovery.service import maturity_facts
    from discovery.service.views import to_json

    session = Session(config_path, db)
    with session.store(read_only=True) as store:
        moment = session.moment(as_of)
        view = maturity_facts.measure(store, timezone=session.zone, as_of=moment, with_change=True)
    if fmt == "json":
        write_array([to_json(view)], sys.stdout)
        return
    score = "no score" if view.score is None else f"{view.score:.0f} ({view.band})"
    click.echo(
        f"Overall {score}, between {view.low:.0f} and {view.high:.0f}; "
        f"{count(view.live_systems, 'live system')}."
        f"{changes(view.change_30, view.change_90)}"
    )
    if view.note:
        click.echo(f"There is {view.note}.")
    for one in view.dimensions:
        own = "  -" if one.score is None else f"{one.score:3.0f}"
        click.echo(
            f"  {one.title:<28} {own}  [{one.low:.0f}-{one.high:.0f}]  {one.band or '-':<8} "
            f"evidence {one.coverage:.0f} %{changes(one.change_30, one.change_90)}"
        )
    for step in view.steps:
        click.echo(f"  +{step.gain:.1f}  {step.step}")
    tell(view.single_user, fmt)


def _text(made: GapReportView, fmt: str, zone: str) -> str:
    import io

    from discovery.render.as_csv import write_rows
    from discovery.render.as_json import write_array
    from discovery.render.gap_page import gap_page
    from discovery.service.views import to_json

    if fmt == "html":
        return gap_page(made, zone)
    target = io.StringIO()
    if fmt == "json":
        write_array([to_json(made)], target)
    else:
        from dataclasses import fields

        from discovery.service.views_rules import GapView

        write_rows([to_json(one) for one in made.gaps], [one.name for one in fields(GapView)], target)
    return target.getvalue()


def _write(text: str, out: Path | None) -> None:
    with opened(out) as target:
        target.write(text)
    if out is not None:
        click.echo(f"Wrote {out}.", err=True)

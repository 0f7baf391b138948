"""``aicensus gaps``: what is missing or wrong, by the rules, now and under law that is still to come."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from discovery.cli.boundary import ExitCode, stop
from discovery.cli.lazy import Command, Example
from discovery.cli.options import (
    SEVERITIES,
    as_of_option,
    effective_limit,
    format_option,
    limit_option,
    store_options,
)
from discovery.cli.session import Session

if TYPE_CHECKING:
    from discovery.service.views_rules import GapView

TABLE_LIMIT = 100
FRAMEWORKS = ("iso42001", "eu_ai_act", "nist_ai_rmf")


@click.command(
    cls=Command,
    examples=(
        Example("aicensus gaps", "List every gap, due ones first."),
        Example("aicensus gaps support-bot", "See what one system lacks, and what to do."),
        Example("aicensus gaps --framework iso42001 --format csv", "List gaps by control of ISO/IEC 42001."),
    ),
)
@click.argument("system", required=False)
@click.option("--system", "also_system", metavar="SYSTEM", help="The same as the argument.")
@click.option("--framework", type=click.Choice(FRAMEWORKS), help="By control or article of this framework.")
@click.option("--status", type=click.Choice(("due", "upcoming")), help="Only due, or only still to come.")
@click.option("--severity", type=click.Choice(SEVERITIES), help="Only at least this severe.")
@click.option("--rule", metavar="ID", help="Only this rule, such as OWN-01.")
@click.option(
    "--of", "subject", type=click.Choice(("system", "asset", "organisation")), help="Only gaps of these."
)
@click.option(
    "--fail-on", type=click.Choice(SEVERITIES), help="Exit with 1 when a due gap is at least this severe."
)
@limit_option(TABLE_LIMIT)
@as_of_option
@format_option()
@store_options
def gaps(
    system: str | None,
    also_system: str | None,
    framework: str | None,
    status: str | None,
    severity: str | None,
    rule: str | None,
    subject: str | None,
    fail_on: str | None,
    limit: int | None,
    as_of: str | None,
    fmt: str,
    config_path: Path | None,
    db: str | None,
) -> None:
    """List what the rules find missing or wrong.

    All of it, or of one SYSTEM (id or name). Alerts are the part of it that somebody has to answer now. A
    gap that only law to come makes is upcoming.
    """
    from discovery.cli.columns_rules import gap_listing
    from discovery.service import gaps as service
    from discovery.service import inventory, rule_sets

    if system and also_system and system != also_system:
        raise click.UsageError("two systems are named; give one, as an argument or with --system")
    system = system or also_system
    session = Session(config_path, db)
    rules = rule_sets.of_config(session.config)
    filters = service.GapFilter(
        system=system,
        rule=rules.get(rule).id if rule else None,
        severity=severity,
        status=status,  # type: ignore[arg-type]
        subject=subject,
        framework=framework,
    )
    most = effective_limit(limit, fmt, TABLE_LIMIT)
    with session.store(read_only=True) as store:
        rows = service.list_gaps(
            store,
            filters,
            rules=rules,
            timezone=session.zone,
            as_of=session.moment(as_of),
            limit=most + 1 if most else None,  # one more tells whether there are more
        )
        shown = {row.system_id for row in rows if row.system_id}
        beside = inventory.ids_beside(store, shown) if fmt == "table" else ()
    listing = gap_listing(rows, one_system=system is not None, beside=beside)
    listing.write(rows, fmt, limit=most)
    if fmt == "table" and rows:
        _write_tail(rows, with_fixes=system is not None and framework is None)
    if fail_on and any(_is_at_least(one, fail_on) for one in rows):
        stop(ExitCode.FINDINGS)


def _is_at_least(one: GapView, severity: str) -> bool:
    return one.status == "due" and SEVERITIES.index(one.severity) >= SEVERITIES.index(severity)


def _write_tail(rows: list[GapView], *, with_fixes: bool) -> None:
    from discovery.render.text import safe

    if with_fixes:
        click.echo("\nWhat to do")
        for one in rows:
            click.echo(f"  {one.rule}: {safe(one.fix, limit=600)}")
            click.echo(f"      {safe('; '.join(one.wording), limit=600)}")
    first = rows[0]
    click.echo(f"\nRule set {first.rule_set}, law {first.law_version}. A gap is no verdict.")

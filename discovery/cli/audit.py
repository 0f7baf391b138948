"""``aicensus audit``: prove that the log of decisions is whole."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from discovery.cli.boundary import ExitCode, stop
from discovery.cli.lazy import Example, Group
from discovery.cli.options import format_option, store_options
from discovery.cli.session import Session


@click.group(
    cls=Group,
    examples=(Example("aicensus audit verify", "Check the whole chain; note the head that it prints."),),
)
def audit() -> None:
    """Verify the log of every decision."""


@audit.command(
    "verify",
    examples=(
        Example("aicensus audit verify", "Check the chain from the first entry to the last."),
        Example("aicensus audit verify --head 3f2a…", "Check as well that an earlier head is still in it."),
        Example("aicensus audit verify audit.zip", "Check a pack that was handed out, without a store."),
    ),
)
@click.argument("pack", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--head", metavar="HASH", help="A head noted earlier; fails when it is not in the log any more."
)
@format_option(("table", "json"))
@store_options
def verify(pack: Path | None, head: str | None, fmt: str, config_path: Path | None, db: str | None) -> None:
    """Check that no entry was changed, removed or put in between; exit code 1 if one was.

    With PACK (a file of 'aicensus report audit-pack') it checks that instead, and needs no store.

    A log that was cut at its end looks whole by itself: keep the printed head elsewhere and give it next
    time by --head.
    """
    from dataclasses import asdict

    from discovery.render.as_json import write_array
    from discovery.render.text import count, safe
    from discovery.service import decisions

    if pack is not None:
        _verify_pack(pack, head, fmt)
        return
    with Session(config_path, db).store(read_only=True) as store:
        report = decisions.verify_audit(store, head)
    if fmt == "json":
        write_array([asdict(report)], sys.stdout)
    elif report.ok:
        click.echo(
            f"The audit log is whole: {count(report.entries, 'entry', 'entries')}.\nhead {report.head}"
        )
    else:
        click.echo(f"The audit log is broken: {safe(report.problem)}")
    if not report.ok:
        stop(ExitCode.FINDINGS)


def _verify_pack(pack: Path, head: str | None, fmt: str) -> None:
    from dataclasses import asdict

    from discovery.render.as_json import write_array
    from discovery.render.text import count, safe
    from discovery.service import audit_pack

    report = audit_pack.verify(pack, head)
    if fmt == "json":
        write_array([asdict(report)], sys.stdout)
    elif report.ok:
        click.echo(
            f"The pack is whole: {count(report.files, 'file')}, {count(report.entries, 'entry', 'entries')} "
            f"of the audit log, as of {safe(report.as_of)}.\nhead {report.head}"
        )
    else:
        click.echo("The pack is broken:")
        for problem in report.problems:
            click.echo(f"  {safe(problem)}")
    if not report.ok:
        stop(ExitCode.FINDINGS)

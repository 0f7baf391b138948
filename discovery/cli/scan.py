"""``aicensus scan``: the main job."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from discovery.cli.boundary import ExitCode, reader_may_leave, stop, worst
from discovery.cli.lazy import Command, Example
from discovery.cli.options import SEVERITIES, format_option, store_options
from discovery.cli.session import Session

if TYPE_CHECKING:
    from discovery.service.scan import ScanReport
    from store import Store

_EXAMPLES = (
    Example("aicensus scan", "Scan the current folder, or all that the configuration names."),
    Example(
        "aicensus scan ./services https://git.example.org/acme/bot.git", "Scan a folder and a repository."
    ),
    Example("aicensus scan --connector aws", "Scan the AWS account of your own credentials, all regions."),
    Example(
        "aicensus scan --connector openai --format json", "Scan an OpenAI organisation; print the systems."
    ),
    Example(
        "aicensus scan . --fail-on high --no-progress", "In a pipeline: exit 1 on an alert of that severity."
    ),
)


@click.command(cls=Command, examples=_EXAMPLES)
@click.argument("targets", nargs=-1, metavar="[TARGET...]")
@click.option(
    "--connector",
    "connectors",
    multiple=True,
    metavar="NAME[:INSTANCE]",
    help="Scan only this connector; repeatable. Without configuration the vendor's own variables apply.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["none", *SEVERITIES]),
    help="Exit with 1 when an open alert is at least this severe. [default: none]",
)
@click.option("--strict", is_flag=True, help="Exit with 3 when any part could not be read.")
@click.option("--no-progress", is_flag=True, help="Show no progress on standard error.")
@format_option()
@store_options
def scan(
    targets: tuple[str, ...],
    connectors: tuple[str, ...],
    fail_on: str | None,
    strict: bool,
    no_progress: bool,
    fmt: str,
    config_path: Path | None,
    db: str | None,
) -> None:
    """Find AI systems in folders, repositories and accounts.

    A TARGET is a folder or the URL of a git repository. Without targets, connectors and configuration
    the current folder is scanned, which needs no credential. Everything is only read.
    """
    from discovery.cli.report import write_report
    from discovery.progress import open_progress
    from discovery.service.permissions import os_actor
    from discovery.service.scan import ScanRequest, run_scan

    session = Session(config_path, db)
    config = session.config
    request = ScanRequest(
        targets=targets,
        connectors=connectors,
        trigger="cli",
        strict=strict or config.scan.strict,
        actor=os_actor().name,
    )
    with session.store(create=True) as store:
        with _stops_gently(), open_progress(wanted=not no_progress) as progress:
            report = run_scan(config, store, request, progress)
        code = _exit_code(report, store, fail_on or config.scan.fail_on)
        with reader_may_leave():  # what was found decides the exit code, not who reads it
            write_report(store, report, session, fmt)
    stop(code)


@contextmanager
def _stops_gently() -> Iterator[None]:
    """Let a polite end (SIGTERM) do what Ctrl-C does: save, say so, exit with 3."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _exit_code(report: ScanReport, store: Store, fail_on: str) -> ExitCode:
    codes = []
    if report.state != "complete":
        codes.append(ExitCode.PARTIAL)
    if fail_on != "none" and _has_alert(store, fail_on):
        codes.append(ExitCode.FINDINGS)
    return worst(codes)


def _has_alert(store: Store, fail_on: str) -> bool:
    from discovery.service import inventory

    grave = SEVERITIES[SEVERITIES.index(fail_on) :]
    return any(alert.severity in grave for alert in inventory.list_alerts(store))

"""``aicensus scan``: the main job."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connectors import interrupts
from discovery.cli.boundary import ExitCode, reader_may_leave, stop, worst
from discovery.cli.lazy import Command, Example
from discovery.cli.options import SEVERITIES, format_option, no_suppressed_option, stack, store_options
from discovery.cli.session import Session

if TYPE_CHECKING:
    from connectors.code.options import Changes
    from discovery.cli.gate import Gate
    from discovery.service.scan import ScanReport
    from store import Store

_EXAMPLES = (
    Example("aicensus scan", "Scan the current folder, or all that the configuration names."),
    Example(
        "aicensus scan ./services https://git.example.org/acme/bot.git", "Scan a folder and a repository."
    ),
    Example("aicensus scan --connector aws", "Scan the AWS account of your own credentials, all regions."),
    Example(
        "aicensus scan --connector aws --plan",
        "Say which accounts and regions that is, how many calls, how long and what it costs.",
    ),
    Example(
        "aicensus scan --connector openai --format json", "Scan an OpenAI organisation; print the systems."
    ),
    Example(
        "aicensus scan . --fail-on high --no-progress", "In a pipeline: exit 1 on an alert of that severity."
    ),
    Example(
        "aicensus scan . --diff origin/main --fresh --fail-on new --sarif aicensus.sarif",
        "In a pull request: exit 1 when the branch brings AI that the target branch has not.",
    ),
)
_FILE = click.Path(path_type=Path, dir_okay=False)

_what_options = stack(
    click.option(
        "--connector",
        "connectors",
        multiple=True,
        metavar="NAME[:INSTANCE]",
        help="Scan only this connector; repeatable. Without configuration the vendor's own variables apply.",
    ),
    click.option(
        "--diff",
        metavar="BASE",
        help="Show only what changed in code since the common commit of HEAD and BASE, a branch or commit.",
    ),
    click.option(
        "--since", metavar="REF|DATE", help="The same since a commit, or since the last one before a day."
    ),
    click.option(
        "--plan",
        is_flag=True,
        help="Only say what a scan would read, its calls, time and cost (formats: table, json).",
    ),
)
_judging_options = stack(
    click.option(
        "--fail-on",
        type=click.Choice(["none", "new", *SEVERITIES]),
        help="Exit with 1 when an open alert is at least this severe, or on anything new. [default: none]",
    ),
    click.option(
        "--baseline", type=_FILE, metavar="FILE", help="Things in FILE are known: they are never new."
    ),
    click.option(
        "--write-baseline",
        type=_FILE,
        metavar="FILE",
        help="Write what the scan shows to FILE, for --baseline.",
    ),
    click.option("--strict", is_flag=True, help="Exit with 3 when any part could not be read."),
)
_telling_options = stack(
    click.option("--sarif", type=_FILE, metavar="FILE", help="Also write SARIF, for code scanning views."),
    no_suppressed_option,
    click.option("--summary", type=_FILE, metavar="FILE", help="Also add a summary in Markdown to FILE."),
    click.option("--no-progress", is_flag=True, help="Show no progress on standard error."),
    format_option(("table", "json", "jsonl", "csv", "sarif")),
    click.option(
        "--fresh", is_flag=True, help="Use an empty inventory for this scan alone and forget it afterwards."
    ),
)


@click.command(cls=Command, examples=_EXAMPLES)
@click.argument("targets", nargs=-1, metavar="[TARGET...]")
@_what_options
@_judging_options
@_telling_options
@store_options
def scan(**given: Any) -> None:
    """Find AI systems in folders, repositories and accounts.

    A TARGET is a folder or the URL of a git repository. Without targets, connectors and configuration
    the current folder is scanned, which needs no credential. Everything is only read.

    With --diff or --since only things with evidence in a changed file are shown, and only those that the
    earlier version did not have are new. Such a scan never makes anything count as gone.
    """
    from discovery.cli.gate import Gate
    from discovery.progress import open_progress
    from discovery.service.permissions import os_actor
    from discovery.service.scan import ScanRequest, run_scan

    with _store_of(given) as db:
        session = Session(given["config_path"], db)
        config = session.config
        gate = Gate.of(given, config)
        request = ScanRequest(
            targets=given["targets"],
            connectors=given["connectors"],
            trigger="cli",
            strict=given["strict"] or config.scan.strict,
            actor=os_actor().name,
            changes=_changes(given, session),
        )
        if given["plan"]:
            from discovery.cli.plan_report import show_plan

            stop(show_plan(session, request, given["fmt"], fresh=given["fresh"]))
            return
        with session.store(create=True) as store:
            with interrupts.heard(), open_progress(wanted=not given["no_progress"]) as progress:
                report = run_scan(config, store, request, progress)
            code = _tell(store, report, session, gate, given["fmt"])
    stop(code)


def _tell(store: Store, report: ScanReport, session: Session, gate: Gate, fmt: str) -> ExitCode:
    """Write everything that was asked for and return the exit code."""
    from discovery.cli.changes_report import write_changes
    from discovery.cli.report import write_report

    codes = [] if report.state == "complete" else [ExitCode.PARTIAL]
    if gate.look(store, report):
        codes.append(ExitCode.FINDINGS)
    gate.write_files(store, report, session)
    with reader_may_leave():  # what was found decides the exit code, not who reads it
        if fmt == "sarif":
            gate.write_sarif(store, report, session)
        elif report.is_compared:
            write_changes(store, report, gate, fmt)
        else:
            write_report(store, report, session, fmt)
            if fmt == "table":
                gate.say()
    return worst(codes)


@contextmanager
def _store_of(given: dict[str, Any]) -> Iterator[str | None]:
    """Give the store to use: the one that was named, or a file that is removed afterwards."""
    if not given["fresh"]:
        yield given["db"]
        return
    source = click.get_current_context().get_parameter_source("db")
    if given["db"] and source is click.core.ParameterSource.COMMANDLINE:
        raise click.UsageError("--fresh and --db are two answers to one question; leave one out")
    try:
        folder = tempfile.TemporaryDirectory(prefix="aicensus-fresh-")
    except OSError as error:
        text = f"--fresh needs a folder for temporary files: {error.strerror}. Name one in TMPDIR."
        raise click.ClickException(text) from error
    with folder as place:
        yield str(Path(place) / "inventory.db")


def _changes(given: dict[str, Any], session: Session) -> Changes | None:
    """Read what to compare with; raises a usage error for both or an empty one."""
    base, since = given["diff"], given["since"]
    if base is None and since is None:
        return None
    if base is not None and since is not None:
        raise click.UsageError("--diff and --since are two answers to one question; leave one out")
    if given["write_baseline"] is not None:
        raise click.UsageError("--write-baseline wants a whole scan; leave --diff and --since out")
    if not (base or since):
        raise click.UsageError("--diff and --since need a branch, a commit or a day")
    from connectors.code.options import Changes
    from discovery.cli.options import parse_start

    if base:
        return Changes(base=base)
    moment = parse_start(since, session.zone)
    return Changes(since=since) if moment is None else Changes(since_at=moment)

"""``aicensus evidence``: documents that prove what a record says."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from discovery.cli.boundary import ExitCode, stop
from discovery.cli.lazy import Example, Group
from discovery.cli.options import as_of_option, format_option, parse_day, reason_option, store_options
from discovery.cli.session import Session
from discovery.cli.single_user import tell


@click.group(
    cls=Group,
    default="list",
    examples=(
        Example("aicensus evidence", "List the evidence of all systems."),
        Example(
            "aicensus evidence add support-bot red-team.pdf --covers LIF-02 --valid-to 2027-11-01",
            "Keep a copy of a document by its hash.",
        ),
        Example("aicensus evidence verify", "Find copies that were altered or are gone."),
    ),
)
def evidence() -> None:
    """Keep documents that prove what records say, and check that nobody altered them."""


@evidence.command(
    "list", examples=(Example("aicensus evidence list --system support-bot", "Of one system."),)
)
@click.option("--system", metavar="SYSTEM", help="Only of this system.")
@as_of_option
@format_option()
@store_options
def list_evidence(
    system: str | None, as_of: str | None, fmt: str, config_path: Path | None, db: str | None
) -> None:
    """List evidence, by system."""
    from discovery.cli.columns_evidence import evidence_listing
    from discovery.service import evidence as service
    from discovery.service import single_user

    session = Session(config_path, db)
    with session.store(read_only=True) as store:
        moment = session.moment(as_of)
        rows = service.listed(store, system=system, timezone=session.zone, as_of=moment)
        unproven = single_user.decisions(store, system=system, timezone=session.zone, as_of=moment)
    evidence_listing().write(rows, fmt)
    tell(unproven, fmt)


@evidence.command(
    "add",
    examples=(
        Example("aicensus evidence add support-bot red-team.pdf --covers LIF-02", "Keep a copy."),
        Example(
            "aicensus evidence add support-bot https://wiki.example.org/dpia/7 --title DPIA", "Keep a link."
        ),
    ),
)
@click.argument("system")
@click.argument("source", metavar="FILE|URL")
@click.option("--title", default="", metavar="TEXT", help="What it is; the file's name unless given.")
@click.option("--valid-to", metavar="DATE", help="The last day on which it proves anything.")
@click.option(
    "--covers", multiple=True, metavar="ID", help="A rule or control that it covers; may be repeated."
)
@reason_option(required=False)
@format_option()
@store_options
def add(
    system: str,
    source: str,
    title: str,
    valid_to: str | None,
    covers: tuple[str, ...],
    reason: str,
    fmt: str,
    config_path: Path | None,
    db: str | None,
) -> None:
    """Add a file or a link to the record of SYSTEM; a file is copied under its SHA-256."""
    from discovery.cli.decided import write_decided
    from discovery.service import evidence as service
    from discovery.service.permissions import os_actor

    session = Session(config_path, db)
    with session.store() as store:
        evidence_id, decided = service.add(
            store,
            system,
            source,
            folder=session.evidence_folder,
            actor=os_actor(),
            title=title,
            valid_to=parse_day(valid_to, "--valid-to") if valid_to else None,
            covers=covers,
            reason=reason,
            timezone=session.zone,
        )
    write_decided(decided, f"Added {evidence_id} to {decided.system.name}.", fmt)


@evidence.command(
    "remove",
    examples=(
        Example('aicensus evidence remove support-bot evd_01a2… --reason "wrong file"', "Take it off."),
    ),
)
@click.argument("system")
@click.argument("evidence_id", metavar="ID")
@reason_option(required=True)
@format_option()
@store_options
def remove(
    system: str, evidence_id: str, reason: str, fmt: str, config_path: Path | None, db: str | None
) -> None:
    """Take evidence off the record of SYSTEM; the log keeps its hash, the folder its copy."""
    from discovery.cli.decided import write_decided
    from discovery.service import evidence as service
    from discovery.service.permissions import os_actor

    session = Session(config_path, db)
    with session.store() as store:
        decided = service.remove(
            store, system, evidence_id, actor=os_actor(), reason=reason, timezone=session.zone
        )
    write_decided(decided, f"Took {evidence_id} off {decided.system.name}.", fmt)


@evidence.command("verify", examples=(Example("aicensus evidence verify", "Hash every copy again."),))
@format_option(("table", "json"))
@store_options
def verify(fmt: str, config_path: Path | None, db: str | None) -> None:
    """Hash every copy again and mark what was altered or is gone; exit code 1 if anything was."""
    from dataclasses import asdict

    from discovery.render.as_json import write_array
    from discovery.render.text import count, safe
    from discovery.service import evidence as service
    from discovery.service.permissions import os_actor

    session = Session(config_path, db)
    with session.store() as store:
        found = service.verify(store, folder=session.evidence_folder, actor=os_actor(), timezone=session.zone)
    if fmt == "json":
        write_array([asdict(found)], sys.stdout)
    else:
        for problem in found.failed:
            click.echo(safe(problem, limit=600))
        held = found.checked - len(found.failed)
        click.echo(f"{count(held, 'copy', 'copies')} of {found.checked:,} hold.")
    if found.failed:
        stop(ExitCode.FINDINGS)

"""``aicensus exceptions``: gaps that may stand for a time."""

from __future__ import annotations

from pathlib import Path

import click

from discovery.cli.lazy import Example, Group
from discovery.cli.options import as_of_option, format_option, parse_day, reason_option, store_options
from discovery.cli.session import Session


@click.group(
    cls=Group,
    default="list",
    examples=(
        Example("aicensus exceptions", "List what was asked for, what stands and what has ended."),
        Example(
            'aicensus exceptions request support-bot OVR-01 --until 2027-03-01 --reason "pilot" '
            '--instead "every answer is read"',
            "Ask that a gap may stand.",
        ),
        Example("aicensus exceptions approve support-bot OVR-01", "Approve it, as somebody else."),
    ),
)
def exceptions() -> None:
    """Let a gap stand for a time: with a reason, somebody else's approval, and an end."""


@exceptions.command("list", examples=(Example("aicensus exceptions list --format csv", "Hand it on."),))
@click.option("--system", metavar="SYSTEM", help="Only of this system.")
@as_of_option
@format_option()
@store_options
def list_exceptions(
    system: str | None, as_of: str | None, fmt: str, config_path: Path | None, db: str | None
) -> None:
    """List exceptions, by system."""
    from discovery.cli.columns_evidence import exception_listing
    from discovery.service import exceptions as service

    session = Session(config_path, db)
    with session.store(read_only=True) as store:
        rows = service.listed(store, system=system, timezone=session.zone, as_of=session.moment(as_of))
    exception_listing().write(rows, fmt)


@exceptions.command(
    "request",
    examples=(
        Example(
            'aicensus exceptions request support-bot OVR-01 --until 2027-03-01 --reason "pilot"',
            "Ask for one.",
        ),
    ),
)
@click.argument("system")
@click.argument("rule")
@click.option("--until", required=True, metavar="DATE", help="The last day, 365 days ahead at most.")
@click.option("--instead", default="", metavar="TEXT", help="What is done in its place.")
@reason_option(required=True)
@format_option()
@store_options
def request(
    system: str,
    rule: str,
    until: str,
    instead: str,
    reason: str,
    fmt: str,
    config_path: Path | None,
    db: str | None,
) -> None:
    """Ask that the gap of RULE in SYSTEM may stand; somebody else approves it."""
    from discovery.cli.decided import write_decided
    from discovery.service import exceptions as service
    from discovery.service.permissions import os_actor

    session = Session(config_path, db)
    with session.store() as store:
        decided = service.request(
            store,
            system,
            rule,
            actor=os_actor(),
            reason=reason,
            until=parse_day(until, "--until"),
            compensating=instead,
            timezone=session.zone,
        )
    write_decided(decided, f"Asked for an exception of {rule} for {decided.system.name}.", fmt)


def _decide(
    system: str, rule: str, approve: bool, reason: str, fmt: str, config_path: Path | None, db: str | None
) -> None:
    from discovery.cli.decided import write_decided
    from discovery.service import exceptions as service
    from discovery.service.permissions import os_actor

    session = Session(config_path, db)
    with session.store() as store:
        decided = service.decide(
            store, system, rule, actor=os_actor(), approve=approve, reason=reason, timezone=session.zone
        )
    said = "stands until its end" if approve else "was refused"
    write_decided(decided, f"The exception of {rule} for {decided.system.name} {said}.", fmt)


@exceptions.command(
    "approve",
    examples=(Example("aicensus exceptions approve support-bot OVR-01", "Approve what was asked."),),
)
@click.argument("system")
@click.argument("rule")
@reason_option(required=False)
@format_option()
@store_options
def approve(system: str, rule: str, reason: str, fmt: str, config_path: Path | None, db: str | None) -> None:
    """Approve the exception of RULE in SYSTEM; its alert rests until the end."""
    _decide(system, rule, True, reason, fmt, config_path, db)


@exceptions.command(
    "refuse",
    examples=(Example('aicensus exceptions refuse support-bot OVR-01 --reason "too risky"', "Refuse it."),),
)
@click.argument("system")
@click.argument("rule")
@reason_option(required=True)
@format_option()
@store_options
def refuse(system: str, rule: str, reason: str, fmt: str, config_path: Path | None, db: str | None) -> None:
    """Refuse the exception of RULE in SYSTEM."""
    _decide(system, rule, False, reason, fmt, config_path, db)


@exceptions.command(
    "close",
    examples=(Example('aicensus exceptions close support-bot OVR-01 --reason "done"', "End it early."),),
)
@click.argument("system")
@click.argument("rule")
@reason_option(required=True)
@format_option()
@store_options
def close(system: str, rule: str, reason: str, fmt: str, config_path: Path | None, db: str | None) -> None:
    """End the exception of RULE in SYSTEM; a gap that is still there alerts again."""
    from discovery.cli.decided import write_decided
    from discovery.service import exceptions as service
    from discovery.service.permissions import os_actor

    session = Session(config_path, db)
    with session.store() as store:
        decided = service.close(store, system, rule, actor=os_actor(), reason=reason, timezone=session.zone)
    write_decided(decided, f"The exception of {rule} for {decided.system.name} has ended.", fmt)

"""``aicensus approvals``: who let a system through which gate."""

from __future__ import annotations

from pathlib import Path

import click

from discovery.cli.lazy import Example, Group
from discovery.cli.options import as_of_option, format_option, parse_day, reason_option, store_options
from discovery.cli.session import Session

_GATES = ("register", "pilot", "production", "change", "retire")


@click.group(
    cls=Group,
    default="list",
    examples=(
        Example("aicensus approvals", "List who let what through which gate."),
        Example("aicensus approvals give support-bot production --role CISO", "Approve production."),
    ),
)
def approvals() -> None:
    """Record decisions at the gates: register, pilot, production, change, retire."""


@approvals.command("list", examples=(Example("aicensus approvals list --format csv", "Hand it on."),))
@click.option("--system", metavar="SYSTEM", help="Only of this system.")
@as_of_option
@format_option()
@store_options
def list_approvals(
    system: str | None, as_of: str | None, fmt: str, config_path: Path | None, db: str | None
) -> None:
    """List approvals, by system."""
    from discovery.cli.columns_evidence import approval_listing
    from discovery.service import approvals as service

    session = Session(config_path, db)
    with session.store(read_only=True) as store:
        rows = service.listed(store, system=system, timezone=session.zone, as_of=session.moment(as_of))
    approval_listing().write(rows, fmt)


@approvals.command(
    "give",
    examples=(
        Example("aicensus approvals give support-bot production --role CISO", "Approve production."),
        Example(
            'aicensus approvals give support-bot pilot --decision conditional --conditions "50 users"',
            "Approve under conditions.",
        ),
    ),
)
@click.argument("system")
@click.argument("gate", type=click.Choice(_GATES))
@click.option(
    "--decision",
    type=click.Choice(("approved", "refused", "conditional")),
    default="approved",
    show_default=True,
    help="What was decided.",
)
@click.option("--role", default="", metavar="TEXT", help="In which role you decide, such as CISO.")
@click.option("--conditions", default="", metavar="TEXT", help="Under which conditions.")
@click.option("--valid-to", metavar="DATE", help="The last day on which it stands.")
@reason_option(required=False)
@format_option()
@store_options
def give(
    system: str,
    gate: str,
    decision: str,
    role: str,
    conditions: str,
    valid_to: str | None,
    reason: str,
    fmt: str,
    config_path: Path | None,
    db: str | None,
) -> None:
    """Record your decision at GATE for SYSTEM; earlier decisions stay."""
    from discovery.cli.decided import write_decided
    from discovery.service import approvals as service
    from discovery.service.permissions import os_actor

    session = Session(config_path, db)
    with session.store() as store:
        decided = service.give(
            store,
            system,
            gate,
            actor=os_actor(),
            decision=decision,
            role=role,
            conditions=conditions,
            valid_to=parse_day(valid_to, "--valid-to") if valid_to else None,
            reason=reason,
            timezone=session.zone,
        )
    write_decided(decided, f"{decided.system.name}: {decision} at the gate {gate}.", fmt)

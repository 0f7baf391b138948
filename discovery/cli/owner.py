"""``aicensus owner``: who answers for a system."""

from __future__ import annotations

from pathlib import Path

import click

from discovery.cli.lazy import Example, Group
from discovery.cli.options import format_option, reason_option, store_options
from discovery.cli.session import Session

ROLES = ("accountable", "technical", "data", "oversight", "sponsor", "vendor_manager", "deputy")


@click.group(
    cls=Group,
    examples=(
        Example("aicensus owner set support-bot dana@example.org", "Name a person who answers for a system."),
        Example("aicensus owner accept support-bot", "Accept the person the evidence points to."),
    ),
)
def owner() -> None:
    """Say who answers for a system."""


@owner.command(
    "set",
    examples=(
        Example("aicensus owner set support-bot dana@example.org", "Name the accountable person."),
        Example(
            "aicensus owner set support-bot platform --team --role technical",
            "Name a team for the technology.",
        ),
    ),
)
@click.argument("system")
@click.argument("party")
@click.option(
    "--role", type=click.Choice(ROLES), default="accountable", show_default=True, help="What they answer for."
)
@click.option("--team", is_flag=True, help="PARTY is a team, not a person.")
@reason_option(required=False)
@format_option()
@store_options
def set_owner(
    system: str,
    party: str,
    role: str,
    team: bool,
    reason: str,
    fmt: str,
    config_path: Path | None,
    db: str | None,
) -> None:
    """Name PARTY (e-mail, @handle or name) as an owner of SYSTEM, and record who accepted it."""
    from discovery.cli.decided import write_decided
    from discovery.service import decisions
    from discovery.service.permissions import os_actor

    with Session(config_path, db).store() as store:
        decided = decisions.set_owner(
            store,
            system,
            party,
            actor=os_actor(),
            role=decisions.OwnerRole(role),
            reason=reason,
            is_team=team,
        )
    write_decided(decided, f"{party} is the {role.replace('_', ' ')} owner of {decided.system.name}.", fmt)


@owner.command(
    "accept",
    examples=(
        Example("aicensus owner accept support-bot", "Accept the only or clearly best candidate."),
        Example("aicensus owner accept support-bot --candidate @acme/bots", "Accept a certain one."),
    ),
)
@click.argument("system")
@click.option("--candidate", metavar="PARTY", help="Which candidate; needed when none is clearly best.")
@click.option(
    "--role", type=click.Choice(ROLES), default="accountable", show_default=True, help="What they answer for."
)
@reason_option(required=False)
@format_option()
@store_options
def accept_owner(
    system: str,
    candidate: str | None,
    role: str,
    reason: str,
    fmt: str,
    config_path: Path | None,
    db: str | None,
) -> None:
    """Accept a candidate, named by the evidence, as an owner of SYSTEM."""
    from discovery.cli.decided import write_decided
    from discovery.service import decisions
    from discovery.service.permissions import os_actor

    with Session(config_path, db).store() as store:
        decided = decisions.accept_owner(
            store,
            system,
            actor=os_actor(),
            candidate=candidate,
            role=decisions.OwnerRole(role),
            reason=reason,
        )
    who = decided.system.owner if role == "accountable" else candidate
    write_decided(decided, f"{who or 'The candidate'} is now the {role} owner of {decided.system.name}.", fmt)


@owner.command(
    "decline",
    examples=(
        Example('aicensus owner decline support-bot @bo --reason "left the team"', "Say that one is not it."),
    ),
)
@click.argument("system")
@click.argument("candidate")
@reason_option(required=True)
@format_option()
@store_options
def decline_owner(
    system: str, candidate: str, reason: str, fmt: str, config_path: Path | None, db: str | None
) -> None:
    """Say that CANDIDATE is not an owner of SYSTEM; the same evidence names them no more."""
    from discovery.cli.decided import write_decided
    from discovery.service import decisions
    from discovery.service.permissions import os_actor

    with Session(config_path, db).store() as store:
        decided = decisions.decline_owner(store, system, candidate, actor=os_actor(), reason=reason)
    write_decided(decided, f"{candidate} is no candidate for {decided.system.name} any more.", fmt)


@owner.command(
    "withdraw",
    examples=(Example('aicensus owner withdraw support-bot --reason "moved to sales"', "End an ownership."),),
)
@click.argument("system")
@click.option("--party", metavar="PARTY", help="Which owner, when a role is held by several.")
@click.option(
    "--role", type=click.Choice(ROLES), default="accountable", show_default=True, help="The role to end."
)
@reason_option(required=True)
@format_option()
@store_options
def withdraw_owner(
    system: str,
    party: str | None,
    role: str,
    reason: str,
    fmt: str,
    config_path: Path | None,
    db: str | None,
) -> None:
    """End an ownership of SYSTEM; the gap opens again."""
    from discovery.cli.decided import write_decided
    from discovery.service import decisions
    from discovery.service.permissions import os_actor

    with Session(config_path, db).store() as store:
        decided = decisions.withdraw_owner(
            store, system, actor=os_actor(), reason=reason, role=decisions.OwnerRole(role), party=party
        )
    write_decided(
        decided, f"{decided.system.name} has no {role.replace('_', ' ')} owner by that name now.", fmt
    )

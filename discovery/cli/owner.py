"""``aicensus owner``: who answers for a system."""

from __future__ import annotations

from pathlib import Path

import click

from discovery.cli import owner_maps
from discovery.cli.lazy import Example, Group
from discovery.cli.options import format_option, reason_option, store_options
from discovery.cli.session import Session

ROLES = ("accountable", "technical", "data", "oversight", "sponsor", "vendor_manager", "deputy")


token_option = click.option(
    "--token", metavar="TOKEN", help="Answer a question of 'aicensus owner ask' as the party it was put to."
)


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
        Example("aicensus owner accept --token req_01a2….x7Yk…", "Answer yes to a question you were sent."),
    ),
)
@click.argument("system", required=False)
@token_option
@click.option("--candidate", metavar="PARTY", help="Which candidate; needed when none is clearly best.")
@click.option(
    "--role", type=click.Choice(ROLES), default="accountable", show_default=True, help="What they answer for."
)
@reason_option(required=False)
@format_option()
@store_options
def accept_owner(
    system: str | None,
    token: str | None,
    candidate: str | None,
    role: str,
    reason: str,
    fmt: str,
    config_path: Path | None,
    db: str | None,
) -> None:
    """Accept a candidate, named by the evidence, as an owner of SYSTEM; or answer yes by token."""
    from discovery.cli.decided import write_decided
    from discovery.service import decisions
    from discovery.service.permissions import os_actor

    if token is not None:
        _answer(token, "accept", system, fmt, config_path, db)
        return
    if system is None:
        raise click.UsageError("name a SYSTEM, or give a --token")
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
        Example("aicensus owner decline --token req_01a2….x7Yk…", "Answer no to a question you were sent."),
    ),
)
@click.argument("system", required=False)
@click.argument("candidate", required=False)
@token_option
@reason_option(required=False)
@format_option()
@store_options
def decline_owner(
    system: str | None,
    candidate: str | None,
    token: str | None,
    reason: str,
    fmt: str,
    config_path: Path | None,
    db: str | None,
) -> None:
    """Say that CANDIDATE is not an owner of SYSTEM, or answer no by token.

    The same evidence names them no more. Without a token it takes a --reason.
    """
    from discovery.cli.decided import write_decided
    from discovery.service import decisions
    from discovery.service.permissions import os_actor

    if token is not None:
        _answer(token, "decline", system, fmt, config_path, db, reason=reason)
        return
    if system is None or candidate is None:
        raise click.UsageError("name a SYSTEM and a CANDIDATE, or give a --token")
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
        decided,
        f"{party or 'Nobody'} {'is no longer' if party else 'is'} the {role.replace('_', ' ')} owner of"
        f" {decided.system.name}{'' if party else ' now'}.",
        fmt,
    )


@owner.command(
    "ask",
    examples=(
        Example("aicensus owner ask support-bot", "Ask the best candidate; send them the token."),
        Example("aicensus owner ask support-bot --party dana@example.org --days 30", "Ask a certain person."),
    ),
)
@click.argument("system")
@click.option("--party", metavar="PARTY", help="Whom to ask; the best candidate unless given.")
@click.option(
    "--role", type=click.Choice(ROLES), default="accountable", show_default=True, help="What they answer for."
)
@click.option(
    "--days", type=int, default=14, show_default=True, metavar="N", help="How long it can be answered."
)
@format_option(("table", "json"))
@store_options
def ask(
    system: str,
    party: str | None,
    role: str,
    days: int,
    fmt: str,
    config_path: Path | None,
    db: str | None,
) -> None:
    """Ask somebody whether they answer for SYSTEM, and print the token that answers.

    Whoever holds the token answers as that person, once. It is shown now and kept nowhere.
    """
    import sys
    from dataclasses import asdict

    from discovery.render.as_json import write_array
    from discovery.render.text import day, safe
    from discovery.service import owner_requests
    from discovery.service.decisions import OwnerRole
    from discovery.service.permissions import os_actor

    session = Session(config_path, db)
    with session.store() as store:
        asked = owner_requests.ask(
            store, system, party, actor=os_actor(), key=session.signing_key, role=OwnerRole(role), days=days
        )
    if fmt == "json":
        write_array([asdict(asked)], sys.stdout)
        return
    for warning in asked.warnings:
        click.echo(f"Note: {safe(warning)}", err=True)
    request = asked.request
    click.echo(
        f"Send this to {safe(request.party)}; "
        f"it can be answered until {day(request.expires_at, session.zone)}:"
    )
    for verb, more in (("accept", ""), ("decline", ' --reason "..."'), ("delegate", " --to SOMEBODY")):
        click.echo(f"  aicensus owner {verb} --token {asked.token}{more}")


@owner.command(
    "delegate",
    examples=(
        Example("aicensus owner delegate --token req_01a2….x7Yk… --to bo@example.org", "Name somebody else."),
    ),
)
@click.option("--token", metavar="TOKEN", required=True, help="The question that you were sent.")
@click.option("--to", metavar="PARTY", required=True, help="Who answers for it instead.")
@reason_option(required=False)
@format_option()
@store_options
def delegate(token: str, to: str, reason: str, fmt: str, config_path: Path | None, db: str | None) -> None:
    """Say that somebody else answers for it; they become a candidate and are to be asked."""
    _answer(token, "delegate", None, fmt, config_path, db, reason=reason, to=to)


@owner.command(
    "requests", examples=(Example("aicensus owner requests", "See who was asked and what came back."),)
)
@format_option()
@store_options
def requests(fmt: str, config_path: Path | None, db: str | None) -> None:
    """List whom was asked about what, newest first."""
    from discovery.cli.columns_people import request_listing
    from discovery.service import owner_requests

    session = Session(config_path, db)
    with session.store(read_only=True) as store:
        rows = owner_requests.listed(store)
    request_listing(rows, session.zone).write(rows, fmt)


for verb in (owner_maps.map_value, owner_maps.unmap, owner_maps.maps):
    owner.add_command(verb)


def _answer(
    token: str,
    what: str,
    system: str | None,
    fmt: str,
    config_path: Path | None,
    db: str | None,
    *,
    reason: str = "",
    to: str | None = None,
) -> None:
    from discovery.cli.decided import write_decided
    from discovery.service import owner_requests

    if system is not None:
        raise click.UsageError("a token says which system it is about: leave SYSTEM out")
    session = Session(config_path, db)
    with session.store() as store:
        decided = owner_requests.answer(store, token, what, key=session.signing_key, to=to, reason=reason)
    said = {"accept": "accepted", "decline": "declined", "delegate": f"named {to}"}[what]
    write_decided(decided, f"You {said} for {decided.system.name}.", fmt)

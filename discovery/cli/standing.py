"""``aicensus systems add|register|govern|reject|retire|assign``: where it stands, by a person's word."""

from __future__ import annotations

from pathlib import Path

import click

from discovery.cli.lazy import Command, Example
from discovery.cli.options import format_option, reason_option, store_options
from discovery.cli.session import Session


@click.command(
    "add",
    cls=Command,
    examples=(
        Example(
            'aicensus systems add "Credit scoring by Acme" --kind saas_tool --owner dana@example.org '
            '--purpose "Scores applications for consumer credit; staff decide."',
            "Put a system on record that no scanner can see.",
        ),
    ),
)
@click.argument("name")
@click.option("--kind", required=True, metavar="KIND", help="Such as application, agent or saas_tool.")
@click.option("--purpose", default="", metavar="TEXT", help="What it is for.")
@click.option(
    "--owner", default="", metavar="PARTY", help="Who answers for it: an address, a handle or a name."
)
@click.option("--unit", default="", metavar="UNIT", help="The organisation unit it belongs to.")
@reason_option(required=False)
@format_option()
@store_options
def add(
    name: str,
    kind: str,
    purpose: str,
    owner: str,
    unit: str,
    reason: str,
    fmt: str,
    config_path: Path | None,
    db: str | None,
) -> None:
    """Add a system called NAME that no scanner can see; with an owner it is registered."""
    from discovery.cli.decided import write_decided
    from discovery.service import system_standing
    from discovery.service.permissions import os_actor

    session = Session(config_path, db)
    with session.store(create=True) as store:
        decided = system_standing.add(
            store,
            name,
            kind=kind,
            actor=os_actor(),
            purpose=purpose,
            owner=owner,
            unit=unit,
            reason=reason,
            timezone=session.zone,
        )
    write_decided(decided, f"{decided.system.name} is on record as {decided.system.system_id}.", fmt)


@click.command(
    "register",
    cls=Command,
    examples=(Example("aicensus systems register support-bot", "Take a candidate into the register."),),
)
@click.argument("system")
@reason_option(required=False)
@format_option()
@store_options
def register(system: str, reason: str, fmt: str, config_path: Path | None, db: str | None) -> None:
    """Take SYSTEM into the register; somebody must have accepted to answer for it."""
    from discovery.cli.decided import write_decided
    from discovery.service import system_standing
    from discovery.service.permissions import os_actor

    with Session(config_path, db).store() as store:
        decided = system_standing.register(store, system, actor=os_actor(), reason=reason)
    write_decided(decided, f"{decided.system.name} is registered.", fmt)


@click.command(
    "govern",
    cls=Command,
    examples=(
        Example(
            "aicensus systems govern support-bot", "Say that owner and oversight of a system are in place."
        ),
    ),
)
@click.argument("system")
@reason_option(required=False)
@format_option()
@store_options
def govern(system: str, reason: str, fmt: str, config_path: Path | None, db: str | None) -> None:
    """Say that registered SYSTEM is governed; it has an owner and a complete oversight record."""
    from discovery.cli.decided import write_decided
    from discovery.service import system_standing
    from discovery.service.permissions import os_actor

    with Session(config_path, db).store() as store:
        decided = system_standing.govern(store, system, actor=os_actor(), reason=reason)
    write_decided(decided, f"{decided.system.name} is governed.", fmt)


@click.command(
    "reject",
    cls=Command,
    examples=(
        Example(
            'aicensus systems reject demo-notebook --code test_only --reason "a course exercise"',
            "Say that a candidate is nothing to answer for.",
        ),
    ),
)
@click.argument("system")
@click.option(
    "--code",
    required=True,
    metavar="CODE",
    help="Why: not_ai, duplicate, false_positive, test_only or out_of_scope.",
)
@reason_option(required=True)
@format_option()
@store_options
def reject(system: str, code: str, reason: str, fmt: str, config_path: Path | None, db: str | None) -> None:
    """Say that the candidate SYSTEM is no system to answer for."""
    from discovery.cli.decided import write_decided
    from discovery.service import system_standing
    from discovery.service.permissions import os_actor

    with Session(config_path, db).store() as store:
        decided = system_standing.reject(store, system, actor=os_actor(), code=code, reason=reason)
    write_decided(decided, f"{decided.system.name} is rejected.", fmt)


@click.command(
    "retire",
    cls=Command,
    examples=(
        Example(
            'aicensus systems retire support-bot --reason "replaced by helpdesk"',
            "Say that it is used no more.",
        ),
    ),
)
@click.argument("system")
@reason_option(required=True)
@format_option()
@store_options
def retire(system: str, reason: str, fmt: str, config_path: Path | None, db: str | None) -> None:
    """Say that SYSTEM is no longer used."""
    from discovery.cli.decided import write_decided
    from discovery.service import system_standing
    from discovery.service.permissions import os_actor

    with Session(config_path, db).store() as store:
        decided = system_standing.retire(store, system, actor=os_actor(), reason=reason)
    write_decided(decided, f"{decided.system.name} is retired.", fmt)


@click.command(
    "assign",
    cls=Command,
    examples=(
        Example(
            "aicensus systems assign support-bot --unit Retail", "Put a system into an organisation unit."
        ),
    ),
)
@click.argument("system")
@click.option(
    "--unit", required=True, metavar="UNIT", help='The unit; "" leaves it to the scopes of the units.'
)
@reason_option(required=False)
@format_option()
@store_options
def assign(system: str, unit: str, reason: str, fmt: str, config_path: Path | None, db: str | None) -> None:
    """Put SYSTEM into an organisation unit."""
    from discovery.cli.decided import write_decided
    from discovery.service import system_standing
    from discovery.service.permissions import os_actor

    with Session(config_path, db).store() as store:
        decided = system_standing.assign(store, system, unit, actor=os_actor(), reason=reason)
    said = f"is of the unit {unit}" if unit else "is of the unit that its scopes say"
    write_decided(decided, f"{decided.system.name} {said}.", fmt)


def check_filters(kind: str | None, states: tuple[str, ...]) -> None:
    """Raise a usage error for a kind or state that no system can have: an empty list misleads."""
    from difflib import get_close_matches

    from discovery.service.system_standing import KINDS, STATES

    kinds = (kind,) if kind is not None else ()
    given: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
        ("--kind", kinds, KINDS),
        ("--state", states, STATES),
    )
    for option, said, known in given:
        for one in said:
            if one not in known:
                near = get_close_matches(one, known, n=1)
                hint = f"did you mean {near[0]!r}? " if near else ""
                raise click.BadParameter(
                    f"{one!r} is unknown; {hint}known: {', '.join(known)}", param_hint=option
                )


VERBS = (add, register, govern, reject, retire, assign)

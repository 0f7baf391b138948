"""``aicensus attest``: campaigns in which owners confirm what is on record."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from discovery.cli.lazy import Example, Group
from discovery.cli.options import format_option, reason_option, stack, store_options
from discovery.cli.session import Session
from discovery.cli.single_user import tell

if TYPE_CHECKING:
    from discovery.service.attestation import CampaignFilter

_WHICH: Callable[[Any], Any] = stack(
    click.option(
        "--state",
        "states",
        multiple=True,
        metavar="STATE",
        help="Only this state; may be repeated. [default: registered, governed]",
    ),
    click.option("--kind", metavar="KIND", help="Only systems of this kind."),
    click.option("--text", metavar="TEXT", help="Only names that contain TEXT."),
)
_DECISIONS = ("confirm", "correct", "retire", "not_mine")
_QUESTIONS = ("needed", "purpose", "data", "oversight", "owner")


@click.group(
    cls=Group,
    default="list",
    examples=(
        Example("aicensus attest start 2026-Q4", "Ask the owners of all registered systems."),
        Example("aicensus attest status 2026-Q4", "See who has answered and who is to be reminded."),
        Example("aicensus attest answer 2026-Q4 support-bot confirm", "Confirm one system."),
    ),
)
def attest() -> None:
    """Ask owners to confirm what is on record."""


@attest.command(
    "start", examples=(Example("aicensus attest start 2026-Q4 --days 14", "Ask, with two weeks to answer."),)
)
@click.argument("name")
@_WHICH
@click.option("--due", "is_due", is_flag=True, help="Only those that 'attest due' lists.")
@click.option(
    "--days", type=int, default=14, show_default=True, metavar="N", help="How long it can be answered."
)
@format_option(("table", "json"))
@store_options
def start(
    name: str,
    states: tuple[str, ...],
    kind: str | None,
    text: str | None,
    is_due: bool,
    days: int,
    fmt: str,
    config_path: Path | None,
    db: str | None,
) -> None:
    """Start the campaign NAME over systems; each is frozen as it is now."""
    from discovery.cli.columns_evidence import campaign_listing
    from discovery.service import attestation, attestation_status
    from discovery.service.permissions import os_actor

    session = Session(config_path, db)
    chosen = _filter(states, kind, text, is_due=is_due)
    with session.store() as store:
        made = attestation.start(
            store, name, actor=os_actor(), filters=chosen, days=days, timezone=session.zone
        )
        rows = [
            one for one in attestation_status.listed(store, timezone=session.zone) if one.campaign_id == made
        ]
    campaign_listing().write(rows, fmt)


@attest.command("due", examples=(Example("aicensus attest due", "See whose word is needed again, and why."),))
@_WHICH
@format_option()
@store_options
def due(
    states: tuple[str, ...],
    kind: str | None,
    text: str | None,
    fmt: str,
    config_path: Path | None,
    db: str | None,
) -> None:
    """List the systems whose owner is to be asked again: the day has come, or something happened since."""
    from discovery.cli.columns_evidence import due_listing
    from discovery.service import attestation

    session = Session(config_path, db)
    chosen = _filter(states, kind, text)
    with session.store(read_only=True) as store:
        rows = attestation.due(store, chosen, timezone=session.zone)
    due_listing().write(rows, fmt)


def _filter(
    states: tuple[str, ...], kind: str | None, text: str | None, *, is_due: bool = False
) -> CampaignFilter:
    from discovery.cli.standing import check_filters
    from discovery.service.attestation import CampaignFilter

    check_filters(kind, states)
    return CampaignFilter(kind=kind, text=text, is_due=is_due, **({"states": states} if states else {}))


@attest.command("list", examples=(Example("aicensus attest list", "See all campaigns in numbers."),))
@format_option()
@store_options
def list_campaigns(fmt: str, config_path: Path | None, db: str | None) -> None:
    """List campaigns, newest first."""
    from discovery.cli.columns_evidence import campaign_listing
    from discovery.service import attestation_status, single_user

    session = Session(config_path, db)
    with session.store(read_only=True) as store:
        rows = attestation_status.listed(store, timezone=session.zone)
        unproven = single_user.decisions(store, timezone=session.zone)
    campaign_listing().write(rows, fmt)
    tell(unproven, fmt)


@attest.command(
    "status", examples=(Example("aicensus attest status 2026-Q4 --remind", "Whom to remind today."),)
)
@click.argument("campaign")
@click.option("--remind", is_flag=True, help="Only those to be reminded today.")
@format_option()
@store_options
def status(campaign: str, remind: bool, fmt: str, config_path: Path | None, db: str | None) -> None:
    """Show every system of CAMPAIGN: who is asked, and what they said."""
    from discovery.cli.columns_evidence import item_listing
    from discovery.service import attestation_status, single_user

    session = Session(config_path, db)
    with session.store(read_only=True) as store:
        rows = attestation_status.status(store, campaign, timezone=session.zone)
        unproven = single_user.decisions(store, timezone=session.zone)
    item_listing(rows).write([one for one in rows if one.remind or not remind], fmt)
    tell(unproven, fmt)


@attest.command(
    "answer",
    examples=(
        Example("aicensus attest answer 2026-Q4 support-bot confirm", "All five answers are yes."),
        Example(
            'aicensus attest answer 2026-Q4 support-bot correct --wrong data --reason "reads mails now"',
            "Something is not right any more.",
        ),
    ),
)
@click.argument("campaign")
@click.argument("system")
@click.argument("decision", type=click.Choice(_DECISIONS))
@click.option(
    "--wrong", multiple=True, type=click.Choice(_QUESTIONS), help="What is not right; may be repeated."
)
@reason_option(required=False)
@format_option()
@store_options
def answer(
    campaign: str,
    system: str,
    decision: str,
    wrong: tuple[str, ...],
    reason: str,
    fmt: str,
    config_path: Path | None,
    db: str | None,
) -> None:
    """Answer about SYSTEM: it is needed, purpose, data, oversight and owner are right; or what is not.

    The answer is signed and cannot be given twice. 'not_mine' ends the ownership of who was asked.
    """
    from discovery.cli.decided import write_decided
    from discovery.service import attestation
    from discovery.service.permissions import os_actor

    session = Session(config_path, db)
    given = attestation.Answer(decision=decision, wrong=wrong, reason=reason)
    with session.store() as store:
        decided = attestation.answer(
            store, campaign, system, given, actor=os_actor(), key=session.signing_key, timezone=session.zone
        )
    write_decided(decided, f"{decided.system.name}: {decision.replace('_', ' ')}.", fmt)


@attest.command(
    "delegate",
    examples=(Example("aicensus attest delegate 2026-Q4 support-bot bo@example.org", "Let Bo answer."),),
)
@click.argument("campaign")
@click.argument("system")
@click.argument("party")
@reason_option(required=False)
@format_option()
@store_options
def delegate(
    campaign: str, system: str, party: str, reason: str, fmt: str, config_path: Path | None, db: str | None
) -> None:
    """Let PARTY be asked about SYSTEM instead; the day stays."""
    from discovery.cli.decided import write_decided
    from discovery.service import attestation
    from discovery.service.permissions import os_actor

    session = Session(config_path, db)
    with session.store() as store:
        decided = attestation.delegate(
            store, campaign, system, party, actor=os_actor(), key=session.signing_key, reason=reason
        )
    write_decided(decided, f"{party} is asked about {decided.system.name}.", fmt)


@attest.command(
    "export",
    examples=(Example("aicensus attest export 2026-Q4", "Write the signed answers, to be kept."),),
)
@click.argument("campaign")
@store_options
def export(campaign: str, config_path: Path | None, db: str | None) -> None:
    """Write the signed statements of CAMPAIGN as JSON, and whether each signature fits."""
    from discovery.render.as_json import write_array
    from discovery.service import attestation_status, single_user

    session = Session(config_path, db)
    with session.store(read_only=True) as store:
        rows = attestation_status.statements(store, campaign, session.signing_key)
        unproven = single_user.decisions(store, timezone=session.zone)
    write_array(
        [{"system_id": one, "statement": text, "signature_fits": fits} for one, text, fits in rows],
        sys.stdout,
    )
    tell(unproven, "json")

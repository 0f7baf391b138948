"""Show what a scan would do: ``aicensus scan --plan``."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from discovery.cli.boundary import ExitCode

if TYPE_CHECKING:
    from discovery.cli.session import Session
    from discovery.service.preview import InstancePlan
    from discovery.service.scan import ScanRequest


def show_plan(session: Session, request: ScanRequest, fmt: str, *, fresh: bool) -> ExitCode:
    """Write the plan and return the exit code: partial when something could not be listed."""
    if fmt not in ("table", "json"):
        raise click.UsageError("--plan is written as table or json")
    from discovery.service.preview import preview
    from store.errors import StoreMissing

    try:
        if fresh:
            plans = preview(session.config, request, None)
        else:
            with session.store(read_only=True) as store:
                plans = preview(session.config, request, store)
    except StoreMissing:
        plans = preview(session.config, request, None)
    if fmt == "json":
        from discovery.render.as_json import write_array

        write_array(map(asdict, plans), sys.stdout)
    else:
        for plan in plans:
            _write(plan, session.config.scan.workers)
        click.echo("\nNothing was read but what it takes to know this.")
    return ExitCode.CLEAN if all(plan.is_whole for plan in plans) else ExitCode.PARTIAL


def _write(plan: InstancePlan, workers: int) -> None:
    from discovery.render.facts import write_facts, write_list
    from discovery.render.text import count, words

    ready = plan.to_read
    left_out = len(plan.scopes) - len(ready)
    write_facts(
        plan.instance,
        (
            ("listed", "" if plan.is_whole else f"{words(plan.status)}: {plan.reason}"),
            ("scopes", f"{len(ready):,} to read, {left_out:,} left out"),
            ("accounts", f"{plan.accounts:,}" if plan.accounts else ""),
            ("regions", f"{plan.regions:,}" if plan.regions else ""),
            ("parts", f"{plan.listings:,}"),
            ("calls", _calls(plan)),
            ("time", _time(plan, workers)),
            ("cost", _cost(plan)),
        ),
    )
    reasons = Counter(one.left_out for one in plan.scopes if one.left_out)
    write_list(
        "Left out", [f"{count(number, 'scope')}: {reason}" for reason, number in reasons.most_common()]
    )


def _calls(plan: InstancePlan) -> str:
    if not plan.calls:
        return "none is known of"
    is_measured = all(one.is_measured for one in plan.to_read)
    return (
        f"about {plan.calls:,}, as last time" if is_measured else f"{plan.calls:,} and more for what is found"
    )


def _time(plan: InstancePlan, workers: int) -> str:
    from discovery.render.text import count, duration

    if not plan.seconds:
        return ""
    return f"about {duration(plan.seconds)} with {count(workers, 'worker')}"


def _cost(plan: InstancePlan) -> str:
    """Say what is charged at most, and which calls that cost money are off."""
    if not plan.charges:
        return ""
    told: Sequence[str] = [
        f"{one.name}: at most {one.usd_at_most:,.2f} USD ({one.allowed:,} {one.what})"
        if one.allowed
        else f"{one.name}: off ({one.option}, {_price(one.usd_each)} USD each)"
        for one in plan.charges
    ]
    return f"at most {plan.usd_at_most:,.2f} USD. {'; '.join(told)}"


def _price(usd: float) -> str:
    """Write a price without an exponent, however small it is."""
    return f"{usd:.8f}".rstrip("0").rstrip(".")

"""Say what a decision on a system left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from discovery.service.decisions import Decided


def write_decided(decided: Decided, said: str, fmt: str) -> None:
    """Write ``said`` and the consequences as text, or the system as it now stands in ``fmt``."""
    from discovery.render.text import count, safe

    for warning in decided.warnings:
        click.echo(f"Note: {safe(warning)}", err=True)
    if fmt != "table":
        from discovery.cli.columns import system_listing

        system_listing([decided.system], width=0).write([decided.system], fmt)
        return
    click.echo(safe(said, limit=600))
    if decided.alerts_resolved:
        click.echo(f"Resolved {count(decided.alerts_resolved, 'alert')}.")
    if decided.alerts_opened:
        click.echo(f"Opened {count(decided.alerts_opened, 'alert')}.")
    missing = _still_missing(decided)
    if missing:
        click.echo(missing)


def _still_missing(decided: Decided) -> str:
    from discovery.render.shell import quote
    from discovery.render.text import safe, words

    system = decided.system
    if system.state in ("retired", "rejected", "merged"):
        return ""
    if not system.owner:
        return f"Still without an owner: aicensus owner set {quote(system.name)} PARTY"
    if not system.oversight.complete:
        lacking = ", ".join(map(words, system.oversight.missing))
        tail = f" (missing: {safe(lacking)})" if lacking else ""
        return (
            f"Still without a complete oversight record{tail}: aicensus oversight record {quote(system.name)}"
        )
    return ""

"""How a scan of changes ends on the screen: what is new in what changed, and what was left out of account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from discovery.render.text import count, safe, words

if TYPE_CHECKING:
    from discovery.cli.gate import Gate
    from discovery.service.judging import Thing
    from discovery.service.scan import ScanReport
    from store import Store

_MOST_THINGS = 100
_MOST_LINES = 8


def write_changes(store: Store, report: ScanReport, gate: Gate, fmt: str) -> None:
    """Write what changed; any format but ``table`` prints the systems that hold it."""
    if fmt != "table":
        from discovery.cli.columns import system_listing
        from discovery.service import inventory

        ids = {one.asset.system_id for one in gate.things}
        systems = [row for row in inventory.list_systems(store) if row.system_id in ids]
        system_listing(systems, width=0).write(systems, fmt)
        for reason in report.partial_reasons[:_MOST_LINES]:
            click.echo(f"not seen: {safe(reason)}", err=True)
        return
    _heading(gate)
    _things(gate.things[:_MOST_THINGS])
    if len(gate.things) > _MOST_THINGS:
        click.echo(f"  … and {len(gate.things) - _MOST_THINGS:,} more: --format json, --sarif FILE")
    _left_out(gate.things)
    for reason in report.partial_reasons[:_MOST_LINES]:
        click.echo(f"Could not be seen: {safe(reason, limit=1000)}")
    for hidden in gate.hidden[:_MOST_LINES]:
        click.echo(f"Hidden: {safe(hidden, limit=1000)}")
    click.echo("\nOnly what changed was looked at: nothing counts as gone by this scan.")


def _heading(gate: Gate) -> None:
    from discovery.render.terminal import console

    new = sum(one.counts for one in gate.things)
    known = sum(not one.is_new for one in gate.things)
    text = f"Changed since {safe(gate.compared_with)}: {new:,} new, {known:,} known before."
    if not gate.things:
        text = f"Changed since {safe(gate.compared_with)}: no AI in what changed."
    console().print(f"\n{text}", style="bold yellow" if new else "bold", markup=False, highlight=False)


def _things(things: Sequence[Thing]) -> None:
    if not things:
        return
    from discovery.render.as_table import Column, write_table
    from discovery.render.terminal import console
    from discovery.service.judging import Thing

    click.echo()
    columns = [
        Column[Thing](
            title="", text=_standing, whole=True, style=lambda one: "yellow" if one.counts else "dim"
        ),
        Column[Thing](title="THING", text=lambda one: one.asset.name),
        Column[Thing](title="KIND", text=lambda one: words(one.asset.kind)),
        Column[Thing](title="PROVIDER", text=lambda one: one.asset.provider),
        Column[Thing](title="WHERE", text=_where),
    ]
    write_table(console(), columns, things, indent=2)


def _standing(one: Thing) -> str:
    if one.counts:
        return "new"
    return "new, excused" if one.is_new else "known"


def _where(one: Thing) -> str:
    first = one.places[0].locator if one.places else one.asset.natural_id
    return f"{first} and {len(one.places) - 1:,} more" if len(one.places) > 1 else first


def _left_out(things: Sequence[Thing]) -> None:
    """Say why new things do not count; what is in a baseline is known, and told as a number."""
    reasons: dict[str, int] = {}
    for one in things:
        if one.excuse is not None and (one.is_new or one.excuse.kind == "baseline"):
            reasons[one.excuse.reason] = reasons.get(one.excuse.reason, 0) + 1
    if reasons:
        click.echo()
    for reason, number in reasons.items():
        click.echo(f"Not counted: {count(number, 'thing')}, {safe(reason)}.")

"""Write one thing in full: a title, then names and values side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import click

from discovery.render.text import safe

Fact = tuple[str, str]


def write_facts(title: str, facts: Iterable[Fact]) -> None:
    """Write a title and its facts; empty values are left out, long ones wrapped under themselves."""
    import textwrap

    from discovery.render.terminal import console

    screen = console()
    screen.print(safe(title), style="bold")
    rows = [(name, safe(value, limit=2000)) for name, value in facts if value]
    width = max((len(name) for name, _ in rows), default=0)
    room = max(screen.width - width - 4, 20)
    for name, value in rows:
        lines = textwrap.wrap(value, room, break_on_hyphens=False, break_long_words=False) or [""]
        click.echo(f"  {name:<{width}}  {lines[0]}")
        for line in lines[1:]:
            click.echo(f"  {'':<{width}}  {line}")


def write_list(title: str, lines: Sequence[str], *, most: int = 20) -> None:
    """Write a headed list of at most ``most`` lines, and say how many were left out."""
    if not lines:
        return
    from discovery.render.terminal import console

    console().print(f"\n{title}", style="bold")
    for line in lines[:most]:
        click.echo(f"  {safe(line)}")
    if len(lines) > most:
        click.echo(f"  … and {len(lines) - most:,} more")

"""Show with every report what was decided in single-user mode."""

from __future__ import annotations

from collections.abc import Sequence

import click

_READ = ("table", "text")
_MOST = 5


def tell(decisions: Sequence[str], fmt: str) -> None:
    """Write what no proven second person decided below a report; beside it where programs read that."""
    if not decisions:
        return
    from discovery.render.text import safe, single_user

    err = fmt not in _READ
    click.echo(f"{'' if err else chr(10)}{single_user(len(decisions))}", err=err)
    for one in decisions[:_MOST]:
        click.echo(f"  {safe(one)}", err=err)
    if len(decisions) > _MOST:
        click.echo(f"  and {len(decisions) - _MOST:,} more: aicensus report gaps --format json", err=err)

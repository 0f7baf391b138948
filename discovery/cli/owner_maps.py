"""``aicensus owner map``, ``maps`` and ``unmap``: whom the values of owner evidence mean."""

from __future__ import annotations

from pathlib import Path

import click

from discovery.cli.lazy import Command, Example
from discovery.cli.options import format_option, reason_option, store_options
from discovery.cli.session import Session


@click.command(
    "map",
    cls=Command,
    examples=(
        Example(
            "aicensus owner map ml-platform dana@example.org", "Say whom the tag owner=ml-platform means."
        ),
    ),
)
@click.argument("value")
@click.argument("party")
@reason_option(required=False)
@format_option(("table", "json"))
@store_options
def map_value(
    value: str, party: str, reason: str, fmt: str, config_path: Path | None, db: str | None
) -> None:
    """Let VALUE of tags and owner files mean PARTY, who is proposed wherever it stands.

    Nobody is accepted by that. 'owner set' after 'owner decline' keeps the same by itself.
    """
    from discovery.service import owner_mapping
    from discovery.service.permissions import os_actor

    with Session(config_path, db).store() as store:
        done = owner_mapping.map_value(store, value, party, actor=os_actor(), reason=reason)
    _write(done, f"{done.value} stands for {done.party} from now on", fmt)


@click.command(
    "unmap",
    cls=Command,
    examples=(
        Example(
            'aicensus owner unmap ml-platform --reason "the team has a lead of its own"', "Take it back."
        ),
    ),
)
@click.argument("value")
@reason_option(required=True)
@format_option(("table", "json"))
@store_options
def unmap(value: str, reason: str, fmt: str, config_path: Path | None, db: str | None) -> None:
    """Let VALUE mean only itself again; who accepted meanwhile still answers."""
    from discovery.service import owner_mapping
    from discovery.service.permissions import os_actor

    with Session(config_path, db).store() as store:
        done = owner_mapping.unmap(store, value, actor=os_actor(), reason=reason)
    _write(done, f"{done.value} no longer stands for {done.party}", fmt)


@click.command(
    "maps", cls=Command, examples=(Example("aicensus owner maps", "See whom which values stand for."),)
)
@format_option()
@store_options
def maps(fmt: str, config_path: Path | None, db: str | None) -> None:
    """List whom values of owner evidence mean, as people said."""
    from discovery.cli.columns_people import map_listing
    from discovery.service import owner_mapping

    session = Session(config_path, db)
    with session.store(read_only=True) as store:
        rows = owner_mapping.listed(store)
    map_listing(session.zone).write(rows, fmt)


def _write(done: object, told: str, fmt: str) -> None:
    import sys
    from dataclasses import asdict

    from discovery.render.as_json import write_array
    from discovery.render.text import safe
    from discovery.service.owner_mapping import Mapped

    assert isinstance(done, Mapped)
    for warning in done.warnings:
        click.echo(f"Note: {safe(warning)}", err=True)
    if fmt == "json":
        write_array([asdict(done)], sys.stdout)
        return
    count = f"{done.systems} {'system was' if done.systems == 1 else 'systems were'}"
    click.echo(f"{safe(told)}; {count} weighed again.")

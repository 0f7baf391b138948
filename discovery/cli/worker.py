"""``aicensus worker``: lend a machine to the scans of a daemon elsewhere."""

from __future__ import annotations

from pathlib import Path

import click

from discovery.cli.lazy import Command, Example
from discovery.cli.logs import set_up_logs
from discovery.cli.options import config_option, debug_option
from discovery.cli.session import Session


@click.command(
    cls=Command,
    examples=(
        Example("aicensus worker --config /etc/aicensus.toml", "Work until SIGTERM, as a service would."),
    ),
)
@config_option
@debug_option
def worker(config_path: Path | None) -> None:
    """Read scopes for the scans of other machines.

    Takes work from the queue of the configured executor and sends back what was found; needs the vendors'
    credentials but not the store. SIGTERM ends it cleanly.
    """
    from discovery.service.daemon import run_worker

    session = Session(config_path, None)
    set_up_logs(lines=True)
    run_worker(session.config)

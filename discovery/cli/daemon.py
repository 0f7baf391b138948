"""``aicensus daemon``: scan on a schedule until it is told to stop."""

from __future__ import annotations

from pathlib import Path

import click

from discovery.cli.lazy import Command, Example
from discovery.cli.logs import set_up_logs
from discovery.cli.options import store_options
from discovery.cli.session import Session


@click.command(
    cls=Command,
    examples=(
        Example("aicensus daemon --config /etc/aicensus.toml", "Run until SIGTERM, as a service would."),
    ),
)
@store_options
def daemon(config_path: Path | None, db: str | None) -> None:
    """Scan on the schedule of the configuration.

    Every connector instance with a schedule or an interval is scanned when it is due. Several daemons may
    share a store: one leads, another takes over when it dies. SIGTERM ends it cleanly.
    """
    from discovery.service.daemon import run_daemon

    session = Session(config_path, db)
    set_up_logs(lines=True)
    with session.store(create=True) as store:
        run_daemon(session.config, store)

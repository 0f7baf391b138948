"""``aicensus outbox``: what is to be delivered, and what could not be."""

from __future__ import annotations

from pathlib import Path

import click

from discovery.cli.lazy import Example, Group
from discovery.cli.options import effective_limit, format_option, limit_option, store_options
from discovery.cli.session import Session

TABLE_LIMIT = 100


@click.group(
    cls=Group,
    default="list",
    examples=(
        Example("aicensus outbox", "See what waits to be told, and what was given up."),
        Example("aicensus outbox send", "Tell the receivers now."),
    ),
)
def outbox() -> None:
    """Send what waits for the receivers, and see what did not arrive."""


@outbox.command("list", examples=(Example("aicensus outbox list --state dead", "List what was given up."),))
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice(("waiting", "done", "dead")),
    help="Only this state; repeatable. Unless given: waiting and dead.",
)
@click.option("--receiver", metavar="NAME", help="Only of this receiver.")
@limit_option(TABLE_LIMIT)
@format_option()
@store_options
def list_outbox(
    states: tuple[str, ...],
    receiver: str | None,
    limit: int | None,
    fmt: str,
    config_path: Path | None,
    db: str | None,
) -> None:
    """List messages to receivers, the newest first, with the reason why they did not arrive."""
    from discovery.cli.columns_notify import outbox_listing
    from discovery.service import notifying

    session = Session(config_path, db)
    with session.store(read_only=True) as store:
        rows = notifying.outbox(store, states, receiver)
    outbox_listing(rows, session.zone).write(rows, fmt, limit=effective_limit(limit, fmt, TABLE_LIMIT))


@outbox.command("send", examples=(Example("aicensus outbox send", "Tell the receivers what waits."),))
@store_options
def send_outbox(config_path: Path | None, db: str | None) -> None:
    """Send what is due, without waiting for more of its kind; digests wait for their day.

    Exits with 1 when something did not arrive. The daemon does this by itself.
    """
    from discovery.render.text import count, safe
    from discovery.service import notifying

    session = Session(config_path, db)
    with session.store() as store:
        done = notifying.send(store, session.config, at_once=True)
    click.echo(f"{count(done.sent, 'message', 'messages')} sent.")
    for receiver, problem in sorted(done.problems.items()):
        click.echo(f"{receiver}: {safe(problem)}", err=True)
    if done.failed or done.given_up:
        click.echo(
            f"{done.failed} wait for the next try, {done.given_up} given up: aicensus outbox list", err=True
        )
        raise SystemExit(1)


@outbox.command(
    "retry", examples=(Example("aicensus outbox retry", "Let all that was given up be sent again."),)
)
@click.argument("messages", nargs=-1, metavar="[MESSAGE...]")
@store_options
def retry_outbox(messages: tuple[str, ...], config_path: Path | None, db: str | None) -> None:
    """Make MESSAGES due now by id or its beginning; without any, all that were given up."""
    from discovery.render.text import count
    from discovery.service import notifying

    session = Session(config_path, db)
    with session.store() as store:
        revived = notifying.retry(store, messages)
    click.echo(f"{count(revived, 'message is', 'messages are')} due now: aicensus outbox send")

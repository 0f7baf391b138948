"""Options that mean the same in every command."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click

F = TypeVar("F", bound=Callable[..., Any])
SEVERITIES = ("low", "medium", "high", "critical")


def stack(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    """Apply decorators so that the first one is listed first in the help."""

    def apply(function: F) -> F:
        for decorate in reversed(decorators):
            function = decorate(function)
        return function

    return apply


def _debug(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        ctx.find_root().meta["debug"] = True


def debug_option(function: F) -> F:
    """Add ``--debug``: show where an internal error came from."""
    return click.option(
        "--debug",
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=_debug,
        envvar="AICENSUS_DEBUG",
        help="Show the full trace of an internal error.",
    )(function)


def config_option(function: F) -> F:
    """Add ``--config FILE``."""
    return click.option(
        "--config",
        "config_path",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        envvar="AICENSUS_CONFIG",
        help="Configuration file. [env: AICENSUS_CONFIG]",
    )(function)


def db_option(function: F) -> F:
    """Add ``--db URL|PATH``."""
    return click.option(
        "--db",
        metavar="URL|PATH",
        envvar="AICENSUS_DB",
        help="Store to use: a SQLite file or a database URL. [env: AICENSUS_DB]",
    )(function)


def format_option(formats: Sequence[str] = ("table", "json", "jsonl", "csv")) -> Callable[[F], F]:
    """Add ``--format`` with the first of ``formats`` as its default."""
    return click.option(
        "--format",
        "fmt",
        type=click.Choice(list(formats)),
        default=formats[0],
        show_default=True,
        help="How to write the answer.",
    )


def as_of_option(function: F) -> F:
    """Add ``--as-of DATE``."""
    return click.option(
        "--as-of",
        metavar="DATE",
        help="Answer with what was known then: a day (its end, in the organisation's time zone) or a time.",
    )(function)


def limit_option(default: int) -> Callable[[F], F]:
    """Add ``--limit N``; tables stop at ``default``, the other formats only when it is given."""
    return click.option(
        "--limit",
        type=click.IntRange(min=0),
        default=None,
        metavar="N",
        help=f"Stop after N rows, 0 for all. [default: {default} in a table, else all]",
    )


def reason_option(*, required: bool) -> Callable[[F], F]:
    """Add ``--reason TEXT``; decisions keep it in the audit log."""
    return click.option(
        "--reason", required=required, default="", metavar="TEXT", help="Why; kept in the audit log."
    )


def until_option(what: str) -> Callable[[F], F]:
    """Add ``--until DATE``."""
    return click.option("--until", metavar="DATE", help=what)


no_suppressed_option = click.option(
    "--no-suppressed",
    is_flag=True,
    help="Leave suppressed results out of SARIF, for views that show them as open, such as GitHub's.",
)


version_option = click.option(
    "--if-version",
    type=click.IntRange(min=0),
    metavar="N",
    help="Change it only if the record still has this version; 'record show' tells it.",
)


store_options = stack(config_option, db_option, debug_option)


def effective_limit(limit: int | None, fmt: str, default: int) -> int:
    """Return how many rows to write at most; 0 means all."""
    if limit is not None:
        return limit
    return default if fmt == "table" else 0


def parse_day(text: str, option: str) -> date:
    """Read ``YYYY-MM-DD``; raises a usage error that names the option."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise click.BadParameter(
            f"{text!r} is not a day; write it as 2026-11-22", param_hint=option
        ) from error


def parse_start(text: str, zone: str) -> datetime | None:
    """Read a day (its first moment in ``zone``) or an ISO time; ``None`` when it is neither."""
    tz = UTC if zone == "UTC" else ZoneInfo(zone)
    try:
        moment = datetime.fromisoformat(text.strip())
        if "-" not in text:  # 20261122 could be the beginning of a commit's id
            return None
        return (moment if moment.tzinfo else moment.replace(tzinfo=tz)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def parse_moment(text: str, zone: str, option: str = "--as-of") -> datetime:
    """Read a day (its last microsecond in ``zone``) or an ISO time (``zone`` unless it has its own)."""
    tz = UTC if zone == "UTC" else ZoneInfo(zone)
    stripped = text.strip()
    try:
        if len(stripped) == 10:
            return datetime.combine(date.fromisoformat(stripped), time.max, tz).astimezone(UTC)
        moment = datetime.fromisoformat(stripped)
        return (moment if moment.tzinfo else moment.replace(tzinfo=tz)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(
            f"{text!r} is neither a day (2026-11-22) nor a time (2026-11-22T14:30)", param_hint=option
        ) from error

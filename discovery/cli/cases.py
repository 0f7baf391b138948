"""``aicensus cases``: all open alerts of one system as one piece of work."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from discovery.cli.lazy import Example, Group
from discovery.cli.options import (
    SEVERITIES,
    effective_limit,
    format_option,
    limit_option,
    reason_option,
    store_options,
)
from discovery.cli.session import Session

if TYPE_CHECKING:
    from discovery.service.cases import CaseDetail

TABLE_LIMIT = 100


@click.group(
    cls=Group,
    default="list",
    examples=(
        Example("aicensus cases", "List the systems that want something, most severe first."),
        Example("aicensus cases show claims-portal", "Show all that one system wants."),
    ),
)
def cases() -> None:
    """See what each system wants as one case, and give it to somebody."""


@cases.command("list", examples=(Example("aicensus cases list --severity critical", "The worst only."),))
@click.option(
    "--state", "states", multiple=True, type=click.Choice(("open", "closed")), help="Only this; repeatable."
)
@click.option("--severity", type=click.Choice(SEVERITIES), help="Only where this severity leads.")
@click.option("--assignee", metavar="PARTY", help="Only what somebody has, or is to answer.")
@limit_option(TABLE_LIMIT)
@format_option()
@store_options
def list_cases(
    states: tuple[str, ...],
    severity: str | None,
    assignee: str | None,
    limit: int | None,
    fmt: str,
    config_path: Path | None,
    db: str | None,
) -> None:
    """List cases, most severe first, then what is due first; without --state the open ones."""
    from discovery.cli.columns_notify import case_listing
    from discovery.service import cases as service

    session = Session(config_path, db)
    with session.store(read_only=True) as store:
        rows = service.list_cases(store, states=states, severity=severity, assignee=assignee)
    case_listing(rows, session.zone).write(rows, fmt, limit=effective_limit(limit, fmt, TABLE_LIMIT))


@cases.command("show", examples=(Example("aicensus cases show claims-portal", "By system, or by id."),))
@click.argument("case")
@format_option(("table", "json"))
@store_options
def show_case(case: str, fmt: str, config_path: Path | None, db: str | None) -> None:
    """Show one CASE by id, beginning of an id, or system; `organisation` is that of no system."""
    from discovery.service import cases as service

    session = Session(config_path, db)
    with session.store(read_only=True) as store:
        found = service.show_case(store, case)
    _write(found, fmt, session.zone)


@cases.command(
    "assign",
    examples=(Example("aicensus cases assign claims-portal --to dana@example.org", "Give it."),),
)
@click.argument("case")
@click.option("--to", "assignee", required=True, metavar="PARTY", help="E-mail, @handle or name.")
@reason_option(required=False)
@format_option(("table", "json"))
@store_options
def assign_case(
    case: str, assignee: str, reason: str, fmt: str, config_path: Path | None, db: str | None
) -> None:
    """Give a CASE and all its open alerts to somebody."""
    from discovery.service import cases as service
    from discovery.service.permissions import os_actor

    session = Session(config_path, db)
    with session.store() as store:
        done = service.assign_case(store, case, assignee, actor=os_actor(), reason=reason)
    _write(done, fmt, session.zone)


def _write(found: CaseDetail, fmt: str, zone: str) -> None:
    if fmt == "json":
        import sys

        from discovery.render.as_json import write_array
        from discovery.service.views import to_json

        write_array(iter([to_json(found)]), sys.stdout)
        return
    from discovery.cli.alert_more import write_tickets
    from discovery.render.facts import write_facts, write_list
    from discovery.render.text import day, minute, words

    one = found.case
    write_facts(
        one.system_name or one.system_id or "The organisation",
        (
            ("case", one.case_id),
            ("state", one.state),
            ("severity", one.severity or ""),
            ("system", one.system_id or ""),
            ("assignee", one.assignee or ""),
            ("answers", one.answers or ""),
            ("opened", day(one.opened_at, zone)),
            ("due first", day(one.due_at, zone)),
            ("closed", day(one.closed_at, zone) if one.closed_at else ""),
            ("took over", ", ".join(found.before)),
        ),
    )
    write_list(
        "What it wants",
        [
            f"{row.rule} {row.severity}, {words(row.state)}, due {day(row.due_at, zone)}:"
            f" {row.title} ({row.alert_id})"
            for row in found.alerts
        ],
        most=50,
    )
    write_tickets(found.tickets, zone)
    write_list(
        "What was said",
        [
            f"{minute(note.at, zone)}  {note.made_by}: {note.body} ({note.note_id})"
            + (f" [edited {len(note.edits)}x]" if note.edits else "")
            for note in found.notes
        ],
        most=50,
    )

"""``aicensus assets``: what systems are made of, with the evidence."""

from __future__ import annotations

from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from discovery.cli.lazy import Example, Group
from discovery.cli.options import as_of_option, effective_limit, format_option, limit_option, store_options
from discovery.cli.session import Session

if TYPE_CHECKING:
    from discovery.service.views import AssetView

TABLE_LIMIT = 100


def _known_kind(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    if value is not None:
        from connectors import kinds

        try:
            kinds.check(value)
        except ValueError as error:
            raise click.BadParameter(str(error)) from error
    return value


@click.group(
    cls=Group,
    default="list",
    examples=(
        Example(
            "aicensus assets --kind api_key --provider openai", "List the keys that are held for one vendor."
        ),
        Example(
            "aicensus assets --text gpt-4 --format jsonl", "Find where a model is named, one object a line."
        ),
    ),
)
def assets() -> None:
    """List what the systems are made of and show one."""


@assets.command(
    "list", examples=(Example("aicensus assets list --state missing", "See what has just disappeared."),)
)
@click.option(
    "--kind",
    metavar="KIND",
    callback=_known_kind,
    help="Only this kind; 'aicensus connectors show NAME' lists kinds.",
)
@click.option("--provider", metavar="NAME", help="Only this provider.")
@click.option(
    "--state",
    "states",
    multiple=True,
    metavar="STATE",
    type=click.Choice(["present", "suspect", "missing", "gone"]),
    help="present, suspect, missing or gone; repeatable.",
)
@click.option("--system", metavar="SYSTEM", help="Only members of this system (id or name).")
@click.option("--connector", metavar="NAME", help="Only what this connector shows.")
@click.option("--text", metavar="TEXT", help="Only where name, natural id or model contains TEXT.")
@limit_option(TABLE_LIMIT)
@as_of_option
@format_option()
@store_options
def list_assets(
    kind: str | None,
    provider: str | None,
    states: tuple[str, ...],
    system: str | None,
    connector: str | None,
    text: str | None,
    limit: int | None,
    as_of: str | None,
    fmt: str,
    config_path: Path | None,
    db: str | None,
) -> None:
    """List assets in order of id; those that are gone only by --state gone."""
    from discovery.cli.columns import asset_listing
    from discovery.service import inventory

    session = Session(config_path, db)
    most = effective_limit(limit, fmt, TABLE_LIMIT)
    filters = inventory.AssetFilter(
        states=states, kind=kind, provider=provider, system=system, connector=connector, text=text
    )
    with session.store(read_only=True) as store:
        rows = inventory.iter_assets(store, filters, as_of=session.moment(as_of))
        # A table needs its rows for the widths; the other formats stream them.
        head = (
            list(islice(rows, most + 1)) if fmt == "table" and most else list(rows) if fmt == "table" else []
        )
        beside = inventory.ids_beside(store, [row.asset_id for row in head])
        asset_listing(head, beside=beside).write(chain(head, rows), fmt, limit=most)


@assets.command(
    "show", examples=(Example("aicensus assets show gpt-4o", "Show one asset and all its evidence."),)
)
@click.argument("asset")
@as_of_option
@format_option()
@store_options
def show_asset(asset: str, as_of: str | None, fmt: str, config_path: Path | None, db: str | None) -> None:
    """Show one ASSET by id, unique beginning of an id, natural id, or name."""
    from discovery.cli.columns import asset_listing
    from discovery.service import inventory

    session = Session(config_path, db)
    with session.store(read_only=True) as store:
        found = inventory.get_asset(store, asset, as_of=session.moment(as_of))
    if fmt == "table":
        _write_asset(found, session.zone)
    else:
        asset_listing([found]).write([found], fmt)


def _write_asset(found: AssetView, zone: str) -> None:
    from discovery.render.as_json import dumps
    from discovery.render.facts import write_facts, write_list
    from discovery.render.text import day, words

    write_facts(
        found.name,
        (
            ("id", found.asset_id),
            ("kind", words(found.kind)),
            ("provider", found.provider),
            ("natural id", found.natural_id),
            ("state", found.state),
            ("grade", found.grade),
            ("role", found.role),
            ("ref", found.ref or ""),
            ("account", found.account or ""),
            ("region", found.region or ""),
            ("model", found.model or ""),
            ("system", found.system_id or "none"),
            ("seen", f"first {day(found.first_seen, zone)}, last {day(found.last_seen, zone)}"),
        ),
    )
    write_list(
        "Evidence",
        [f"{item.locator}  {item.source}  {item.detail}".rstrip() for item in found.evidence],
        most=50,
    )
    write_list(
        "Who may answer for it",
        [f"{one.party} ({one.confidence:.0%}): {'; '.join(one.reasons)}" for one in found.owner_candidates],
    )
    write_list(
        "Attributes", [f"{name}: {dumps(value)}" for name, value in sorted(found.attributes.items())], most=50
    )
    write_list("Tags", [f"{name}: {value}" for name, value in sorted(found.tags.items())], most=50)

"""``aicensus systems merge|split|undo|explain|suggestions``: what is one system, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from discovery.cli.lazy import Command, Example, Group
from discovery.cli.options import as_of_option, format_option, reason_option, store_options
from discovery.cli.session import Session

if TYPE_CHECKING:
    from discovery.service.explaining import ExplainView, LinkView, SuggestionView
    from discovery.service.system_merging import Regrouped


@click.command(
    "merge",
    cls=Command,
    examples=(
        Example(
            'aicensus systems merge support-widget support-bot --reason "one product"',
            "Make support-widget a part of support-bot; its id stays as an alias.",
        ),
    ),
)
@click.argument("system")
@click.argument("into")
@reason_option(required=True)
@format_option()
@store_options
def merge(system: str, into: str, reason: str, fmt: str, config_path: Path | None, db: str | None) -> None:
    """Make SYSTEM a part of the system INTO."""
    from discovery.service import system_merging
    from discovery.service.permissions import os_actor

    with Session(config_path, db).store() as store:
        decided = system_merging.merge(store, system, into, actor=os_actor(), reason=reason)
    _write(decided, f"{system} is now a part of {decided.system.name}.", fmt)


@click.command(
    "split",
    cls=Command,
    examples=(
        Example(
            'aicensus systems split support-bot --asset ast_0193 --reason "another team\'s"',
            "Make a system of its own from one asset; links never join them again.",
        ),
        Example(
            'aicensus systems split support-bot --group "unit:code/R_1|tools" --reason "another tool"',
            "Make one from a whole group, as 'systems explain' names it.",
        ),
    ),
)
@click.argument("system")
@click.option(
    "--asset", "assets", multiple=True, metavar="ASSET", help="An asset to split off; may be repeated."
)
@click.option(
    "--group", "groups", multiple=True, metavar="GROUP", help="A group to split off; may be repeated."
)
@click.option("--name", default="", metavar="NAME", help="What the new system is called.")
@reason_option(required=True)
@format_option()
@store_options
def split(
    system: str,
    assets: tuple[str, ...],
    groups: tuple[str, ...],
    name: str,
    reason: str,
    fmt: str,
    config_path: Path | None,
    db: str | None,
) -> None:
    """Make a system of its own from some assets or groups of SYSTEM; both stay apart for ever."""
    from discovery.service import system_merging
    from discovery.service.permissions import os_actor

    with Session(config_path, db).store() as store:
        decided = system_merging.split(
            store, system, actor=os_actor(), reason=reason, assets=assets, groups=groups, name=name
        )
    _write(decided, f"{decided.system.name} ({decided.system.system_id}) is a system of its own.", fmt)


@click.command(
    "undo",
    cls=Command,
    examples=(
        Example(
            'aicensus systems undo support-bot --reason "two products after all"',
            "Take back the last merge or split of a system.",
        ),
    ),
)
@click.argument("system")
@reason_option(required=True)
@format_option()
@store_options
def undo(system: str, reason: str, fmt: str, config_path: Path | None, db: str | None) -> None:
    """Take back the last merge or split that SYSTEM took part in; a merged id may be given, too."""
    from discovery.service import system_merging
    from discovery.service.permissions import os_actor

    with Session(config_path, db).store() as store:
        decided = system_merging.undo(store, system, actor=os_actor(), reason=reason)
    _write(decided, f"{decided.system.name} ({decided.system.system_id}) is as it was before.", fmt)


@click.command(
    "explain",
    cls=Command,
    examples=(
        Example("aicensus systems explain support-bot", "See why its parts are one system."),
        Example("aicensus systems explain support-bot --format json", "See both evidences of each link."),
    ),
)
@click.argument("system")
@format_option(("table", "json"))
@store_options
def explain(system: str, fmt: str, config_path: Path | None, db: str | None) -> None:
    """Say why the parts of SYSTEM are one: each link and its strength, what is blocked, what is suggested."""
    from discovery.service import explaining
    from discovery.service.views import to_json

    session = Session(config_path, db)
    with session.store(read_only=True) as store:
        found = explaining.explain(store, system)
    if fmt == "json":
        import sys

        from discovery.render.as_json import write_array

        write_array([to_json(found)], sys.stdout)
        return
    _write_explained(found, session.zone)


def _write_explained(found: ExplainView, zone: str) -> None:
    from discovery.render.facts import write_facts, write_list
    from discovery.render.text import day, words

    write_facts(
        found.name,
        (("id", found.system_id), ("kind", words(found.kind)), ("state", found.state), ("unit", found.unit)),
    )
    write_list("Made of", [f"{one.why} ({one.count} assets) [{one.group}]" for one in found.groups])
    titles = {
        "joined": "Joined by",
        "uses": "Uses, or is used by",
        "shared": "Shared with many",
        "blocked": "Linked, but kept apart",
    }
    for state, title in titles.items():
        write_list(title, [_link_text(one) for one in found.links if one.state == state])
    write_list(
        "Earlier ids", [f"{one.alias}: {one.why or 'merged'} ({day(one.at, zone)})" for one in found.merges]
    )
    write_list("Never the same as", [f"{one.name}: {one.why} [{one.system_id}]" for one in found.apart])
    write_list(
        "May be one with it",
        [
            f"{_other(one, found.system_id)} ({one.strength:.0%}): {'; '.join(one.reasons)}"
            f" - aicensus systems suggestions accept {one.suggestion}"
            for one in found.suggestions
        ],
    )


def _other(one: SuggestionView, system_id: str) -> str:
    return one.right_name if one.left_system == system_id else one.left_name


def _link_text(one: LinkView) -> str:
    text = f"{one.rule} ({one.strength:.0%}, {one.how}): {one.why}"
    if one.blocked_by:
        text += f" - but {one.blocked_by}"
    return f"{text} [{one.system_id}]" if one.system_id and one.state != "joined" else text


@click.group(
    "suggestions",
    cls=Group,
    default="list",
    examples=(
        Example("aicensus systems suggestions", "List systems that may be one."),
        Example("aicensus systems suggestions accept 7", "Merge the two of a suggestion."),
    ),
)
def suggestions() -> None:
    """List systems that may be one, and answer."""


@suggestions.command(
    "list",
    examples=(
        Example("aicensus systems suggestions list --system support-bot", "Only those of one system."),
        Example("aicensus systems suggestions list --as-of 2026-11-01", "What was suggested that day."),
    ),
)
@click.option("--system", metavar="SYSTEM", help="Only those of this system.")
@as_of_option
@format_option()
@store_options
def list_suggestions(
    system: str | None, as_of: str | None, fmt: str, config_path: Path | None, db: str | None
) -> None:
    """List what links suggest, strongest first."""
    from discovery.cli.columns_systems import suggestion_listing
    from discovery.service import explaining

    session = Session(config_path, db)
    with session.store(read_only=True) as store:
        rows = explaining.suggestions(store, system, as_of=session.moment(as_of))
    suggestion_listing().write(rows, fmt)


@suggestions.command(
    "accept", examples=(Example("aicensus systems suggestions accept 7", "Merge the two of suggestion 7."),)
)
@click.argument("number", type=int)
@reason_option(required=False)
@format_option()
@store_options
def accept(number: int, reason: str, fmt: str, config_path: Path | None, db: str | None) -> None:
    """Merge the two systems of suggestion NUMBER."""
    from discovery.service import system_merging
    from discovery.service.permissions import os_actor

    with Session(config_path, db).store() as store:
        decided = system_merging.accept_suggestion(store, number, actor=os_actor(), reason=reason)
    _write(decided, f"Merged into {decided.system.name}.", fmt)


@suggestions.command(
    "reject",
    examples=(
        Example(
            'aicensus systems suggestions reject 7 --reason "two products"', "Keep the two apart for ever."
        ),
    ),
)
@click.argument("number", type=int)
@reason_option(required=True)
@format_option()
@store_options
def reject(number: int, reason: str, fmt: str, config_path: Path | None, db: str | None) -> None:
    """Say that the two systems of suggestion NUMBER are not the same."""
    from discovery.service import system_merging
    from discovery.service.permissions import os_actor

    with Session(config_path, db).store() as store:
        decided = system_merging.reject_suggestion(store, number, actor=os_actor(), reason=reason)
    _write(decided, f"{decided.system.name} stays as it is; nobody asks again.", fmt)


def _write(decided: Regrouped, said: str, fmt: str) -> None:
    from discovery.cli.decided import write_decided

    write_decided(decided, said, fmt)


VERBS = (merge, split, undo, explain, suggestions)

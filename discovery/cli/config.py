"""``aicensus config``: is the configuration right, and what does it come to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from discovery.cli.boundary import ExitCode, stop
from discovery.cli.lazy import Example, Group
from discovery.cli.options import config_option, debug_option, format_option
from discovery.cli.session import Session

if TYPE_CHECKING:
    from discovery.config import Config


@click.group(
    cls=Group,
    examples=(
        Example("aicensus config check", "Find every mistake at once, with its line."),
        Example("aicensus config show", "See what holds, defaults included."),
    ),
)
def config() -> None:
    """Check and show the configuration."""


@config.command(
    "check",
    examples=(Example("aicensus config check --config aicensus.toml", "Check a file before it is used."),),
)
@config_option
@debug_option
def check(config_path: Path | None) -> None:
    """Read the configuration and look for the secrets it refers to; exit code 2 for a mistake.

    Nothing is sent anywhere; 'aicensus connectors check' tries the credentials.
    """
    from discovery.config import check_secrets
    from discovery.render.text import count, safe
    from discovery.service import rule_sets

    loaded = Session(config_path, None).config
    rule_sets.of_config(loaded)
    mistakes = check_secrets(loaded)
    where = str(loaded.path) if loaded.path else "no configuration file; the defaults"
    for mistake in mistakes:
        click.echo(safe(mistake, limit=1000), err=True)
    if mistakes:
        click.echo(f"{count(len(mistakes), 'secret')} missing ({safe(where)}).", err=True)
        stop(ExitCode.USAGE)
    click.echo(
        f"The configuration is right ({safe(where)}): {count(len(loaded.instances()), 'connector instance')}."
    )


@config.command(
    "show", examples=(Example("aicensus config show --format json", "Get all settings as one object."),)
)
@format_option(("table", "json"))
@config_option
@debug_option
def show(fmt: str, config_path: Path | None) -> None:
    """Show the settings that hold, defaults included; secrets only as references."""
    from discovery.render.as_json import dumps
    from discovery.render.text import safe

    loaded = Session(config_path, None).config
    content = _content(loaded)
    if fmt == "json":
        click.echo(dumps(content, indent=True))
        return
    click.echo(f"# {safe(loaded.path) if loaded.path else 'no configuration file: all defaults'}")
    for table, options in content.items():
        click.echo(f"\n[{safe(table)}]")
        for name, value in options.items():
            click.echo(f"{name} = {safe(dumps(value), limit=2000)}")


def _content(loaded: Config) -> dict[str, dict[str, object]]:
    sections = {
        "store": loaded.store,
        "organisation": loaded.organisation,
        "scan": loaded.scan,
        "rules": loaded.rules,
        "network": loaded.network_section,
        "executor": loaded.executor,
        "daemon": loaded.daemon,
    }
    content = {name: section.model_dump(mode="json", by_alias=True) for name, section in sections.items()}
    for instance in loaded.every_instance:
        options = instance.options.model_dump(mode="json", by_alias=True)
        name = f"connectors.{instance.connector}.{instance.name}"
        content[name] = {"enabled": instance.is_enabled, **options}
    return content

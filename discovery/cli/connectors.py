"""``aicensus connectors``: what can be read, with which rights, and whether it works here."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from discovery.cli.boundary import ExitCode, stop
from discovery.cli.lazy import Example, Group
from discovery.cli.options import config_option, debug_option, format_option
from discovery.cli.session import Session

if TYPE_CHECKING:
    from discovery.service.checks import InstanceCheck
    from discovery.service.views import ConnectorView, OperationView


@click.group(
    cls=Group,
    default="list",
    examples=(
        Example("aicensus connectors", "List what is installed."),
        Example("aicensus connectors check", "Try the credentials of everything that is configured."),
        Example(
            "aicensus connectors permissions aws --format iam", "Get a read-only policy to paste into IAM."
        ),
    ),
)
def connectors() -> None:
    """List connectors, check them, see their rights."""


@connectors.command("list", examples=(Example("aicensus connectors list --format json", "For a program."),))
@format_option()
@debug_option
def list_connectors(fmt: str) -> None:
    """List the installed connectors in order of name."""
    from discovery.cli.columns import connector_listing
    from discovery.service import inventory

    connector_listing().write(inventory.connectors(), fmt)


@connectors.command(
    "show", examples=(Example("aicensus connectors show openai", "See kinds, rights and sources."),)
)
@click.argument("name")
@format_option()
@debug_option
def show_connector(name: str, fmt: str) -> None:
    """Show one connector by NAME: what it finds, what it may ask, its options."""
    from discovery.cli.columns import connector_listing

    found = _view(name)
    if fmt != "table":
        connector_listing().write([found], fmt)
        return
    from discovery.render.facts import write_facts, write_list

    write_facts(
        f"{found.name}: {found.title}",
        (
            ("kinds", ", ".join(found.kinds)),
            ("needs", f"aicensus[{found.extra}]" if found.extra else "nothing more"),
            ("may ask", f"{len(found.operations):,} operations, all reading"),
        ),
    )
    write_list("Options", _options(name), most=40)
    write_list("Facts from", found.docs, most=40)
    click.echo(f"\nSee 'aicensus connectors permissions {found.name}' for every operation.")


def _view(name: str) -> ConnectorView:
    from connectors import registry
    from discovery.service import inventory

    wanted = registry.info(name).name  # raises ConfigError that names the nearest connector
    return next(view for view in inventory.connectors() if view.name == wanted)


def _options(name: str) -> list[str]:
    from connectors import registry

    return [
        f"{field.alias or key}: {field.description or 'no description'}"
        for key, field in registry.info(name).config_model.model_fields.items()
    ]


@connectors.command(
    "permissions",
    examples=(
        Example(
            "aicensus connectors permissions aws --format iam",
            "Print an IAM policy with nothing but these rights.",
        ),
        Example(
            "aicensus connectors permissions aws --format cloudformation --part management",
            "Print the template that brings the role to every account of an organisation.",
        ),
        Example(
            "aicensus connectors permissions openai --format json", "Print every operation for a program."
        ),
    ),
)
@click.argument("name")
@click.option(
    "--format",
    "fmt",
    type=click.Choice(["text", "json", "iam", "cloudformation", "terraform"]),
    default="text",
    show_default=True,
    help="text: one right a line; json: every operation; the others: something to deploy in AWS.",
)
@click.option(
    "--part",
    type=click.Choice(["member", "trust", "scanner", "management", "paid"]),
    default="member",
    show_default=True,
    help="Of AWS: the role in each account; who may take it; what takes it; the organisation's account; "
    "further rights of the role, for calls that cost money.",
)
@debug_option
def permissions(name: str, fmt: str, part: str) -> None:
    """List the rights that connector NAME needs: exactly what its client lets through."""
    found = _view(name)
    if fmt == "json":
        from discovery.render.as_json import write_array
        from discovery.service.views import to_json

        write_array(map(to_json, found.operations), sys.stdout)
    elif fmt != "text":
        click.echo(_document(name, fmt, part))
    elif not found.operations:
        click.echo(f"{found.name} asks nobody: it needs no right but to read the files it is given.")
    else:
        for right in _rights(found.operations):
            click.echo(right)


def _rights(operations: list[OperationView]) -> list[str]:
    return sorted({row.permission for row in operations if row.permission})


def _document(name: str, fmt: str, part: str) -> str:
    from connectors import registry

    write = getattr(registry.load(registry.info(name).name)(), "policy", None)
    if write is None:
        raise click.UsageError(f"{name!r} is not a connector to AWS; use --format text")
    text: str = write(fmt, part)
    return text


@connectors.command(
    "check",
    examples=(
        Example("aicensus connectors check", "Check everything that is configured."),
        Example("aicensus connectors check aws", "Check one connector, configured or not."),
    ),
)
@click.argument("names", nargs=-1, metavar="[NAME[:INSTANCE]...]")
@format_option(("table", "json"))
@config_option
@debug_option
def check(names: tuple[str, ...], fmt: str, config_path: Path | None) -> None:
    """Try the credentials with one harmless listing, and say what they reach.

    Exit code 1 when one of them reaches nothing.
    """
    from discovery.service.checks import check_instances

    results = check_instances(Session(config_path, None).config, names)
    if fmt == "json":
        from dataclasses import asdict

        from discovery.render.as_json import write_array

        write_array(map(asdict, results), sys.stdout)
    else:
        for result in results:
            _write_check(result)
    if not all(result.works for result in results):
        stop(ExitCode.FINDINGS)


def _write_check(result: InstanceCheck) -> None:
    from discovery.render.text import count, safe, words

    if not result.works:
        click.echo(f"{result.instance}: {words(result.status)}: {safe(result.reason, limit=600)}")
        return
    labels = ", ".join(safe(label) for label in result.labels[:3])
    more = f" and {len(result.labels) - 3:,} more" if len(result.labels) > 3 else ""
    note = f" ({safe(result.reason)})" if result.reason else ""
    click.echo(
        f"{result.instance}: works, reaches {count(len(result.labels), 'scope')}: {labels}{more}{note}"
    )

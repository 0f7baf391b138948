"""``aicensus rules``: which rules hold, what they ask for, and whether rules of your own are right."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from discovery.cli.boundary import ExitCode, stop
from discovery.cli.gaps import FRAMEWORKS
from discovery.cli.lazy import Example, Group
from discovery.cli.options import config_option, debug_option, format_option, stack
from discovery.cli.session import Session

if TYPE_CHECKING:
    from discovery.service.views_rules import RuleView

SUBJECTS = ("system", "asset", "organisation")
_options = stack(config_option, debug_option)


@click.group(
    cls=Group,
    default="list",
    examples=(
        Example("aicensus rules", "List all rules, with what alerts and from when each applies."),
        Example("aicensus rules show OVR-05", "Read one rule, its condition and what closes its gap."),
    ),
)
def rules() -> None:
    """List the rules, try them on a record, check rules of your own."""


@rules.command(
    "list",
    examples=(
        Example("aicensus rules list --framework eu_ai_act", "List rules that refer to the EU AI Act."),
    ),
)
@click.option("--framework", type=click.Choice(FRAMEWORKS), help="Only rules that refer to it.")
@click.option("--of", "subject", type=click.Choice(SUBJECTS), help="Only rules about these.")
@format_option()
@_options
def list_rules(framework: str | None, subject: str | None, fmt: str, config_path: Path | None) -> None:
    """List the rules as they hold: built in, changed and your own."""
    from discovery.cli.columns_rules import rule_listing
    from discovery.service import rule_sets, rule_testing

    rule_set = rule_sets.of_config(Session(config_path, None).config)
    rows = rule_testing.views(rule_set, framework=framework, subject=subject)
    rule_listing().write(rows, fmt)
    if fmt == "table":
        click.echo(f"Rule set {rule_set.hash}, law {rule_set.law_version}.")


@rules.command(
    "show", examples=(Example("aicensus rules show LIF-03", "See when logs count as a gap, and from when."),)
)
@click.argument("rule")
@format_option(("table", "json"))
@_options
def show(rule: str, fmt: str, config_path: Path | None) -> None:
    """Show one RULE: its condition, its references and what closes its gap."""
    from discovery.render.as_json import dumps
    from discovery.service import rule_sets, rule_testing
    from discovery.service.views import to_json

    rule_set = rule_sets.of_config(Session(config_path, None).config)
    found = rule_testing.view(rule_set, rule_set.get(rule))
    if fmt == "json":
        click.echo(dumps([to_json(found)], indent=True))
    else:
        _write_rule(found)


def _write_rule(found: RuleView) -> None:
    from discovery.render.as_json import dumps
    from discovery.render.facts import write_facts
    from discovery.render.text import words
    from discovery.service.law import article
    from discovery.service.rules import FRAMEWORKS as TITLES

    refs = {
        name: [article(one) if name == "eu_ai_act" else one for one in ids]
        for name, ids in found.refs.items()
    }
    write_facts(
        f"{found.rule}: {found.title}",
        (
            ("severity", found.severity),
            ("of", found.subject),
            ("we know", words(found.gap_class)),
            (
                "applies from",
                ", ".join([found.applies_from or "always", *(f"{one} for some" for one in found.later)]),
            ),
            ("alerts", found.alerts if found.enabled else "off"),
            ("changed", ", ".join(found.changed)),
            ("your own", "yes" if found.is_own else ""),
            *((TITLES[name], ", ".join(ids)) for name, ids in refs.items()),
            ("law", found.law_version),
            ("holds when", dumps(found.when)),
            ("what to do", found.fix),
        ),
    )


@rules.command(
    "check", examples=(Example("aicensus rules check acme-rules.yaml", "Check a file of rules of your own."),)
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@debug_option
def check(file: Path) -> None:
    """Check a FILE of rules: fields, operators, words, ids; exit code 2 for a mistake."""
    from discovery.render.text import count
    from discovery.service import rule_sets

    found = rule_sets.own_rules(file)
    built_in = {one.id for one in rule_sets.built_in().rules}
    taken = [one.id for one in found if one.id in built_in]
    if taken:
        hint = f"change the built-in one in [rules.override.{taken[0]}]"
        raise click.UsageError(f"{', '.join(taken)} is built in: take another id, or {hint}")
    click.echo(f"The rules are right: {count(len(found), 'rule')} ({', '.join(one.id for one in found)}).")


@rules.command(
    "test",
    examples=(
        Example("aicensus rules test record.yaml --rule OVR-05", "See whether a rule holds for a record."),
        Example("aicensus rules test record.yaml --rules acme-rules.yaml", "Try rules of your own."),
    ),
)
@click.argument("record", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--rule", "ids", multiple=True, metavar="ID", help="Only this rule; repeatable.")
@click.option(
    "--rules",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Try the rules of this file, not those that hold.",
)
@click.option("--of", "subject", type=click.Choice(SUBJECTS), default="system", help="What the record is of.")
@format_option()
@_options
def test(
    record: Path,
    ids: tuple[str, ...],
    file: Path | None,
    subject: str,
    fmt: str,
    config_path: Path | None,
) -> None:
    """Try rules on a RECORD in a YAML or JSON file; exit code 1 when there is a gap.

    The file holds fields by their dotted names, or as nested tables. Without --rule only the rules that
    hold are listed.
    """
    from discovery.cli.columns_rules import test_listing
    from discovery.service import rule_sets, rule_testing

    session = Session(config_path, None)
    rule_set = rule_sets.of_config(session.config)
    if file is not None:
        tried = [one for one in rule_sets.own_rules(file) if not ids or one.id in ids]
        if not tried:
            raise click.UsageError(f"{file} holds no rule {', '.join(ids)}")
    elif ids:
        tried = [rule_set.get(one) for one in ids]
    else:
        tried = [*rule_set.of(subject)]
    found = rule_testing.try_record(record, tried, timezone=session.zone)
    shown = found if ids or file is not None else [one for one in found if one.holds]
    if shown or fmt != "table":
        test_listing().write(shown, fmt)
    else:
        click.echo("No rule holds: no gap.")
    if any(one.holds for one in found):
        stop(ExitCode.FINDINGS)

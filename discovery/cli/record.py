"""``aicensus record``: every field of a system's record, with who said it and what evidence says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

import click

from discovery.cli.lazy import Example, Group
from discovery.cli.options import (
    as_of_option,
    format_option,
    reason_option,
    store_options,
    version_option,
)
from discovery.cli.record_import import import_file
from discovery.cli.record_view import view
from discovery.cli.session import Session
from discovery.cli.single_user import tell

if TYPE_CHECKING:
    from discovery.service.record_shapes import RecordFieldView, RecordView


@click.group(
    cls=Group,
    examples=(
        Example(
            "aicensus record show support-bot", "See what is on record, what evidence proposes, what lacks."
        ),
        Example('aicensus record set support-bot data.personal=yes --reason "asked Dana"', "Set a field."),
        Example("aicensus record import register.csv --dry-run", "See what a register of yours would bring."),
    ),
)
def record() -> None:
    """Keep the record of a system: purpose, data, oversight, risk, suppliers."""


@record.command(
    "show",
    examples=(Example("aicensus record show support-bot --all", "See the empty fields too."),),
)
@click.argument("system")
@click.option("--all", "everything", is_flag=True, help="Show fields that nobody needs to fill, too.")
@as_of_option
@format_option()
@store_options
def show(
    system: str, everything: bool, as_of: str | None, fmt: str, config_path: Path | None, db: str | None
) -> None:
    """Show the record of SYSTEM: values, who said them, conflicts with evidence, what is missing."""
    from discovery.cli.columns import field_names
    from discovery.render.listing import Listing
    from discovery.service import record_showing, single_user
    from discovery.service.record_shapes import RecordFieldView, RecordView
    from discovery.service.views import to_json

    session = Session(config_path, db)
    with session.store(read_only=True) as store:
        moment = session.moment(as_of)
        found = record_showing.show(store, system, as_of=moment)
        unproven = single_user.decisions(store, system=system, timezone=session.zone, as_of=moment)
    if fmt == "table":
        _write_record(found, session.zone, everything=everything)
    elif fmt == "csv":
        Listing[RecordFieldView](
            one="field",
            many="fields",
            columns=(),
            to_json=to_json,
            fields=field_names(RecordFieldView),
            empty="",
        ).write(found.fields, fmt)
    else:
        Listing[RecordView](
            one="record",
            many="records",
            columns=(),
            to_json=to_json,
            fields=field_names(RecordView),
            empty="",
        ).write([found], fmt)
    tell(unproven, fmt)


def _write_record(found: RecordView, zone: str, *, everything: bool) -> None:
    from discovery.render.facts import write_facts
    from discovery.render.text import words
    from discovery.service import record_fields

    click.echo(f"{_safe(found.name)}: {words(found.state)}, version {found.version}")
    for section, title in {**record_fields.sections(), "custom": "Fields of your own"}.items():
        rows = [
            one
            for one in found.fields
            if one.section == section and (everything or one.source not in ("", "default") or one.needed)
        ]
        if rows:
            click.echo()
            write_facts(title, [(one.field, value_text(one, zone)) for one in rows])
    if found.missing:
        click.echo(f"\nMissing: {', '.join(found.missing)}.")


def value_text(one: RecordFieldView, zone: str) -> str:
    """Return a value with where it comes from, for people."""
    from discovery.render.text import day, minute

    text = minute(one.value, zone) if _is_moment(one.value) else plain(one.value)
    if one.source == "":
        return "missing" if one.needed else "-"
    if one.source == "connector":
        place = f" [{one.locator}]" if one.locator else ""
        return f"? {text} (evidence: {one.why}{place}; nobody has confirmed it)"
    if one.source in ("human", "import"):
        how = "" if one.answered else ", imported, not confirmed"
        text += f" ({one.by}, {day(one.at, zone)}{how})"
    if one.conflict:
        place = f" [{one.conflict.locator}]" if one.conflict.locator else ""
        text += f" ! evidence says otherwise: {', '.join(one.conflict.news)}: {one.conflict.why}{place}"
    return text


def _is_moment(value: object) -> TypeGuard[str]:
    """Say whether a value is a time as the store keeps it; days and texts stay as they are."""
    return isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]{8}\.\d{6}Z", value) is not None


def plain(value: object) -> str:
    """Return a value of the record as people write it."""
    from discovery.render.text import words

    if value is None or value == []:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "; ".join(plain(one) for one in value)
    if isinstance(value, dict):
        first, *rest = value.items()
        told = ", ".join(f"{words(name)} {plain(one)}" for name, one in rest if one not in (None, "", []))
        return f"{plain(first[1])} ({told})" if told else plain(first[1])
    return str(value)


def _safe(text: str) -> str:
    from discovery.render.text import safe

    return safe(text)


@record.command(
    "set",
    examples=(
        Example(
            'aicensus record set support-bot data.categories=personal,internal "purpose.users=customers" '
            '--reason "asked the team"',
            "Set several fields at once; lists are separated by commas or semicolons.",
        ),
        Example(
            "aicensus record set support-bot 'assessments=[{type: dpia, status: done, by: dana}]'",
            "Set a list of tables, written as YAML.",
        ),
        Example(
            "aicensus record set support-bot purpose.period= --if-version 4", "Empty a field, carefully."
        ),
    ),
)
@click.argument("system")
@click.argument("assignments", nargs=-1, required=True, metavar="FIELD=VALUE...")
@version_option
@reason_option(required=False)
@format_option()
@store_options
def set_fields(
    system: str,
    assignments: tuple[str, ...],
    if_version: int | None,
    reason: str,
    fmt: str,
    config_path: Path | None,
    db: str | None,
) -> None:
    """Set fields of the record of SYSTEM; an empty value clears. All mistakes are told at once."""
    from discovery.cli.decided import write_decided
    from discovery.service import records
    from discovery.service.permissions import os_actor

    given = parse_assignments(assignments)
    session = Session(config_path, db)
    with session.store() as store:
        decided = records.change(
            store,
            system,
            given,
            actor=os_actor(),
            timezone=session.zone,
            reason=reason,
            if_version=if_version,
        )
    version = decided.system.oversight.version
    write_decided(decided, f"The record of {decided.system.name} has version {version} now.", fmt)


def parse_assignments(texts: tuple[str, ...]) -> dict[str, object]:
    """Read ``FIELD=VALUE`` texts; raises a usage error that lists what cannot be read."""
    wrong = [text for text in texts if "=" not in text or text.startswith("=")]
    if wrong:
        raise click.UsageError(f"write FIELD=VALUE, not {', '.join(map(repr, wrong))}")
    pairs = [text.split("=", 1) for text in texts]
    given: dict[str, object] = {name.strip(): value.strip() for name, value in pairs}
    if len(given) < len(pairs):
        raise click.UsageError("a field is given twice; separate the entries of a list by commas")
    return given


@record.command(
    "confirm",
    examples=(
        Example(
            "aicensus record confirm support-bot purpose.statement data.categories",
            "Say that what was imported is right.",
        ),
    ),
)
@click.argument("system")
@click.argument("names", nargs=-1, required=True, metavar="FIELD...")
@version_option
@reason_option(required=False)
@format_option()
@store_options
def confirm(
    system: str,
    names: tuple[str, ...],
    if_version: int | None,
    reason: str,
    fmt: str,
    config_path: Path | None,
    db: str | None,
) -> None:
    """Say that fields of the record of SYSTEM are right as they are; settles conflicts with evidence."""
    from discovery.cli.decided import write_decided
    from discovery.service import records
    from discovery.service.permissions import os_actor

    session = Session(config_path, db)
    with session.store() as store:
        decided = records.confirm(
            store,
            system,
            names,
            actor=os_actor(),
            timezone=session.zone,
            reason=reason,
            if_version=if_version,
        )
    write_decided(decided, f"Confirmed for {decided.system.name}: {', '.join(names)}.", fmt)


@record.command(
    "fields",
    examples=(Example("aicensus record fields oversight", "List the fields about oversight."),),
)
@click.argument("text", required=False)
@format_option()
def fields(text: str | None, fmt: str) -> None:
    """List the fields of a record, those with TEXT when it is given: type, words, who needs them."""
    from discovery.cli.columns import field_names
    from discovery.render.as_table import Column
    from discovery.render.listing import Listing
    from discovery.service import record_showing
    from discovery.service.record_shapes import FieldView
    from discovery.service.views import to_json

    Listing[FieldView](
        one="field",
        many="fields",
        columns=[
            Column(title="FIELD", text=lambda row: row.field, whole=True),
            Column(title="TYPE", text=lambda row: ", ".join(row.words) or row.type),
            Column(title="NEED", text=lambda row: "".join(row.need), whole=True),
            Column(title="WHAT", text=lambda row: row.help),
        ],
        to_json=to_json,
        fields=field_names(FieldView),
        empty="No field has that in its name.",
    ).write(record_showing.fields(text), fmt)


@record.command(
    "questions",
    examples=(
        Example("aicensus record questions", "See what 'systems classify' asks, and the words it takes."),
    ),
)
@format_option()
def questions(fmt: str) -> None:
    """List the questions of the classification, with the words that answer them."""
    from discovery.cli.columns import field_names
    from discovery.render.as_table import Column
    from discovery.render.listing import Listing
    from discovery.service import record_showing
    from discovery.service.record_shapes import QuestionView
    from discovery.service.views import to_json

    Listing[QuestionView](
        one="question",
        many="questions",
        columns=[
            Column(title="QUESTION", text=lambda row: row.question, whole=True),
            Column(title="ASKS", text=lambda row: row.ask),
            Column(title="WORDS", text=lambda row: ", ".join(row.words)),
        ],
        to_json=to_json,
        fields=field_names(QuestionView),
        empty="There is no question.",
    ).write(record_showing.questions(), fmt)


record.add_command(view)
record.add_command(import_file)

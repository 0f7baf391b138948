"""Write the screen on which a person looks at a system: the four questions, proposals, what is missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from discovery.render.text import day, safe, words

if TYPE_CHECKING:
    from discovery.service.record_shapes import RecordFieldView, RecordView
    from discovery.service.views import AlertView, SystemView

_INDENT = "   "
_MOST_MISSING = 12
_MOST_ALERTS = 8
_MOST_CANDIDATES = 3


def write_review(
    system: SystemView,
    record: RecordView,
    alerts: Sequence[AlertView],
    *,
    questions: dict[int, str],
    zone: str,
    value_text: Callable[[RecordFieldView, str], str],
) -> None:
    """Write one system on one screen."""
    _head(system, record)
    for number, title in questions.items():
        click.echo()
        _bold(f"{number}. {title}")
        if number == 2:
            _owners(system)
            continue
        rows = [one for one in record.fields if one.question == number and (one.source or one.needed == "M")]
        for row in rows:
            _wrapped(f"{row.label}: {value_text(row, zone)}")
        for proposal in system.oversight.prefilled:
            if {1: "purpose", 3: "data", 4: "oversight"}[number] == proposal.question and _is_new(
                proposal.value, rows
            ):
                place = f" [{proposal.locator}]" if proposal.locator else ""
                _wrapped(f"seen: {proposal.value} - {proposal.why}{place}")
    _missing(record)
    _alerts(alerts)


def _head(system: SystemView, record: RecordView) -> None:
    _bold(f"{system.name} ({words(system.kind)}, {system.state})")
    review = f", next review {record.next_review}" if record.next_review else ""
    click.echo(f"{_INDENT}record {words(record.state)}, version {record.version}{review}")
    told = [
        f"{label} {words(value)}"
        for label, value in (
            ("stage", system.oversight.stage),
            ("class", system.oversight.eu_class),
            ("tier", system.oversight.tier),
        )
        if value
    ]
    click.echo(_INDENT + (", ".join(told) or "not classified: aicensus systems classify"))


def _owners(system: SystemView) -> None:
    if system.owner:
        click.echo(f"{_INDENT}{safe(system.owner)}")
        return
    click.echo(f"{_INDENT}nobody has accepted")
    for one in system.owner_candidates[:_MOST_CANDIDATES]:
        _wrapped(f"? {one.party} ({one.confidence:.0%}): {'; '.join(one.reasons)}")


def _is_new(value: str, rows: Sequence[RecordFieldView]) -> bool:
    return all(value not in str(row.value) for row in rows)


def _missing(record: RecordView) -> None:
    if not record.missing:
        return
    click.echo()
    _bold(f"Missing ({len(record.missing)})")
    shown = ", ".join(record.missing[:_MOST_MISSING])
    more = len(record.missing) - _MOST_MISSING
    _wrapped(shown + (f" and {more} more" if more > 0 else ""))


def _alerts(alerts: Sequence[AlertView]) -> None:
    if not alerts:
        return
    click.echo()
    _bold(f"Open alerts ({len(alerts)})")
    for one in alerts[:_MOST_ALERTS]:
        _wrapped(f"{one.rule} {one.severity}, due {day(one.due_at)}: {one.fix or one.title}")
    if len(alerts) > _MOST_ALERTS:
        click.echo(f"{_INDENT}… and {len(alerts) - _MOST_ALERTS:,} more")


def _bold(text: str) -> None:
    from discovery.render.terminal import console

    console().print(safe(text), style="bold")


def _wrapped(text: str) -> None:
    import textwrap

    from discovery.render.terminal import console

    width = max(console().width - len(_INDENT), 40)
    for number, line in enumerate(
        textwrap.wrap(safe(text, limit=1000), width, break_on_hyphens=False, break_long_words=False)
    ):
        click.echo(_INDENT + ("  " if number else "") + line)

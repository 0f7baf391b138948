"""Show a gap analysis as an HTML page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from discovery.render import html_page as html
from discovery.render.text import changes, day, single_user, words

if TYPE_CHECKING:
    from discovery.render.html_page import Html
    from discovery.service.gap_report import GapReportView
    from discovery.service.maturity import MaturityView
    from discovery.service.views_rules import GapView

_MOST_UNSEEN = 200


def gap_page(report: GapReportView, zone: str) -> str:
    """Return the page of a report; days are those of ``zone``."""
    about = report.organisation or "this inventory"
    narrowed = ", ".join(one for one in (report.framework, report.system) if one)
    title = f"AI gap analysis: {about}" + (f" ({narrowed})" if narrowed else "")
    under = (
        f"As of {day(report.as_of, zone)}; law {report.law_version}; "
        f"rules {report.rule_set}{_since(report, zone)}. A gap is something to look at, no verdict."
    )
    return html.page(title, under, _parts(report, zone))


def _since(report: GapReportView, zone: str) -> str:
    return f" of {day(report.rules_since, zone)}" if report.rules_since else ""


def _parts(report: GapReportView, zone: str) -> Iterator[Html]:
    yield html.cards(
        [
            ("systems", f"{report.systems:,}"),
            *((f"{name} gaps due", f"{count:,}") for name, count in report.due.items()),
            ("upcoming by law", f"{report.upcoming:,}"),
            ("nobody said", f"{report.missing_records:,}"),
            ("known to be bad", f"{report.failed_controls:,}"),
        ]
    )
    if report.maturity is not None:
        yield from _maturity(report.maturity)
    yield from _coverage(report)
    if report.single_user:
        yield html.heading("Single-user mode")
        yield html.paragraph(single_user(len(report.single_user)))
        yield html.table(["Decision"], [[one] for one in report.single_user], "")
    for name, status in (("Gaps that are due", "due"), ("Gaps of law that is still to come", "upcoming")):
        yield html.heading(name)
        rows = [_row(one, report.framework, zone) for one in report.gaps if one.status == status]
        first = ["Control"] if report.framework else []
        yield html.table(
            [*first, "System", "Rule", "Severity", "What", "Against", "What to do"], rows, "None."
        )


def _row(one: GapView, framework: str | None, zone: str) -> list[object]:
    what = one.title + (f" ({one.asset_name})" if one.asset_name else "")
    notes = [words(one.gap_class)]
    notes += [f"applies from {one.applies_from}"] if one.status == "upcoming" and one.applies_from else []
    notes += [f"an exception stands until {one.exception_until}"] if one.exception_until else []
    notes += [f"changed here: {', '.join(one.changed)}"] if one.changed else []
    notes += ["a rule of your own"] if one.is_own else []
    cells: list[object] = [
        one.system_name or "the organisation",
        one.rule,
        html.styled(one.severity, one.severity),
        f"{what} - {'; '.join(notes)}",
        "; ".join(one.wording),
        one.fix,
    ]
    return [one.control or "", *cells] if framework else cells


def _maturity(view: MaturityView) -> Iterator[Html]:
    yield html.heading("Maturity")
    score = "no score" if view.score is None else f"{view.score:.0f} ({view.band})"
    note = f" {view.note}." if view.note else ""
    yield html.paragraph(
        f"Overall {score}, between {view.low:.0f} and {view.high:.0f}; "
        f"{view.live_systems:,} live systems.{note}{changes(view.change_30, view.change_90)}"
    )
    yield html.table(
        ["Dimension", "Score", "Interval", "", "Band", "Evidence"],
        [
            [
                one.title,
                "-" if one.score is None else f"{one.score:.0f}",
                f"{one.low:.0f} to {one.high:.0f}",
                html.interval(one.low, one.score, one.high),
                one.band or "-",
                f"{one.coverage:.0f} %",
            ]
            for one in view.dimensions
        ],
        "",
    )
    if view.steps:
        yield html.paragraph("What would gain most:")
        yield html.table(["Step", "Gain"], [[one.step, f"+{one.gain:.1f}"] for one in view.steps], "")


def _coverage(report: GapReportView) -> Iterator[Html]:
    seen = report.coverage
    yield html.heading("What this rests on")
    yield html.paragraph(
        f"{seen.complete:,} of {seen.parts:,} parts of {seen.scopes:,} scopes were read to their end; "
        f"{seen.nothing_there:,} are not in use there; {len(seen.unseen):,} could not be seen."
    )
    if seen.unseen:
        rows = [[one] for one in seen.unseen[:_MOST_UNSEEN]]
        yield html.table(["Could not be seen"], rows, "")
        if len(seen.unseen) > _MOST_UNSEEN:
            yield html.paragraph(
                f"and {len(seen.unseen) - _MOST_UNSEEN:,} more: aicensus coverage --gaps", "dim"
            )

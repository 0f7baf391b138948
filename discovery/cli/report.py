"""How a scan ends on the screen: systems, what is new, what is missing, what could not be seen, what next."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from discovery.cli.columns import scope_text, system_listing
from discovery.cli.coverage import BLIND
from discovery.render.text import count, duration, safe, words

if TYPE_CHECKING:
    from rich.console import Console

    from discovery.cli.session import Session
    from discovery.service.scan import ScanReport
    from discovery.service.views import CoverageView, NewView, SystemView
    from store import Store

_MOST_SYSTEMS = 40
_MOST_LINES = 8


def write_report(store: Store, report: ScanReport, session: Session, fmt: str) -> None:
    """Write the end of a scan; any format but ``table`` prints the systems alone on standard output."""
    from discovery.service import inventory

    systems = inventory.list_systems(store)
    if fmt != "table":
        system_listing(systems, width=0).write(systems, fmt)
        for reason in report.partial_reasons[:_MOST_LINES]:
            click.echo(f"not seen: {safe(reason)}", err=True)
        return
    new = inventory.new_since(store, report.run_id, systems)
    covered = inventory.coverage(store)
    gaps = [row for row in covered if row.status in BLIND and row.state == "active"]
    page = _Page(session.config.organisation.name)
    page.systems(systems, new)
    page.news(new, is_first=len(new.systems) == len(systems), has_any=bool(systems))
    page.missing(systems)
    page.unseen(gaps, report, _left_out(store, report))
    page.totals(systems, new, report)
    page.next(
        [(step.command, step.why) for step in inventory.what_next(store, systems, covered)],
        session.options_text(),
        report.state,
    )


class _Page:
    """Write the sections, each after an empty line and only when there is something to say."""

    def __init__(self, organisation: str) -> None:
        from discovery.render.terminal import console

        self._console: Console = console()
        self._organisation = organisation

    def _head(self, text: str, style: str = "bold") -> None:
        self._console.print(f"\n{text}", style=style)

    def _lines(self, lines: Sequence[str], more: str) -> None:
        for line in lines[:_MOST_LINES]:
            self._line(line)
        if len(lines) > _MOST_LINES:
            self._line(f"… and {len(lines) - _MOST_LINES:,} more: {more}")

    def _line(self, text: str, *, indent: int = 2, style: str = "") -> None:
        import textwrap

        lines = textwrap.wrap(
            safe(text, limit=1000),
            max(self._console.width, 40),
            initial_indent=" " * indent,
            subsequent_indent=" " * (indent + 4),
            break_on_hyphens=False,
            break_long_words=False,
        )
        for line in lines:
            self._console.print(line, style=style, soft_wrap=True)

    def systems(self, systems: Sequence[SystemView], new: NewView) -> None:
        """Write the table of systems."""
        found = count(len(systems), "AI system")
        whose = f"{safe(self._organisation)}: " if self._organisation else ""
        if not systems:
            self._head(f"{whose}no AI system was found.")
            return
        self._head(f"{whose}{found}, {len(new.systems):,} new")
        click.echo()
        from discovery.render.as_table import write_table

        ids = frozenset(row.system_id for row in new.systems)
        shown = systems[:_MOST_SYSTEMS]
        some_new = ids if 0 < len(ids) < len(systems) else frozenset()
        write_table(
            self._console,
            system_listing(shown, width=self._console.width, new=some_new).columns,
            shown,
            indent=2,
        )
        if len(systems) > len(shown):
            click.echo(f"  … and {len(systems) - len(shown):,} more: aicensus systems --limit 0")

    def news(self, new: NewView, *, is_first: bool, has_any: bool) -> None:
        """Write what this scan brought."""
        lines = []
        if new.systems and is_first:
            lines.append("This is the first look: every system above is new.")
        else:
            lines += [
                f"{row.name}: {words(row.kind)}, {count(len(row.assets), 'asset')}" for row in new.systems
            ]
        if new.assets and not is_first:
            lines.append(f"{count(new.assets, 'asset')} not known before")
        if new.assets_gone:
            lines.append(f"{count(new.assets_gone, 'asset')} gone")
        if new.alerts_opened or new.alerts_resolved:
            lines.append(f"{count(new.alerts_opened, 'alert')} opened, {new.alerts_resolved:,} resolved")
        self._head("New")
        nothing = "Nothing since the last scan." if has_any else "Nothing is known yet."
        self._lines(lines or [nothing], "aicensus runs show")

    def missing(self, systems: Sequence[SystemView]) -> None:
        """Write who has no owner and no oversight record: what is missing, not what failed."""
        asked = [row for row in systems if row.alerting]
        orphans = [row for row in asked if not row.owner]
        if orphans:
            self._head(f"Without an owner: {len(orphans):,}", "bold yellow")
            room = max(self._console.width, 40) - 2
            self._lines([safe(_orphan(row), limit=room) for row in orphans], "aicensus systems --no-owner")
        unwatched = [row for row in asked if not row.oversight.complete]
        if unwatched:
            self._head(f"Without a complete oversight record: {len(unwatched):,}", "bold yellow")
            names = [
                row.name if row.oversight.state == "none" else f"{row.name} ({row.oversight.state})"
                for row in unwatched
            ]
            shown = ", ".join(names[: 3 * _MOST_LINES])
            rest = len(names) - 3 * _MOST_LINES
            self._line(shown + (f" and {rest:,} more: aicensus systems --no-oversight" if rest > 0 else ""))
        if asked and not orphans and not unwatched:
            self._head("Every system has an owner and a complete oversight record.", "green")

    def unseen(self, gaps: Sequence[CoverageView], report: ScanReport, left_out: int) -> None:
        """Write what could not be seen, with the reason; ``left_out`` counts single files and the like."""
        lines = _gap_lines(gaps)
        # A listing of scopes that failed has no part of its own to show under.
        lines += [
            text
            for text in report.partial_reasons
            if not any(row.scope in text and row.part in text for row in gaps)
        ]
        if left_out:
            what = count(left_out, "single file, link or the like", "single files, links and the like")
            lines.append(f"{what}: aicensus runs show latest")
        if not lines:
            self._head("Everything that was asked for could be read.")
            return
        self._head(f"Could not be seen: {len(lines):,}", "bold yellow")
        self._lines(lines, "aicensus coverage --gaps")

    def totals(self, systems: Sequence[SystemView], new: NewView, report: ScanReport) -> None:
        """Write the counts of this run on one line."""
        tally = report.tally
        assets = sum(len(row.assets) for row in systems)
        click.echo()
        self._console.print(
            f"{count(assets, 'asset')} ({new.assets:,} new, {new.assets_gone:,} gone), "
            f"{count(report.scopes, 'scope')}, "
            f"{count(tally.requests, 'request')}, {duration(report.elapsed_s)}.",
            style="dim",
        )
        if report.state == "interrupted":
            click.echo("Stopped early. What was finished is saved; the same command goes on from there.")
        elif report.state != "complete":
            click.echo("This scan is partial: nothing counts as gone where it could not look.")

    def next(self, steps: Sequence[tuple[str, str]], options: str, state: str) -> None:
        """Write the commands to type next."""
        if not steps:
            steps = [("aicensus systems", "see the inventory")]
        self._head("Next")
        for command, why in steps[:3]:
            click.echo(f"  {safe(command)}{options}")
            self._line(why, indent=6, style="dim")
        sys.stdout.flush()


def _left_out(store: Store, report: ScanReport) -> int:
    """Return how many single things of parts that were read the run could not read."""
    from discovery.service import inventory

    details = inventory.get_run(store, report.run_id).details
    return len({(row.scope, one["locator"]) for row in details for one in row.exceptions})


def _gap_lines(gaps: Sequence[CoverageView]) -> list[str]:
    """Say each reason once for all parts of a scope that share it."""
    grouped: dict[tuple[str, str, str], list[str]] = {}
    for row in gaps:
        grouped.setdefault((scope_text(row), words(row.status), row.reason), []).append(row.part)
    return [
        f"{scope} {parts[0] if len(parts) == 1 else count(len(parts), 'part')}: {status}"
        + (f", {reason}" if reason else "")
        for (scope, status, reason), parts in grouped.items()
    ]


def _orphan(row: SystemView) -> str:
    if not row.owner_candidates:
        return f"{row.name}: nothing points to anybody"
    best = row.owner_candidates[0]
    why = f": {best.reasons[0]}" if best.reasons else ""
    return f"{row.name}: perhaps {best.party} ({best.confidence:.0%}, not accepted){why}"

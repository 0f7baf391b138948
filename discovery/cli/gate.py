"""What a pipeline asks of a scan: pass or fail, against a baseline, told in files that other tools read."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from discovery.render.text import count, safe

if TYPE_CHECKING:
    from discovery.cli.session import Session
    from discovery.config import Config
    from discovery.service.baseline import Baseline
    from discovery.service.judging import Thing
    from discovery.service.scan import ScanReport
    from store import Store


@dataclass(slots=True, kw_only=True)
class Gate:
    """What was asked for, and after :meth:`look` the things that the scan shows."""

    fail_on: str
    roles: Sequence[str]
    compared_with: str = ""
    baseline_path: Path | None = None
    write_baseline: Path | None = None
    sarif: Path | None = None
    summary: Path | None = None
    to_sarif: bool = False
    without_suppressed: bool = False
    baseline: Baseline | None = None
    things: list[Thing] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    failed: bool = False

    @classmethod
    def of(cls, given: dict[str, Any], config: Config) -> Gate:
        """Read the options; raises ``ConfigError`` for a baseline that cannot be read."""
        gate = cls(
            fail_on=given["fail_on"] or config.scan.fail_on,
            roles=config.scan.roles_that_alert,
            compared_with=given["diff"] or given["since"] or "",
            baseline_path=given["baseline"],
            write_baseline=given["write_baseline"],
            sarif=given["sarif"],
            summary=given["summary"],
            to_sarif=given["fmt"] == "sarif",
            without_suppressed=given["no_suppressed"],
        )
        if gate.baseline_path is not None:
            from discovery.service.baseline import read_baseline

            gate.baseline = read_baseline(gate.baseline_path)
        return gate

    def look(self, store: Store, report: ScanReport) -> bool:
        """Judge what the scan shows; say whether it is to fail."""
        from discovery.service.judging import NEW, hidden_by_files, reaches, things_of

        narrow = report.is_compared or self.baseline is not None
        wanted = narrow or self.fail_on == NEW or self.sarif or self.summary or self.to_sarif
        if wanted or self.write_baseline:
            self.things = things_of(store, report, roles_that_alert=self.roles, baseline=self.baseline)
        if report.is_compared or self.summary:
            self.hidden = hidden_by_files(store, report)
        self.failed = reaches(store, self.things, self.fail_on, everywhere=not narrow)
        return self.failed

    def write_files(self, store: Store, report: ScanReport, session: Session) -> None:
        """Write the files that were asked for besides standard output."""
        from discovery.cli.files import opened

        if self.sarif is not None:
            with opened(self.sarif) as out:
                self._sarif(store, report, session, out)
        if self.summary is not None:
            from discovery.render.as_markdown import summary

            unseen = [*report.partial_reasons, *self.hidden]
            text = summary(self.things, compared_with=self.compared_with, reasons=unseen)
            with opened(self.summary, add=True) as out:
                out.write(text)
        if self.write_baseline is not None:
            from discovery.service.baseline import write_baseline

            with opened(self.write_baseline) as out:
                number = write_baseline((one.asset for one in self.things), out)
            click.echo(f"Wrote {count(number, 'thing')} to {safe(self.write_baseline)}.", err=True)

    def write_sarif(self, store: Store, report: ScanReport, session: Session) -> None:
        """Write SARIF to standard output."""
        self._sarif(store, report, session, sys.stdout)

    def say(self) -> None:
        """Say below a report of the whole inventory what the baseline made of it."""
        if self.baseline is None:
            return
        new = [one for one in self.things if one.counts]
        known = sum(one.excuse is not None and one.excuse.kind == "baseline" for one in self.things)
        click.echo(f"\nBaseline: {known:,} known, {len(new):,} new.")
        for one in new[:_MOST]:
            place = one.places[0].locator if one.places else one.asset.natural_id
            click.echo(f"  {safe(f'{one.asset.kind} {one.asset.name}: {place}')}")
        if len(new) > _MOST:
            click.echo(f"  … and {len(new) - _MOST:,} more")

    def _sarif(self, store: Store, report: ScanReport, session: Session, out: TextIO) -> None:
        from importlib.metadata import version

        from discovery.exports.sarif import write_things
        from discovery.exports.source import ExportOptions, StoreSource

        options = ExportOptions(
            organisation=session.config.organisation.name,
            version=version("aicensus"),
            without_suppressed=self.without_suppressed,
        )
        write_things(StoreSource(store), self.things, report.partial_reasons, out, options)


_MOST = 20

"""Scan: plan the scopes of the configured connectors, read them, write what they show, judge it.

What the CLI, the daemon and later the API call. The caller opens the store; everything a run did is in
its journal, whatever ends it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connectors.context import forget_clients
from connectors.model import Finding, PartStatus
from discovery.engine import LEASE_S, Engine, Progress, Tally
from discovery.service import inventory
from discovery.service.alerting import AlertChanges
from discovery.service.judge import Judge
from discovery.service.permissions import ENGINE
from discovery.service.plan import Scan, ScanRequest, chosen, plan, run_spec
from normalizer import ids
from scheduler.executors import open_executor
from store import audit, journal, leases
from store.cache import BlobCache

if TYPE_CHECKING:
    from discovery.config import Config, InstanceConfig
    from store import Store

__all__ = ["Progress", "ScanReport", "ScanRequest", "SilentProgress", "run_scan"]

SETTLED = frozenset(
    {
        PartStatus.COMPLETE,
        PartStatus.NOT_ENABLED,
        PartStatus.NOT_LICENSED,
        PartStatus.NOT_OFFERED,
        PartStatus.NOT_OPTED_IN,
    }
)
"""Statuses that settle a part that was never complete: there is nothing to see for a reason."""


@dataclass(slots=True, kw_only=True)
class ScanReport:
    """What a run did.

    ``state`` is complete, partial, interrupted or failed. ``partial_reasons`` say why it is partial, one
    line for each part or listing that fell short of its promise. ``is_compared``: it looked only at
    changes, and ``shown`` is what it saw there, each thing with its comparison.
    """

    run_id: str
    state: str
    elapsed_s: float
    scopes: int
    tally: Tally
    partial_reasons: list[str] = field(default_factory=list)
    alerts: AlertChanges = field(default_factory=AlertChanges)
    interrupted_before: list[str] = field(default_factory=list)
    is_compared: bool = False
    shown: list[Finding] = field(default_factory=list)


class SilentProgress:
    """Hear everything, show nothing."""

    def scope_planned(self, count: int) -> None:
        """Ignore it."""

    def scope_started(self, key: str) -> None:
        """Ignore it."""

    def scope_done(self, key: str, outcome: object) -> None:
        """Ignore it."""

    def findings(self, count: int) -> None:
        """Ignore it."""

    def note(self, text: str) -> None:
        """Ignore it."""


def run_scan(
    config: Config,
    store: Store,
    request: ScanRequest,
    progress: Progress,
    *,
    executor: Executor | None = None,
) -> ScanReport:
    """Run one scan to its end and return what it did.

    ``executor`` runs the scopes and stays open; without it the configured one is opened for the run.
    Raises ``ConfigError`` before anything is read when the request or the options make no sense, and
    ``StoreError`` when the store fails; then the run is closed as failed.
    """
    instances = chosen(config, request)
    run_id, holder, cache = ids.mint("run"), leases.new_holder(), BlobCache(store)
    scan = Scan(config, store, request, progress, run_id, holder, executor, cache)
    judge = Judge(store, config)
    report = ScanReport(
        run_id=scan.run_id, state="failed", elapsed_s=0.0, scopes=0, tally=Tally(), alerts=judge.changes
    )
    report.is_compared = request.filtered
    started = time.monotonic()
    _take_up_interrupted(scan, judge, report)
    journal.begin_run(store, run_spec(scan))
    try:
        with leases.kept_alive(store, scan.holder, LEASE_S):
            _carry_out(scan, instances, judge, report)
    except KeyboardInterrupt:
        report.state = "interrupted"
        raise
    finally:
        report.elapsed_s = time.monotonic() - started
        forget_clients()
        try:
            judge.look_at(journal.end_run(store, scan.run_id, report.state, report.tally.counts()))
            judge.finish()
        finally:
            leases.release_all(store, scan.holder)
    _write_audit(scan, report)
    return report


def _take_up_interrupted(scan: Scan, judge: Judge, report: ScanReport) -> None:
    """Close runs that were cut off, and finish the grouping and judging that they had left."""
    report.interrupted_before = journal.close_interrupted(scan.store)
    for earlier in report.interrupted_before:
        scan.progress.note(f"run {earlier} was cut off; what it completed is kept and not read again")
    if journal.left_unjudged(scan.store):
        judge.look_at(None)


def _carry_out(scan: Scan, instances: Sequence[InstanceConfig], judge: Judge, report: ScanReport) -> None:
    jobs, listings = plan(scan, instances, judge.look_at, report.tally)
    report.scopes = len(jobs)
    scan.progress.scope_planned(len(jobs))
    with _executor_for(scan) as executor:
        engine = Engine(
            store=scan.store,
            executor=executor,
            run_id=scan.run_id,
            holder=scan.holder,
            progress=scan.progress,
            window=2 * scan.config.scan.workers,
            on_scope=judge.scope_done,
            filtered=scan.request.filtered,
            tally=report.tally,
            on_findings=report.shown.extend if scan.request.filtered else None,
        )
        engine.run(iter(jobs))
    scan.cache.flush()
    judge.look_at(set())
    report.partial_reasons = listings + _shortfalls(scan, report.tally)
    if report.tally.interrupted:
        report.state = "interrupted"
    else:
        report.state = "partial" if report.partial_reasons else "complete"


@contextmanager
def _executor_for(scan: Scan) -> Iterator[Executor]:
    if scan.executor is not None:
        yield scan.executor
        return
    executor = open_executor(scan.config.executor_settings())
    try:
        yield executor
    finally:
        # Nothing is left to wait for, but after Ctrl-C, when nobody wants to wait.
        executor.shutdown(wait=False)


def _shortfalls(scan: Scan, tally: Tally) -> list[str]:
    """Say what fell short: parts that were complete before or belong to a named target, and failed scopes.

    A scope failed when something stopped it as a whole: its credential, its host, its worker. With
    ``strict``, every part that is not complete counts.
    """
    done = inventory.get_run(scan.store, scan.run_id).details
    short = [row for row in done if row.status != PartStatus.COMPLETE and row.part != journal.LISTING_PART]
    if not short:
        return []
    before = {
        (row.scope, row.part) for row in inventory.coverage(scan.store) if row.last_complete_at is not None
    }
    named = _named_prefixes(scan)
    told = [
        row
        for row in short
        if scan.request.strict
        or (row.scope, row.part) in before
        or (row.status not in SETTLED and row.scope.startswith(named))
    ]
    failed = tally.errors.keys() - {row.scope for row in told}
    return [
        f"{row.scope} {row.part}: {row.status}" + (f" ({row.reason})" if row.reason else "") for row in told
    ] + [f"{key}: {tally.errors[key]}" for key in sorted(failed)]


def _named_prefixes(scan: Scan) -> tuple[str, ...]:
    """Return how the keys of scopes begin that the request named."""
    prefixes = [word if ":" in word else f"{word}:" for word in scan.request.connectors]
    return tuple(prefixes + ["code:"] * bool(scan.request.targets))


def _write_audit(scan: Scan, report: ScanReport) -> None:
    """Leave one entry for the run in the audit log."""
    entry = audit.Entry(
        action="run.end",
        object=scan.run_id,
        new={"state": report.state, "trigger": scan.request.trigger, **report.tally.counts()},
    )
    with scan.store.write(kind="audit") as tx:
        audit.append(tx.conn, ENGINE, entry, at=tx.now)

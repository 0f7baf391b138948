"""Scan: plan the scopes of the configured connectors, read them, write what they show, judge it.

What the CLI, the daemon and later the API call. The caller opens the store; everything a run did is in
its journal, whatever ends it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from importlib.metadata import version
from itertools import zip_longest
from typing import TYPE_CHECKING

from connectors import clock
from connectors.catalogue import load_catalogue
from connectors.context import forget_clients
from connectors.errors import ConfigError
from connectors.model import PartStatus, Scope
from connectors.outcome import PartResult
from connectors.runner import ScopeJob, list_scopes
from discovery.config import default_instance
from discovery.engine import LEASE_S, Engine, Progress, Tally, Touched
from discovery.service import decisions, inventory
from discovery.service.alerting import AlertChanges, evaluate
from discovery.service.permissions import ENGINE
from normalizer import ids
from scheduler.executors import open_executor
from store import audit, journal, leases, systems
from store.cache import BlobCache
from store.journal import RunSpec
from store.writer import previous_fingerprints

if TYPE_CHECKING:
    from discovery.config import Config, InstanceConfig
    from store import Store

__all__ = ["Progress", "ScanReport", "ScanRequest", "SilentProgress", "run_scan"]

log = logging.getLogger("aicensus.scan")

FRESH = timedelta(hours=1)
"""How old a complete part of an interrupted run may be to be reused."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRequest:
    """What to scan.

    ``targets`` are folders or git URLs for the code connector; ``connectors`` are names or
    ``name:instance``. With neither, everything that is configured is scanned.
    """

    targets: tuple[str, ...] = ()
    connectors: tuple[str, ...] = ()
    trigger: str = "cli"
    strict: bool = False
    filtered: bool = False
    actor: str = ""


@dataclass(slots=True, kw_only=True)
class ScanReport:
    """What a run did.

    ``state`` is complete, partial, interrupted or failed. ``partial_reasons`` say why it is partial, one
    line for each part or listing that fell short of its promise.
    """

    run_id: str
    state: str
    elapsed_s: float
    scopes: int
    tally: Tally
    partial_reasons: list[str] = field(default_factory=list)
    alerts_opened: list[str] = field(default_factory=list)
    alerts_reopened: list[str] = field(default_factory=list)
    alerts_resolved: list[str] = field(default_factory=list)
    interrupted_before: list[str] = field(default_factory=list)


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
    instances = _chosen(config, request)
    run_id, holder, cache = ids.mint("run"), leases.new_holder(), BlobCache(store)
    scan = _Scan(config, store, request, progress, run_id, holder, executor, cache)
    report = ScanReport(run_id=scan.run_id, state="failed", elapsed_s=0.0, scopes=0, tally=Tally())
    started = time.monotonic()
    judge = _Judge(scan)
    _take_up_interrupted(scan, judge, report)
    journal.begin_run(store, _run_spec(scan))
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
        finally:
            leases.release_all(store, scan.holder)
    judge.tell(report)
    _write_audit(scan, report)
    return report


@dataclass(frozen=True, slots=True)
class _Scan:
    """What every step of one scan needs."""

    config: Config
    store: Store
    request: ScanRequest
    progress: Progress
    run_id: str
    holder: str
    executor: Executor | None
    cache: BlobCache


def _take_up_interrupted(scan: _Scan, judge: _Judge, report: ScanReport) -> None:
    """Close runs that were cut off, and finish the grouping and judging that they had left."""
    report.interrupted_before = journal.close_interrupted(scan.store)
    for earlier in report.interrupted_before:
        scan.progress.note(f"run {earlier} was cut off; what it completed is kept and not read again")
    if journal.left_unjudged(scan.store):
        judge.look_at(None)


def _carry_out(scan: _Scan, instances: Sequence[InstanceConfig], judge: _Judge, report: ScanReport) -> None:
    jobs, listings = _plan(scan, instances, judge, report.tally)
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
def _executor_for(scan: _Scan) -> Iterator[Executor]:
    if scan.executor is not None:
        yield scan.executor
        return
    executor = open_executor(scan.config.executor_settings())
    try:
        yield executor
    finally:
        # Nothing is left to wait for, but after Ctrl-C, when nobody wants to wait.
        executor.shutdown(wait=False)


def _chosen(config: Config, request: ScanRequest) -> list[InstanceConfig]:
    """Return the instances that the request names, or all that are enabled."""
    chosen: list[InstanceConfig] = []
    for word in request.connectors:
        connector, _, name = word.partition(":")
        if name:
            chosen.append(config.instance(connector, name))
        else:
            instances = config.with_connector(connector).instances()
            chosen.extend(item for item in instances if item.connector == connector)
    if request.targets:
        chosen = [item for item in chosen if item.connector != "code"]
        chosen.append(_for_targets(config, request.targets))
    return chosen or config.instances()


def _for_targets(config: Config, targets: tuple[str, ...]) -> InstanceConfig:
    """Return the first code instance, reading ``targets`` instead of its own."""
    code = next((item for item in config.instances() if item.connector == "code"), None)
    if code is None:
        return default_instance("code", targets=targets)
    options = type(code.options).model_validate({**code.options.model_dump(), "targets": targets})
    return replace(code, options=options)


def _plan(
    scan: _Scan, instances: Sequence[InstanceConfig], judge: _Judge, tally: Tally
) -> tuple[list[ScopeJob], list[str]]:
    """List and journal the scopes of all instances; returns the jobs and what kept listings from whole.

    Scopes of different instances are dealt in turn, so that one vendor's rate limit does not hold up
    the others.
    """
    hands: list[list[ScopeJob]] = []
    shortfalls: list[str] = []
    spec = _run_spec(scan)
    for instance in instances:
        template = _template(scan, instance)
        scopes, result = _listed(instance, template)
        tally.requests += result.requests
        if result.status is not PartStatus.COMPLETE:
            shortfalls.append(f"{instance.key} could not be listed: {result.reason}")
        if _names_targets(scan, instance):
            reason = "only the named targets were listed"
            result = replace(result, status=PartStatus.INCOMPLETE, reason=reason)
        lost = journal.note_scopes_listing(
            scan.store, instance.connector, instance.name, scopes, result, run_id=scan.run_id
        )
        judge.look_at(lost)
        hands.append([_job(scan, template, scope, spec) for scope in scopes or ()])
    _note_unmanaged(scan)
    jobs = [job for turn in zip_longest(*hands) for job in turn if job is not None]
    waiting = [job for job in jobs if not _is_done(job)]
    tally.scopes_reused = len(jobs) - len(waiting)
    journal.plan_scopes(scan.store, scan.run_id, [job.scope for job in waiting])
    reused = [job.scope for job in jobs if _is_done(job)]
    journal.plan_scopes(scan.store, scan.run_id, reused, state="reused")
    return waiting, shortfalls


def _listed(instance: InstanceConfig, template: ScopeJob) -> tuple[list[Scope] | None, PartResult]:
    """List an instance's scopes; what is wrong with its configuration is said with its name."""
    try:
        return list_scopes(template)
    except ConfigError as error:
        if error.where:
            raise
        raise type(error)(error.what, where=instance.key, hint=error.hint) from error


def _is_done(job: ScopeJob) -> bool:
    """Say whether an interrupted run has just completed every part of the scope."""
    return bool(job.scope.parts) and job.fresh.issuperset(part.name for part in job.scope.parts)


def _names_targets(scan: _Scan, instance: InstanceConfig) -> bool:
    """Say whether the listing is a choice of the moment; then what it lacks has not gone away."""
    return instance.connector == "code" and (bool(scan.request.targets) or scan.config.path is None)


def _note_unmanaged(scan: _Scan) -> None:
    """Mark scopes of instances that a configuration file no longer holds."""
    if scan.config.path is not None:
        managed = {(item.connector, item.name) for item in scan.config.every_instance}
        journal.note_unmanaged(scan.store, managed)


def _template(scan: _Scan, instance: InstanceConfig) -> ScopeJob:
    nowhere = Scope(connector=instance.connector, instance=instance.name, ids=(), parts=())
    return ScopeJob(
        connector=instance.connector,
        instance=instance.name,
        scope=nowhere,
        options=instance.options,
        network=scan.config.network,
        cache=scan.cache,
    )


def _job(scan: _Scan, template: ScopeJob, scope: Scope, spec: RunSpec) -> ScopeJob:
    store = scan.store
    return replace(
        template,
        scope=scope,
        previous=lambda part: previous_fingerprints(store, scope.key, part),
        fresh=frozenset(journal.fresh_parts(store, scope.key, clock.now() - FRESH, like=spec)),
    )


def _run_spec(scan: _Scan) -> RunSpec:
    return RunSpec(
        run_id=scan.run_id,
        actor=scan.request.actor or ENGINE.label,
        trigger=scan.request.trigger,
        filtered=scan.request.filtered,
        code_version=version("aicensus"),
        catalogue_version=load_catalogue().version,
        config_hash=scan.config.content_hash(),
        holder=scan.holder,
    )


def _shortfalls(scan: _Scan, tally: Tally) -> list[str]:
    """Say which parts fell short: all that were complete before or belong to a named target.

    With ``strict``, every part that is not complete. A scope that its worker lost is among them.
    """
    done = inventory.get_run(scan.store, scan.run_id).details
    short = [row for row in done if row.status != PartStatus.COMPLETE and row.part != journal.LISTING_PART]
    if not short:
        return []
    before = {
        (row.scope, row.part) for row in inventory.coverage(scan.store) if row.last_complete_at is not None
    }
    named = _named_prefixes(scan)
    return [
        f"{row.scope} {row.part}: {row.status}" + (f" ({row.reason})" if row.reason else "")
        for row in short
        if scan.request.strict
        or (row.scope, row.part) in before
        or (row.status not in SETTLED and row.scope.startswith(named))
    ]


def _named_prefixes(scan: _Scan) -> tuple[str, ...]:
    """Return how the keys of scopes begin that the request named."""
    prefixes = [word if ":" in word else f"{word}:" for word in scan.request.connectors]
    return tuple(prefixes + ["code:"] * bool(scan.request.targets))


def _write_audit(scan: _Scan, report: ScanReport) -> None:
    """Leave one entry for the run in the audit log."""
    entry = audit.Entry(
        action="run.end",
        object=scan.run_id,
        new={"state": report.state, "trigger": scan.request.trigger, **report.tally.counts()},
    )
    with scan.store.write(kind="audit") as tx:
        audit.append(tx.conn, ENGINE, entry, at=tx.now)


class _Judge:
    """Group what was touched, and keep the alerts of the systems concerned in step."""

    def __init__(self, scan: _Scan) -> None:
        self._store = scan.store
        self._roles = scan.config.scan.roles_that_alert
        self._changes: list[AlertChanges] = []

    def scope_done(self, touched: Touched) -> None:
        """Look at what a scope touched, and ask owners again of things that were made anew."""
        self.look_at(touched.assets)
        if touched.replaced:
            decisions.ask_owner_again(self._store, touched.replaced, actor=ENGINE)

    def look_at(self, touched: set[str] | None) -> None:
        """Regroup the touched assets (``None``: all) and evaluate the rules for their systems.

        With an empty set only what changed with time alone is evaluated.
        """
        changed = systems.regroup(self._store, touched).touched if touched or touched is None else set()
        self._changes.append(evaluate(self._store, changed, roles_that_alert=self._roles))

    def tell(self, report: ScanReport) -> None:
        """Write the ids of alerts opened, reopened and resolved into the report."""
        for change in self._changes:
            report.alerts_opened += change.opened
            report.alerts_reopened += change.reopened
            report.alerts_resolved += change.resolved

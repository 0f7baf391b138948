"""Carry out a plan: run scopes on an executor, write what they show, keep the leases alive.

One thread, the caller's, writes to the store. Workers hand over batches through a bounded queue, so a
fast scope waits for the writer instead of filling the memory. At any moment the process may be killed:
what was written is consistent, and the next run goes on from there.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Protocol

from connectors import clock, interrupts
from connectors.clients import budget
from connectors.model import Finding
from connectors.outcome import PartBatch, PartResult, ScopeOutcome
from connectors.runner import (
    ScopeJob,
    ScopeReturn,
    TravellingCache,
    packed,
    run_scope,
    run_scope_collected,
)
from connectors.secrets import redact
from scheduler.process_executor import LocalProcesses
from store import Store, journal, leases
from store.cache import BlobCache
from store.errors import LeaseLost
from store.leases import Lease
from store.placement import Placement
from store.standing import journal_standing
from store.writer import PartWriter

log = logging.getLogger("aicensus.engine")

_QUEUE_BATCHES = 16
_GRACE_S = 10.0
_LOOK_S = 0.5
"""How often a worker that waits for the writer looks whether there still is one."""
_TOGETHER = 50
"""Parts with nothing to write but their end that wait for each other: a killed scan reads them again."""
LEASE_S = 60.0
"""How long a scope stays taken after its process died on another machine."""


class Progress(Protocol):
    """Hear how a scan goes; called from the writing thread only, except ``scope_started``."""

    def scope_planned(self, count: int) -> None:
        """Hear how many scopes there are to do."""

    def scope_started(self, key: str) -> None:
        """Hear that a worker took a scope up."""

    def scope_done(self, key: str, outcome: ScopeOutcome) -> None:
        """Hear how a scope ended."""

    def findings(self, count: int) -> None:
        """Hear that so many more things were written."""

    def note(self, text: str) -> None:
        """Hear a remark worth showing."""


@dataclass(slots=True, kw_only=True)
class Tally:
    """What a run has done so far.

    ``scopes_busy`` were left to another process, ``scopes_reused`` had just been completed by a run that
    was cut off.
    """

    scopes_done: int = 0
    scopes_busy: int = 0
    scopes_reused: int = 0
    requests: int = 0
    seen: int = 0
    added: int = 0
    changed: int = 0
    missing: int = 0
    closed: int = 0
    errors: dict[str, str] = field(default_factory=dict)
    interrupted: bool = False

    def counts(self) -> dict[str, int]:
        """Return the numbers alone, for the journal."""
        return {name: value for name, value in asdict(self).items() if type(value) is int}


@dataclass(slots=True, kw_only=True)
class Touched:
    """What writing touched: ids of assets, and which assets are made anew (new id by old id).

    ``placement`` is what their writer has already done about grouping them.
    """

    placement: Placement
    assets: set[str] = field(default_factory=set)
    replaced: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class _Work:
    """One scope under way.

    ``standing`` are ends of parts that show just what is on record, often nothing, to be journaled together.
    ``is_home`` says that its worker hands over nothing more, ``is_taken`` that another process has the scope.
    """

    job: ScopeJob
    lease: Lease
    writer: PartWriter
    touched: Touched
    standing: list[PartBatch] = field(default_factory=list)
    is_home: bool = False
    is_taken: bool = False


@dataclass(frozen=True, slots=True)
class _Event:
    """Something a worker handed over: a batch, the end of its scope, or all of it from elsewhere."""

    scope_key: str
    batch: PartBatch | None = None
    outcome: ScopeOutcome | None = None
    returned: Future[ScopeReturn] | None = None


class Engine:
    """Run scope jobs for one journaled run.

    ``holder`` is the name under which leases are taken; the caller keeps them alive. ``window`` bounds how
    many scopes are with the executor at once. ``on_scope`` is called after a
    scope's last batch was written, with what it touched, to group and judge it. ``on_findings`` gets what
    was written of every batch, for a run that reports on just that.
    """

    def __init__(
        self,
        *,
        store: Store,
        executor: Executor,
        run_id: str,
        holder: str,
        progress: Progress,
        window: int,
        on_scope: Callable[[Touched], None],
        filtered: bool = False,
        tally: Tally | None = None,
        on_findings: Callable[[list[Finding]], None] | None = None,
    ) -> None:
        self._store = store
        self._executor = executor
        self._run_id = run_id
        self._holder = holder
        self._progress = progress
        self._window = window
        self._on_scope = on_scope
        self._filtered = filtered
        self._on_findings = on_findings
        # Room for every scope under way: a future that is done at once is handed over by the thread that
        # also takes out, which must never wait for itself.
        self._events: queue.Queue[_Event] = queue.Queue(max(_QUEUE_BATCHES, window))
        self._stop = threading.Event()
        self._is_closed = threading.Event()
        self._work: dict[str, _Work] = {}
        self.tally = tally or Tally()

    def run(self, jobs: Iterator[ScopeJob]) -> Tally:
        """Do all jobs; returns when they are done.

        Ctrl-C stops handing out work, keeps what was written, marks the tally, and shuts the executor down
        without waiting for what it still runs.
        """
        budget.allow_waiting()
        try:
            self._loop(jobs)
        except KeyboardInterrupt:
            self.tally.interrupted = True
            try:
                self._progress.note("stopping: what was found so far is kept")
                self._wind_down()
            finally:
                self._abandon()
        except BaseException:
            self._abandon()
            raise
        return self.tally

    def _loop(self, jobs: Iterator[ScopeJob]) -> None:
        exhausted = False
        while True:
            while not exhausted and len(self._work) < self._window:
                job = next(jobs, None)
                if job is None:
                    exhausted = True
                else:
                    self._start(job)
            if exhausted and not self._work:
                return
            self._handle(self._events.get())

    def _start(self, job: ScopeJob) -> None:
        key = job.scope.key
        lease = leases.acquire(self._store, f"scope/{key}", self._holder, LEASE_S)
        if lease is None:
            self.tally.scopes_busy += 1
            self._progress.note(f"{key} is being scanned by another process; left to it")
            return
        writer = PartWriter(self._store, self._run_id, job.scope, self._filtered, lease=lease)
        touched = Touched(placement=writer.placement)
        self._work[key] = _Work(job=job, lease=lease, writer=writer, touched=touched)
        if isinstance(self._executor, ThreadPoolExecutor):
            self._executor.submit(self._scan_here, job)
        else:
            self._progress.scope_started(key)
            self._send_away(job)

    def _scan_here(self, job: ScopeJob) -> None:
        """Scan in this process, handing over each batch as it comes."""
        key = job.scope.key
        if self._stop.is_set():
            self._hand_over(_Event(key, outcome=ScopeOutcome(scope_key=key, error="interrupted")))
            return
        self._progress.scope_started(key)
        outcome = run_scope(
            job, lambda batch: self._hand_over(_Event(key, batch=batch)), stopped=self._stop.is_set
        )
        self._hand_over(_Event(key, outcome=outcome))

    def _send_away(self, job: ScopeJob) -> None:
        """Have the scope scanned by another process; an executor that is broken has lost it already."""
        key = job.scope.key
        future: Future[ScopeReturn]
        try:
            future = self._executor.submit(run_scope_collected, packed(job, self._near_cache(job)))
        except BrokenExecutor as error:
            future = Future()
            future.set_exception(error)
        future.add_done_callback(lambda done: self._hand_over(_Event(key, returned=done)))

    def _near_cache(self, job: ScopeJob) -> TravellingCache | None:
        """Return what lets a process of this machine look into the store's cache, where that can be done."""
        if isinstance(self._executor, LocalProcesses) and isinstance(job.cache, BlobCache):
            return job.cache.near()
        return None

    def _hand_over(self, event: _Event) -> None:
        """Wait until the writer takes an event, or until it takes none any more."""
        while not self._is_closed.is_set():
            try:
                self._events.put(event, timeout=_LOOK_S)
                return
            except queue.Full:
                continue

    def _take_home(self, work: _Work, done: Future[ScopeReturn]) -> None:
        """Write what a worker of another process brought home."""
        work.is_home = True
        error = done.exception() if not done.cancelled() else None
        if done.cancelled() or error is not None:
            self._worker_lost(work, redact(f"the worker was lost: {error or 'cancelled'}"))
            return
        returned = done.result()
        for name, value in returned.cache_entries.items():
            work.job.cache.put(name, value)
        for batch in returned.unpack():
            self._write(work, batch)
        self._finish(work, returned.outcome)

    def _worker_lost(self, work: _Work, reason: str) -> None:
        """Record every part of a lost scope as failed, so that it is not taken for empty."""
        job, key = work.job, work.job.scope.key
        result = PartResult.never_read(reason, clock.now())
        outcome = ScopeOutcome(scope_key=key, error=reason)
        for part in job.scope.parts:
            outcome.parts[part.name] = result
            batch = PartBatch(scope_key=key, part=part.name, findings=[], unchanged=[], final=result)
            self._write(work, batch)
        self._finish(work, outcome)

    def _handle(self, event: _Event) -> None:
        work = self._work[event.scope_key]
        if event.returned is not None:
            self._take_home(work, event.returned)
        if event.batch is not None:
            self._write(work, event.batch)
        if event.outcome is not None:
            self._finish(work, event.outcome)

    def _write(self, work: _Work, batch: PartBatch) -> None:
        with interrupts.held():  # what is written is also counted
            self._write_whole(work, batch)

    def _write_whole(self, work: _Work, batch: PartBatch) -> None:
        if work.is_taken:
            return
        if batch.final is not None and (batch.final.stands or work.writer.is_empty(batch)):
            work.standing.append(batch)
            if len(work.standing) >= _TOGETHER:
                self._write_standing(work)
            return
        try:
            delta = work.writer.apply(batch)
        except LeaseLost as error:
            work.is_taken = True
            self._progress.note(f"{work.job.scope.key}: {error}")
            return
        work.touched.assets |= delta.touched_assets
        work.touched.replaced |= delta.replaced
        tally = self.tally
        seen = len(batch.findings) + len(batch.unchanged)
        tally.seen += seen
        tally.added += delta.added
        tally.changed += delta.changed
        tally.missing += delta.missing
        tally.closed += delta.closed
        if seen:
            self._progress.findings(seen)
        if self._on_findings is not None:
            self._on_findings(batch.findings)

    def _write_standing(self, work: _Work) -> None:
        if work.is_taken or not work.standing:
            return
        try:
            journal_standing(
                *(self._store, self._run_id, work.job.scope, work.standing),
                filtered=self._filtered,
                lease=work.lease,
            )
        except LeaseLost as error:
            work.is_taken = True
            self._progress.note(f"{work.job.scope.key}: {error}")
            return
        seen = sum(batch.final.count for batch in work.standing if batch.final)
        work.standing.clear()
        self.tally.seen += seen
        if seen:
            self._progress.findings(seen)

    def _finish(self, work: _Work, outcome: ScopeOutcome) -> None:
        key = work.job.scope.key
        work.is_home = True
        self._write_standing(work)
        if work.is_taken:
            del self._work[key]
            self.tally.scopes_busy += 1
            return
        self.tally.scopes_done += 1
        self.tally.requests += outcome.requests
        if outcome.error:
            self.tally.errors[key] = outcome.error
            log.warning("%s: %s", key, outcome.error)
        closed = journal.finish_scope(self._store, self._run_id, outcome)
        work.writer.placement.note(closed)
        work.touched.assets |= closed
        if work.touched.assets:
            self._on_scope(work.touched)
        leases.release(self._store, work.lease)
        del self._work[key]
        self._progress.scope_done(key, outcome)

    def _wind_down(self) -> None:
        """Let running scopes notice the stop, and write what they still hand over, for a short grace."""
        self._stop.set()
        budget.stop_waiting()
        end = time.monotonic() + _GRACE_S
        while any(not work.is_home for work in self._work.values()):
            try:
                self._handle(self._events.get(timeout=max(0.0, end - time.monotonic())))
            except queue.Empty:
                break
        for work in self._work.values():
            self._write_standing(work)
            if work.touched.assets:
                self._on_scope(work.touched)

    def _abandon(self) -> None:
        """Write nothing any more, and free workers that wait to hand over, so that they can end."""
        self._stop.set()
        self._is_closed.set()
        budget.stop_waiting()
        self._executor.shutdown(wait=False, cancel_futures=True)

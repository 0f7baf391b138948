"""Run connector instances when they are due, on one of any number of daemons, until told to stop.

The calendar and the leadership live in the store and are given in; so is what a run does. APScheduler
beats in a background thread (leadership, health); runs happen one after another in the main thread, where
a signal can interrupt them.
"""

from __future__ import annotations

import logging
import queue
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import FrameType
from typing import Generic, Protocol, TypeVar
from zoneinfo import ZoneInfo

from connectors import clock, interrupts
from scheduler.leader import Leadership
from scheduler.triggers import ScheduleSpec, due_after_run, first_due

log = logging.getLogger("aicensus.daemon")

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A connector instance and when to run it."""

    connector: str
    instance: str
    spec: ScheduleSpec

    @property
    def key(self) -> tuple[str, str]:
        """Return connector and instance."""
        return self.connector, self.instance


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    """Something to do beside the runs while this daemon leads, every so many seconds.

    ``run`` is given a question to ask between its steps: whether to stop now.
    """

    name: str
    every_s: float
    run: Callable[[Callable[[], bool]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """How a run ended: its id (empty: it never began) and whether it was cut short by a stop."""

    run_id: str
    is_interrupted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What a daemon does now; times in UTC. ``running`` is ``connector:instance`` or empty."""

    holder: str
    state: str
    epoch: int | None
    running: str
    running_since: datetime | None
    next_due_at: datetime | None
    last_error: str
    updated_at: datetime


class Entry(Protocol):
    """A line of the calendar."""

    @property
    def connector(self) -> str:
        """Return the connector's name."""

    @property
    def instance(self) -> str:
        """Return the instance's name."""

    @property
    def next_due_at(self) -> datetime:
        """Return when it is due (UTC)."""


E = TypeVar("E", bound=Entry)
C = TypeVar("C")


class Calendar(Protocol[E, C]):
    """Where due times are kept and claimed, shared by all daemons (``store.schedule``)."""

    def sync(self, wanted: Mapping[tuple[str, str], tuple[str, datetime]]) -> None:
        """Hold exactly these instances: their specification and their first due time."""

    def entries(self) -> Sequence[E]:
        """Return all entries, what is due first coming first."""

    def claim(self, entry: E, *, epoch: int, next_due_at: datetime) -> C | None:
        """Take a due time; ``None`` when somebody else has it."""

    def finish(self, claim: C, run_id: str) -> None:
        """Note that a claim is done."""

    def put_back(self, claim: C) -> None:
        """Make an interrupted claim due again."""

    def put_back_lost(self) -> Sequence[tuple[str, str]]:
        """Make the claims of dead daemons due again; return whose."""


class Daemon(Generic[E, C]):
    """Run ``jobs`` when due while this process leads; call :meth:`run` in the main thread.

    ``run_instance`` gets connector, instance and due time; a ``KeyboardInterrupt`` in it means stop now.
    ``failures`` are errors that end one run, one chore or one look at the store, never the daemon; any other
    error in a run
    ends the daemon, and the claim is put back by the next leader. ``on_status`` hears of every tick.
    """

    def __init__(
        self,
        *,
        jobs: Sequence[Job],
        calendar: Calendar[E, C],
        leadership: Leadership,
        run_instance: Callable[[str, str, datetime], RunResult],
        holder: str,
        zone: ZoneInfo,
        tick_s: float = 5,
        grace_s: float = 30,
        failures: tuple[type[Exception], ...] = (),
        on_status: Callable[[Status], None] = lambda status: None,
        chores: Sequence[Chore] = (),
    ) -> None:
        self._chores = tuple(chores)
        self._jobs = {job.key: job for job in jobs}
        self._calendar = calendar
        self._leadership = leadership
        self._run_instance = run_instance
        self._holder = holder
        self._zone = zone
        self._tick_s = tick_s
        self._grace_s = grace_s
        self._failures = failures
        self._on_status = on_status
        # Its put() may be called in a signal handler, unlike an Event's set().
        self._wakes: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._is_stopping = False
        self._is_running = False
        self._synced_epoch: int | None = None
        self._running = ""
        self._running_since: datetime | None = None
        self._next_due_at: datetime | None = None
        self._last_error = ""

    def run(self) -> None:
        """Work until SIGTERM or Ctrl-C.

        The first signal lets a running scan finish for the grace time, the second interrupts it now.
        """
        log.info("%s: %d scheduled instances", self._holder, len(self._jobs))
        try:
            with self._signals(), self._ticking():
                try:
                    self._loop()
                finally:
                    self._is_stopping = True
        finally:
            self._leadership.resign()
            self._tell()
            log.info("%s: stopped", self._holder)

    def stop(self) -> None:
        """Ask the daemon to stop as a first signal does; safe from any thread and in signal handlers."""
        self._is_stopping = True
        self._wakes.put(None)

    def status(self) -> Status:
        """Return what the daemon does now."""
        epoch = self._leadership.epoch
        state = "stopping" if self._is_stopping else "following" if epoch is None else "leading"
        return Status(
            holder=self._holder,
            state=state,
            epoch=epoch,
            running=self._running,
            running_since=self._running_since,
            next_due_at=self._next_due_at,
            last_error=self._last_error,
            updated_at=clock.now(),
        )

    def _loop(self) -> None:
        while not self._is_stopping:
            wait_s = self._tick_s
            epoch = self._leadership.epoch
            if epoch is not None:
                try:
                    wait_s = self._lead(epoch)
                except self._failures as error:
                    self._note(f"the calendar cannot be used now: {error}")
            if wait_s > 0 and not self._is_stopping:
                self._wait(wait_s)

    def _wait(self, seconds: float) -> None:
        try:
            self._wakes.get(timeout=min(seconds, self._tick_s))
            while True:
                self._wakes.get_nowait()
        except queue.Empty:
            pass

    def _lead(self, epoch: int) -> float:
        """Run what is due, at most one; return how many seconds there is nothing to do."""
        if epoch != self._synced_epoch:
            self._take_over()
            self._synced_epoch = epoch
        entries = self._calendar.entries()
        entry = next((entry for entry in entries if (entry.connector, entry.instance) in self._jobs), None)
        self._next_due_at = entry.next_due_at if entry else None
        if entry is None:
            return self._tick_s
        now = clock.now()
        if entry.next_due_at > now:
            return (entry.next_due_at - now).total_seconds()
        job = self._jobs[entry.connector, entry.instance]
        following = due_after_run(job.spec, now, self._zone, seed=":".join(job.key))
        claim = self._calendar.claim(entry, epoch=epoch, next_due_at=following)
        if claim is None:
            # Not ours to run; the next beat tells whether another leads.
            return self._tick_s
        self._run_claim(job, entry.next_due_at, claim)
        return 0

    def _take_over(self) -> None:
        now = clock.now()
        self._calendar.sync(
            {
                key: (job.spec.text, first_due(job.spec, now, self._zone, seed=":".join(key)))
                for key, job in self._jobs.items()
            }
        )
        for connector, instance in self._calendar.put_back_lost():
            log.warning("%s:%s was left unfinished by another daemon", connector, instance)

    def _run_claim(self, job: Job, due_at: datetime, claim: C) -> None:
        name = ":".join(job.key)
        late = clock.now() - due_at
        log.info("%s is due%s", name, f", {late} late" if late > timedelta(minutes=1) else "")
        self._running, self._running_since = name, clock.now()
        result = RunResult(run_id="")
        try:
            self._is_running = True
            result = self._run_instance(job.connector, job.instance, due_at)
        except KeyboardInterrupt:
            result = RunResult(run_id="", is_interrupted=True)
        except self._failures as error:
            self._note(f"{name} failed: {error}")
        finally:
            self._is_running = False
            self._running, self._running_since = "", None
        if result.is_interrupted:
            log.info("%s was interrupted and is due again", name)
            self._calendar.put_back(claim)
        else:
            self._calendar.finish(claim, result.run_id)

    def _tick(self) -> None:
        before = self._leadership.epoch
        after = self._leadership.beat()
        if after != before:
            self._wakes.put(None)
        self._tell()

    def _do(self, chore: Chore) -> None:
        if self._is_stopping or self._leadership.epoch is None:
            return
        try:
            chore.run(lambda: self._is_stopping)
        except self._failures as error:
            self._note(f"{chore.name} failed: {error}")

    def _tell(self) -> None:
        try:
            self._on_status(self.status())
        except OSError as error:
            log.warning("the status cannot be written: %s", error)

    def _note(self, text: str) -> None:
        self._last_error = text
        log.error("%s", text)

    @contextmanager
    def _ticking(self) -> Iterator[None]:
        """Beat in the background; the job is kept in memory only, the calendar is the store's."""
        from apscheduler.executors.pool import ThreadPoolExecutor
        from apscheduler.schedulers.background import BackgroundScheduler

        scheduler = BackgroundScheduler(
            timezone=ZoneInfo("UTC"),
            # A chore may wait for somebody; leadership must not.
            executors={"default": ThreadPoolExecutor(1), "chores": ThreadPoolExecutor(1)},
            daemon=True,
        )
        scheduler.add_job(
            self._tick,
            "interval",
            seconds=self._tick_s,
            next_run_time=clock.now(),
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )
        for chore in self._chores:
            scheduler.add_job(
                self._do,
                "interval",
                (chore,),
                seconds=chore.every_s,
                next_run_time=clock.now() + timedelta(seconds=min(chore.every_s, self._tick_s)),
                executor="chores",
                max_instances=1,
                coalesce=True,
                misfire_grace_time=None,
            )
        scheduler.start()
        try:
            yield
        finally:
            scheduler.shutdown(wait=True)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._on_signal) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._is_stopping:
            if self._is_running:
                interrupts.strike()
            return
        self.stop()
        if self._is_running:
            timer = threading.Timer(self._grace_s, _interrupt_main_thread)
            timer.daemon = True
            timer.start()


def _interrupt_main_thread() -> None:
    """Send a real signal: only that wakes a main thread that waits for a lock."""
    ident = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and ident is not None:
        signal.pthread_kill(ident, signal.SIGTERM)
    else:
        import _thread

        _thread.interrupt_main(signal.SIGTERM)

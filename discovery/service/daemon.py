"""Run the scheduled scans of a configuration until told to stop: what ``aicensus daemon`` calls."""

from __future__ import annotations

import logging
import os
import platform
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from connectors import clock
from connectors.errors import ConfigError, ConnectorError
from connectors.secrets import redact
from scheduler.daemon import Chore, Daemon, Job, RunResult, Status
from scheduler.leader import Leadership
from store import schedule
from store.errors import StoreError
from store.leadership import LeaderLock

if TYPE_CHECKING:
    from discovery.config import Config
    from discovery.service.scan import Progress
    from store import Store

log = logging.getLogger("aicensus.daemon")

ACTOR = "daemon"
_DAY_S = 86_400.0
# What may get better by itself: a vendor, the store, the disk. A mistake of ours ends the daemon.
_FAILURES: tuple[type[Exception], ...] = (ConnectorError, StoreError, OSError)


class StoreCalendar:
    """The calendar of a store, claimed in the name of one daemon."""

    def __init__(self, store: Store, holder: str) -> None:
        self._store = store
        self._holder = holder

    def sync(self, wanted: Mapping[schedule.Key, tuple[str, datetime]]) -> None:
        """Hold exactly these instances."""
        schedule.sync(self._store, wanted)

    def entries(self) -> Sequence[schedule.Entry]:
        """Return all entries, what is due first coming first."""
        return schedule.entries(self._store)

    def claim(self, entry: schedule.Entry, *, epoch: int, next_due_at: datetime) -> schedule.Claim | None:
        """Take a due time; ``None`` when somebody else has it."""
        return schedule.claim(self._store, entry, holder=self._holder, epoch=epoch, next_due_at=next_due_at)

    def finish(self, claim: schedule.Claim, run_id: str) -> None:
        """Note that a claim is done."""
        schedule.finish(self._store, claim, run_id)

    def put_back(self, claim: schedule.Claim) -> None:
        """Make an interrupted claim due again."""
        schedule.put_back(self._store, claim)

    def put_back_lost(self) -> Sequence[schedule.Key]:
        """Make the claims of dead daemons due again; return whose."""
        return schedule.put_back_lost(self._store, self._holder)


def run_daemon(config: Config, store: Store, progress: Progress | None = None) -> None:
    """Scan every scheduled instance when it is due, until SIGTERM or Ctrl-C.

    Any number of daemons may run on one store with the same configuration; one of them leads, and also sends
    what the receivers are to be told. Raises ``ConfigError`` when there is nothing to do.
    """
    jobs = scheduled_jobs(config)
    if not jobs and not config.notifications.receivers:
        raise ConfigError(
            "no connector instance has a schedule",
            where=str(config.path or "no configuration file"),
            hint='Add schedule = "0 3 * * *" or every = "6h" to a [connectors.<connector>.<instance>] table.',
        )
    holder = new_holder()
    section = config.daemon
    ttl_s = section.lease.total_seconds()
    Daemon(
        jobs=jobs,
        calendar=StoreCalendar(store, holder),
        leadership=Leadership(LeaderLock(store, holder, ttl_s), ttl_s=ttl_s, failures=_FAILURES),
        run_instance=_scanner(config, store, progress),
        holder=holder,
        zone=config.organisation.zone,
        tick_s=section.tick.total_seconds(),
        grace_s=section.grace.total_seconds(),
        failures=_FAILURES,
        on_status=_reporter(section.health_file),
        chores=_chores(config, store),
    ).run()


def _chores(config: Config, store: Store) -> list[Chore]:
    """Return what the leading daemon does beside scans."""
    from discovery.service import escalation, maintenance, notifying, sla

    def watch(is_stopping: Callable[[], bool]) -> None:
        sla.keep(store, config)
        escalation.escalate(store)

    def tell(is_stopping: Callable[[], bool]) -> None:
        notifying.send(store, config, is_stopping=is_stopping)

    def forget(is_stopping: Callable[[], bool]) -> None:
        maintenance.keep_retention(store, config.store.personal_days)

    chores = [Chore(name="watching deadlines", every_s=60.0, run=watch)]
    if config.store.personal_days:
        chores.append(Chore(name="forgetting who used what long ago", every_s=_DAY_S, run=forget))
    if config.notifications.receivers:
        every_s = config.daemon.tick.total_seconds()
        chores.append(Chore(name="telling the receivers", every_s=every_s, run=tell))
    return chores


def run_worker(config: Config) -> None:
    """Work for the scans of other machines through the PostgreSQL queue, until SIGTERM or Ctrl-C.

    Needs no store: what is found travels back to the daemon. Raises ``ConfigError`` when the configured
    executor has no workers of ours.
    """
    settings = config.executor_settings()
    if settings.kind != "procrastinate":
        raise ConfigError(
            f"the executor {settings.kind!r} has no workers of ours to start",
            where="[executor] kind",
            hint='Set kind = "procrastinate" and the address of its PostgreSQL.',
        )
    try:
        from scheduler.procrastinate_worker import Worker
    except ImportError as error:
        raise ConfigError(
            "a worker needs the package procrastinate", hint="Install aicensus[cluster]."
        ) from error
    Worker(settings.address, concurrency=settings.workers).run()


def scheduled_jobs(config: Config) -> list[Job]:
    """Return what the daemon runs: every enabled instance that has a schedule."""
    return [
        Job(connector=item.connector, instance=item.name, spec=item.schedule)
        for item in config.instances()
        if item.schedule is not None
    ]


def new_holder() -> str:
    """Return a name for this process that no other has, today or later."""
    return f"{platform.node()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def _scanner(
    config: Config, store: Store, progress: Progress | None
) -> Callable[[str, str, datetime], RunResult]:
    from discovery.service.scan import ScanRequest, SilentProgress, run_scan

    heard = progress or SilentProgress()

    def scan(connector: str, instance: str, due_at: datetime) -> RunResult:
        request = ScanRequest(connectors=(f"{connector}:{instance}",), trigger="schedule", actor=ACTOR)
        report = run_scan(config, store, request, heard)
        log.info(
            "%s:%s, due %s: run %s %s, %d scopes in %.0f s",
            connector,
            instance,
            clock.to_text(due_at),
            report.run_id,
            report.state,
            report.scopes,
            report.elapsed_s,
        )
        return RunResult(run_id=report.run_id, is_interrupted=report.state == "interrupted")

    return scan


def _reporter(health_file: str) -> Callable[[Status], None]:
    if not health_file:
        return lambda status: None
    path = Path(health_file).expanduser()

    def report(status: Status) -> None:
        # A reader must never see half a file.
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        partial.write_bytes(orjson.dumps(_public(status)) + b"\n")
        partial.replace(path)

    return report


def _public(status: Status) -> dict[str, object]:
    content: dict[str, object] = {}
    for name, value in asdict(status).items():
        content[name] = clock.to_text(value) if isinstance(value, datetime) else value
    content["last_error"] = redact(status.last_error)
    return content

"""One daemon, its calendar in memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from connectors import clock
from scheduler.daemon import Daemon, Job, RunResult, Status
from scheduler.leader import Leadership
from scheduler.triggers import ScheduleSpec


class OutOfReach(Exception):
    """The store does not answer."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One entry of the calendar in memory."""

    connector: str
    instance: str
    next_due_at: datetime


@dataclass
class MemoryCalendar:
    """A calendar without a store; ``log`` says what was asked of it."""

    lines: dict[tuple[str, str], Line] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    lost: list[tuple[str, str]] = field(default_factory=list)
    is_down: bool = False
    refuses: bool = False

    def sync(self, wanted: Mapping[tuple[str, str], tuple[str, datetime]]) -> None:
        self.log.append("sync")
        for key, (_, first) in wanted.items():
            self.lines.setdefault(key, Line(connector=key[0], instance=key[1], next_due_at=first))

    def entries(self) -> list[Line]:
        if self.is_down:
            raise OutOfReach("no answer")
        return sorted(self.lines.values(), key=lambda line: line.next_due_at)

    def claim(self, entry: Line, *, epoch: int, next_due_at: datetime) -> str | None:
        if self.refuses:
            self.log.append("refused")
            return None
        self.lines[entry.connector, entry.instance] = replace(entry, next_due_at=next_due_at)
        self.log.append(f"claim {entry.instance}")
        return entry.instance

    def finish(self, claim: str, run_id: str) -> None:
        self.log.append(f"finish {claim} {run_id}")

    def put_back(self, claim: str) -> None:
        self.log.append(f"put back {claim}")

    def put_back_lost(self) -> list[tuple[str, str]]:
        self.log.append("put back lost")
        return self.lost


@dataclass
class MemoryLock:
    """A leadership without a store; ``epoch`` is what ``take`` gives."""

    epoch: int | None = 1
    holds: bool = True
    is_down: bool = False
    log: list[str] = field(default_factory=list)

    def take(self) -> int | None:
        if self.is_down:
            raise OutOfReach("no answer")
        return self.epoch

    def renew(self, epoch: int) -> bool:
        if self.is_down:
            raise OutOfReach("no answer")
        return self.holds

    def give_back(self) -> None:
        self.log.append("given back")

    def close(self) -> None:
        self.log.append("closed")


def run_daemon(
    calendar: MemoryCalendar,
    run_instance: Callable[[str, str, datetime], RunResult],
    *,
    until: Callable[[], bool],
    lock: MemoryLock | None = None,
    instances: str = "a",
    every_s: float = 3600,
    on_status: Callable[[Status], None] = lambda status: None,
) -> Daemon[Line, str]:
    """Run a daemon in this thread until something holds."""
    jobs = [
        Job(connector="toy", instance=name, spec=ScheduleSpec(every=timedelta(seconds=every_s)))
        for name in instances
    ]
    daemon: Daemon[Line, str] = Daemon(
        jobs=jobs,
        calendar=calendar,
        leadership=Leadership(lock or MemoryLock(), ttl_s=30, failures=(OutOfReach,)),
        run_instance=run_instance,
        holder="me",
        zone=ZoneInfo("UTC"),
        tick_s=0.05,
        failures=(OutOfReach,),
        on_status=on_status,
    )

    def watch() -> None:
        end = time.monotonic() + 10
        while not until() and time.monotonic() < end:
            time.sleep(0.01)
        daemon.stop()

    watcher = threading.Thread(target=watch)
    watcher.start()
    daemon.run()
    watcher.join()
    return daemon


def test_a_new_interval_runs_at_once_and_then_waits() -> None:
    calendar = MemoryCalendar()
    ran: list[str] = []

    def scan(connector: str, instance: str, due_at: datetime) -> RunResult:
        ran.append(instance)
        return RunResult(run_id=f"run_{instance}")

    run_daemon(calendar, scan, until=lambda: len(ran) == 2, instances="ab")

    assert sorted(ran) == ["a", "b"]
    assert calendar.log[:2] == ["sync", "put back lost"]
    assert [entry for entry in calendar.log if entry.startswith("finish")] == [
        f"finish {name} run_{name}" for name in ran
    ]
    assert all(line.next_due_at > clock.now() + timedelta(minutes=29) for line in calendar.lines.values())


def test_what_was_missed_while_away_is_run_once() -> None:
    week_ago = datetime.now(UTC) - timedelta(days=7)
    calendar = MemoryCalendar({("toy", "a"): Line(connector="toy", instance="a", next_due_at=week_ago)})
    ran: list[datetime] = []
    looked = iter(range(100))

    def scan(connector: str, instance: str, due_at: datetime) -> RunResult:
        ran.append(due_at)
        return RunResult(run_id="run_1")

    run_daemon(calendar, scan, until=lambda: bool(ran) and next(looked) > 20)

    assert ran == [week_ago]


def test_a_failed_scan_is_noted_and_the_next_one_runs() -> None:
    calendar, statuses = MemoryCalendar(), list[Status]()
    ran: list[str] = []

    def scan(connector: str, instance: str, due_at: datetime) -> RunResult:
        ran.append(instance)
        if len(ran) == 1:
            raise OutOfReach("the vendor is away")
        return RunResult(run_id="run_2")

    run_daemon(calendar, scan, until=lambda: len(ran) == 2, instances="ab", on_status=statuses.append)

    assert f"finish {ran[0]} " in calendar.log
    assert f"finish {ran[1]} run_2" in calendar.log
    assert "the vendor is away" in statuses[-1].last_error


def test_a_mistake_of_ours_ends_the_daemon_and_frees_the_leadership() -> None:
    calendar, lock = MemoryCalendar(), MemoryLock()

    def scan(connector: str, instance: str, due_at: datetime) -> RunResult:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_daemon(calendar, scan, until=lambda: "claim a" in calendar.log, lock=lock)

    assert lock.log == ["given back", "closed"]
    # The claim is left as it is: the next leader puts it back, and counts how often that happened.
    assert calendar.log == ["sync", "put back lost", "claim a"]


def test_an_interrupted_scan_is_put_back() -> None:
    calendar = MemoryCalendar()

    def scan(connector: str, instance: str, due_at: datetime) -> RunResult:
        return RunResult(run_id="run_1", is_interrupted=True)

    run_daemon(calendar, scan, until=lambda: "put back a" in calendar.log)

    assert not any(entry.startswith("finish") for entry in calendar.log)


def test_a_follower_runs_nothing_until_it_leads() -> None:
    calendar, lock, statuses = MemoryCalendar(), MemoryLock(epoch=None), list[Status]()
    ran: list[str] = []

    def scan(connector: str, instance: str, due_at: datetime) -> RunResult:
        ran.append(instance)
        return RunResult(run_id="run_1")

    def until() -> bool:
        if len(statuses) == 4:
            assert calendar.log == []
            lock.epoch = 7
        return bool(ran)

    run_daemon(calendar, scan, until=until, lock=lock, on_status=statuses.append)

    states = [status.state for status in statuses]
    assert states[0] == "following"
    assert "leading" in states
    assert states[-1] == "stopping"
    assert {status.epoch for status in statuses} == {None, 7}


def test_a_claim_that_another_has_is_not_run() -> None:
    calendar = MemoryCalendar(refuses=True)
    ran: list[str] = []

    def scan(connector: str, instance: str, due_at: datetime) -> RunResult:
        ran.append(instance)
        return RunResult(run_id="run_1")

    run_daemon(calendar, scan, until=lambda: calendar.log.count("refused") >= 3)

    assert ran == []


def test_a_store_that_is_away_is_asked_again() -> None:
    calendar = MemoryCalendar(is_down=True)
    ran: list[str] = []
    statuses = list[Status]()

    def scan(connector: str, instance: str, due_at: datetime) -> RunResult:
        ran.append(instance)
        return RunResult(run_id="run_1")

    def until() -> bool:
        calendar.is_down = not (statuses and "no answer" in statuses[-1].last_error)
        return bool(ran)

    run_daemon(calendar, scan, until=until, on_status=statuses.append)

    assert ran == ["a"]


def test_a_status_that_cannot_be_written_stops_nothing() -> None:
    calendar = MemoryCalendar()
    ran: list[str] = []

    def scan(connector: str, instance: str, due_at: datetime) -> RunResult:
        ran.append(instance)
        return RunResult(run_id="run_1")

    def on_status(status: Status) -> None:
        raise PermissionError("read-only")

    run_daemon(calendar, scan, until=lambda: bool(ran), on_status=on_status)

    assert ran == ["a"]

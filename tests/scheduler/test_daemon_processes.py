"""Several daemons on one store, killed and stopped: every due time is run once, by one of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from store import open_store, schedule

ROOT = Path(__file__).resolve().parents[2]


class Daemons:
    """Start daemons on one store and read what their scans wrote."""

    def __init__(self, url: str, log: Path) -> None:
        self.url, self.log = url, log
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, name: str, *, scan_s: float = 0.05, grace_s: float = 5, instances: str = "a,b,c") -> int:
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
        arguments = [self.url, name, str(self.log), str(scan_s), str(grace_s), instances]
        command = [sys.executable, "-m", "tests.scheduler.daemon_process", *arguments]
        self.processes.append(subprocess.Popen(command, cwd=ROOT, env=environment))
        return len(self.processes) - 1

    def lines(self) -> list[list[str]]:
        return [line.split() for line in self.log.read_text().splitlines()] if self.log.exists() else []

    def wait_until(self, holds: Callable[[list[list[str]]], bool], seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while not holds(self.lines()):
            assert time.monotonic() < end, self.lines()
            time.sleep(0.02)

    def signal(self, index: int, number: int) -> None:
        self.processes[index].send_signal(number)

    def end(self, index: int) -> int:
        return self.processes[index].wait(timeout=15)


def started(url: str, folder: Path) -> Iterator[Daemons]:
    daemons = Daemons(url, folder / "scans.log")
    yield daemons
    for process in daemons.processes:
        if process.poll() is None:
            process.kill()
        process.wait(timeout=10)


@pytest.fixture
def daemons(store_url: str, tmp_path: Path) -> Iterator[Daemons]:
    """Return a starter of daemons, once for each database; whatever still runs at the end is killed."""
    yield from started(store_url, tmp_path)


@pytest.fixture
def local_daemons(sqlite_store_url: str, tmp_path: Path) -> Iterator[Daemons]:
    """Return a starter of daemons for what does not depend on the database."""
    yield from started(sqlite_store_url, tmp_path)


def begun(lines: list[list[str]], name: str = "") -> list[tuple[str, str]]:
    """Return instance and due time of every scan that began."""
    return [(words[2], words[3]) for words in lines if words[1] == "begin" and name in ("", words[0])]


def test_two_daemons_run_every_due_time_once_and_survive_the_leaders_death(daemons: Daemons) -> None:
    first, second = daemons.start("one"), daemons.start("two")
    daemons.wait_until(lambda lines: len(begun(lines)) >= 6)
    leader = daemons.lines()[[words[1] for words in daemons.lines()].index("begin")][0]
    follower = "two" if leader == "one" else "one"
    assert begun(daemons.lines(), follower) == []

    killed_at = time.monotonic()
    daemons.signal(first if leader == "one" else second, signal.SIGKILL)
    daemons.wait_until(lambda lines: len(begun(lines, follower)) >= 1)
    takeover_s = time.monotonic() - killed_at
    daemons.wait_until(lambda lines: len(begun(lines, follower)) >= 6)
    survivor = second if leader == "one" else first
    daemons.signal(survivor, signal.SIGTERM)

    assert daemons.end(survivor) == 0
    # The lease lasts 30 s; what dies with the process makes it quick.
    assert takeover_s < 10
    assert max(Counter(begun(daemons.lines())).values()) == 1
    assert daemons.lines()[-1] == [follower, "stopped"]
    with open_store(daemons.url) as store:
        assert all(past.done_at is not None for past in schedule.history(store, limit=1000))


def test_a_scan_cut_off_by_kill_runs_again_on_the_next_daemon(daemons: Daemons) -> None:
    first = daemons.start("one", scan_s=60, instances="a")
    daemons.wait_until(lambda lines: len(begun(lines)) == 1)
    daemons.signal(first, signal.SIGKILL)
    daemons.end(first)

    second = daemons.start("two", instances="a")
    daemons.wait_until(lambda lines: any(words[:3] == ["two", "end", "a"] for words in lines))
    daemons.signal(second, signal.SIGTERM)

    assert daemons.end(second) == 0


def test_sigterm_lets_a_short_scan_finish(local_daemons: Daemons) -> None:
    index = local_daemons.start("one", scan_s=0.8, grace_s=10, instances="a")
    local_daemons.wait_until(lambda lines: len(begun(lines)) == 1)

    local_daemons.signal(index, signal.SIGTERM)

    assert local_daemons.end(index) == 0
    assert [words[1] for words in local_daemons.lines()] == ["started", "begin", "end", "stopped"]


def test_sigterm_interrupts_a_long_scan_after_the_grace_time(local_daemons: Daemons) -> None:
    index = local_daemons.start("one", scan_s=60, grace_s=0.3, instances="a")
    local_daemons.wait_until(lambda lines: len(begun(lines)) == 1)

    local_daemons.signal(index, signal.SIGTERM)

    assert local_daemons.end(index) == 0
    assert [words[1] for words in local_daemons.lines()] == ["started", "begin", "interrupted", "stopped"]
    with open_store(local_daemons.url) as store:
        (entry,) = schedule.entries(store)
        (past,) = schedule.history(store)
    # Due again at once, for whichever daemon comes next.
    assert past.done_at is not None
    assert entry.next_due_at <= past.done_at


def test_a_second_signal_interrupts_at_once(local_daemons: Daemons) -> None:
    index = local_daemons.start("one", scan_s=60, grace_s=60, instances="a")
    local_daemons.wait_until(lambda lines: len(begun(lines)) == 1)

    local_daemons.signal(index, signal.SIGINT)
    time.sleep(0.2)
    local_daemons.signal(index, signal.SIGTERM)

    assert local_daemons.end(index) == 0
    assert [words[1] for words in local_daemons.lines()][-2:] == ["interrupted", "stopped"]

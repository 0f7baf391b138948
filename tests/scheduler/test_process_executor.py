from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, CancelledError
from pathlib import Path

import pytest

from scheduler.process_executor import LocalProcesses
from tests.scheduler import work

ROOT = Path(__file__).resolve().parents[2]
PARENT = (
    "import sys\n"
    "from scheduler.process_executor import LocalProcesses\n"
    "from tests.scheduler import work\n"
    "if __name__ == '__main__':\n"
    "    pool = LocalProcesses(1)\n"
    "    print(pool.submit(work.process_id).result(), flush=True)\n"
    "    pool.submit(work.wait_for, sys.argv[1]).result()\n"
)


@pytest.fixture
def pool() -> Iterator[LocalProcesses]:
    opened = LocalProcesses(1)
    yield opened
    opened.shutdown(wait=False, cancel_futures=True)


def is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def wait_until_gone(process: int) -> bool:
    end = time.monotonic() + 15
    while is_running(process) and time.monotonic() < end:
        time.sleep(0.05)
    return not is_running(process)


def test_a_call_whose_process_dies_is_tried_once_more(pool: LocalProcesses, tmp_path: Path) -> None:
    answer = pool.submit(work.die_once, str(tmp_path / "died")).result(timeout=30)

    assert answer == "survived"


def test_a_call_that_kills_each_process_fails_alone(pool: LocalProcesses) -> None:
    deadly = pool.submit(work.die)
    others = [pool.submit(work.double, number) for number in range(3)]

    with pytest.raises(BrokenExecutor):
        deadly.result(timeout=30)
    assert [other.result(timeout=30) for other in others] == [0, 2, 4]
    assert pool.submit(work.double, 21).result(timeout=30) == 42


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")
def test_giving_up_ends_what_is_under_way(pool: LocalProcesses, tmp_path: Path) -> None:
    process = pool.submit(work.process_id).result(timeout=30)
    endless = pool.submit(work.wait_for, str(tmp_path / "never"))
    waiting = [pool.submit(work.double, number) for number in range(5)]

    pool.shutdown(wait=False, cancel_futures=True)

    assert wait_until_gone(process)
    with pytest.raises((BrokenExecutor, CancelledError)):
        endless.result(timeout=30)
    for call in waiting:
        with pytest.raises((BrokenExecutor, CancelledError)):
            call.result(timeout=30)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")
def test_no_worker_outlives_a_killed_parent(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(script), str(tmp_path / "never")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())

        parent.send_signal(signal.SIGKILL)

    assert wait_until_gone(worker)


def test_a_worker_leaves_ctrl_c_to_its_parent(pool: LocalProcesses) -> None:
    process = pool.submit(work.process_id).result(timeout=30)

    os.kill(process, signal.SIGINT)

    assert pool.submit(work.process_id).result(timeout=30) == process

"""Every executor keeps the same promises."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import pytest

from connectors.errors import ConfigError, PermissionDenied
from scheduler.executors import ExecutorSettings, available, open_executor
from tests.pickling_executor import PicklingExecutor
from tests.scheduler import work

ROOT = Path(__file__).resolve().parents[2]
RUN_WORKER = (
    "import sys; from scheduler.procrastinate_worker import Worker; "
    "Worker(sys.argv[1], concurrency=int(sys.argv[2]), heartbeat_s=0.2, poll_s=0.2).run()"
)
KINDS = ["threads", "processes", "pickling-threads", "pickling-processes", "procrastinate", "dask"]


def start_worker(url: str, concurrency: int = 2) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    command = [sys.executable, "-c", RUN_WORKER, url, str(concurrency)]
    return subprocess.Popen(command, cwd=ROOT, env=environment)


def stop(worker: subprocess.Popen[bytes]) -> int:
    worker.terminate()
    return worker.wait(timeout=15)


@pytest.fixture(params=KINDS)
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    """Open one executor of each kind that can run here."""
    kind = request.param
    workers: list[subprocess.Popen[bytes]] = []
    if kind == "threads":
        opened = open_executor(ExecutorSettings(kind="threads", workers=2))
    elif kind == "processes":
        opened = open_executor(ExecutorSettings(kind="processes", workers=2))
    elif kind.startswith("pickling"):
        opened = PicklingExecutor(where="thread" if kind == "pickling-threads" else "process")
    elif kind == "procrastinate":
        pytest.importorskip("procrastinate")
        url = request.getfixturevalue("postgres_url")
        opened = open_executor(ExecutorSettings(kind="procrastinate", address=url))
        workers.append(start_worker(url))
    else:
        opened = _open_dask(request)
    yield opened
    opened.shutdown(cancel_futures=True)
    for worker in workers:
        assert stop(worker) == 0


def _open_dask(request: pytest.FixtureRequest) -> Executor:
    distributed: Any = pytest.importorskip("distributed")
    cluster = distributed.LocalCluster(n_workers=1, threads_per_worker=2, dashboard_address=None)
    request.addfinalizer(cluster.close)
    return open_executor(ExecutorSettings(kind="dask", address=cluster.scheduler_address))


def test_an_executor_keeps_its_contract(executor: Executor, tmp_path: Path) -> None:
    """One test for all promises, because starting a cluster is the dear part."""
    results = [executor.submit(work.double, number) for number in range(5)]
    equal = [executor.submit(work.double, 4) for _ in range(3)]
    refused = executor.submit(work.refuse)

    assert [future.result(timeout=30) for future in results] == [0, 2, 4, 6, 8]
    assert [future.result(timeout=30) for future in equal] == [8, 8, 8]
    with pytest.raises(PermissionDenied) as error:
        refused.result(timeout=30)
    assert error.value.hint == "Grant bedrock:ListAgents."
    assert error.value.where == "eu-west-1"

    gate = tmp_path / "open"
    running = [executor.submit(work.wait_for, str(gate)) for _ in range(2)]
    waiting = [executor.submit(work.double, number) for number in range(20)]
    is_cancelled = [future.cancel() for future in reversed(waiting)]
    gate.touch()

    # The last ones were certainly not begun; those that were cancelled never get a result.
    assert any(is_cancelled)
    assert [future.result(timeout=30) for future in running] == ["waited", "waited"]
    wait(waiting, timeout=30)
    assert sum(future.cancelled() for future in waiting) == sum(is_cancelled)

    last = executor.submit(work.double, 21)
    executor.shutdown(wait=True)

    assert last.result(timeout=0) == 42
    with pytest.raises(RuntimeError):
        executor.submit(work.double, 1)


@pytest.fixture
def queue(postgres_url: str) -> str:
    """Return the URL of an empty queue."""
    pytest.importorskip("procrastinate")
    return postgres_url


def _open_queue(url: str) -> Executor:
    from scheduler.procrastinate_executor import ProcrastinateExecutor

    return ProcrastinateExecutor(url, result_timeout_s=60, lost_after_s=1, check_every_s=0.3)


def test_work_of_a_killed_worker_runs_again(queue: str, tmp_path: Path) -> None:
    executor = _open_queue(queue)
    first, second = start_worker(queue, 1), start_worker(queue, 1)

    answer = executor.submit(work.die_once, str(tmp_path / "died")).result(timeout=30)

    assert answer == "survived"
    executor.shutdown()
    for worker in (first, second):
        worker.terminate()
    assert sorted([first.wait(15), second.wait(15)]) == [-9, 0]


def test_work_that_kills_every_worker_is_given_up(queue: str) -> None:
    from scheduler.procrastinate_executor import WorkerLost

    executor = _open_queue(queue)
    workers = [start_worker(queue, 1) for _ in range(3)]

    with pytest.raises(WorkerLost, match="3 workers died"):
        executor.submit(work.die).result(timeout=40)

    executor.shutdown()
    assert [worker.wait(15) for worker in workers] == [-9, -9, -9]


def test_an_error_that_cannot_travel_arrives_as_text(queue: str) -> None:
    from scheduler.procrastinate_queue import RemoteFailure

    executor = _open_queue(queue)
    worker = start_worker(queue)

    with pytest.raises(RemoteFailure, match="_Stubborn: this and that"):
        executor.submit(work.raise_what_cannot_travel).result(timeout=30)

    size = executor.submit(work.big, 3_000_000).result(timeout=30)
    executor.shutdown()
    assert len(size) == 3_000_000
    assert stop(worker) == 0


def test_a_call_that_cannot_be_pickled_fails_in_its_future(queue: str) -> None:
    executor = _open_queue(queue)

    future = executor.submit(lambda: 1)

    assert future.exception(timeout=5) is not None
    executor.shutdown()


def test_a_slow_callback_does_not_stop_other_answers(queue: str, tmp_path: Path) -> None:
    """The engine's callback waits while its writer is busy; heartbeats must go on meanwhile."""
    executor = _open_queue(queue)
    worker = start_worker(queue)
    called: list[int] = []
    future = executor.submit(work.double, 1)
    future.add_done_callback(lambda done: called.append(done.result()))

    others = [executor.submit(work.double, number) for number in range(30)]

    assert [other.result(timeout=30) for other in others] == [2 * number for number in range(30)]
    assert called == [2]
    executor.shutdown()
    assert stop(worker) == 0


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (ExecutorSettings(kind="procrastinate"), "PostgreSQL URL"),
        (ExecutorSettings(kind="dask"), "address of a scheduler"),
    ],
)
def test_an_executor_without_address_says_what_to_set(settings: ExecutorSettings, told: str) -> None:
    with pytest.raises(ConfigError, match=told) as error:
        open_executor(settings)

    assert "Set address" in error.value.hint


@pytest.mark.skipif(importlib.util.find_spec("distributed") is not None, reason="dask is installed")
def test_missing_dask_is_named() -> None:
    with pytest.raises(ConfigError, match="needs the package distributed"):
        open_executor(ExecutorSettings(kind="dask", address="tcp://127.0.0.1:1"))

    assert available()["dask"] is False


def test_an_unreachable_queue_is_a_configuration_error_without_its_password() -> None:
    pytest.importorskip("procrastinate")
    settings = ExecutorSettings(
        kind="procrastinate", address="postgresql://user:hunter22secret@127.0.0.1:9/x?connect_timeout=1"
    )
    executor_module: Any = importlib.import_module("scheduler.procrastinate_executor")
    open_quickly: Callable[[], Executor] = lambda: executor_module.ProcrastinateExecutor(  # noqa: E731
        settings.address, open_timeout_s=1.0
    )

    with pytest.raises(ConfigError, match="does not answer") as error:
        open_quickly()

    assert "hunter22secret" not in f"{error.value!r} {settings!r}"


def test_threads_are_the_default() -> None:
    executor = open_executor(ExecutorSettings())

    assert isinstance(executor, ThreadPoolExecutor)
    executor.shutdown()

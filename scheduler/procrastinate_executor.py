"""Run work on Procrastinate workers: durable, and nothing but a PostgreSQL to run.

A call travels as a job of the queue ``aicensus``; its answer comes home as a job of a queue of our own,
on which a small worker of this process listens. So there is no table of ours and no SQL of ours in it.
Jobs of a worker that died are put back when its heartbeat stops, three times at most: at least once.

Calls and answers are pickles. Whoever may write to the queue's database may run code on the workers and
here, so it deserves the care of a deployment key: a database or role of its own.
Source: https://procrastinate.readthedocs.io (how-to: stalled jobs, workers), read 2026-11-22, with 3.10.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import pickle
import queue
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar
from uuid import uuid4

from procrastinate.exceptions import AppNotOpen, ConnectorException
from procrastinate.jobs import Status

from connectors.errors import ConfigError
from scheduler.procrastinate_queue import (
    CALL_TASK,
    CALLS,
    REPLY_TASK,
    RemoteFailure,
    from_text,
    make_app,
    open_app,
    to_text,
)

log = logging.getLogger("aicensus.executor")

P = ParamSpec("P")
T = TypeVar("T")

# The queue's name becomes part of a channel's, which PostgreSQL ends at 63 bytes: 40 are left for it.
_REPLIES = "aicensus-r-"
_MOST_ATTEMPTS = 3
_CLOSE_TIMEOUT_S = 15.0


class WorkerLost(RuntimeError):
    """The work was given up: its workers died, or no answer came in time."""


@dataclass(slots=True)
class _Pending:
    future: Future[Any]
    sent_at: float
    job_id: int | None = None
    silent_checks: int = 0


class ProcrastinateExecutor(Executor):
    """Submit calls to workers and settle their futures as the answers come.

    Times in seconds. A worker without a heartbeat for ``lost_after_s`` counts as dead. Raises
    ``ConfigError`` when the database does not answer.
    """

    def __init__(
        self,
        url: str,
        *,
        result_timeout_s: float = 21_600,
        lost_after_s: float = 30,
        check_every_s: float = 5,
        open_timeout_s: float = 15,
    ) -> None:
        self._reply_to = f"{_REPLIES}{int(time.time())}-{uuid4().hex[:16]}"
        self._result_timeout_s = result_timeout_s
        self._lost_after_s = lost_after_s
        self._check_every_s = check_every_s
        self._pending: dict[str, _Pending] = {}
        self._lock = threading.Lock()
        self._is_shut = False
        self._answers: queue.SimpleQueue[tuple[str, bytes] | None] = queue.SimpleQueue()
        self._app = make_app(url, self._answered, open_timeout_s)
        self._loop = asyncio.new_event_loop()
        self._tasks: list[asyncio.Task[None]] = []
        self._thread = threading.Thread(target=self._loop.run_forever, name="aicensus-queue", daemon=True)
        # Answers are settled on a thread of their own: what a future's callback does may take its time.
        self._settler = threading.Thread(target=self._settle_all, name="aicensus-answers", daemon=True)
        self._thread.start()
        self._settler.start()
        try:
            self._await(self._open(open_timeout_s))
        except (ConnectorException, TimeoutError) as error:
            self._await(self._close())
            self._stop_threads()
            raise ConfigError(
                f"the queue's database does not answer: {type(error).__name__}",
                where="[executor] address",
                hint="Check the URL, the role's rights and that the server runs.",
            ) from error

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Send a call to the workers; one that cannot be pickled fails in its future."""
        if self._is_shut:
            raise RuntimeError("cannot schedule new futures after shutdown")
        ticket = uuid4().hex
        future: Future[T] = Future()
        pickled = _try(lambda: pickle.dumps((fn, args, kwargs)))
        error = pickled.exception()
        if error is not None:
            future.set_exception(error)
            return future
        payload = to_text(pickled.result())
        with self._lock:
            self._pending[ticket] = _Pending(future, time.monotonic())
        future.add_done_callback(lambda done: self._withdraw(ticket, done) if done.cancelled() else None)
        sent = asyncio.run_coroutine_threadsafe(self._send(ticket, payload), self._loop)
        sent.add_done_callback(lambda done: self._sent(ticket, done))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls; wait for the answers under way when ``wait``, else stop listening."""
        self._is_shut = True
        with self._lock:
            futures = [pending.future for pending in self._pending.values()]
        if cancel_futures:
            for future in futures:
                future.cancel()
        if wait:
            from concurrent.futures import wait as wait_for

            wait_for(futures)
        if self._thread.is_alive():
            self._await(self._close())
            self._stop_threads()

    def _await(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _stop_threads(self) -> None:
        self._answers.put(None)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._settler.join()
        self._loop.close()

    async def _open(self, timeout_s: float) -> None:
        async with asyncio.timeout(timeout_s):
            await open_app(self._app)
        await self._drop_old_answers()
        listen = self._app.run_worker_async(
            queues=[self._reply_to],
            name="aicensus-answers",
            install_signal_handlers=False,
            delete_jobs="always",
            shutdown_graceful_timeout=1,
        )
        self._tasks = [self._loop.create_task(listen), self._loop.create_task(self._watch())]

    async def _close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_TIMEOUT_S):
                await self._app.close_async()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for other in left:
            other.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _drop_old_answers(self) -> None:
        """Delete answers to processes that were killed long ago; nobody will read them."""
        oldest = time.time() - self._result_timeout_s
        for job in await self._app.job_manager.list_jobs_async(task=REPLY_TASK, status="todo"):
            stamp = job.queue.removeprefix(_REPLIES).partition("-")[0]
            if job.id is not None and stamp.isdigit() and int(stamp) < oldest:
                await self._app.job_manager.cancel_job_by_id_async(job.id, delete_job=True)

    async def _send(self, ticket: str, payload: str) -> None:
        task = self._app.configure_task(CALL_TASK, queue=CALLS)
        job_id = await task.defer_async(reply_to=self._reply_to, ticket=ticket, payload=payload)
        pending = self._pending.get(ticket)
        if pending is None:
            await self._app.job_manager.cancel_job_by_id_async(job_id, delete_job=True)
        else:
            pending.job_id = job_id

    def _sent(self, ticket: str, done: Future[None]) -> None:
        error = done.exception() if not done.cancelled() else WorkerLost("the executor was shut down")
        if error is not None:
            self._fail(ticket, error)

    def _withdraw(self, ticket: str, future: Future[Any]) -> None:
        """Take a cancelled call back from the queue if no worker has it yet."""
        with self._lock:
            pending = self._pending.pop(ticket, None)
        if pending is None:
            return
        # Without this, whoever waits for the future with concurrent.futures.wait waits for ever.
        future.set_running_or_notify_cancel()
        if pending.job_id is not None and self._thread.is_alive():
            cancel = self._app.job_manager.cancel_job_by_id_async(pending.job_id, delete_job=True)
            asyncio.run_coroutine_threadsafe(cancel, self._loop)

    async def _answered(self, ticket: str, payload: str) -> None:
        self._answers.put((ticket, from_text(payload)))

    def _settle_all(self) -> None:
        while (answer := self._answers.get()) is not None:
            ticket, payload = answer
            with self._lock:
                pending = self._pending.pop(ticket, None)
            # A call that ran twice is answered twice; the first answer counts.
            if pending is not None and pending.future.set_running_or_notify_cancel():
                _settle(pending.future, payload)

    def _fail(self, ticket: str, error: BaseException) -> None:
        with self._lock:
            pending = self._pending.pop(ticket, None)
        if pending is not None and pending.future.set_running_or_notify_cancel():
            pending.future.set_exception(error)

    async def _watch(self) -> None:
        """Put back the calls of dead workers; give up on those that nobody will answer."""
        while True:
            await asyncio.sleep(self._check_every_s)
            try:
                await self._rescue()
                await self._give_up()
            except (ConnectorException, AppNotOpen) as error:
                log.warning("the queue cannot be checked now: %s", type(error).__name__)

    async def _rescue(self) -> None:
        with self._lock:
            mine = {pending.job_id: ticket for ticket, pending in self._pending.items()}
        if not mine:
            return
        manager = self._app.job_manager
        stalled = await manager.get_stalled_jobs(
            queue=CALLS, task_name=CALL_TASK, seconds_since_heartbeat=self._lost_after_s
        )
        for job in stalled:
            if job.id is None or job.id not in mine:
                continue
            if job.attempts + 1 < _MOST_ATTEMPTS:
                log.warning("a worker died; its job %s is put back", job.id)
                await manager.retry_job(job)
            else:
                await manager.finish_job_by_id_async(job.id, status=Status.FAILED, delete_job=True)
                self._fail(mine[job.id], WorkerLost(f"{_MOST_ATTEMPTS} workers died of this work"))

    async def _give_up(self) -> None:
        now = time.monotonic()
        with self._lock:
            waiting = list(self._pending.items())
        for ticket, pending in waiting:
            if now - pending.sent_at > self._result_timeout_s:
                self._fail(ticket, WorkerLost(f"no answer within {self._result_timeout_s:.0f} s"))
            elif pending.job_id is not None and not await self._is_alive(pending.job_id):
                # The answer may be on its way while its job is already gone; look twice.
                pending.silent_checks += 1
                if pending.silent_checks > 1:
                    self._fail(ticket, WorkerLost("the work ended without an answer"))

    async def _is_alive(self, job_id: int) -> bool:
        jobs = await self._app.job_manager.list_jobs_async(id=job_id)
        return any(job.status in (Status.TODO.value, Status.DOING.value) for job in jobs)


def _settle(future: Future[Any], payload: bytes) -> None:
    unpacked: Future[tuple[bool, Any]] = _try(lambda: pickle.loads(payload))
    error = unpacked.exception()
    if error is not None:
        future.set_exception(RemoteFailure(f"the answer cannot be read: {type(error).__name__}"))
        return
    is_result, value = unpacked.result()
    if is_result:
        future.set_result(value)
    else:
        future.set_exception(value)


def _try(work: Callable[[], T]) -> Future[T]:
    """Run ``work`` as an executor would, so that any error becomes a value."""
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(work)
    return done

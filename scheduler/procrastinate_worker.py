"""Work for executors of other processes: take calls from the queue, run them, send the answers."""

from __future__ import annotations

import asyncio
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

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

# PostgreSQL keeps a text inside JSON up to 256 MB; some is left for what surrounds it.
_LARGEST_ANSWER = 200_000_000


@dataclass(slots=True)
class Worker:
    """Run calls from the queue until stopped; ``concurrency`` of them at once."""

    url: str
    concurrency: int = 8
    heartbeat_s: float = 10
    poll_s: float = 5
    _pool: ThreadPoolExecutor = field(init=False, repr=False)

    def run(self) -> None:
        """Work until SIGTERM or Ctrl-C; running calls are finished first."""
        self._pool = ThreadPoolExecutor(self.concurrency, thread_name_prefix="aicensus-scope")
        try:
            asyncio.run(self._run())
        finally:
            self._pool.shutdown(wait=False, cancel_futures=True)

    async def _run(self) -> None:
        app = make_app(self.url, _unexpected_answer)

        @app.task(name=CALL_TASK, queue=CALLS)
        async def call(reply_to: str, ticket: str, payload: str) -> None:
            answer = await self._answer(from_text(payload))
            reply = app.configure_task(REPLY_TASK, queue=reply_to)
            await reply.defer_async(ticket=ticket, payload=answer)

        await open_app(app)
        try:
            await app.run_worker_async(
                queues=[CALLS],
                concurrency=self.concurrency,
                delete_jobs="always",
                update_heartbeat_interval=self.heartbeat_s,
                # Jobs that were put back are not announced; polling finds them.
                fetch_job_polling_interval=self.poll_s,
            )
        finally:
            await app.close_async()

    async def _answer(self, payload: bytes) -> str:
        """Run a call and return its answer; errors of any kind are answers too."""
        done = self._pool.submit(_run_call, payload)
        await asyncio.wait([asyncio.wrap_future(done)])
        error = done.exception()
        if error is None and len(done.result()) < _LARGEST_ANSWER * 3 // 4:
            return to_text(done.result())
        if error is None:
            error = RemoteFailure(f"the answer is too large for the queue: {len(done.result())} bytes")
        packed = self._pool.submit(_pack_error, error)
        await asyncio.wait([asyncio.wrap_future(packed)])
        if packed.exception() is not None:
            return to_text(pickle.dumps((False, RemoteFailure(f"{type(error).__name__}: {error}"))))
        return to_text(packed.result())


async def _unexpected_answer(ticket: str, payload: str) -> None:
    raise RemoteFailure("a worker does not take answers")


def _run_call(payload: bytes) -> bytes:
    fn, args, kwargs = pickle.loads(payload)
    return pickle.dumps((True, fn(*args, **kwargs)))


def _pack_error(error: BaseException) -> bytes:
    packed = pickle.dumps((False, error))
    # Some errors pickle but do not come back; better to learn that here.
    pickle.loads(packed)
    return packed

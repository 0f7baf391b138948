"""Run work in processes of this machine, so that reading code uses all of its cores.

Threads share one interpreter, which reads one file at a time. Processes are started fresh (``spawn``: a fork
of a process with threads can hang), take no Ctrl-C of their own, and end with the process that started them.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
_CONTEXT = get_context("spawn")


class LocalProcesses(Executor):
    """A pool of processes that survives the loss of one.

    A process that dies (out of memory, killed) breaks the pool with all that was under way or waiting in it.
    Each of those calls is tried once more, alone in a process of its own, so that only the one to blame
    fails: with ``BrokenExecutor``. New calls get a new pool.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._lock = threading.Lock()
        self._is_shut = False
        self._ears, self._alive = _CONTEXT.Pipe(duplex=False)
        self._pool = self._new_pool(workers)
        self._careful = ThreadPoolExecutor(max_workers=1, thread_name_prefix="aicensus-retry")

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Send a call, all of which must survive pickling; it may run twice."""

        def call(pool: ProcessPoolExecutor) -> Future[T]:
            return pool.submit(fn, *args, **kwargs)

        outer: Future[T] = Future()
        inner = self._begin(call)
        outer.add_done_callback(lambda done: inner.cancel() if done.cancelled() else None)
        inner.add_done_callback(lambda done: self._settle(outer, done, call))
        return outer

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls; without waiting, what is cancelled ends at once with its processes."""
        with self._lock:
            self._is_shut = True
            pool = self._pool
        if cancel_futures and not wait:
            self._alive.close()  # every worker hears it and ends
        pool.shutdown(wait=wait, cancel_futures=cancel_futures)
        self._careful.shutdown(wait=wait, cancel_futures=cancel_futures)

    def _new_pool(self, workers: int) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            workers, mp_context=_CONTEXT, initializer=_settle_in, initargs=(self._ears,)
        )

    def _begin(self, call: Callable[[ProcessPoolExecutor], Future[T]]) -> Future[T]:
        """Call into the pool, or into a new one when it is broken; raises ``RuntimeError`` after the end."""
        with self._lock:
            if self._is_shut:
                raise RuntimeError("the executor takes no more work: it was shut down")
            try:
                return call(self._pool)
            except BrokenExecutor:
                self._pool = self._new_pool(self._workers)
                return call(self._pool)

    def _settle(
        self, outer: Future[T], inner: Future[T], call: Callable[[ProcessPoolExecutor], Future[T]]
    ) -> None:
        """Hand on how a call ended; one that a broken pool lost is tried again."""
        if inner.cancelled():
            if outer.cancel():
                outer.set_running_or_notify_cancel()
        elif isinstance(inner.exception(), BrokenExecutor) and not self._is_shut:
            try:
                self._careful.submit(self._again, outer, call)
            except RuntimeError:  # shut down meanwhile
                _hand_on(outer, inner)
        else:
            _hand_on(outer, inner)

    def _again(self, outer: Future[T], call: Callable[[ProcessPoolExecutor], Future[T]]) -> None:
        with self._new_pool(1) as pool:
            inner = call(pool)
            inner.exception()  # wait
            _hand_on(outer, inner)


def _hand_on(outer: Future[Any], inner: Future[Any]) -> None:
    if not outer.set_running_or_notify_cancel():
        return
    error = inner.exception()
    if error is not None:
        outer.set_exception(error)
    else:
        outer.set_result(inner.result())


def _settle_in(ears: Connection) -> None:
    """Make a fresh process a worker: Ctrl-C is the parent's to handle, and no worker outlives it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What went wrong travels home in the outcome, redacted; a worker has no log of its own.
    logging.getLogger().addHandler(logging.NullHandler())
    threading.Thread(target=_end_with_parent, args=(ears,), daemon=True).start()


def _end_with_parent(ears: Connection) -> None:
    """End when the other end of the pipe is closed, which only the parent holds; nothing is ever sent."""
    ears.poll(None)
    os._exit(1)

"""An executor that pickles what goes in and what comes out, as a remote one would."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from typing import Any, Literal, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class PicklingExecutor(Executor):
    """Run pickled calls in threads or in fresh processes, and pickle the results back.

    A thread shows what does not pickle; a process shows as well what was only in memory here.
    """

    def __init__(self, workers: int = 2, *, where: Literal["thread", "process"] = "thread") -> None:
        self.pickled_bytes = 0
        self._inner: Executor = (
            ThreadPoolExecutor(workers)
            if where == "thread"
            else ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
        )

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Send a call; one that cannot be pickled raises here."""
        payload = pickle.dumps((fn, args, kwargs))
        self.pickled_bytes += len(payload)
        outer: Future[T] = Future()
        inner = self._inner.submit(_run, payload)
        outer.add_done_callback(lambda done: inner.cancel() if done.cancelled() else None)
        inner.add_done_callback(lambda done: _settle(outer, done))
        return outer

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls."""
        self._inner.shutdown(wait=wait, cancel_futures=cancel_futures)


def _run(payload: bytes) -> bytes:
    fn, args, kwargs = pickle.loads(payload)
    return pickle.dumps(fn(*args, **kwargs))


def _settle(outer: Future[Any], inner: Future[bytes]) -> None:
    if inner.cancelled():
        if outer.cancel():
            outer.set_running_or_notify_cancel()
        return
    if not outer.set_running_or_notify_cancel():
        return
    error = inner.exception()
    if error is not None:
        outer.set_exception(pickle.loads(pickle.dumps(error)))
    else:
        outer.set_result(pickle.loads(inner.result()))

"""Hear Ctrl-C and a polite end only where nothing is half-done.

A signal's handler may run between any two steps of the main thread. In the middle of a transaction it would
leave a connection that holds the store's write lock for as long as the error is looked at, and the steps that
save what was found would wait for it in vain. So a handler calls :func:`strike`, and what must not be cut
runs under :func:`held`, which has to be short.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class _State:
    """What the main thread is in; no other thread hears signals."""

    depth = 0
    is_struck = False


def strike(_number: int = 0, _frame: object = None) -> None:
    """Raise ``KeyboardInterrupt``: at once, or where the block that is under way ends."""
    _State.is_struck = _State.depth > 0
    if not _State.is_struck:
        raise KeyboardInterrupt


@contextmanager
def held() -> Iterator[None]:
    """Let a short block end before an interrupt is raised; blocks may lie in each other."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _State.depth += 1
    try:
        yield
    finally:
        _State.depth -= 1
        if _State.is_struck and not _State.depth:
            _State.is_struck = False
            raise KeyboardInterrupt


@contextmanager
def heard() -> Iterator[None]:
    """Strike on Ctrl-C and on a polite end (SIGTERM) while the block runs; an ignored signal stays so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {one: signal.getsignal(one) for one in _SIGNALS}
    wanted = [one for one in _SIGNALS if before[one] is not signal.SIG_IGN]
    try:
        for one in wanted:
            signal.signal(one, strike)
        yield
    finally:
        for one in wanted:
            signal.signal(one, before[one] or signal.SIG_DFL)

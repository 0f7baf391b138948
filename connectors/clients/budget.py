"""Share a credential's patience among all threads: pace, pauses and a budget of retries.

A vendor limits a credential, not a thread. When one thread is told to wait, all that use the credential
wait; when most requests fail, retrying each of them would only add to the load, so retries are paid for
from a common purse that successes fill again.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from connectors.errors import Unavailable

_stop_waiting = threading.Event()

RETRY_PURSE = 60.0
"""Retries that a credential may spend at once: ten requests that use up all their attempts."""
RETRY_REFILL = 0.2
"""What one success puts back: in the long run at most one retry for five successes."""


def stop_waiting() -> None:
    """End every wait now and refuse further ones, so that Ctrl-C and SIGTERM do not hang on a pause."""
    _stop_waiting.set()


def allow_waiting() -> None:
    """Undo :func:`stop_waiting`."""
    _stop_waiting.clear()


def _wait(seconds: float) -> None:
    if _stop_waiting.wait(seconds):
        raise Unavailable("the run is being stopped; the request was given up while waiting")


@dataclass(frozen=True, slots=True)
class Clock:
    """Tell and pass time in seconds, and roll dice; tests bring their own.

    ``monotonic`` for waits, ``wall`` (seconds since 1970, UTC) only to read HTTP dates, ``jitter``
    returns a number from 0 to 1.
    """

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], None] = _wait
    jitter: Callable[[], float] = random.random


SYSTEM_CLOCK = Clock()


class Budget:
    """Pace one credential; safe to use from many threads.

    ``rate_per_s`` is a token bucket's refill with a burst of one second's worth (0: no limit of ours).
    """

    def __init__(self, clock: Clock = SYSTEM_CLOCK, *, rate_per_s: float = 0.0) -> None:
        self._clock = clock
        self._rate = rate_per_s
        self._burst = max(1.0, rate_per_s)
        self._tokens = self._burst
        self._filled_at = clock.monotonic()
        self._paused_until = 0.0
        self._retries = RETRY_PURSE
        self._lock = threading.Lock()

    def acquire(self) -> None:
        """Wait until this credential may send one more request."""
        while (delay := self._claim()) > 0:
            self._clock.sleep(delay)

    def pause(self, seconds: float) -> None:
        """Make every thread of this credential wait; a longer pause already running stands."""
        with self._lock:
            self._paused_until = max(self._paused_until, self._clock.monotonic() + seconds)

    def spend_retry(self) -> bool:
        """Take one retry out of the purse; false when it is empty."""
        with self._lock:
            if self._retries < 1:
                return False
            self._retries -= 1
            return True

    def succeeded(self) -> None:
        """Put a part of a retry back after a success."""
        with self._lock:
            self._retries = min(RETRY_PURSE, self._retries + RETRY_REFILL)

    def _claim(self) -> float:
        """Take a token and return 0, or return how long to wait before asking again."""
        with self._lock:
            now = self._clock.monotonic()
            if now < self._paused_until:
                return self._paused_until - now
            if not self._rate:
                return 0.0
            self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
            self._filled_at = now
            # The margin absorbs rounding: a wait computed to end in one token may end a hair below it.
            if self._tokens >= 1 - 1e-9:
                self._tokens -= 1
                return 0.0
            return (1 - self._tokens) / self._rate


class BudgetBook:
    """Hand out one :class:`Budget` for each credential."""

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        self._clock = clock
        self._budgets: dict[Hashable, Budget] = {}
        self._lock = threading.Lock()

    def get(self, credential: Hashable, *, rate_per_s: float = 0.0) -> Budget:
        """Return the budget of a credential; the first caller sets its rate."""
        with self._lock:
            if credential not in self._budgets:
                self._budgets[credential] = Budget(self._clock, rate_per_s=rate_per_s)
            return self._budgets[credential]

    def forget(self) -> None:
        """Drop all budgets, between tests."""
        with self._lock:
            self._budgets.clear()


shared_book = BudgetBook()
"""The budgets of this process: two clients with one credential share one."""

"""Lead or follow: keep up one leadership among several daemons, through failures of the store.

The lock itself belongs to the store (``store.leadership``) and is given in; here is only when to take it,
renew it and count as having lost it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Protocol

log = logging.getLogger("aicensus.leader")


class Lock(Protocol):
    """What only one process can have at a time; epochs grow with every new holder."""

    def take(self) -> int | None:
        """Return the new epoch, or ``None`` when another process holds it."""

    def renew(self, epoch: int) -> bool:
        """Keep it; false when another process has taken it over."""

    def give_back(self) -> None:
        """Let another process have it at once."""

    def close(self) -> None:
        """Let go of local resources only."""


class Leadership:
    """Call :meth:`beat` regularly from one thread; read :attr:`epoch` from any.

    ``failures`` are the errors of a store that may recover. While it fails, the leadership stands for
    ``ttl_s`` seconds after the last renewal: after that another may have taken it.
    """

    def __init__(
        self,
        lock: Lock,
        *,
        ttl_s: float,
        failures: tuple[type[Exception], ...] = (),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lock = lock
        self._ttl_s = ttl_s
        self._failures = failures
        self._monotonic = monotonic
        self._renewed_at = 0.0
        self._epoch: int | None = None

    @property
    def epoch(self) -> int | None:
        """Return the epoch in which this process leads, ``None`` when it follows."""
        return self._epoch

    def beat(self) -> int | None:
        """Renew or try to take the leadership; return :attr:`epoch`."""
        # The lease counts from before the store is asked: a slow answer must not lengthen it.
        asked_at = self._monotonic()
        try:
            holds = self._hold()
        except self._failures as error:
            log.warning("the store does not answer for the leadership: %s", error)
            holds = None
        if holds:
            self._renewed_at = asked_at
        elif self._epoch is not None and (
            holds is False or self._monotonic() - self._renewed_at >= self._ttl_s
        ):
            log.warning("leadership of epoch %d is lost; following", self._epoch)
            self._epoch = None
        return self._epoch

    def resign(self) -> None:
        """Step down, so that another leads at once."""
        try:
            if self._epoch is not None:
                self._lock.give_back()
        except self._failures as error:
            log.warning("could not give the leadership back: %s", error)
        self._epoch = None
        self._lock.close()

    def _hold(self) -> bool:
        if self._epoch is not None:
            return self._lock.renew(self._epoch)
        self._epoch = self._lock.take()
        if self._epoch is not None:
            log.info("leading in epoch %d", self._epoch)
        return self._epoch is not None

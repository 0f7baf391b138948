"""Send what waits in the outbox: every message once, again only when it is not known to have arrived.

A message is claimed before it is sent and noted as done after it. A sender that dies in between leaves the
claim; the next one sends the same message under the same id. After a failure the receiver is left alone for a
growing while; after :data:`MOST_TRIES` the message is given up and shown by ``aicensus outbox list``.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from connectors import clock
from connectors.errors import ConfigError
from connectors.secrets import redact
from discovery.outbound.errors import DeliveryFailed
from discovery.outbound.messages import Message, message_of
from store import deliveries, outbox_feed

if TYPE_CHECKING:
    from store import Store
    from store.deliveries import Delivery

log = logging.getLogger("aicensus.outbound")

MOST_TRIES = 14
"""About two days of trying."""
_FIRST_WAIT_S = 30.0
_LONGEST_WAIT_S = 6 * 3600.0


class Channel(Protocol):
    """A way to one receiver."""

    def send(self, message: Message, now: datetime) -> None:
        """Deliver a message; raises :class:`DeliveryFailed` or ``ConfigError``."""


@dataclass(slots=True)
class Sent:
    """What one round of sending did, in messages; ``problems`` are by receiver."""

    sent: int = 0
    failed: int = 0
    given_up: int = 0
    problems: dict[str, str] = field(default_factory=dict)

    def note(self, receiver: str, problem: str) -> None:
        """Keep what went wrong last with a receiver."""
        self.problems[receiver] = problem


class Sender:
    """Send for some receivers in the name of ``holder`` (:func:`store.leases.new_holder`)."""

    def __init__(
        self,
        store: Store,
        channels: Mapping[str, Channel],
        holder: str,
        *,
        now: Callable[[], datetime] = clock.now,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._channels = channels
        self._holder = holder
        self._now = now
        self._jitter = jitter

    def run(
        self, *, at_once: bool = False, is_stopping: Callable[[], bool] = lambda: False, most: int = 10_000
    ) -> Sent:
        """Send everything that is due; a receiver that fails is left alone for the rest of the round.

        ``at_once`` does not wait for a run to end before its news is told; ``is_stopping`` is asked between
        two messages.
        """
        result = Sent()
        outbox_feed.follow(self._store)
        deliveries.plan(self._store, self._now(), at_once=at_once)
        failing: set[str] = set()
        for _ in range(most):
            if is_stopping():
                break
            one = deliveries.claim(self._store, self._holder, self._channels.keys(), self._now(), failing)
            if one is None:
                break
            if not self._deliver(one, result):
                failing.add(one.receiver)
        return result

    def _deliver(self, one: Delivery, result: Sent) -> bool:
        try:
            self._channels[one.receiver].send(message_of(one), self._now())
        except DeliveryFailed as failure:
            self._failed(one, failure, result)
            return False
        except ConfigError as error:
            # Nothing is wrong with the message: it waits until the configuration is right.
            self._failed(one, DeliveryFailed(str(error)), result)
            return False
        deliveries.finish(self._store, one.delivery_id, self._holder, self._now())
        result.sent += 1
        return True

    def _failed(self, one: Delivery, failure: DeliveryFailed, result: Sent) -> None:
        is_over = failure.is_final or one.attempts >= MOST_TRIES
        wait_s = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2 ** (one.attempts - 1)) * (0.75 + self._jitter() / 2)
        wait_s = max(wait_s, min(failure.retry_after_s or 0.0, 24 * 3600.0))
        next_at = None if is_over else self._now() + timedelta(seconds=wait_s)
        deliveries.fail(self._store, one.delivery_id, self._holder, error=failure.what, next_at=next_at)
        what = redact(failure.what)
        log.warning("%s to %s: %s%s", one.delivery_id, one.receiver, what, "; given up" if is_over else "")
        result.note(one.receiver, what)
        if is_over:
            result.given_up += 1
        else:
            result.failed += 1

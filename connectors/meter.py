"""Count the requests a thread sends, so that each part can say what it cost.

Every client calls :func:`count_request` once for each request on the wire, retries included; the runner
takes the difference over a part. A scope is scanned by one thread.
"""

from __future__ import annotations

import threading


class _Meter(threading.local):
    requests = 0


_meter = _Meter()


def count_request() -> None:
    """Count one request sent by this thread."""
    _meter.requests += 1


def requests() -> int:
    """Return how many requests this thread has sent since it started."""
    return _meter.requests

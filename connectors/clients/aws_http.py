"""Send what the clients of one place ask through one HTTP session.

botocore gives every client a session of its own, and each reads the list of certificate authorities anew at
its first call: 15 to 30 ms of CPU and 0.7 MB (measured), for each of some sixty services in every region of
every account. A place's calls come one after the other, so one session does for them.

**Source:** a handler of the event ``before-send`` may answer in place of botocore (botocore 1.44.5, read
2026-11-22).
"""

from __future__ import annotations

import os
import socket
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from connectors.clients.network import NetworkSettings


# What botocore sets for its own sessions: without it the body of a request waits up to 40 ms for the
# acknowledgement of its head.
_AT_ONCE = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]


class Connections:
    """Hold the HTTP sessions of one place: one, or one for each proxy that the environment names."""

    def __init__(self, network: NetworkSettings, configured_ca: str | None) -> None:
        self._network = network
        # In botocore's own order.
        ca = network.ca_bundle or configured_ca or os.environ.get("REQUESTS_CA_BUNDLE")
        self._verify: str | bool = ca or True
        self._lock = threading.Lock()
        self._sessions: dict[tuple[tuple[str, str], ...], Any] = {}
        # By scheme and host: looking through the environment takes a tenth of the time of a request.
        self._known_proxies: dict[tuple[str, str], dict[str, str]] = {}

    def send(self, request: Any, **_: Any) -> Any:
        """Send a prepared request and return the answer; raises botocore's own errors."""
        return self._session(self._proxies(request.url)).send(request)

    def close(self) -> None:
        """Close all connections; a further request opens new ones."""
        with self._lock:
            gone = list(self._sessions.values())
            self._sessions.clear()
        for session in gone:
            session.close()

    def _proxies(self, url: str) -> dict[str, str]:
        from botocore.utils import get_environ_proxies

        if self._network.proxy:
            return {"http": self._network.proxy, "https": self._network.proxy}
        parts = urlsplit(url)
        host = (parts.scheme, parts.netloc)
        found = self._known_proxies.get(host)
        if found is None:
            found = self._known_proxies[host] = get_environ_proxies(url)
        return found

    def _session(self, proxies: dict[str, str]) -> Any:
        from botocore.httpsession import URLLib3Session

        key = tuple(sorted(proxies.items()))
        with self._lock:
            session = self._sessions.get(key)
            if session is None:
                timeout = (self._network.connect_timeout_s, self._network.read_timeout_s)
                # The types that come with it name only what botocore itself is given most of the time.
                made: Any = URLLib3Session
                session = made(
                    verify=self._verify, proxies=proxies or None, timeout=timeout, socket_options=_AT_ONCE
                )
                self._sessions[key] = session
            return session

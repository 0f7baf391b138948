"""Post a message over HTTP: to the address that was looked at, once, without following anything.

The connection goes to the very address that :mod:`discovery.outbound.addresses` allowed, so a name that
answers differently a moment later gains nothing. No redirects, no cookies, no ``.netrc``; time and size of
the answer are bounded.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

from connectors.clients.deadline import Watch
from discovery.outbound.addresses import is_internal, resolve
from discovery.outbound.errors import DeliveryFailed

if TYPE_CHECKING:
    from connectors.clients.network import NetworkSettings

TOTAL_TIMEOUT_S = 60.0
_MOST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; header names are in lower case."""

    status: int
    headers: Mapping[str, str]


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    network: NetworkSettings,
    allow_internal: bool = False,
    total_timeout_s: float = TOTAL_TIMEOUT_S,
) -> Answer:
    """Post ``body`` and return the answer, whatever its status; raises :class:`DeliveryFailed`.

    The error never shows the address: it may itself be a credential.
    """
    parts = checked(url, allow_internal=allow_internal)
    target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    watch = Watch(total_timeout_s)
    try:
        with watch:
            connection = _connect(parts, network, allow_internal)
            try:
                watch.on(connection.sock)
                path = url if connection.by_proxy and parts.scheme == "http" else target
                connection.request("POST", path, body=body, headers={"User-Agent": "aicensus", **headers})
                response = connection.getresponse()
                response.read(_MOST_BYTES)
                return Answer(response.status, {name.lower(): value for name, value in response.getheaders()})
            finally:
                connection.close()
    except ssl.SSLError:
        raise DeliveryFailed("no trusted TLS connection to the receiver; see [network] ca_bundle") from None
    except (OSError, http.client.HTTPException) as error:
        slow = watch.has_cut or isinstance(error, TimeoutError)
        what = "did not answer in time" if slow else f"cannot be reached ({type(error).__name__})"
        raise DeliveryFailed(f"the receiver {what}") from None


def checked(url: str, *, allow_internal: bool) -> SplitResult:
    """Return the parts of a URL that may be posted to; raises a final :class:`DeliveryFailed`."""
    try:
        parts = urlsplit(url)
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_url = False
    if not is_url or any(ord(char) < 33 or ord(char) > 126 for char in url):
        raise DeliveryFailed("the receiver's address is not an http or https URL", is_final=True)
    if parts.username is not None:
        raise DeliveryFailed("the receiver's address holds a user name; leave it out", is_final=True)
    if parts.scheme == "http" and not allow_internal:
        raise DeliveryFailed("the receiver's address is not https", is_final=True)
    return parts


class _Pinned(http.client.HTTPConnection):
    """A connection that goes to one chosen address, with TLS for the name it was chosen for."""

    by_proxy = False

    def __init__(self, parts: SplitResult, addresses: tuple[str, ...], network: NetworkSettings) -> None:
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        super().__init__(host, port, timeout=network.read_timeout_s)
        self._addresses = addresses
        self._network = network
        self._is_secure = parts.scheme == "https"

    def connect(self) -> None:
        self.sock = self._opened()
        if self._is_secure:
            context = ssl.create_default_context(cafile=self._network.ca_bundle or None)
            self.sock = context.wrap_socket(self.sock, server_hostname=self.host)
        self.sock.settimeout(self._network.read_timeout_s)

    def _opened(self) -> socket.socket:
        failure: OSError | None = None
        for address in self._addresses:
            try:
                return socket.create_connection((address, self.port), self._network.connect_timeout_s)
            except OSError as error:
                failure = error
        raise failure or OSError("no address")


class _ByProxy(http.client.HTTPConnection):
    """A connection through the configured proxy, which looks the name up itself."""

    by_proxy = True

    def __init__(self, parts: SplitResult, proxy: SplitResult, network: NetworkSettings) -> None:
        super().__init__(proxy.hostname or "", proxy.port or 8080, timeout=network.connect_timeout_s)
        self._network = network
        self._name = parts.hostname or ""
        self._is_secure = parts.scheme == "https"
        if self._is_secure:
            self.set_tunnel(self._name, parts.port or 443)

    def connect(self) -> None:
        super().connect()
        if self._is_secure:
            context = ssl.create_default_context(cafile=self._network.ca_bundle or None)
            self.sock = context.wrap_socket(self.sock, server_hostname=self._name)
        self.sock.settimeout(self._network.read_timeout_s)


def _connect(parts: SplitResult, network: NetworkSettings, allow_internal: bool) -> _Pinned | _ByProxy:
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    proxy = _proxy(parts.scheme, host, network)
    connection: _Pinned | _ByProxy
    if proxy is None:
        addresses = resolve(host, port, allow_internal=allow_internal)
        connection = _Pinned(parts, tuple(addresses), network)
    else:
        if not allow_internal and _is_internal_name(host):
            raise DeliveryFailed("the receiver's host is an internal address", is_final=True)
        connection = _ByProxy(parts, proxy, network)
    connection.connect()
    return connection


def _proxy(scheme: str, host: str, network: NetworkSettings) -> SplitResult | None:
    if host in ("127.0.0.1", "localhost", "::1"):
        return None
    if network.proxy:
        return urlsplit(network.proxy)
    proxies = getproxies()
    if not proxies.get(scheme) or proxy_bypass(host):
        return None
    return urlsplit(proxies[scheme])


def _is_internal_name(host: str) -> bool:
    try:
        return is_internal(host)
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))

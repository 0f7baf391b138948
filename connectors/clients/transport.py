"""Move bytes: one request, one bounded answer.

Wraps ``requests`` with what it lacks: a deadline for the whole answer, a size limit that also holds for
compressed bodies, no redirects, no ``.netrc`` (it would replace our credential), and failures told apart.
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connectors.clients.deadline import Watch
from connectors.clients.network import LOOPBACK, NetworkSettings
from connectors.clients.pages import Param
from connectors.errors import ConfigError
from connectors.secrets import SecretRef

if TYPE_CHECKING:
    import requests

_CHUNK = 64 * 1024
_USER_AGENT = "aicensus"


def refuse_clear_text(urls: Iterable[str]) -> None:
    """Raise ``ConfigError`` for an address that a credential would reach in the clear, this machine aside."""
    for url in urls:
        parts = urlsplit(url)
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ConfigError(
                f"a credential must not travel in the clear to {parts.hostname}",
                hint="Write the address with https://.",
            )


def header_value(value: str | SecretRef, header: str) -> str:
    """Return a header's value; a stray line end in a secret would split the header.

    Raises ``ConfigError`` for what is not printable ASCII, and for a reference that leads nowhere.
    """
    text = value.resolve() if isinstance(value, SecretRef) else value
    if not text.isprintable() or not text.isascii():
        place = f"{value.place}:{value.name}" if isinstance(value, SecretRef) else "it"
        raise ConfigError(
            f"the value for the header {header} holds control or non-ASCII characters",
            hint=f"Set {place} to one line of plain characters.",
        )
    return text


@dataclass(frozen=True, slots=True)
class Call:
    """One request: an absolute URL, query parameters, and a JSON body for a query by POST."""

    method: str
    url: str
    params: Mapping[str, Param]
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer before anyone has looked into it; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Streamed:
    """An answer whose body is still to come; ``read`` gives at most so many bytes, fewer only at the end."""

    status: int
    headers: Mapping[str, str]
    read: Callable[[int], bytes]


class TransportFailure(Exception):
    """There was no whole answer.

    ``is_final`` means that trying again would not help, ``is_vendors`` that the vendor's answer is at
    fault rather than the way to it.
    """

    def __init__(
        self, what: str, *, hint: str = "", max_attempts: int = 1_000, is_vendors: bool = False
    ) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint
        self.max_attempts = max_attempts
        self.is_vendors = is_vendors

    @property
    def is_final(self) -> bool:
        """Say whether another attempt is pointless."""
        return self.max_attempts == 1


class Transport:
    """Send requests over pooled connections, one session a thread; ``ConfigError`` for a missing CA file."""

    def __init__(self, network: NetworkSettings, *, max_body_bytes: int, total_timeout_s: float) -> None:
        if network.ca_bundle and not Path(network.ca_bundle).is_file():
            raise ConfigError(
                f"the CA bundle {network.ca_bundle!r} is not a file",
                hint="Set [network] ca_bundle to a PEM file.",
            )
        self._network = network
        self._max_body_bytes = max_body_bytes
        self._total_timeout_s = total_timeout_s
        self._local = threading.local()
        self._sessions: list[requests.Session] = []
        self._lock = threading.Lock()

    def send(self, call: Call, headers: Mapping[str, str]) -> Raw:
        """Return the whole answer; raises :class:`TransportFailure`, never anything of ``requests``."""
        import requests
        import urllib3

        watch = Watch(self._total_timeout_s)
        try:
            with watch, self._open(call, headers) as response:
                body = self._read(response)
                names = {name.lower(): value for name, value in response.headers.items()}
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            # The library's own text may hold the URL with its query, so it is not chained.
            raise (self._too_slow() if watch.has_cut else _told_apart(error, call)) from None
        if watch.has_cut:  # a cut can also look like a regular end
            raise self._too_slow()
        return Raw(response.status_code, names, body)

    @contextmanager
    def stream(self, call: Call, headers: Mapping[str, str]) -> Iterator[Streamed]:
        """Give an answer whose body is read as it comes and not unpacked; its size is the reader's matter.

        Raises :class:`TransportFailure`, also while the body is read.
        """
        import requests
        import urllib3

        watch = Watch(self._total_timeout_s)
        with watch:
            try:
                response = self._open(call, {**headers, "Accept-Encoding": "identity"})
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                raise (self._too_slow() if watch.has_cut else _told_apart(error, call)) from None
            with response:

                def read(size: int) -> bytes:
                    try:
                        data: bytes = response.raw.read(size, decode_content=False)
                    except (urllib3.exceptions.HTTPError, OSError) as error:
                        raise (self._too_slow() if watch.has_cut else _told_apart(error, call)) from None
                    if watch.has_cut:
                        raise self._too_slow()
                    return data

                names = {name.lower(): value for name, value in response.headers.items()}
                yield Streamed(response.status_code, names, read)

    def _too_slow(self) -> TransportFailure:
        return TransportFailure(f"the answer did not end within {self._total_timeout_s:g} s", max_attempts=2)

    def close(self) -> None:
        """Close every thread's session; a later call opens a new one."""
        with self._lock:
            sessions, self._sessions = self._sessions, []
            self._local = threading.local()
        for session in sessions:
            session.close()

    def _open(self, call: Call, headers: Mapping[str, str]) -> requests.Response:
        host = urlsplit(call.url).hostname or ""
        proxy = self._network.proxy
        proxies = (
            {"no_proxy": host} if host in LOOPBACK else {"http": proxy, "https": proxy} if proxy else None
        )
        return self._session().request(
            call.method,
            call.url,
            params=[(name, text) for name, value in call.params.items() for text in _texts(value)],
            data=call.body,
            # A callable for auth keeps requests from looking into ~/.netrc.
            auth=_Headers(headers, has_body=call.body is not None),
            timeout=(self._network.connect_timeout_s, self._network.read_timeout_s),
            allow_redirects=False,
            proxies=proxies,
            stream=True,
            # Given on every call: REQUESTS_CA_BUNDLE would override the same setting of a session.
            verify=self._network.ca_bundle or None,
        )

    def _session(self) -> requests.Session:
        import requests

        from connectors.clients.watch import WatchedAdapter

        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            session.headers.update(
                {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": _USER_AGENT}
            )
            session.cookies.set_policy(_no_cookies())
            for scheme in ("http://", "https://"):
                session.mount(scheme, WatchedAdapter(pool_connections=4, pool_maxsize=2, max_retries=0))
            with self._lock:
                self._sessions.append(session)
                self._local.session = session
        return session

    def _read(self, response: requests.Response) -> bytes:
        """Read the body within the size limit, also for a compressed one."""
        inflate = _Inflate(response.headers.get("Content-Encoding", ""))
        body = bytearray()
        while True:
            # read1 returns what has arrived, so that the size is checked as the body grows.
            data: bytes = response.raw.read1(_CHUNK, decode_content=False)
            if not data:
                inflate.end()
                return bytes(body)
            inflate.into(body, data, self._max_body_bytes)
            if len(body) > self._max_body_bytes:
                raise TransportFailure(
                    f"the answer is larger than {self._max_body_bytes} bytes", max_attempts=1, is_vendors=True
                )


class _Headers:
    """Put headers on a request at the last moment, where ``requests`` expects an auth object."""

    def __init__(self, headers: Mapping[str, str], *, has_body: bool) -> None:
        self._headers = headers
        self._has_body = has_body

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._has_body:
            request.headers["Content-Type"] = "application/json"
        request.headers.update(self._headers)
        return request


class _Inflate:
    """Undo gzip step by step, never further than the size limit."""

    def __init__(self, encoding: str) -> None:
        encoding = encoding.strip().lower()
        if encoding not in ("", "identity", "gzip", "x-gzip"):
            raise TransportFailure(
                f"the answer is encoded as {encoding[:20]!r}, which was not asked for",
                max_attempts=1,
                is_vendors=True,
            )
        self._gzip: Any = zlib.decompressobj(31) if encoding in ("gzip", "x-gzip") else None

    def into(self, body: bytearray, data: bytes, limit: int) -> None:
        """Append ``data``, inflated, to ``body``; stops one byte past ``limit``."""
        if self._gzip is None:
            body += data
            return
        try:
            body += self._gzip.decompress(data, limit + 1 - len(body))
        except zlib.error:
            raise TransportFailure("the answer is not valid gzip", max_attempts=1, is_vendors=True) from None

    def end(self) -> None:
        """Check that a compressed body was whole."""
        if self._gzip is not None and not self._gzip.eof:
            raise TransportFailure("the compressed answer was cut off")


def _told_apart(error: Exception, call: Call) -> TransportFailure:
    """Say in our own words what went wrong on the way."""
    import requests
    import urllib3

    host = urlsplit(call.url).hostname
    reason = _reason(error)
    if isinstance(reason, urllib3.exceptions.NameResolutionError):
        return TransportFailure(
            f"the host name {host!r} does not resolve",
            hint="Check the address in the options (base_url) and the network.",
            max_attempts=2,
        )
    if isinstance(error, requests.exceptions.ProxyError):
        return TransportFailure("the proxy does not let the request through", hint="Check [network] proxy.")
    if isinstance(error, requests.exceptions.SSLError):
        return TransportFailure(
            f"no trusted TLS connection to {host!r}",
            hint="If a proxy or the vendor uses a private CA, set [network] ca_bundle.",
            max_attempts=1,
        )
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError | TimeoutError):
        return TransportFailure(
            f"{host!r} did not answer in time",
            hint="Check the network, or raise the time-outs in [network].",
        )
    if isinstance(reason, urllib3.exceptions.NewConnectionError):
        return TransportFailure(
            f"no connection to {host!r} could be made",
            hint="Check address and port in the options (base_url), and that the host runs.",
        )
    return TransportFailure(
        f"the connection to {host!r} broke ({type(reason).__name__})", hint="Check the network."
    )


def _texts(value: Param) -> list[str]:
    if isinstance(value, bool):
        return ["true" if value else "false"]
    if isinstance(value, str | int | float):
        return [str(value)]
    return [str(item) for item in value]


def _reason(error: BaseException) -> BaseException:
    """Unwrap what requests and urllib3 have wrapped."""
    for _ in range(5):
        inner = getattr(error, "reason", None) or (error.args[0] if error.args else None)
        if not isinstance(inner, BaseException):
            break
        error = inner
    return error


def _no_cookies() -> Any:
    from http.cookiejar import DefaultCookiePolicy

    return DefaultCookiePolicy(allowed_domains=[])

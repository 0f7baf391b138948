"""Ask a registry for manifests and layers: the reading half of the OCI distribution protocol.

Sends only what :data:`OPERATIONS` declares. A registry may ask for a token from another host and lead readers
of layers elsewhere; both only to hosts that are declared, the credential only to the former and only over
TLS. Every manifest and every layer is checked against its digest, so the host that delivers cannot choose
what is read. Apart from the shared client because layers are streams, not JSON.

**Source:** OCI distribution specification 1.1; the token protocol of distribution/distribution
(``docs/spec/auth/token``); general knowledge of both.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

import orjson

from connectors import meter
from connectors.clients.budget import SYSTEM_CLOCK, Clock, shared_book
from connectors.clients.guard import origin
from connectors.clients.network import NetworkSettings
from connectors.clients.pages import Answer, LinkHeader, Param, walk
from connectors.clients.transport import Call, Raw, Streamed, Transport, TransportFailure
from connectors.clients.waits import retry_after_s
from connectors.contract import Operation
from connectors.errors import (
    Absent,
    AuthError,
    BadResponse,
    ConnectorError,
    PermissionDenied,
    RateLimited,
    Unavailable,
)
from connectors.images.manifests import MANIFEST_TYPES, MAX_CONFIG_BYTES, MAX_MANIFEST_BYTES
from connectors.images.options import ImagesOptions
from connectors.images.registry_hosts import (
    LOOPBACK,
    base_url,
    host_of,
    pull_scope,
    registry_error,
    registry_row,
)
from connectors.images.sources import checked
from connectors.images.streams import ByteStream, LayerError, is_digest
from connectors.secrets import SecretRef, remember

_PULL = "repository: pull"
MANIFEST, BLOB = "/v2/{name}/manifests/{reference}", "/v2/{name}/blobs/{digest}"
TAGS, CATALOG = "/v2/{name}/tags/list", "/v2/_catalog"
OPERATIONS = (
    Operation(method="GET", host="{targets}", path=MANIFEST, permission=_PULL),
    Operation(method="GET", host="{targets}", path=BLOB, permission=_PULL),
    Operation(method="GET", host="{targets}", path=TAGS, permission=_PULL),
    Operation(method="GET", host="{targets}", path=CATALOG, permission="registry: catalog:*"),
    Operation(method="GET", host="{token_hosts}", path="/{service}", permission="none: hands out the token"),
    Operation(method="GET", host="{blob_hosts}", path="/{layer}", permission="none: the address is signed"),
)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS = 3
_RETRIED = frozenset({429, 500, 502, 503, 504})
_BACKOFF_S, _BACKOFF_CAP_S = 0.5, 20.0
_CHALLENGE = re.compile(r'([A-Za-z_]{1,30})="([^"]{0,2000})"')
_ABSENT = frozenset({"MANIFEST_UNKNOWN", "NAME_UNKNOWN", "BLOB_UNKNOWN"})
_USER = "aicensus"
"""The user name where the registry only looks at the token."""
Opened = TypeVar("Opened", Raw, Streamed)


@dataclass(slots=True)
class _Login:
    """What opens a repository: the header of the last answer to a challenge, by scope."""

    headers: dict[str, str] = field(default_factory=dict, repr=False)


class RegistryClient:
    """Read one registry; for one thread."""

    def __init__(
        self, host: str, options: ImagesOptions, network: NetworkSettings, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._host = host
        self._options = options
        self._network = network
        self._clock = clock
        self._row = registry_row(host)
        self._base = base_url(host, self._row, options)
        self._login = _Login()
        self._secret: SecretRef | None = options.credentials.get(host)
        self._budget = shared_book.get((self._base, self._secret))
        self._small = Transport(network, max_body_bytes=MAX_CONFIG_BYTES, total_timeout_s=120)
        self._large = Transport(network, max_body_bytes=0, total_timeout_s=options.blob_timeout_s)

    def close(self) -> None:
        """Drop all connections."""
        self._small.close()
        self._large.close()

    def manifest(self, repository: str, version: str) -> tuple[str, bytes]:
        """Return the digest and the bytes of a manifest by tag or digest.

        Raises ``BadResponse`` for one that is too large or not what its digest says.
        """
        url = f"{self._base}/v2/{repository}/manifests/{version}"
        raw = self._get(url, pull_scope(repository), accept=", ".join(MANIFEST_TYPES))
        if len(raw.body) > MAX_MANIFEST_BYTES:
            raise BadResponse(f"a manifest of more than {MAX_MANIFEST_BYTES:,} bytes", where=url)
        if is_digest(version):
            return version, checked(raw.body, version)
        digest = f"sha256:{hashlib.sha256(raw.body).hexdigest()}"
        said = raw.headers.get("docker-content-digest", digest)
        if said.startswith("sha256:") and said != digest:
            raise BadResponse("the registry names another digest than its manifest has", where=url)
        return digest, raw.body

    def config(self, repository: str, digest: str) -> bytes:
        """Return a configuration's bytes, checked."""
        with self.blob(repository, digest) as stream:
            data = _whole(stream, MAX_CONFIG_BYTES, digest)
        return checked(data, digest)

    @contextmanager
    def blob(self, repository: str, digest: str) -> Iterator[ByteStream]:
        """Give a blob's bytes as they come; not yet checked."""
        url, scope = f"{self._base}/v2/{repository}/blobs/{digest}", pull_scope(repository)
        for _ in range(_MAX_REDIRECTS + 1):
            with self._opened(url, scope) as answer:
                if answer.status not in _REDIRECTS:
                    yield _Body(answer)
                    return
                url, scope = self._led_to(url, answer.headers.get("location", "")), ""
        raise BadResponse(f"more than {_MAX_REDIRECTS} redirects for one layer", where=self._host)

    def tags(self, repository: str) -> Iterator[str]:
        """Yield the tags of a repository, in the registry's order."""
        return self._listed(f"/v2/{repository}/tags/list", "tags", pull_scope(repository))

    def repositories(self) -> Iterator[str]:
        """Yield the repositories of the registry; some registries do not offer the list."""
        return self._listed("/v2/_catalog", "repositories", "registry:catalog:*")

    def _listed(self, path: str, key: str, scope: str) -> Iterator[str]:
        def fetch(params: Mapping[str, Param], url: str) -> Answer:
            place = urljoin(self._base + path, url) if url else self._base + path
            if (
                origin(place) != origin(self._base)
                or urlsplit(place).path != urlsplit(self._base + path).path
            ):
                raise BadResponse(f"the next page of {path} is elsewhere; it was not followed")
            raw = self._get(place, scope, params={} if url else params)
            content = _object(raw, path)
            names = content.get(key) or []
            if not isinstance(names, list):
                raise BadResponse(f"{key} of the answer is no list", where=path)
            return Answer([{"name": name} for name in names if isinstance(name, str)], raw.headers)

        return (str(item["name"]) for item in walk(fetch, LinkHeader(limit=200, limit_param="n")))

    def _get(
        self, url: str, scope: str, *, accept: str = "", params: Mapping[str, Param] | None = None
    ) -> Raw:
        """Get a small answer; logs in when the registry asks for it. Raises :mod:`connectors.errors`."""
        extra = {"Accept": accept} if accept else {}
        for is_again in (False, True):
            headers = {**self._headers(scope), **extra}
            raw = self._retried(partial(self._small.send, Call("GET", url, params or {}), headers))
            if raw.status == 401 and not is_again and self._log_in(raw.headers, scope):
                continue
            if not 200 <= raw.status < 300:
                raise self._refusal(raw.status, raw.body, url)
            return raw
        raise AssertionError("unreachable: the second round returns or raises")

    @contextmanager
    def _opened(self, url: str, scope: str) -> Iterator[Streamed]:
        """Give the open answer to a request for a blob, a redirect included."""
        for is_again in (False, True):
            headers = {**self._headers(scope), "Accept": "*/*"}
            opening = _Opening(self._large, Call("GET", url, {}), headers)
            try:
                answer = self._retried(opening.open)
                if answer.status == 401 and scope and not is_again and self._log_in(answer.headers, scope):
                    continue
                if answer.status not in _REDIRECTS and not 200 <= answer.status < 300:
                    raise self._refusal(answer.status, answer.read(64_000), url)
                yield answer
                return
            finally:
                opening.close()

    def _retried(self, send: Callable[[], Opened]) -> Opened:
        left_s = self._network.max_wait_s
        for attempt in range(1, self._network.max_attempts + 1):
            self._budget.acquire()
            meter.count_request()
            wait_s: float | None = None
            error: ConnectorError
            most = self._network.max_attempts
            try:
                answer = send()
            except TransportFailure as failure:
                error = Unavailable(failure.what, where=self._host, hint=failure.hint)
                most = min(most, failure.max_attempts)
            else:
                if answer.status not in _RETRIED:
                    self._budget.succeeded()
                    return answer
                error = self._refusal(answer.status, b"", self._base)
                wait_s = retry_after_s(answer.headers.get("retry-after", ""), self._clock.wall())
            wait_s = wait_s if wait_s is not None else self._backoff(attempt)
            if attempt >= most or wait_s > left_s or not self._budget.spend_retry():
                raise error
            left_s -= wait_s
            self._budget.pause(wait_s)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _backoff(self, attempt: int) -> float:
        return min(_BACKOFF_CAP_S, _BACKOFF_S * float(2**attempt)) * self._clock.jitter()

    def _headers(self, scope: str) -> dict[str, str]:
        known = self._login.headers.get(scope) if scope else None
        return {"Authorization": known} if known else {}

    def _log_in(self, headers: Mapping[str, str], scope: str) -> bool:
        """Answer a registry's challenge; false when it is none that can be answered."""
        kind, _, rest = headers.get("www-authenticate", "").partition(" ")
        if kind.lower() == "basic" and self._secret is not None and self._is_safe(self._base):
            self._login.headers[scope] = self._basic()
            return True
        if kind.lower() != "bearer":
            return False
        told = dict(_CHALLENGE.findall(rest))
        realm = self._realm(told.get("realm", ""))
        # The scope is ours: a registry does not choose what its token is good for.
        params = {"scope": scope} | ({"service": told["service"]} if told.get("service") else {})
        own = {"Authorization": self._basic()} if self._secret is not None and self._is_safe(realm) else {}
        raw = self._retried(partial(self._small.send, Call("GET", realm, params), own))
        if not 200 <= raw.status < 300:
            raise self._refusal(raw.status, raw.body, realm)
        answer = _object(raw, realm)
        token = answer.get("token") or answer.get("access_token")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise BadResponse("the answer holds no token", where=origin(realm))
        remember(token)
        self._login.headers[scope] = f"Bearer {token}"
        return True

    def _realm(self, realm: str) -> str:
        """Return the address to fetch a token from; raises ``AuthError`` when its host is not declared."""
        host = host_of(realm)
        known = (self._host, host_of(self._base), *self._row.token_hosts, *self._options.token_hosts)
        if host not in known or not self._is_safe(realm) or "@" in urlsplit(realm).netloc:
            raise AuthError(
                f"the registry asks to fetch a token from {host or 'nowhere'!r}, which is not declared",
                where=self._host,
                hint="If that is right, add the host to the option token_hosts.",
            )
        return realm

    def _led_to(self, url: str, location: str) -> str:
        """Return where a registry leads a reader to; raises ``BadResponse`` when that is not declared."""
        place = urljoin(url, location)
        host = host_of(place)
        known = (host_of(self._base), *self._row.blob_hosts, *self._options.blob_hosts)
        is_known = any(fnmatchcase(host, one) for one in known)
        if not is_known or not self._is_safe(place) or "@" in urlsplit(place).netloc:
            raise BadResponse(
                f"the registry leads to {host or 'nowhere'!r} for a layer; it was not followed",
                where=self._host,
                hint="If that is right, add the host to the option blob_hosts.",
            )
        return place

    def _is_safe(self, url: str) -> bool:
        """Say whether a URL is reached over TLS, or on this machine where the registry itself is."""
        parts = urlsplit(url)
        if parts.scheme == "https":
            return True
        return (
            parts.scheme == "http" and (parts.hostname or "") in LOOPBACK and self._base.startswith("http:")
        )

    def _basic(self) -> str:
        assert self._secret is not None
        user = self._options.usernames.get(self._host, _USER)
        text = f"{user}:{self._secret.resolve()}"
        encoded = base64.b64encode(text.encode()).decode()
        remember(encoded)
        return f"Basic {encoded}"

    def _refusal(self, status: int, body: bytes, url: str) -> ConnectorError:
        where = f"{urlsplit(url).path} at {host_of(url)}"
        code, said = registry_error(body)
        if status == 401:
            place = f"{self._secret.place}:{self._secret.name}" if self._secret else ""
            hint = f"Check the key in {place}." if place else f"Set credentials for {self._host}."
            return AuthError(
                f"the registry does not accept the credential (401){said}", where=where, hint=hint
            )
        if status == 403:
            return PermissionDenied(f"not allowed (403){said}", where=where, hint=f"Grant {_PULL}.")
        if status == 404 and code in _ABSENT:
            return Absent(f"the registry does not have it{said}", where=where)
        if status == 429:
            return RateLimited(f"too many requests (429){said}", where=where)
        if status >= 500:
            return Unavailable(f"the registry failed ({status}){said}", where=where)
        return BadResponse(f"unexpected status {status}{said}", where=where)


class _Opening:
    """A streamed answer that is opened by a retried call and closed once."""

    def __init__(self, transport: Transport, call: Call, headers: Mapping[str, str]) -> None:
        self._transport = transport
        self._call = call
        self._headers = headers
        self._close: Callable[[], object] = lambda: None

    def open(self) -> Streamed:
        """Open the answer, closing one that was refused before."""
        self.close()
        context = self._transport.stream(self._call, self._headers)
        answer = context.__enter__()
        self._close = lambda: context.__exit__(None, None, None)
        return answer

    def close(self) -> None:
        """Let go of the connection."""
        close, self._close = self._close, lambda: None
        close()


class _Body:
    """The body of an answer as a stream; a connection that breaks is an error of the layer."""

    def __init__(self, answer: Streamed) -> None:
        self._answer = answer

    def read(self, size: int) -> bytes:
        try:
            return self._answer.read(size)
        except TransportFailure as failure:
            raise LayerError(f"it could not be read to its end: {failure.what}") from None


def _whole(stream: ByteStream, limit: int, digest: str) -> bytes:
    data = bytearray()
    try:
        while chunk := stream.read(65_536):
            data += chunk
            if len(data) > limit:
                raise BadResponse(f"a configuration of more than {limit:,} bytes", where=digest)
    except LayerError as error:
        raise Unavailable(f"a configuration: {error}", where=digest) from None
    return bytes(data)


def _object(raw: Raw, where: str) -> dict[str, object]:
    try:
        content = orjson.loads(raw.body)
    except orjson.JSONDecodeError:
        content = None
    if not isinstance(content, dict):
        raise BadResponse("the answer is no JSON object", where=where)
    return content

"""Read vendors' HTTP APIs: the one client that every connector without an SDK uses.

It sends only what is declared (:mod:`connectors.clients.guard`), waits and retries
(:mod:`connectors.clients.budget`), pages (:mod:`connectors.clients.pages`), bounds time and size
(:mod:`connectors.clients.transport`), and turns every failure into one of :mod:`connectors.errors`.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import orjson

from connectors import meter
from connectors.clients.budget import SYSTEM_CLOCK, Budget, BudgetBook, Clock, shared_book
from connectors.clients.guard import Guard, UndeclaredCall, origin
from connectors.clients.network import NetworkSettings
from connectors.clients.pages import Answer, Item, Pages, Param, walk
from connectors.clients.transport import (
    Call,
    Raw,
    Transport,
    TransportFailure,
    header_value,
    refuse_clear_text,
)
from connectors.clients.waits import reset_s, retry_after_s
from connectors.contract import Operation
from connectors.errors import (
    AuthError,
    BadResponse,
    ConfigError,
    ConnectorError,
    PermissionDenied,
    RateLimited,
    RetryLater,
    Unavailable,
)
from connectors.secrets import Authorization, SecretRef, redact, remember

ErrorMap: TypeAlias = Callable[[int, Any], ConnectorError | None]
"""Give a vendor's own meaning of a status and body (parsed JSON or ``None``); ``None`` keeps ours."""

_RETRIED = frozenset({429, 500, 502, 503, 504, 529})
_BACKOFF_S = 0.5
_BACKOFF_CAP_S = 20.0
_TOKEN_MARGIN_S = 600.0


def no_vendor_errors(status: int, body: Any) -> ConnectorError | None:
    """Know no vendor codes."""
    return None


class Login(Protocol):
    """Exchange what is configured for a token that is good for a while; safe to pickle."""

    def token(self, client: HttpClient) -> tuple[str, float]:
        """Return a new token and how long it is good (seconds); calls name a ``credential`` of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSettings:
    """Say where a vendor's API is and how to log in; safe to pickle: secrets are references.

    ``base_url`` stands for ``{base_url}`` in ``Operation.host``; ``hosts`` maps further hosts or options
    in braces to URLs. ``bearer`` is the default credential (an :class:`Authorization` is sent as it is),
    ``login`` makes one where there is none; ``credentials`` are further ones by name (the ``credential``
    argument of every call). ``headers`` go with every call. ``page_size`` is for connectors to pass on.
    ``requests_per_s`` paces each credential (0: not at all). ``total_timeout_s`` bounds one answer from its
    first byte sent to its last one read. Raises ``ConfigError`` for credentials in clear text.
    """

    base_url: str
    bearer: SecretRef | None = None
    login: Login | None = None
    credentials: Mapping[str, SecretRef] = field(default_factory=dict)
    headers: Mapping[str, str | SecretRef] = field(default_factory=dict)
    hosts: Mapping[str, str] = field(default_factory=dict)
    page_size: int = 100
    requests_per_s: float = 0.0
    max_body_bytes: int = 64 * 1024 * 1024
    total_timeout_s: float = 120.0
    error_map: ErrorMap = no_vendor_errors

    def __post_init__(self) -> None:
        if self.bearer or self.login or self.credentials:
            refuse_clear_text((self.base_url, *self.hosts.values()))


class HttpClient:
    """Call the declared operations of one connector instance; safe to share among threads.

    Requests are counted in :mod:`connectors.meter` for the thread that sends them.
    """

    def __init__(
        self,
        settings: HttpSettings,
        *,
        operations: tuple[Operation, ...],
        network: NetworkSettings,
        clock: Clock = SYSTEM_CLOCK,
        budgets: BudgetBook | None = None,
    ) -> None:
        self._settings = settings
        self._network = network
        self._clock = clock
        self._guard = Guard(operations, {"{base_url}": settings.base_url, **settings.hosts})
        self._budgets = budgets or (shared_book if clock is SYSTEM_CLOCK else BudgetBook(clock))
        self._transport = Transport(
            network, max_body_bytes=settings.max_body_bytes, total_timeout_s=settings.total_timeout_s
        )
        self._login_lock = threading.Lock()
        self._token = ("", 0.0)

    @property
    def settings(self) -> HttpSettings:
        """Return what the client was made from."""
        return self._settings

    def get(
        self,
        path: str,
        path_params: Mapping[str, str] | None = None,
        params: Mapping[str, Param] | None = None,
        *,
        credential: str = "",
    ) -> Answer:
        """Get one declared path template; raises :mod:`connectors.errors` and never returns a failure."""
        operation, url = self._guard.url("GET", path, path_params or {})
        return self._send(operation, Call("GET", url, dict(params or {})), credential)

    def query(
        self,
        path: str,
        body: Mapping[str, Any],
        path_params: Mapping[str, str] | None = None,
        *,
        credential: str = "",
    ) -> Answer:
        """Post a question to a path declared with ``is_query``."""
        operation, url = self._guard.url("POST", path, path_params or {})
        return self._send(operation, Call("POST", url, {}, orjson.dumps(dict(body))), credential)

    def graphql(
        self, path: str, document: str, variables: Mapping[str, Any] | None = None, *, credential: str = ""
    ) -> Answer:
        """Post a GraphQL query; mutations and subscriptions are refused, ``errors`` in a 200 are raised."""
        if not is_graphql_query(document):
            raise UndeclaredCall(f"the GraphQL document for {path} is not made of queries only")
        answer = self.query(
            path, {"query": document, "variables": dict(variables or {})}, credential=credential
        )
        if isinstance(answer.data, dict) and answer.data.get("errors"):
            raise self._settings.error_map(200, answer.data) or BadResponse(
                f"GraphQL errors: {_vendor_text(answer.data)}", where=f"POST {path}"
            )
        return answer

    def paginate(
        self,
        path: str,
        path_params: Mapping[str, str] | None = None,
        params: Mapping[str, Param] | None = None,
        *,
        pages: Pages,
        credential: str = "",
    ) -> Iterator[Item]:
        """Yield every item of a declared listing, page by page, in the vendor's order.

        Raises ``Incomplete`` when it cannot be read to its end (what was read has been yielded).
        """
        operation, first_url = self._guard.url("GET", path, path_params or {})
        fixed = dict(params or {})

        def fetch(step: Mapping[str, Param], url: str) -> Answer:
            if not url:
                return self._send(operation, Call("GET", first_url, {**fixed, **step}), credential)
            if not self._guard.allows(operation, url):
                raise BadResponse(
                    f"the next page of {path} is on {_host(url)} or another path; it was not followed"
                )
            return self._send(operation, Call("GET", url, {}), credential)

        return walk(fetch, pages)

    def paginate_graphql(
        self, path: str, document: str, variables: Mapping[str, Any], *, pages: Pages
    ) -> Iterator[Item]:
        """Yield every item of a listing that a GraphQL query shows; what pages change are variables."""
        return walk(lambda step, url: self.graphql(path, document, {**variables, **step}), pages)

    def token(self) -> str:
        """Return the default credential's value, for what speaks to the vendor in other ways (git).

        Raises ``ConfigError`` when there is none, and what the login raises.
        """
        settings = self._settings
        if settings.bearer is not None:
            return settings.bearer.resolve()
        if settings.login is None:
            raise ConfigError("there is no credential")
        with self._login_lock:
            token, good_until = self._token
            if self._clock.monotonic() >= good_until:
                token, lifetime_s = settings.login.token(self)
                remember(token)
                # A scope that has begun must be able to end with it.
                self._token = token, self._clock.monotonic() + max(0.0, lifetime_s - _TOKEN_MARGIN_S)
        return token

    def close(self) -> None:
        """Drop all pooled connections."""
        self._transport.close()

    def _send(self, operation: Operation, call: Call, credential: str) -> Answer:
        """Send until there is an answer, the error is final, or patience ends."""
        secret = self._secret(credential)
        budget = self._budget(operation, secret)
        headers = self._headers(secret)
        left_s = self._network.max_wait_s
        for attempt in range(1, self._network.max_attempts + 1):
            budget.acquire()
            meter.count_request()
            outcome = self._attempt(operation, call, headers)
            if isinstance(outcome, Answer):
                budget.succeeded()
                return outcome
            wait_s = outcome.wait_s if outcome.wait_s is not None else self._backoff(attempt)
            last = attempt >= min(self._network.max_attempts, outcome.max_attempts)
            if last or wait_s > left_s or not budget.spend_retry():
                raise _with_place(outcome.error, secret)
            left_s -= wait_s
            if outcome.for_all:
                budget.pause(wait_s)
            else:
                self._clock.sleep(wait_s)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _attempt(self, operation: Operation, call: Call, headers: Mapping[str, str]) -> Answer | _Failure:
        where = f"{call.method} {operation.path} at {_host(call.url)}"
        try:
            raw = self._transport.send(call, headers)
        except TransportFailure as failure:
            kind = BadResponse if failure.is_final and failure.is_vendors else Unavailable
            error = kind(failure.what, where=where, hint=failure.hint)
            return _Failure(error, max_attempts=failure.max_attempts)
        if 200 <= raw.status < 300:
            data = _json(raw, where)
            limited = self._settings.error_map(raw.status, data) if operation.is_query else None
            if not isinstance(limited, RateLimited):
                return Answer(data, raw.headers, raw.status)
        return self._refusal(operation, raw, where)

    def _refusal(self, operation: Operation, raw: Raw, where: str) -> _Failure:
        """Turn a status that is no success into an error, and say whether to try again."""
        body = _json_or_none(raw)
        mapped = self._settings.error_map(raw.status, body)
        if mapped is not None and not isinstance(mapped, RetryLater):
            return _Failure(_placed(mapped, where), max_attempts=1)
        error = mapped or _error(operation, raw.status, body, raw.headers)
        wait_s = retry_after_s(raw.headers.get("retry-after", ""), self._clock.wall())
        is_limit = isinstance(error, RateLimited)
        if wait_s is None and is_limit:
            wait_s = reset_s(raw.headers, self._clock.wall())
        if raw.status not in _RETRIED and not is_limit:
            return _Failure(_placed(error, where), max_attempts=1)
        if wait_s is not None and wait_s > self._network.max_wait_s:
            error = type(error)(f"{error.what}; the vendor asks to wait {wait_s:.0f} s", hint=error.hint)
        return _Failure(_placed(error, where), wait_s=wait_s, for_all=is_limit or wait_s is not None)

    def _backoff(self, attempt: int) -> float:
        """Wait exponentially longer, with full jitter, so that threads do not come back in step."""
        return min(_BACKOFF_CAP_S, _BACKOFF_S * float(2**attempt)) * self._clock.jitter()

    def _secret(self, credential: str) -> SecretRef | None:
        if not credential:
            return self._settings.bearer
        try:
            return self._settings.credentials[credential]
        except KeyError:
            raise ConfigError(f"there is no credential named {credential!r}") from None

    def _budget(self, operation: Operation, secret: SecretRef | None) -> Budget:
        base = self._settings.hosts.get(operation.host, self._settings.base_url)
        return self._budgets.get((origin(base), secret), rate_per_s=self._settings.requests_per_s)

    def _headers(self, secret: SecretRef | None) -> dict[str, str]:
        """Resolve secrets for one call; only the token of a login, which ends by itself, lives longer."""
        headers = {name: header_value(value, name) for name, value in self._settings.headers.items()}
        if secret is not None:
            value = header_value(secret, "Authorization")
            headers["Authorization"] = value if isinstance(secret, Authorization) else f"Bearer {value}"
        elif self._settings.login is not None:
            headers["Authorization"] = f"Bearer {self.token()}"
        return headers


@dataclass(frozen=True, slots=True)
class _Failure:
    """An attempt that failed: the error to raise, how long to wait first, and who waits."""

    error: ConnectorError
    wait_s: float | None = None
    for_all: bool = False
    max_attempts: int = 1_000


_GRAPHQL_NOISE = re.compile(r'"""(?:\\"""|[\s\S])*?"""|"(?:\\.|[^"\\\n])*"|#[^\n]*')


def is_graphql_query(document: str) -> bool:
    """Say whether every definition of a GraphQL document is a query or a fragment."""
    depth = 0
    starts = True
    for token in re.findall(r"[{}()]|\w+", _GRAPHQL_NOISE.sub(" ", document)):
        if token in "{(":
            depth += 1
        elif token in "})":
            depth -= 1
            starts = token == "}" and depth == 0
            continue
        elif depth == 0 and starts and token not in ("query", "fragment"):
            return False
        starts = False
        if depth < 0:
            return False
    return depth == 0


def _error(operation: Operation, status: int, body: Any, headers: Mapping[str, str]) -> ConnectorError:
    said = _vendor_text(body)
    if status == 401:
        return AuthError("the vendor does not accept the credential (401)", hint="Check it and its expiry.")
    if status == 403:
        return PermissionDenied(f"not allowed (403){said}", hint=f"Grant {operation.permission}.")
    if status == 429:
        return RateLimited(f"too many requests (429){said}")
    if status in _RETRIED or status >= 500:
        return Unavailable(f"the vendor failed ({status}){said}")
    if 300 <= status < 400:
        target = _host(headers.get("location", "")) or "nowhere"
        return BadResponse(
            f"a redirect ({status}) to {target} was not followed",
            hint="Set the final address in the options.",
        )
    return BadResponse(f"unexpected status {status}{said}")


def _vendor_text(body: Any) -> str:
    """Quote the vendor's own words, redacted and short."""
    error = body.get("error", body.get("errors", body)) if isinstance(body, dict) else None
    if isinstance(error, list) and error:
        error = error[0]
    if isinstance(error, dict):
        error = error.get("message") or error.get("code") or error.get("type")
    return f": {redact(error)[:200]!r}" if isinstance(error, str) and error else ""


def _json(raw: Raw, where: str) -> Any:
    try:
        return orjson.loads(raw.body)
    except orjson.JSONDecodeError as error:
        kind = raw.headers.get("content-type", "unknown type")[:60]
        raise BadResponse(
            f"the answer of {len(raw.body)} bytes ({kind}) is not JSON: {error.msg} at {error.pos}",
            where=where,
        ) from None  # the library's error holds the whole document


def _json_or_none(raw: Raw) -> Any:
    try:
        return orjson.loads(raw.body)
    except orjson.JSONDecodeError:
        return None


def _with_place(error: ConnectorError, secret: SecretRef | None) -> ConnectorError:
    """Say of a refused credential where it was taken from."""
    if not isinstance(error, AuthError) or secret is None:
        return error
    return type(error)(error.what, where=error.where, hint=f"Check the key in {secret.place}:{secret.name}.")


def _placed(error: ConnectorError, where: str) -> ConnectorError:
    return error if error.where else type(error)(error.what, where=where, hint=error.hint)


def _host(url: str) -> str:
    try:
        return origin(url).partition("://")[2]
    except ValueError:
        return "an address that is no URL"

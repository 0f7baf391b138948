"""Give a connector what it needs for one scope, and watch its parts.

Clients are made once per connector instance and process and shared by its scopes and threads; so is the
budget of a credential.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from connectors import clock, meter
from connectors.contract import Cache, Connector
from connectors.errors import ConnectorError, ContractError, NoteAndGoOn
from connectors.model import KnownScope, Part, PartStatus, ReadScope, Scope
from connectors.outcome import PartResult
from connectors.secrets import redact

if TYPE_CHECKING:
    from connectors.clients.aws import AwsClients
    from connectors.clients.http import HttpClient
    from connectors.clients.network import NetworkSettings


class NoCache:
    """Remember nothing; every look-up misses."""

    def get_many(self, keys: Iterable[str]) -> dict[str, bytes]:
        """Return nothing."""
        return {}

    def put(self, key: str, value: bytes) -> None:
        """Forget it."""


class OpenPart:
    """The part a connector is reading now."""

    def __init__(
        self,
        part: Part,
        now: datetime,
        previous: Callable[[str], Mapping[tuple[str, str], str]] | None = None,
    ) -> None:
        self.part = part
        self._previous = previous or (lambda name: {})
        self.kinds = frozenset(part.kinds)
        self.count = 0
        self.broken: ConnectorError | None = None
        self._started_at = now
        self._requests = meter.requests()
        self._exceptions: list[tuple[str, str]] = []
        self._incomplete = ""
        self._state = ""
        self._stands: int | None = None

    def exception(self, locator: str, reason: str) -> None:
        """List one thing that could not be read; sightings whose evidence lies there are held."""
        self._exceptions.append((redact(locator), redact(reason)))

    def incomplete(self, reason: str) -> None:
        """Say that the listing was not read to its end; nothing ages."""
        self._incomplete = self._incomplete or reason

    def state(self, text: str) -> None:
        """Keep a text for the next scan of this part, if the part ends complete."""
        self._state = text

    def stands(self) -> None:
        """Say that the part shows exactly what is on record; nothing is yielded then."""
        self._stands = len(self._previous(self.part.name))

    def result(self, now: datetime, error: BaseException | None = None) -> PartResult:
        """Sum up what became of the part, given the error that ended it."""
        status, reason = PartStatus.COMPLETE, ""
        error = self.broken or error
        if isinstance(error, ConnectorError):
            status, reason = error.status, str(error)
        elif isinstance(error, GeneratorExit | KeyboardInterrupt):
            status, reason = PartStatus.INCOMPLETE, "interrupted"
        elif error is not None:
            status, reason = PartStatus.FAILED, f"{type(error).__name__}: {error}"
        elif self._incomplete:
            status, reason = PartStatus.INCOMPLETE, self._incomplete
        is_complete = status is PartStatus.COMPLETE
        stands = self._stands if is_complete and not self.count else None
        if self._exceptions:
            locator, why = self._exceptions[0]
            told = f"{len(self._exceptions):,} not read, first {locator}: {why}"
            reason = f"{reason}; {told}" if reason else told
        return PartResult(
            status=status,
            reason=redact(reason),
            count=self.count if stands is None else stands,
            exceptions=tuple(self._exceptions),
            requests=meter.requests() - self._requests,
            started_at=self._started_at,
            ended_at=now,
            # A text that holds a secret is worth less than not keeping it.
            state=self._state if is_complete and redact(self._state) == self._state else "",
            stands=stands is not None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What a context hands on: options, network, earlier fingerprints, cache, clock."""

    connector: Connector
    instance: str
    options: Any
    network: NetworkSettings
    previous: Callable[[str], Mapping[tuple[str, str], str]]
    cache: Cache
    fresh: frozenset[str] = frozenset()
    clock: Callable[[], datetime] = clock.now
    previous_state: Callable[[str], str] = lambda part: ""
    known: Callable[[], Mapping[str, KnownScope]] = dict
    read_by_address: Callable[[], Sequence[ReadScope]] = list


class RunContext:
    """Implement :class:`connectors.contract.Context` for one scope, or for listing scopes."""

    def __init__(
        self,
        services: Services,
        scope: Scope | None,
        on_part_end: Callable[[OpenPart, PartResult], None],
    ) -> None:
        self._services = services
        self._scope = scope
        self._on_part_end = on_part_end
        self._declared = {part.name: part for part in scope.parts} if scope else {}
        self.opened: dict[str, OpenPart] = {}
        self.current: OpenPart | None = None
        self.log = logging.getLogger(f"aicensus.{services.connector.info.name}.{services.instance}")

    @property
    def scope(self) -> Scope:
        """Return the scope being scanned."""
        if self._scope is None:
            raise ContractError("scopes() has no scope of its own; only scan() does")
        return self._scope

    @property
    def connector(self) -> Connector:
        """Return the connector that runs."""
        return self._services.connector

    @property
    def instance(self) -> str:
        """Return the configured name of this connector instance."""
        return self._services.instance

    @property
    def config(self) -> Any:
        """Return the validated options of this connector instance."""
        return self._services.options

    @property
    def cache(self) -> Cache:
        """Return the seam to cached facts."""
        return self._services.cache

    @property
    def fresh(self) -> frozenset[str]:
        """Name the parts that an interrupted run has just completed; they need not be read again."""
        return self._services.fresh

    @property
    def network(self) -> NetworkSettings:
        """Return how the network is reached, for what is neither ``http`` nor an SDK."""
        return self._services.network

    @property
    def http(self) -> HttpClient:
        """Return the shared HTTP client of this connector instance."""
        client: HttpClient = _shared("http", self._services)
        return client

    @property
    def aws(self) -> AwsClients:
        """Return the shared AWS client factory of this connector instance."""
        clients: AwsClients = _shared("aws", self._services)
        return clients

    def now(self) -> datetime:
        """Return the current time (UTC, aware)."""
        return self._services.clock()

    def previous(self, part: str) -> Mapping[tuple[str, str], str]:
        """Return ``(namespace, key) -> fingerprint`` as last recorded for a part of this scope."""
        return self._services.previous(part)

    def previous_state(self, part: str) -> str:
        """Return the text that the last scan kept with a part; empty unless that part ended complete."""
        return self._services.previous_state(part)

    def known(self) -> Mapping[str, KnownScope]:
        """Return, in ``scopes()``, what is on record of this instance's scopes by key."""
        return self._services.known()

    def read_by_address(self) -> Sequence[ReadScope]:
        """Return, in ``scopes()``, what any instance of any connector reads from an address and has read."""
        return self._services.read_by_address()

    def incomplete(self, reason: str) -> None:
        """Say, in ``scopes()``, that some scopes could not be listed; no scope is retired by this listing."""
        if self.current is None:
            raise ContractError("nothing is open that could be incomplete")
        self.current.incomplete(reason)

    @contextmanager
    def part(self, name: str) -> Iterator[OpenPart]:
        """Open a declared part; errors of the kind note-and-go-on end in its status."""
        opened = self._open(name)
        error: BaseException | None = None
        try:
            yield opened
        except NoteAndGoOn as noted:
            error = noted
            self.log.info("part %s of %s: %s", name, self.scope.key, redact(str(noted)))
        except BaseException as raised:
            error = raised
            raise
        finally:
            self.current = None
            self._on_part_end(opened, opened.result(self.now(), error))

    def _open(self, name: str) -> OpenPart:
        if name not in self._declared:
            raise ContractError(f"part {name!r} is not declared by scope {self.scope.key}")
        if name in self.opened:
            raise ContractError(f"part {name!r} is opened twice in scope {self.scope.key}")
        if self.current is not None:
            raise ContractError(f"part {name!r} is opened inside part {self.current.part.name!r}")
        self.current = self.opened[name] = OpenPart(self._declared[name], self.now(), self.previous)
        return self.current


_clients: dict[Hashable, Any] = {}
_clients_lock = threading.Lock()


def _shared(family: str, services: Services) -> Any:
    """Make the client of a connector instance once; its settings are part of the key."""
    info = services.connector.info
    make_settings = getattr(services.connector, f"{family}_settings", None)
    if make_settings is None:
        raise ContractError(f"connector {info.name!r} defines no {family}_settings() but uses ctx.{family}")
    settings = make_settings(services.options)
    key = (family, info.name, services.instance, repr(settings), repr(services.network))
    with _clients_lock:
        client = _clients.get(key)
        if client is None:
            client = _clients[key] = _client_class(family)(
                settings, operations=info.operations, network=services.network
            )
        return client


def _client_class(family: str) -> Any:
    if family == "http":
        from connectors.clients.http import HttpClient

        return HttpClient
    from connectors.clients.aws import AwsClients

    return AwsClients


def forget_clients() -> None:
    """Close and drop all shared clients, after a run and between tests."""
    with _clients_lock:
        for client in _clients.values():
            client.close()
        _clients.clear()

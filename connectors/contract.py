"""The contract between a connector and the engine.

A connector is a class with an ``info`` and two methods. ``scopes`` lists the units of work (itself a
journaled part), ``scan`` reads one of them:

    def scan(self, ctx):
        with ctx.part("projects") as part:
            for project in ctx.http.paginate(...):
                yield Finding(...)

Everything yielded inside ``with ctx.part(name)`` belongs to that part. A connector never writes, never
loops over pages, never retries, and never returns an empty list for a failure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from connectors.model import Finding, KnownScope, ReadScope, Scope, Unchanged

if TYPE_CHECKING:
    import logging

    from pydantic import BaseModel

    from connectors.clients.aws import AwsClients
    from connectors.clients.http import HttpClient
    from connectors.clients.network import NetworkSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing a connector is allowed to ask a vendor; the client refuses anything else.

    For HTTP: ``method`` (GET, or POST when ``is_query``), ``host`` (exact, or the name of a config
    option in braces such as ``{base_url}``) and ``path`` template (``/v1/projects/{id}``). For SDKs:
    ``method`` is ``CALL``, ``host`` the service and ``path`` the operation (``bedrock``,
    ``ListGuardrails``). ``permission`` is what the vendor calls the right to do it (several: with
    ", " between).
    """

    method: str
    host: str
    path: str
    permission: str
    is_query: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorInfo:
    """What a connector is, may ask, and can show.

    ``extra`` is the pip extra it needs (empty: none). ``config_model`` is a pydantic model of its
    options; secrets in it are :class:`connectors.secrets.SecretRef`. ``docs`` are the vendor pages its
    facts come from, with the date they were read.
    """

    name: str
    title: str
    kinds: tuple[str, ...]
    operations: tuple[Operation, ...]
    docs: tuple[str, ...]
    config_model: type[BaseModel]
    extra: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """A kind of call that the vendor charges for; a connector with a method ``charges(config)`` yields them.

    ``allowed`` is how many of ``what`` one scan may use, as ``option`` says (0: the call is off),
    ``usd_each`` the vendor's price of one.
    """

    name: str
    operation: str
    option: str
    what: str
    usd_each: float
    allowed: int


class PartHandle(Protocol):
    """What a connector may say about the part it is in."""

    def exception(self, locator: str, reason: str) -> None:
        """List one thing that could not be read; sightings whose evidence lies there are held."""

    def incomplete(self, reason: str) -> None:
        """Say that the listing was not read to its end; nothing ages."""

    def state(self, text: str) -> None:
        """Keep a text for the next scan of this part, if the part ends complete; it holds no secret."""

    def stands(self) -> None:
        """Say that the part shows exactly what :meth:`Context.previous` says; nothing is yielded then."""


class Cache(Protocol):
    """Facts that are a pure function of their key; a miss only costs time."""

    def get_many(self, keys: Iterable[str]) -> dict[str, bytes]:
        """Return what is known of ``keys``."""

    def put(self, key: str, value: bytes) -> None:
        """Keep ``value`` under ``key``."""


class Context(Protocol):
    """What a connector gets for one scope (or for listing scopes)."""

    @property
    def scope(self) -> Scope:
        """Return the scope being scanned."""

    @property
    def config(self) -> Any:
        """Return the validated options of this connector instance (its ``config_model``)."""

    @property
    def network(self) -> NetworkSettings:
        """Return how the network is reached, for what is neither ``http`` nor an SDK."""

    @property
    def http(self) -> HttpClient:
        """Return the shared HTTP client, bound to this instance's declared operations."""

    @property
    def aws(self) -> AwsClients:
        """Return the AWS client factory, bound to this instance's declared operations."""

    @property
    def cache(self) -> Cache:
        """Return the seam to cached facts."""

    @property
    def log(self) -> logging.Logger:
        """Return a logger that drops secrets."""

    @property
    def instance(self) -> str:
        """Return the configured name of this connector instance, as it stands in scope keys."""

    @property
    def fresh(self) -> frozenset[str]:
        """Name the parts that an interrupted run has just completed; they need not be opened again."""

    def now(self) -> datetime:
        """Return the current time (UTC, aware)."""

    def incomplete(self, reason: str) -> None:
        """Say, in ``scopes()``, that some scopes could not be listed; no scope is retired by this listing."""

    def known(self) -> Mapping[str, KnownScope]:
        """Return, in ``scopes()``, what is on record of this instance's scopes by key."""

    def read_by_address(self) -> Sequence[ReadScope]:
        """Return, in ``scopes()``, what any instance of any connector reads from an address and has read."""

    def part(self, name: str) -> AbstractContextManager[PartHandle]:
        """Open a declared part; errors of the kind note-and-go-on end in its status."""

    def previous(self, part: str) -> Mapping[tuple[str, str], str]:
        """Return ``(namespace, key) -> fingerprint`` as last recorded for a part of this scope."""

    def previous_state(self, part: str) -> str:
        """Return the text that the last scan kept with a part; empty unless that part ended complete."""


class Connector(Protocol):
    """Read one vendor or one family of files."""

    info: ClassVar[ConnectorInfo]

    def scopes(self, ctx: Context) -> Iterable[Scope]:
        """List the units of work that the configuration and the credential reach.

        Raises ``AuthError`` when nobody can be asked and ``ConfigError`` when the options make no sense.
        """

    def scan(self, ctx: Context) -> Iterator[Finding | Unchanged]:
        """Read one scope, part by part."""

"""Call AWS: many accounts and regions, only declared operations, with errors in our own terms.

One :class:`AwsClients` serves all scopes and threads of a connector instance. It assumes the configured
role in every account but the credential's own, keeps one session an account and one client for each
(account, region, service), retries inside botocore, and drops secrets from every answer.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from connectors.clients import aws_sessions as sessions
from connectors.clients.aws_errors import Asked, Unreadable, their_errors, translate
from connectors.clients.aws_http import Connections
from connectors.clients.aws_memory import Memory
from connectors.clients.aws_redact import Redactor
from connectors.clients.aws_settings import AwsSettings, Partition
from connectors.clients.budget import shared_book
from connectors.clients.guard import UndeclaredCall
from connectors.clients.network import NetworkSettings
from connectors.clients.pages import MAX_PAGES, Answer, NextToken, OnePage, Pages, Param, walk
from connectors.contract import Operation
from connectors.errors import AuthError, BadResponse, ConfigError, NoteAndGoOn, NotOffered, RetryLater

_REMEMBER_REFUSAL_S = 300.0
IDLE_ACCOUNTS = 8
"""Sessions of accounts that nobody uses now which are kept; scopes of an account come one after the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the configured credential is."""

    account: str
    arn: str
    partition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where to ask; an empty ``account`` is the credential's own, before anyone knows which that is."""

    account: str
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One list operation and how it pages; ``token`` is empty where it has a single page.

    Where it answers with bare names, each becomes an item with the one field ``item``. More pages than
    ``most_pages`` (0: no limit of ours) end it as incomplete.
    """

    service: str
    operation: str
    items: str
    item: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    token: str = ""
    next: str = ""
    size: str = ""
    at: int = 0
    most_pages: int = 0


class AwsClients:
    """Hand out answers of declared AWS operations; safe for threads."""

    def __init__(
        self, settings: AwsSettings, *, operations: Iterable[Operation], network: NetworkSettings
    ) -> None:
        self._settings = settings
        self._network = network
        self._permissions = {
            (item.host, item.path): item.permission for item in operations if item.method == "CALL"
        }
        self._allowed = frozenset(self._permissions)
        self._redactor = Redactor(settings.redaction)
        self._lock = threading.Lock()
        self._account_locks: dict[str, threading.Lock] = {}
        self._sessions: dict[str, Any] = {}
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._connections: dict[tuple[str, str], Connections] = {}
        self._credentials: dict[str, Any] = {}
        self._refusals: dict[str, tuple[float, AuthError]] = {}
        self._users: Counter[Place] = Counter()
        self._idle: OrderedDict[str, None] = OrderedDict()
        self._identity: Identity | None = None
        self.memory = Memory()

    def identity(self) -> Identity:
        """Return who we are, asked once; raises ``AuthError`` when nobody is signed in.

        Permission: ``sts:GetCallerIdentity``, which none can be denied.
        """
        if self._identity is None:
            region = self._sign_in_region()
            answer = self.call("sts", "GetCallerIdentity", Place(account="", region=region), {})
            arn = str(answer.get("Arn", ""))
            account = str(answer.get("Account", ""))
            if not account.isdigit() or not arn.startswith("arn:"):
                raise BadResponse("sts.GetCallerIdentity names no account")
            self._identity = Identity(account=account, arn=arn, partition=arn.split(":")[1])
        return self._identity

    def home_region(self) -> str:
        """Return the region where the own partition answers what is not regional."""
        partition = self._partition(self.identity().partition)
        return partition.home if partition else self._sign_in_region()

    def call(self, service: str, operation: str, place: Place, params: Mapping[str, Any]) -> dict[str, Any]:
        """Call one operation once (botocore retries inside) and return the redacted answer.

        Raises the errors of :mod:`connectors.errors`; ``UndeclaredCall`` before a byte is sent.
        """
        if (service, operation) not in self._allowed:
            raise UndeclaredCall(f"{service}.{operation} is not among the declared operations")
        reason = self.memory.why_absent(place.region, service, operation)
        if reason is not None:
            raise NotOffered(reason, where=f"{service}.{operation} in {place.account}/{place.region}")
        client = self._client(service, place)
        method = getattr(client, _method_name(operation), None)
        if method is None:
            raise NoteAndGoOn(
                f"the installed boto3 does not know {service}.{operation}", hint="Upgrade boto3."
            )
        self._keep_pace(service, operation, place, client.meta.endpoint_url)
        try:
            answer: dict[str, Any] = method(**params)
        except their_errors() as error:
            known = translate(error, self._asked(service, operation, place))
            if isinstance(known, NotOffered):
                self.memory.not_offered(place.region, service, operation)
            raise known from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:  # botocore's parser on wrong types
            where = self._asked(service, operation, place).where
            raise Unreadable(f"the answer cannot be read: {type(error).__name__}", where=where) from error
        self.memory.answered(place.region)
        shape = client.meta.service_model.operation_model(operation).output_shape
        return self._redactor.clean((service, operation), shape, answer)

    def items(self, listing: Listing, place: Place) -> Iterator[dict[str, Any]]:
        """Yield every item of a listing in the service's order; raises ``Incomplete`` when it has no end."""
        pages: Pages = OnePage(items=listing.items)
        if listing.token:
            pages = NextToken(
                items=listing.items,
                limit=listing.at,
                limit_param=listing.size,
                token_param=listing.token,
                token_field=listing.next,
            )

        def fetch(page: Mapping[str, Param], _url: str) -> Answer:
            answer = self.call(listing.service, listing.operation, place, {**listing.params, **page})
            if answer.get(listing.items) is None and not self._must_answer(listing, place):
                answer[listing.items] = []  # many services leave an empty list out
            if listing.item and isinstance(answer.get(listing.items), list):
                answer[listing.items] = [{listing.item: name} for name in answer[listing.items]]
            return Answer(answer)

        try:
            yield from walk(fetch, pages, max_pages=listing.most_pages or MAX_PAGES)
        except BadResponse as error:
            raise Unreadable(f"{listing.service}.{listing.operation}: {error}") from error

    @contextmanager
    def using(self, place: Place) -> Iterator[None]:
        """Keep a place's clients for as long as anybody is in here, and no longer.

        So memory is flat in the number of accounts and regions. Sessions of the last few accounts stay.
        """
        with self._lock:
            self._users[place] += 1
            self._idle.pop(place.account, None)
        try:
            yield
        finally:
            for one in self._leave(place):
                one.close()

    def _leave(self, place: Place) -> list[Any]:
        """Count one user less; return the clients and connections that nobody uses any more."""
        with self._lock:
            self._users[place] -= 1
            if self._users[place]:
                return []
            del self._users[place]
            gone = [key for key in self._clients if key[:2] == (place.account, place.region)]
            if place.account and not any(one.account == place.account for one in self._users):
                self._idle[place.account] = None
            while len(self._idle) > IDLE_ACCOUNTS:
                account, _ = self._idle.popitem(last=False)
                self._sessions.pop(account, None)
                gone += [key for key in self._clients if key[0] == account and key not in gone]
            clients = [self._clients.pop(key) for key in gone]
            return clients + self._disconnected({key[:2] for key in gone} | {(place.account, place.region)})

    def _disconnected(self, places: Iterable[tuple[str, str]]) -> list[Connections]:
        return [self._connections.pop(one) for one in places if one in self._connections]

    def release(self, service: str, place: Place) -> None:
        """Drop a service's client when nobody else is at work in the place; a further call makes another.

        A client that was used holds about 0.3 MB, and there is one for each service and region.
        """
        with self._lock:
            is_ours = self._users[place] <= 1
            client = self._clients.pop((place.account, place.region, service), None) if is_ours else None
        if client is not None:
            client.close()

    def drop_account(self, account: str) -> None:
        """Forget an account's session, credentials and clients; they are made again when needed."""
        with self._lock:
            self._sessions.pop(account, None)
            self._credentials.pop(account, None)
            gone = [key for key in self._clients if key[0] == account]
            dropped = [self._clients.pop(key) for key in gone]
            dropped += self._disconnected([one for one in self._connections if one[0] == account])
        for one in dropped:
            one.close()

    def close(self) -> None:
        """Drop everything."""
        with self._lock:
            gone = [*self._clients.values(), *self._connections.values()]
            for held in (self._clients, self._connections, self._sessions, self._credentials):
                held.clear()
            self._refusals.clear()
            self._idle.clear()
        for one in gone:
            one.close()

    def _keep_pace(self, service: str, operation: str, place: Place, url: str) -> None:
        """Wait until AWS bears another request; somebody else's endpoint has its own limit."""
        rate = self._settings.rates.get((service, operation))
        if rate and sessions.is_aws_host(url):
            credential = ("aws", place.account, place.region, service, operation)
            shared_book.get(credential, rate_per_s=rate).acquire()

    def _must_answer(self, listing: Listing, place: Place) -> bool:
        model = self._client(listing.service, place).meta.service_model.operation_model(listing.operation)
        return model.output_shape is None or listing.items in model.output_shape.required_members

    def _client(self, service: str, place: Place) -> Any:
        key = (place.account, place.region, service)
        client = self._clients.get(key)
        if client is None:
            session = self._session(place)
            with sessions.creation_lock:
                client = self._clients.get(key)
                if client is None:
                    client = self._clients[key] = self._new_client(session, service, place)
        return client

    def _new_client(self, session: Any, service: str, place: Place) -> Any:
        is_custom = sessions.has_custom_endpoint(session, self._settings.endpoint_url)
        try:
            client = session.create_client(
                service,
                region_name=place.region,
                endpoint_url=self._settings.endpoint_url or None,
                verify=self._network.ca_bundle or None,
                config=sessions.client_config(self._network, has_custom_endpoint=is_custom),
            )
        except their_errors() as error:
            raise translate(error, self._asked(service, "(client)", place)) from error
        except ValueError as error:
            raise ConfigError(str(error), hint="Check AWS_ENDPOINT_URL and endpoint_url.") from error
        client.meta.events.register("before-send", self._connected(session, place).send)
        return client

    def _connected(self, session: Any, place: Place) -> Connections:
        key = (place.account, place.region)
        found = self._connections.get(key)
        if found is None:  # made under the lock of creation
            configured = session.get_config_variable("ca_bundle")
            found = self._connections[key] = Connections(self._network, configured)
        return found

    def _session(self, place: Place) -> Any:
        account = place.account
        session = self._sessions.get(account)
        if session is not None:
            return session
        with self._lock:
            lock = self._account_locks.setdefault(account, threading.Lock())
        with lock:
            session = self._sessions.get(account)
            if session is None:
                session = self._sessions[account] = self._open(account)
            return session

    def _open(self, account: str) -> Any:
        """Open an account; a refusal is remembered, so that 80 operations do not ask 80 times."""
        if not account:
            return self._base()
        if account == self.identity().account:
            return self._session(Place(account="", region=""))
        refused_at, refusal = self._refusals.get(account, (0.0, None))
        if refusal is not None and time.monotonic() - refused_at < _REMEMBER_REFUSAL_S:
            raise copy(refusal)
        try:
            credentials = self._credentials.get(account)
            if credentials is None:
                credentials = sessions.assumed(lambda: self._assume(account))
                self._credentials[account] = credentials
            return sessions.assumed_session(credentials, self._allowed)
        except AuthError as error:
            self._refusals[account] = (time.monotonic(), error)
            raise

    def _base(self) -> Any:
        try:
            with sessions.creation_lock:
                return sessions.base_session(self._settings.profile, self._allowed)
        except their_errors() as error:
            place = Place(account="", region="")
            raise translate(error, self._asked("credentials", "(profile)", place)) from error

    def _assume(self, account: str) -> dict[str, str]:
        """Get credentials for an account; a refusal stops that account's scopes, nothing else."""
        identity = self.identity()
        role = f"arn:{identity.partition}:iam::{account}:role/{self._settings.role_name.lstrip('/')}"
        if not self._settings.role_name:
            raise AuthError(
                f"the credential belongs to account {identity.account} and no role is set for {account}",
                hint="Set role_name, or leave accounts out.",
            )
        params = {"RoleArn": role, "RoleSessionName": self._settings.session_name}
        external_id = self._settings.external_ids.get(account, self._settings.external_id)
        if external_id:
            params["ExternalId"] = external_id.resolve()
        try:
            answer = self.call("sts", "AssumeRole", Place(account="", region=self.home_region()), params)
        except RetryLater:
            raise
        except NoteAndGoOn as error:
            raise AuthError(
                f"the role {role} cannot be assumed: {error.what}",
                hint=f"Let it trust {identity.arn} with sts:AssumeRole, and check the external id.",
            ) from error
        if not (credentials := answer.get("Credentials")):
            raise BadResponse(f"{role} was assumed without credentials", hint="Check AWS_ENDPOINT_URL.")
        return {
            "access_key": credentials["AccessKeyId"],
            "secret_key": credentials["SecretAccessKey"],
            "token": credentials["SessionToken"],
            "expiry_time": credentials["Expiration"].isoformat(),
        }

    def _sign_in_region(self) -> str:
        """Return where to sign in: the partition's home where it is set, else the configured region."""
        session = self._session(Place(account="", region=""))
        named = self._partition(self._settings.partition)
        homes = [partition.home for partition in self._settings.partitions]
        # AWS's own tools and hosts set AWS_REGION, which botocore does not read.
        configured = None if named else os.environ.get("AWS_REGION") or session.get_config_variable("region")
        return configured or (named.home if named else homes[0] if homes else "us-east-1")

    def _partition(self, name: str) -> Partition | None:
        return next((item for item in self._settings.partitions if item.name == name), None)

    def _asked(self, service: str, operation: str, place: Place) -> Asked:
        defaults = {region for item in self._settings.partitions for region in item.default_regions}
        return Asked(
            service=service,
            operation=operation,
            account=place.account,
            region=place.region,
            permission=self._permissions.get((service, operation), ""),
            is_default_region=place.region in defaults or not defaults,
            is_known_endpoint=self._is_known(service, place),
        )

    def _is_known(self, service: str, place: Place) -> bool:
        """Say whether a name that does not resolve is a matter of our network and not of the service."""
        if self.memory.blames_network(place.region, service):
            return True
        client = self._clients.get((place.account, place.region, service))
        return client is not None and not sessions.is_aws_host(client.meta.endpoint_url)


def _method_name(operation: str) -> str:
    from botocore import xform_name

    name: str = xform_name(operation)
    return name

"""Make botocore sessions and clients cheaply: one loader for the process, one session an account.

Measured: a new session with its own loader costs 0.57 s for five clients, with a shared one 0.10 s; client
creation is not safe from several threads and is done under one lock.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import orjson

from connectors import meter
from connectors.clients.aws_errors import Unreadable
from connectors.clients.aws_models import lean_loader
from connectors.clients.guard import UndeclaredCall
from connectors.clients.network import NetworkSettings

CREDENTIAL_CALLS = frozenset(
    {
        ("sts", "AssumeRole"),
        ("sts", "AssumeRoleWithWebIdentity"),
        ("sts", "AssumeRoleWithSAML"),
        ("sso", "GetRoleCredentials"),
        ("sso-oidc", "CreateToken"),
        ("signin", "CreateOAuth2Token"),
    }
)
"""What botocore's own credential chain calls when a profile asks for it; none reads or writes an estate."""

creation_lock = threading.RLock()


def new_session(profile: str, allowed: frozenset[tuple[str, str]]) -> Any:
    """Return a botocore session with our loader, time reader, guard and meter."""
    from botocore.session import Session

    logging.getLogger("botocore").setLevel(logging.WARNING)  # its debug log holds whole answers and keys
    session = Session(profile=profile or None)
    session.register_component("data_loader", lean_loader(allowed | CREDENTIAL_CALLS))
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=read_time)
    session.register("before-call", _guard(allowed))
    session.register("before-send", _count)
    session.register("before-parse", _refuse_no_json)
    return session


def base_session(profile: str, allowed: frozenset[tuple[str, str]]) -> Any:
    """Return the session of the configured credential, found by boto3's usual chain."""
    import boto3

    session = new_session(profile, allowed)
    session.get_scoped_config()  # an unknown profile or a broken file is said here, not in mid-scan
    boto3.Session(botocore_session=session)  # adds boto3's own data path and user agent
    return session


def assumed(refresh: Callable[[], dict[str, str]]) -> Any:
    """Return credentials that come from ``refresh``, called now and again before they end."""
    from botocore.credentials import RefreshableCredentials

    return RefreshableCredentials.create_from_metadata(
        metadata=refresh(), refresh_using=refresh, method="assume-role"
    )


def assumed_session(credentials: Any, allowed: frozenset[tuple[str, str]]) -> Any:
    """Return a session with credentials of :func:`assumed`."""
    session = new_session("", allowed)
    session.register_component("credential_provider", _Fixed(credentials))
    return session


class _Fixed:
    """Stand in for botocore's credential resolver."""

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials

    def load_credentials(self) -> Any:
        """Return the credentials."""
        return self._credentials


def read_time(value: Any) -> datetime:
    """Read a time from an answer (UTC, aware); botocore's own reader is the slow fallback.

    A plain ``fromisoformat`` takes about a fiftieth of the time of botocore's parser, which is the
    largest cost of a listed item.
    """
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    with contextlib.suppress(ValueError, TypeError):
        return _in_utc(datetime.fromisoformat(value))
    from botocore.utils import parse_timestamp

    return _in_utc(parse_timestamp(value))


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is UTC:
        return moment
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _guard(allowed: frozenset[tuple[str, str]]) -> Callable[..., None]:
    everything = allowed | CREDENTIAL_CALLS

    def refuse(model: Any, **_: Any) -> None:
        operation = (model.service_model.service_name, model.name)
        if operation not in everything:
            raise UndeclaredCall(f"{'.'.join(operation)} is not among the declared operations")

    return refuse


def _count(**_: Any) -> None:
    meter.count_request()


def _refuse_no_json(**event: Any) -> None:
    """Refuse a good status whose body is no JSON object; botocore would read it as an empty answer."""
    operation_model, response_dict = event["operation_model"], event["response_dict"]
    if response_dict["status_code"] >= 300 or operation_model.output_shape is None:
        return
    if not operation_model.service_model.resolved_protocol.endswith("json"):
        return
    body = response_dict["body"]
    try:
        is_object = not body or isinstance(orjson.loads(body), dict)
    except ValueError:
        is_object = False
    if not is_object:
        raise Unreadable(f"{operation_model.name} was answered with something that is no JSON object")


def client_config(network: NetworkSettings, *, has_custom_endpoint: bool) -> Any:
    """Return botocore's settings; its default of three attempts is too few for a scanner.

    ``standard`` and not ``adaptive``: of 720 calls of 20 ms from 16 threads with 5 % throttled both lost
    none, in 6.5 s and 14 s (measured on a loopback fake; adaptive also slows clients that are throttled no
    more). Parameters are ours and tested against the service models, so botocore need not check them again.
    """
    from botocore.config import Config

    return Config(
        retries={"mode": "standard", "total_max_attempts": network.max_attempts},
        connect_timeout=network.connect_timeout_s,
        read_timeout=network.read_timeout_s,
        proxies={"http": network.proxy, "https": network.proxy} if network.proxy else None,
        inject_host_prefix=False if has_custom_endpoint else None,
        parameter_validation=False,
        user_agent_extra="aicensus",
    )


def has_custom_endpoint(session: Any, endpoint_url: str) -> bool:
    """Say whether calls go somewhere else than to AWS's own hosts."""
    if endpoint_url or any(name.startswith("AWS_ENDPOINT_URL") for name in os.environ):
        return True
    config = session.get_scoped_config()
    return "endpoint_url" in config or "services" in config


def is_aws_host(url: str) -> bool:
    """Say whether a URL is one of AWS's own."""
    host = urlsplit(url).hostname or ""
    return host.endswith((".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".aws"))

"""Clients live as long as somebody uses their place: from many threads, over many accounts."""

from __future__ import annotations

import gc
import socket
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore import exceptions as botocore_errors
from urllib3.exceptions import NameResolutionError

from connectors import aws_rows
from connectors.aws import AwsConnector, AwsOptions
from connectors.clients.aws import IDLE_ACCOUNTS, AwsClients, Place
from connectors.clients.aws_errors import Asked, translate
from connectors.clients.network import NetworkSettings
from connectors.errors import NotOffered, Unavailable
from tests.fakes_aws import HOME
from tests.fakes_aws_organization import FakeOrganization
from tests.harness_aws import environment

GUARDRAILS = aws_rows.load().row("bedrock", "ListGuardrails").listing()
REGIONS = ("eu-west-1", "us-east-1", "us-west-2")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeOrganization]:
    with FakeOrganization() as started:
        for name, value in environment(started).items():
            monkeypatch.setenv(name, value)
        yield started


@pytest.fixture
def clients(fake: FakeOrganization) -> Iterator[AwsClients]:
    made = AwsClients(
        AwsConnector().aws_settings(AwsOptions(role_name="reader")),
        operations=AwsConnector.info.operations,
        network=NetworkSettings(max_attempts=2, connect_timeout_s=5, read_timeout_s=10),
    )
    yield made
    made.close()


def members(number: int) -> list[str]:
    return [f"{one:012d}" for one in range(1, number + 1)]


def read(clients: AwsClients, account: str, region: str = "us-east-1") -> list[Any]:
    place = Place(account=account, region=region)
    with clients.using(place):
        return list(clients.items(GUARDRAILS, place))


def held(clients: AwsClients) -> set[tuple[str, str, str]]:
    """Return the clients that are kept for accounts (those to sign in with stay)."""
    return {key for key in clients._clients if key[0]}


def test_a_hundred_threads_share_one_cache_without_an_error(clients: AwsClients) -> None:
    places = [(account, region) for account in members(4) for region in REGIONS]

    with ThreadPoolExecutor(100) as pool:
        results = list(pool.map(lambda number: read(clients, *places[number % len(places)]), range(300)))

    assert results == [[]] * 300
    assert held(clients) == set()


def test_a_client_is_kept_while_anybody_uses_its_place(clients: AwsClients) -> None:
    place = Place(account=HOME, region="us-east-1")

    with clients.using(place):
        read(clients, HOME)
        kept = held(clients)

    assert kept == {(HOME, "us-east-1", "bedrock")}
    assert held(clients) == set()


def test_a_service_that_is_done_is_released_unless_somebody_else_is_at_work(clients: AwsClients) -> None:
    place = Place(account=HOME, region="us-east-1")
    with clients.using(place):
        read(clients, HOME)
        with clients.using(place):
            clients.release("bedrock", place)
            kept_for_others = held(clients)

        clients.release("bedrock", place)
        kept_alone = held(clients)
        again = read(clients, HOME)

    assert kept_for_others == {(HOME, "us-east-1", "bedrock")}
    assert kept_alone == set()
    assert again == []


def test_dropping_one_region_leaves_another_alone(clients: AwsClients) -> None:
    with clients.using(Place(account=HOME, region="us-west-2")):
        list(clients.items(GUARDRAILS, Place(account=HOME, region="us-west-2")))
        read(clients, HOME, "eu-west-1")

        assert held(clients) == {(HOME, "us-west-2", "bedrock")}


def test_what_is_held_does_not_grow_with_the_number_of_accounts(clients: AwsClients) -> None:
    gone: list[weakref.ref[Any]] = []
    for account in members(3 * IDLE_ACCOUNTS):
        read(clients, account)
        gone.append(weakref.ref(clients._sessions[account]))

    gc.collect()

    assert held(clients) == set()
    assert len(clients._sessions) <= IDLE_ACCOUNTS + 1
    assert sum(one() is not None for one in gone) <= IDLE_ACCOUNTS


def test_an_account_that_comes_back_is_not_asked_for_its_role_again(
    fake: FakeOrganization, clients: AwsClients
) -> None:
    for account in [*members(2 * IDLE_ACCOUNTS), members(1)[0]]:
        read(clients, account)

    assert len(fake.named("AssumeRole")) == 2 * IDLE_ACCOUNTS


@pytest.mark.parametrize(
    ("errno", "ours"), [(socket.EAI_AGAIN, Unavailable), (socket.EAI_NONAME, NotOffered)]
)
def test_a_name_server_that_fails_is_no_service_that_is_missing(errno: int, ours: type) -> None:
    reason = NameResolutionError("x.example.org", None, socket.gaierror(errno, "no"))  # type: ignore[arg-type]
    reason.__cause__ = socket.gaierror(errno, "no")
    asked = Asked(
        service="kendra",
        operation="ListIndices",
        account=HOME,
        region="eu-west-1",
        permission="kendra:ListIndices",
        is_default_region=True,
        is_known_endpoint=False,
    )

    error = botocore_errors.EndpointConnectionError(endpoint_url="https://x.example.org", error=reason)

    assert type(translate(error, asked)) is ours

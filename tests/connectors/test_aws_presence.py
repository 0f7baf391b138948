"""What a region does not offer is not asked again for a week, and says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from connectors import aws_presence, aws_rows
from connectors.aws import AwsConnector, AwsOptions
from connectors.clients.aws import Place
from connectors.clients.network import NetworkSettings
from connectors.context import RunContext, Services, forget_clients
from connectors.errors import NotOffered
from connectors.model import Scope
from connectors.runner import no_previous
from tests.fakes_aws import HOME
from tests.fakes_aws_organization import FakeOrganization
from tests.harness_aws import environment

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ROWS = [aws_rows.load().row(*one) for one in (("comprehend", "ListEndpoints"), ("lexv2-models", "ListBots"))]


class Kept:
    """A cache that lasts as long as a test."""

    def __init__(self) -> None:
        self.entries: dict[str, bytes] = {}

    def get_many(self, keys: Iterable[str]) -> dict[str, bytes]:
        return {key: self.entries[key] for key in keys if key in self.entries}

    def put(self, key: str, value: bytes) -> None:
        self.entries[key] = value


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeOrganization]:
    with FakeOrganization() as started:
        for name, value in environment(started).items():
            monkeypatch.setenv(name, value)
        yield started
    forget_clients()


def context(cache: Kept, *, region: str = "eu-west-1", asks: bool = False, now: datetime = NOW) -> RunContext:
    """Return what a scan of one region is given, in a process that knows nothing yet."""
    forget_clients()
    scope = Scope(
        connector="aws",
        instance="main",
        ids=(HOME, region),
        parts=(),
        account=HOME,
        region=region,
        listed={aws_presence.ASKED: "1"} if asks else {},
    )
    services = Services(
        connector=AwsConnector(),
        instance="main",
        options=AwsOptions(),
        network=NetworkSettings(max_attempts=2, connect_timeout_s=2, read_timeout_s=5),
        previous=no_previous,
        cache=cache,
        clock=lambda: now,
    )
    return RunContext(services, scope, lambda part, result: None)


def ask(ctx: RunContext) -> dict[str, str]:
    """List both rows; return what was not offered, with the reason."""
    refused = {}
    region = ctx.scope.region or ""
    aws_presence.prepare(ctx, ROWS, region)
    for row in ROWS:
        try:
            list(ctx.aws.items(row.listing(), Place(account=HOME, region=region)))
        except NotOffered as error:
            refused[row.service] = error.what
    aws_presence.remember(ctx, ROWS, region)
    return refused


def refuse(fake: FakeOrganization) -> None:
    fake.fail("comprehend", "ListEndpoints", "UnknownOperationException", status=400)


def test_what_a_region_refused_is_not_asked_again_by_any_account_for_a_week(fake: FakeOrganization) -> None:
    cache = Kept()
    refuse(fake)
    ask(context(cache))
    fake.calls.clear()

    later = ask(context(cache))
    elsewhere = ask(context(cache, region="us-east-1"))

    assert later == {"comprehend": "not offered in this region, as it said on 2026-11-22"}
    assert [call.region for call in fake.calls if call.service == "comprehend"] == ["us-east-1"]
    assert "as it said" not in elsewhere["comprehend"]


def test_after_a_week_it_is_tried_again(fake: FakeOrganization) -> None:
    cache = Kept()
    refuse(fake)
    ask(context(cache))
    fake.faults.clear()

    assert ask(context(cache, now=NOW + timedelta(days=7))) == {}


def test_what_answers_or_is_denied_is_not_remembered(fake: FakeOrganization) -> None:
    cache = Kept()
    fake.fail("comprehend", "ListEndpoints", "ThrottlingException", status=400)

    ctx = context(cache)
    aws_presence.prepare(ctx, ROWS, "eu-west-1")
    list(ctx.aws.items(ROWS[1].listing(), Place(account=HOME, region="eu-west-1")))
    aws_presence.remember(ctx, ROWS, "eu-west-1")

    assert cache.entries == {}


def test_a_region_in_which_nothing_answered_is_not_remembered(fake: FakeOrganization) -> None:
    cache = Kept()
    fake.fail("comprehend", "", "UnknownOperationException", status=400)
    fake.fail("lexv2-models", "", "UnknownOperationException", status=400)

    refused = ask(context(cache))

    assert set(refused) == {"comprehend", "lexv2-models"}
    assert cache.entries == {}, "it may be our network that answers so"


def test_a_large_scan_asks_the_public_parameters_once(fake: FakeOrganization) -> None:
    cache = Kept()
    fake.presence = {"comprehend": [f"xx-far-{one}" for one in range(12)], "lexv2-models": ["eu-west-1"]}

    refused = ask(context(cache, asks=True))
    again = ask(context(cache, asks=True))

    assert refused == again
    assert refused == {"comprehend": "not among the regions of comprehend in AWS's public parameters"}
    assert len(fake.named("GetParametersByPath")) == 3, "two pages of the one and one of the other"
    assert {call.region for call in fake.named("GetParametersByPath")} == {"us-east-1"}
    assert [call for call in fake.calls if call.service == "comprehend"] == []


def test_a_service_without_parameters_is_tried(fake: FakeOrganization) -> None:
    assert ask(context(Kept(), asks=True)) == {}
    assert len([call for call in fake.calls if call.service in ("comprehend", "lexv2-models")]) == 2


def test_parameters_that_may_not_be_read_cost_one_call_and_nothing_else(fake: FakeOrganization) -> None:
    fake.fail("ssm", "GetParametersByPath", "AccessDeniedException", status=400)

    assert ask(context(Kept(), asks=True)) == {}
    assert len(fake.named("GetParametersByPath")) == 1


def test_a_small_scan_does_not_ask_the_parameters(fake: FakeOrganization) -> None:
    ask(context(Kept()))

    assert fake.named("GetParametersByPath") == []


def test_every_service_with_parameters_is_one_of_botocore() -> None:
    from botocore.loaders import create_loader

    from connectors.catalogue import read_table

    known = set(create_loader().list_available_services("service-2"))

    assert set(read_table("aws_organization")["presence"]) <= known

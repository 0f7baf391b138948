"""Calls that cost money: off unless allowed, never more than allowed, and what they show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors import aws_plan
from connectors.aws import AwsOptions
from connectors.clients.network import NetworkSettings
from connectors.context import forget_clients
from connectors.model import Finding, KnownScope, PartStatus, Scope
from connectors.runner import ScopeJob, TravellingCache, list_scopes, run_scope
from tests.aws_use_samples import CLAUDE, REGION, Metrics
from tests.conformance import Seen, Stage, scan
from tests.fakes_aws import HOME, FakeAws
from tests.harness_aws import AwsHarness, environment

NOW = datetime.now(UTC)
MEMBER = "222233334444"
USE = ("ce", "cloudwatch", "cloudtrail")
PAID = {(one.operation.host, one.operation.path) for one in aws_plan.support() if one.part == "paid"}
STORE = "9f3a3c1e-0000-4000-8000-000000000001"
GLOBAL = f"aws:conformance/{HOME}/global"
REGIONAL = f"aws:conformance/{HOME}/{REGION}"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    with FakeAws() as started:
        for name, value in environment(started).items():
            monkeypatch.setenv(name, value)
        yield started
    forget_clients()


def look(before: Seen | None = None, **options: Any) -> Seen:
    network = NetworkSettings(max_attempts=2, connect_timeout_s=2, read_timeout_s=5)
    stage = Stage(options=AwsOptions(**{"services": USE, **options}), network=network)
    return scan(AwsHarness(), stage, before)


def found(seen: Seen, part: str) -> list[Finding]:
    return [one for _, name, one in seen.findings if name == part]


def bill(fake: FakeAws, *lines: tuple[str, str, str, float], size: int = 100) -> None:
    """Answer with lines of (service, account, region, amount), so many groups a page."""

    def answer(asked: Mapping[str, Any]) -> dict[str, Any]:
        at = 1 if asked["GroupBy"][1]["Key"] == "LINKED_ACCOUNT" else 2
        start = int(asked.get("NextPageToken") or 0)
        groups = [
            {
                "Keys": [str(line[0]), str(line[at])],
                "Metrics": {"UnblendedCost": {"Amount": str(line[3]), "Unit": "USD"}},
            }
            for line in lines[start : start + size]
        ]
        period = {"TimePeriod": asked["TimePeriod"], "Groups": groups, "Estimated": True}
        more = {"NextPageToken": str(start + size)} if start + size < len(lines) else {}
        return {"ResultsByTime": [period], **more}

    fake.answer("ce", "GetCostAndUsage", answer)


def counted(fake: FakeAws, values: Mapping[str, list[float]]) -> None:
    """Answer for each metric by the value of its first dimension, newest day first."""

    def answer(asked: Mapping[str, Any]) -> dict[str, Any]:
        results = []
        for query in asked["MetricDataQueries"]:
            known = values.get(query["MetricStat"]["Metric"]["Dimensions"][0]["Value"], [])
            days = [NOW - timedelta(days=number + 1) for number in range(len(known))]
            results.append({"Id": query["Id"], "Label": "x", "Timestamps": days, "Values": known})
        return {"MetricDataResults": results}

    fake.answer("cloudwatch", "GetMetricData", answer)


class FakeLake:
    """An event data store that reads so many bytes for an hour."""

    def __init__(self, fake: FakeAws, *, an_hour: int, status: str = "FINISHED") -> None:
        self.statements: list[str] = []
        self.rows: list[dict[str, str]] = []
        self._an_hour = an_hour
        self._status = status
        arn = f"arn:aws:cloudtrail:{REGION}:{HOME}:eventdatastore/{STORE}"
        stores = [{"EventDataStoreArn": arn, "Name": "all"}]
        fake.answer("cloudtrail", "ListEventDataStores", {"EventDataStores": stores})
        fake.answer("cloudtrail", "StartQuery", self._start)
        fake.answer("cloudtrail", "GetQueryResults", self._results)

    def _start(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        self.statements.append(str(asked["QueryStatement"]))
        return {"QueryId": f"{len(self.statements):036d}"}

    def _results(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        columns = [[{name: value} for name, value in row.items()] for row in self.rows]
        hours = self.hours(int(asked["QueryId"]) - 1)
        return {
            "QueryStatus": self._status,
            "QueryStatistics": {"BytesScanned": round(self._an_hour * hours)},
            "QueryResultRows": columns,
        }

    def hours(self, number: int) -> float:
        """Return how far back a query went."""
        since = self.statements[number].split("eventTime > '")[1].split("'")[0]
        asked = datetime.fromisoformat(since).replace(tzinfo=UTC)
        return round((datetime.now(UTC) - asked).total_seconds() / 3600, 1)


def test_nothing_that_costs_money_is_called_unless_it_is_allowed(fake: FakeAws) -> None:
    bill(fake, ("Amazon Bedrock", HOME, REGION, 12.0))
    FakeLake(fake, an_hour=1)
    Metrics(fake).add("AWS/Bedrock", ModelId=CLAUDE)

    seen = look()

    assert {(call.service, call.operation) for call in fake.calls} & PAID == set()
    parts = {part.name for scope in seen.scopes for part in scope.parts}
    assert {f"{service}.{operation}" for service, operation in PAID} & parts == set()


def test_everything_that_may_cost_is_called_when_it_is_allowed(fake: FakeAws) -> None:
    bill(fake, ("Amazon Bedrock", HOME, REGION, 12.0))
    FakeLake(fake, an_hour=1)
    Metrics(fake).add("AWS/Bedrock", ModelId=CLAUDE)
    counted(fake, {})

    look(cost_explorer_requests=2, metric_data_metrics=5, cloudtrail_lake_gb=1)

    assert {(call.service, call.operation) for call in fake.calls} >= PAID


def test_the_bill_shows_services_in_use_in_every_account(fake: FakeAws) -> None:
    bill(
        fake,
        ("Amazon Bedrock", HOME, REGION, 12.5),
        ("Claude Sonnet 4 (Amazon Bedrock Edition)", MEMBER, "eu-west-1", 99.125),
        ("Amazon Textract", MEMBER, "eu-west-1", 0.0),
        ("AWS Lambda", MEMBER, "eu-west-1", 7.0),
        ("Amazon Q", MEMBER, REGION, 19.0),
    )

    seen = look(cost_explorer_requests=2)

    services = {(one.account, one.name): one.attributes for one in found(seen, "ce.GetCostAndUsage")}
    assert set(services) == {
        (HOME, "Amazon Bedrock"),
        (MEMBER, "Amazon Bedrock"),
        (MEMBER, "Amazon Q Developer"),
    }
    assert services[HOME, "Amazon Bedrock"] == {"spend_30_days": 12.5, "spend_currency": "USD"}
    assert services[MEMBER, "Amazon Bedrock"]["billed_models"] == ["Claude Sonnet 4"]
    assert len(fake.named("GetCostAndUsage")) == 2


@pytest.mark.parametrize("allowed", [1, 2, 3, 5])
def test_no_more_requests_go_to_cost_explorer_than_are_allowed(fake: FakeAws, allowed: int) -> None:
    bill(fake, *(("Amazon Bedrock", HOME, REGION, float(number)) for number in range(1, 11)), size=3)

    seen = look(cost_explorer_requests=allowed)

    assert len(fake.named("GetCostAndUsage")) == allowed
    assert "cost_explorer_requests" in seen.parts[GLOBAL, "ce.GetCostAndUsage"].reason


def test_only_the_account_that_pays_is_asked(fake: FakeAws) -> None:
    fake.regions[MEMBER] = [REGION]
    bill(fake, ("Amazon Bedrock", HOME, REGION, 1.0))

    seen = look(cost_explorer_requests=2, accounts=(HOME, MEMBER), role_name="reader")

    assert [scope for scope, part in seen.parts if part == "ce.GetCostAndUsage"] == [GLOBAL]


def test_a_region_with_spend_is_read_though_nothing_was_found_there(fake: FakeAws) -> None:
    fake.regions[HOME] = ["eu-west-1", "eu-west-2", REGION]
    bill(fake, ("Amazon Bedrock", HOME, "eu-west-1", 12.0))
    cache = TravellingCache()
    options = AwsOptions(services=USE, cost_explorer_requests=2)

    def job(scope: Scope) -> ScopeJob:
        tried = {
            f"aws:main/{HOME}/{name}": KnownScope(tried=10_000, tried_at=NOW - timedelta(days=1))
            for name in fake.regions[HOME]
        }
        return ScopeJob(
            connector="aws",
            instance="main",
            scope=scope,
            options=options,
            network=NetworkSettings(max_attempts=1),
            cache=cache,
            known=lambda: tried,
        )

    nowhere = Scope(connector="aws", instance="main", ids=(), parts=())
    before, _ = list_scopes(job(nowhere))
    once = next(scope for scope in before or () if scope.region == "global")
    run_scope(job(once), lambda batch: None)
    after, _ = list_scopes(job(nowhere))

    assert {one.region for one in before or () if one.left_out is None} == {"global"}
    assert {one.region for one in after or () if one.left_out is None} == {"eu-west-1", "global"}


def test_metric_data_tells_how_often_and_when_last(fake: FakeAws) -> None:
    metrics = Metrics(fake)
    metrics.add("AWS/Bedrock", ModelId=CLAUDE)
    metrics.add("AWS/Bedrock", ModelId=f"us.{CLAUDE}")
    metrics.add("AWS/Bedrock", ModelId=CLAUDE, Other="x")
    counted(fake, {CLAUDE: [0.0, 40.0, 2.0], f"us.{CLAUDE}": [0.0, 0.0, 5.0]})

    seen = look(metric_data_metrics=10)

    (model,) = found(seen, "cloudwatch.GetMetricData")
    assert model.usage is not None
    assert (model.usage.requests, model.usage.window_days) == (47, 30)
    assert f"{model.usage.last_used_at:%Y-%m-%d}" == f"{NOW - timedelta(days=2):%Y-%m-%d}"
    assert len(fake.named("GetMetricData")[0].params["MetricDataQueries"]) == 2


def test_no_more_metrics_are_read_than_are_allowed_in_all_regions_together(fake: FakeAws) -> None:
    fake.regions[HOME] = ["eu-west-1", "eu-west-2", REGION]
    for region in fake.regions[HOME]:
        metrics = Metrics(fake, region=region)
        for number in range(9):
            metrics.add("AWS/Bedrock", ModelId=f"acme.model-{number}")
        fake.answer("cloudwatch", "GetMetricData", {"MetricDataResults": []}, region=region)

    seen = look(metric_data_metrics=10)

    read = [len(call.params["MetricDataQueries"]) for call in fake.named("GetMetricData")]
    assert sorted(read) == [3, 3, 4]
    assert "metric_data_metrics" in seen.parts[REGIONAL, "cloudwatch.GetMetricData"].reason


def test_counts_are_read_once_a_week(fake: FakeAws) -> None:
    Metrics(fake).add("AWS/Bedrock", ModelId=CLAUDE)
    counted(fake, {CLAUDE: [1.0]})

    first = look(metric_data_metrics=10)
    second = look(first, metric_data_metrics=10)

    assert len(fake.named("GetMetricData")) == 1
    assert found(second, "cloudwatch.GetMetricData") == []


def test_the_lake_tells_callers_of_all_accounts_and_regions(fake: FakeAws) -> None:
    lake = FakeLake(fake, an_hour=1_000_000)
    common = {"account": MEMBER, "region": "eu-west-1", "last": "2026-11-20 10:00:00.000", "calls": "7"}
    ada = f"arn:aws:sts::{MEMBER}:assumed-role/AWSReservedSSO_dev_0123/ada@acme.example"
    app = f"arn:aws:sts::{MEMBER}:assumed-role/claims-app/i-0abc"
    lake.rows = [
        {**common, "model": f"eu.{CLAUDE}", "caller": app},
        {**common, "model": CLAUDE, "caller": ada, "last": "2026-11-19 10:00:00.000"},
        {**common, "model": "no-model", "caller": ada},
    ]

    seen = look(cloudtrail_lake_gb=1)

    (model,) = found(seen, "cloudtrail.StartQuery")
    assert model.natural_key.key == f"aws:{MEMBER}:eu-west-1:{CLAUDE}"
    assert (model.account, model.region) == (MEMBER, "eu-west-1")
    assert model.attributes["callers_7_days"] == ["ada@acme.example", "role claims-app"]
    assert [one.candidate for one in model.owner_hints] == ["ada@acme.example"]
    assert model.usage
    assert f"{model.usage.last_used_at:%Y-%m-%d}" == "2026-11-20"
    assert [lake.hours(number) for number in range(2)] == [1, 7 * 24]


@pytest.mark.parametrize(
    ("an_hour", "hours"), [(5_000_000, [1, 160]), (100_000_000, [1, 7]), (600_000_000, [1])]
)
def test_the_lake_is_asked_for_as_long_a_time_as_the_allowance_bears(
    fake: FakeAws, an_hour: int, hours: list[int]
) -> None:
    lake = FakeLake(fake, an_hour=an_hour)

    seen = look(cloudtrail_lake_gb=1)

    asked = [lake.hours(number) for number in range(len(lake.statements))]
    assert asked == pytest.approx(hours, abs=5)
    assert sum(hour * an_hour for hour in asked) <= 1_000_000_000
    assert "cloudtrail_lake_gb" in seen.parts[GLOBAL, "cloudtrail.StartQuery"].reason


def test_a_query_that_fails_says_so(fake: FakeAws) -> None:
    FakeLake(fake, an_hour=1, status="FAILED")

    part = look(cloudtrail_lake_gb=1).parts[GLOBAL, "cloudtrail.StartQuery"]

    assert part.status is PartStatus.FAILED
    assert "FAILED" in part.reason


def test_what_is_denied_names_the_right_that_is_missing(fake: FakeAws) -> None:
    fake.fail("ce", "GetCostAndUsage", "AccessDeniedException", status=400)
    fake.fail("cloudtrail", "ListEventDataStores", "AccessDeniedException", status=400)

    seen = look(cost_explorer_requests=2, cloudtrail_lake_gb=1)

    assert "ce:GetCostAndUsage" in seen.parts[GLOBAL, "ce.GetCostAndUsage"].reason
    assert "cloudtrail:ListEventDataStores" in seen.parts[GLOBAL, "cloudtrail.StartQuery"].reason

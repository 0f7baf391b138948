"""Every AWS row in action: all that was seeded, none of AWS's own, and denials that stay small."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors import aws_rows
from connectors.aws import AwsConnector, AwsOptions
from connectors.aws_rows import Row
from connectors.aws_scan import ScopeScan, owner_parts
from connectors.clients.network import NetworkSettings
from connectors.context import NoCache, OpenPart, RunContext, Services, forget_clients
from connectors.model import Finding, Part, PartStatus, Scope, Unchanged
from connectors.outcome import PartResult
from tests import aws_samples
from tests.fakes_aws import HOME, FakeAws
from tests.harness_aws import environment

ROWS = aws_rows.load().rows
REGION = "us-east-1"
PLACE = {"partition": "aws", "account": HOME, "region": REGION}
SEEDED = 3
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


@dataclass
class Looked:
    """What one look at some rows showed, by part."""

    findings: dict[str, list[Finding]] = field(default_factory=dict)
    results: dict[str, PartResult] = field(default_factory=dict)

    def keys(self, part: str) -> set[str]:
        """Return the natural keys of a part's findings."""
        return {one.natural_key.key for one in self.findings.get(part, ())}

    def summary(self, part: str) -> tuple[str, list[str]]:
        """Return a part's status and keys, to compare two looks."""
        return self.results[part].status.value, sorted(self.keys(part))


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    with FakeAws() as started:
        for name, value in environment(started).items():
            monkeypatch.setenv(name, value)
        yield started
    forget_clients()


def look(rows: Sequence[Row]) -> Looked:
    """Scan some rows of one region through the real client and parts."""
    connector = AwsConnector()
    parts = [Part(name=row.part, kinds=row.kinds) for row in rows]
    parts += [
        Part(name=row.details_part, kinds=row.details_kinds, details=True) for row in rows if row.details
    ]
    parts += owner_parts(rows, creator_lookups=AwsOptions().creator_lookups)
    scope = Scope(
        connector="aws",
        instance="rows",
        ids=(HOME, REGION),
        parts=tuple(parts),
        label="rows",
        account=HOME,
        region=REGION,
    )
    services = Services(
        connector=connector,
        instance="rows",
        options=AwsOptions(),
        network=NetworkSettings(max_attempts=1, connect_timeout_s=2, read_timeout_s=5),
        previous=lambda part: {},
        cache=NoCache(),
        clock=lambda: NOW,
    )
    looked = Looked()

    def ended(part: OpenPart, result: PartResult) -> None:
        looked.results[part.part.name] = result

    for one in ScopeScan(RunContext(services, scope, ended), rows).run():
        assert not isinstance(one, Unchanged)
        looked.findings.setdefault(one.evidence[0].source, []).append(one)
    return looked


def test_every_row_shows_what_was_seeded_over_two_shuffled_pages_and_nothing_of_aws(fake: FakeAws) -> None:
    aws_samples.fill(fake, count=0)
    fake.page_size = 2
    for row in ROWS:
        if not row.single:
            items = [aws_samples.item(row, number) for number in range(1, SEEDED + 1)]
            items += aws_samples.traps(row)
            random.Random(row.part).shuffle(items)
            fake.add(row.service, row.operation, *items, strict=False)

    looked = look([row if row.is_gated else replace(row, details=()) for row in ROWS])

    wrong = {
        row.part: looked.keys(row.part) ^ expected(row)
        for row in ROWS
        if looked.keys(row.part) != expected(row)
    }
    bad = {part: one.reason for part, one in looked.results.items() if one.status != "complete"}
    assert wrong == {}
    assert bad == {}
    assert "aws.v1" not in repr(looked.findings)


def test_every_row_has_a_trap_where_its_filter_is_and_the_filter_is_what_stops_it(fake: FakeAws) -> None:
    filtered = [row for row in ROWS if row.skip]
    for row in filtered:
        fake.add(row.service, row.operation, *aws_samples.traps(row), strict=False)
    open_rows = [row for row in filtered if not row.parent]

    looked = look(open_rows)

    assert len(open_rows) >= 12
    assert all(looked.results[row.part].status is PartStatus.COMPLETE for row in open_rows)
    assert {row.part for row in open_rows if looked.keys(row.part)} == set()


def test_every_detail_adds_to_the_thing_that_was_listed(fake: FakeAws) -> None:
    aws_samples.fill(fake)

    looked = look(ROWS)

    strange = {
        row.part: looked.keys(row.details_part) ^ looked.keys(row.part)
        for row in ROWS
        if row.details and looked.keys(row.details_part) != looked.keys(row.part)
    }
    plain = [
        row.part
        for row in ROWS
        for one in looked.findings.get(row.details_part, ())
        if not (one.attributes or one.owner_hints or one.model or one.links)
    ]
    assert strange == {}
    assert plain == []


def test_an_approval_and_a_monitor_are_shown_on_the_thing_they_speak_of(fake: FakeAws) -> None:
    catalogue = aws_rows.load()
    names = [
        ("bedrock-agentcore-control", "ListAgentRuntimes"),
        ("bedrock-agentcore-control", "ListGateways"),
        ("agent-registry-control", "ListRegistries"),
        ("agent-registry-control", "ListRegistryRecords"),
        ("sagemaker", "ListEndpoints"),
        ("sagemaker", "ListMonitoringSchedules"),
    ]
    runtimes, _, registries, records, endpoints, schedules = rows = [
        replace(catalogue.row(*name), details=()) for name in names
    ]
    agent, lonely = aws_samples.item(runtimes, 1), aws_samples.item(runtimes, 2)
    source = {"relation": "DETECTED_FROM", "sourceType": "AWS::BedrockAgentCore::Runtime"}
    elsewhere = "arn:aws:bedrock-agentcore:us-east-1:999999999999:runtime/x"
    fake.add("bedrock-agentcore-control", "ListAgentRuntimes", agent, lonely, strict=False)
    fake.add("agent-registry-control", "ListRegistries", aws_samples.item(registries, 1), strict=False)
    for number, subject in enumerate((agent["agentRuntimeArn"], elsewhere)):
        record = aws_samples.item(records, number)
        record |= {"status": "APPROVED", "provenanceSummaryList": [{**source, "sourceId": subject}]}
        fake.add("agent-registry-control", "ListRegistryRecords", record, strict=False)
    endpoint = aws_samples.item(endpoints, 1)
    endpoint["EndpointArn"] = f"arn:aws:sagemaker:{REGION}:{HOME}:endpoint/{endpoint['EndpointName']}"
    fake.add("sagemaker", "ListEndpoints", endpoint, strict=False)
    for number, name in enumerate((endpoint["EndpointName"], "deleted")):
        schedule = {**aws_samples.item(schedules, number), "EndpointName": name}
        fake.add("sagemaker", "ListMonitoringSchedules", schedule, strict=False)

    looked = look(rows)

    approved = [one for one in looked.findings[records.part] if one.kind == "agent"]
    watched = [one for one in looked.findings[schedules.part] if one.kind == "model_endpoint"]
    assert [one.natural_key.key for one in approved] == [agent["agentRuntimeArn"]]
    assert approved[0].attributes["registry_status"] == ["APPROVED"]
    assert [link.relation for link in approved[0].links] == ["guarded_by"]
    assert len(watched) == 1
    assert watched[0].attributes["monitoring"] == ["DataQuality"]


def test_a_service_that_was_never_set_up_in_the_account_is_not_enabled(fake: FakeAws) -> None:
    row = aws_rows.load().row("quicksight", "ListAgents")
    fake.fail(row.service, row.operation, "ResourceNotFoundException", status=404)

    looked = look([row])

    assert looked.results[row.part].status is PartStatus.NOT_ENABLED


def expected(row: Row) -> set[str]:
    """Return the keys of everything that was seeded for a row and is to be shown."""
    if row.silent:
        return set()
    if row.activity:
        return {str(row.key.fill({}, PLACE))}
    items = [aws_samples.item(row, 1)] if row.single else contexts(row)
    own = {str(row.key.fill(item, PLACE)) for item in items}
    if row.about is None or row.about.by_details:
        return own
    things = set().union(*(expected(aws_rows.load().row(*part.split("."))) for part in row.about.parts))
    if row.about.everything:
        return own | things
    return own | things & {key for item in items for key in row.about.subjects(item, PLACE)}


def contexts(row: Row) -> list[dict[str, Any]]:
    """Return every seeded item of a row as the scan sees it: with the parameters it was asked with."""
    named = [aws_samples.shown(row, number) for number in range(1, SEEDED + 1)]
    if row.parent is None:
        return named
    parent = aws_rows.load().row(row.service, row.parent.operation)
    asked = [
        {name: template.fill(held, PLACE) for name, template in row.parent.params}
        for held in contexts(parent)
    ]
    return [{**params, **item} for params in asked for item in named]

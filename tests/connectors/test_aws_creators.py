"""Who made a thing, as CloudTrail tells it: asked once, kept, traced past automation, no role an owner."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors import aws_rows
from connectors.aws import AwsConnector, AwsOptions
from connectors.aws_creators import CREATORS_PART, Wanted, events_of, windows
from connectors.aws_scan import ScopeScan, owner_parts
from connectors.aws_stacks import STACKS_PART
from connectors.aws_trail import Event, Question, Trail, event_of
from connectors.catalogue import read_table
from connectors.clients.aws import AwsClients, Place
from connectors.clients.network import NetworkSettings
from connectors.context import NoCache, OpenPart, RunContext, Services, forget_clients
from connectors.errors import Incomplete
from connectors.model import Finding, Part, PartStatus, Scope, Unchanged
from connectors.outcome import PartResult
from tests.fakes_aws import HOME, FakeAws
from tests.fakes_aws_wire import model_of
from tests.harness_aws import environment

REGION = "us-east-1"
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
STACK = f"arn:aws:cloudformation:{REGION}:{HOME}:stack/claims-prod/1f0c"
CANARY = "canary-Lk20-never-kept"
PERSON = f"arn:aws:sts::{HOME}:assumed-role/AWSReservedSSO_Builder_0a1b/ada@acme.example"
PIPELINE = f"arn:aws:sts::{HOME}:assumed-role/deploy/GitHubActions"


class Look:
    """What one scan of a few rows showed, and what the next one is told of it."""

    def __init__(self) -> None:
        self.findings: dict[str, list[Finding]] = {}
        self.unchanged: dict[str, list[Unchanged]] = {}
        self.results: dict[str, PartResult] = {}
        self.known: dict[str, dict[tuple[str, str], str]] = {}

    def made(self, name: str) -> Finding:
        """Return what the part of creators says of a thing."""
        return next(one for one in self.findings[CREATORS_PART] if one.name == name)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    with FakeAws() as started:
        for name, value in environment(started).items():
            monkeypatch.setenv(name, value)
        yield started
    forget_clients()


def look(*names: tuple[str, str], before: Look | None = None, now: datetime = NOW, lookups: int = 60) -> Look:
    """Scan some rows of one region."""
    rows = [aws_rows.load().row(*name) for name in names or (("bedrock", "ListGuardrails"),)]
    parts = [Part(name=row.part, kinds=row.kinds) for row in rows]
    parts += [Part(name=row.details_part, kinds=(row.kind,), details=True) for row in rows if row.details]
    parts += owner_parts(rows, creator_lookups=lookups)
    scope = Scope(
        connector="aws", instance="x", ids=(HOME, REGION), parts=tuple(parts), account=HOME, region=REGION
    )
    known: Mapping[str, dict[tuple[str, str], str]] = before.known if before else {}
    services = Services(
        connector=AwsConnector(),
        instance="x",
        options=AwsOptions(creator_lookups=lookups),
        network=NetworkSettings(max_attempts=1, connect_timeout_s=2, read_timeout_s=5),
        previous=lambda part: known.get(part, {}),
        cache=NoCache(),
        clock=lambda: now,
    )
    seen = Look()

    def ended(part: OpenPart, result: PartResult) -> None:
        seen.results[part.part.name] = result

    ctx = RunContext(services, scope, ended)
    for one in ScopeScan(ctx, rows).run():
        assert ctx.current is not None
        part = ctx.current.part.name
        seen.known.setdefault(part, {})[one.natural_key.namespace, one.natural_key.key] = one.fingerprint
        if isinstance(one, Unchanged):
            seen.unchanged.setdefault(part, []).append(one)
        else:
            seen.findings.setdefault(part, []).append(one)
    return seen


def guardrail(name: str, created: datetime) -> dict[str, Any]:
    return {
        "id": f"id{name}",
        "arn": f"arn:aws:bedrock:{REGION}:{HOME}:guardrail/id{name}",
        "status": "READY",
        "name": name,
        "version": "DRAFT",
        "createdAt": created,
        "updatedAt": created,
    }


def record(
    name: str, at: datetime, arn: str = PERSON, *, kind: str = "AssumedRole", **more: Any
) -> dict[str, Any]:
    """Return an item of the event history as CloudTrail writes it."""
    body = {
        "eventName": name,
        "eventSource": "bedrock.amazonaws.com",
        "userIdentity": {"type": kind, "arn": arn},
        "sourceIPAddress": "203.0.113.7",
        "userAgent": "aws-sdk",
        **more,
    }
    return {"EventId": "e", "EventName": name, "EventTime": at, "CloudTrailEvent": json.dumps(body)}


def creation(made: Mapping[str, Any], at: datetime, arn: str = PERSON, **more: Any) -> dict[str, Any]:
    asked = {"name": made["name"], "blockedInputMessaging": CANARY}
    answered = {"guardrailArn": made["arn"], "guardrailId": made["id"]}
    return record("CreateGuardrail", at, arn, requestParameters=asked, responseElements=answered, **more)


def history(fake: FakeAws, *items: dict[str, Any], page_size: int = 50) -> None:
    """Serve an event history: one attribute, a stretch of time, pages, newest first."""

    def answer(asked: Mapping[str, Any]) -> dict[str, Any]:
        (attribute,) = asked["LookupAttributes"]
        assert attribute["AttributeKey"] == "EventName"
        since, until = asked["StartTime"], asked["EndTime"]
        fit = [one for one in items if one["EventName"] == attribute["AttributeValue"]]
        fit = [one for one in fit if since <= one["EventTime"].timestamp() <= until]
        fit.sort(key=lambda one: one["EventTime"], reverse=True)
        page = int(str(asked.get("NextToken", "page-1")).rpartition("-")[2])
        shown = {"Events": fit[(page - 1) * page_size : page * page_size]}
        return shown | ({"NextToken": f"page-{page + 1}"} if page * page_size < len(fit) else {})

    fake.answer("cloudtrail", "LookupEvents", answer)


def tagged(fake: FakeAws, tags: Mapping[str, str]) -> None:
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    fake.answer(
        "resourcegroupstaggingapi",
        "GetResources",
        lambda asked: {
            "ResourceTagMappingList": [
                {"ResourceARN": arn, "Tags": pairs} for arn in asked["ResourceARNList"]
            ]
        },
    )


def stacked(fake: FakeAws, created: datetime, tags: Mapping[str, str]) -> None:
    stack = {
        "StackId": STACK,
        "StackName": "claims-prod",
        "CreationTime": created,
        "StackStatus": "CREATE_COMPLETE",
        "Parameters": [{"ParameterKey": "Password", "ParameterValue": CANARY}],
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
    }
    fake.answer("cloudformation", "DescribeStacks", {"Stacks": [stack]})
    tagged(fake, {"aws:cloudformation:stack-id": STACK})


def test_the_person_who_made_a_new_thing_becomes_a_hint_and_nothing_else_of_the_event_stays(
    fake: FakeAws,
) -> None:
    rail = guardrail("claims", NOW - timedelta(days=3))
    fake.add("bedrock", "ListGuardrails", rail)
    history(fake, creation(rail, NOW - timedelta(days=3)))

    seen = look()

    (hint,) = seen.made("claims").owner_hints
    assert (hint.candidate, hint.source, hint.confidence) == ("ada@acme.example", "cloudtrail", 0.65)
    assert hint.why == "CreateGuardrail on 2026-11-19 in CloudTrail"
    assert seen.results[CREATORS_PART].status is PartStatus.COMPLETE
    assert CANARY not in repr(seen.findings)
    assert "203.0.113.7" not in repr(seen.findings)


def test_a_creator_is_asked_for_once_and_kept_when_the_event_is_gone(fake: FakeAws) -> None:
    rail = guardrail("claims", NOW - timedelta(days=80))
    nobody = guardrail("quiet", NOW - timedelta(days=80))
    fake.add("bedrock", "ListGuardrails", rail, nobody)
    history(fake, creation(rail, NOW - timedelta(days=80)))
    first = look()
    history(fake)
    fake.calls.clear()

    later = look(before=first, now=NOW + timedelta(days=30))

    assert fake.named("LookupEvents") == []
    assert len(later.unchanged[CREATORS_PART]) == 2
    assert later.known[CREATORS_PART] == first.known[CREATORS_PART]


def test_a_thing_made_anew_under_its_old_name_is_asked_about_again(fake: FakeAws) -> None:
    old, new = guardrail("claims", NOW - timedelta(days=80)), guardrail("claims", NOW - timedelta(days=1))
    fake.add("bedrock", "ListGuardrails", old)
    history(fake, creation(old, NOW - timedelta(days=80)))
    first = look()
    fake.remove("bedrock", "ListGuardrails", lambda item: True)
    fake.add("bedrock", "ListGuardrails", new)
    grace = PERSON.replace("ada@", "grace@")
    history(fake, creation(old, NOW - timedelta(days=80)), creation(new, NOW - timedelta(days=1), grace))

    second = look(before=first)

    assert [one.candidate for one in second.made("claims").owner_hints] == ["grace@acme.example"]


@pytest.mark.parametrize("age", [timedelta(days=91), timedelta(minutes=5)])
def test_what_the_history_cannot_know_is_not_asked(fake: FakeAws, age: timedelta) -> None:
    fake.add("bedrock", "ListGuardrails", guardrail("claims", NOW - age))
    history(fake)

    seen = look()

    assert fake.named("LookupEvents") == []
    assert CREATORS_PART not in seen.findings


def test_things_made_together_cost_one_request_and_things_made_apart_one_each(fake: FakeAws) -> None:
    days = (1, 1.01, 1.02, 40)
    rails = [guardrail(f"g{index}", NOW - timedelta(days=day)) for index, day in enumerate(days)]
    fake.add("bedrock", "ListGuardrails", *rails)
    history(fake, *(creation(one, one["createdAt"]) for one in rails))

    seen = look()

    assert len(fake.named("LookupEvents")) == 2
    assert all(one.owner_hints for one in seen.findings[CREATORS_PART])


def test_a_scan_spends_no_more_than_it_may_and_the_next_one_asks_for_the_rest(fake: FakeAws) -> None:
    rails = [guardrail(f"g{day}", NOW - timedelta(days=day)) for day in range(1, 13, 2)]
    fake.add("bedrock", "ListGuardrails", *rails)
    history(fake, *(creation(one, one["createdAt"]) for one in rails))

    first = look(lookups=2)
    spent = len(fake.named("LookupEvents"))
    second = look(before=first)

    assert spent == 2
    assert len(first.findings[CREATORS_PART]) == 2
    assert first.results[CREATORS_PART].status is PartStatus.COMPLETE
    assert "4 new things are asked about at the next scan" in first.results[CREATORS_PART].reason
    assert len(second.findings[CREATORS_PART]) == 4
    assert len(fake.named("LookupEvents")) == 6


def test_a_refused_history_says_so_and_is_asked_again(fake: FakeAws) -> None:
    fake.add("bedrock", "ListGuardrails", guardrail("claims", NOW - timedelta(days=1)))
    fake.fail("cloudtrail", "LookupEvents", "AccessDeniedException", times=1)

    first = look()
    second = look(before=first)

    assert first.results[CREATORS_PART].status is PartStatus.DENIED
    assert "cloudtrail:LookupEvents" in first.results[CREATORS_PART].reason
    assert len(second.findings[CREATORS_PART]) == 1


def test_a_pipeline_is_noted_as_the_way_and_its_stack_tells_the_person(fake: FakeAws) -> None:
    at = NOW - timedelta(days=2)
    rail = guardrail("claims", at)
    fake.add("bedrock", "ListGuardrails", rail)
    stacked(fake, at, {"Team": "risk@acme.example", "git-repo": "acme/claims"})
    made = record("CreateStack", at, requestParameters={"stackName": "claims-prod"})
    made = {**made, "CloudTrailEvent": made["CloudTrailEvent"].replace("bedrock.ama", "cloudformation.ama")}
    history(fake, made, creation(rail, at, PIPELINE, userAgent="APN/1.0 HashiCorp Terraform/1.9"))

    seen = look()

    creator = seen.made("claims")
    (stack,) = seen.findings[STACKS_PART]
    assert [one.candidate for one in creator.owner_hints] == ["ada@acme.example"]
    assert creator.attributes == {"created_via": "role deploy, terraform"}
    assert [(one.candidate, one.confidence) for one in stack.owner_hints] == [("risk@acme.example", 0.6)]
    assert stack.attributes == {"stack": "claims-prod", "repository": "acme/claims"}
    assert CANARY not in repr(seen.findings)


def test_a_stack_made_by_a_pipeline_leaves_no_hint(fake: FakeAws) -> None:
    at = NOW - timedelta(days=2)
    rail = guardrail("claims", at)
    fake.add("bedrock", "ListGuardrails", rail)
    stacked(fake, at, {})
    history(fake, creation(rail, at, PIPELINE), record("CreateStack", at, PIPELINE, about=[STACK]))

    seen = look()

    assert seen.made("claims").owner_hints == ()
    assert seen.made("claims").attributes == {"created_via": "role deploy"}


def test_a_stack_that_is_gone_is_named_and_no_failure(fake: FakeAws) -> None:
    fake.add("bedrock", "ListGuardrails", guardrail("claims", NOW - timedelta(days=200)))
    tagged(fake, {"aws:cloudformation:stack-id": STACK})
    fake.fail(
        "cloudformation", "DescribeStacks", "ValidationError", status=400, message=f"{STACK} does not exist"
    )

    seen = look()

    assert seen.results[STACKS_PART].status is PartStatus.COMPLETE
    assert seen.results[STACKS_PART].exceptions == ()
    assert [one.attributes for one in seen.findings[STACKS_PART]] == [{"stack": "claims-prod"}]


def test_many_stacks_are_listed_instead_of_asked_for_one_by_one(fake: FakeAws) -> None:
    rails = [guardrail(f"g{number}", NOW - timedelta(days=200)) for number in range(25)]
    fake.add("bedrock", "ListGuardrails", *rails)
    ids = {one["arn"]: f"{STACK}{index}" for index, one in enumerate(rails)}
    fake.answer(
        "resourcegroupstaggingapi",
        "GetResources",
        lambda asked: {
            "ResourceTagMappingList": [
                {"ResourceARN": arn, "Tags": [{"Key": "aws:cloudformation:stack-id", "Value": ids[arn]}]}
                for arn in asked["ResourceARNList"]
            ]
        },
    )
    stacks = [
        {"StackId": one, "StackName": "s", "CreationTime": NOW, "StackStatus": "CREATE_COMPLETE"}
        for one in ids.values()
    ]
    fake.answer("cloudformation", "DescribeStacks", {"Stacks": stacks})

    seen = look()

    assert len(fake.named("DescribeStacks")) == 1
    assert len(seen.findings[STACKS_PART]) == 25


def test_an_event_of_another_service_with_the_same_name_in_it_is_not_taken(fake: FakeAws) -> None:
    rail = guardrail("claims", NOW - timedelta(days=1))
    fake.add("bedrock", "ListGuardrails", rail)
    other = record(
        "CreateGuardrail",
        NOW - timedelta(days=1),
        eventSource="quicksight.amazonaws.com",
        requestParameters={"name": "claims"},
    )
    history(fake, other)

    assert look().made("claims").owner_hints == ()


def test_a_call_that_failed_made_nothing(fake: FakeAws) -> None:
    rail = guardrail("claims", NOW - timedelta(days=1))
    fake.add("bedrock", "ListGuardrails", rail)
    history(fake, creation(rail, NOW - timedelta(days=1), errorCode="AccessDenied"))

    assert look().made("claims").owner_hints == ()


def test_without_an_allowance_there_is_no_such_part(fake: FakeAws) -> None:
    fake.add("bedrock", "ListGuardrails", guardrail("claims", NOW - timedelta(days=1)))

    seen = look(lookups=0)

    assert CREATORS_PART not in seen.results
    assert fake.named("LookupEvents") == []


def test_a_question_that_outgrows_the_allowance_is_incomplete(fake: FakeAws) -> None:
    rails = [guardrail(f"g{number}", NOW) for number in range(7)]
    history(fake, *(creation(one, NOW - timedelta(hours=1)) for one in rails), page_size=2)
    place, aws = Place(account=HOME, region=REGION), _clients()
    question = Question(
        attribute="EventName", value="CreateGuardrail", since=NOW - timedelta(days=1), until=NOW
    )
    aws.identity()
    trail = Trail(aws, place, requests=3)
    read: list[Event] = []

    with pytest.raises(Incomplete):
        read.extend(trail.events(question))
    with pytest.raises(Incomplete, match="used up"):
        read.extend(trail.events(question))

    assert trail.left == 0
    assert len(fake.named("LookupEvents")) == 3
    aws.close()


@pytest.mark.parametrize("text", ["", "no json", "[]", '"text"', None])
def test_a_record_that_cannot_be_read_says_nothing(text: Any) -> None:
    assert event_of({"EventName": "CreateAgent", "CloudTrailEvent": text}) is None


def test_windows_join_what_is_close_and_start_with_the_newest() -> None:
    def wanted(key: str, hours: float) -> Wanted:
        until = NOW - timedelta(hours=hours)
        return Wanted(
            key=key,
            events=("CreateX",),
            since=until - timedelta(hours=1),
            until=until,
            sure=key,
            likely=(),
            prefix="x",
        )

    made = list(windows([wanted("a", 30), wanted("b", 1), wanted("c", 6), wanted("d", 31)]))

    assert [[one.key for one in window] for window in made] == [["b", "c"], ["a", "d"]]


def test_every_event_that_is_looked_up_is_an_operation_of_its_service() -> None:
    import botocore.session

    session = botocore.session.get_session()
    known: dict[str, set[str]] = {}
    wrong = []
    for row in aws_rows.load().rows:
        if row.service not in known:
            known[row.service] = set(session.get_service_model(row.service).operation_names)
        events = events_of(row.service, row.operation, row.tier)
        wrong += [
            f"{row.part}: {one}" for one in events if one.removesuffix("20150331") not in known[row.service]
        ]

    assert wrong == [], "name the event in aws_creators.toml"


def test_the_events_named_in_the_catalogue_are_of_rows_and_differ_from_the_rule() -> None:
    parts = {row.part for row in (*aws_rows.load().rows, *aws_rows.load().dormant)}
    table = read_table("aws_creators")

    assert set(table["lead_hours"]) <= parts
    assert all(table["events"][name] != [f"Create{name.partition('.List')[2]}"] for name in table["events"])


def test_the_history_is_asked_as_its_model_says() -> None:
    shape = model_of("cloudtrail").operation_model("LookupEvents").input_shape

    assert {"LookupAttributes", "StartTime", "EndTime", "NextToken", "MaxResults"} <= set(shape.members)
    assert shape.members["MaxResults"].metadata["max"] == 50


def test_awss_own_history_is_asked_twice_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeAws() as fake:
        for name, value in environment(fake).items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("AWS_ENDPOINT_URL")
        host = "http://cloudtrail.us-east-1.amazonaws.com"  # reached through the fake as a proxy
        aws = _clients(AwsOptions(endpoint_url=host), NetworkSettings(max_attempts=1, proxy=fake.base_url))
        place, asked = Place(account="", region=REGION), {"MaxResults": 50}
        aws.call("cloudtrail", "LookupEvents", place, asked)
        started = time.monotonic()

        for _ in range(4):
            aws.call("cloudtrail", "LookupEvents", place, asked)
        took_s = time.monotonic() - started
        aws.close()

    assert took_s >= 0.9, "of five requests two may go at once, the others half a second apart"


def _clients(options: AwsOptions | None = None, network: NetworkSettings | None = None) -> AwsClients:
    connector = AwsConnector()
    return AwsClients(
        connector.aws_settings(options or AwsOptions()),
        operations=connector.info.operations,
        network=network or NetworkSettings(max_attempts=1),
    )

"""Evidence of use as a whole: what it is not, who could, what is denied, what goes nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from connectors.context import forget_clients
from tests.aws_use_looks import APP, CALLS, COULD, NOW, RUNTIME, agent, found, look
from tests.aws_use_samples import CLAUDE, REGION, Iam, Metrics, Trail, allow
from tests.fakes_aws import HOME, FakeAws
from tests.harness_aws import environment


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    with FakeAws() as started:
        for name, value in environment(started).items():
            monkeypatch.setenv(name, value)
        yield started
    forget_clients()


def test_a_model_of_the_catalogue_that_nobody_calls_is_no_asset(fake: FakeAws) -> None:
    Metrics(fake)
    Trail(fake)

    seen = look()

    assert seen.findings == []
    bad = {part: one.reason for (_, part), one in seen.parts.items() if one.status != "complete"}
    assert bad == {}


def test_what_a_record_says_besides_who_and_what_goes_nowhere(fake: FakeAws) -> None:
    secret = "canary-Qy55-never-to-be-kept"
    trail = Trail(fake)
    trail.called(
        APP,
        NOW - timedelta(days=1),
        model=CLAUDE,
        responseElements={"body": secret},
        sourceIPAddress=secret,
        userAgent=secret,
        errorMessage=secret,
    )
    Iam(fake).role("claims-app", allow("bedrock:InvokeModel"), {"Sid": secret, **allow("bedrock:*")})
    Metrics(fake).add("AWS/Bedrock", ModelId=CLAUDE, Other=secret)

    seen = look()

    assert found(seen, CALLS)
    assert secret not in repr(seen)
    assert secret not in seen.log


def test_who_could_call_is_said_of_what_is_used_and_is_no_use_itself(fake: FakeAws) -> None:
    iam = Iam(fake)
    iam.role("claims-app", allow("bedrock:InvokeModel*"))
    iam.role("admin", allow("*"))
    iam.role("other", allow("s3:*"))
    iam.role("AWSServiceRoleForX", allow("bedrock:*"), path="/aws-service-role/x/")

    nothing = look()
    Metrics(fake).add("AWS/Bedrock", ModelId=CLAUDE)
    forget_clients()
    seen = look()

    assert nothing.findings == []
    (model,) = found(seen, COULD)
    assert model.name == CLAUDE
    assert model.attributes == {
        "could_be_called_by": ["role claims-app"],
        "could_be_called_by_count": 2,
        "could_be_called_by_admins": 1,
        "could_be_called_within_limits": 0,
    }
    assert model.usage is None


def test_policies_are_asked_for_once_an_account_and_once_a_week(fake: FakeAws) -> None:
    fake.regions[HOME] = ["eu-west-1", REGION]
    Iam(fake).role("claims-app", allow("bedrock:InvokeModel"))
    for region in fake.regions[HOME]:
        Metrics(fake, region=region).add("AWS/Bedrock", ModelId=CLAUDE)

    first = look()
    asked = len(fake.named("GetAccountAuthorizationDetails"))
    look(first)

    assert asked == 4
    assert len(fake.named("GetAccountAuthorizationDetails")) == asked


def test_an_unchanged_scan_writes_nothing(fake: FakeAws) -> None:
    Metrics(fake).add("AWS/Bedrock", ModelId=CLAUDE)
    Trail(fake).called(APP, NOW - timedelta(days=1), model=CLAUDE)
    Iam(fake).role("claims-app", allow("bedrock:InvokeModel"))

    first = look()
    second = look(first)

    assert len(first.findings) == 3
    assert second.findings == []
    assert len(second.unchanged) == 3


@pytest.mark.parametrize(
    ("service", "operation", "status", "parts"),
    [
        ("cloudwatch", "ListMetrics", 403, "cloudwatch.ListMetrics"),
        ("cloudtrail", "LookupEvents", 400, "cloudtrail.LookupEvents"),
        ("iam", "GetAccountAuthorizationDetails", 403, COULD),
    ],
)
def test_what_is_denied_is_said_with_the_permission_and_costs_nothing_else(
    fake: FakeAws, service: str, operation: str, status: int, parts: str
) -> None:
    Metrics(fake).add("AWS/Bedrock", ModelId=CLAUDE)
    Trail(fake).called(APP, NOW - timedelta(days=1), model=CLAUDE)
    fake.fail(service, operation, "AccessDeniedException", status=status)

    seen = look()

    denied = {part: one.reason for (_, part), one in seen.parts.items() if one.status == "denied"}
    others = {one.status for (_, part), one in seen.parts.items() if part not in denied}
    assert denied
    assert all(part.startswith(parts) for part in denied)
    assert all(f"{service}:{operation}" in reason for reason in denied.values())
    assert others == {"complete"}


def test_what_a_caller_needs_depends_on_what_is_called(fake: FakeAws) -> None:
    agent(fake, "CLAIMS", role="x")
    alias = f"arn:aws:bedrock:{REGION}:{HOME}:agent-alias/CLAIMS/LIVE"
    project = f"arn:aws:bedrock-mantle:{REGION}:{HOME}:project/proj_claims"
    metrics = Metrics(fake)
    metrics.add("AWS/Bedrock/Agents", AgentAliasArn=alias)
    metrics.add("AWS/BedrockMantle", Model="openai.gpt-oss-120b")
    metrics.add("AWS/Textract", Operation="AnalyzeDocument")
    iam = Iam(fake)
    iam.role("portal", allow("bedrock:InvokeAgent", alias))
    iam.role("mantle", allow("bedrock-mantle:CreateInference", project))
    iam.role("mailroom", allow("textract:AnalyzeDocument"))
    iam.role("reader", allow("textract:GetAdapter"))

    seen = look(None, "bedrock-agent")

    could = {one.name: one.attributes["could_be_called_by"] for one in found(seen, COULD)}
    assert could == {
        "CLAIMS": ["role portal"],
        "openai.gpt-oss-120b": ["role mantle"],
        "Amazon Textract": ["role mailroom"],
    }


def test_a_model_of_another_account_is_shown_as_what_it_is(fake: FakeAws) -> None:
    shared = f"arn:aws:bedrock:{REGION}:999988887777:custom-model-deployment/claims1"
    Metrics(fake).add("AWS/Bedrock", ModelId=shared)
    app = "arn:aws:sts::999988887777:assumed-role/batch/i-0"
    Trail(fake).called(app, NOW - timedelta(days=1), model=shared)

    seen = look()

    (one,) = found(seen, RUNTIME)
    assert (one.kind, one.account, one.natural_key.key) == ("model_endpoint", "999988887777", shared)
    (called,) = found(seen, CALLS)
    assert called.attributes["callers"] == ["role batch of 999988887777"]


def test_answers_that_make_no_sense_are_no_models_and_break_nothing(fake: FakeAws) -> None:
    strange = ("us.", "us..", "../..", "a b.c", "x", "{account}", "arn:aws:bedrock:::", "x." + "y" * 900)
    trail, metrics = Trail(fake), Metrics(fake)
    for value in strange:
        metrics.add("AWS/Bedrock", ModelId=value)
        metrics.add("AWS/BedrockMantle", Model=value)
        metrics.add("AWS/Bedrock/Agents", AgentAliasArn=value)
        trail.called("arn:aws:sts::x:assumed-role/", NOW - timedelta(days=1), model=value)
    for record in ("not json", "[1]", '{"userIdentity": {"type": null, "arn": 5}}'):
        event = {"EventName": "InvokeModel", "EventTime": NOW, "CloudTrailEvent": record}
        trail.held.append(event)

    seen = look(None, "bedrock", "bedrock-agent")

    assert seen.findings == []
    assert [one.error for one in seen.outcomes] == ["", ""]
    bad = {part: one.reason for (_, part), one in seen.parts.items() if one.status != "complete"}
    assert bad == {}

"""The AWS connector against the fake: scopes, statuses, details, tags, links."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from connectors import aws_rows
from connectors.aws import AwsConnector, AwsOptions
from connectors.clients.network import NetworkSettings
from connectors.context import NoCache, RunContext, Services, forget_clients
from connectors.errors import ConfigError
from connectors.model import Finding, Link, NaturalKey, PartStatus, RelationKind, Unchanged
from connectors.runner import no_previous
from connectors.secrets import SecretRef
from tests import aws_samples
from tests.conformance import Seen, Stage, scan
from tests.fakes_aws import HOME, FakeAws
from tests.harness_aws import AwsHarness, environment

MEMBER = "444455556666"
REGION = "us-east-1"
WHEN = datetime(2026, 3, 1, tzinfo=UTC)
TAGS = "resourcegroupstaggingapi.GetResources"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    with FakeAws() as started:
        for name, value in environment(started).items():
            monkeypatch.setenv(name, value)
        yield started
    forget_clients()


# Every row is asked in tests of the rows; here a few services show how all are read.
FEW = (
    *("bedrock", "bedrock-agent", "bedrock-agentcore-control", "comprehend", "iam", "lexv2-models"),
    *("organizations", "sagemaker"),
)


def look(before: Seen | None = None, **options: Any) -> Seen:
    options = {"services": FEW, **options}
    network = NetworkSettings(max_attempts=2, connect_timeout_s=2, read_timeout_s=5)
    return scan(AwsHarness(), Stage(options=AwsOptions(**options), network=network), before)


def found(seen: Seen, part: str) -> list[Finding]:
    return [one for _, name, one in seen.findings if name == part]


def guardrail(number: int = 1, region: str = REGION, account: str = HOME) -> dict[str, Any]:
    return {
        "id": f"gr{number}",
        "arn": f"arn:aws:bedrock:{region}:{account}:guardrail/gr{number}",
        "status": "READY",
        "name": f"rail-{number}",
        "version": "DRAFT",
        "createdAt": WHEN,
        "updatedAt": WHEN,
    }


def endpoint(name: str, changed: datetime = WHEN) -> dict[str, Any]:
    return {
        "EndpointName": name,
        "EndpointArn": f"arn:aws:sagemaker:{REGION}:{HOME}:endpoint/{name}",
        "CreationTime": WHEN,
        "LastModifiedTime": changed,
        "EndpointStatus": "InService",
    }


def with_endpoints(fake: FakeAws, *names: str) -> None:
    fake.add("sagemaker", "ListEndpoints", *(endpoint(name) for name in names))
    fake.answer(
        "sagemaker",
        "DescribeEndpoint",
        lambda asked: {
            "EndpointName": asked["EndpointName"],
            "EndpointArn": f"arn:aws:sagemaker:{REGION}:{HOME}:endpoint/{asked['EndpointName']}",
            "EndpointConfigName": f"{asked['EndpointName']}-config",
            "EndpointStatus": "InService",
            "CreationTime": WHEN,
            "LastModifiedTime": WHEN,
        },
    )
    fake.answer(
        "sagemaker",
        "DescribeEndpointConfig",
        lambda asked: {
            "EndpointConfigName": asked["EndpointConfigName"],
            "EndpointConfigArn": f"arn:aws:sagemaker:{REGION}:{HOME}:endpoint-config/c",
            "ProductionVariants": [{"VariantName": "a", "ModelName": "fraud", "InitialInstanceCount": 1}],
            "CreationTime": WHEN,
        },
    )


def test_regions_come_from_the_account(fake: FakeAws) -> None:
    fake.regions[HOME] = ["eu-west-1", "us-east-1"]

    seen = look()

    assert [scope.key for scope in seen.scopes] == [
        f"aws:conformance/{HOME}/eu-west-1",
        f"aws:conformance/{HOME}/us-east-1",
        f"aws:conformance/{HOME}/global",
    ]


def test_configured_regions_are_not_asked_for(fake: FakeAws) -> None:
    seen = look(regions=("ap-south-1",))

    assert [scope.region for scope in seen.scopes] == ["ap-south-1", "global"]
    assert fake.named("ListRegions") == []


def test_only_configured_services_are_asked(fake: FakeAws) -> None:
    seen = look(services=("comprehend",))

    listings = {part.name for scope in seen.scopes for part in scope.parts if not part.details}
    assert {name.partition(".")[0] for name in listings} == {"comprehend"}


def test_without_list_regions_ec2_is_asked(fake: FakeAws) -> None:
    fake.regions[HOME] = ["eu-west-3"]
    fake.fail("account", "ListRegions", "AccessDeniedException")

    seen = look()

    assert [scope.region for scope in seen.scopes] == ["eu-west-3", "global"]


def test_regions_that_nobody_may_list_fail_the_listing_and_plan_nothing(fake: FakeAws) -> None:
    fake.fail("account", "ListRegions", "AccessDeniedException")
    fake.fail("ec2", "DescribeRegions", "UnauthorizedOperation")

    seen = look()

    assert seen.scopes == []
    assert seen.listing.status is PartStatus.DENIED
    assert "account:ListRegions" in seen.listing.reason


def test_missing_credentials_are_said_with_what_to_do(fake: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    seen = look()

    assert seen.listing.status is PartStatus.DENIED
    assert "AWS_PROFILE" in seen.listing.reason


def test_an_unknown_profile_is_a_configuration_error(fake: FakeAws) -> None:
    with pytest.raises(ConfigError, match="nobody"):
        look(profile="nobody")


def test_members_are_entered_by_role_with_the_external_id(
    fake: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_EXTERNAL_ID", "only-we-know-this")
    fake.external_ids[MEMBER] = "only-we-know-this"
    fake.regions[MEMBER] = [REGION]
    fake.add("bedrock", "ListGuardrails", guardrail(1))
    fake.add("bedrock", "ListGuardrails", guardrail(2, account=MEMBER), account=MEMBER)

    seen = look(
        accounts=(HOME, MEMBER), role_name="auditor", external_id=SecretRef("env", "ACME_EXTERNAL_ID")
    )

    assert {(one.account, one.name) for one in found(seen, "bedrock.ListGuardrails")} == {
        (HOME, "rail-1"),
        (MEMBER, "rail-2"),
    }
    assert [call.params["RoleArn"] for call in fake.named("AssumeRole")] == [
        f"arn:aws:iam::{MEMBER}:role/auditor"
    ]
    assert "only-we-know-this" not in repr(seen)
    policies = [scope for scope, part in seen.parts if part == "organizations.ListPolicies"]
    assert policies == [f"aws:conformance/{HOME}/global"], "members cannot read the organisation's policies"


def test_a_role_without_credentials_is_an_answer_nobody_can_use(fake: FakeAws) -> None:
    fake.regions[HOME] = ["eu-west-1"]
    fake.mute_accounts.add(MEMBER)

    seen = look(accounts=(MEMBER, HOME), role_name="auditor")

    entered = [one for key, one in seen.parts.items() if f"/{MEMBER}/" in key[0] and one.requests]
    failed = [one.reason for one in seen.parts.values() if one.status is PartStatus.FAILED]
    assert not any(one.count for one in entered)
    assert failed
    assert [one for one in failed if "without credentials. Check AWS_ENDPOINT_URL" not in one] == []


def test_an_account_that_cannot_be_entered_stays_visible(fake: FakeAws) -> None:
    fake.regions[HOME] = ["eu-west-1", "us-east-1"]
    fake.closed_accounts.add(MEMBER)
    fake.add("bedrock", "ListGuardrails", guardrail(1))

    seen = look(services=("bedrock",), accounts=(MEMBER, HOME), role_name="auditor")

    (closed,) = [scope for scope in seen.scopes if scope.account == MEMBER]
    assert seen.listing.status is PartStatus.COMPLETE
    assert closed.left_out is not None
    assert (closed.region, closed.left_out.status) == (None, PartStatus.DENIED)
    assert "cannot be assumed" in closed.left_out.reason
    assert "check the external id" in closed.left_out.reason
    assert [one.name for one in found(seen, "bedrock.ListGuardrails")] == ["rail-1"]
    assert len(fake.named("AssumeRole")) == 1, "one refusal is enough to know"


def test_a_member_without_a_role_name_is_refused_without_a_call(fake: FakeAws) -> None:
    seen = look(accounts=(MEMBER,), regions=(REGION,))

    assert "role_name" in next(iter(seen.parts.values())).reason
    assert fake.named("AssumeRole") == []


def test_a_denied_operation_names_the_iam_action_and_strikes_one_region(fake: FakeAws) -> None:
    fake.regions[HOME] = ["eu-west-1", "us-east-1"]
    fake.fail("lexv2-models", "ListBots", "AccessDeniedException", region="eu-west-1")

    seen = look(services=("lexv2-models",))

    bad = {key: one for key, one in seen.parts.items() if one.status is not PartStatus.COMPLETE}
    assert list(bad) == [(f"aws:conformance/{HOME}/eu-west-1", "lexv2-models.ListBots")]
    assert "lex:ListBots" in next(iter(bad.values())).reason


def test_a_region_not_opted_in_is_no_wrong_key(fake: FakeAws) -> None:
    fake.fail("", "", "UnrecognizedClientException", region="me-central-1")

    seen = look(regions=("me-central-1",))

    there = [one for (scope, _), one in seen.parts.items() if scope.endswith("me-central-1")]
    assert {one.status for one in there if one.requests} == {PartStatus.NOT_OPTED_IN}


def test_a_web_page_with_status_200_is_not_an_empty_list(fake: FakeAws) -> None:
    fake.bodies["comprehend", "ListEndpoints"] = b"<html>sign in to the guest network</html>"
    fake.bodies["bedrock", "ListPromptRouters"] = b"<html>sign in to the guest network</html>"
    fake.bodies["bedrock", "ListImportedModels"] = b'{"modelSummaries": {"a": 1}}'

    seen = look(services=("bedrock", "comprehend"))

    bad = {part for (_, part), one in seen.parts.items() if one.status is PartStatus.FAILED}
    assert bad == {"comprehend.ListEndpoints", "bedrock.ListPromptRouters", "bedrock.ListImportedModels"}


def test_an_item_that_a_moving_listing_shows_twice_is_one(fake: FakeAws) -> None:
    fake.add("bedrock", "ListGuardrails", guardrail(1), guardrail(2), guardrail(1))

    seen = look(services=("bedrock",))

    assert [one.name for one in found(seen, "bedrock.ListGuardrails")] == ["rail-1", "rail-2"]


def test_an_item_without_identity_leaves_the_part_incomplete(fake: FakeAws) -> None:
    fake.add("sagemaker", "ListDomains", {"DomainName": "nameless"})

    seen = look(services=("sagemaker",))

    part = seen.parts[seen.scopes[0].key, "sagemaker.ListDomains"]
    assert part.status is PartStatus.INCOMPLETE
    assert part.count == 0


def test_children_of_a_denied_parent_are_not_complete(fake: FakeAws) -> None:
    fake.fail("bedrock-agentcore-control", "ListGateways", "AccessDeniedException")

    seen = look(services=("bedrock-agentcore-control",))

    scope = seen.scopes[0].key
    assert seen.parts[scope, "bedrock-agentcore-control.ListGateways"].status is PartStatus.DENIED
    assert seen.parts[scope, "bedrock-agentcore-control.ListGatewayRules"].status is PartStatus.INCOMPLETE
    assert seen.parts[scope, "bedrock-agentcore-control.ListPolicies"].status is PartStatus.COMPLETE


def test_an_endpoint_is_linked_to_the_model_it_serves(fake: FakeAws) -> None:
    with_endpoints(fake, "scoring")

    seen = look(services=("sagemaker",))

    (detail,) = found(seen, "sagemaker.ListEndpoints#details")
    target = NaturalKey(namespace="aws/arn", key=f"arn:aws:sagemaker:{REGION}:{HOME}:model/fraud")
    assert detail.links == (Link(relation=RelationKind.USES_MODEL, target=target),)
    assert detail.attributes["config"] == "scoring-config"
    assert detail.natural_key == found(seen, "sagemaker.ListEndpoints")[0].natural_key


def test_only_what_changed_is_described_again(fake: FakeAws) -> None:
    with_endpoints(fake, "a", "b")
    first = look(services=("sagemaker",))
    fake.remove("sagemaker", "ListEndpoints", lambda item: item["EndpointName"] == "b")
    fake.add("sagemaker", "ListEndpoints", endpoint("b", WHEN + timedelta(days=1)))
    fake.calls.clear()

    second = look(services=("sagemaker",), before=first)

    assert [call.params["EndpointName"] for call in fake.named("DescribeEndpoint")] == ["b"]
    assert [one.name for one in found(second, "sagemaker.ListEndpoints")] == ["b"]
    assert len(fake.named("GetResources")) == 1
    assert len(fake.named("GetResources")[0].params["ResourceARNList"]) == 1


def test_a_volatile_field_changes_nothing(fake: FakeAws) -> None:
    plan = aws_samples.item(aws_rows.load().row("sagemaker", "ListTrainingPlans"), 1)
    fake.add("sagemaker", "ListTrainingPlans", plan, strict=False)
    first = look(services=("sagemaker",))
    fake.remove("sagemaker", "ListTrainingPlans", lambda item: True)
    fake.add("sagemaker", "ListTrainingPlans", {**plan, "AvailableInstanceCount": 99}, strict=False)

    second = look(services=("sagemaker",), before=first)

    assert found(second, "sagemaker.ListTrainingPlans") == []


def test_a_detail_that_failed_is_tried_again(fake: FakeAws) -> None:
    with_endpoints(fake, "a", "b")
    fake.fail("sagemaker", "DescribeEndpoint", "ValidationException", status=400, times=1)
    first = look(services=("sagemaker",))
    fake.calls.clear()

    look(services=("sagemaker",), before=first)

    part = first.parts[first.scopes[0].key, "sagemaker.ListEndpoints#details"]
    assert part.status is PartStatus.COMPLETE
    assert [locator for locator, _ in part.exceptions] == [f"arn:aws:sagemaker:{REGION}:{HOME}:endpoint/a"]
    assert [call.params["EndpointName"] for call in fake.named("DescribeEndpoint")] == ["a"]


def test_details_that_are_all_denied_end_the_part_as_denied(fake: FakeAws) -> None:
    with_endpoints(fake, *"abcdef")
    fake.fail("sagemaker", "DescribeEndpoint", "AccessDeniedException")

    seen = look(services=("sagemaker",))

    part = seen.parts[seen.scopes[0].key, "sagemaker.ListEndpoints#details"]
    assert part.status is PartStatus.DENIED
    assert "sagemaker:DescribeEndpoint" in part.reason
    assert len(fake.named("DescribeEndpoint")) == 3
    assert len(found(seen, "sagemaker.ListEndpoints")) == 6


def test_a_thing_deleted_since_it_was_listed_is_no_failure(fake: FakeAws) -> None:
    fake.add("sagemaker", "ListEndpoints", endpoint("gone"))
    fake.answer("sagemaker", "DescribeEndpoint", lambda _: None)

    seen = look(services=("sagemaker",))

    part = seen.parts[seen.scopes[0].key, "sagemaker.ListEndpoints#details"]
    assert (part.status, part.count, part.exceptions) == (PartStatus.COMPLETE, 0, ())


def test_details_and_tags_are_read_again_after_a_week_and_not_all_on_one_day(fake: FakeAws) -> None:
    with_endpoints(fake, *(f"e{number}" for number in range(30)))
    first = look()
    now = datetime.now(UTC)

    due = {day: set(_read_at(first, now + timedelta(days=day))) for day in (0, 3, 7)}

    assert due[0] == set()
    assert len(due[7]) == 30
    assert 0 < len(due[3]) < 30


def test_tags_name_owner_and_application_in_any_spelling(fake: FakeAws) -> None:
    fake.add("bedrock", "ListGuardrails", guardrail(1))
    tags = {"owner_email": "ada@acme.example", "Team": "terraform", "App-Name": "claims", "aws:x": "y"}
    _tag(fake, {guardrail(1)["arn"]: tags})

    (tagged,) = found(look(services=("bedrock",)), TAGS)

    assert tagged.tags == tags
    assert [(one.candidate, one.confidence) for one in tagged.owner_hints] == [("ada@acme.example", 0.9)]
    assert tagged.application == "claims"
    assert tagged.kind == "guardrail"


def test_tags_are_asked_for_a_hundred_at_a_time(fake: FakeAws) -> None:
    fake.add("bedrock", "ListGuardrails", *(guardrail(number) for number in range(250)))
    _tag(fake, {})

    seen = look(services=("bedrock",))

    assert [len(call.params["ResourceARNList"]) for call in fake.named("GetResources")] == [100, 100, 50]
    assert len(found(seen, TAGS)) == 250


def test_one_arn_that_is_refused_does_not_cost_the_others_their_tags(fake: FakeAws) -> None:
    fake.add("bedrock", "ListGuardrails", *(guardrail(number) for number in range(5)))
    bad = guardrail(3)["arn"]
    _tag(fake, {guardrail(4)["arn"]: {"team": "risk"}})
    fake.refuse_if = lambda call: bad in call.params.get("ResourceARNList", ())

    seen = look(services=("bedrock",))

    part = seen.parts[seen.scopes[0].key, TAGS]
    assert [locator for locator, _ in part.exceptions] == [bad]
    assert len(found(seen, TAGS)) == 4
    assert [one.candidate for one in found(seen, TAGS)[-1].owner_hints] == ["risk"]


def test_tags_of_another_accounts_model_are_not_asked_for(fake: FakeAws) -> None:
    row = aws_rows.load().row("bedrock", "ListCustomModels")
    fake.add("bedrock", "ListCustomModels", aws_samples.item(row, 1, account="999999999999"), strict=False)

    seen = look(services=("bedrock",))

    assert [one.account for one in found(seen, "bedrock.ListCustomModels")] == ["999999999999"]
    assert fake.named("GetResources") == []


def test_environment_values_and_prompts_are_dropped_but_the_model_stays(fake: FakeAws) -> None:
    aws_samples.fill(fake)

    seen = look(services=("sagemaker",))

    (model,) = found(seen, "sagemaker.ListModels#details")
    assert model.model == "acme/claims-llm"
    assert model.attributes["environment_keys"] == ["GREETING", "HF_MODEL_ID", "OPENAI_API_KEY"]
    assert aws_samples.CANARY not in repr(seen)


def test_creators_become_owner_hints(fake: FakeAws) -> None:
    aws_samples.fill(fake)

    (card,) = found(look(services=("sagemaker",)), "sagemaker.ListModelCards#details")

    assert {one.source for one in card.owner_hints} == {"creator"}


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"accounts": ["12"]}, "pattern"),
        ({"regions": ["europe"]}, "pattern"),
        ({"external_id": "plain-text"}, "secret"),
        ({"role_name": "a role"}, "pattern"),
        ({"acounts": []}, "Extra inputs"),
        ({"services": ["sagemarker"]}, "no such service: sagemarker; known: .*sagemaker"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        AwsOptions(**options)


def _tag(fake: FakeAws, tags: dict[str, dict[str, str]]) -> None:
    def answer(asked: Any) -> dict[str, Any]:
        wanted = {arn: tags[arn] for arn in asked["ResourceARNList"] if arn in tags}
        pairs = {
            arn: [{"Key": key, "Value": value} for key, value in some.items()] for arn, some in wanted.items()
        }
        return {"ResourceTagMappingList": [{"ResourceARN": arn, "Tags": some} for arn, some in pairs.items()]}

    fake.answer("resourcegroupstaggingapi", "GetResources", answer)


def _read_at(first: Seen, moment: datetime) -> Iterator[str]:
    """Yield the names that a scan at another time describes again."""
    scope = first.scopes[0]
    services = Services(
        connector=AwsConnector(),
        instance="conformance",
        options=AwsOptions(services=FEW),
        network=NetworkSettings(max_attempts=2),
        previous=no_previous,
        cache=NoCache(),
        clock=lambda: moment,
    )
    ctx = RunContext(replace(services, previous=first.previous_of(scope)), scope, lambda part, result: None)
    for one in AwsConnector().scan(ctx):
        if not isinstance(one, Unchanged) and one.evidence[0].source.endswith("#details"):
            yield one.name

"""What the metrics of a region show to be used."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from connectors.context import forget_clients
from connectors.model import PartStatus
from tests.aws_use_looks import NOW, RUNTIME, SCOPE, USE, again, found, look
from tests.aws_use_samples import CLAUDE, REGION, Metrics
from tests.fakes_aws import HOME, FakeAws
from tests.harness_aws import environment

MANTLE = "cloudwatch.ListMetrics#AWS/BedrockMantle"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    with FakeAws() as started:
        for name, value in environment(started).items():
            monkeypatch.setenv(name, value)
        yield started
    forget_clients()


def profile(number: int) -> dict[str, Any]:
    arn = f"arn:aws:bedrock:{REGION}:{HOME}:application-inference-profile/abc{number}"
    return {
        "inferenceProfileName": f"claims-{number}",
        "inferenceProfileArn": arn,
        "models": [{"modelArn": f"arn:aws:bedrock:{REGION}::foundation-model/{CLAUDE}"}],
        "inferenceProfileId": f"abc{number}",
        "status": "ACTIVE",
        "type": "APPLICATION",
    }


def test_a_model_with_metrics_is_a_model_in_use_however_it_was_called(fake: FakeAws) -> None:
    metrics = Metrics(fake)
    metrics.add("AWS/Bedrock", ModelId=CLAUDE)
    metrics.add("AWS/Bedrock", ModelId=f"us.{CLAUDE}")
    metrics.add("AWS/Bedrock", ModelId=f"arn:aws:bedrock:{REGION}::foundation-model/{CLAUDE}")
    metrics.add("AWS/Bedrock", ModelId="stability.sd3-large-v1:0", ImageSize="1024")
    metrics.add("AWS/Bedrock")

    seen = look()

    claude, images = found(seen, RUNTIME)
    assert (claude.kind, claude.name, claude.model, claude.grade) == ("model", CLAUDE, CLAUDE, "live")
    assert claude.natural_key.key == f"aws:{HOME}:{REGION}:{CLAUDE}"
    assert (claude.account, claude.region) == (HOME, REGION)
    assert claude.attributes["bedrock_runtime"] is True
    assert claude.attributes["used_within_days"] == 14
    assert images.name == "stability.sd3-large-v1:0"


def test_models_of_the_mantle_endpoint_are_seen_with_their_projects(fake: FakeAws) -> None:
    metrics = Metrics(fake)
    metrics.add("AWS/BedrockMantle")
    metrics.add("AWS/BedrockMantle", Model="openai.gpt-oss-120b")
    metrics.add("AWS/BedrockMantle", Model="openai.gpt-oss-120b", Project="proj_claims")
    metrics.add("AWS/BedrockMantle", Project="proj_claims")

    (model,) = found(look(), MANTLE)

    assert model.model == "openai.gpt-oss-120b"
    assert model.attributes["projects"] == ["proj_claims"]
    assert model.attributes["bedrock_mantle"] is True


def test_all_pages_of_metrics_are_read(fake: FakeAws) -> None:
    metrics = Metrics(fake)
    metrics.page_size = 2
    for number in range(7):
        metrics.add("AWS/Bedrock", ModelId=f"acme.model-{number}")

    seen = look()

    assert len(found(seen, RUNTIME)) == 7


def test_a_model_seen_in_the_last_hours_was_used_today(fake: FakeAws) -> None:
    metrics = Metrics(fake)
    metrics.add("AWS/Bedrock", ModelId=CLAUDE)
    metrics.add("AWS/Bedrock", ModelId="acme.quiet")
    metrics.recent.add(CLAUDE)

    claude, quiet = sorted(found(look(), RUNTIME), key=lambda one: one.name, reverse=True)

    assert claude.usage
    assert claude.usage.last_used_at
    assert NOW - claude.usage.last_used_at < timedelta(days=1, hours=3)
    assert quiet.usage is None


def test_the_day_of_the_last_use_is_kept_while_the_metric_stands(fake: FakeAws) -> None:
    metrics = Metrics(fake)
    metrics.add("AWS/Bedrock", ModelId=CLAUDE)
    metrics.recent.add(CLAUDE)

    _, first = again(USE, None)
    metrics.recent.clear()
    shown, _ = again(USE, first)

    (model,) = [one for one in shown if one.evidence[0].source == RUNTIME]
    assert model.usage
    assert model.usage.last_used_at


def test_what_a_metric_names_by_id_is_the_profile_that_was_listed(fake: FakeAws) -> None:
    fake.add("bedrock", "ListInferenceProfiles", profile(1), strict=False)
    metrics = Metrics(fake)
    metrics.add("AWS/Bedrock", ModelId="abc1")
    metrics.add("AWS/Bedrock", ModelId="abc2")

    seen = look(None, "bedrock")

    (one,) = found(seen, RUNTIME)
    assert one.kind == "model_endpoint"
    assert one.natural_key.key.endswith(":application-inference-profile/abc1")
    assert seen.parts[SCOPE, RUNTIME].status is PartStatus.COMPLETE


def test_use_of_what_could_not_be_listed_is_held_and_not_forgotten(fake: FakeAws) -> None:
    fake.fail("bedrock", "ListInferenceProfiles", "AccessDeniedException")
    Metrics(fake).add("AWS/Bedrock", ModelId="abc1")

    seen = look(None, "bedrock")

    assert found(seen, RUNTIME) == []
    assert [one for one, _ in seen.parts[SCOPE, RUNTIME].exceptions] == ["abc1"]


def test_what_the_account_itself_has_no_more_is_not_shown_by_its_metric(fake: FakeAws) -> None:
    gone = f"arn:aws:bedrock:{REGION}:{HOME}:provisioned-model/deleted1"
    Metrics(fake).add("AWS/Bedrock", ModelId=gone)

    seen = look(None, "bedrock")

    assert found(seen, RUNTIME) == []
    assert seen.parts[SCOPE, RUNTIME].status is PartStatus.COMPLETE


def test_endpoints_agents_and_runtimes_show_that_they_are_called(fake: FakeAws) -> None:
    agent = {"agentId": "AGENT1", "agentName": "claims", "agentStatus": "PREPARED", "updatedAt": NOW}
    endpoint = {
        "EndpointName": "Fraud-Scoring",
        "EndpointArn": f"arn:aws:sagemaker:{REGION}:{HOME}:endpoint/fraud-scoring",
        "CreationTime": NOW,
        "LastModifiedTime": NOW,
        "EndpointStatus": "InService",
    }
    fake.add("bedrock-agent", "ListAgents", agent, strict=False)
    fake.add("sagemaker", "ListEndpoints", endpoint)
    metrics = Metrics(fake)
    alias = f"arn:aws:bedrock:{REGION}:{HOME}:agent-alias/AGENT1/TSTALIASID"
    metrics.add("AWS/Bedrock/Agents", Operation="InvokeAgent", AgentAliasArn=alias, ModelId=CLAUDE)
    metrics.add("AWS/SageMaker", EndpointName="Fraud-Scoring", VariantName="a")
    metrics.add("AWS/SageMaker", EndpointName="deleted-last-week", VariantName="a")

    seen = look(None, "bedrock-agent", "sagemaker")

    (invoked,) = found(seen, "cloudwatch.ListMetrics#AWS/Bedrock/Agents")
    (scored,) = found(seen, "cloudwatch.ListMetrics#AWS/SageMaker")
    assert invoked.natural_key.key == f"arn:aws:bedrock:{REGION}:{HOME}:agent/AGENT1"
    assert scored.natural_key.key == endpoint["EndpointArn"]
    assert scored.grade == "live"


def test_a_ready_service_is_one_asset_of_the_account_with_its_operations(fake: FakeAws) -> None:
    fake.regions[HOME] = ["eu-west-1", REGION]
    for region in fake.regions[HOME]:
        Metrics(fake, region=region).add("AWS/Textract", Operation="AnalyzeDocument")

    seen = look()

    both = found(seen, "cloudwatch.ListMetrics#AWS/Textract")
    assert {one.natural_key.key for one in both} == {f"aws:{HOME}:textract"}
    assert {one.evidence[0].locator.rpartition(" ")[2] for one in both} == {"eu-west-1", REGION}
    assert both[0].kind == "ai_service"
    assert both[0].name == "Amazon Textract"
    assert both[0].attributes["operations"] == ["AnalyzeDocument"]

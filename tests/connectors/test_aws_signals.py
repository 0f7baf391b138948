"""What prepares the use of AI: private ways to it, and models that were bought."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.context import forget_clients
from tests.aws_use_looks import NOW, found, look
from tests.aws_use_samples import REGION
from tests.fakes_aws import FakeAws
from tests.harness_aws import environment


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    with FakeAws() as started:
        for name, value in environment(started).items():
            monkeypatch.setenv(name, value)
        yield started
    forget_clients()


def endpoint_to(service: str, number: int, state: str = "Available") -> dict[str, Any]:
    return {"VpcEndpointId": f"vpce-{number}", "ServiceName": service, "State": state, "VpcId": "vpc-1"}


def test_private_ways_to_ai_services_are_connections_and_others_are_not_shown(fake: FakeAws) -> None:
    names = ("bedrock-runtime", "sagemaker.runtime", "s3", "sqs", "bedrock-agentcore.gateway")
    made = [endpoint_to(f"com.amazonaws.{REGION}.{name}", number) for number, name in enumerate(names)]
    gone = endpoint_to(f"com.amazonaws.{REGION}.bedrock", 9, "Deleted")
    fake.add("ec2", "DescribeVpcEndpoints", *made, gone)

    seen = look(services=("ec2",))

    shown = {one.name.rpartition(f"{REGION}.")[2]: one for one in found(seen, "ec2.DescribeVpcEndpoints")}
    assert set(shown) == {"bedrock-runtime", "sagemaker.runtime", "bedrock-agentcore.gateway"}
    assert {one.kind for one in shown.values()} == {"connection"}
    assert {one.grade for one in shown.values()} == {"configured"}


def agreement(number: int, kind: str, status: str = "ACTIVE") -> dict[str, Any]:
    return {
        "agreementId": f"agmt-{number}",
        "status": status,
        "startTime": NOW,
        "proposer": {"accountId": "999988887777"},
        "proposalSummary": {"offerId": "offer-1", "resources": [{"id": f"prod-{number}", "type": kind}]},
    }


def test_models_bought_in_the_marketplace_are_subscriptions(fake: FakeAws) -> None:
    made = agreement(1, "MachineLearningProduct"), agreement(2, "SaaSProduct")
    fake.add(
        "marketplace-agreement",
        "SearchAgreements",
        *made,
        agreement(3, "MachineLearningProduct", "EXPIRED"),
        strict=False,
    )

    seen = look(services=("marketplace-agreement",))

    (bought,) = found(seen, "marketplace-agreement.SearchAgreements")
    assert (bought.kind, bought.name) == ("subscription", "agmt-1")
    assert bought.attributes["products"] == ["prod-1"]
    asked = fake.named("SearchAgreements")[0].params["filters"]
    assert {one["name"]: one["values"] for one in asked}["PartyType"] == ["Acceptor"]

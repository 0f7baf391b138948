"""The AWS fake is strict, and mixes with a moto server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from connectors.aws import AwsOptions
from connectors.clients.network import NetworkSettings
from connectors.context import forget_clients
from tests.conformance import Seen, Stage, scan
from tests.fakes_aws import FakeAws
from tests.harness_aws import AwsHarness

WHEN = datetime(2026, 3, 1, tzinfo=UTC)
GOOD: dict[str, Any] = {
    "id": "gr1",
    "arn": "arn:aws:bedrock:us-east-1:111122223333:guardrail/gr1",
    "status": "READY",
    "name": "rail",
    "version": "1",
    "createdAt": WHEN,
    "updatedAt": WHEN,
}
MANAGEMENT = "123456789012"
MEMBER = "444455556666"


@pytest.mark.parametrize(
    "change",
    [
        {"colour": "red"},
        {"status": "PERHAPS"},
        {"name": 7},
        {"createdAt": "yesterday"},
        {"arn": "arn:aws:bedrock:us-east-1:111122223333:agent/gr1"},
    ],
    ids=["unknown member", "wrong enum", "wrong type", "wrong time", "wrong arn"],
)
def test_an_item_that_aws_could_not_send_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"bedrock\.ListGuardrails"):
        FakeAws().add("bedrock", "ListGuardrails", {**GOOD, **change})


def test_an_item_that_lacks_a_required_member_is_refused() -> None:
    with pytest.raises(ValueError, match="missing"):
        FakeAws().add("bedrock", "ListGuardrails", {"id": "gr1"})


@pytest.fixture
def mixed(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[FakeAws, str]]:
    """Start moto, and the fake before it."""
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    upstream = f"http://{host}:{port}"
    with FakeAws(upstream=upstream) as fake:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        monkeypatch.setenv("AWS_ENDPOINT_URL", fake.base_url)
        fake.hold_everything_but_moto()
        yield fake, upstream
    forget_clients()
    moto.stop()


def test_what_moto_made_in_two_accounts_is_found_through_the_fake(mixed: tuple[FakeAws, str]) -> None:
    fake, upstream = mixed
    _notebook(boto3.Session(), upstream, "head-office")
    _notebook(_member_session(upstream), upstream, "branch")
    for account in (MANAGEMENT, MEMBER):
        fake.regions[account] = ["us-east-1"]
    arn = GOOD["arn"].replace("111122223333", MEMBER)
    fake.add("bedrock", "ListGuardrails", {**GOOD, "arn": arn}, account=MEMBER)

    options = AwsOptions(accounts=(MANAGEMENT, MEMBER), role_name="auditor")
    seen: Seen = scan(AwsHarness(), Stage(options=options, network=NetworkSettings(max_attempts=1)))

    listed = {
        (one.account, one.name) for _, part, one in seen.findings if part == "sagemaker.ListNotebookInstances"
    }
    rails = [one.account for _, part, one in seen.findings if part == "bedrock.ListGuardrails"]
    bad = {key: one.reason for key, one in seen.parts.items() if one.status != "complete"}
    assert bad == {}
    assert listed == {(MANAGEMENT, "head-office"), (MEMBER, "branch")}
    assert rails == [MEMBER]


def _notebook(session: boto3.Session, url: str, name: str) -> None:
    client = session.client("sagemaker", region_name="us-east-1", endpoint_url=url)
    client.create_notebook_instance(
        NotebookInstanceName=name,
        InstanceType="ml.t3.medium",
        RoleArn=f"arn:aws:iam::{MANAGEMENT}:role/notebook",
    )


def _member_session(url: str) -> boto3.Session:
    sts = boto3.client("sts", region_name="us-east-1", endpoint_url=url)
    keys = sts.assume_role(RoleArn=f"arn:aws:iam::{MEMBER}:role/admin", RoleSessionName="test")["Credentials"]
    return boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])

"""Look at what evidence of use shows in a fake AWS account, and seed what the tests of it share."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from connectors.aws import AwsOptions
from connectors.clients.network import NetworkSettings
from connectors.model import Finding, Scope
from connectors.outcome import PartBatch, ScopeOutcome
from connectors.runner import PackedState, ScopeJob, list_scopes, run_scope
from tests.aws_use_samples import REGION
from tests.conformance import Seen, Stage, scan
from tests.fakes_aws import HOME, FakeAws
from tests.fakes_aws_wire import output_shape
from tests.harness_aws import AwsHarness

NOW = datetime.now(UTC)
USE = ("cloudwatch", "cloudtrail", "iam")
RUNTIME = "cloudwatch.ListMetrics#AWS/Bedrock"
CALLS = "cloudtrail.LookupEvents#bedrock"
COULD = "iam.GetAccountAuthorizationDetails"
SCOPE = f"aws:conformance/{HOME}/{REGION}"
ADA = f"arn:aws:sts::{HOME}:assumed-role/AWSReservedSSO_dev_0123/ada@acme.example"
APP = f"arn:aws:sts::{HOME}:assumed-role/claims-app/i-0abc"


def look(before: Seen | None = None, *more: str, **options: Any) -> Seen:
    """Scan the whole account, with the services of evidence and ``more``."""
    network = NetworkSettings(max_attempts=2, connect_timeout_s=2, read_timeout_s=5)
    stage = Stage(options=AwsOptions(**{"services": (*USE, *more), **options}), network=network)
    return scan(AwsHarness(), stage, before)


def found(seen: Seen, part: str) -> list[Finding]:
    """Return what a part showed."""
    return [one for _, name, one in seen.findings if name == part]


def again(services: tuple[str, ...], before: ScopeOutcome | None) -> tuple[list[Finding], ScopeOutcome]:
    """Scan the region as the next scan does that knows what the parts kept, but no fingerprints."""
    kept = {name: one.state for name, one in before.parts.items()} if before else {}
    job = ScopeJob(
        connector="aws",
        instance="main",
        scope=Scope(connector="aws", instance="main", ids=(), parts=()),
        options=AwsOptions(services=services),
        network=NetworkSettings(max_attempts=1),
        previous_state=PackedState(kept),
    )
    scopes, _ = list_scopes(job)
    batches: list[PartBatch] = []
    scope = next(one for one in scopes or () if one.region == REGION)
    outcome = run_scope(replace(job, scope=scope), batches.append)
    return [one for batch in batches for one in batch.findings], outcome


def value_of(params: Any) -> str:
    """Return what a look-up asked for."""
    return str(params["LookupAttributes"][0]["AttributeValue"])


def agent(fake: FakeAws, *names: str, role: str) -> None:
    """Hold agents that run as one role."""
    for name in names:
        item = {"agentId": name, "agentName": name, "agentStatus": "PREPARED", "updatedAt": NOW}
        fake.add("bedrock-agent", "ListAgents", item, strict=False)

    def answer(asked: Any) -> dict[str, Any]:
        arn = f"arn:aws:iam::{HOME}:role/{role}"
        return {"agent": {"agentId": asked["agentId"], "agentResourceRoleArn": arn}}

    fake.answer("bedrock-agent", "GetAgent", answer)
    lists = ("AgentAliases", "AgentActionGroups", "AgentKnowledgeBases", "AgentCollaborators")
    for name in lists:
        result = output_shape("bedrock-agent", f"List{name}").required_members[0]
        fake.answer("bedrock-agent", f"List{name}", {result: []})

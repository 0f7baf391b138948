"""Put into a fake what tells who may answer for its things: tags, a stack, contacts, CloudTrail's events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tests.fakes_aws import FakeAws

_WHEN = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def fill(fake: FakeAws, *, canary: str, account: str, region: str) -> None:
    """Hold owners' evidence for one account and region; ``canary`` stands where nothing may be kept."""
    stack_id = f"arn:aws:cloudformation:{region}:{account}:stack/claims/1f0c"
    stack = {
        "StackId": stack_id,
        "StackName": "claims",
        "CreationTime": _WHEN,
        "StackStatus": "CREATE_COMPLETE",
        "Parameters": [{"ParameterKey": "Password", "ParameterValue": canary}],
        "Outputs": [{"OutputKey": "Url", "OutputValue": canary}],
        "Tags": [{"Key": "Team", "Value": "risk@acme.example"}, {"Key": "git-repo", "Value": "acme/claims"}],
    }
    contact = {"EmailAddress": "ops@acme.example", "Name": "Ops", "Title": "Ops", "PhoneNumber": canary}
    tags = {
        "Owner": "ada@acme.example",
        "Application": "claims",
        "aws:cloudformation:stack-id": stack_id,
    }
    where = {"account": account, "region": region}
    fake.answer("resourcegroupstaggingapi", "GetResources", lambda asked: _tagged(asked, tags), **where)
    fake.answer("cloudformation", "DescribeStacks", {"Stacks": [stack]}, **where)
    fake.answer("account", "GetAlternateContact", lambda asked: {"AlternateContact": contact}, **where)
    fake.answer("cloudtrail", "LookupEvents", lambda asked: {"Events": events(asked, canary)}, **where)


def events(asked: Mapping[str, Any], canary: str) -> list[dict[str, Any]]:
    """Return the history's answer to one question about what was made; empty for all others."""
    (attribute,) = asked["LookupAttributes"]
    name = attribute["AttributeValue"]
    if attribute["AttributeKey"] != "EventName" or not name.startswith("Create"):
        return []
    record = {
        "eventName": name,
        "eventSource": "bedrock.amazonaws.com",
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/ada", "userName": "ada"},
        "requestParameters": {"instruction": canary, "name": "somebody-elses"},
    }
    return [{"EventId": "e", "EventName": name, "EventTime": _WHEN, "CloudTrailEvent": json.dumps(record)}]


def _tagged(asked: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    arns = asked.get("ResourceARNList") or ()
    return {"ResourceTagMappingList": [{"ResourceARN": arn, "Tags": pairs} for arn in arns]}

"""Seed a fake AWS with evidence of use: metrics, CloudTrail events, IAM policies, the bill."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from tests.fakes_aws import HOME, FakeAws

REGION = "us-east-1"
CLAUDE = "anthropic.claude-sonnet-4-20250514-v1:0"


class Metrics:
    """What CloudWatch lists: dimensions by namespace; ``recent`` are the values seen in the last hours."""

    def __init__(self, fake: FakeAws, *, account: str = HOME, region: str = REGION) -> None:
        self.held: dict[str, list[dict[str, str]]] = {}
        self.recent: set[str] = set()
        self.page_size = 500
        fake.answer("cloudwatch", "ListMetrics", self._answer, account=account, region=region)

    def add(self, namespace: str, **dimensions: str) -> None:
        """Hold a metric with its dimensions."""
        self.held.setdefault(namespace, []).append(dimensions)

    def _answer(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        held = self.held.get(asked["Namespace"], [])
        if asked.get("RecentlyActive"):
            held = [one for one in held if self.recent & set(one.values())]
        start = int(asked.get("NextToken") or 0)
        page = held[start : start + self.page_size]
        more = start + self.page_size
        return {
            "Metrics": [
                {
                    "Namespace": asked["Namespace"],
                    "MetricName": asked["MetricName"],
                    "Dimensions": [{"Name": name, "Value": value} for name, value in one.items()],
                }
                for one in page
            ],
            **({"NextToken": str(more)} if more < len(held) else {}),
        }


def identity(arn: str) -> dict[str, Any]:
    """Return the ``userIdentity`` of a call by a user or by a session of a role."""
    if ":assumed-role/" not in arn:
        return {"type": "IAMUser", "arn": arn, "userName": arn.rpartition("/")[2]}
    account, role = arn.split(":")[4], arn.split("/")[1]
    issuer = {"type": "Role", "arn": f"arn:aws:iam::{account}:role/{role}", "userName": role}
    return {"type": "AssumedRole", "arn": arn, "sessionContext": {"sessionIssuer": issuer}}


class Trail:
    """What CloudTrail's event history holds, newest first, fifty a page."""

    def __init__(self, fake: FakeAws, *, account: str = HOME, region: str = REGION) -> None:
        self.held: list[dict[str, Any]] = []
        fake.answer("cloudtrail", "LookupEvents", self._answer, account=account, region=region)

    def called(
        self,
        arn: str,
        at: datetime,
        *,
        model: str = "",
        name: str = "InvokeModel",
        source: str = "bedrock.amazonaws.com",
        **more: Any,
    ) -> None:
        """Hold one call; ``more`` are further members of the record."""
        record = {
            "eventName": name,
            "eventSource": source,
            "userIdentity": identity(arn),
            "requestParameters": {"modelId": model} if model else {},
            **more,
        }
        event = {"EventName": name, "EventSource": source, "EventTime": at}
        self.held.insert(0, {**event, "CloudTrailEvent": json.dumps(record)})

    def _answer(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        wanted = asked["LookupAttributes"][0]
        found = [
            one
            for one in self.held
            if one.get(wanted["AttributeKey"]) == wanted["AttributeValue"]
            and asked["StartTime"] <= one["EventTime"].timestamp() <= asked["EndTime"]
        ]
        start = int(asked.get("NextToken") or 0)
        more = start + 50
        return {"Events": found[start:more], **({"NextToken": str(more)} if more < len(found) else {})}


def policy(*statements: Mapping[str, Any]) -> str:
    """Return a policy document as IAM sends it."""
    return quote(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))


def allow(actions: str | Sequence[str], resources: str | Sequence[str] = "*", **more: Any) -> dict[str, Any]:
    """Return a statement that allows something."""
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


class Iam:
    """An account's users and roles with inline policies, groups and managed policies."""

    def __init__(self, fake: FakeAws, *, account: str = HOME, region: str = REGION) -> None:
        self.account = account
        self.users: list[dict[str, Any]] = []
        self.roles: list[dict[str, Any]] = []
        self.groups: list[dict[str, Any]] = []
        self.policies: list[dict[str, Any]] = []
        fake.answer("iam", "GetAccountAuthorizationDetails", self._answer, account=account, region=region)

    def user(self, name: str, *statements: Mapping[str, Any], groups: Iterable[str] = ()) -> None:
        """Add a user."""
        self.users.append({**self._principal("User", name, statements), "GroupList": list(groups)})

    def role(
        self,
        name: str,
        *statements: Mapping[str, Any],
        path: str = "/",
        attached: Iterable[str] = (),
        boundary: str = "",
    ) -> None:
        """Add a role; ``attached`` and ``boundary`` are ARNs of managed policies."""
        made = {**self._principal("Role", name, statements), "Path": path}
        made["AttachedManagedPolicies"] = [{"PolicyName": arn, "PolicyArn": arn} for arn in attached]
        if boundary:
            made["PermissionsBoundary"] = {"PermissionsBoundaryArn": boundary}
        self.roles.append(made)

    def group(self, name: str, *statements: Mapping[str, Any]) -> None:
        """Add a group."""
        self.groups.append(self._principal("Group", name, statements))

    def managed(self, arn: str, *statements: Mapping[str, Any]) -> None:
        """Add a managed policy whose default version is its second."""
        old = {"VersionId": "v1", "IsDefaultVersion": False, "Document": policy(allow("*"))}
        new = {"VersionId": "v2", "IsDefaultVersion": True, "Document": policy(*statements)}
        self.policies.append({"Arn": arn, "PolicyName": arn, "PolicyVersionList": [old, new]})

    def _principal(self, kind: str, name: str, statements: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        inline = [{"PolicyName": "inline", "PolicyDocument": policy(*statements)}] if statements else []
        arn = f"arn:aws:iam::{self.account}:{kind.lower()}/{name}"
        return {"Path": "/", f"{kind}Name": name, "Arn": arn, f"{kind}PolicyList": inline}

    def _answer(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        filters = {value for name, value in asked.items() if name.startswith("Filter.")}
        answer: dict[str, Any] = {"IsTruncated": False}
        if "User" in filters:
            answer["UserDetailList"] = self.users
        if "Role" in filters:
            answer["RoleDetailList"] = self.roles
        if "Group" in filters:
            answer["GroupDetailList"] = self.groups
        if "LocalManagedPolicy" in filters:
            answer["Policies"] = self.policies
        return answer


def fill(fake: FakeAws, *, account: str = HOME, region: str = REGION) -> None:
    """Show a model and a ready service in use, in one region."""
    metrics = Metrics(fake, account=account, region=region)
    metrics.add("AWS/Bedrock", ModelId=f"us.{CLAUDE}")
    metrics.add("AWS/Textract", Operation="AnalyzeDocument")

"""Who could do something: what policies allow, deny, bound and leave to conditions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.aws import AwsConnector, AwsOptions
from connectors.aws_iam import Could, grants_of, matches
from connectors.clients.aws import AwsClients, Place
from connectors.clients.network import NetworkSettings
from tests.aws_use_samples import Iam, allow
from tests.fakes_aws import HOME, FakeAws
from tests.harness_aws import environment

ACTION = "bedrock:InvokeModel"
MODEL = "arn:aws:bedrock:us-east-1::foundation-model/acme.claims"
BOUNDARY = f"arn:aws:iam::{HOME}:policy/boundary"
WHERE: dict[str, Any] = {"Condition": {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}}


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    with FakeAws() as started:
        for name, value in environment(started).items():
            monkeypatch.setenv(name, value)
        yield started


def who(resource: str = MODEL, action: str = ACTION) -> list[Could]:
    """Ask who could do an action on a resource, by the account's policies."""
    connector = AwsConnector()
    clients = AwsClients(
        connector.aws_settings(AwsOptions()),
        operations=connector.info.operations,
        network=NetworkSettings(max_attempts=1),
    )
    found = grants_of(clients, Place(account=HOME, region="us-east-1"), ["bedrock", "sagemaker"])
    clients.close()
    return found.who(action, resource)


def deny(actions: str, resources: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": actions, "Resource": resources, **more}


CASES: tuple[tuple[list[dict[str, Any]], bool | None], ...] = (
    ([allow("bedrock:InvokeModel")], False),
    ([allow("bedrock:Invoke*")], False),
    ([allow("BEDROCK:invokemodel")], False),
    ([allow("bedrock:InvokeMode?")], False),
    ([allow(["s3:GetObject", "bedrock:*"])], False),
    ([allow("bedrock:*", "arn:aws:bedrock:*::foundation-model/*")], False),
    ([allow("bedrock:*", "arn:aws:bedrock:*::foundation-model/other.*")], None),
    ([allow("bedrock:ListFoundationModels")], None),
    ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], False),
    ([{"Effect": "Allow", "NotAction": "bedrock:*", "Resource": "*"}], None),
    ([{"Effect": "Allow", "Action": "bedrock:*", "NotResource": "arn:aws:s3:::*"}], False),
    ([{"Effect": "Allow", "Action": "bedrock:*", "NotResource": MODEL}], None),
    ([allow("bedrock:*", **WHERE)], True),
    ([allow("bedrock:*", **WHERE), allow("bedrock:*")], False),
    ([allow("bedrock:*"), deny("bedrock:*")], None),
    ([allow("bedrock:*"), deny("bedrock:*", MODEL)], None),
    ([allow("bedrock:*"), deny("bedrock:*", "arn:aws:bedrock:*::foundation-model/other.*")], False),
    ([allow("bedrock:*"), deny("bedrock:*", **WHERE)], True),
    ([allow("bedrock:*"), {"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"}], None),
    ([allow("bedrock:*"), {"Effect": "Deny", "Action": "*", "NotResource": "arn:aws:s3:::*"}], True),
    ([allow("bedrock:*"), deny("s3:*")], False),
    ([deny("bedrock:*")], None),
)
"""Statements of one role, and whether it could within limits only (``None``: it could not)."""


def test_a_policy_allows_denies_or_leaves_it_to_conditions(fake: FakeAws) -> None:
    iam = Iam(fake)
    for number, (statements, _) in enumerate(CASES):
        iam.role(f"case-{number}", *statements)

    found = {one.name: one.is_limited for one in who()}

    wrong = {
        number: statements
        for number, (statements, is_limited) in enumerate(CASES)
        if found.get(f"role case-{number}") is not is_limited
    }
    assert wrong == {}


def test_rights_come_from_groups_and_from_the_default_version_of_managed_policies(fake: FakeAws) -> None:
    iam = Iam(fake)
    managed = f"arn:aws:iam::{HOME}:policy/invoke"
    iam.managed(managed, allow("bedrock:InvokeModel"))
    iam.managed(f"arn:aws:iam::{HOME}:policy/none", allow("s3:*"))
    iam.group("science", allow("bedrock:*"))
    iam.user("ada", groups=["science"])
    iam.user("eve", groups=["kitchen"])
    iam.role("app", attached=[managed])
    iam.role("web", attached=[f"arn:aws:iam::{HOME}:policy/none"])

    assert [one.name for one in who()] == ["role app", "user ada"]


def test_who_may_do_everything_is_told_apart(fake: FakeAws) -> None:
    iam = Iam(fake)
    iam.role("admin", allow("*"))
    iam.role("app", allow("bedrock:*"))

    assert {one.name: one.is_admin for one in who()} == {"role admin": True, "role app": False}


def test_a_boundary_limits_what_policies_allow(fake: FakeAws) -> None:
    iam = Iam(fake)
    cases: dict[str, tuple[list[dict[str, Any]] | None, bool | None]] = {
        "inside": ([allow("bedrock:*")], False),
        "conditions": ([allow("bedrock:*", **WHERE)], True),
        "outside": ([allow("s3:*")], None),
        "denied": ([allow("*"), deny("bedrock:*")], None),
        "unknown": (None, True),
    }
    for name, (inside, _) in cases.items():
        if inside is not None:
            iam.managed(f"{BOUNDARY}-{name}", *inside)
        iam.role(name, allow("bedrock:*"), boundary=f"{BOUNDARY}-{name}")

    found = {one.name.removeprefix("role "): one.is_limited for one in who()}

    assert found == {name: is_limited for name, (_, is_limited) in cases.items() if is_limited is not None}


def test_without_a_resource_it_is_enough_to_be_allowed_on_any(fake: FakeAws) -> None:
    Iam(fake).role("app", allow("bedrock:*", "arn:aws:bedrock:*::foundation-model/other.*"))

    assert [one.name for one in who("*")] == ["role app"]


def test_a_document_that_is_no_policy_allows_nothing(fake: FakeAws) -> None:
    iam = Iam(fake)
    documents = ["", "not json", "[]", '{"Statement": "x"}', '{"Statement": [1, {"Effect": 2}]}']
    for number, document in enumerate([*documents, '{"Statement": {}}']):
        iam.role(f"app-{number}", allow("s3:*"))
        iam.roles[-1]["RolePolicyList"][0]["PolicyDocument"] = document

    assert who() == []


def test_a_pattern_with_many_stars_is_matched_in_good_time() -> None:
    pattern = "bedrock:" + "*a" * 40

    assert not matches(pattern, "bedrock:" + "a" * 2_000 + "b")

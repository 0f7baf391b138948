"""People and automation among AWS principals, from ARNs and from CloudTrail's userIdentity."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.aws_principals import Principal, of_arn, of_identity

ACCOUNT = "111122223333"
IAM = f"arn:aws:iam::{ACCOUNT}"
STS = f"arn:aws:sts::{ACCOUNT}"


@pytest.mark.parametrize(
    ("arn", "person"),
    [
        (f"{IAM}:user/ada", "ada"),
        (f"{IAM}:user/division/ml/ada.lovelace", "ada.lovelace"),
        (f"{STS}:federated-user/grace", "grace"),
        (f"{STS}:assumed-role/AWSReservedSSO_Builder_0a1b/ada@acme.example", "ada@acme.example"),
        (f"{STS}:assumed-role/AWSReservedSSO_Builder_0a1b/ada", "ada"),
        (f"{STS}:assumed-role/engineer/ada@acme.example", "ada@acme.example"),
        (f"arn:aws:quicksight:us-east-1:{ACCOUNT}:user/default/ada", "ada"),
        ("ada@acme.example", "ada@acme.example"),
        (f"{STS}:assumed-role/engineer/ada", ""),
        (f"{STS}:assumed-role/deploy/GitHubActions", ""),
        (f"{STS}:assumed-role/lambda-exec/claims-handler", ""),
        (f"{STS}:assumed-role/node/i-0abc1234567890def", ""),
        (f"{STS}:assumed-role/ci/ci-bot@acme.example", ""),
        (f"{IAM}:role/service-role/AmazonSageMaker-ExecutionRole", ""),
        (f"{IAM}:user/svc-deploy", ""),
        (f"{IAM}:user/terraform", ""),
        (f"{IAM}:user/BedrockAPIKey-1a2b", ""),
        (f"{IAM}:root", ""),
        ("arn:", ""),
        ("arn:aws:sts", ""),
    ],
)
def test_only_people_are_named(arn: str, person: str) -> None:
    who = of_arn(arn)

    assert who.person == person
    assert bool(who.machine) != bool(person)


@pytest.mark.parametrize("name", ["cicely", "roberta", "service", "Abbott", "decimal.ci.name"])
def test_a_name_is_a_machines_only_by_a_whole_word(name: str) -> None:
    is_machine = name in ("service", "decimal.ci.name")

    assert bool(of_arn(f"{IAM}:user/{name}").machine) is is_machine


@pytest.mark.parametrize(
    ("identity", "wanted"),
    [
        (
            {"type": "IAMUser", "arn": f"{IAM}:user/ada", "userName": "ada"},
            Principal(person="ada", arn=f"{IAM}:user/ada"),
        ),
        (
            {
                "type": "AssumedRole",
                "arn": f"{STS}:assumed-role/engineer/session-1",
                "sourceIdentity": "ada@acme.example",
                "issuer": {"type": "Role", "arn": f"{IAM}:role/path/engineer"},
            },
            Principal(person="ada@acme.example", arn=f"{IAM}:role/path/engineer"),
        ),
        (
            {"type": "AssumedRole", "arn": f"{STS}:assumed-role/stacks/AWSCloudFormation"},
            Principal(machine="role stacks", arn=f"{IAM}:role/stacks"),
        ),
        (
            {"type": "AWSService", "invokedBy": "sagemaker.amazonaws.com"},
            Principal(machine="sagemaker.amazonaws.com"),
        ),
        (
            {"type": "WebIdentityUser", "userName": "repo:acme/claims:ref:refs/heads/main"},
            Principal(machine="repo:acme/claims:ref:refs/heads/main"),
        ),
        (
            {"type": "Root", "arn": f"{IAM}:root"},
            Principal(machine="root", arn=f"{IAM}:root"),
        ),
        ({}, Principal(machine="unknown")),
        ({"type": "IAMUser"}, Principal(machine="user")),
        ({"type": "IdentityCenterUser"}, Principal(machine="identitycenteruser")),
    ],
)
def test_who_called_is_read_from_a_record(identity: dict[str, Any], wanted: Principal) -> None:
    assert of_identity(identity) == wanted

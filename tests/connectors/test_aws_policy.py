"""The documents to deploy: they parse, they fit, and they hold exactly the declared rights."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from connectors.aws import AwsConnector
from connectors.aws_plan import support
from connectors.aws_policy import FORMS, MOST_CHARACTERS, document, policies
from connectors.contract import Operation
from connectors.errors import ConfigError
from tests.code_samples import facts

OPERATIONS = AwsConnector.info.operations
_JSON = re.compile(r"jsonencode\((\{.*?\n  \})\)", re.DOTALL)


def actions(documents: list[dict[str, Any]]) -> list[str]:
    return [one for policy in documents for part in policy["Statement"] for one in part["Action"]]


def compact(policy: Any) -> int:
    return len(json.dumps(policy, separators=(",", ":")))


def many(number: int) -> list[Operation]:
    return [
        Operation(
            method="CALL", host="x", path=f"List{one}", permission=f"service-name:ListAllTheThings{one}"
        )
        for one in range(number)
    ]


def test_together_the_parts_hold_every_declared_right_once() -> None:
    names = ("member", "scanner", "management", "paid")
    parts = {part: actions(policies(OPERATIONS, part)) for part in names}

    held = [one for some in parts.values() for one in some]
    assert sorted(held) == sorted({right for one in OPERATIONS for right in one.permission.split(", ")})
    assert parts["scanner"] == ["sts:AssumeRole", "ssm:GetParametersByPath"]
    assert parts["management"] == ["organizations:ListAccounts"]


def test_every_right_only_reads() -> None:
    rights = {right for one in OPERATIONS for right in one.permission.split(", ")}
    verbs = {right.partition(":")[2] for right in rights} - {"AssumeRole"}
    verbs -= {"StartQuery"}  # a search in CloudTrail Lake, among the paid rights only

    assert [verb for verb in verbs if not re.match(r"(List|Get|Describe|BatchGet|Search|Lookup)", verb)] == []


@pytest.mark.parametrize("number", [0, 1, 150, 151, 600, 1200])
def test_rights_are_cut_into_policies_within_the_limit(number: int) -> None:
    made = policies(many(number), "member")

    assert all(compact(policy) <= MOST_CHARACTERS for policy in made)
    assert sorted(actions(made)) == sorted(one.permission for one in many(number))
    assert len(made) <= 2 + sum(map(len, actions(made))) // 4_000


def test_our_own_rights_fit_into_the_policies_a_role_can_have() -> None:
    made = policies(OPERATIONS, "member")

    assert len(made) <= 8, "with those of the management account, ten can be attached"
    assert all(compact(policy) <= MOST_CHARACTERS for policy in made)


@pytest.mark.parametrize("part", ["member", "scanner", "management", "paid"])
def test_iam_is_one_policy_or_an_array_of_them(part: str) -> None:
    printed = json.loads(document(OPERATIONS, "iam", part))

    documents = printed if isinstance(printed, list) else [printed]
    assert {one["Version"] for one in documents} == {"2012-10-17"}
    assert sorted(actions(documents)) == sorted(actions(policies(OPERATIONS, part)))
    assert "{" not in json.dumps([one["Statement"][0]["Resource"] for one in documents])


def test_the_role_is_taken_by_the_scanner_with_the_external_id_only() -> None:
    (statement,) = json.loads(document(OPERATIONS, "iam", "trust"))["Statement"]

    assert statement["Action"] == "sts:AssumeRole"
    assert statement["Principal"] == {"AWS": "SCANNER_ARN"}
    assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": "EXTERNAL_ID"}}


def test_what_may_be_limited_to_a_resource_is() -> None:
    limited = {one.operation.permission: one.resource for one in support() if one.resource}

    assert limited["sts:AssumeRole"] == "arn:{partition}:iam::*:role/{role}"
    assert limited["ssm:GetParametersByPath"].endswith(":parameter/aws/service/global-infrastructure/*")


def references(value: Any) -> set[str]:
    """Return the names that a CloudFormation template refers to."""
    if isinstance(value, dict):
        if set(value) == {"Ref"}:
            return {value["Ref"]}
        if set(value) == {"Fn::Sub"}:
            return set(re.findall(r"\$\{([\w:]+)\}", value["Fn::Sub"]))
        return set().union(*map(references, value.values())) if value else set()
    return set().union(*map(references, value)) if isinstance(value, list) and value else set()


@pytest.mark.parametrize("part", ["member", "scanner", "management", "paid"])
def test_a_template_holds_the_rights_and_refers_to_what_it_has(part: str) -> None:
    text = document(OPERATIONS, "cloudformation", part)

    template = yaml.safe_load(text)

    assert "&id" not in text, "CloudFormation knows no aliases"
    assert len(text) < 51_200, "the limit of a template that is sent as it is"
    resources = template["Resources"]
    rights = [one for one in resources.values() if one["Type"] == "AWS::IAM::ManagedPolicy"]
    wanted = ["member", "management"] if part == "management" else [part]
    assert sorted(actions([one["Properties"]["PolicyDocument"] for one in rights])) == sorted(
        action for one in wanted for action in actions(policies(OPERATIONS, one))
    )
    known = {*resources, *template["Parameters"], "AWS::Partition", "AWS::Region"}
    assert references(resources) <= known
    assert set(template["Parameters"]) <= references(resources)


def test_the_stack_set_carries_the_members_template_to_every_new_account() -> None:
    template = yaml.safe_load(document(OPERATIONS, "cloudformation", "management"))

    stack_set = template["Resources"]["Members"]["Properties"]

    assert json.loads(stack_set["TemplateBody"]) == yaml.safe_load(
        document(OPERATIONS, "cloudformation", "member")
    )
    assert stack_set["PermissionModel"] == "SERVICE_MANAGED"
    assert stack_set["AutoDeployment"]["Enabled"] is True
    assert stack_set["Capabilities"] == ["CAPABILITY_NAMED_IAM"]


@pytest.mark.parametrize("part", ["member", "scanner", "management", "paid"])
def test_terraform_is_closed_and_holds_the_rights(part: str) -> None:
    text = document(OPERATIONS, "terraform", part)

    texts = [json.loads(one) for one in _JSON.findall(text)]

    rights = [one for one in texts if "Statement" in one and isinstance(one["Statement"][0]["Action"], list)]
    wanted = ["member", "management"] if part == "management" else [part]
    assert sorted(actions(rights)) == sorted(
        action for one in wanted for action in actions(policies(OPERATIONS, one))
    )
    assert text.count("{") == text.count("}")
    assert text.count("(") == text.count(")")
    declared = set(re.findall(r'^variable "(\w+)"', text, re.M))
    assert set(re.findall(r"(?<!\$)\bvar\.(\w+)", text)) == declared


def test_terraform_leaves_the_words_of_the_inner_template_alone() -> None:
    text = document(OPERATIONS, "terraform", "management")

    inner = text.split("template_body")[1].split("parameters = {")[0]
    assert "$${ScannerArn}" in inner
    assert not re.search(r"(?<!\$)\$\{", inner)


def test_our_own_reader_of_terraform_finds_the_end_of_every_block() -> None:
    text = document(OPERATIONS, "terraform", "management").replace('aws_iam_role"', 'aws_bedrock_guardrail"')

    assert facts("main.tf", text)["aws_bedrock_guardrail.aicensus"].kind == "guardrail"


@pytest.mark.parametrize("form", [form for form in FORMS if form != "iam"])
def test_the_trust_policy_alone_is_for_iam(form: str) -> None:
    with pytest.raises(ConfigError, match="part member"):
        document(OPERATIONS, form, "trust")

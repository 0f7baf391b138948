"""Write the rights that the AWS connector needs as documents to deploy: no right more, none less.

Five parts: ``member`` (the role in every account that is read), ``trust`` (who may take that role),
``scanner`` (what the credential itself needs to take it), ``management`` (the account that lists the
organisation, with the StackSet that brings the role to all members) and ``paid`` (further rights of the role
where options allow calls that cost money).

**Source:** IAM user guide, quotas (6,144 characters in a managed policy, white space not counted) and
"Access to AWS accounts owned by third parties" (external id); CloudFormation user guide, StackSets with
service-managed permissions, which leave the management account out. Read 2026-11-20.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from connectors.aws_plan import Support, support
from connectors.contract import Operation
from connectors.errors import ConfigError

FORMS = ("iam", "cloudformation", "terraform")
PARTS = ("member", "trust", "scanner", "management", "paid")
MOST_CHARACTERS = 6_144
ROLE = "aicensus-reader"

_VERSION = "2012-10-17"
_ABOUT = "Read-only rights of aicensus"
_TRUST = {
    "Version": _VERSION,
    "Statement": [
        {
            "Sid": "AicensusTrust",
            "Effect": "Allow",
            "Principal": {"AWS": "{scanner}"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": "{external_id}"}},
        }
    ],
}


def document(operations: Iterable[Operation], form: str, part: str) -> str:
    """Return the document of a part in one of :data:`FORMS`; raises ``ConfigError`` for what there is not.

    As ``iam``: one policy as JSON, or an array of them where the rights do not fit into one.
    """
    rights = list(operations)
    if form == "iam":
        documents = [_TRUST] if part == "trust" else policies(rights, part)
        filled = [_filled(one, _PLAIN) for one in documents]
        return json.dumps(filled[0] if len(filled) == 1 else filled, indent=2)
    if part == "trust":
        raise ConfigError(
            "the trust policy is in the part member", hint="Use --part member, or --format iam."
        )
    if form == "cloudformation":
        return _yaml(_template(rights, part))
    return "\n".join(_terraform(rights, part))


def policies(operations: Iterable[Operation], part: str) -> list[dict[str, Any]]:
    """Return the policies of a part, each within the limit of a managed policy.

    Resources hold ``{partition}`` and ``{role}``.
    """
    special = {(one.operation.host, one.operation.path): one for one in support()}
    if part == "member":
        others = {key for key, one in special.items() if one.part != "member"}
        mine = [one.permission for one in operations if (one.host, one.path) not in others]
        actions = sorted({action for some in mine for action in some.split(", ")})
        return [_policy(_statement("AicensusReadOnly", some)) for some in _cut(actions)]
    needed = [one for one in special.values() if one.part == part]
    return [_policy(*_by_resource(part, needed))]


def _by_resource(part: str, needed: list[Support]) -> Iterator[dict[str, Any]]:
    for number, resource in enumerate(sorted({one.resource for one in needed}), start=1):
        actions = sorted({one.operation.permission for one in needed if one.resource == resource})
        yield _statement(f"Aicensus{part.title()}{number}", actions, resource or "*")


def _statement(sid: str, actions: list[str], resource: str = "*") -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}


def _policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": _VERSION, "Statement": list(statements)}


def _cut(actions: list[str]) -> Iterator[list[str]]:
    """Cut actions into runs that each make a policy within the limit."""
    empty = len(json.dumps(_policy(_statement("AicensusReadOnly", [])), separators=(",", ":")))
    some: list[str] = []
    size = empty
    for action in actions:
        if some and size + len(action) + 3 > MOST_CHARACTERS:
            yield some
            some, size = [], empty
        some.append(action)
        size += len(action) + 3  # two quotes and a comma
    yield some


_PLAIN = {"partition": "aws", "role": ROLE, "scanner": "SCANNER_ARN", "external_id": "EXTERNAL_ID"}
_HCL = {
    "partition": "${data.aws_partition.current.partition}",
    "role": "${var.role_name}",
    "scanner": "${var.scanner_arn}",
    "external_id": "${var.external_id}",
}
_SUB = {
    "partition": "${AWS::Partition}",
    "role": "${RoleName}",
    "scanner": "${ScannerArn}",
    "external_id": "${ExternalId}",
}
_HOLE = re.compile(r"\{(partition|role|scanner|external_id)\}")


def _filled(value: Any, words: dict[str, str]) -> Any:
    """Fill the holes of a document; CloudFormation is told where its own words stand."""
    if isinstance(value, dict):
        return {name: _filled(inner, words) for name, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, words) for inner in value]
    text = _HOLE.sub(lambda hole: words[hole[1]], value)
    return {"Fn::Sub": text} if words is _SUB and text != value else text


def _parameters(part: str) -> dict[str, Any]:
    role = {"Type": "String", "Default": ROLE, "Description": "Name of the role in every account"}
    if part in ("scanner", "paid"):
        return {"RoleName": role}
    ours: dict[str, Any] = {
        "ScannerArn": {"Type": "String", "Description": "ARN of the role or user that runs aicensus"},
        "ExternalId": {
            "Type": "String",
            "NoEcho": True,
            "MinLength": 2,
            "Description": "A random value that only you and aicensus know (option external_id)",
        },
        "RoleName": role,
    }
    if part == "management":
        ours["OrganizationalUnitIds"] = {
            "Type": "CommaDelimitedList",
            "Description": "Where the role goes: the organisation's root (r-...) or units (ou-...)",
        }
    return ours


def _template(operations: list[Operation], part: str) -> dict[str, Any]:
    resources: dict[str, Any] = {}
    names = []
    parts = ["member", "management"] if part == "management" else [part]
    for one in parts:
        for number, policy in enumerate(policies(operations, one), start=1):
            names.append(f"{one.title()}Rights{number}")
            resources[names[-1]] = {
                "Type": "AWS::IAM::ManagedPolicy",
                "Properties": {"Description": _ABOUT, "PolicyDocument": _filled(policy, _SUB)},
            }
            if part == "paid":
                resources[names[-1]]["Properties"]["Roles"] = [{"Ref": "RoleName"}]
    if part not in ("scanner", "paid"):
        resources["Reader"] = {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": {"Ref": "RoleName"},
                "Description": _ABOUT,
                "AssumeRolePolicyDocument": _filled(_TRUST, _SUB),
                "ManagedPolicyArns": [{"Ref": name} for name in names],
            },
        }
    if part == "management":
        resources["Members"] = _stack_set(_template(operations, "member"))
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"{_ABOUT} ({part})",
        "Parameters": _parameters(part),
        "Resources": resources,
    }


def _stack_set(member: dict[str, Any]) -> dict[str, Any]:
    """Return the StackSet that deploys the member's template; IAM is global, so one region is enough."""
    names = list(_parameters("member"))
    return {
        "Type": "AWS::CloudFormation::StackSet",
        "Properties": {
            "StackSetName": ROLE,
            "Description": _ABOUT,
            "PermissionModel": "SERVICE_MANAGED",
            "AutoDeployment": {"Enabled": True, "RetainStacksOnAccountRemoval": False},
            "Capabilities": ["CAPABILITY_NAMED_IAM"],
            "Parameters": [{"ParameterKey": one, "ParameterValue": {"Ref": one}} for one in names],
            "StackInstancesGroup": [
                {
                    "DeploymentTargets": {"OrganizationalUnitIds": {"Ref": "OrganizationalUnitIds"}},
                    "Regions": [{"Ref": "AWS::Region"}],
                }
            ],
            "TemplateBody": json.dumps(member, separators=(",", ":")),
        },
    }


def _yaml(template: dict[str, Any]) -> str:
    import yaml

    plain = json.loads(json.dumps(template))  # one object used twice would become an alias
    text: str = yaml.safe_dump(plain, sort_keys=False, width=110)
    return text.rstrip("\n")


def _terraform(operations: list[Operation], part: str) -> Iterator[str]:
    yield f"# {_ABOUT} ({part})."
    for name, about in _variables(part):
        default = f'\n  default = "{ROLE}"' if name == "role_name" else ""
        kind = "list(string)" if name == "organizational_unit_ids" else "string"
        secret = "\n  sensitive = true" if name == "external_id" else ""
        yield f'\nvariable "{name}" {{\n  type = {kind}\n  description = "{about}"{default}{secret}\n}}'
    yield '\ndata "aws_partition" "current" {}'
    names = []
    for one in ["member", "management"] if part == "management" else [part]:
        for number, policy in enumerate(policies(operations, one), start=1):
            names.append(f"aicensus_{one}_{number}")
            yield _block("aws_iam_policy", names[-1], _named(names[-1]) | {"policy": policy})
    if part == "scanner":
        return
    if part != "paid":
        yield _block("aws_iam_role", "aicensus", {"name": "{role}", "assume_role_policy": _TRUST})
    role = "var.role_name" if part == "paid" else "aws_iam_role.aicensus.name"
    for name in names:
        yield (
            f'\nresource "aws_iam_role_policy_attachment" "{name}" {{\n'
            f"  role       = {role}\n  policy_arn = aws_iam_policy.{name}.arn\n}}"
        )
    if part == "management":
        yield from _terraform_stack_set(_template(operations, "member"))


def _variables(part: str) -> Iterator[tuple[str, str]]:
    known = {
        "ScannerArn": "scanner_arn",
        "ExternalId": "external_id",
        "RoleName": "role_name",
        "OrganizationalUnitIds": "organizational_unit_ids",
    }
    for name, row in _parameters(part).items():
        yield known[name], row["Description"]


def _named(name: str) -> dict[str, Any]:
    return {"name": name.replace("_", "-"), "description": _ABOUT}


def _block(kind: str, name: str, values: dict[str, Any]) -> str:
    lines = [f'\nresource "{kind}" "{name}" {{']
    for key, value in values.items():
        text = json.dumps(_filled(value, _HCL), indent=2).replace("\n", "\n  ")
        lines.append(f"  {key} = {text if isinstance(value, str) else f'jsonencode({text})'}")
    return "\n".join([*lines, "}"])


def _terraform_stack_set(member: dict[str, Any]) -> Iterator[str]:
    # In HCL a "${" that is CloudFormation's own is written "$${".
    body = json.dumps(member, indent=2).replace("${", "$${").replace("\n", "\n  ")
    yield f"""
resource "aws_cloudformation_stack_set" "aicensus" {{
  name             = "{ROLE}"
  description      = "{_ABOUT}"
  permission_model = "SERVICE_MANAGED"
  capabilities     = ["CAPABILITY_NAMED_IAM"]
  template_body    = jsonencode({body})

  parameters = {{
    ScannerArn = var.scanner_arn
    ExternalId = var.external_id
    RoleName   = var.role_name
  }}

  auto_deployment {{
    enabled                          = true
    retain_stacks_on_account_removal = false
  }}
}}

resource "aws_cloudformation_stack_set_instance" "aicensus" {{
  stack_set_name = aws_cloudformation_stack_set.aicensus.name

  deployment_targets {{
    organizational_unit_ids = var.organizational_unit_ids
  }}
}}"""

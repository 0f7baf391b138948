"""Make invented AWS items of a true shape for every row, straight from botocore's service models.

Everything optional is filled in as well, so that what a row keeps is really there; canary secrets lie in
environment values and prompt texts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from connectors import aws_rows
from connectors.aws_columns import Detail
from connectors.aws_rows import Row
from tests.fakes_aws import HOME, FakeAws
from tests.fakes_aws_wire import model_of, output_shape

CANARY = "canary-Zx81-do-not-keep"
CANARY_KEY = "sk-proj-0123456789abcdefCANARY"
_WHEN = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
_OWN = {
    "type": ("APPLICATION", "CUSTOM", "custom"),
    "evaluatorType": ("Custom",),
    "origin": ("CUSTOMER",),
    "Type": ("BEDROCK_POLICY",),
}
_AWS = "arn:aws:bedrock:us-east-1:aws:aws.v1"
_CATALOGUE: dict[str, dict[str, Any]] = {
    "ListInferenceProfiles": {"type": "SYSTEM_DEFINED"},
    "ListPromptRouters": {"type": "default"},
    "ListBrowsers": {"browserArn": _AWS},
    "ListCodeInterpreters": {"codeInterpreterArn": _AWS},
    "ListBlueprints": {"blueprintArn": _AWS},
    "ListDataAutomationProjects": {"projectArn": _AWS},
}
"""What marks AWS's own items where a parameter keeps them out."""
_SECRET_TEXTS = aws_rows.load().redaction.texts
_SECRET_MAPS = aws_rows.load().redaction.maps


def item(row: Row, number: int, *, account: str = HOME, region: str = "us-east-1") -> Any:
    """Return an item of a row's listing (a bare name where it lists names); numbers give always the same."""
    if row.item:
        return f"{row.operation.lower()}{number}"
    shape = output_shape(row.service, row.operation).members[row.result]
    made: dict[str, Any] = _value(shape if row.single else shape.member, "", str(number), 0)
    for name, value in made.items():
        if isinstance(value, str) and name.lower().endswith("arn"):
            made[name] = _arn(row, name, number, account, region)
    for field in row.key.fields:
        if f"{field[0]}-{number}" == made.get(field[0]):
            made[field[0]] = f"{row.operation.lower()}{number}"
    if row.parent:
        held = parent_params(row, 1, account=account, region=region)
        made.update({name: value for name, value in held.items() if name in made})
    return {**made, "AwsManaged": False} if "AwsManaged" in made else made


def parent_params(
    row: Row, number: int, *, account: str = HOME, region: str = "us-east-1"
) -> dict[str, str | None]:
    """Return the parameters with which a child row is asked for a numbered item of its parent."""
    assert row.parent
    parent = aws_rows.load().row(row.service, row.parent.operation)
    held = item(parent, number, account=account, region=region)
    if parent.parent:
        held = {**parent_params(parent, 1, account=account, region=region), **held}
    return {name: template.fill(held, {}) for name, template in row.parent.params}


def _arn(row: Row, name: str, number: int, account: str, region: str) -> str:
    prefix = model_of(row.service).signing_name
    kind = row.operation.removeprefix("List").lower()
    if row.key.text != f"{{{name}}}":
        kind = name.lower().removesuffix("arn")
    return f"arn:aws:{prefix}:{region}:{account}:{kind}/n{number}"


def detail(row: Row, step: Detail, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer of a row's detail operation for some parameters."""
    tail = "".join(str(value) for value in params.values())[-12:]
    answer: dict[str, Any] = _value(output_shape(row.service, step.operation), "", tail, 0)
    return answer


def traps(row: Row, *, account: str = HOME, region: str = "us-east-1") -> list[dict[str, Any]]:
    """Return items of AWS's own catalogue that a row's listing mixes in; none may become a finding."""
    own = {name: min(values) for name, values in row.skip} | _CATALOGUE.get(row.operation, {})
    if not own:
        return []
    return [{**item(row, 900_000 + number, account=account, region=region), **own} for number in range(3)]


def fill(
    fake: FakeAws,
    *,
    count: int = 1,
    account: str = HOME,
    region: str = "us-east-1",
    with_single: bool = True,
) -> None:
    """Put ``count`` items of every row, and all their details, into a fake."""
    for row in aws_rows.load().rows:
        if row.single and not with_single:
            continue
        if row.single:
            answer = {row.result: item(row, 1, account=account, region=region)}
            fake.answer(row.service, row.operation, answer, account=account, region=region, strict=False)
            continue
        items = [item(row, number, account=account, region=region) for number in range(1, count + 1)]
        fake.add(row.service, row.operation, *items, account=account, region=region, strict=False)
        for step in row.details:
            fake.answer(row.service, step.operation, _maker(row, step), account=account, region=region)
    fake.answer("resourcegroupstaggingapi", "GetResources", _tags, account=account, region=region)


def _maker(row: Row, step: Detail) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    return lambda params: detail(row, step, params)


def _tags(params: Mapping[str, Any]) -> dict[str, Any]:
    arns = params.get("ResourceARNList") or ()
    tags = [{"Key": "Owner", "Value": "ada@acme.example"}, {"Key": "Application", "Value": "claims"}]
    return {"ResourceTagMappingList": [{"ResourceARN": arn, "Tags": tags} for arn in arns]}


def _value(shape: Any, name: str, tail: str, depth: int) -> Any:
    kind = shape.type_name
    if name in _SECRET_MAPS and kind == "map" and shape.value.type_name == "string":
        return {"OPENAI_API_KEY": CANARY_KEY, "GREETING": CANARY, "HF_MODEL_ID": "acme/claims-llm"}
    if name in _SECRET_TEXTS and kind == "string":
        return f"{CANARY} {tail}"
    if kind == "structure":
        return _structure(shape, tail, depth)
    if kind == "list":
        return [_value(shape.member, name, tail, depth + 1)] if depth < 6 else []
    if kind == "map":
        return {}
    return _plain(shape, name, tail)


def _structure(shape: Any, tail: str, depth: int) -> dict[str, Any]:
    deep = depth >= 5
    return {
        member: _value(inner, member, tail, depth + 1)
        for member, inner in list(shape.members.items())[: 1 if shape.is_tagged_union else None]
        if not deep or shape.is_tagged_union or member in shape.required_members
    }


def _plain(shape: Any, name: str, tail: str) -> Any:
    kind = shape.type_name
    if kind == "string":
        own = [value for value in _OWN.get(name, ()) if value in (shape.enum or ())]
        return (own or shape.enum or [f"{name}-{tail}"])[0]
    by_type = {"timestamp": _WHEN, "boolean": True, "integer": 3, "long": 3, "float": 0.5, "double": 0.5}
    return by_type.get(kind, f"{name}-{tail}")

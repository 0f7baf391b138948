"""Make invented AWS items of a true shape for every row, straight from botocore's service models.

Everything optional is filled in as well, so that what a row keeps is really there; canary secrets lie in
environment values and prompt texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from connectors import aws_rows
from connectors.aws_columns import Detail
from connectors.aws_rows import Row
from connectors.catalogue import read_table
from tests import aws_owner_samples
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
_SECRET_PAIRS = aws_rows.load().redaction.pairs


def item(row: Row, number: int, *, account: str = HOME, region: str = "us-east-1") -> Any:
    """Return an item of a row's listing (a bare name where it lists names); numbers give always the same."""
    if row.item:
        return _name(row, number, account, region)
    if row.inside:
        return {row.inside: [shown(row, number, account=account, region=region)]}
    return shown(row, number, account=account, region=region)


def shown(row: Row, number: int, *, account: str = HOME, region: str = "us-east-1") -> dict[str, Any]:
    """Return an item of a row as the scan sees it: not the bare name, nor the group it came in."""
    if row.item and not row.expand:
        return {row.item: _name(row, number, account, region)}
    shape = output_shape(row.service, row.operation).members[row.result]
    if row.expand:
        shape = output_shape(row.service, row.expand.operation).members[row.expand.result]
    elif row.inside:
        shape = shape.member.members[row.inside]
    made: dict[str, Any] = _value(shape if row.single else shape.member, "", str(number), 0)
    if row.expand:
        made[row.item] = _name(row, number, account, region)
    _prove(row, made, shape if row.single else shape.member, number)
    made.update(row.details[0].when if row.details else ())
    for name, value in made.items():
        if isinstance(value, str) and name.lower().endswith("arn") and not value.startswith("arn:"):
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
    held = shown(parent, number, account=account, region=region)
    if parent.parent:
        held = {**parent_params(parent, 1, account=account, region=region), **held}
    return {name: template.fill(held, {}) for name, template in row.parent.params}


def _name(row: Row, number: int, account: str, region: str) -> str:
    if row.item.lower().endswith("arn"):
        return _arn(row, row.item, number, account, region)
    return f"{row.operation.lower()}{number}"


def _images() -> list[str]:
    """Return an image of every kind that the catalogue knows, a model server first."""
    rows = sorted(read_table("images")["image"], key=lambda row: "*" not in row["name"])
    by_kind = {row["kind"]: f"{row['name'].replace('*', 'x')}:v1" for row in rows}
    return [by_kind.pop("model_server"), *by_kind.values()]


_IMAGES = _images()


def _prove(row: Row, made: dict[str, Any], shape: Any, number: int = 1) -> None:
    """Make an answer say that it is about AI, where it is an answer that can; images differ by number."""
    for proof in row.proofs[:1]:
        if proof.path.steps[0] in shape.members:
            value = proof.values[0].replace("*", "x") if proof.values else None
            _plant(made, proof.path.steps, value)
            made.update(proof.where)
    for path in row.workload.images[:1] if row.workload else ():
        if path.steps[0] in shape.members:
            _plant(made, path.steps, _IMAGES[(number - 1) % len(_IMAGES)])


def _plant(made: Any, steps: tuple[str, ...], value: str | None) -> None:
    step, rest = steps[0], steps[1:]
    if rest[:1] == ("[]",):
        if len(rest) == 1:
            made[step] = [value]
        else:
            _plant(made[step][0], rest[1:], value)
    elif rest:
        _plant(made[step], rest, value)
    elif value is not None:
        made[step] = value


def _arn(row: Row, name: str, number: int, account: str, region: str) -> str:
    prefix = model_of(row.service).signing_name
    kind = row.operation.removeprefix("List").lower()
    if row.key.text != f"{{{name}}}":
        kind = name.lower().removesuffix("arn")
    return f"arn:aws:{prefix}:{region}:{account}:{kind}/n{number}"


def detail(row: Row, step: Detail, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer of a row's detail operation for some parameters."""
    tail = "".join(str(value) for value in params.values())[-12:]
    shape = output_shape(row.service, step.operation)
    answer: dict[str, Any] = _value(shape, "", tail, 0)
    if step.page:
        answer.pop(step.page.next, None)
    inside: Any
    inside, inner = (answer[step.root], shape.members[step.root]) if step.root else (answer, shape)
    is_list = isinstance(inside, list)
    _prove(row, inside[0] if is_list else inside, inner.member if is_list else inner)
    return answer


def traps(row: Row, *, account: str = HOME, region: str = "us-east-1") -> list[dict[str, Any]]:
    """Return items of AWS's own catalogue that a row's listing mixes in; none may become a finding."""
    own = {name: min(values) for name, values in row.skip} | _CATALOGUE.get(row.operation, {})
    if not own or row.item:
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
        most = len(_IMAGES) if count and row.workload and not row.details else count
        items = [item(row, number, account=account, region=region) for number in range(1, most + 1)]
        fake.add(row.service, row.operation, *items, account=account, region=region, strict=False)
        if row.expand:
            maker = partial(_expanded, row, account, region)
            fake.answer(row.service, row.expand.operation, maker, account=account, region=region)
        for step in row.details:
            fake.answer(row.service, step.operation, _maker(row, step), account=account, region=region)
    aws_owner_samples.fill(fake, canary=CANARY, account=account, region=region)


def _expanded(row: Row, account: str, region: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the names stand for that a listing answered with."""
    assert row.expand
    numbers = [int(re.findall(r"\d+", name)[-1]) for name in params[row.expand.param]]
    return {row.expand.result: [shown(row, number, account=account, region=region) for number in numbers]}


def _maker(row: Row, step: Detail) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    return lambda params: detail(row, step, params)


def _value(shape: Any, name: str, tail: str, depth: int) -> Any:
    kind = shape.type_name
    if name in _SECRET_MAPS and kind == "map" and shape.value.type_name == "string":
        return {"OPENAI_API_KEY": CANARY_KEY, "GREETING": CANARY, "HF_MODEL_ID": "acme/claims-llm"}
    if name in _SECRET_PAIRS and kind == "list" and "value" in getattr(shape.member, "members", ()):
        return [{"name": "OPENAI_API_KEY", "value": CANARY_KEY}, {"name": "GREETING", "value": CANARY}]
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

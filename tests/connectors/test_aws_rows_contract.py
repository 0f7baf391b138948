"""A contract with botocore: every row against the service models, and proof that a broken row is noticed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import UnknownServiceError

from connectors import aws_rows
from connectors.aws_columns import Detail, Facts, Page, Parent
from connectors.aws_paths import Path, Template
from connectors.aws_rows import Row
from tests.fakes_aws_wire import model_of

CATALOGUE = aws_rows.load()
EVERY = (*CATALOGUE.rows, *CATALOGUE.dormant)
PLACE = {"partition", "account", "region"}
_TOKENS = {"nexttoken", "marker", "nextmarker"}


def test_every_row_agrees_with_the_installed_service_models() -> None:
    found = [problem for row in EVERY for problem in problems(row)]

    assert found == []


def test_every_supporting_operation_is_one_of_the_service_models() -> None:
    unknown = [
        (one.host, one.path)
        for one in CATALOGUE.operations()
        if one.path not in model_of(one.host).operation_names
    ]

    assert unknown == []


ENDPOINTS = CATALOGUE.row("sagemaker", "ListEndpoints")
RULES = CATALOGUE.row("bedrock-agentcore-control", "ListGatewayRules")
AGENTS = CATALOGUE.row("quicksight", "ListAgents")
FACES = CATALOGUE.row("rekognition", "ListCollections")
POLICIES = CATALOGUE.row("organizations", "ListPolicies")


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        (replace(ENDPOINTS, service="sagemakr"), "no service"),
        (replace(ENDPOINTS, operation="ListEndpoint"), "no operation"),
        (replace(ENDPOINTS, result="EndpointSummaries"), "no result"),
        (replace(ENDPOINTS, page=Page(token="Token", next="NextToken")), "no token"),
        (replace(ENDPOINTS, page=Page(token="NextToken", next="Next")), "no next token"),
        (replace(ENDPOINTS, page=Page(token="NextToken", next="NextToken", size="Size", at=1)), "no size"),
        (
            replace(ENDPOINTS, page=Page(token="NextToken", next="NextToken", size="MaxResults", at=101)),
            "page size",
        ),
        (replace(ENDPOINTS, page=None), "pages"),
        (replace(ENDPOINTS, key=Template("{EndpointId}")), "EndpointId"),
        (replace(ENDPOINTS, name="EndpointTitle"), "EndpointTitle"),
        (replace(ENDPOINTS, tags="Labels"), "Labels"),
        (replace(ENDPOINTS, facts=Facts(attributes=(("a", Path("Nope")),))), "Nope"),
        (replace(ENDPOINTS, facts=Facts(created=Path("EndpointName"))), "no time"),
        (replace(ENDPOINTS, params={"Colour": "red"}), "Colour"),
        (replace(ENDPOINTS, params={"StatusEquals": "Perhaps"}), "Perhaps"),
        (replace(ENDPOINTS, skip=(("Gone", frozenset()),)), "Gone"),
        (replace(ENDPOINTS, volatile=frozenset({"Gone"})), "Gone"),
        (replace(AGENTS, params={}), "AwsAccountId"),
        (replace(RULES, parent=None), "gatewayIdentifier"),
        (
            replace(RULES, parent=Parent(operation="ListGateways", params=(("gatewayId", Template("{x}")),))),
            "gatewayId",
        ),
        (replace(FACES, item=""), "bare"),
        (replace(POLICIES, each=({"Filter": "NO_SUCH_POLICY"},)), "NO_SUCH_POLICY"),
        (replace(ENDPOINTS, details=(replace(ENDPOINTS.details[0], operation="DescribeX"),)), "DescribeX"),
        (replace(ENDPOINTS, details=(replace(ENDPOINTS.details[0], root="Endpoint"),)), "root"),
        (replace(ENDPOINTS, details=(replace(ENDPOINTS.details[0], params=()),)), "EndpointName"),
    ],
)
def test_a_row_that_an_sdk_upgrade_broke_is_noticed(row: Row, complaint: str) -> None:
    found = " ".join(problems(row))

    assert complaint in found


def problems(row: Row) -> list[str]:
    """Return how a row disagrees with botocore's service model."""
    try:
        model = model_of(row.service)
    except UnknownServiceError:
        return [f"{row.part}: no service"]
    if row.operation not in model.operation_names:
        return [f"{row.part}: no operation"]
    operation = model.operation_model(row.operation)
    asked = operation.input_shape.members if operation.input_shape is not None else {}
    if row.result not in operation.output_shape.members:
        return [f"{row.part}: no result {row.result}"]
    result = operation.output_shape.members[row.result]
    shape = result if row.single else result.member
    bare = shape.type_name == "string"
    if row.expand:
        problem, shape = _expanded(row, model)
        if problem:
            return [f"{row.part}: {problem}"]
    elif row.inside:
        shape = shape.members[row.inside].member
    members = set(shape.members) if shape.type_name == "structure" else {row.item}
    if row.parent:
        members |= {name for name, _ in row.parent.params}
    found = [*_pages(row, operation, asked), *_params(row, operation, asked), *_names(row, members)]
    if bare != bool(row.item):
        found.append("a listing of bare names and the column item belong together")
    elif shape.type_name == "structure":
        found += _facts(row.facts, shape, {name for name, _ in row.parent.params} if row.parent else set())
    found += _evidence(row, shape)
    known = members
    if row.about and not row.about.by_details:
        paths = () if row.about.everything else (row.about.path,)
        found += _facts(Facts(attributes=row.about.attributes, model=paths), shape, set())
        found += [f"no part {part}" for part in row.about.parts if part not in {one.part for one in EVERY}]
    for detail in row.details:
        found += _detail(row, detail, known)
        known = known | _answered(row, detail)
    return [f"{row.part}: {problem}" for problem in found]


def _expanded(row: Row, model: Any) -> tuple[str, Any]:
    """Return what is wrong with the operation that reads what names stand for, and the shape of its items."""
    assert row.expand
    if row.expand.operation not in model.operation_names:
        return f"no operation {row.expand.operation}", None
    operation = model.operation_model(row.expand.operation)
    asked = operation.input_shape.members.get(row.expand.param)
    answer = operation.output_shape.members.get(row.expand.result)
    if asked is None or asked.type_name != "list" or answer is None:
        return f"{row.expand.operation} has no {row.expand.param} or {row.expand.result}", None
    return "", answer.member


def _evidence(row: Row, shape: Any) -> list[str]:
    """Return the paths of proofs, workloads and jobs that neither the listing nor a detail answers."""
    paths = [proof.path for proof in row.proofs]
    paths += row.workload.every if row.workload else ()
    paths += row.activity.every if row.activity else ()
    if not paths:
        return []
    shapes = [shape, *(_answer(row, detail) for detail in row.details)]
    given = {name for name, _ in row.parent.params} if row.parent else set()
    open_paths = [path for path in paths if path.text not in given]
    wrong = [path.text for path in open_paths if all(list(_path(path, one)) for one in shapes)]
    if row.activity:
        wrong += _path(row.activity.at, shape, ends_in=("timestamp",))
    return [f"nothing answers {one}" for one in wrong]


def _answer(row: Row, detail: Detail) -> Any:
    """Return the shape of what a detail answers."""
    answer = model_of(row.service).operation_model(detail.operation).output_shape
    answer = answer.members[detail.root] if detail.root else answer
    return answer.member if answer.type_name == "list" else answer


def _pages(row: Row, operation: Any, asked: Any) -> Iterator[str]:
    tokens = [name for name in operation.output_shape.members if name.lower() in _TOKENS]
    if bool(tokens) != bool(row.page):
        yield f"the service pages by {tokens}, the row by {row.page}"
    if row.page is None:
        return
    if row.page.token not in asked:
        yield f"no token {row.page.token}"
    if row.page.next not in operation.output_shape.members:
        yield f"no next token {row.page.next}"
    if row.page.size and row.page.size not in asked:
        yield f"no size {row.page.size}"
    elif row.page.size:
        limits = asked[row.page.size].metadata
        if not limits.get("min", 1) <= row.page.at <= limits.get("max", row.page.at):
            yield f"page size {row.page.at} is outside {limits}"


def _params(row: Row, operation: Any, asked: Any) -> Iterator[str]:
    given = set(row.params)
    given |= {name for name, _ in row.parent.params} if row.parent else set()
    given |= {name for one in row.each for name in one}
    required = set(operation.input_shape.required_members) if operation.input_shape is not None else set()
    if given - set(asked) or required - given:
        yield f"parameters: unknown {given - set(asked)}, missing {required - given}"
    for name, value in [*_texts(row.params), *(pair for one in row.each for pair in one.items())]:
        allowed = asked[name].enum if name in asked and asked[name].type_name == "string" else None
        if allowed and value not in allowed:
            yield f"{name} cannot be {value!r}"


def _texts(params: Any) -> Iterator[tuple[str, Any]]:
    return ((name, value) for name, value in params.items() if isinstance(value, str))


def _names(row: Row, members: set[str]) -> Iterator[str]:
    named = {row.name, row.tags} - {""} | set(row.volatile) | {name for name, _ in row.skip}
    if named - members:
        yield f"the items have no {sorted(named - members)}"
    yield from _template(row.key, members)


def _detail(row: Row, detail: Detail, known: set[str]) -> Iterator[str]:
    model = model_of(row.service)
    if detail.operation not in model.operation_names:
        yield f"no operation {detail.operation}"
        return
    operation = model.operation_model(detail.operation)
    asked = operation.input_shape
    given = {name for name, _ in detail.params}
    if set(asked.required_members) - given or given - set(asked.members):
        yield f"{detail.operation} asks for {asked.required_members}, given are {sorted(given)}"
    for name, template in detail.params:
        is_list = isinstance(template, tuple)
        if name in asked.members and is_list != (asked.members[name].type_name == "list"):
            yield f"{detail.operation} takes {name} as a {asked.members[name].type_name}"
        one = template[0] if isinstance(template, tuple) else template
        yield from _template(one, known | ({"each"} if detail.each else set()))
    answer = operation.output_shape
    tokens = [name for name in answer.members if name.lower() in _TOKENS]
    reads_one = any(isinstance(template, tuple) for _, template in detail.params)
    if bool(tokens) != bool(detail.page) and not reads_one:
        yield f"{detail.operation} pages by {tokens}, the detail by {detail.page}"
    elif detail.page:
        named = {detail.page.token, detail.page.size} - {""}
        if not named <= set(asked.members) or not {detail.page.next, detail.result} <= set(answer.members):
            yield f"{detail.operation} has no {detail.page} or {detail.result}"
    if detail.root and detail.root not in answer.members:
        yield f"{detail.operation} has no root {detail.root}"
        return
    answer = answer.members[detail.root] if detail.root else answer
    yield from _facts(detail.facts, answer.member if answer.type_name == "list" else answer, set())


def _answered(row: Row, detail: Detail) -> set[str]:
    """Return what later details may use of this one."""
    model = model_of(row.service)
    given = {name for name, _ in detail.params}
    if detail.operation not in model.operation_names:
        return given
    answer = model.operation_model(detail.operation).output_shape
    if detail.root:
        answer = answer.members.get(detail.root, answer)
    answer = answer.member if answer.type_name == "list" else answer
    return given | set(answer.members)


def _facts(facts: Facts, shape: Any, given: set[str]) -> Iterator[str]:
    paths = [path for _, path in facts.attributes] + [*facts.model, *facts.creators]
    paths += [link.path for link in facts.links] + [path for _, path, _ in facts.counts]
    for path in paths:
        if path.text not in given:
            yield from _path(path, shape)
    if facts.created:
        problem = list(_path(facts.created, shape, ends_in=("timestamp", "long")))
        yield from problem


def _path(path: Path, shape: Any, ends_in: tuple[str, ...] = ()) -> Iterator[str]:
    for step in path.steps:
        if step == "json()" and shape.type_name == "string":
            return
        if shape.type_name == "map":
            return
        if step == "[]" and shape.type_name == "list":
            shape = shape.member
        elif step != "[]" and shape.type_name == "structure" and step in shape.members:
            shape = shape.members[step]
        else:
            yield f"the path {path.text} does not reach {step!r}"
            return
    texts_of_time = shape.type_name == "string" and "time" in shape.name.lower()
    if ends_in and shape.type_name not in ends_in and not texts_of_time:
        yield f"{path.text} is no time but a {shape.name}"


def _template(template: Template, members: set[str]) -> Iterator[str]:
    for names in template.fields:
        if not set(names) <= members | PLACE:
            yield f"{template.text} asks for {sorted(set(names) - members - PLACE)}"

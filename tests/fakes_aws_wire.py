"""Speak AWS's wire protocols for the fake: route requests, check and write answers.

All knowledge comes from botocore's service models: query, rest-json, json and RPC v2 CBOR.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote
from xml.sax.saxutils import escape

from connectors import aws_rows
from connectors.aws import AwsConnector
from connectors.clients.aws_models import lean_loader
from discovery.demo import cbor
from discovery.demo.httpd import Request, Response

# Operations that answer with AWS's own items unless asked otherwise:
# (parameter, field, what no parameter means).
_FILTERS = {
    ("bedrock", "ListInferenceProfiles"): ("typeEquals", "type", "SYSTEM_DEFINED"),
    ("bedrock", "ListPromptRouters"): ("type", "type", ""),
    ("bedrock-agentcore-control", "ListBrowsers"): ("type", "browserArn", ""),
    ("bedrock-agentcore-control", "ListCodeInterpreters"): ("type", "codeInterpreterArn", ""),
    ("bedrock-data-automation", "ListBlueprints"): ("resourceOwner", "blueprintArn", ""),
    ("bedrock-data-automation", "ListDataAutomationProjects"): ("resourceOwner", "projectArn", ""),
    ("qconnect", "ListAIAgents"): ("origin", "origin", ""),
    ("qconnect", "ListAIPrompts"): ("origin", "origin", ""),
    ("organizations", "ListPolicies"): ("Filter", "Type", ""),
    ("sagemaker", "ListHubContents"): ("HubContentType", "HubContentType", ""),
}
Answer = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request as the fake understood it."""

    service: str
    operation: str
    account: str
    region: str
    params: Mapping[str, Any]


def check(shape: Any, value: Any, where: str, *, strict: bool = True) -> None:
    """Raise ``ValueError`` unless an output shape allows ``value``; ``strict`` checks patterns too."""
    kind = shape.type_name
    wanted = _TYPES.get(kind, object)
    if not isinstance(value, wanted) or (kind in ("integer", "long") and isinstance(value, bool)):
        raise ValueError(f"{where}: {value!r:.60} is no {kind}")
    if kind == "structure" and not shape.metadata.get("document"):
        unknown = value.keys() - shape.members.keys()
        missing = set(shape.required_members) - value.keys()
        if unknown or missing:
            raise ValueError(f"{where}: unknown {sorted(unknown)}, missing {sorted(missing)}")
        if shape.is_tagged_union and len(value) > 1:
            raise ValueError(f"{where}: a union has one member, not {sorted(value)}")
        for name, inner in value.items():
            check(shape.members[name], inner, f"{where}.{name}", strict=strict)
    elif kind == "list":
        for inner in value:
            check(shape.member, inner, f"{where}[]", strict=strict)
    elif kind == "map":
        for inner in value.values():
            check(shape.value, inner, f"{where}{{}}", strict=strict)
    elif kind == "string":
        _check_text(shape, value, where, strict=strict)


_TYPES: dict[str, Any] = {
    "structure": dict,
    "map": dict,
    "list": list,
    "string": str,
    "integer": int,
    "long": int,
    "boolean": bool,
    "float": (int, float),
    "double": (int, float),
    "timestamp": datetime,
}


def _check_text(shape: Any, value: str, where: str, *, strict: bool) -> None:
    if shape.enum and value not in shape.enum:
        raise ValueError(f"{where}: {value!r} is none of {shape.enum}")
    pattern = shape.metadata.get("pattern")
    if not strict or not pattern:
        return
    try:
        fits = re.fullmatch(pattern, value)
    except re.error:  # a pattern of another regular expression dialect
        return
    if not fits:
        raise ValueError(f"{where}: {value!r} does not fit {pattern}")


@cache
def model_of(service: str) -> Any:
    """Return botocore's model of a service, with what our rows may call of it."""
    from botocore.model import ServiceModel

    return ServiceModel(_loader().load_service_model(service, "service-2"), service)


@cache
def _loader() -> Any:
    declared = {(one.host, one.path) for one in AwsConnector.info.operations}
    declared |= {(row.service, row.operation) for row in aws_rows.load().dormant}
    return lean_loader(frozenset(declared))


def output_shape(service: str, operation: str) -> Any:
    """Return botocore's output shape of an operation."""
    return model_of(service).operation_model(operation).output_shape


def items_shape(service: str, operation: str) -> Any:
    row = aws_rows.load().row(service, operation)
    return output_shape(service, operation).members[row.result].member


def row_of(call: Call) -> aws_rows.Row | None:
    try:
        return aws_rows.load().row(call.service, call.operation)
    except KeyError:
        return None


@cache
def services() -> tuple[str, ...]:
    """Return the services that our rows and their support ask."""
    return tuple(dict.fromkeys(one.host for one in AwsConnector.info.operations))


@cache
def by_signing_name() -> dict[str, list[str]]:
    """Return the services of each signing name; the first call loads all models and takes seconds."""
    names: dict[str, list[str]] = {}
    for service in services():
        names.setdefault(model_of(service).signing_name, []).append(service)
    return names


@cache
def _routes(service: str) -> list[tuple[str, re.Pattern[str], str]]:
    """Return (method, path pattern, operation), literal paths before those with labels."""
    routes = []
    for name in model_of(service).operation_names:
        http = model_of(service).operation_model(name).http
        path = http["requestUri"].split("?")[0]
        pattern = re.sub(
            r"\\\{(\w+)(\\\+)?\\\}",
            lambda label: f"(?P<{label[1]}>{'.+' if label[2] else '[^/]+'})",
            re.escape(path),
        )
        routes.append((path.count("{"), http["method"], re.compile(pattern.rstrip("/") + "/?"), name))
    return [
        (method, pattern, name) for _, method, pattern, name in sorted(routes, key=lambda route: route[0])
    ]


def route(request: Request, signing_name: str) -> tuple[str, str, dict[str, Any]]:
    services = by_signing_name().get(signing_name, [])
    target = request.headers.get("x-amz-target", "")
    if target:
        return services[0], target.split(".")[-1], json.loads(request.body or b"{}")
    if request.path.startswith("/service/"):
        return services[0], request.path.split("/")[-1], cbor.decode(request.body) if request.body else {}
    if services and model_of(services[0]).protocol in ("query", "ec2"):
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        return services[0], form.pop("Action"), form
    for service in services:
        for method, pattern, name in _routes(service):
            found = pattern.fullmatch(request.path)
            if found and method == request.method:
                return service, name, _rest_params(service, name, request, found.groupdict())
    return signing_name, f"{request.method} {request.path}", {}


def _rest_params(service: str, operation: str, request: Request, labels: dict[str, str]) -> dict[str, Any]:
    params: dict[str, Any] = {name: unquote(value) for name, value in labels.items()}
    shape = model_of(service).operation_model(operation).input_shape
    body = json.loads(request.body) if request.body else {}
    for name, member in (shape.members if shape is not None else {}).items():
        wire = member.serialization.get("name", name)
        if member.serialization.get("location") == "uri" and wire in labels:
            params[name] = unquote(labels[wire])
        elif member.serialization.get("location") == "querystring" and request.one(wire) is not None:
            params[name] = request.one(wire)
        elif wire in body:
            params[name] = body[wire]
    return params


def page_of(call: Call) -> int:
    tokens = (call.params.get(name) for name in ("nextToken", "NextToken", "Marker"))
    token = next(filter(None, tokens), "page-1")
    return int(str(token).rpartition("-")[2])


def filtered(call: Call, items: list[Answer]) -> list[Answer]:
    rule = _FILTERS.get((call.service, call.operation))
    if rule is None:
        return items
    param, name, without = rule
    wanted = str(call.params.get(param) or without)
    if name.endswith("Arn"):  # AWS's own tools have an ARN of the account "aws"
        is_aws = wanted in ("SYSTEM", "SERVICE")
        return [item for item in items if not wanted or (":aws:" in item[name][8:]) == is_aws]
    return [item for item in items if not wanted or item[name] == wanted]


def wire(call: Call, answer: Answer) -> Response:
    model = model_of(call.service)
    protocol = model.resolved_protocol
    shape = model.operation_model(call.operation).output_shape
    if protocol == "ec2":
        inside = _as_xml(shape, answer)
        text = f"<{call.operation}Response>{inside}</{call.operation}Response>"
        return Response(body=text.encode(), headers={"Content-Type": "text/xml"})
    if protocol == "query":
        return xml(call, _as_xml(shape, answer))
    body = _on_wire(shape, answer, protocol)
    if protocol == "smithy-rpc-v2-cbor":
        return Response(body=cbor.encode(body), headers=_CBOR)
    return Response(body=json.dumps(body).encode(), headers={"Content-Type": "application/json"})


def _as_xml(shape: Any, value: Any) -> str:
    if shape.type_name == "structure":
        named = ((shape.members[name], name, inner) for name, inner in value.items())
        tags = ((one.serialization.get("name", name), _as_xml(one, inner)) for one, name, inner in named)
        return "".join(f"<{tag}>{inside}</{tag}>" for tag, inside in tags)
    if shape.type_name == "list":
        tag = shape.member.serialization.get("name", "member")
        return "".join(f"<{tag}>{_as_xml(shape.member, inner)}</{tag}>" for inner in value)
    if shape.type_name == "timestamp":
        return str(value.isoformat().replace("+00:00", "Z"))
    return escape(str(value).lower() if isinstance(value, bool) else str(value))


_CBOR = {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}


def _on_wire(shape: Any, value: Any, protocol: str) -> Any:
    if shape.type_name == "structure" and shape.members:
        return {
            shape.members[name].serialization.get("name", name): _on_wire(
                shape.members[name], inner, protocol
            )
            for name, inner in value.items()
        }
    if shape.type_name == "list":
        return [_on_wire(shape.member, inner, protocol) for inner in value]
    if shape.type_name == "map":
        return {key: _on_wire(shape.value, inner, protocol) for key, inner in value.items()}
    if shape.type_name == "timestamp" and protocol != "smithy-rpc-v2-cbor":
        if shape.serialization.get("timestampFormat") == "iso8601":
            return value.isoformat().replace("+00:00", "Z")
        return value.timestamp()
    return value


def error(call: Call, code: str, status: int, message: str) -> Response:
    protocol = model_of(call.service).resolved_protocol if call.service in services() else "json"
    if protocol in ("query", "ec2"):
        text = (
            f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
        )
        return Response(status=status, body=text.encode(), headers={"Content-Type": "text/xml"})
    if protocol == "smithy-rpc-v2-cbor":
        return Response(status=status, body=cbor.encode({"__type": code, "message": message}), headers=_CBOR)
    body = json.dumps({"__type": code, "message": message}).encode()
    return Response(
        status=status, body=body, headers={"Content-Type": "application/json", "x-amzn-errortype": code}
    )


def xml(call: Call, inside: str) -> Response:
    name = call.operation
    text = f'<{name}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{name}Result>{inside}</{name}Result></{name}Response>'
    return Response(body=text.encode(), headers={"Content-Type": "text/xml"})


def regions_xml(names: list[str]) -> Response:
    items = "".join(f"<item><regionName>{name}</regionName></item>" for name in names)
    text = f"<DescribeRegionsResponse><regionInfo>{items}</regionInfo></DescribeRegionsResponse>"
    return Response(body=text.encode(), headers={"Content-Type": "text/xml"})

"""Serve the recorded AWS account of the made-up company Acme on loopback, standard library only.

Two regions, about twenty things, some with an owner's tag and some without, one operation denied in one
region. The data and the routes are in ``aws.json``; signatures are not checked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs, unquote

from discovery.demo import cbor
from discovery.demo.httpd import LoopbackServer, Request, Response

_SCOPE = re.compile(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/aws4_request")
_JSON = {"Content-Type": "application/json"}
_CBOR = {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
_XML = {"Content-Type": "text/xml"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How one operation looks on the wire; ``result`` is the list it answers with (empty: one thing)."""

    signing_name: str
    method: str
    path: re.Pattern[str]
    operation: str
    result: str


@cache
def recorded() -> dict[str, Any]:
    """Return the recorded account."""
    data: dict[str, Any] = json.loads(
        files("discovery.demo").joinpath("aws.json").read_text(encoding="utf-8")
    )
    return data


@cache
def routes() -> tuple[Route, ...]:
    """Return the routes, literal paths before those with labels."""
    rows = sorted(recorded()["routes"], key=lambda row: row[2].count("{"))
    return tuple(
        Route(signing_name=row[0], method=row[1], path=_pattern(row[2]), operation=row[3], result=row[4])
        for row in rows
    )


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{\w+\\\}", "([^/]+)", re.escape(path)) + "/?")


class AwsFake(LoopbackServer):
    """Answer for the account in its two regions; further regions are empty."""

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        scope = _SCOPE.search(request.headers.get("authorization", ""))
        if scope is None:
            return Response(status=403, body=b'{"message": "Missing Authentication Token"}', headers=_JSON)
        region, signing_name = scope.groups()
        found = _find(request, signing_name)
        if found is None:
            return _error(request, 404, "UnknownOperationException", "this demo does not know the operation")
        route, values = found
        denied = recorded()["denied"].get(region, {}).get(route.operation)
        if denied:
            return _error(request, 403, "AccessDeniedException", denied)
        return self._answer(request, route, region, values)

    def _answer(self, request: Request, route: Route, region: str, values: list[str]) -> Response:
        if route.operation == "sts.GetCallerIdentity":
            return _identity(recorded()["account"])
        if route.operation == "account.ListRegions":
            names = recorded()["regions"]
            regions = [{"RegionName": name, "RegionOptStatus": "ENABLED"} for name in names]
            return _reply(request, {"Regions": regions})
        if route.operation == "resourcegroupstaggingapi.GetResources":
            return _reply(request, {"ResourceTagMappingList": list(_tagged(values))})
        held = recorded()["estate"].get(region, {}).get(route.operation)
        if held is None and route.method == "ACTION":
            return _xml(route.operation.partition(".")[2], "")
        if held is None:
            return _reply(request, {route.result: []} if route.result else {})
        if not any(name.startswith("#") for name in held):
            return _reply(request, held)
        named = next((f"#{value}" for value in values if f"#{value}" in held), "#")
        if named in held and route.method == "ACTION":
            return _xml(route.operation.partition(".")[2], held[named])
        if named in held:
            return _reply(request, held[named])
        return _error(request, 404, "ResourceNotFoundException", "there is no such thing")


def _find(request: Request, signing_name: str) -> tuple[Route, list[str]] | None:
    """Return the route and every value that may name the thing asked for."""
    method, path, params = _asked(request)
    for route in routes():
        if route.signing_name == signing_name and route.method == method:
            match = route.path.fullmatch(path)
            if match:
                return route, [unquote(one) for one in match.groups()] + list(_texts(params))
    return None


def _asked(request: Request) -> tuple[str, str, Any]:
    target = request.headers.get("x-amz-target")
    if target:
        return "TARGET", target, json.loads(request.body or b"{}")
    if request.path.startswith("/service/"):
        return "CBOR", request.path.rpartition("/")[2], cbor.decode(request.body) if request.body else {}
    if request.path == "/":
        form = parse_qs(request.body.decode())
        return "ACTION", form.get("Action", [""])[0], form
    return request.method, request.path, json.loads(request.body) if request.body else {}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _tagged(arns: list[str]) -> Iterator[dict[str, Any]]:
    for arn in arns:
        tags = recorded()["tags"].get(arn)
        if tags:
            yield {"ResourceARN": arn, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def _reply(request: Request, answer: dict[str, Any]) -> Response:
    if request.path.startswith("/service/"):
        return Response(body=cbor.encode(answer), headers=dict(_CBOR))
    return Response(body=json.dumps(answer).encode(), headers=dict(_JSON))


def _error(request: Request, status: int, code: str, message: str) -> Response:
    if request.path.startswith("/service/"):
        refusal = cbor.encode({"__type": code, "message": message})
        return Response(status=status, body=refusal, headers=dict(_CBOR))
    body = json.dumps({"__type": code, "message": message}).encode()
    return Response(status=status, body=body, headers={**_JSON, "x-amzn-errortype": code})


def _identity(account: str) -> Response:
    inside = f"<Arn>arn:aws:sts::{account}:assumed-role/auditor/demo</Arn><UserId>AIDADEMO</UserId>"
    return _xml("GetCallerIdentity", f"{inside}<Account>{account}</Account>")


def _xml(name: str, inside: str) -> Response:
    body = f"<{name}Response><{name}Result>{inside}</{name}Result></{name}Response>"
    return Response(body=body.encode(), headers=dict(_XML))

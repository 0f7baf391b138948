"""Serve an organisation besides the services of :mod:`tests.fakes_aws`: accounts, regions, parameters."""

from __future__ import annotations

import json
import re
from typing import Any

from discovery.demo.httpd import Request, Response
from tests.fakes_aws import HOME, FakeAws
from tests.fakes_aws_wire import Call, error, page_of, wire

_SCOPE = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request")
_OURS = {"AWSOrganizationsV20161128.ListAccounts", "AmazonSSM.GetParametersByPath"}
_PATH = re.compile(r"/aws/service/global-infrastructure/services/([\w-]+)/regions")


class FakeOrganization(FakeAws):
    """A fake with ``members`` (id -> state), ``states`` of regions by account, ``presence`` of services."""

    def __init__(self, *, page_size: int = 0) -> None:
        super().__init__(page_size=page_size)
        self.members: dict[str, str] = {HOME: "ACTIVE"}
        self.states: dict[str, dict[str, str]] = {}
        self.presence: dict[str, list[str]] = {}
        self.emails: dict[str, str] = {}
        self.has_state_field = True

    def __enter__(self) -> FakeOrganization:
        self.start()
        return self

    def handle(self, request: Request) -> Response:
        """Answer Organizations and Systems Manager here, all else as the plain fake does."""
        target = request.headers.get("x-amz-target", "")
        scope = _SCOPE.search(request.headers.get("authorization", ""))
        if target not in _OURS or scope is None:
            return super().handle(request)
        key, region, service = scope.groups()
        call = Call(
            service=service,
            operation=target.rpartition(".")[2],
            account=self._accounts.get(key, ""),
            region=region,
            params=json.loads(request.body or b"{}"),
        )
        with self.lock:
            self.calls.append(call)
            for fault in self.faults:
                if fault.strikes(call, page_of(call)):
                    fault.times -= 1
                    return error(call, fault.code, fault.status, fault.message)
            return _page(call, self._accounts_of() if service == "organizations" else self._parameters(call))

    def _own(self, call: Call, page: int) -> Response:
        states = self.states.get(call.account)
        if call.service == "account" and call.operation == "ListRegions" and states is not None:
            listed = [{"RegionName": name, "RegionOptStatus": state} for name, state in states.items()]
            return wire(call, {"Regions": listed})
        return super()._own(call, page)

    def _accounts_of(self) -> tuple[str, list[dict[str, Any]]]:
        field = "State" if self.has_state_field else "Status"
        listed = [
            {"Id": name, "Name": f"acme-{name[:3]}", field: state} for name, state in self.members.items()
        ]
        listed = [
            one | ({"Email": self.emails[one["Id"]]} if one["Id"] in self.emails else {}) for one in listed
        ]
        return "Accounts", listed[::-1]

    def _parameters(self, call: Call) -> tuple[str, list[dict[str, Any]]]:
        found = _PATH.fullmatch(str(call.params["Path"]))
        assert found, f"not a public parameter: {call.params['Path']}"
        regions = self.presence.get(found[1], [])
        return "Parameters", [{"Name": f"{found[0]}/{name}", "Value": name} for name in regions]


def _page(call: Call, listed: tuple[str, list[dict[str, Any]]]) -> Response:
    name, items = listed
    size, page = int(call.params["MaxResults"]), page_of(call)
    answer: dict[str, Any] = {name: items[(page - 1) * size : page * size]}
    if page * size < len(items):
        answer["NextToken"] = f"page-{page + 1}"
    return Response(body=json.dumps(answer).encode(), headers={"Content-Type": "application/x-amz-json-1.1"})

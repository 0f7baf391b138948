"""Serve AWS on loopback, strictly: every answer is checked against botocore's own service models.

Routes by the request's SigV4 credential scope (access key -> account, region, signing name) and then as
AWS does: ``X-Amz-Target``, the RPC path, ``Action``, or method and URI. Lists are paged, errors scripted.
What is not held is forwarded to an upstream (a moto server) where one is given.
"""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors import aws_rows
from discovery.demo.httpd import LoopbackServer, Request, Response
from tests.fakes_aws_wire import (
    Answer,
    Call,
    by_signing_name,
    check,
    error,
    filtered,
    items_shape,
    model_of,
    page_of,
    regions_xml,
    route,
    row_of,
    wire,
    xml,
)

HOME = "111122223333"
MOTO_HOME = "123456789012"
MOTO = {
    *(
        "bedrock.ListCustomModels",
        "bedrock.GetModelInvocationLoggingConfiguration",
        "bedrock-agent.ListAgents",
    ),
    *("bedrock-agent.ListKnowledgeBases", "bedrock-agentcore-control.ListAgentRuntimes"),
    *("bedrock-agentcore-control.ListGateways", "bedrock-agentcore-control.ListMemories"),
    *("sagemaker.ListEndpoints", "sagemaker.ListModels", "sagemaker.ListModelPackageGroups"),
    *("sagemaker.ListModelCards", "sagemaker.ListNotebookInstances", "sagemaker.ListDomains"),
    *("sagemaker.ListClusters", "sagemaker.ListPipelines", "sagemaker.ListExperiments"),
    *("sagemaker.ListModelBiasJobDefinitions", "sagemaker.ListModelExplainabilityJobDefinitions"),
    *("sagemaker.ListModelQualityJobDefinitions", "sagemaker.ListDataQualityJobDefinitions"),
    *("lexv2-models.ListBots", "comprehend.ListEndpoints", "comprehend.ListDocumentClassifiers"),
    *("comprehend.ListEntityRecognizers", "comprehend.ListFlywheels", "transcribe.ListVocabularies"),
    *("connect.ListInstances", "polly.ListLexicons", "forecast.ListDatasetGroups"),
    *("s3vectors.ListVectorBuckets", "s3vectors.ListIndexes", "opensearchserverless.ListCollections"),
    *("opensearch.ListDomainNames", "devops-agent.ListAgentSpaces", "sagemaker.ListModelPackages"),
    *("bedrock.ListModelCustomizationJobs", "bedrock-agentcore-control.ListGatewayTargets"),
}
"""The rows that moto 5.2.5 answers."""
ACCESS_KEY = "AKIAFAKEFAKEFAKE0000"
SECRET_KEY = "fake-secret-key-never-to-be-seen-0000000"
_SCOPE = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request")


@dataclass(slots=True, kw_only=True)
class Fault:
    """A scripted failure; empty fields match everything, ``page`` strikes from that page on."""

    service: str
    operation: str
    code: str
    status: int = 403
    message: str = "scripted"
    account: str = ""
    region: str = ""
    times: int = 1_000_000
    page: int = 1

    def strikes(self, call: Call, page: int) -> bool:
        """Say whether this call fails."""
        return (
            self.times > 0
            and self.service in ("", call.service)
            and self.operation in ("", call.operation)
            and self.account in ("", call.account)
            and self.region in ("", call.region)
            and page >= self.page
        )


@dataclass(slots=True)
class _Held:
    items: list[Any] = field(default_factory=list)
    answer: Callable[[Mapping[str, Any]], Answer | None] | None = None


class FakeAws(LoopbackServer):
    """A fake of the services our rows ask; accounts and regions are separate worlds."""

    def __init__(self, *, upstream: str = "", page_size: int = 0, keep_log: bool = True) -> None:
        super().__init__()
        by_signing_name()  # before anybody waits for an answer
        self.calls: list[Call] = []
        self.keep_calls = True
        self.page_size = page_size
        self.regions: dict[str, list[str]] = {HOME: ["us-east-1"]}
        self.closed_accounts: set[str] = set()
        self.mute_accounts: set[str] = set()  # their roles are assumed, but no credentials come
        self.external_ids: dict[str, str] = {}
        self.circular: set[tuple[str, str]] = set()
        self.bodies: dict[tuple[str, str], bytes] = {}
        self.faults: list[Fault] = []
        self.refuse_if: Callable[[Call], bool] = lambda call: False
        self._upstream = upstream
        self._keep_log = keep_log
        self._held: dict[tuple[str, str, str, str], _Held] = {}
        self._accounts = {ACCESS_KEY: HOME}
        self._kept_from_moto: set[str] = set()

    def add(
        self,
        service: str,
        operation: str,
        *items: Answer | str,
        account: str = HOME,
        region: str = "us-east-1",
        strict: bool = True,
    ) -> None:
        """Hold items of a list operation; raises ``ValueError`` for any that AWS could not send."""
        shape = items_shape(service, operation)
        for item in items:
            check(shape, item, f"{service}.{operation}", strict=strict)
        self._held.setdefault((account, region, service, operation), _Held()).items.extend(items)

    def remove(
        self,
        service: str,
        operation: str,
        where: Callable[[Answer], bool],
        account: str = HOME,
        region: str = "us-east-1",
    ) -> None:
        """Drop held items."""
        held = self._held[account, region, service, operation]
        held.items[:] = [item for item in held.items if not where(item)]

    def answer(
        self,
        service: str,
        operation: str,
        make: Callable[[Mapping[str, Any]], Answer | None] | Answer,
        *,
        account: str = HOME,
        region: str = "us-east-1",
        strict: bool = True,
    ) -> None:
        """Hold the answer of an operation, or what makes it from the parameters (``None``: not found)."""
        if isinstance(make, dict):
            fixed = make
            check(model_of(service).operation_model(operation).output_shape, fixed, operation, strict=strict)
            self._held.setdefault((account, region, service, operation), _Held()).answer = lambda _: fixed
        else:
            self._held.setdefault((account, region, service, operation), _Held()).answer = make

    def fail(self, service: str, operation: str, code: str, **more: Any) -> Fault:
        """Script a failure."""
        self.faults.append(Fault(service=service, operation=operation, code=code, **more))
        return self.faults[-1]

    def named(self, operation: str) -> list[Call]:
        """Return the calls of an operation, in order of arrival."""
        return [call for call in self.calls if call.operation == operation]

    def __enter__(self) -> FakeAws:
        self.start()
        return self

    def receive(self, request: Request) -> Response:
        """Answer; a benchmark keeps no log."""
        return super().receive(request) if self._keep_log else self.handle(request)

    def handle(self, request: Request) -> Response:
        """Route and answer one request."""
        scope = _SCOPE.search(request.headers.get("authorization", ""))
        if scope is None:
            return Response(status=403, body=b'{"message":"Missing Authentication Token"}')
        key, region, signing_name = scope.groups()
        service, operation, params = route(request, signing_name)
        account = self._accounts.get(key, MOTO_HOME if self._upstream else "")
        call = Call(service=service, operation=operation, account=account, region=region, params=params)
        with self.lock:
            if self.keep_calls:
                self.calls.append(call)
            return self._answer(call, request)

    def _answer(self, call: Call, request: Request) -> Response:
        page = page_of(call)
        for fault in self.faults:
            if fault.strikes(call, page):
                fault.times -= 1
                return error(call, fault.code, fault.status, fault.message)
        if self.refuse_if(call):
            return error(call, "InvalidParameterException", 400, "scripted")
        if not call.account:
            return error(call, "UnrecognizedClientException", 403, "The security token is invalid.")
        if (call.service, call.operation) in self.bodies:
            return Response(
                body=self.bodies[call.service, call.operation], headers={"Content-Type": "text/html"}
            )
        if self._upstream and not self._holds(call):
            return self._forward(request, call)
        return self._own(call, page)

    def _own(self, call: Call, page: int) -> Response:
        if call.service == "sts":
            return self._sts(call)
        if call.service == "account" and call.operation == "ListRegions":
            names = self.regions.get(call.account, ["us-east-1"])
            answer = {"Regions": [{"RegionName": name, "RegionOptStatus": "ENABLED"} for name in names]}
            return wire(call, answer)
        if call.service == "ec2" and call.operation == "DescribeRegions":
            return regions_xml(self.regions.get(call.account, ["us-east-1"]))
        held = self._held.get((call.account, call.region, call.service, call.operation), _Held())
        if held.answer is not None:
            made = held.answer(call.params)
            return (
                wire(call, made)
                if made is not None
                else error(call, "ResourceNotFoundException", 404, "gone")
            )
        return wire(call, self._page(call, held.items, page))

    def _holds(self, call: Call) -> bool:
        return call.service == "account" or f"{call.service}.{call.operation}" in self._kept_from_moto

    def hold_everything_but_moto(self) -> None:
        """Serve every row that moto lacks, here; what moto has is forwarded to it."""
        rows = {row.part for row in aws_rows.load().rows}
        self._kept_from_moto = (rows | {"cloudtrail.LookupEvents"}) - MOTO

    def _page(self, call: Call, items: list[Answer], page: int) -> Answer:
        model = model_of(call.service).operation_model(call.operation)
        row = row_of(call)
        if row is None or row.single or model.output_shape is None:
            return {}
        items = filtered(call, items)
        size = self.page_size or int(call.params.get(row.page.size) or 100) if row.page else len(items) or 1
        part = items[(page - 1) * size : page * size]
        answer: Answer = {row.result: part}
        if row.page and (call.service, call.operation) in self.circular:
            answer[row.page.next] = "page-2"
        elif row.page and page * size < len(items):
            answer[row.page.next] = f"page-{page + 1}"
        return answer

    def _sts(self, call: Call) -> Response:
        if call.operation == "GetCallerIdentity":
            arn = f"arn:aws:sts::{call.account}:assumed-role/scanner/fake"
            return xml(call, f"<Arn>{arn}</Arn><UserId>AIDAFAKE</UserId><Account>{call.account}</Account>")
        account = str(call.params["RoleArn"]).split(":")[4]
        wanted = self.external_ids.get(account)
        if account in self.closed_accounts or (wanted and wanted != call.params.get("ExternalId")):
            return error(call, "AccessDenied", 403, f"not authorized to perform sts:AssumeRole on {account}")
        if account in self.mute_accounts:
            return xml(call, "")
        key = f"ASIAFAKE{account}"
        self._accounts[key] = account
        until = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        keys = f"<AccessKeyId>{key}</AccessKeyId><SecretAccessKey>{SECRET_KEY}</SecretAccessKey>"
        return xml(
            call,
            f"<Credentials>{keys}<SessionToken>token-{account}</SessionToken><Expiration>{until}</Expiration></Credentials>",
        )

    def _forward(self, request: Request, call: Call) -> Response:
        """Send the request on as it came, and learn whose access key an assumed role gave."""
        query = f"?{request.raw_query}" if request.raw_query else ""
        headers = {name: value for name, value in request.headers.items() if name != "accept-encoding"}
        onward = urllib.request.Request(
            f"{self._upstream}{request.path}{query}",
            data=request.body or None,
            headers=headers,
            method=request.method,
        )
        try:
            with urllib.request.urlopen(onward, timeout=30) as answer:
                status, body, kind = answer.status, answer.read(), answer.headers
        except urllib.error.HTTPError as error:
            status, body, kind = error.code, error.read(), error.headers
        if call.operation == "AssumeRole" and status == 200:
            key = re.search(rb"<AccessKeyId>([^<]+)<", body)
            assert key
            self._accounts[key[1].decode()] = str(call.params["RoleArn"]).split(":")[4]
        keep = {name: value for name, value in kind.items() if name.lower() in _KEPT_HEADERS}
        return Response(status=status, body=body, headers=keep)


_KEPT_HEADERS = {"content-type", "x-amzn-errortype", "smithy-protocol", "x-amzn-requestid"}

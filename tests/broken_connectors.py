"""One small connector that keeps every promise, and others that break one each.

They prove that the conformance suite can fail: a suite that lets a broken connector pass protects nobody.
"""

from __future__ import annotations

import os
import urllib.request
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, ClassVar
from unittest import mock

from connectors.clients.http import HttpSettings
from connectors.clients.pages import Cursor
from connectors.contract import ConnectorInfo, Context, Operation
from connectors.errors import ConnectorError, PermissionDenied
from connectors.model import Evidence, Finding, Grade, NaturalKey, Part, Scope, Unchanged
from connectors.options import Options, Secret
from connectors.secrets import SecretRef
from discovery.demo.httpd import LoopbackServer, Request, Response, json_response
from tests.conformance import INSTANCE, Fault, Sent, Stage

CANARY = "canary-77d0-note"
_KINDS = {"/agents": "agent", "/keys": "api_key"}


class VendorOptions(Options):
    """Where the small vendor is."""

    base_url: str
    token: Secret = SecretRef("env", "VENDOR_TOKEN")


def _operation(method: str, path: str, **more: Any) -> Operation:
    return Operation(
        method=method, host="{base_url}", path=path, permission=f"vendor:{path[1:]}:read", **more
    )


class Good:
    """Read two listings, as the contract wants it."""

    info: ClassVar[ConnectorInfo] = ConnectorInfo(
        name="good",
        title="Vendor",
        kinds=("agent", "api_key"),
        operations=(_operation("GET", "/agents"), _operation("GET", "/keys")),
        docs=(),
        config_model=VendorOptions,
    )

    def __init_subclass__(cls, **changes: Any) -> None:
        """Name each connector after its class, with ``changes`` to its info."""
        fields = {name: getattr(Good.info, name) for name in Good.info.__slots__}
        cls.info = ConnectorInfo(**(fields | {"name": cls.__name__.lower()} | changes))

    def http_settings(self, config: VendorOptions) -> HttpSettings:
        """Say where the vendor is."""
        return HttpSettings(base_url=config.base_url, bearer=config.token)

    def scopes(self, ctx: Context) -> Iterable[Scope]:
        """List the one account."""
        parts = tuple(Part(name=path[1:], kinds=(kind,)) for path, kind in _KINDS.items())
        yield Scope(connector=self.info.name, instance=ctx.instance, ids=("account",), parts=parts)

    def scan(self, ctx: Context) -> Iterator[Finding | Unchanged]:
        """Read both listings."""
        for path in _KINDS:
            with ctx.part(path[1:]):
                for item in self.items(ctx, path):
                    yield self.judged(ctx, path, self.finding(ctx, path, item))

    def items(self, ctx: Context, path: str) -> Iterator[dict[str, Any]]:
        """Page through a listing."""
        yield from ctx.http.paginate(path, pages=Cursor(limit=2))

    def finding(self, ctx: Context, path: str, item: dict[str, Any]) -> Finding:
        """Make a finding of a listed thing, without its note."""
        return Finding(
            kind=_KINDS[path],
            provider="vendor",
            natural_key=NaturalKey(namespace=f"vendor{path}", key=item["id"]),
            name=item["id"],
            evidence=(Evidence(source=path, locator=f"vendor:{path}/{item['id']}", observed_at=ctx.now()),),
            grade=Grade.LIVE,
            created_at=datetime.fromtimestamp(item["created"], UTC),
            fingerprint=f"{item['id']}-1",
        )

    def judged(self, ctx: Context, path: str, finding: Finding) -> Finding | Unchanged:
        """Shorten what the last run showed as well."""
        key = (finding.natural_key.namespace, finding.natural_key.key)
        if ctx.previous(path[1:]).get(key) == finding.fingerprint:
            return Unchanged(natural_key=finding.natural_key, fingerprint=finding.fingerprint)
        return finding


class EmptyOnDenied(Good):
    """Return an empty list for a refusal."""

    def items(self, ctx: Context, path: str) -> Iterator[dict[str, Any]]:
        try:
            yield from super().items(ctx, path)
        except PermissionDenied:
            return


class OwnLoop(Good):
    """Loop over pages without looking at the token; cut off by the test's patience only."""

    def items(self, ctx: Context, path: str) -> Iterator[dict[str, Any]]:
        params: dict[str, Any] = {"limit": 2}
        known: set[str] = set()
        for _ in range(200):
            page = ctx.http.get(path, params=params).data
            for item in page["data"]:
                if item["id"] not in known:
                    known.add(item["id"])
                    yield item
            if not page["has_more"]:
                return
            params["after"] = page["last_id"]


class LeaksNote(Good):
    """Keep a free text field that may hold secrets."""

    def finding(self, ctx: Context, path: str, item: dict[str, Any]) -> Finding:
        finding = super().finding(ctx, path, item)
        finding.attributes = {"note": item["note"]}
        return finding


class UnstableId(Good):
    """Make up an identity anew in every scan."""

    def finding(self, ctx: Context, path: str, item: dict[str, Any]) -> Finding:
        finding = super().finding(ctx, path, item)
        finding.natural_key = NaturalKey(namespace=f"vendor{path}", key=uuid.uuid4().hex)
        return finding


class GoesAround(Good):
    """Ask for something undeclared, past the shared client."""

    def items(self, ctx: Context, path: str) -> Iterator[dict[str, Any]]:
        yield from super().items(ctx, path)
        with urllib.request.urlopen(f"{ctx.config.base_url}/billing") as answer:
            answer.read()


class PostsWrite(Good, operations=(*Good.info.operations, _operation("POST", "/agents"))):
    """Declare and send a request that writes."""

    def items(self, ctx: Context, path: str) -> Iterator[dict[str, Any]]:
        yield from super().items(ctx, path)
        with urllib.request.urlopen(f"{ctx.config.base_url}/agents", data=b"{}") as answer:
            answer.read()


class WrongKind(Good):
    """Show a kind that its part does not declare."""

    def finding(self, ctx: Context, path: str, item: dict[str, Any]) -> Finding:
        finding = super().finding(ctx, path, item)
        finding.kind = "agent"
        return finding


class PromisesMore(Good, kinds=("agent", "api_key", "guardrail")):
    """Declare a kind that it never shows."""


class ForgetsPart(Good):
    """Never open a part that the scope promises."""

    def scan(self, ctx: Context) -> Iterator[Finding | Unchanged]:
        with ctx.part("agents"):
            for item in self.items(ctx, "/agents"):
                yield self.judged(ctx, "/agents", self.finding(ctx, "/agents", item))


class SwallowsErrors(Good):
    """Take every failure for the end of the list."""

    def items(self, ctx: Context, path: str) -> Iterator[dict[str, Any]]:
        try:
            yield from super().items(ctx, path)
        except ConnectorError:
            return


class LocalTimes(Good):
    """Read times without a time zone."""

    def finding(self, ctx: Context, path: str, item: dict[str, Any]) -> Finding:
        finding = super().finding(ctx, path, item)
        finding.created_at = datetime.fromtimestamp(item["created"])
        return finding


class Remembers(Good):
    """Keep state between scans: what was shown once is not shown again in this process."""

    shown: ClassVar[dict[str, int]] = {}

    def finding(self, ctx: Context, path: str, item: dict[str, Any]) -> Finding:
        finding = super().finding(ctx, path, item)
        times = self.shown[item["id"]] = self.shown.get(item["id"], 0) + 1
        finding.attributes = {"times": times}
        return finding


class SaysTwice(Good):
    """Show one thing twice in a part."""

    def items(self, ctx: Context, path: str) -> Iterator[dict[str, Any]]:
        for item in super().items(ctx, path):
            yield item
            if item["id"].endswith("1"):
                yield item


class NeverUnchanged(Good):
    """Show everything as new in every run."""

    def judged(self, ctx: Context, path: str, finding: Finding) -> Finding | Unchanged:
        return finding


class ForeignScopes(Good):
    """List scopes under another connector's name, without an id."""

    def scopes(self, ctx: Context) -> Iterable[Scope]:
        for scope in super().scopes(ctx):
            yield Scope(connector=scope.connector, instance="other", ids=("",), parts=scope.parts)


BROKEN: dict[type[Good], frozenset[str]] = {
    EmptyOnDenied: frozenset({"denied_half_way"}),
    OwnLoop: frozenset({"repeated_token"}),
    LeaksNote: frozenset({"no_secret"}),
    UnstableId: frozenset({"stable", "throttled", "travels", "unchanged", "leaves_no_trace"}),
    GoesAround: frozenset({"only_declared"}),
    PostsWrite: frozenset({"only_declared"}),
    WrongKind: frozenset({"every_kind", "every_part", "denied_half_way", "repeated_token"}),
    PromisesMore: frozenset({"every_kind"}),
    ForgetsPart: frozenset({"every_part", "every_kind", "empty", "denied_half_way", "repeated_token"}),
    SwallowsErrors: frozenset({"denied_half_way", "repeated_token"}),
    LocalTimes: frozenset({"well_formed"}),
    Remembers: frozenset({"leaves_no_trace"}),
    SaysTwice: frozenset({"well_formed", "three_pages"}),
    NeverUnchanged: frozenset({"unchanged"}),
    ForeignScopes: frozenset(
        {"scopes_are_ours", "three_pages", "repeated_token", "denied_half_way", "throttled"}
    ),
}
"""Each broken connector with exactly the checks that it fails."""


class Vendor(LoopbackServer):
    """Serve the two listings, with the asked fault on ``/agents``."""

    def __init__(self, fault: Fault) -> None:
        super().__init__()
        self._fault = fault
        self._strikes = 2
        counts = {"/agents": 0, "/keys": 0} if fault is Fault.EMPTY else {"/agents": 5, "/keys": 2}
        self._items = {path: [_item(path, number) for number in range(size)] for path, size in counts.items()}

    def handle(self, request: Request) -> Response:
        """Answer a page, or strike."""
        if request.path == "/billing" or request.method == "POST":
            return json_response(200, {})
        refusal = self._refusal(request) if request.path == "/agents" else None
        if refusal is not None:
            return refusal
        items = self._items[request.path]
        after = request.one("after")
        start = 1 + [item["id"] for item in items].index(after) if after else 0
        page = items[start : start + 2]
        last = page[-1]["id"] if page else None
        more = start + 2 < len(items)
        if self._fault is Fault.REPEATED_TOKEN and request.path == "/agents":
            last, more = items[1]["id"], True
        return json_response(200, {"data": page, "has_more": more, "last_id": last})

    def _refusal(self, request: Request) -> Response | None:
        if self._fault is Fault.DENIED and request.one("after"):
            return json_response(403, {"error": "no"})
        if self._fault is Fault.THROTTLED and self._strikes:
            self._strikes -= 1
            return json_response(429, {}, {"Retry-After": "0"})
        return None


def _item(path: str, number: int) -> dict[str, Any]:
    return {"id": f"{path[1:]}-{number}", "created": 1_700_000_000 + number, "note": CANARY}


class VendorHarness:
    """Put one of these connectors through the suite."""

    not_applicable: Mapping[str, str] = {}

    def __init__(self, connector: type[Good]) -> None:
        self.name = connector.info.name

    @contextmanager
    def start(self, fault: Fault) -> Iterator[Stage]:
        """Serve the small vendor."""
        token = f"vendor-token-{uuid.uuid4().hex}"
        with mock.patch.dict(os.environ, {"VENDOR_TOKEN": token}), Vendor(fault) as vendor:
            yield Stage(
                options=VendorOptions(base_url=vendor.base_url),
                secrets=(token, CANARY),
                hit=(f"{self.name}:{INSTANCE}/account", "agents"),
                expected=5,
                sent=lambda: [Sent(one.method, one.path) for one in vendor.requests],
            )


def targets() -> dict[str, str]:
    """Return the entry points of all these connectors."""
    made: list[type[Good]] = [Good, *BROKEN]
    return {one.info.name: f"{one.__module__}:{one.__name__}" for one in made}

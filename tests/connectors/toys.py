"""Small connectors that tests of the runner and the engine install by entry point."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from typing import Any, ClassVar

from connectors import meter
from connectors.contract import ConnectorInfo, Context
from connectors.errors import AuthError, PermissionDenied, RateLimited
from connectors.model import Evidence, Finding, Grade, NaturalKey, Part, Scope, Unchanged
from connectors.options import Options

SEEN_AT = datetime(2026, 11, 1, 12, tzinfo=UTC)


class ToyOptions(Options):
    """Script what the toy shows: part name -> names, or an error word."""

    parts: dict[str, Any] = {}  # noqa: RUF012 - pydantic copies defaults
    scopes: tuple[str, ...] = ("one",)


def toy_info(name: str) -> ConnectorInfo:
    """Describe a toy connector."""
    return ConnectorInfo(
        name=name, title="Toy", kinds=("agent",), operations=(), docs=(), config_model=ToyOptions
    )


def finding(key: str, **changes: Any) -> Finding:
    """Make a small agent finding identified by ``key``."""
    values: dict[str, Any] = {
        "kind": "agent",
        "provider": "toy",
        "natural_key": NaturalKey(namespace="toy/agent", key=key),
        "name": key,
        "evidence": (Evidence(source="toy", locator=f"toy://{key}", observed_at=SEEN_AT),),
        "grade": Grade.LIVE,
        "account": "acct",
    }
    return Finding(**(values | changes))


class ToyConnector:
    """Show what its options script."""

    info: ClassVar[ConnectorInfo] = toy_info("toy")

    def scopes(self, ctx: Context) -> Iterable[Scope]:
        """List one scope for each name in the options."""
        if "auth" in ctx.config.scopes:
            raise AuthError("the toy refuses the key sk-test-1234567890abcdef", hint="Use another.")
        parts = tuple(Part(name=name, kinds=("agent",)) for name in ctx.config.parts)
        return [
            Scope(connector=self.info.name, instance=ctx.instance, ids=(name,), parts=parts)
            for name in ctx.config.scopes
        ]

    def scan(self, ctx: Context) -> Iterator[Finding | Unchanged]:
        """Play the script, part by part."""
        for name, script in ctx.config.parts.items():
            if script == "skip":
                continue
            with ctx.part(name) as part:
                for word in script:
                    if word == "!denied":
                        raise PermissionDenied("may not list", hint="Grant toy:List.")
                    if word == "!throttled":
                        raise RateLimited("too many requests")
                    if word == "!auth":
                        raise AuthError("the key is refused")
                    if word == "!crash":
                        raise ZeroDivisionError("a bug with sk-test-1234567890abcdef inside")
                    if word == "!request":
                        meter.count_request()
                        continue
                    if word.startswith("!wait:"):
                        time.sleep(float(word.removeprefix("!wait:")))
                        continue
                    if word == "!hole":
                        part.exception("toy://broken", "unreadable")
                        continue
                    if word == "!capped":
                        part.incomplete("page cap 3 reached")
                        continue
                    name, _, day = word.replace("{scope}", ctx.scope.ids[0]).partition("@")
                    made = datetime.fromisoformat(day).replace(tzinfo=UTC) if day else None
                    own = ctx.scope.ids[0] if "{scope}" in word else ""
                    yield finding(name, created_at=made, application=own)


class Bare(ToyConnector):
    """Need a package that only the connector's extra installs."""

    info: ClassVar[ConnectorInfo] = replace(toy_info("bare"), extra="toys")

    def scopes(self, ctx: Context) -> Iterable[Scope]:
        """Look for the package."""
        import_module("vendor_sdk_that_is_not_here")
        return ()


class WrongKind(ToyConnector):
    """Yield a kind that its part does not declare."""

    def scan(self, ctx: Context) -> Iterator[Finding | Unchanged]:
        """Break the contract."""
        with ctx.part("a"):
            yield finding("x", kind="model")


class Homeless(ToyConnector):
    """Yield a finding outside of any part."""

    def scan(self, ctx: Context) -> Iterator[Finding | Unchanged]:
        """Break the contract."""
        yield finding("x")


class Leaky(ToyConnector):
    """Put secrets everywhere a finding has text."""

    secret: ClassVar[str] = "sk-leak-0123456789abcdefABCDEF"

    def scan(self, ctx: Context) -> Iterator[Finding | Unchanged]:
        """Leak."""
        with ctx.part("a") as part:
            part.exception(f"toy://{self.secret}", self.secret)
            yield finding(
                f"name {self.secret}",
                attributes={"env": {"K": [self.secret]}},
                tags={"t": self.secret},
                natural_key=NaturalKey(namespace="toy/agent", key=self.secret),
            )

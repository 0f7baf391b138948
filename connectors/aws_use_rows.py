"""Read the table of what shows use on AWS (``catalogue/aws_use.toml``, which explains its columns)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from connectors import aws_rows
from connectors.catalogue import read_table
from connectors.contract import Operation
from connectors.kinds import check

MODEL = "model"
THING = "thing"
SERVICE = "service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A CloudWatch metric with data only where something is used; ``parts`` list the things it may name."""

    namespace: str
    metric: str
    shows: str
    dimensions: tuple[str, ...]
    beside: tuple[tuple[str, str], ...]
    flag: str
    is_recent: bool
    action: str
    actions: Mapping[str, str]
    resource: str
    service: str
    parts: tuple[str, ...]
    pattern: re.Pattern[str] | None
    to: str

    @property
    def part(self) -> str:
        """Return the name of the part that reads the metric."""
        return f"cloudwatch.ListMetrics#{self.namespace}"

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the kinds that the part may show."""
        return _kinds(self.shows, self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """Calls in CloudTrail's history that are use; ``after`` names the metric that must show use first."""

    name: str
    attribute: str
    values: tuple[str, ...]
    source: str
    shows: str
    service: str
    requests: int
    after: str
    parts: tuple[str, ...]

    @property
    def part(self) -> str:
        """Return the name of the part that looks the events up."""
        return f"cloudtrail.LookupEvents#{self.name}"

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the kinds that the part may show."""
        return _kinds(self.shows, self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A ready AI service: its name, how the bill calls it, and the action that its use takes."""

    id: str
    title: str
    spend: re.Pattern[str]
    model_spend: re.Pattern[str] | None
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """How keys are made of ids: ``key`` has one hole ``{}`` besides the place's fields."""

    namespace: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is asked and kept: principals on one thing, days."""

    callers: int
    caller_days: int
    spend_days: int
    metric_days: int
    lake_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UseTable:
    """All that the catalogue says about evidence of use; ``version`` is a hash of it."""

    metrics: tuple[Metric, ...]
    events: tuple[EventRow, ...]
    services: Mapping[str, Service]
    support: tuple[Operation, ...]
    models: Identity
    in_use: Identity
    profiles: frozenset[str]
    catalogue: frozenset[str]
    shared: Mapping[str, str]
    limits: Limits
    version: str

    @property
    def evidence(self) -> tuple[Metric | EventRow, ...]:
        """Return metrics, then events."""
        return (*self.metrics, *self.events)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return all kinds that evidence may speak of."""
        return tuple(dict.fromkeys(kind for one in self.evidence for kind in one.kinds))

    @property
    def prefixes(self) -> tuple[str, ...]:
        """Return the services, as IAM names them, by whose actions something can be called."""
        mine = {one.action for one in self.metrics} | {one.action for one in self.services.values()}
        mine |= {action for one in self.metrics for action in one.actions.values()}
        return tuple(sorted({action.partition(":")[0] for action in mine} - {""}))


@cache
def load() -> UseTable:
    """Read and check the table; raises ``ValueError`` for a row that makes no sense."""
    return compiled(read_table("aws_use"))


def compiled(data: Mapping[str, Any]) -> UseTable:
    """Compile the content of ``aws_use.toml``; raises ``ValueError`` for a row that makes no sense."""
    services = {row["id"]: _service(row) for row in data["service"]}
    table = UseTable(
        metrics=tuple(_metric(row) for row in data["metric"]),
        events=tuple(_event(row) for row in data["event"]),
        services=services,
        support=tuple(
            aws_rows.call(row["service"], row["operation"], row["permission"]) for row in data["support"]
        ),
        models=Identity(namespace=data["models"]["namespace"], key=data["models"]["key"]),
        in_use=Identity(namespace=data["services"]["namespace"], key=data["services"]["key"]),
        profiles=frozenset(data["models"]["profiles"]),
        catalogue=frozenset(data["models"]["catalogue"]),
        shared={name: check(kind) for name, kind in data["models"]["shared"].items()},
        limits=Limits(**data["limits"]),
        version=hashlib.blake2b(repr(sorted(data.items())).encode(), digest_size=4).hexdigest(),
    )
    for problem in _problems(table):
        raise ValueError(problem)
    return table


def _metric(row: Mapping[str, Any]) -> Metric:
    return Metric(
        namespace=row["namespace"],
        metric=row["metric"],
        shows=row["shows"],
        dimensions=tuple(row["dimensions"]),
        beside=tuple(row.get("beside", {}).items()),
        flag=row.get("flag", ""),
        is_recent=row.get("recent", False),
        action=row.get("action", ""),
        actions=row.get("actions", {}),
        resource=row.get("resource", ""),
        service=row.get("service", ""),
        parts=tuple(row.get("parts", ())),
        pattern=re.compile(row["pattern"]) if "pattern" in row else None,
        to=row.get("to", ""),
    )


def _event(row: Mapping[str, Any]) -> EventRow:
    return EventRow(
        name=row["name"],
        attribute=row["attribute"],
        values=tuple(row["values"]),
        source=row["source"],
        shows=row["shows"],
        service=row.get("service", ""),
        requests=row["requests"],
        after=row.get("after", ""),
        parts=tuple(row.get("parts", ())),
    )


def _service(row: Mapping[str, Any]) -> Service:
    names = "|".join(re.escape(name).replace(r"\*", ".*") for name in row["spend"])
    return Service(
        id=row["id"],
        title=row["title"],
        spend=re.compile(names),
        model_spend=re.compile(row["model_spend"]) if "model_spend" in row else None,
        action=row.get("action", ""),
    )


def _kinds(shows: str, parts: tuple[str, ...]) -> tuple[str, ...]:
    own = {MODEL: ("model",), THING: (), SERVICE: ("ai_service",)}[shows]
    rows = {row.part: row.kind for row in aws_rows.load().rows}
    return tuple(dict.fromkeys(check(kind) for kind in (*own, *(rows[part] for part in parts))))


def _problems(table: UseTable) -> Iterator[str]:
    known = {row.part for row in aws_rows.load().rows}
    namespaces = {one.namespace for one in table.metrics}
    for one in table.evidence:
        if one.shows not in (MODEL, THING, SERVICE):
            yield f"{one.part} shows {one.shows!r}"
        if (one.shows == SERVICE) != (one.service in table.services):
            yield f"{one.part} names the service {one.service!r}"
        if not set(one.parts) <= known or (one.shows == THING and not one.parts):
            yield f"{one.part} asks for parts that are no rows: {sorted(set(one.parts) - known)}"
    for row in table.events:
        if row.after and row.after not in namespaces:
            yield f"{row.part} comes after {row.after}, which is no metric"

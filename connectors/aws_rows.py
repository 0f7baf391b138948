"""Read the AWS rows of the catalogue: what to list, how to page it, and what to keep of each item.

The rows are data (``catalogue/aws.toml``, which explains its columns); this module turns them into typed,
compiled objects once. Everything that knows a service's field names is a row.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from connectors.aws_columns import (
    About,
    Detail,
    Facts,
    Page,
    Parent,
    about_of,
    detail_of,
    facts_of,
    parent_of,
)
from connectors.aws_evidence import (
    Activity,
    Expand,
    Proof,
    WorkloadPaths,
    activity_of,
    proofs_of,
    workload_of,
)
from connectors.aws_paths import Template
from connectors.aws_workloads import known_host
from connectors.catalogue import read_table
from connectors.clients.aws import Listing
from connectors.clients.aws_redact import Redaction
from connectors.clients.aws_settings import Partition
from connectors.contract import Operation
from connectors.kinds import check as check_kind
from connectors.kinds import kind_of
from connectors.model import Grade

_SHAPE = "1"
"""Raise this when findings are built differently, so that every stored fingerprint is out of date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One list operation of one service: a part of every scope."""

    service: str
    operation: str
    permission: str
    tier: str
    kind: str
    grade: Grade
    result: str
    single: bool
    is_global: bool
    is_organizations: bool
    page: Page | None
    params: Mapping[str, Any]
    each: tuple[Mapping[str, Any], ...]
    item: str
    off: str
    skip: tuple[tuple[str, frozenset[Any]], ...]
    parent: Parent | None
    namespace: str
    key: Template
    name: str
    title: str
    facts: Facts
    tags: str
    volatile: frozenset[str]
    details: tuple[Detail, ...]
    about: About | None
    version: bytes
    silent: bool = False
    inside: str = ""
    owner: str = ""
    more_kinds: tuple[str, ...] = ()
    expand: Expand | None = None
    proofs: tuple[Proof, ...] = ()
    workload: WorkloadPaths | None = None
    activity: Activity | None = None

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the kinds that the listing may show: its own, and those of things that it speaks of."""
        if self.silent:
            return ()
        about = self.about.kinds if self.about and not self.about.by_details else ()
        return tuple(dict.fromkeys((self.kind, *self.more_kinds, *about)))

    @property
    def details_kinds(self) -> tuple[str, ...]:
        """Return the kinds that reading single items may show."""
        if self.silent:
            return ()
        about = self.about.kinds if self.about and self.about.by_details else ()
        return tuple(dict.fromkeys((self.kind, *self.more_kinds, *about)))

    @property
    def is_gated(self) -> bool:
        """Say whether an item must be proven to be about AI before it is shown."""
        return bool(self.proofs) or self.workload is not None

    @property
    def is_judged_by_listing(self) -> bool:
        """Say whether the listing answers all that proves an item."""
        return not self.details or (bool(self.proofs) and all(one.listed for one in self.proofs))

    @property
    def part(self) -> str:
        """Return the name of the part that lists this row."""
        return f"{self.service}.{self.operation}"

    def listing(
        self, more: Mapping[str, Any] | None = None, place: Mapping[str, str] | None = None
    ) -> Listing:
        """Return what the client needs to list this row, with further parameters.

        ``place`` fills parameters that ask for the account or the region.
        """
        page = self.page
        params = {name: _placed(value, place or {}) for name, value in self.params.items()}
        return Listing(
            service=self.service,
            operation=self.operation,
            items=self.result,
            item=self.item,
            params={**params, **(more or {})},
            token=page.token if page else "",
            next=page.next if page else "",
            size=page.size if page else "",
            at=page.at if page else 0,
        )

    @property
    def details_part(self) -> str:
        """Return the name of the part that reads single items of this row."""
        return f"{self.part}#details"

    @property
    def has_arn(self) -> bool:
        """Say whether items are identified by their ARN, and can be asked for tags."""
        return self.namespace == ARN and not self.silent


ARN = "aws/arn"


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRules:
    """Say which tags name an owner (with confidence) or an application; keys are squeezed."""

    owners: Mapping[str, float]
    application: tuple[str, ...]
    nobody: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsCatalogue:
    """All that the catalogue says about AWS; ``dormant`` rows say why they are not asked."""

    rows: tuple[Row, ...]
    dormant: tuple[Row, ...]
    partitions: Mapping[str, Partition]
    support: tuple[Operation, ...]
    rates: Mapping[tuple[str, str], float]
    redaction: Redaction
    tag_rules: TagRules
    _by_operation: dict[tuple[str, str], Row] = field(default_factory=dict, compare=False, repr=False)

    def row(self, service: str, operation: str) -> Row:
        """Return the row of an operation; raises ``KeyError`` when there is none."""
        if not self._by_operation:
            self._by_operation.update({(row.service, row.operation): row for row in self.rows})
        return self._by_operation[service, operation]

    def operations(self) -> tuple[Operation, ...]:
        """Return everything that may be called, each once, rows first."""
        declared: dict[tuple[str, str], Operation] = {}
        for row in self.rows:
            mine = [
                (row.operation, row.permission),
                *((one.operation, one.permission) for one in row.details),
            ]
            if row.expand:
                mine.append((row.expand.operation, row.expand.permission))
            for name, permission in mine:
                declared.setdefault((row.service, name), call(row.service, name, permission))
        for operation in self.support:
            declared.setdefault((operation.host, operation.path), operation)
        return tuple(declared.values())


def call(service: str, operation: str, permission: str) -> Operation:
    """Declare one SDK operation."""
    return Operation(method="CALL", host=service, path=operation, permission=permission)


def squeeze(tag: str) -> str:
    """Return a tag key in lower case and without the marks people put between words."""
    return _MARKS.sub("", tag).lower()


_MARKS = re.compile(r"[-_:./@ ]")


@cache
def load() -> AwsCatalogue:
    """Read and compile the rows; raises ``ValueError`` for a row that makes no sense."""
    return compiled(tables())


def tables() -> dict[str, Any]:
    """Return the content of ``aws.toml`` with the rows of the files that it names, in their order."""
    data = dict(read_table("aws"))
    data["operation"] = [table for name in data["rows"] for table in read_table(name)["operation"]]
    return data


def compiled(data: Mapping[str, Any]) -> AwsCatalogue:
    """Compile what :func:`tables` returns; raises ``ValueError`` for a row that makes no sense."""
    kinds = {f"{table.get('service')}.{table.get('operation')}": table["kind"] for table in data["operation"]}
    rows = tuple(_row(table, kinds) for table in data["operation"])
    _check(rows)
    return AwsCatalogue(
        rows=tuple(row for row in rows if not row.off),
        dormant=tuple(row for row in rows if row.off),
        partitions={
            table["name"]: Partition(
                name=table["name"], home=table["home"], default_regions=frozenset(table["default_regions"])
            )
            for table in data["partition"]
        },
        support=tuple(call(one["service"], one["operation"], one["permission"]) for one in data["support"]),
        rates={(one["service"], one["operation"]): one["rate"] for one in data["support"] if "rate" in one},
        redaction=Redaction(
            **{name: frozenset(names) for name, names in data["redaction"].items()}, host_of=known_host
        ),
        tag_rules=TagRules(
            owners=data["owner_tags"],
            application=tuple(data["tags"]["application"]),
            nobody=frozenset(data["tags"]["nobody"]),
        ),
    )


def _row(table: dict[str, Any], kinds: Mapping[str, str]) -> Row:
    where = f"{table.get('service')}.{table.get('operation')}"
    unknown = table.keys() - _ROW_KEYS
    if unknown:
        raise ValueError(f"row {where} has unknown keys {sorted(unknown)}")
    kind = kind_of("aws", table["kind"])
    if kind is None and not table.get("silent"):
        raise ValueError(f"row {where}: {table['kind']!r} is never an asset")
    activity = activity_of(table["activity"]) if "activity" in table else None
    used = [part for one in activity.uses for part in one.parts] if activity else []
    more_kinds = [check_kind(name) for name in table.get("kinds", ())]
    more_kinds += [str(kind_of("aws", kinds[part])) for part in used]
    return Row(
        service=table["service"],
        operation=table["operation"],
        permission=table["permission"],
        tier=table["tier"],
        kind=kind or "",
        grade=Grade(table.get("grade", "configured")),
        result=table["result"],
        single=table.get("single", False),
        is_global=table.get("scope") in ("global", "organization"),
        is_organizations=table.get("scope") == "organization",
        page=Page(**table["page"]) if "page" in table else None,
        params=table.get("params", {}),
        each=tuple({name: value} for name, values in table.get("each", {}).items() for value in values),
        item=table.get("item", ""),
        off=table.get("off", ""),
        skip=tuple((name, frozenset(values)) for name, values in table.get("skip", {}).items()),
        parent=parent_of(table["parent"]) if "parent" in table else None,
        namespace=table.get("namespace", ARN),
        key=Template(table["key"]),
        name=table.get("name", ""),
        title=table.get("title", ""),
        facts=facts_of(table),
        tags=table.get("tags", ""),
        volatile=frozenset(table.get("volatile", ())),
        details=tuple(detail_of(detail) for detail in table.get("detail", ())),
        about=about_of(table["about"], kinds) if "about" in table else None,
        version=hashlib.blake2b(f"{_SHAPE}{sorted(table.items())}".encode(), digest_size=6).digest(),
        silent=table.get("silent", False),
        inside=table.get("inside", ""),
        owner=table.get("owner", ""),
        more_kinds=tuple(dict.fromkeys(more_kinds)),
        expand=Expand(**table["expand"]) if "expand" in table else None,
        proofs=proofs_of(table.get("proof", ())),
        workload=workload_of(table["workload"]) if "workload" in table else None,
        activity=activity,
    )


_ROW_KEYS = {
    *(
        "service",
        "operation",
        "permission",
        "tier",
        "kind",
        "grade",
        "result",
        "single",
        "scope",
        "page",
        "params",
    ),
    *(
        "skip",
        "parent",
        "namespace",
        "key",
        "name",
        "title",
        "created",
        "attributes",
        "volatile",
        "tags",
        "model",
    ),
    *("links", "creators", "counts", "detail", "each", "item", "off", "about"),
    *("silent", "inside", "owner", "kinds", "expand", "proof", "workload", "activity"),
}


def _placed(value: Any, place: Mapping[str, str]) -> Any:
    if isinstance(value, str) and "{" in value:
        return value.format_map(place)
    return value


def _check(rows: tuple[Row, ...]) -> None:
    known: set[tuple[str, str]] = set()
    for row in rows:
        if (row.service, row.operation) in known:
            raise ValueError(f"two rows for {row.part}")
        if row.parent and (row.service, row.parent.operation) not in known:
            raise ValueError(f"row {row.part} must come after its parent {row.parent.operation}")
        known.add((row.service, row.operation))

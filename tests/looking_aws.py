"""Look at a few AWS rows through the real client, with or without what an earlier look found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connectors.aws import AwsConnector, AwsOptions
from connectors.aws_rows import Row
from connectors.aws_scan import ScopeScan, owner_parts
from connectors.clients.network import NetworkSettings
from connectors.context import NoCache, OpenPart, RunContext, Services
from connectors.model import Finding, NaturalKey, Part, Scope, Unchanged
from connectors.outcome import PartResult
from tests.fakes_aws import HOME

REGION = "us-east-1"
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


@dataclass
class Looked:
    """What one look at some rows showed, by part."""

    findings: dict[str, list[Finding]] = field(default_factory=dict)
    unchanged: dict[str, list[NaturalKey]] = field(default_factory=dict)
    results: dict[str, PartResult] = field(default_factory=dict)
    stamps: dict[str, dict[tuple[str, str], str]] = field(default_factory=dict)

    def keys(self, part: str) -> list[str]:
        """Return the natural keys that a part shows, new or unchanged."""
        return sorted(key for _, key in self.stamps.get(part, {}))

    def one(self, part: str) -> Finding:
        """Return the only finding of a part."""
        (found,) = self.findings[part]
        return found


def look(
    *rows: Row, before: Looked | None = None, now: datetime = NOW, account: str = HOME, **options: Any
) -> Looked:
    """Scan rows of one region; ``before`` is what the last scan of them showed."""
    parts = [Part(name=row.part, kinds=row.kinds) for row in rows]
    parts += [
        Part(name=row.details_part, kinds=row.details_kinds, details=True) for row in rows if row.details
    ]
    parts += owner_parts(rows, creator_lookups=0)
    scope = Scope(
        connector="aws",
        instance="rows",
        ids=(account, REGION),
        parts=tuple(parts),
        account=account,
        region=REGION,
    )
    services = Services(
        connector=AwsConnector(),
        instance="rows",
        options=AwsOptions(creator_lookups=0, **options),
        network=NetworkSettings(max_attempts=1, connect_timeout_s=2, read_timeout_s=20),
        previous=lambda part: before.stamps.get(part, {}) if before else {},
        previous_state=lambda part: before.results[part].state if before else "",
        cache=NoCache(),
        clock=lambda: now,
    )
    return _run(services, scope, rows)


def _run(services: Services, scope: Scope, rows: Sequence[Row]) -> Looked:
    looked = Looked()

    def ended(part: OpenPart, result: PartResult) -> None:
        looked.results[part.part.name] = result

    ctx = RunContext(services, scope, ended)
    for one in ScopeScan(ctx, rows).run():
        assert ctx.current
        part = ctx.current.part.name
        stamps = looked.stamps.setdefault(part, {})
        stamps[one.natural_key.namespace, one.natural_key.key] = one.fingerprint
        if isinstance(one, Unchanged):
            looked.unchanged.setdefault(part, []).append(one.natural_key)
        else:
            looked.findings.setdefault(part, []).append(one)
    return looked

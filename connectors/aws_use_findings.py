"""Turn evidence of use into findings: models without a resource, ready services, and things already listed.

What the account owns gets evidence only while its own listing shows it: a metric outlives the thing that it
measures by two weeks. Days are the precision of all that is said, so that an unchanged scan writes nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from connectors import aws_use_rows
from connectors.aws_findings import PROVIDER, Listed, Spot, bare
from connectors.aws_rows import ARN
from connectors.aws_scan import ScopeScan
from connectors.contract import Context
from connectors.hygiene import canonical, fingerprint
from connectors.model import Evidence, Finding, Grade, Json, Link, NaturalKey, OwnerHint, Unchanged, Usage

_REFRESH_DAYS = 7
_MODEL_ID = re.compile(r"[A-Za-z0-9][\w-]*\.[A-Za-z0-9][\w.:+-]{0,200}")
"""An id of the catalogue names its maker first."""
_ARN_ID = re.compile(r"arn:[\w-]+:[\w-]+:[\w-]*:(?P<account>\d*):(?P<type>[\w-]+)[/:](?P<id>.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is used: its identity, kind and name; ``arn`` is what a policy would have to allow."""

    key: NaturalKey
    kind: str
    name: str
    model: str = ""
    arn: str = ""
    region: str = ""
    listed: Listed | None = None


@dataclass(slots=True, kw_only=True)
class Use:
    """What one part says of one subject; ``day`` is the last day it was used (empty: not known)."""

    subject: Subject
    day: str = ""
    attributes: dict[str, Json] = field(default_factory=dict)
    hints: tuple[OwnerHint, ...] = ()
    links: tuple[Link, ...] = ()
    requests: int | None = None
    window_days: int | None = None


class Subjects:
    """Know what a scope's listings showed, and name what evidence speaks of."""

    def __init__(self, scan: ScopeScan) -> None:
        self._scan = scan
        self.spot: Spot = scan.spot
        self._table = aws_use_rows.load()

    def of_model(self, value: str, parts: Sequence[str]) -> Subject | None:
        """Return the model, or the listed thing, that an id or ARN names; ``None`` when it is neither."""
        arn = _ARN_ID.match(value)
        if arn and arn["type"] not in self._table.catalogue:
            return self.of_thing(value, parts) or (self._shared(value, arn) if parts else None)
        listed = None if arn else self.of_thing(value, parts)
        name = arn["id"] if arn else value
        return listed or self.of_catalogue(name, self.spot.account, self.spot.region)

    def _shared(self, value: str, arn: re.Match[str]) -> Subject | None:
        """Return the thing of another account that an ARN names."""
        kind = self._table.shared.get(arn["type"])
        if kind is None or arn["account"] in ("", self.spot.account):
            return None
        return Subject(key=NaturalKey(namespace=ARN, key=value), kind=kind, name=arn["id"], arn=value)

    def of_catalogue(self, value: str, account: str, region: str) -> Subject | None:
        """Return the model of AWS's catalogue that an id or ARN names, as used in a place."""
        arn = _ARN_ID.match(value)
        if arn and arn["type"] not in self._table.catalogue:
            return None
        base, partition = self.base(arn["id"] if arn else value), self.spot.fields["partition"]
        if not _MODEL_ID.fullmatch(base):
            return None
        fields = {"partition": partition, "account": account, "region": region}
        key = self._table.models.key.format(base, **fields)
        return Subject(
            key=NaturalKey(namespace=self._table.models.namespace, key=key),
            kind="model",
            name=base,
            model=base,
            region=region,
            arn=f"arn:{partition}:bedrock:{region}::foundation-model/{base}",
        )

    def base(self, name: str) -> str:
        """Return a model's own id, without the geography of a system inference profile."""
        first, _, rest = name.partition(".")
        return rest if first in self._table.profiles and rest else name

    def of_thing(self, value: str, parts: Sequence[str]) -> Subject | None:
        """Return the thing that one of the listings shows, by its ARN, the end of it, or its name."""
        for part in parts:
            listed = self._by_part(part).get(value) or self._by_part(part).get(_above(value))
            if listed is not None:
                return Subject(
                    key=listed.key,
                    kind=listed.row.kind,
                    name=listed.name,
                    arn=listed.key.key if listed.key.namespace == ARN else "",
                    listed=listed,
                )
        return None

    def of_service(self, name: str, account: str = "") -> Subject:
        """Return a ready service of the account."""
        service, spot = self._table.services[name], self.spot
        fields = {**spot.fields, "account": account or spot.account}
        key = self._table.in_use.key.format(service.id, **fields)
        return Subject(
            key=NaturalKey(namespace=self._table.in_use.namespace, key=key),
            kind="ai_service",
            name=service.title,
            arn="*",
        )

    def may_be_hidden(self, parts: Sequence[str]) -> bool:
        """Say whether a thing may be there though no listing showed it: one was not read to its end."""
        return any(self._scan.was_cut(part) for part in parts)

    def _by_part(self, part: str) -> Mapping[str, Listed]:
        return self._all.get(part, {})

    @cached_property
    def _all(self) -> dict[str, dict[str, Listed]]:
        table = self._table
        named = {part for one in table.evidence for part in one.parts}
        return {part: dict(_names(self._scan.listed(part))) for part in sorted(named)}


def _names(listed: Sequence[Listed]) -> Iterator[tuple[str, Listed]]:
    """Yield every name of every thing, the weakest first: the ARN wins over a name that looks like it."""
    for one in listed:
        yield one.name, one
    for one in listed:
        yield one.key.key.rpartition("/")[2], one
    for one in listed:
        yield one.key.key, one


def _above(value: str) -> str:
    """Return the ARN of the thing that an endpoint or a version belongs to."""
    pieces = value.split("/")
    return "/".join(pieces[:2]) if value.startswith("arn:") and len(pieces) > 2 else value


def shown(
    ctx: Context, part: str, uses: Sequence[Use], spot: Spot, where: str
) -> Iterator[Finding | Unchanged]:
    """Yield what a part says of each subject, or that it says what it said before."""
    previous = ctx.previous(part)
    for use in uses:
        finding = _finding(part, use, spot, where)
        finding.fingerprint = fingerprint(canonical(finding))
        key = finding.natural_key
        if previous.get((key.namespace, key.key)) == finding.fingerprint:
            yield Unchanged(natural_key=key, fingerprint=finding.fingerprint)
        else:
            yield finding


def _finding(part: str, use: Use, spot: Spot, where: str) -> Finding:
    subject = use.subject
    if subject.listed is not None:
        finding = bare(subject.listed.row, subject.listed, part, spot)
    else:
        finding = _bare(part, subject, spot, where)
    finding.grade = Grade.LIVE
    finding.attributes = use.attributes
    finding.owner_hints = use.hints
    finding.links = use.links
    last = datetime.fromisoformat(use.day).replace(tzinfo=UTC) if use.day else None
    if last or use.requests is not None:
        finding.usage = Usage(last_used_at=last, requests=use.requests, window_days=use.window_days)
    return finding


def _bare(part: str, subject: Subject, spot: Spot, where: str) -> Finding:
    pieces = subject.key.key.split(":", 5)
    is_arn = subject.key.namespace == ARN and len(pieces) == 6
    account, region = (pieces[4], pieces[3]) if is_arn else (pieces[1], subject.region)
    return Finding(
        kind=subject.kind,
        provider=PROVIDER,
        natural_key=subject.key,
        name=subject.name,
        evidence=(Evidence(source=part, locator=where, observed_at=spot.now),),
        grade=Grade.LIVE,
        account=account or spot.account,
        region=region or None,
        model=subject.model or None,
    )


def kept_of(text: str) -> Any:
    """Return what an earlier scan kept as JSON, ``None`` for nothing and for what cannot be read."""
    try:
        return json.loads(text) if text else None
    except ValueError:
        return None


def day_of(moment: datetime) -> str:
    """Return the day (UTC) as text."""
    return f"{moment.astimezone(UTC):%Y-%m-%d}"


def days_ago(now: datetime, days: int) -> str:
    """Return the day so many days before now."""
    return day_of(now - timedelta(days=days))


def weekly(key: str, now: datetime) -> str:
    """Return a fingerprint that holds for a week, which begins on another day for each key."""
    jitter = int.from_bytes(hashlib.blake2b(key.encode(), digest_size=2).digest()) % _REFRESH_DAYS
    week = (int(now.timestamp()) // 86_400 + jitter) // _REFRESH_DAYS
    return f"{aws_use_rows.load().version}.{week:x}"

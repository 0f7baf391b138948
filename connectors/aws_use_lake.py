"""Ask CloudTrail Lake who called models, in all accounts and regions that an event data store covers.

A query is charged by the data that it reads, which depends on its span of time. So an hour is asked first,
and then as much of the last week as fits in what is left of the allowance. Off until it is allowed.

**Source:** AWS CloudTrail API reference ListEventDataStores, StartQuery, GetQueryResults (statistics hold the
bytes read) and user guide, "CloudTrail Lake SQL constraints"; pricing (10 MB at least a query); read
2026-11-22. Permissions: ``cloudtrail:ListEventDataStores``, ``cloudtrail:StartQuery``,
``cloudtrail:GetQueryResults``.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connectors import aws_use_rows
from connectors.aws_principals import of_arn
from connectors.aws_regions import regions_of
from connectors.aws_use_events import named
from connectors.aws_use_findings import Subject, Subjects, Use, shown
from connectors.clients.aws import Listing, Place
from connectors.contract import Context, PartHandle
from connectors.errors import NoteAndGoOn
from connectors.model import Finding, Json, OwnerHint, Unchanged

PART = "cloudtrail.StartQuery"
GIGABYTE = 1_000_000_000
_LEAST = 10_000_000
_SPARE = 0.8
_WAITS_S = (1, 1, 2, 3, 5, 8, 10, 10, 20, 20, 20)
_DONE = frozenset({"FINISHED", "FAILED", "CANCELLED", "TIMED_OUT"})
_STORE_ID = re.compile(r"[0-9a-fA-F-]{36}")
_CONFIDENCE = 0.3
_SQL = (
    "SELECT recipientAccountId AS account, awsRegion AS region, "
    "element_at(requestParameters, 'modelId') AS model, userIdentity.arn AS caller, "
    "max(eventTime) AS last, count(*) AS calls FROM {store} "
    "WHERE eventTime > '{since:%Y-%m-%d %H:%M:%S}' AND eventSource = 'bedrock.amazonaws.com' "
    "AND eventName IN ({names}) AND errorCode IS NULL "
    "GROUP BY recipientAccountId, awsRegion, element_at(requestParameters, 'modelId'), userIdentity.arn "
    "ORDER BY calls DESC LIMIT 1000"
)


@dataclass(slots=True)
class Called:
    """A model, its callers with the number of their calls, and the last day of one."""

    subject: Subject
    callers: dict[str, int] = field(default_factory=dict)
    people: set[str] = field(default_factory=set)
    day: str = ""


class Lake:
    """Query event data stores with an allowance of bytes."""

    def __init__(self, ctx: Context, part: PartHandle, allowed: int) -> None:
        self._ctx = ctx
        self._part = part
        self._left = allowed

    def rows(self, place: Place, store: str) -> list[dict[str, str]]:
        """Return who called which model, for as long a time as the allowance bears."""
        now, most_hours = self._ctx.now(), aws_use_rows.load().limits.lake_days * 24
        if self._left < _LEAST:
            self._part.exception(store, "beyond what cloudtrail_lake_gb allows")
            return []
        rows, spent = self._query(place, store, now - timedelta(hours=1))
        hours = min(most_hours, int(_SPARE * self._left / max(spent, 1)))
        if hours <= 1 or self._left < _LEAST:
            self._part.exception(store, "one hour is all that cloudtrail_lake_gb allows to read")
            return rows
        if hours < most_hours:
            self._part.exception(store, f"{hours} hours are all that cloudtrail_lake_gb allows to read")
        return self._query(place, store, now - timedelta(hours=hours))[0]

    def _query(self, place: Place, store: str, since: datetime) -> tuple[list[dict[str, str]], int]:
        event = next(one for one in aws_use_rows.load().events if one.shows == aws_use_rows.MODEL)
        names = ", ".join(f"'{name}'" for name in event.values)
        statement = _SQL.format(store=store, since=since, names=names)
        started = self._ctx.aws.call("cloudtrail", "StartQuery", place, {"QueryStatement": statement})
        answer = self._wait(place, str(started["QueryId"]))
        read = int((answer.get("QueryStatistics") or {}).get("BytesScanned") or 0)
        self._left -= max(read, _LEAST)
        if answer["QueryStatus"] != "FINISHED":
            raise NoteAndGoOn(f"the query of CloudTrail Lake ended as {answer['QueryStatus']}")
        return [_row(one) for one in answer.get("QueryResultRows") or ()], read

    def _wait(self, place: Place, query: str) -> Mapping[str, Any]:
        asked = {"QueryId": query, "MaxQueryResults": 1000}
        answer: Mapping[str, Any] = {}
        for wait_s in (0, *_WAITS_S):
            time.sleep(wait_s)
            answer = self._ctx.aws.call("cloudtrail", "GetQueryResults", place, asked)
            if answer.get("QueryStatus") in _DONE:
                return answer
        raise NoteAndGoOn("the query of CloudTrail Lake did not end in time; what it reads is charged")


def _row(columns: Sequence[Mapping[str, str]]) -> dict[str, str]:
    return {name: value for column in columns for name, value in column.items()}


def read(ctx: Context, subjects: Subjects, account: str) -> Iterator[Finding | Unchanged]:
    """Yield the models that were called in any account and region, and who called them."""
    with ctx.part(PART) as part:
        lake = Lake(ctx, part, ctx.config.cloudtrail_lake_gb * GIGABYTE)
        found: dict[str, Called] = {}
        for place, store in _stores(ctx, account):
            with ctx.aws.using(place):
                for row in lake.rows(place, store):
                    _note(found, subjects, row)
        uses = [_use(one) for _, one in sorted(found.items())]
        yield from shown(ctx, PART, uses, subjects.spot, "CloudTrail Lake")


def _stores(ctx: Context, account: str) -> Iterator[tuple[Place, str]]:
    """Yield the event data stores that are in use, in every region that the account has."""
    names = ctx.config.regions or [one.name for one in regions_of(ctx.aws, account) if not one.off]
    for name in names:
        place = Place(account=account, region=name)
        listing = Listing(
            service="cloudtrail",
            operation="ListEventDataStores",
            items="EventDataStores",
            token="NextToken",
            next="NextToken",
            size="MaxResults",
            at=1000,
        )
        with ctx.aws.using(place):
            stores = list(ctx.aws.items(listing, place))
        for one in stores:
            store = str(one.get("EventDataStoreArn", "")).rpartition("/")[2]
            if one.get("Status", "ENABLED") == "ENABLED" and _STORE_ID.fullmatch(store):
                yield place, store


def _note(found: dict[str, Called], subjects: Subjects, row: Mapping[str, str]) -> None:
    account, region = row.get("account", ""), row.get("region", "")
    subject = subjects.of_catalogue(row.get("model", ""), account, region)
    if subject is None or not account or not region:
        return
    called = found.setdefault(subject.key.key, Called(subject))
    who = of_arn(row.get("caller", ""))
    name = who.person or named(who, account)
    called.callers[name] = called.callers.get(name, 0) + int(row.get("calls") or 0)
    called.people |= {who.person} if who.person else set()
    called.day = max(called.day, row.get("last", "")[:10])


def _use(one: Called) -> Use:
    limits = aws_use_rows.load().limits
    most = sorted(one.callers, key=lambda name: (-one.callers[name], name))[: limits.callers]
    attributes: dict[str, Json] = {
        f"callers_{limits.lake_days}_days": list[Json](sorted(most)),
        "caller_count": len(one.callers),
    }
    hints = [
        OwnerHint(candidate=name, source="caller", confidence=_CONFIDENCE, why=f"called {one.subject.name}")
        for name in sorted(one.people & set(most))
    ]
    return Use(subject=one.subject, day=one.day, attributes=attributes, hints=tuple(hints))

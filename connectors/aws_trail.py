"""Read CloudTrail's event history: who called what, as far back as it goes. Free, and slow.

The history holds the management events of 90 days of one account and region, newest first, and may be asked
twice a second; the client keeps that pace. Data events (agents, flows and knowledge bases that are invoked,
SageMaker endpoints) are not in it: nothing found here proves that nothing was called.

**Source:** AWS CloudTrail API reference LookupEvents (one attribute, at most 50 events a page, two requests a
second for each account and region) and user guide, "event history" (90 days; events come within about 15
minutes); read 2026-11-22. Permission: ``cloudtrail:LookupEvents``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from connectors import meter
from connectors.aws_principals import Principal, of_identity
from connectors.clients.aws import AwsClients, Listing, Place
from connectors.errors import Incomplete

KEPT = timedelta(days=90)
"""How far back the history goes."""
LATE = timedelta(minutes=20)
"""How long an event may take to come."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One call: ``about`` are the ids, names and ARNs in it; ``error`` is empty when it worked.

    ``via`` is the AWS service that called for the principal, ``tool`` what the caller's program says it is,
    ``is_bearer`` whether a Bedrock API key was used.
    """

    name: str
    source: str
    at: datetime
    who: Principal
    about: frozenset[str]
    error: str = ""
    via: str = ""
    tool: str = ""
    model: str = ""
    is_bearer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to look up: one ``attribute`` (EventName, EventSource, ResourceName, Username ...) and a time."""

    attribute: str
    value: str
    since: datetime
    until: datetime


class Trail:
    """Look things up at one place with a number of requests that may be spent; not for several threads."""

    def __init__(self, aws: AwsClients, place: Place, *, requests: int) -> None:
        self._aws = aws
        self._place = place
        self.left = requests

    def events(self, question: Question) -> Iterator[Event]:
        """Yield events, newest first, a page at a time as they are taken.

        Raises ``Incomplete`` when the allowance ends before the events do, ``PermissionDenied`` and the other
        errors of the client.
        """
        if self.left <= 0:
            raise Incomplete("the requests that a scan may spend on CloudTrail's history are used up")
        listing = replace(_listing(question), most_pages=self.left)
        sent = meter.requests()
        try:
            for item in self._aws.items(listing, self._place):
                event = event_of(item)
                if event is not None:
                    yield event
        finally:
            self.left -= meter.requests() - sent


def _listing(question: Question) -> Listing:
    attribute = {"AttributeKey": question.attribute, "AttributeValue": question.value}
    return Listing(
        service="cloudtrail",
        operation="LookupEvents",
        items="Events",
        params={
            "LookupAttributes": [attribute],
            "StartTime": question.since,
            "EndTime": question.until,
        },
        token="NextToken",
        next="NextToken",
        size="MaxResults",
        at=50,
    )


def event_of(item: Mapping[str, Any]) -> Event | None:
    """Return an item of the history as an event; ``None`` when its record says nothing."""
    try:
        record = orjson.loads(item.get("CloudTrailEvent") or "")
    except orjson.JSONDecodeError:
        return None
    if not isinstance(record, dict):
        return None
    at = item.get("EventTime")
    named = {str(one.get("ResourceName")) for one in item.get("Resources") or () if one.get("ResourceName")}
    return Event(
        name=str(item.get("EventName") or record.get("eventName") or ""),
        source=str(record.get("eventSource") or item.get("EventSource") or ""),
        at=at if isinstance(at, datetime) else _EPOCH,
        who=of_identity(record.get("userIdentity") or {}),
        about=frozenset(record.get("about") or ()) | named,
        error=str(record.get("errorCode", "")),
        via=str(record.get("via", "")),
        tool=str(record.get("tool", "")),
        model=str(record.get("modelId", "")),
        is_bearer=bool(record.get("isBearer")),
    )

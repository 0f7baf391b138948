"""Read an AWS account as a plain boto3 script would: the other side of the AWS benchmarks.

The same operations, pages and details as the connector's rows say, without anything around them.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.aws_creators import events_of
from connectors.aws_rows import Row

Held = dict[str, list[dict[str, Any]]]
_creating = threading.Lock()


def environment(url: str) -> dict[str, str]:
    """Return the variables that lead both sides to the fake at ``url`` and to nothing else."""
    from tests.fakes_aws import ACCESS_KEY, SECRET_KEY

    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_EC2_METADATA_DISABLED": "true",
        "HOME": tempfile.gettempdir(),
    }


class BareLoop:
    """Read one account with one boto3 session; ``requests`` counts the calls."""

    def __init__(self, session: Any, rows: Sequence[Row], account: str, config: Any = None) -> None:
        from botocore.config import Config

        self._session = session
        self._rows = rows
        self._account = account
        # A host prefix would lead away from the fake on loopback.
        self._config = (config or Config()).merge(Config(inject_host_prefix=False))
        self.requests = 0

    def region(self, region: str, *, is_home: bool) -> set[str]:
        """Return the keys of everything in a region; the home region is asked what is global, too."""
        place = {"partition": "aws", "account": self._account, "region": region}
        ask = self._asker(region)
        held: Held = {}
        keys: set[str] = set()
        for row in self._rows:
            if row.is_global and not is_home:
                continue
            for asked in _asked(row, held, place):
                for item in _items(ask, row, row.listing(asked, place)):
                    if any(item.get(name) in values for name, values in row.skip):
                        continue
                    keys.add(str(row.key.fill(item, place)))
                    held.setdefault(row.part, []).append({**asked, **item})
                    _details(ask, row, item, place)
        wanted = sorted(keys)
        for start in range(0, len(wanted), 100):
            ask("resourcegroupstaggingapi", "GetResources", {"ResourceARNList": wanted[start : start + 100]})
        self._owners(ask, held, is_home=is_home)
        return keys

    def _asker(self, region: str) -> Any:
        from botocore import xform_name

        clients: dict[str, Any] = {}

        def ask(service: str, operation: str, params: dict[str, Any]) -> Any:
            if service not in clients:
                with _creating:
                    clients[service] = self._session.client(service, region_name=region, config=self._config)
            self.requests += 1
            return getattr(clients[service], xform_name(operation))(**params)

        return ask

    def _owners(self, ask: Any, held: Held, *, is_home: bool) -> None:
        """Ask for the account's contacts once, and who made what does not say when it was made."""
        for kind in ("OPERATIONS", "SECURITY") if is_home and held else ():
            ask("account", "GetAlternateContact", {"AlternateContactType": kind})
        now = datetime.now(UTC)
        rows = [row for row in self._rows if held.get(row.part) and not row.facts.created]
        for name in sorted({one for row in rows for one in events_of(row.service, row.operation, row.tier)}):
            attributes = [{"AttributeKey": "EventName", "AttributeValue": name}]
            times = {"StartTime": now - timedelta(days=90), "EndTime": now}
            ask("cloudtrail", "LookupEvents", {"LookupAttributes": attributes, "MaxResults": 50, **times})


def _asked(row: Row, held: Held, place: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Yield the parameters with which a row is listed: once, or once for each thing that it lies in."""
    parents: list[dict[str, Any]] = [{}]
    if row.parent:
        parents = held.get(f"{row.service}.{row.parent.operation}", [])
    for parent in parents:
        filled = row.parent.params if row.parent else ()
        asked = {name: template.fill(parent, place) for name, template in filled}
        for more in row.each or ({},):
            yield {**asked, **more}


def _items(ask: Any, row: Row, listing: Any) -> Iterator[dict[str, Any]]:
    params = dict(listing.params)
    if listing.size:
        params[listing.size] = listing.at
    while True:
        answer = ask(row.service, row.operation, params)
        for item in [] if row.single else answer.get(row.result) or []:
            yield {row.item: item} if row.item else item
        token = answer.get(listing.next) if listing.next else None
        if not token:
            return
        params[listing.token] = token


def _details(ask: Any, row: Row, item: dict[str, Any], place: dict[str, str]) -> None:
    known = dict(item)
    for step in row.details:
        for one in step.each.all(known) if step.each else ("",):
            params = step.asked({**known, "each": one}, place)
            answer = ask(row.service, step.operation, params)
            inside = answer.get(step.root) if step.root else answer
            known.update(inside[0] if isinstance(inside, list) else inside)

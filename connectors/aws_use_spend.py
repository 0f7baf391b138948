"""Read what AI services cost, once a scan and only where it is allowed: spend is use, and a sign of where.

Two requests to Cost Explorer from the account that pays cover the whole organisation. What they say of
regions is kept for the next scans, which read regions with spend although nothing was found there yet.

**Source:** AWS Cost Explorer API reference GetCostAndUsage (two groupings at most; each request, so each
page, is charged), read 2026-11-22. Third-party models are lines of their own in the bill, named "... (Amazon
Bedrock Edition)". Permission: ``ce:GetCostAndUsage``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connectors import aws_use_rows, meter
from connectors.aws_use_findings import Subjects, Use, day_of, days_ago, shown
from connectors.aws_use_rows import Service
from connectors.clients.aws import Listing, Place
from connectors.contract import Context, PartHandle
from connectors.errors import Incomplete
from connectors.model import Finding, Json, Unchanged

PART = "ce.GetCostAndUsage"
_DAYS_KEPT = 8
_MOST_MODELS = 50


@dataclass(slots=True)
class Bill:
    """What one account paid for one service, in the currency of the bill, and for which models."""

    service: Service
    amount: float = 0.0
    currency: str = ""
    models: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Where AI was paid for lately."""

    accounts: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()

    def is_sign(self, account: str, region: str) -> bool:
        """Say whether AI may be in use in a region of an account."""
        return account in self.accounts and region in self.regions


def read(ctx: Context, subjects: Subjects, place: Place) -> Iterator[Finding | Unchanged]:
    """Yield the ready services that each account paid for."""
    with ctx.part(PART) as part:
        left = ctx.config.cost_explorer_requests
        bills: dict[tuple[str, str], Bill] = {}
        sent = meter.requests()
        for service, account, amount, currency, model in _groups(ctx, part, place, "LINKED_ACCOUNT", left):
            bill = bills.setdefault((account, service.id), Bill(service))
            bill.amount += amount
            bill.currency = currency
            bill.models |= {model} if model else set()
        left -= meter.requests() - sent
        regions = {one[1] for one in _groups(ctx, part, place, "REGION", left)} if bills else set()
        _keep(ctx, {account for account, _ in bills}, regions)
        uses = [_use(subjects, account, bill) for (account, _), bill in sorted(bills.items(), key=_order)]
        yield from shown(ctx, PART, uses, subjects.spot, f"Cost Explorer of {place.account}")


def _order(item: tuple[tuple[str, str], Bill]) -> tuple[str, str]:
    return item[0]


def _groups(
    ctx: Context, part: PartHandle, place: Place, dimension: str, requests: int
) -> Iterator[tuple[Service, str, float, str, str]]:
    """Yield service, account or region, amount, currency and the model that a line of the bill names."""
    if requests <= 0:
        part.exception(f"{PART} {dimension}", "beyond what cost_explorer_requests allows")
        return
    services = tuple(aws_use_rows.load().services.values())
    try:
        for period in ctx.aws.items(_listing(ctx.now(), dimension, requests), place):
            for group in period.get("Groups") or ():
                name, where = (str(key) for key in group["Keys"])
                found = _service(services, name)
                cost = group["Metrics"]["UnblendedCost"]
                if found is not None and float(cost["Amount"]) > 0:
                    yield found[0], where, float(cost["Amount"]), str(cost.get("Unit", "")), found[1]
    except Incomplete:
        part.exception(f"{PART} {dimension}", "there is more than cost_explorer_requests allows to read")


def _listing(now: datetime, dimension: str, requests: int) -> Listing:
    days = aws_use_rows.load().limits.spend_days
    groups = [{"Type": "DIMENSION", "Key": name} for name in ("SERVICE", dimension)]
    return Listing(
        service="ce",
        operation="GetCostAndUsage",
        items="ResultsByTime",
        params={
            "TimePeriod": {"Start": days_ago(now, days), "End": day_of(now)},
            "Granularity": "MONTHLY",
            "Metrics": ["UnblendedCost"],
            "GroupBy": groups,
        },
        token="NextPageToken",
        next="NextPageToken",
        most_pages=requests,
    )


def _service(services: tuple[Service, ...], name: str) -> tuple[Service, str] | None:
    """Return the service that a line of the bill is for, and the model that it names."""
    for one in services:
        model = one.model_spend.fullmatch(name) if one.model_spend else None
        if model:
            return one, model[1]
        if one.spend.fullmatch(name):
            return one, ""
    return None


def _use(subjects: Subjects, account: str, bill: Bill) -> Use:
    days = aws_use_rows.load().limits.spend_days
    attributes: dict[str, Json] = {
        f"spend_{days}_days": round(bill.amount, 2),
        "spend_currency": bill.currency,
    }
    if bill.models:
        attributes["billed_models"] = list[Json](sorted(bill.models)[:_MOST_MODELS])
    return Use(subject=subjects.of_service(bill.service.id, account), attributes=attributes)


def _keep(ctx: Context, accounts: set[str], regions: set[str]) -> None:
    found = {"accounts": sorted(accounts), "regions": sorted(regions)}
    ctx.cache.put(_key(ctx, ctx.now()), json.dumps(found).encode())


def spent(ctx: Context) -> Spent:
    """Return what the last scan that read the bill kept; nothing after a week without one."""
    if not ctx.config.cost_explorer_requests:
        return Spent()
    keys = [_key(ctx, ctx.now() - timedelta(days=days)) for days in range(_DAYS_KEPT)]
    known = ctx.cache.get_many(keys)
    for key in keys:
        if key in known:
            found = json.loads(known[key])
            return Spent(accounts=frozenset(found["accounts"]), regions=frozenset(found["regions"]))
    return Spent()


def _key(ctx: Context, day: datetime) -> str:
    return f"aws-spend/1/{ctx.instance}/{day_of(day)}"

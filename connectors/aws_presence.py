"""Know which services a region does not offer, so that nobody asks in vain at every scan.

Two sources, both kept for a week: AWS's public parameters, and what a region answered when it was tried. The
parameters are some hundred small calls in the scanner's own account and are asked for large scans only. What
is skipped is shown as not offered, with the day and who said so.

**Source:** AWS Systems Manager user guide, public parameters
``/aws/service/global-infrastructure/services/<service>/regions``; only in the partition ``aws``; read
2026-11-20. Permission: ``ssm:GetParametersByPath`` on these parameters.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial

from connectors.aws_rows import Row
from connectors.catalogue import read_table
from connectors.clients.aws import AwsClients, Listing, Place
from connectors.contract import Context
from connectors.errors import AuthError, NoteAndGoOn

WORTH_SCOPES = 12
"""Scopes from which on the public parameters save more calls than they cost."""
ASKED = "presence"
"""The key in a scope's ``listed`` that says that the public parameters are worth asking."""
_PATH = "/aws/service/global-infrastructure/services/{}/regions"
_DAYS = 7


def prepare(ctx: Context, rows: Sequence[Row], region: str) -> None:
    """Tell the client which of the rows' operations the region does not offer, as far as is known."""
    wanted = {(row.service, row.operation) for row in rows}
    reasons = {} if region == "global" else _remembered(ctx, wanted, region)
    if ctx.scope.listed.get(ASKED):
        offered = _by_parameters(ctx, {service for service, _ in wanted})
        reasons |= {
            (region, service, operation): f"not among the regions of {service} in AWS's public parameters"
            for service, operation in wanted
            if service in offered and region not in offered[service]
        }
        ctx.aws.memory.offered({(one, service) for service, regions in offered.items() for one in regions})
    ctx.aws.memory.absent(reasons)


def remember(ctx: Context, rows: Sequence[Row], region: str) -> None:
    """Keep for a week what the region said it does not offer."""
    partition, now = ctx.aws.identity().partition, ctx.now()
    found = ctx.aws.memory.found_absent(region) & {(row.service, row.operation) for row in rows}
    for service, operation in sorted(found):
        ctx.cache.put(_key(partition, region, service, operation, now), f"{now:%Y-%m-%d}".encode())


def _remembered(
    ctx: Context, wanted: Iterable[tuple[str, str]], region: str
) -> dict[tuple[str, str, str], str]:
    partition, now = ctx.aws.identity().partition, ctx.now()
    keys = {_key(partition, region, *one, now): one for one in wanted}
    return {
        (region, *keys[key]): f"not offered in this region, as it said on {day.decode(errors='replace')}"
        for key, day in ctx.cache.get_many(keys).items()
    }


def _key(partition: str, region: str, service: str, operation: str, now: datetime) -> str:
    """Name a fact for a week that begins on another day for each service."""
    name = f"{partition}/{region}/{service}.{operation}"
    return f"aws-not-offered/1/{name}/{_week(service, now)}"


def _week(name: str, now: datetime) -> int:
    jitter = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=2).digest()) % _DAYS
    return (int(now.timestamp()) // 86_400 + jitter) // _DAYS


def _by_parameters(ctx: Context, services: set[str]) -> Mapping[str, frozenset[str]]:
    """Return the regions of services that the public parameters know; a refusal is no failure."""
    names: Mapping[str, str] = read_table("aws_organization")["presence"]
    if ctx.aws.identity().partition != "aws":
        return {}
    found = {}
    for service in sorted(services & names.keys()):
        regions = ctx.aws.memory.once(f"presence/{service}", partial(_regions_of, ctx, names[service]))
        if regions:
            found[service] = regions
    return found


def _regions_of(ctx: Context, name: str) -> frozenset[str]:
    key = f"aws-presence/1/{name}/{_week(name, ctx.now())}"
    kept = ctx.cache.get_many([key]).get(key)
    if kept is not None:
        return frozenset(json.loads(kept))
    refused: list[str] = ctx.aws.memory.once("presence refused", list)
    if refused:
        return frozenset()
    try:
        regions = _ask(ctx.aws, name)
    except (AuthError, NoteAndGoOn) as error:
        refused.append(error.what)
        ctx.log.info("the public parameters cannot be read: %s", error.what)
        return frozenset()
    ctx.cache.put(key, json.dumps(sorted(regions)).encode())
    return regions


def _ask(aws: AwsClients, name: str) -> frozenset[str]:
    listing = Listing(
        service="ssm",
        operation="GetParametersByPath",
        items="Parameters",
        params={"Path": _PATH.format(name)},
        token="NextToken",
        next="NextToken",
        size="MaxResults",
        at=10,
    )
    place = Place(account=aws.identity().account, region=aws.home_region())
    return frozenset(str(item["Value"]) for item in aws.items(listing, place) if item.get("Value"))

"""Find the regions an account has switched on; the account says so, never the SDK.

SDK metadata misses regions of many AI services and knows nothing of an account's opt-ins.

**Source:** AWS Account Management API reference ListRegions, EC2 API reference DescribeRegions, read
2026-11-20. Permission: ``account:ListRegions`` or else ``ec2:DescribeRegions``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.clients.aws import AwsClients, Listing, Place
from connectors.errors import NoteAndGoOn, PermissionDenied

_LIST_REGIONS = Listing(
    service="account",
    operation="ListRegions",
    items="Regions",
    token="NextToken",
    next="NextToken",
    size="MaxResults",
    at=50,
)
_DESCRIBE_REGIONS = Listing(
    service="ec2", operation="DescribeRegions", items="Regions", params={"AllRegions": True}
)
_OFF = {
    "DISABLED": "the account has not opted in to this region",
    "ENABLING": "the account is still being opted in to this region",
    "DISABLING": "the account is being opted out of this region",
    "not-opted-in": "the account has not opted in to this region",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A region as the account sees it; ``off`` says why it cannot be read (empty: it can)."""

    name: str
    off: str = ""


def regions_of(aws: AwsClients, account: str) -> list[Region]:
    """Return all regions that an account knows, those it has not opted in to included, by name.

    Raises ``AuthError`` when the account cannot be entered and ``PermissionDenied`` when neither way of
    asking is allowed.
    """
    place = Place(account=account, region=aws.home_region())
    with aws.using(place):
        try:
            items = list(aws.items(_LIST_REGIONS, place))
        except NoteAndGoOn as first:
            try:
                items = list(aws.items(_DESCRIBE_REGIONS, place))
            except NoteAndGoOn as second:
                raise PermissionDenied(
                    f"the regions of account {account} cannot be listed: {first.what}; {second.what}",
                    hint="Allow account:ListRegions, or set regions in the configuration.",
                ) from second
    return sorted(map(_region, items), key=lambda one: one.name)


def _region(item: Mapping[str, Any]) -> Region:
    state = str(item.get("RegionOptStatus") or item.get("OptInStatus") or "")
    return Region(name=str(item["RegionName"]), off=_OFF.get(state, ""))

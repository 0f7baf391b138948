"""Find the regions an account has switched on; the account says so, never the SDK.

SDK metadata misses regions of many AI services and knows nothing of an account's opt-ins.

**Source:** AWS Account Management API reference ListRegions, EC2 API reference DescribeRegions, read
2026-11-20. Permission: ``account:ListRegions`` or else ``ec2:DescribeRegions``.
"""

from __future__ import annotations

from connectors.clients.aws import AwsClients, Listing, Place
from connectors.errors import NoteAndGoOn, PermissionDenied

_LIST_REGIONS = Listing(
    service="account",
    operation="ListRegions",
    items="Regions",
    params={"RegionOptStatusContains": ["ENABLED", "ENABLED_BY_DEFAULT"]},
    token="NextToken",
    next="NextToken",
    size="MaxResults",
    at=50,
)
_DESCRIBE_REGIONS = Listing(
    service="ec2", operation="DescribeRegions", items="Regions", params={"AllRegions": False}
)


def regions_of(aws: AwsClients, account: str) -> list[str]:
    """Return an account's enabled regions, sorted.

    Raises ``AuthError`` when the account cannot be entered and ``PermissionDenied`` when neither way of
    asking is allowed.
    """
    place = Place(account=account, region=aws.home_region())
    try:
        return sorted(str(item["RegionName"]) for item in aws.items(_LIST_REGIONS, place))
    except NoteAndGoOn as first:
        try:
            return _by_ec2(aws, place)
        except NoteAndGoOn as second:
            raise PermissionDenied(
                f"the regions of account {account} cannot be listed: {first.what}; {second.what}",
                hint="Allow account:ListRegions, or set regions in the configuration.",
            ) from second


def _by_ec2(aws: AwsClients, place: Place) -> list[str]:
    return sorted(
        str(item["RegionName"])
        for item in aws.items(_DESCRIBE_REGIONS, place)
        if item.get("OptInStatus") != "not-opted-in"
    )

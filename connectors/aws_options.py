"""The options of the AWS connector."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from connectors.options import Options, Secret


def _no_repeats(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _known_services(values: tuple[str, ...]) -> tuple[str, ...]:
    if values:
        from connectors import aws_rows, aws_use

        known = {row.service for row in aws_rows.load().rows} | aws_use.services()
        unknown = sorted(set(values) - known)
        if unknown:
            raise ValueError(f"no such service: {', '.join(unknown)}; known: {', '.join(sorted(known))}")
    return _no_repeats(values)


_AccountId = Annotated[str, Field(pattern=r"^\d{12}$")]
_RegionName = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d+$")]
_AccountIds = Annotated[tuple[_AccountId, ...], AfterValidator(_no_repeats)]
_RegionNames = Annotated[tuple[_RegionName, ...], AfterValidator(_no_repeats)]


class AwsOptions(Options):
    """Say which accounts and regions are scanned, and with which credential."""

    profile: str = Field(
        default="", description="Profile of ~/.aws/config; empty: boto3's usual credential chain."
    )
    partition: Literal["", "aws", "aws-cn", "aws-us-gov"] = Field(
        default="",
        description="Where to sign in; empty: as the credential's region or the first of `regions` says.",
    )
    accounts: _AccountIds = Field(
        default=(), description="Account ids; empty: the organisation's, or the credential's own account."
    )
    organization: bool = Field(
        default=False, description="Read every account that AWS Organizations lists, too."
    )
    organization_account: Annotated[str, Field(pattern=r"^(\d{12})?$")] = Field(
        default="",
        description="Management or delegated account to ask for the list; empty: the credential's own.",
    )
    exclude_accounts: _AccountIds = Field(
        default=(), description="Accounts that are not read; coverage shows them as left out."
    )
    role_name: str = Field(
        default="",
        pattern=r"^[\w+=,.@/-]{0,128}$",
        description="Role to assume in every account but the credential's own.",
    )
    external_id: Secret | None = Field(
        default=None, description="External id that the role asks for, by reference."
    )
    external_ids: dict[_AccountId, Secret] = Field(
        default_factory=dict, description="External ids of accounts that have one of their own, by reference."
    )
    regions: _RegionNames = Field(
        default=(), description="Regions to scan; empty: those that each account has switched on."
    )
    services: Annotated[tuple[str, ...], AfterValidator(_known_services)] = Field(
        default=(),
        description="Services to read, as the AWS CLI names them; empty: all. The others are not looked at.",
    )
    active_regions: _RegionNames = Field(
        default=(), description="Regions that every scan reads, whether anything was found there or not."
    )
    full_sweep_days: int = Field(
        default=7,
        ge=0,
        le=90,
        description="Days after which a region where nothing was found is read again; 0: at every scan.",
    )
    creator_lookups: int = Field(
        default=60,
        ge=0,
        description="Requests that one scan may spend in a region on asking CloudTrail who made new things, "
        "two a second and free; 0: none.",
    )
    cost_explorer_requests: int = Field(
        default=0,
        ge=0,
        description="Requests to Cost Explorer that one scan may send, 0.01 USD each; 0: none.",
    )
    metric_data_metrics: int = Field(
        default=0,
        ge=0,
        description="Metrics that one scan may read with GetMetricData, 0.01 USD for 1,000; 0: none.",
    )
    cloudtrail_lake_gb: int = Field(
        default=0,
        ge=0,
        description="Gigabytes that CloudTrail Lake queries of one scan may read, 0.005 USD each; 0: none.",
    )
    activity_items: int = Field(
        default=50,
        ge=1,
        le=1000,
        description="Jobs and runs of each kind that one scan reads in a region, the newest; they are told "
        "together.",
    )
    endpoint_url: str = Field(
        default="", description="Another endpoint for all services, before AWS_ENDPOINT_URL."
    )

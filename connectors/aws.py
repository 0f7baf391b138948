"""Find AI assets in AWS accounts: Bedrock, Bedrock agents, AgentCore, SageMaker, Comprehend, Lex, Transcribe.

One generic connector runs the rows of ``catalogue/aws.toml``: every list operation is a part of every
(account, region) scope. A further service is further rows.

**Source:** AWS service API references and botocore 1.44.5 service models, read 2026-11-20.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Annotated, ClassVar, cast

from pydantic import AfterValidator, Field

from connectors import aws_rows
from connectors.aws_regions import regions_of
from connectors.aws_rows import Row
from connectors.aws_scan import TAGS_PART, ScopeScan
from connectors.clients.aws import AwsSettings
from connectors.contract import ConnectorInfo, Context
from connectors.errors import AuthError, NoteAndGoOn
from connectors.model import Finding, Part, Scope, Unchanged
from connectors.options import Options, Secret

GLOBAL = "global"


def _no_repeats(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


_Account = Annotated[str, Field(pattern=r"^\d{12}$")]
_Region = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d+$")]


class AwsOptions(Options):
    """Say which accounts and regions are scanned, and with which credential."""

    profile: str = Field(
        default="", description="Profile of ~/.aws/config; empty: boto3's usual credential chain."
    )
    accounts: Annotated[tuple[_Account, ...], AfterValidator(_no_repeats)] = Field(
        default=(), description="Account ids; empty: the credential's own account."
    )
    role_name: str = Field(
        default="",
        pattern=r"^[\w+=,.@/-]{0,128}$",
        description="Role to assume in every account but the credential's own.",
    )
    external_id: Secret | None = Field(
        default=None, description="External id that the role asks for, by reference."
    )
    regions: Annotated[tuple[_Region, ...], AfterValidator(_no_repeats)] = Field(
        default=(), description="Regions to scan; empty: those that each account has switched on."
    )
    endpoint_url: str = Field(
        default="", description="Another endpoint for all services, before AWS_ENDPOINT_URL."
    )


class _Info:
    """Make the connector's info from the catalogue when it is first asked for, not at import time."""

    def __get__(self, instance: object, owner: type | None = None) -> ConnectorInfo:
        return _info()


@cache
def _info() -> ConnectorInfo:
    catalogue = aws_rows.load()
    return ConnectorInfo(
        name="aws",
        title="Amazon Web Services",
        kinds=tuple(sorted({row.kind for row in catalogue.rows})),
        operations=catalogue.operations(),
        docs=(
            "https://docs.aws.amazon.com/bedrock/latest/APIReference/ (2026-11-20)",
            "https://docs.aws.amazon.com/sagemaker/latest/APIReference/ (2026-11-20)",
            "https://docs.aws.amazon.com/service-authorization/latest/reference/ (2026-11-20)",
        ),
        config_model=AwsOptions,
        extra="aws",
    )


class AwsConnector:
    """Read AI assets of AWS accounts and regions."""

    info: ClassVar[ConnectorInfo] = cast(ConnectorInfo, _Info())

    def aws_settings(self, config: AwsOptions) -> AwsSettings:
        """Return the client settings of an instance."""
        catalogue = aws_rows.load()
        return AwsSettings(
            profile=config.profile,
            role_name=config.role_name,
            external_id=config.external_id,
            endpoint_url=config.endpoint_url,
            partitions=tuple(catalogue.partitions.values()),
            redaction=catalogue.redaction,
        )

    def scopes(self, ctx: Context) -> Iterable[Scope]:
        """Yield one scope for every account and region, accounts in the configured order.

        An account that cannot be entered keeps its place, with the regions of the credential's own
        account, so that every scan shows that it could not be seen; the listing is then not complete.
        Raises ``AuthError`` when there is no credential at all. Permission: ``account:ListRegions``.
        """
        own = ctx.aws.identity().account
        for account in ctx.config.accounts or (own,):
            for region in self._regions(ctx, account, own):
                yield self._scope(ctx, account, region)
            if _parts(is_global=True):
                yield self._scope(ctx, account, GLOBAL)

    def scan(self, ctx: Context) -> Iterator[Finding | Unchanged]:
        """Read one account in one region: listings first, then what is new or due of details and tags."""
        rows = [row for row in aws_rows.load().rows if row.is_global == (ctx.scope.region == GLOBAL)]
        yield from ScopeScan(ctx, rows).run()

    def _regions(self, ctx: Context, account: str, own: str) -> Iterable[str]:
        if ctx.config.regions:
            return list(ctx.config.regions)
        try:
            return regions_of(ctx.aws, account)
        except (AuthError, NoteAndGoOn) as error:
            if account == own:
                raise
            ctx.incomplete(f"the regions of account {account} are not known: {error.what}")
            return regions_of(ctx.aws, own)

    def _scope(self, ctx: Context, account: str, region: str) -> Scope:
        return Scope(
            connector="aws",
            instance=ctx.instance,
            ids=(account, region),
            parts=_parts(is_global=region == GLOBAL),
            label=f"{account} {region}",
            account=account,
            region=region,
        )


@cache
def _parts(*, is_global: bool) -> tuple[Part, ...]:
    rows = [row for row in aws_rows.load().rows if row.is_global == is_global]
    if not rows:
        return ()
    taggable = tuple(sorted({row.kind for row in rows if row.has_arn}))
    return (
        *(part for row in rows for part in _parts_of(row)),
        Part(name=TAGS_PART, kinds=taggable, details=True),
    )


def _parts_of(row: Row) -> Iterator[Part]:
    yield Part(name=row.part, kinds=(row.kind,))
    if row.details:
        yield Part(name=row.details_part, kinds=(row.kind,), details=True)

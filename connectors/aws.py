"""Find AI assets in the AWS accounts of an organisation, in every region that each has switched on.

One generic connector runs the rows of ``catalogue/aws.toml``: every list operation is a part of every
(account, region) scope. A further service is further rows.

**Source:** AWS service API references and botocore 1.44.5 service models, read 2026-11-20.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import ClassVar, cast

from connectors import aws_plan, aws_policy, aws_presence, aws_rows, aws_use
from connectors.aws_contacts import ADDRESS
from connectors.aws_options import AwsOptions
from connectors.aws_organization import Account, accounts, labelled
from connectors.aws_regions import Region, regions_of
from connectors.aws_rows import Row
from connectors.aws_scan import ScopeScan, owner_parts
from connectors.clients.aws import Place
from connectors.clients.aws_settings import AwsSettings
from connectors.contract import Charge, ConnectorInfo, Context
from connectors.errors import AuthError, NoteAndGoOn
from connectors.model import LEFT_OUT_PART, Finding, KnownScope, LeftOut, Part, PartStatus, Scope, Unchanged

__all__ = ["GLOBAL", "AwsConnector", "AwsOptions"]

GLOBAL = "global"


class _Info:
    """Make the connector's info from the catalogue when it is first asked for, not at import time."""

    def __get__(self, instance: object, owner: type | None = None) -> ConnectorInfo:
        return _info()


@cache
def _info() -> ConnectorInfo:
    catalogue = aws_rows.load()
    declared = {(one.host, one.path): one for one in catalogue.operations()}
    for operation in (*(one.operation for one in aws_plan.support()), *aws_use.operations()):
        declared.setdefault((operation.host, operation.path), operation)
    return ConnectorInfo(
        name="aws",
        title="Amazon Web Services",
        kinds=tuple(
            sorted(
                {kind for row in catalogue.rows for kind in (*row.kinds, *row.details_kinds)}
                | aws_use.kinds()
            )
        ),
        operations=tuple(declared.values()),
        docs=(
            "https://docs.aws.amazon.com/bedrock/latest/APIReference/ (2026-11-20)",
            "https://docs.aws.amazon.com/sagemaker/latest/APIReference/ (2026-11-20)",
            "https://docs.aws.amazon.com/organizations/latest/APIReference/ (2026-11-20)",
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
            external_ids=config.external_ids,
            partition=config.partition or _partition_of(config.regions),
            endpoint_url=config.endpoint_url,
            partitions=tuple(catalogue.partitions.values()),
            redaction=catalogue.redaction,
            rates=catalogue.rates,
        )

    def charges(self, config: AwsOptions) -> Iterator[Charge]:
        """Yield the kinds of calls that AWS charges for, and how much of each a scan may use."""
        yield from aws_plan.charges(config)

    def policy(self, form: str, part: str) -> str:
        """Return the rights that the connector needs as a document to deploy.

        ``form`` is iam, cloudformation or terraform; ``part`` is member, scanner or management.
        """
        return aws_policy.document(self.info.operations, form, part)

    def scopes(self, ctx: Context) -> Iterable[Scope]:
        """Yield one scope for every account and region, accounts in the configured order, then by id.

        What is not read now is listed as left out, with the reason: accounts that are suspended, closed or
        excluded, regions that an account has not opted in to, and between two full sweeps regions in which
        nothing was found. An account that cannot be entered is left out as denied, with all that is known of
        it: nothing there ages, and each region shows what could not be seen. Raises ``AuthError`` when there
        is no credential at all. Permissions: ``account:ListRegions``, ``organizations:ListAccounts``.
        """
        own = ctx.aws.identity().account
        known = ctx.known()
        listed: list[Scope] = []
        for account in accounts(ctx, own):
            if account.left_out:
                listed.append(_left_out(ctx, account, "", LeftOut(reason=account.left_out)))
            else:
                listed += self._places(ctx, account, own, known)
        is_large = sum(scope.left_out is None for scope in listed) >= aws_presence.WORTH_SCOPES
        asked = {aws_presence.ASKED: "1"} if is_large else {}
        return aws_use.shared(
            [
                replace(scope, listed={**scope.listed, **asked}) if scope.region != GLOBAL else scope
                for scope in listed
            ],
            ctx.config,
        )

    def scan(self, ctx: Context) -> Iterator[Finding | Unchanged]:
        """Read one account in one region: listings first, then what is new or due of details and tags."""
        region = ctx.scope.region or ""
        asks = ctx.scope.account == _asked_account(ctx)
        rows = _rows(is_global=region == GLOBAL, asks=asks, services=ctx.config.services)
        where = ctx.aws.home_region() if region == GLOBAL else region
        place = Place(account=ctx.scope.account or "", region=where)
        scanned, roles = ScopeScan(ctx, rows), aws_use.roles_of(ctx)
        with ctx.aws.using(place):
            aws_presence.prepare(ctx, rows, region)
            for one in scanned.run():
                roles.note(one)
                yield one
            yield from aws_use.read(ctx, scanned, place, roles)
        if region != GLOBAL:
            aws_presence.remember(ctx, rows, region)

    def _places(
        self, ctx: Context, account: Account, own: str, known: Mapping[str, KnownScope]
    ) -> Iterator[Scope]:
        try:
            regions = self._regions(ctx, account.id, own)
        except AuthError as error:
            if account.id == own:
                raise
            yield _left_out(ctx, account, "", LeftOut(reason=str(error), status=PartStatus.DENIED))
            return
        for region in regions:
            if region.off:
                left_out = LeftOut(reason=region.off, status=PartStatus.NOT_OPTED_IN)
                yield _left_out(ctx, account, region.name, left_out)
                continue
            scope = _scope(ctx, account, region.name)
            listings = sum(not part.details for part in scope.parts)
            quiet = aws_plan.quiet(region.name, known.get(scope.key), listings, ctx.config, ctx.now())
            is_paid_for = quiet is not None and aws_use.is_paid_for(ctx, account.id, region.name)
            yield replace(scope, left_out=None if is_paid_for else quiet)
        once = _scope(ctx, account, GLOBAL)
        if any(not part.details for part in once.parts):
            yield once

    def _regions(self, ctx: Context, account: str, own: str) -> Iterable[Region]:
        if ctx.config.regions:
            return [Region(name=name) for name in ctx.config.regions]
        try:
            return regions_of(ctx.aws, account)
        except NoteAndGoOn as error:
            if account == own:
                raise
            ctx.incomplete(f"the regions of account {account} are not known: {error.what}")
            listed = ctx.aws.memory.once("own regions", lambda: regions_of(ctx.aws, own))
            return [one for one in listed if not one.off]  # whether this account opted in is not known


def _scope(ctx: Context, account: Account, region: str) -> Scope:
    return Scope(
        connector="aws",
        instance=ctx.instance,
        ids=(account.id, region),
        parts=_parts(
            is_global=region == GLOBAL,
            asks=account.id == _asked_account(ctx),
            services=ctx.config.services,
            creator_lookups=ctx.config.creator_lookups,
        )
        + aws_use.parts(ctx.config, account.id, ctx.aws.identity().account, is_global=region == GLOBAL),
        label=f"{labelled(account)} {region}",
        account=account.id,
        region=region,
        listed={ADDRESS: account.email} if account.email else {},
    )


def _left_out(ctx: Context, account: Account, region: str, reason: LeftOut) -> Scope:
    """Return what stands for a region, or for a whole account, that is not read."""
    return Scope(
        connector="aws",
        instance=ctx.instance,
        ids=(account.id, region) if region else (account.id,),
        parts=(LEFT_OUT_PART,),
        label=f"{labelled(account)} {region}".rstrip(),
        account=account.id,
        region=region or None,
        left_out=reason,
    )


def _partition_of(regions: tuple[str, ...]) -> str:
    """Return the partition that regions lie in, empty where that decides nothing."""
    if not regions:
        return ""
    known = aws_rows.load().partitions.values()
    home = next((one.name for one in known if regions[0] in one.default_regions), "")
    return home if home != "aws" else ""


def _asked_account(ctx: Context) -> str:
    """Return the account that is asked about the organisation."""
    asked: str = ctx.config.organization_account or ctx.aws.identity().account
    return asked


def _rows(*, is_global: bool, asks: bool, services: tuple[str, ...]) -> list[Row]:
    """Return what is asked in a region, or once an account; of the organisation only one account is."""
    rows = [row for row in aws_rows.load().rows if row.is_global == is_global]
    rows = [row for row in rows if not services or row.service in services]
    return [row for row in rows if asks or not row.is_organizations]


@cache
def _parts(
    *, is_global: bool, asks: bool, services: tuple[str, ...], creator_lookups: int
) -> tuple[Part, ...]:
    rows = _rows(is_global=is_global, asks=asks, services=services)
    if not rows:
        return ()
    return (
        *(part for row in rows for part in _parts_of(row)),
        *owner_parts(rows, creator_lookups=creator_lookups),
    )


def _parts_of(row: Row) -> Iterator[Part]:
    yield Part(name=row.part, kinds=row.kinds)
    if row.details:
        yield Part(name=row.details_part, kinds=row.details_kinds, details=True)

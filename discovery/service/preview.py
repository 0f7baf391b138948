"""Say what a scan would read, how many calls and how long it takes, and what it costs, before it does.

Only the scopes are listed: for a cloud that is who we are, which accounts there are and which regions they
have switched on. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from connectors.model import KnownScope, PartStatus, Scope
from connectors.runner import ScopeJob, list_scopes, nothing_known
from discovery.service.plan import ScanRequest, chosen, refusals, takes_targets

if TYPE_CHECKING:
    from connectors.contract import Charge
    from discovery.config import Config, InstanceConfig
    from store import Store

_NOWHERE = "global"
"""What clouds call the place of things that lie in no region."""
CALL_S = 0.15
"""Assumed time of a call that was never made, in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopePlan:
    """One scope that would be read, or is left out for a reason.

    ``listings`` is how many lists it asks for; ``calls`` and ``seconds`` are those of its last reading, or
    the least that is sure and an assumption when it was never read (``is_measured`` is false).
    """

    scope: str
    label: str
    account: str | None
    region: str | None
    listings: int
    calls: int
    seconds: float
    is_measured: bool
    left_out: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargePlan:
    """A kind of call that costs money: how much of it one scan may use, and what that costs at most (USD)."""

    name: str
    operation: str
    option: str
    what: str
    allowed: int
    usd_each: float
    usd_at_most: float


@dataclass(frozen=True, slots=True, kw_only=True)
class InstancePlan:
    """What one connector instance would do; ``seconds`` is for all workers together.

    ``status`` and ``reason`` are those of the listing, ``requests`` what the listing itself took.
    """

    instance: str
    status: str
    reason: str
    requests: int
    accounts: int
    regions: int
    listings: int
    calls: int
    seconds: float
    usd_at_most: float
    charges: list[ChargePlan] = field(default_factory=list)
    scopes: list[ScopePlan] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Say whether all scopes could be listed."""
        return self.status == PartStatus.COMPLETE

    @property
    def to_read(self) -> list[ScopePlan]:
        """Return the scopes that would be read."""
        return [one for one in self.scopes if not one.left_out]


def preview(config: Config, request: ScanRequest, store: Store | None) -> list[InstancePlan]:
    """Return what a scan of ``request`` would do, instance by instance.

    ``store`` tells what earlier scans took. Raises ``ConfigError`` as the scan would.
    """
    from connectors.context import forget_clients

    try:
        return [_instance(config, one, store) for one in chosen(config, request)]
    finally:
        forget_clients()


def _instance(config: Config, instance: InstanceConfig, store: Store | None) -> InstancePlan:
    from connectors import registry

    known = partial(_known, store, instance) if store is not None else nothing_known
    job = ScopeJob(
        connector=instance.connector,
        instance=instance.name,
        scope=Scope(connector=instance.connector, instance=instance.name, ids=(), parts=()),
        options=instance.options,
        network=config.network,
        known=known,
    )
    scopes, result = list_scopes(job)
    # The parts of folders, repositories and images are file formats, not calls.
    asks = bool(registry.info(instance.connector).operations) and not takes_targets(instance)
    record = known()
    plans = [_scope(one, record.get(one.key), asks=asks) for one in scopes or ()]
    ready = [one for one in plans if not one.left_out]
    charges = _charges(instance)
    refused = refusals(scopes or ())
    status = PartStatus.INCOMPLETE if refused and result.status is PartStatus.COMPLETE else result.status
    return InstancePlan(
        instance=instance.key,
        status=status.value,
        reason="; ".join(one for one in (result.reason, *refused) if one),
        requests=result.requests,
        accounts=len({one.account for one in ready if one.account}),
        regions=len({one.region for one in ready if one.region and one.region != _NOWHERE}),
        listings=sum(one.listings for one in ready),
        calls=sum(one.calls for one in ready),
        seconds=_together([one.seconds for one in ready], config.scan.workers),
        usd_at_most=sum(one.usd_at_most for one in charges),
        charges=charges,
        scopes=plans,
    )


def _known(store: Store, instance: InstanceConfig) -> Mapping[str, KnownScope]:
    from store.recorded import known_scopes

    return known_scopes(store, instance.connector, instance.name)


def _scope(scope: Scope, known: KnownScope | None, *, asks: bool) -> ScopePlan:
    listings = sum(not part.details for part in scope.parts)
    calls, seconds, is_measured = (listings if asks else 0), (listings * CALL_S if asks else 0.0), False
    if known is not None and known.requests is not None and known.elapsed_s is not None:
        calls, seconds, is_measured = known.requests, known.elapsed_s, True
    plan = ScopePlan(
        scope=scope.key,
        label=scope.label or scope.key,
        account=scope.account,
        region=scope.region,
        listings=listings,
        calls=calls,
        seconds=round(seconds, 3),
        is_measured=is_measured,
    )
    if scope.left_out is None:
        return plan
    reason = scope.left_out.reason
    return replace(plan, left_out=reason, listings=0, calls=0, seconds=0.0)


def _together(seconds: Sequence[float], workers: int) -> float:
    """Return how long scopes take when some are read at the same time."""
    return round(max(sum(seconds) / workers, max(seconds, default=0.0)), 3)


def _charges(instance: InstanceConfig) -> list[ChargePlan]:
    from connectors import registry

    tell = getattr(registry.load(instance.connector)(), "charges", None)
    charges: Sequence[Charge] = list(tell(instance.options)) if tell is not None else []
    return [
        ChargePlan(
            name=one.name,
            operation=one.operation,
            option=one.option,
            what=one.what,
            allowed=one.allowed,
            usd_each=one.usd_each,
            usd_at_most=round(one.allowed * one.usd_each, 4),
        )
        for one in charges
    ]

"""The tables of the configuration file about deadlines and about whom alerts are sent to."""

from __future__ import annotations

from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StrictBool, StrictInt, model_validator

from connectors.options import Options, Secret
from discovery.config_sections import Duration


def _check_events(patterns: tuple[str, ...]) -> tuple[str, ...]:
    from store.outbox import EVENTS

    for one in patterns:
        if not any(fnmatchcase(event, one) for event in EVENTS):
            raise ValueError(f"no event is called {one!r}; there are {', '.join(EVENTS)}")
    return patterns


class ReceiverSection(Options):
    """Somebody who is told of events."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", description="Its name, each once.")
    kind: Literal["webhook", "apprise"] = Field(
        default="webhook", description="webhook: signed JSON; apprise: any address of the library apprise."
    )
    url: Secret = Field(description='Where to, by reference: { env = "NAME" } or { file = "PATH" }.')
    secret: Secret | None = Field(
        default=None, description="What webhooks are signed with: 16 random characters or more."
    )
    severity: Literal["low", "medium", "high", "critical"] = Field(
        default="low", description="Alerts at least this severe."
    )
    rules: tuple[str, ...] = Field(default=(), description="Only of these rules, such as OWN-*. Empty: all.")
    owners: tuple[str, ...] = Field(
        default=(), description="Only about what these own or are assigned. Empty: all."
    )
    events: Annotated[tuple[str, ...], AfterValidator(_check_events)] = Field(
        default=("alert.*", "comment.mention", "scan.failed"),
        description="Which events, * stands for anything.",
    )
    digest: Literal["off", "daily", "weekly", "monthly", "by_severity"] = Field(
        default="off",
        description=(
            "Alerts as one message for each owner; by_severity: critical and high at once, medium weekly, "
            "low monthly."
        ),
    )
    allow_internal: StrictBool = Field(
        default=False, description="true: the address may be inside your network, and http."
    )

    @model_validator(mode="after")
    def _webhooks_are_signed(self) -> ReceiverSection:
        if self.kind == "webhook" and self.secret is None:
            raise ValueError('a webhook needs `secret`, such as secret = { env = "NAME" }')
        if self.kind == "apprise" and self.secret is not None:
            raise ValueError("`secret` is for webhooks; the address of apprise holds its own")
        return self


def _check_time(text: str) -> str:
    if text:
        from discovery.service.working_time import WorkingHours

        WorkingHours().seconds(text)
    return text


Time = Annotated[str, AfterValidator(_check_time)]


class TargetSection(Options):
    """By when what is to be done about an alert, in working hours (4h) or days (7d)."""

    acknowledge: Time = Field(default="", description="Until somebody has seen it.")
    assign: Time = Field(default="", description="Until somebody has it.")
    resolve: Time = Field(default="", description="Until it is resolved, or its risk accepted.")


Severity = Literal["critical", "high", "medium", "low"]


class TierSection(Options):
    """Times for the systems of one tier, over those of [sla]; what is left out stays as there."""

    critical: TargetSection = Field(default=TargetSection(), description="Times of critical alerts.")
    high: TargetSection = Field(default=TargetSection(), description="Times of high alerts.")
    medium: TargetSection = Field(default=TargetSection(), description="Times of medium alerts.")
    low: TargetSection = Field(default=TargetSection(), description="Times of low alerts.")


class SlaSection(Options):
    """By when alerts are to be answered, and who is told when the time runs out."""

    critical: TargetSection = Field(
        default=TargetSection(), description="Times of [sla.critical]; 4h, 1d and 7d unless given."
    )
    high: TargetSection = Field(default=TargetSection(), description="Of [sla.high]; 1d, 3d and 30d.")
    medium: TargetSection = Field(default=TargetSection(), description="Of [sla.medium]; 5d, 7d and 90d.")
    low: TargetSection = Field(default=TargetSection(), description="Of [sla.low]; only resolve: 180d.")
    tiers: dict[Severity, TierSection] = Field(
        default_factory=dict,
        description=(
            "Other times for systems of a tier: [sla.tiers.critical.high] with acknowledge, assign or "
            "resolve is for high alerts of critical systems. Systems without a tier count as high."
        ),
    )
    grace: Time = Field(default="", description="Working time before any clock starts, such as 2d.")
    security_queue: str = Field(default="", description="Who is asked when nobody else can be.")
    security_lead: str = Field(default="", description="Who is told at 100 % of the time.")
    risk_committee: str = Field(default="", description="Who is told at 150 % of the time.")


class NotificationsSection(Options):
    """Who is told what happens, outside of aicensus."""

    storm_limit: StrictInt = Field(
        default=50, ge=1, le=100_000, description="More news of one rule at once are one message with a list."
    )
    settle: Duration = Field(
        default=timedelta(seconds=20), description="How long news waits for more of its kind."
    )
    digest_hour: StrictInt = Field(
        default=8, ge=0, le=23, description="The hour of digests, in the organisation's time zone."
    )
    receivers: tuple[ReceiverSection, ...] = Field(
        default=(),
        description=(
            "Whom to tell, as [[notifications.receivers]] tables with name, kind, url, secret, severity, "
            "rules, owners, events, digest and allow_internal."
        ),
    )

    @model_validator(mode="after")
    def _names_differ(self) -> NotificationsSection:
        names = [one.name for one in self.receivers]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two receivers are called {twice[0]!r}")
        return self

"""The tables of the configuration file that are not connectors, with every option and its default.

Descriptions here are the text of ``config.example.toml`` and ``docs/configuration.md``.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    StrictBool,
    StrictInt,
    model_validator,
)

from connectors.options import Options, Secret
from discovery.config_store import StoreUrl, has_password
from scheduler.cron import Cron
from scheduler.triggers import ScheduleSpec, duration_text, parse_duration

if TYPE_CHECKING:
    from connectors.clients.network import NetworkSettings
    from normalizer.units import Unit


def _read_duration(value: Any) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str):
        return parse_duration(value)
    raise ValueError('a duration is a text in quotes with its unit, like "30s", "5m" or "6h"')


Duration = Annotated[
    timedelta,
    BeforeValidator(_read_duration),
    PlainSerializer(duration_text, return_type=str),
]


def _check_timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError) as error:
        raise ValueError(
            f"{name!r} is not a time zone of this machine; write one like 'Europe/Berlin'"
        ) from error
    return name


class UnitSection(Options):
    """One unit of the organisation."""

    name: str = Field(description="The unit's name, each once.")
    parent: str = Field(default="", description="The name of the unit above.")
    lead: str = Field(default="", description="Who leads it: an address, a handle or a name.")
    legal_entity: str = Field(
        default="", description="The legal entity it is part of. Empty: that of the unit above."
    )
    scopes: tuple[str, ...] = Field(
        default=(), description="Its accounts, repositories and tenants, * stands for anything."
    )
    default_owner: str = Field(
        default="",
        description="Who is asked when nobody else is named. Empty: the lead, then the unit above.",
    )

    def unit(self) -> Unit:
        """Return it as the store keeps it."""
        from normalizer.units import Unit

        return Unit(
            name=self.name,
            parent=self.parent,
            lead=self.lead,
            legal_entity=self.legal_entity,
            scopes=self.scopes,
            default_owner=self.default_owner,
        )


Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _hours(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d\d):([0-5]\d)-(\d\d):([0-5]\d)", text)
    begins, ends = (
        (int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])) if found else (0, 0)
    )
    if not begins < ends <= 24 * 60:
        raise ValueError(f"{text!r} are no working hours; write them like 09:00-17:00")
    return begins, ends


def _check_hours(text: str) -> str:
    _hours(text)
    return text


class OrganisationSection(Options):
    """Whom the inventory is about."""

    name: str = Field(default="", description="The name that reports show.")
    timezone: Annotated[str, AfterValidator(_check_timezone)] = Field(
        default="UTC",
        description="Decides days, schedules, deadlines and law dates. All stored times are UTC.",
    )
    working_days: tuple[Weekday, ...] = Field(
        default=("mon", "tue", "wed", "thu", "fri"), description="Days on which deadlines run."
    )
    working_hours: Annotated[str, AfterValidator(_check_hours)] = Field(
        default="09:00-17:00", description="Hours in which deadlines run; 00:00-24:00 is all day."
    )
    holidays: tuple[date, ...] = Field(
        default=(), description="Days on which deadlines do not run, such as [2026-12-25]."
    )
    signing_key: Secret | None = Field(
        default=None,
        description=(
            "What the tokens of `aicensus owner ask` are signed with: 32 random characters or more. "
            "None: a key file in your data folder, made at first use."
        ),
    )

    units: tuple[UnitSection, ...] = Field(
        default=(),
        description=(
            "Its units as [[organisation.units]] tables: who leads them, which legal entity they are part "
            "of, and which accounts, repositories and tenants are theirs."
        ),
    )

    @property
    def weekdays(self) -> tuple[int, ...]:
        """Return the working days as numbers; Monday is 0."""
        return tuple(sorted({_WEEKDAYS.index(one) for one in self.working_days}))

    @property
    def hours(self) -> tuple[int, int]:
        """Return the working hours as minutes of the day."""
        return _hours(self.working_hours)

    @model_validator(mode="after")
    def _somebody_works(self) -> OrganisationSection:
        if not self.working_days:
            raise ValueError("working_days needs one day at least")
        return self

    @model_validator(mode="after")
    def _units_are_a_tree(self) -> OrganisationSection:
        from normalizer.units import check

        check([one.unit() for one in self.units])
        return self

    @property
    def zone(self) -> ZoneInfo:
        """Return the time zone."""
        return ZoneInfo(self.timezone)


RoleName = Literal["application", "template", "test", "docs", "example", "vendored"]


class ScanSection(Options):
    """How a scan runs and what counts as a failure."""

    workers: StrictInt = Field(default=8, ge=1, le=256, description="Scopes read at the same time.")
    fail_on: Literal["none", "low", "medium", "high", "critical"] = Field(
        default="none", description="Exit with 1 when an open alert is at least this severe."
    )
    strict: StrictBool = Field(
        default=False,
        description="Exit with 3 when any part could not be read, not only one that could before.",
    )
    roles_that_alert: tuple[RoleName, ...] = Field(
        default=("application",),
        description="Roles that raise alerts: application, template, test, docs, example, vendored.",
    )


class RuleOverride(Options):
    """What is changed of one rule."""

    severity: Literal["low", "medium", "high", "critical"] | None = Field(
        default=None, description="How severe a gap is here."
    )
    enabled: StrictBool | None = Field(default=None, description="false: the rule is not asked.")


class RulesSection(Options):
    """Which rules hold and which of them open alerts; every gap is shown by `aicensus gaps`."""

    files: tuple[str, ...] = Field(
        default=(), description="YAML files with rules of your own; relative to this file."
    )
    alert: tuple[str, ...] = Field(
        default=("high", "INV-02", "OWN-01", "OVR-00", "OVR-05", "SEC-*"),
        description=(
            "What opens alerts: ids and families alert wherever they hold; a severity stands for rules at "
            "least so severe on systems that were registered, and on the organisation once it has facts."
        ),
    )
    override: dict[str, RuleOverride] = Field(
        default_factory=dict,
        description="Changed rules: [rules.override.OWN-01] with severity or enabled; reports mark them.",
    )


def _check_proxy(url: str) -> str:
    if has_password(url):
        raise ValueError("a proxy URL with a password is a secret; set the variable HTTPS_PROXY instead")
    return url


class NetworkSection(Options):
    """How the network is reached; one setting for all connectors."""

    proxy: Annotated[str, AfterValidator(_check_proxy)] = Field(
        default="", description="Proxy URL. Empty: the variables HTTPS_PROXY and NO_PROXY apply."
    )
    ca_bundle: str = Field(default="", description="PEM file of a private CA. Empty: the system's own trust.")
    connect_timeout_s: float = Field(
        default=5.0, gt=0, le=300, description="Seconds to wait for a connection."
    )
    read_timeout_s: float = Field(
        default=30.0, gt=0, le=3600, description="Seconds to wait for more of an answer."
    )
    max_attempts: StrictInt = Field(
        default=6, ge=1, le=50, description="Tries of one request, the first included."
    )
    max_wait_s: float = Field(
        default=120.0, ge=0, le=3600, description="Longest wait for one request in all, in seconds."
    )


class ExecutorSection(Options):
    """Where the work runs: threads or processes here, or an engine that you run already."""

    kind: Literal["threads", "processes", "procrastinate", "dask"] = Field(
        default="threads",
        description=(
            "threads; processes (one a core, for reading code); procrastinate (needs aicensus[cluster]); "
            "dask (needs the package distributed)."
        ),
    )
    address: StoreUrl = Field(
        default="",
        description=(
            "dask: tcp://HOST:PORT of its scheduler. procrastinate: a postgresql:// URL or a reference; "
            "empty: the store's."
        ),
    )
    result_timeout: Duration = Field(
        default=timedelta(hours=6),
        description="procrastinate: a scope without an answer for so long counts as failed.",
    )


class DaemonSection(Options):
    """How `aicensus daemon` behaves."""

    tick: Duration = Field(default=timedelta(seconds=5), description="How often the schedule is looked at.")
    lease: Duration = Field(
        default=timedelta(seconds=30),
        description="How long a daemon that died keeps its place; then another takes over.",
    )
    grace: Duration = Field(
        default=timedelta(seconds=30),
        description="How long a running scan may finish after SIGTERM before it is interrupted.",
    )
    health_file: str = Field(
        default="", description="File rewritten at every tick, for health checks. Empty: none."
    )

    @model_validator(mode="after")
    def _lease_outlives_ticks(self) -> DaemonSection:
        if not timedelta(0) < self.tick * 2 <= self.lease:
            raise ValueError("tick must be above 0 and at most half of lease")
        return self


def _check_cron(text: str) -> str:
    Cron.parse(text)
    return text


class InstanceSection(Options):
    """The options that every connector instance has, whatever it connects to."""

    enabled: StrictBool = Field(default=True, description="false: keep the options but do not scan.")
    schedule: Annotated[str, AfterValidator(_check_cron)] | None = Field(
        default=None,
        examples=["0 3 * * *"],
        description='When the daemon scans it: minute hour day month weekday, e.g. "0 3 * * *" or "@daily".',
    )
    every: Duration | None = Field(
        default=None, examples=["6h"], description='Or the time between two scans, e.g. "6h".'
    )
    jitter: Duration = Field(
        default=timedelta(0), description='Delay each scan by a different share of this, e.g. "5m".'
    )

    @model_validator(mode="after")
    def _builds_a_schedule(self) -> InstanceSection:
        if self.schedule is not None and self.every is not None:
            raise ValueError("give either `schedule` or `every`, not both")
        if self.jitter and self.schedule is None and self.every is None:
            raise ValueError("`jitter` needs a `schedule` or `every`")
        self.spec()
        return self

    def spec(self) -> ScheduleSpec | None:
        """Return when it is due, or ``None`` when only a person starts it."""
        if self.schedule is None and self.every is None:
            return None
        return ScheduleSpec(cron=self.schedule, every=self.every, jitter=self.jitter)


def network_settings(section: NetworkSection) -> NetworkSettings:
    """Return the network section in the form the shared clients take."""
    from connectors.clients.network import NetworkSettings

    return NetworkSettings(
        proxy=section.proxy,
        ca_bundle=section.ca_bundle,
        connect_timeout_s=section.connect_timeout_s,
        read_timeout_s=section.read_timeout_s,
        max_attempts=section.max_attempts,
        max_wait_s=section.max_wait_s,
    )

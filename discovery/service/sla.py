"""Say by when what is to be done about an alert: the targets in force, as last configured.

Targets go by severity; a tier of systems may have targets of its own over these. A system that nobody gave a
tier counts as ``high``: leaving a field blank buys no time. What is about no system has no tier.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import orjson

from connectors import clock
from discovery.service import record_sense
from discovery.service.working_time import WorkingHours
from store import oversight, routes

if TYPE_CHECKING:
    from discovery.config import Config
    from discovery.config_notifications import SlaSection, TierSection
    from store import Store
    from store.database import ReadTx, WriteTx

TARGETS = ("acknowledge", "assign", "resolve")
SEVERITIES = ("critical", "high", "medium", "low")
TIERS = ("critical", "high", "medium", "low")
NO_SYSTEM = ""
"""The tier of what is about no system."""
UNKNOWN = "high"
"""The tier that counts for a system that nobody gave one."""
MOST_PAUSED_DAYS = 10
"""Working days in which a vendor may be waited for, in all."""
_KEY = "sla"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sla:
    """Targets in working seconds by severity and target, the steps of escalation, and who is told.

    ``tiers`` holds the targets of tiers that have some of their own, each whole.
    """

    hours: WorkingHours
    targets: Mapping[str, Mapping[str, float]]
    tiers: Mapping[str, Mapping[str, Mapping[str, float]]]
    steps: Mapping[str, tuple[int, ...]]
    told: Mapping[int, str]
    grace_s: float = 0.0
    security_queue: str = ""
    security_lead: str = ""
    risk_committee: str = ""

    def of(self, tier: str, severity: str) -> Mapping[str, float]:
        """Return the targets of a severity for systems of a tier, in working seconds."""
        return self.tiers.get(tier, self.targets)[severity]

    def due(
        self, severity: str, target: str, start: datetime, paused_s: float = 0.0, *, tier: str = NO_SYSTEM
    ) -> datetime | None:
        """Return by when a target is to be met (UTC); ``None`` where there is none."""
        seconds = self.of(tier, severity).get(target)
        return None if seconds is None else self.hours.after(start, seconds + self.grace_s + paused_s)

    def due_text(self, severity: str, start: datetime, *, tier: str = NO_SYSTEM) -> str:
        """Return by when an alert is to be resolved, as text."""
        due = self.due(severity, "resolve", start, tier=tier)
        return clock.to_text(due or start)

    def dues(self, start: datetime) -> Mapping[str, Mapping[str, str]]:
        """Return by when alerts that begin now are to be resolved, by tier and severity."""
        return {
            tier: {severity: self.due_text(severity, start, tier=tier) for severity in SEVERITIES}
            for tier in (NO_SYSTEM, *TIERS)
        }

    def tiers_of(self, tx: ReadTx | WriteTx, system_ids: Collection[str]) -> Mapping[str, str]:
        """Return the tiers of systems; nothing is read where no tier has targets of its own."""
        if not self.tiers:
            return {}
        today = clock.to_text(clock.now())[:10]
        records = oversight.of_systems(tx.conn, sorted(system_ids))
        return {one: tier_of(records.get(one), today) for one in system_ids}


def tier_of(record: oversight.Record | None, today: str) -> str:
    """Return the tier that counts for a system, given its record and the day (``YYYY-MM-DD``)."""
    if record is None:
        return UNKNOWN
    values = {name: record.value(name) for name in ("risk.tier", "risk.upcoming_from", "risk.upcoming_class")}
    said = values["risk.tier"]
    if values["risk.upcoming_from"]:
        said = record_sense.come_true(values, today).get("risk.tier", said)
    return said if isinstance(said, str) and said in TIERS else UNKNOWN


def in_force(tx: ReadTx | WriteTx) -> Sla:
    """Return the targets as last configured."""
    return _built(routes.get_meta(tx.conn, _KEY))


def keep(store: Store, config: Config) -> None:
    """Keep the configured targets for the decisions; without a configuration file what was kept stays."""
    if config.path is None:
        return
    text = orjson.dumps(_content(config), option=orjson.OPT_SORT_KEYS).decode()
    with store.read() as tx:
        if routes.get_meta(tx.conn, _KEY) == text:
            return
    with store.begin() as conn:
        routes.put_meta(conn, _KEY, text)


def _content(config: Config) -> dict[str, Any]:
    section, organisation = config.sla, config.organisation
    return {
        "zone": organisation.timezone,
        "days": list(organisation.weekdays),
        "begins": organisation.hours[0],
        "ends": organisation.hours[1],
        "holidays": sorted(day.isoformat() for day in organisation.holidays),
        "targets": _said(section),
        "tiers": {tier: said for tier, one in section.tiers.items() if any((said := _said(one)).values())},
        "grace": section.grace,
        "security_queue": section.security_queue,
        "security_lead": section.security_lead,
        "risk_committee": section.risk_committee,
    }


def _said(section: SlaSection | TierSection) -> dict[str, dict[str, str]]:
    """Return the targets that a table of the configuration gives, by severity."""
    return {
        severity: {name: value for name in TARGETS if (value := getattr(getattr(section, severity), name))}
        for severity in SEVERITIES
    }


@lru_cache(maxsize=8)
def _built(text: str) -> Sla:
    kept = orjson.loads(text) if text else {}
    defaults = _defaults()
    hours = WorkingHours(
        zone=kept.get("zone", "UTC"),
        days=tuple(kept.get("days", (0, 1, 2, 3, 4))),
        begins=kept.get("begins", 9 * 60),
        ends=kept.get("ends", 17 * 60),
        holidays=tuple(kept.get("holidays", ())),
    )
    own = kept.get("targets", {})
    grace = kept.get("grace") or ""
    return Sla(
        hours=hours,
        targets=_seconds(hours, own),
        tiers={tier: _seconds(hours, own, said) for tier, said in kept.get("tiers", {}).items()},
        steps={severity: tuple(defaults["targets"][severity]["steps"]) for severity in SEVERITIES},
        told={int(percent): who for percent, who in defaults["told"].items()},
        grace_s=hours.seconds(grace) if grace else 0.0,
        security_queue=kept.get("security_queue", ""),
        security_lead=kept.get("security_lead", ""),
        risk_committee=kept.get("risk_committee", ""),
    )


def _seconds(hours: WorkingHours, *layers: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, float]]:
    """Return targets in working seconds: the defaults, and over them what each layer says."""
    found = {}
    for severity in SEVERITIES:
        default = _defaults()["targets"][severity]
        said = {name: default.get(name) for name in TARGETS}
        for layer in layers:
            said |= layer.get(severity, {})
        found[severity] = {name: hours.seconds(value) for name, value in said.items() if value}
    return found


@lru_cache(maxsize=1)
def _defaults() -> dict[str, Any]:
    return tomllib.loads(resources.files("discovery").joinpath("sla.toml").read_text("utf-8"))

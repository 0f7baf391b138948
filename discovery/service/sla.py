"""Say by when what is to be done about an alert: the targets in force, as last configured."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import orjson

from connectors import clock
from discovery.service.working_time import WorkingHours
from store import routes

if TYPE_CHECKING:
    from discovery.config import Config
    from store import Store
    from store.database import ReadTx, WriteTx

TARGETS = ("acknowledge", "assign", "resolve")
SEVERITIES = ("critical", "high", "medium", "low")
MOST_PAUSED_DAYS = 10
"""Working days in which a vendor may be waited for, in all."""
_KEY = "sla"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sla:
    """Targets in working seconds by severity and target, the steps of escalation, and who is told."""

    hours: WorkingHours
    targets: Mapping[str, Mapping[str, float]]
    steps: Mapping[str, tuple[int, ...]]
    told: Mapping[int, str]
    grace_s: float = 0.0
    security_queue: str = ""
    security_lead: str = ""
    risk_committee: str = ""

    def due(self, severity: str, target: str, start: datetime, paused_s: float = 0.0) -> datetime | None:
        """Return by when a target is to be met (UTC); ``None`` where there is none."""
        seconds = self.targets[severity].get(target)
        return None if seconds is None else self.hours.after(start, seconds + self.grace_s + paused_s)

    def due_text(self, severity: str, start: datetime) -> str:
        """Return by when an alert is to be resolved, as text."""
        due = self.due(severity, "resolve", start)
        return clock.to_text(due or start)


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
        "targets": {
            severity: {
                name: value for name in TARGETS if (value := getattr(getattr(section, severity), name))
            }
            for severity in SEVERITIES
        },
        "grace": section.grace,
        "security_queue": section.security_queue,
        "security_lead": section.security_lead,
        "risk_committee": section.risk_committee,
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
    targets = {}
    for severity in SEVERITIES:
        said = {name: defaults["targets"][severity].get(name) for name in TARGETS} | own.get(severity, {})
        targets[severity] = {name: hours.seconds(value) for name, value in said.items() if value}
    grace = kept.get("grace") or ""
    return Sla(
        hours=hours,
        targets=targets,
        steps={severity: tuple(defaults["targets"][severity]["steps"]) for severity in SEVERITIES},
        told={int(percent): who for percent, who in defaults["told"].items()},
        grace_s=hours.seconds(grace) if grace else 0.0,
        security_queue=kept.get("security_queue", ""),
        security_lead=kept.get("security_lead", ""),
        risk_committee=kept.get("risk_committee", ""),
    )


@lru_cache(maxsize=1)
def _defaults() -> dict[str, Any]:
    return tomllib.loads(resources.files("discovery").joinpath("sla.toml").read_text("utf-8"))

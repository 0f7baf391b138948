"""Keep who is told of what: the configured receivers without their addresses and secrets.

They are kept in the store so that every event, whoever causes it, is written for its receivers in the same
transaction. What is told in a digest waits for its day in the organisation's time zone.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time, timedelta
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import func, select

from connectors import clock
from store.schema import meta, revision

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from store.database import Store

_KEY = "notifications"
CURSOR = "notified_up_to"
"""The revision up to which systems, owners and runs were looked at for news."""
_RANK = {"low": 1, "medium": 2, "high": 3, "critical": 4}
_AT_ONCE = ("critical", "high")
_BY_SEVERITY = {"medium": "weekly", "low": "monthly"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What one receiver wants: ``digest`` is off, daily, weekly, monthly or by_severity."""

    name: str
    events: tuple[str, ...] = ("alert.*", "comment.mention", "scan.failed")
    severity: str = "low"
    rules: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    digest: str = "off"

    def wants(self, event: str, severity: str, rule: str, owners: tuple[str, ...]) -> bool:
        """Say whether news is for this receiver; what has no severity or rule passes those filters."""
        if not any(fnmatchcase(event, one) for one in self.events):
            return False
        if severity and _RANK.get(severity, 0) < _RANK[self.severity]:
            return False
        if rule and self.rules and not any(fnmatchcase(rule, one) for one in self.rules):
            return False
        return not self.owners or any(one.casefold() in owners for one in self.owners)

    def cadence(self, severity: str) -> str:
        """Return in which digest news of a severity waits; empty: it is told at once."""
        if self.digest == "by_severity":
            return "" if severity in _AT_ONCE else _BY_SEVERITY.get(severity, "")
        return "" if self.digest == "off" else self.digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """All receivers; more than ``storm_limit`` news of one rule at once are one message.

    News waits ``settle_s`` seconds, so that a whole run can be seen before it is told.
    """

    routes: tuple[Route, ...] = ()
    zone: str = "UTC"
    digest_hour: int = 8
    storm_limit: int = 50
    settle_s: int = 20

    def due(self, cadence: str, after: datetime) -> datetime:
        """Return when the next digest of a cadence is told, strictly after a moment (UTC)."""
        local = after.astimezone(UTC if self.zone == "UTC" else ZoneInfo(self.zone))
        day = local.date()
        while True:
            is_day = (
                cadence == "daily"
                or (cadence == "weekly" and day.weekday() == 0)
                or (cadence == "monthly" and day.day == 1)
            )
            if is_day:
                moment = datetime.combine(day, time(self.digest_hour), local.tzinfo).astimezone(UTC)
                if moment > after:
                    return moment
            day += timedelta(days=1)


def kept(conn: Connection) -> Routing:
    """Return the receivers as last configured."""
    text = conn.execute(select(meta.c.value).where(meta.c.key == _KEY)).scalar()
    return _read(text) if text else Routing()


@lru_cache(maxsize=8)
def _read(text: str) -> Routing:
    content = orjson.loads(text)
    return Routing(routes=tuple(_route(one) for one in content.pop("routes")), **content)


def _route(one: dict[str, Any]) -> Route:
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in one.items()
    }
    return Route(**values)


def keep(store: Store, routing: Routing) -> bool:
    """Keep the receivers; says whether they differ from before. The first ones hear no old news."""
    text = orjson.dumps(asdict(routing)).decode()
    with store.read() as tx:
        before = tx.conn.execute(select(meta.c.value).where(meta.c.key == _KEY)).scalar()
    if text == before or (before is None and not routing.routes):
        return False
    with store.begin() as conn:
        if before is None or not _read(before).routes:
            last = conn.execute(select(func.coalesce(func.max(revision.c.rev), 0))).scalar_one()
            put_meta(conn, CURSOR, f"{last} {clock.to_text(clock.now())}")
        put_meta(conn, _KEY, text)
    return True


def put_meta(conn: Connection, key: str, value: str) -> None:
    """Keep one value by key."""
    conn.execute(meta.delete().where(meta.c.key == key))
    conn.execute(meta.insert().values(key=key, value=value))


def get_meta(conn: Connection, key: str) -> str:
    """Return one value by key, empty when there is none."""
    return conn.execute(select(meta.c.value).where(meta.c.key == key)).scalar() or ""

"""Read how alerts stood after each of their events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from store.bulk import is_one_of
from store.schema import alert_event
from store.temporal import chunks

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Stood:
    """One event of an alert, and how the alert stood after it; times are UTC texts."""

    event_no: int
    rev: int
    event: str
    to_state: str
    reason: str
    assignee: str | None
    due_at: str | None
    until: str | None


def of_alerts(conn: Connection, alert_ids: Collection[str]) -> dict[str, list[Stood]]:
    """Return the events of alerts by alert, oldest first."""
    found: dict[str, list[Stood]] = defaultdict(list)
    names = tuple(Stood.__dataclass_fields__)
    columns = [alert_event.c.alert_id, *(alert_event.c[name] for name in names)]
    for chunk in chunks(sorted(alert_ids)):
        query = select(*columns).where(is_one_of(conn, alert_event.c.alert_id, chunk))
        for alert_id, *values in conn.execute(query.order_by(alert_event.c.event_no)).all():
            found[alert_id].append(Stood(**dict(zip(names, values, strict=True))))
    return dict(found)

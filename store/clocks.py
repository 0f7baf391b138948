"""Mend a store that was written by a clock that was days ahead."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from connectors import clock
from store import alerts, rule_sets
from store.database import WriteTx
from store.schema import revision

if TYPE_CHECKING:
    from datetime import datetime

    from store.database import Store


def mend(store: Store, now: datetime, log: Callable[[WriteTx, int, str], None]) -> int:
    """Date revisions that lie ahead of ``now`` with it, so that the store can be written again.

    Returns how many there were, 0 when nothing is wrong; ``log`` (transaction, how many, the latest time)
    keeps it in the audit log. Only when things were known changes: what was written keeps its own days.
    """
    at = clock.to_text(now)
    with store.begin() as conn:
        ahead = revision.c.at > at
        number, latest = conn.execute(select(func.count(), func.max(revision.c.at)).where(ahead)).one()
        if not number:
            return 0
        conn.execute(revision.update().where(ahead).values(at=at))
        if rule_sets.judged_on(conn) > at[:10]:
            rule_sets.set_judged_on(conn, "")
        # No revision of its own: the last one may be what was just mended.
        log(WriteTx(conn, alerts.last_revision(conn), at), int(number), str(latest))
    return int(number)

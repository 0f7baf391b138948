"""Say which alerts a suppression in force hides; nothing is decided here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from connectors import clock
from store import alerts, suppressions
from store.alerts import AlertRow, Change

if TYPE_CHECKING:
    from store.database import WriteTx
    from store.suppressions import Suppression


def applied(tx: WriteTx, changes: Sequence[Change], now: datetime) -> list[Change]:
    """Return changes with those alerts suppressed that a suppression in force hides."""
    rules = suppressions.in_force(tx.conn, clock.to_text(now)) if changes else []
    return [_hidden(one, rules) if rules and one.row.state == alerts.OPEN else one for one in changes]


def matches(one: Suppression, row: AlertRow) -> bool:
    """Say whether an alert is one that a suppression is about."""
    return (
        fnmatchcase(row.rule, one.rule)
        and fnmatchcase(row.title.casefold(), one.title.casefold())
        and one.system_id in (None, row.system_id)
        and one.severity in (None, row.severity)
    )


def hide(row: AlertRow, from_state: str, one: Suppression) -> Change:
    """Return the change that lets a suppression hide an alert."""
    after = replace(row, state="suppressed", until=one.until)
    reason = f"{one.suppression_id}: {one.reason}"
    return Change(row=after, event="suppressed", from_state=from_state, reason=reason)


def _hidden(change: Change, rules: Sequence[Suppression]) -> Change:
    one = next((each for each in rules if matches(each, change.row)), None)
    return change if one is None else hide(change.row, change.from_state, one)

"""Say what was decided in single-user mode: what takes a second person, taken without a proven one.

Every report shows it, by this one function: from a command line nobody is proven to be anybody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from discovery.service import exceptions, refs
from discovery.service.permissions import SINGLE_USER
from store import unproven

if TYPE_CHECKING:
    from datetime import datetime

    from store import Store

_APPROVED = ("active", "expired")
"""States of exceptions that were approved and not taken back: what was refused or closed does not stand."""
_SAID = {"accepted_risk": "risk accepted", "false_positive": "called a false positive"}


def decisions(
    store: Store, *, system: str | None = None, timezone: str = "UTC", as_of: datetime | None = None
) -> list[str]:
    """Return each such decision that is on record at a moment, of all systems or one; empty: none.

    Exceptions first, then alerts, each by system.
    """
    known = [
        f"{one.system_name}: {one.rule} until {one.expires_at}"
        for one in exceptions.listed(store, system=system, timezone=timezone, as_of=as_of)
        if one.single_user and one.state in _APPROVED
    ]
    with store.read(as_of) as tx:
        system_id = refs.system_id(tx, system, tx.rev) if system is not None else None
        found = unproven.alerts_noted(
            tx.conn, SINGLE_USER, system_id=system_id, rev=None if as_of is None else tx.rev
        )
    return known + [f"{one.name}: {one.rule} {_SAID[one.state]} on {one.at[:10]}" for one in found]

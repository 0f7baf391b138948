"""Say how attestation campaigns stand: who was asked, who answered, who is to be reminded today."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from connectors import clock
from discovery.service import inventory, oversight_rules
from discovery.service.attestation import DUE_FIELD, named, signed, snapshot_of
from store import campaigns, oversight, parties
from store import systems as store_systems

if TYPE_CHECKING:
    from store import Store

REMIND_DAYS = (0, 7, 10, 13)
"""Days after the question on which who has not answered is reminded; and on the last day."""


@dataclass(slots=True, kw_only=True)
class CampaignView:
    """A campaign in numbers; ``unattested`` are open ones whose day has passed."""

    campaign_id: str
    name: str
    started_at: str
    due_on: str
    systems: int
    answered: int
    open: int
    unattested: int


@dataclass(slots=True, kw_only=True)
class ItemView:
    """One system in a campaign: ``state`` is open, unattested, confirm, correct, retire or not_mine.

    ``remind`` says that its owner is to be reminded today; ``changed`` that the system is not any more as it
    was when it was asked about.
    """

    campaign: str
    system_id: str
    system_name: str
    party: str | None
    state: str
    due_on: str
    answered_at: str | None
    snapshot: str
    changed: bool
    remind: bool


def listed(store: Store, *, timezone: str = "UTC", now: datetime | None = None) -> list[CampaignView]:
    """Return all campaigns, newest first."""
    today = oversight_rules.today(timezone, now or clock.now()).isoformat()
    with store.read() as tx:
        found = campaigns.every(tx.conn)
        items = campaigns.items(tx.conn)
    views = []
    for one in found:
        mine = [item for item in items if item.campaign_id == one.campaign_id]
        waiting = [item for item in mine if item.answered_at is None]
        late = [item for item in waiting if item.due_on < today]
        views.append(
            CampaignView(
                campaign_id=one.campaign_id,
                name=one.name,
                started_at=one.started_at,
                due_on=one.due_on,
                systems=len(mine),
                answered=len(mine) - len(waiting),
                open=len(waiting) - len(late),
                unattested=len(late),
            )
        )
    return views


def status(
    store: Store, campaign: str, *, timezone: str = "UTC", now: datetime | None = None
) -> list[ItemView]:
    """Return every system of a campaign, those that wait first, then by name."""
    today = oversight_rules.today(timezone, now or clock.now())
    with store.read() as tx:
        found = named(tx, campaign)
        items = campaigns.items(tx.conn, found.campaign_id)
        homes = store_systems.resolve(tx.conn, [one.system_id for one in items])
        labels = parties.labels(tx.conn, {one.party_id for one in items if one.party_id})
        records = {
            one: {name: record.value(name) for name in record.fields if name != DUE_FIELD}
            for one, record in oversight.of_systems(tx.conn, [item.system_id for item in items]).items()
        }
    every = ("candidate", "registered", "governed", "retired", "rejected")
    systems = {
        one.system_id: one for one in inventory.list_systems(store, inventory.SystemFilter(states=every))
    }
    asked = clock.from_text(found.started_at).astimezone(ZoneInfo(timezone)).date()
    views = []
    for item in items:
        # What was merged since is shown as what it is part of; it has changed by that.
        system = systems.get(homes[item.system_id])
        day = date.fromisoformat(item.due_on)
        waits = item.answered_at is None
        views.append(
            ItemView(
                campaign=found.name,
                system_id=homes[item.system_id],
                system_name=system.name if system else item.system_id,
                party=labels.get(item.party_id or ""),
                state=item.decision or ("unattested" if day < today else "open"),
                due_on=item.due_on,
                answered_at=item.answered_at,
                snapshot=item.snapshot,
                changed=system is None
                or snapshot_of(system, records.get(item.system_id, {})) != item.snapshot,
                remind=waits and ((today - asked).days in REMIND_DAYS or today == day),
            )
        )
    return sorted(
        views, key=lambda one: (one.answered_at is not None, one.system_name.casefold(), one.system_id)
    )


def statements(store: Store, campaign: str, key: bytes) -> list[tuple[str, str, bool]]:
    """Return ``(system id, statement, signature fits)`` of every answer: evidence for an auditor."""
    with store.read() as tx:
        found = named(tx, campaign)
        items = campaigns.items(tx.conn, found.campaign_id)
    return [
        (one.system_id, one.statement, hmac.compare_digest(signed(one.statement, key), one.signature))
        for one in items
        if one.statement
    ]

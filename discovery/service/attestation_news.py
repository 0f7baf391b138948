"""Tell the receivers of attestation: who is asked, reminded, has answered, or has let the day pass.

Each is told once for each system and receiver; a reminder once on its day. Who hears nothing of it is left
to ``attest status --remind``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from connectors import clock
from discovery.service.attestation_status import REMIND_DAYS
from discovery.service.rule_trees import Moment
from normalizer.units import owner_of
from store import alerts, campaigns, outbox, parties, queries_systems, routes, rule_sets, systems, units
from store.outbox import News
from store.queries_assets import At

if TYPE_CHECKING:
    from store import Store
    from store.campaigns import Campaign, Item
    from store.database import ReadTx

_KEY = "attestation_told"
_OVERLAP = timedelta(minutes=1)
"""So long before the last look is looked at again: somebody may just have been writing."""
_LONGEST_OVER = timedelta(days=14)
"""Campaigns that ended longer ago are not looked at any more."""


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at the campaigns: the moment, where the organisation is, and since when there are news."""

    now: Moment
    zone: str
    since: str
    names: Mapping[str, str]
    labels: Mapping[str, str]
    leads: Mapping[str, str]
    homes: Mapping[str, str]


def tell(store: Store, *, now: datetime | None = None) -> int:
    """Write what is news of campaigns for the receivers that want it; return how many things were news."""
    moment = now or clock.now()
    with store.read() as tx:
        routing = routes.kept(tx.conn)
        zone = rule_sets.timezone(tx.conn)
        today = Moment(moment, zone)
        state = f"{alerts.last_revision(tx.conn)} {today.today_text}"
        before, _, since = routes.get_meta(tx.conn, _KEY).rpartition(" ")
        if not routing.routes or before == state:
            return 0
        start = clock.from_text(since) - _OVERLAP if since else moment
        news = [*_news(tx, today, zone, clock.to_text(start))]
    with store.begin() as conn:
        outbox.enqueue(conn, routes.kept(conn), news)
        routes.put_meta(conn, _KEY, f"{state} {today.text}")
    return len(news)


def _news(tx: ReadTx, now: Moment, zone: str, since: str) -> Iterator[News]:
    oldest = (now.today - _LONGEST_OVER).isoformat()
    running = [one for one in campaigns.every(tx.conn) if one.due_on >= oldest]
    items = {one.campaign_id: campaigns.items(tx.conn, one.campaign_id) for one in running}
    every = [item for several in items.values() for item in several]
    homes = systems.resolve(tx.conn, [one.system_id for one in every])
    look = _Look(
        now=now,
        zone=zone,
        since=since,
        names=queries_systems.system_names(tx.conn, set(homes.values()), At()),
        labels=parties.labels(tx.conn, {one.party_id for one in every if one.party_id}),
        leads=_leads(tx, sorted(set(homes.values()))),
        homes=homes,
    )
    for one in running:
        for item in items[one.campaign_id]:
            event, day = _event(one, item, look)
            if event:
                yield _one(one, item, look, event, day)


def _event(campaign: Campaign, item: Item, look: _Look) -> tuple[str, str]:
    """Return what is news of one system, if anything, and the day that belongs to it."""
    if item.answered_at is not None:
        return ("answered", "") if item.answered_at >= look.since else ("", "")
    if campaign.started_at >= look.since:
        return "asked", ""
    today = look.now.today
    if item.due_on < look.now.today_text:
        return "overdue", ""
    asked = clock.from_text(campaign.started_at).astimezone(ZoneInfo(look.zone)).date()
    reminds = (today - asked).days in REMIND_DAYS[1:] or today == date.fromisoformat(item.due_on)
    return ("reminder", look.now.today_text) if reminds else ("", "")


def _one(campaign: Campaign, item: Item, look: _Look, event: str, day: str) -> News:
    home = look.homes[item.system_id]
    who = look.labels.get(item.party_id or "", "")
    # Who was asked is silent: then it is for whoever leads the unit.
    lead = look.leads.get(home, "") if event == "overdue" else ""
    data = {
        "campaign": campaign.name,
        "system_id": home,
        "name": look.names.get(home, home),
        "owner": who or None,
        "due_at": item.due_on,
        "decision": item.decision,
    }
    if lead:
        data["told"] = lead
    return News(
        event=f"attestation.{event}",
        subject_id=home,
        dedup="/".join(one for one in (item.campaign_id, item.system_id, event, day) if one),
        at=look.now.text,
        data=data,
        owners=tuple(dict.fromkeys(one for one in (lead, who) if one)),
    )


def _leads(tx: ReadTx, system_ids: list[str]) -> dict[str, str]:
    by_name = {one.name: one for one in units.load(tx.conn)}
    holders = units.of_systems(tx.conn, system_ids) if by_name else {}
    return {key: unit.lead or owner_of(unit, by_name) for key, unit in holders.items()}

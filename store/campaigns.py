"""Keep attestation campaigns: who was asked to confirm which system, and the signed answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from store.bulk import insert_rows
from store.schema import campaign, campaign_item

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """One campaign; times are UTC texts, ``due_on`` a day where the organisation is."""

    campaign_id: str
    name: str
    scope: str
    started_by: str
    started_at: str
    due_on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One system in a campaign; ``statement`` is what was signed."""

    campaign_id: str
    system_id: str
    party_id: str | None
    snapshot: str
    due_on: str
    answered_at: str | None = None
    decision: str | None = None
    statement: str = ""
    signature: str = ""


_CAMPAIGN = tuple(Campaign.__dataclass_fields__)
_ITEM = tuple(Item.__dataclass_fields__)


def put(conn: Connection, one: Campaign, items: Sequence[Item]) -> None:
    """Write a campaign with its items."""
    conn.execute(campaign.insert().values({name: getattr(one, name) for name in _CAMPAIGN}))
    rows = [tuple(getattr(item, name) for name in _ITEM) for item in items]
    insert_rows(conn, campaign_item, _ITEM, rows)


def every(conn: Connection) -> list[Campaign]:
    """Return all campaigns, newest first."""
    rows = conn.execute(select(campaign).order_by(campaign.c.started_at.desc(), campaign.c.campaign_id))
    return [Campaign(**row._mapping) for row in rows]


def named(conn: Connection, ref: str) -> Campaign | None:
    """Return the campaign of an id or name."""
    same = (campaign.c.campaign_id == ref) | (campaign.c.name == ref)
    row = conn.execute(select(campaign).where(same)).first()
    return Campaign(**row._mapping) if row else None


def items(conn: Connection, campaign_id: str | None = None) -> list[Item]:
    """Return the items of a campaign (``None``: of all), by system."""
    query = select(campaign_item).order_by(campaign_item.c.campaign_id, campaign_item.c.system_id)
    if campaign_id is not None:
        query = query.where(campaign_item.c.campaign_id == campaign_id)
    return [Item(**row._mapping) for row in conn.execute(query)]


def answer(conn: Connection, item: Item, decision: str, now: str, statement: str, signature: str) -> bool:
    """Write an answer, once; return whether the item was still open."""
    done = conn.execute(
        campaign_item.update()
        .where(_is(item), campaign_item.c.answered_at.is_(None))
        .values(answered_at=now, decision=decision, statement=statement, signature=signature)
    )
    return done.rowcount == 1


def hand_on(conn: Connection, item: Item, party_id: str, statement: str, signature: str) -> bool:
    """Let somebody else be asked; return whether the item was still open."""
    done = conn.execute(
        campaign_item.update()
        .where(_is(item), campaign_item.c.answered_at.is_(None))
        .values(party_id=party_id, statement=statement, signature=signature)
    )
    return done.rowcount == 1


def _is(item: Item) -> ColumnElement[bool]:
    return (campaign_item.c.campaign_id == item.campaign_id) & (campaign_item.c.system_id == item.system_id)

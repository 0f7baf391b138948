"""Ask the owners of systems, all at once, to confirm what is on record; silence never means yes.

A campaign freezes what it asks about: each system gets a snapshot hash, and a day by which its owner answers.
From then on ``reviews.attestation_due_at`` stands on the record, so that the rule REV-03 opens by itself when
nobody answered. Each answer is kept as a statement (who, when, about which snapshot, what) signed with the
organisation's key. Cadence until the next one: by tier 90, 180, 365 or 730 days; without a tier as for high.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import orjson

from connectors import clock
from connectors.model import Json
from connectors.secrets import redact
from discovery.service import attestation_due, inventory, oversight_rules, whom
from discovery.service.deciding import Act, Decided, decide, decide_in, need_reason
from discovery.service.errors import DecisionError, NotFound
from discovery.service.records import Change, apply_in
from normalizer import ids
from store import audit, campaigns, oversight, owners, parties, systems
from store.audit import Entry
from store.campaigns import Campaign, Item

if TYPE_CHECKING:
    from discovery.service.attestation_due import DueView
    from discovery.service.views import SystemView
    from store import Store
    from store.audit import Actor
    from store.database import ReadTx, WriteTx
    from store.parties import Party

QUESTIONS = ("needed", "purpose", "data", "oversight", "owner")
"""Still needed? Purpose right? Data right? Does oversight work? Owner right?"""
DECISIONS = ("confirm", "correct", "retire", "not_mine")
CADENCE_DAYS = {"critical": 90, "high": 180, "medium": 365, "low": 730}
DUE_DAYS = 14
DUE_FIELD = "reviews.attestation_due_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignFilter:
    """Which systems a campaign asks about; empty values do not narrow.

    ``is_due``: only those that are to be attested (:mod:`discovery.service.attestation_due`).
    """

    states: tuple[str, ...] = ("registered", "governed")
    kind: str | None = None
    text: str | None = None
    is_due: bool = False


@dataclass(slots=True, kw_only=True)
class Answer:
    """What an owner says: a decision, the five questions by name, and why where something is not right."""

    decision: str
    wrong: tuple[str, ...] = ()
    reason: str = ""


def start(
    store: Store,
    name: str,
    *,
    actor: Actor,
    filters: CampaignFilter | None = None,
    days: int = DUE_DAYS,
    timezone: str = "UTC",
    now: datetime | None = None,
) -> str:
    """Start a campaign over the systems that fit, in one transaction; return its id.

    Raises ``DecisionError`` when the name is taken, nothing fits, or the days are out of bounds (1 to 90).
    """
    filters = filters or CampaignFilter()
    if not 1 <= days <= 90:
        raise DecisionError(f"{days} days is out of bounds", hint="Choose 1 to 90.")
    if not name.strip():
        raise DecisionError("a campaign needs a name", hint="Give one, such as 2026-Q4.")
    chosen = _chosen(store, filters)
    if filters.is_due:
        wanted = {one.system_id for one in due(store, filters, timezone=timezone, now=now)}
        chosen = [one for one in chosen if one.system_id in wanted]
    if not chosen:
        hint = "Register some, or choose with --state, --kind and --text."
        raise DecisionError(
            "no system is due" if filters.is_due else "no system fits",
            hint="See: aicensus attest due" if filters.is_due else hint,
        )
    with store.write(actor=actor.name, kind="decision") as tx:
        moment = now or clock.from_text(tx.now)
        at = clock.to_text(moment)
        if campaigns.named(tx.conn, name) is not None:
            raise DecisionError(f"there is a campaign {name!r} already", hint="Choose another name.")
        due_on = (oversight_rules.today(timezone, moment) + timedelta(days=days)).isoformat()
        me = parties.ensure(tx.conn, [redact(actor.name)], now=at, team=False)[redact(actor.name)]
        campaign = Campaign(
            campaign_id=ids.mint("cmp"),
            name=redact(name.strip()),
            scope=orjson.dumps(asdict(filters), option=orjson.OPT_SORT_KEYS).decode(),
            started_by=me.party_id,
            started_at=at,
            due_on=due_on,
        )
        items = [_item(tx, campaign, one, due_on) for one in chosen]
        campaigns.put(tx.conn, campaign, items)
        for item in items:
            _put_due(tx, item.system_id, due_on, actor, at, timezone, "attestation.ask")
        new: dict[str, Json] = {"name": campaign.name, "systems": len(items), "due_on": due_on}
        audit.append(
            tx.conn, actor, Entry(action="campaign.start", object=campaign.campaign_id, new=new), at=at
        )
    return campaign.campaign_id


def due(
    store: Store, filters: CampaignFilter, *, timezone: str = "UTC", now: datetime | None = None
) -> list[DueView]:
    """Return the systems of a filter that are to be attested, and why."""
    return attestation_due.of_systems(store, _chosen(store, filters), timezone=timezone, now=now)


def _chosen(store: Store, filters: CampaignFilter) -> list[SystemView]:
    wanted = inventory.SystemFilter(states=filters.states, kind=filters.kind, text=filters.text)
    return inventory.list_systems(store, wanted)


def answer(
    store: Store,
    campaign: str,
    system: str,
    given: Answer,
    *,
    actor: Actor,
    key: bytes,
    timezone: str = "UTC",
    now: datetime | None = None,
) -> Decided:
    """Take one answer about one system; it is signed and kept, and cannot be given twice.

    ``confirm`` sets the next day by the tier's cadence; anything else leaves the attestation due and takes a
    reason. ``not_mine`` ends the ownership of who was asked; where nobody could be asked, that of who answers
    for it now. Raises ``DecisionError`` when an authenticated actor answers for another person.
    """
    _check(given)

    def deed(tx: WriteTx, system_id: str, at: str) -> Act:
        item = _waiting(tx, campaign, system_id, system)
        hand_on = f"aicensus attest delegate {campaign} SYSTEM PARTY"
        me = whom.acting(tx, actor, "answer", at=at, hint=f"Let somebody else answer: {hand_on}")
        _refuse_others(tx, item, me, actor, hand_on)
        statement = _statement(tx, item, given, me.party_id, actor, at)
        if not campaigns.answer(tx.conn, item, given.decision, at, statement, signed(statement, key)):
            raise DecisionError(
                "this was answered in between", hint=f"Look at it: aicensus attest status {campaign}"
            )
        if given.decision == "confirm":
            _confirmed(tx, system_id, me.party_id, actor, at, timezone)
        warnings = []
        if given.decision == "not_mine":
            warnings = _not_mine(tx, system_id, item, at, given.reason)
        new: dict[str, Json] = {
            "campaign": item.campaign_id,
            "snapshot": item.snapshot,
            "wrong": [*given.wrong],
        }
        entry = Entry(action=f"attestation.{given.decision}", object=system_id, reason=given.reason, new=new)
        return Act(entry, warnings)

    return decide(store, system, actor, now, deed)


def delegate(
    store: Store,
    campaign: str,
    system: str,
    to: str,
    *,
    actor: Actor,
    key: bytes,
    reason: str = "",
    now: datetime | None = None,
) -> Decided:
    """Let somebody else be asked about one system; the day stays."""
    plain = whom.plain_name(to)

    def deed(tx: WriteTx, system_id: str, at: str) -> Act:
        item = _waiting(tx, campaign, system_id, system)
        who, warnings = whom.party(tx, plain, at=at)
        me = parties.ensure(tx.conn, [actor.name], now=at, team=False)[actor.name]
        told = Answer(decision="delegate", reason=f"{reason} to {who.party_id}".strip())
        statement = _statement(tx, item, told, me.party_id, actor, at)
        campaigns.hand_on(tx.conn, item, who.party_id, statement, signed(statement, key))
        new: dict[str, Json] = {"campaign": item.campaign_id, "to": who.party_id}
        entry = Entry(action="attestation.delegate", object=system_id, reason=reason, new=new)
        return Act(entry, warnings)

    return decide(store, system, actor, now, deed)


def _check(given: Answer) -> None:
    if given.decision not in DECISIONS:
        raise DecisionError(
            f"unknown decision {given.decision!r}", hint=f"Choose one of {', '.join(DECISIONS)}."
        )
    unknown = sorted(set(given.wrong) - set(QUESTIONS))
    if unknown:
        raise DecisionError(f"unknown question {', '.join(unknown)}", hint=f"Known: {', '.join(QUESTIONS)}.")
    if given.decision == "confirm" and given.wrong:
        raise DecisionError(
            "what is wrong cannot be confirmed", hint="Correct the record, then confirm; or answer 'correct'."
        )
    if given.decision != "confirm":
        need_reason(given.reason, "anything but a confirmation")


def _item(tx: WriteTx, campaign: Campaign, system: SystemView, due: str) -> Item:
    rows = owners.of_systems(tx.conn, [system.system_id]).get(system.system_id, [])
    owner = next((one.party for one in rows if one.is_accepted and one.role == owners.ACCOUNTABLE), None)
    record = oversight.of_systems(tx.conn, [system.system_id]).get(system.system_id)
    values = {name: record.value(name) for name in record.fields if name != DUE_FIELD} if record else {}
    return Item(
        campaign_id=campaign.campaign_id,
        system_id=system.system_id,
        party_id=owner.party_id if owner and owner.active else None,
        snapshot=snapshot_of(system, values),
        due_on=due,
    )


def snapshot_of(system: SystemView, record: dict[str, Json]) -> str:
    """Return the hash of what an owner confirms: name, kind, state, owner, assets and record."""
    content = {
        "assets": sorted(system.assets),
        "kind": system.kind,
        "name": system.name,
        "owner": system.owner,
        "record": record,
        "state": system.state,
        "system_id": system.system_id,
    }
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _put_due(
    tx: WriteTx, system_id: str, day: str, actor: Actor, at: str, timezone: str, action: str
) -> None:
    change = Change(values={DUE_FIELD: day}, timezone=timezone, action=action)

    def deed(inner: WriteTx, one: str, moment: str) -> Act:
        return apply_in(inner, one, change, actor=actor, at=moment)

    decide_in(tx, system_id, actor, clock.from_text(at), deed)


def _confirmed(tx: WriteTx, system_id: str, party_id: str, actor: Actor, at: str, timezone: str) -> None:
    record = oversight.of_systems(tx.conn, [system_id]).get(system_id)
    tier = str(record.value("risk.tier") or "high") if record else "high"
    today = oversight_rules.today(timezone, clock.from_text(at))
    due = (today + timedelta(days=CADENCE_DAYS.get(tier, CADENCE_DAYS["high"]))).isoformat()
    apply_in(tx, system_id, Change(values={DUE_FIELD: due}, timezone=timezone), actor=actor, at=at)
    oversight.add_review(tx.conn, tx.rev, at, system_id, party_id, outcome="attested", next_due_at=due)


def _refuse_others(tx: WriteTx, item: Item, me: Party, actor: Actor, hand_on: str) -> None:
    """Let nobody who is proven to be somebody else answer for the person that was asked."""
    asked = parties.by_id(tx.conn, [item.party_id]).get(item.party_id) if item.party_id else None
    if actor.authenticated and asked is not None and asked.kind == "person" and asked != me:
        raise DecisionError(f"{asked.label!r} was asked, not {me.label!r}", hint=f"Hand it on: {hand_on}")


def _not_mine(tx: WriteTx, system_id: str, item: Item, at: str, reason: str) -> list[str]:
    """End the ownership; returns what to know where there was none to end."""
    rows = owners.of_systems(tx.conn, [system_id]).get(system_id, [])
    current = [one for one in rows if one.is_accepted and one.role == owners.ACCOUNTABLE]
    asked = item.party_id or next((one.party.party_id for one in current), None)
    theirs = [one for one in rows if one.is_accepted and one.party.party_id == asked]
    owners.end(tx.conn, tx.rev, at, theirs, redact(f"not mine: {reason}"))
    if theirs:
        return []
    still = f"{current[0].party.label} answers for it since" if current else "nobody answered for it"
    return [f"no ownership ended: {still}"]


def _waiting(tx: WriteTx, campaign: str, system_id: str, system: str) -> Item:
    found = named(tx, campaign)
    items = campaigns.items(tx.conn, found.campaign_id)
    # A system may have become part of another one since it was asked about.
    homes = systems.resolve(tx.conn, [one.system_id for one in items])
    mine = [one for one in items if homes[one.system_id] == system_id]
    if not mine:
        hint = f"See which are: aicensus attest status {found.name}"
        raise NotFound(f"{system!r} is not in the campaign {found.name!r}", hint=hint)
    waiting = [one for one in mine if one.answered_at is None]
    if not waiting:
        last = max(mine, key=lambda one: one.answered_at or "")
        raise DecisionError(
            f"{system!r} was answered on {(last.answered_at or '')[:10]}: {last.decision}",
            hint="An answer is given once; start another campaign to ask again.",
        )
    return waiting[0]


def named(tx: ReadTx | WriteTx, ref: str) -> Campaign:
    """Return the campaign of an id or name; raises ``NotFound``."""
    found = campaigns.named(tx.conn, ref)
    if found is None:
        raise NotFound(f"there is no campaign {ref!r}", hint="List them with: aicensus attest list")
    return found


def _statement(tx: WriteTx, item: Item, given: Answer, party_id: str, actor: Actor, at: str) -> str:
    content = {
        "answers": {name: name not in given.wrong for name in QUESTIONS},
        "asked": item.party_id,
        "at": at,
        "authenticated": actor.authenticated,
        "by": party_id,
        "campaign": item.campaign_id,
        "decision": given.decision,
        "reason": audit.without_addresses(tx.conn, given.reason, at),
        "snapshot": item.snapshot,
        "system_id": item.system_id,
    }
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS).decode()


def signed(statement: str, key: bytes) -> str:
    """Return the signature of a statement."""
    digest = hmac.new(key, f"attestation|{statement}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

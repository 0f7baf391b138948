"""Find whom a comment mentions, and tell those of whom an address is known."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from normalizer.owners import normal_party
from store import alerts, cases, outbox, parties, routes, system_rows
from store.outbox import News

if TYPE_CHECKING:
    from store.database import WriteTx
    from store.parties import Party

EVENT = "comment.mention"
_MENTION = re.compile(r"(?<![\w@./-])@([\w.+-]+@[\w-]+(?:\.[\w-]+)+|[\w][\w.-]*(?:/[\w.-]+)?)")
"""An address, a handle or the part of an address before its @; not the @ inside an address."""
_MOST = 20
"""People one comment may mention."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Who is told, and why others are not."""

    told: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def named_in(text: str) -> list[str]:
    """Return what a text mentions, without the first @, each once."""
    return list(dict.fromkeys(one.rstrip(".-_") for one in _MENTION.findall(text)))


def tell(tx: WriteTx, text: str, *, about: str, note_id: str, by: str, at: str) -> Found:
    """Write news for whom a comment mentions; ``about`` is the id of an alert, a case or a system.

    ``note_id`` is the first wording of the comment: an edit tells only whom it names newly.
    """
    found = Found()
    names = named_in(text)
    if len(names) > _MOST:
        found.warnings.append(f"a comment tells {_MOST} people at most; the others are not told")
    people = [one for name in names[:_MOST] if (one := _party(tx, name, found.warnings)) is not None]
    reached = {one.party_id: one for one in people}
    if not reached:
        return found
    routing = routes.kept(tx.conn)
    for one in reached.values():
        news = _news(tx, one, text, about=about, note_id=note_id, by=by, at=at)
        label = one.label
        if any(route.wants(EVENT, "", "", (label.casefold(),)) for route in routing.routes):
            outbox.enqueue(tx.conn, routing, [news])
            found.told.append(label)
        else:
            found.warnings.append(f"no receiver wants to tell {label}; see: aicensus receivers")
    return found


def _party(tx: WriteTx, name: str, warnings: list[str]) -> Party | None:
    """Return the active party with an address that a mention means."""
    spelt = [normal_party(f"@{name}"), normal_party(name)]
    known = parties.find(tx.conn, spelt)
    several = [known[one] for one in spelt if one in known][:1] or parties.by_local_part(tx.conn, name)
    why = ""
    if not several:
        why = "nobody is known by that name"
    elif len(several) > 1:
        why = f"it may be {', '.join(one.label for one in several)}; write the whole address"
    elif not several[0].active:
        why = "they are no longer active"
    elif several[0].email is None:
        why = "no address of theirs is known"
    if why:
        warnings.append(f"@{name} is not told: {why}")
        return None
    return several[0]


def _news(tx: WriteTx, who: Party, text: str, *, about: str, note_id: str, by: str, at: str) -> News:
    system_id, name = _system(tx, about)
    label = who.label
    data = {
        "note_id": note_id,
        "subject_id": about,
        "system_id": system_id,
        "title": f"{name}: {by} mentions {label}",
        "body": text,
        "made_by": by,
        "told": label,
    }
    dedup = f"{note_id}/{EVENT}/{who.party_id}"
    return News(event=EVENT, subject_id=about, dedup=dedup, at=at, data=data, owners=(label,))


def _system(tx: WriteTx, about: str) -> tuple[str | None, str]:
    """Return the system that an alert, a case or a system is about, with its name."""
    system_id: str | None = about
    if about.startswith("alr_"):
        system_id = alerts.get(tx.conn, about).system_id
    elif about.startswith("cas_"):
        subject = cases.matching(tx.conn, about)[0].subject
        system_id = None if subject == cases.ORGANISATION else subject
    row = system_rows.rows(tx.conn, [system_id]).get(system_id) if system_id else None
    return system_id, row.name if row else "the organisation"

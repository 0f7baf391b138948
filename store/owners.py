"""Keep who answers for a system: accepted owners, and the candidates that evidence points to.

A row that holds (``valid_to`` null) and has no ``ended_at`` is current. A candidate has source
``inferred`` and no ``accepted_at``; declined, it stays as an ended row, so that the same evidence does
not name the same party again. ``reason`` of a candidate is a JSON list of sentences.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson
from sqlalchemy import select

from connectors.model import OwnerHint
from normalizer.owners import (
    OwnerCandidate,
    combine_counted,
    hints_from_tags,
    normal_party,
)
from store import owner_maps, parties
from store.bulk import insert_rows, is_one_of
from store.owner_outcomes import trust
from store.parties import Party
from store.regroup import SUGGESTION
from store.schema import owner, party, sighting, system_member
from store.temporal import chunks, holds

if TYPE_CHECKING:
    from sqlalchemy import Connection

ACCOUNTABLE = "accountable"
INFERRED = "inferred"
DECLARED = "declared"
IMPORTED = "imported"
_COLUMNS = (
    "system_id",
    "role",
    "party_id",
    "source",
    "confidence",
    "assigned_at",
    "accepted_at",
    "ended_at",
    "reason",
    "valid_from",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """One party's claim or candidacy for one role on one system; times are UTC texts."""

    owner_no: int
    system_id: str
    role: str
    party: Party
    source: str
    confidence: float
    assigned_at: str
    accepted_at: str | None
    ended_at: str | None
    reason: str

    @property
    def is_accepted(self) -> bool:
        """Say whether a person accepted it and it has not ended."""
        return self.accepted_at is not None and self.ended_at is None

    @property
    def is_candidate(self) -> bool:
        """Say whether it waits for someone to accept or decline."""
        return self.accepted_at is None and self.ended_at is None

    @property
    def reasons(self) -> list[str]:
        """Return why the party is a candidate, strongest first."""
        if not self.reason.startswith("["):
            return [self.reason] if self.reason else []
        return list(orjson.loads(self.reason))


def of_systems(
    conn: Connection, system_ids: Collection[str] | None, rev: int | None = None
) -> dict[str, list[Owner]]:
    """Return every holding row of the systems (``None``: all), accepted first, then most confident."""
    found: dict[str, list[Owner]] = defaultdict(list)
    columns = [*(owner.c[name] for name in _READ), *(party.c[name] for name in Party.__dataclass_fields__)]
    query = select(*columns).join(party, party.c.party_id == owner.c.party_id).where(holds(owner, rev))
    queries = (
        [query]
        if system_ids is None
        else [query.where(is_one_of(conn, owner.c.system_id, chunk)) for chunk in chunks(sorted(system_ids))]
    )
    people: dict[str, Party] = {}
    for one in queries:
        for row in conn.execute(one).all():
            read = _owner(row, people)
            found[read.system_id].append(read)
    for rows in found.values():
        rows.sort(key=lambda one: (not one.is_accepted, -one.confidence, one.party.label, one.owner_no))
    return dict(found)


def accept(
    conn: Connection,
    rev: int,
    now: str,
    system_id: str,
    who: Party,
    *,
    role: str,
    source: str,
    confidence: float,
) -> list[Owner]:
    """Make a party the accepted owner in a role; returns what it ended.

    There is one accountable owner a system: the one before ends. Other roles may have several.
    """
    current = of_systems(conn, [system_id]).get(system_id, [])
    replaced = [
        one
        for one in current
        if one.is_accepted
        and one.role == role
        and (role == ACCOUNTABLE or one.party.party_id == who.party_id)
    ]
    # The same party's candidacy (or an earlier refusal) is answered by this.
    answered = [one for one in current if one.party.party_id == who.party_id and not one.is_accepted]
    close(conn, rev, [one.owner_no for one in [*replaced, *answered]])
    _keep_ended(conn, rev, now, [one for one in replaced if one.party.party_id != who.party_id], "replaced")
    values = (system_id, role, who.party_id, source, confidence, now, now, None, "", rev)
    insert_rows(conn, owner, _COLUMNS, [values])
    return replaced


def propose(
    conn: Connection,
    rev: int,
    now: str,
    system_id: str,
    who: Party,
    *,
    role: str,
    confidence: float,
    why: str,
) -> None:
    """Make a party a candidate because an import names it; it stays one until a person answers."""
    reasons = orjson.dumps([why]).decode()
    values = (system_id, role, who.party_id, IMPORTED, confidence, now, None, None, reasons, rev)
    insert_rows(conn, owner, _COLUMNS, [values])


def end(conn: Connection, rev: int, now: str, rows: Sequence[Owner], reason: str) -> None:
    """End ownerships or candidacies with a reason; the ended rows stay on record."""
    close(conn, rev, [one.owner_no for one in rows])
    _keep_ended(conn, rev, now, rows, reason)


def close(conn: Connection, rev: int, owner_nos: Collection[int]) -> None:
    """Let rows stop holding at a revision."""
    for chunk in chunks(sorted(owner_nos)):
        conn.execute(owner.update().where(is_one_of(conn, owner.c.owner_no, chunk)).values(valid_to=rev))


@dataclass(slots=True)
class CandidateChanges:
    """What another look at the evidence changes: rows that end, and ``(system, candidate, since)`` to add."""

    closing: list[int] = field(default_factory=list)
    adding: list[tuple[str, OwnerCandidate, str | None]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.closing or self.adding)


def weigh_candidates(conn: Connection, system_ids: Collection[str]) -> CandidateChanges:
    """Weigh the evidence of the systems' members again; the same evidence changes nothing."""
    changes = CandidateChanges()
    current = of_systems(conn, system_ids)
    evidence = meaning_of(conn, system_ids)
    known = _known(conn, evidence) if evidence else set()
    trusted = trust(conn) if evidence else {}
    for system_id in sorted(evidence.keys() | current.keys()):
        rows = current.get(system_id, [])
        standing: dict[str, Owner] = {}
        for row in rows:
            if row.source != INFERRED:
                continue  # what was imported waits for a person, whatever evidence says
            if row.is_candidate and standing.setdefault(normal_party(row.party.label), row) is not row:
                changes.closing.append(row.owner_no)
        for one in _weigh(evidence.get(system_id, []), rows, known, trusted):
            before = standing.pop(one.party, None)
            if before and (before.confidence, before.reasons) == (one.confidence, list(one.reasons)):
                continue
            if before:
                changes.closing.append(before.owner_no)
            changes.adding.append((system_id, one, before.assigned_at if before else None))
        changes.closing.extend(row.owner_no for row in standing.values())
    return changes


def weigh_new(conn: Connection, said: Mapping[str, Mapping[str, int]]) -> CandidateChanges:
    """Weigh what the members of systems without any owner row tell: how many assets say each text."""
    evidence = _meant(conn, _shown(said))
    known = _known(conn, evidence) if evidence else set()
    trusted = trust(conn) if evidence else {}
    return CandidateChanges(
        adding=[
            (system_id, one, None)
            for system_id, shown in sorted(evidence.items())
            for one in _weigh(shown, (), known, trusted)
        ]
    )


def write_candidates(conn: Connection, rev: int, now: str, changes: CandidateChanges) -> None:
    """Write what :func:`weigh_candidates` found; parties that nobody knew are made."""
    close(conn, rev, changes.closing)
    who = parties.ensure(conn, {one.party for _, one, _ in changes.adding}, now=now)
    insert_rows(
        conn,
        owner,
        _COLUMNS,
        [
            (
                system_id,
                ACCOUNTABLE,
                who[one.party].party_id,
                INFERRED,
                one.confidence,
                since or now,
                None,
                None,
                orjson.dumps(one.reasons).decode(),
                rev,
            )
            for system_id, one, since in changes.adding
        ],
    )


_MOST = 5
"""Candidates kept for a system: more helps nobody to decide."""

Shown: TypeAlias = list[tuple[tuple[OwnerHint, ...], int]]
"""What the assets of a system say of its owner, and how many of them say just that."""


def _weigh(
    shown: Shown, rows: Sequence[Owner], known: Collection[str], trusted: Mapping[str, float]
) -> list[OwnerCandidate]:
    settled = {
        normal_party(one.party.label)
        for one in rows
        if one.is_accepted or (one.ended_at is not None and one.accepted_at is None)
    }
    return combine_counted(shown, known=known, declined=settled, trust=trusted)[:_MOST]


def _known(conn: Connection, evidence: dict[str, Shown]) -> set[str]:
    candidates = {hint.candidate for shown in evidence.values() for hints, _ in shown for hint in hints}
    found = parties.find(conn, {normal_party(one) for one in candidates})
    # A party that only evidence named proves nothing; one that a person dealt with does.
    settled = select(owner.c.party_id).where(owner.c.accepted_at.is_not(None))
    dealt: set[str] = set()
    for chunk in chunks(sorted({one.party_id for one in found.values()})):
        dealt.update(conn.execute(settled.where(is_one_of(conn, owner.c.party_id, chunk))).scalars())
    return {name for name, one in found.items() if one.active and one.party_id in dealt}


def meaning_of(conn: Connection, system_ids: Collection[str]) -> dict[str, Shown]:
    """Read the owner hints of members as people said that they are meant."""
    return _meant(conn, evidence_of(conn, system_ids))


def evidence_of(conn: Connection, system_ids: Collection[str]) -> dict[str, Shown]:
    """Read the owner hints of members' open sightings."""
    found: dict[str, Shown] = {}
    for chunk in chunks(sorted(system_ids), 500):
        query = (
            select(system_member.c.system_id, sighting.c.asset_id, sighting.c.payload)
            .join(sighting, sighting.c.asset_id == system_member.c.asset_id)
            .where(system_member.c.valid_to.is_(None), system_member.c.strength != SUGGESTION)
            .where(is_one_of(conn, system_member.c.system_id, chunk), sighting.c.valid_to.is_(None))
        )
        said: dict[str, dict[str, str]] = defaultdict(dict)
        for system_id, asset_id, payload in conn.execute(query):
            if text := told(payload):
                before = said[system_id].get(asset_id)
                # JSON has no line ends of its own.
                said[system_id][asset_id] = f"{before}\n{text}" if before else text
        found |= _shown({system_id: Counter(texts.values()) for system_id, texts in said.items()})
    return found


def _shown(said: Mapping[str, Mapping[str, int]]) -> dict[str, Shown]:
    found = {
        system_id: [(hints, assets) for text, assets in texts.items() if (hints := _hints(text))]
        for system_id, texts in said.items()
    }
    return {system_id: shown for system_id, shown in found.items() if shown}


def _meant(conn: Connection, evidence: dict[str, Shown]) -> dict[str, Shown]:
    """Return evidence with the parties that its values mean, as people said."""
    known = owner_maps.in_force(conn) if evidence else {}
    if not known:
        return evidence
    return {
        system_id: [(owner_maps.applied(hints, known), assets) for hints, assets in shown]
        for system_id, shown in evidence.items()
    }


def told(payload: str) -> str:
    """Cut out of a sighting's payload the text that tells of its owner; empty when it tells nothing."""
    start = payload.rfind(_HINTS)
    text = payload[start : payload.rfind(_USAGE)]
    return "" if start < 0 or text == _SILENT else text


def relating(payload: str) -> str:
    """Cut out of a sighting's payload the text that tells of its owner, its group and its relations."""
    end = payload.rfind(_HINTS)
    start = payload.rfind(_LINKS, 0, end)
    return payload if start < 0 else payload[start : payload.rfind(_USAGE)]


# The members of a payload come in the order of their names: hints, tags, usage. Cut out as text first: most
# sightings name nobody, and many say the same, so that few are parsed.
_HINTS = '"owner_hints":['
_LINKS = '"links":['
_USAGE = ',"usage":'
_SILENT = '"owner_hints":[],"tags":{}'
_CACHED_CHARS = 2_000


def _hints(told: str) -> tuple[OwnerHint, ...]:
    return _parsed(told) if len(told) <= _CACHED_CHARS else _parsed.__wrapped__(told)


@lru_cache(maxsize=4096)
def _parsed(told: str) -> tuple[OwnerHint, ...]:
    hints: list[OwnerHint] = []
    for line in told.split("\n"):
        content = orjson.loads(f"{{{line}}}")
        hints.extend(OwnerHint(**one) for one in content["owner_hints"])
        hints.extend(hints_from_tags(content["tags"]))
    return tuple(hints)


def _keep_ended(conn: Connection, rev: int, now: str, rows: Iterable[Owner], reason: str) -> None:
    ended = [replace(one, ended_at=now, reason=reason) for one in rows]
    insert_rows(
        conn,
        owner,
        _COLUMNS,
        [
            (
                one.system_id,
                one.role,
                one.party.party_id,
                one.source,
                one.confidence,
                one.assigned_at,
                one.accepted_at,
                one.ended_at,
                one.reason,
                rev,
            )
            for one in ended
        ],
    )


def _owner(row: Sequence[Any], people: dict[str, Party]) -> Owner:
    """Read a row of :func:`of_systems`; a party is read once, however many systems it has to do with."""
    party_id = row[len(_READ)]
    who = people.get(party_id)
    if who is None:
        who = people[party_id] = Party(
            **dict(zip(Party.__dataclass_fields__, row[len(_READ) :], strict=True))
        )
    return Owner(party=who, **dict(zip(_READ, row, strict=False)))


_READ = tuple(name for name in Owner.__dataclass_fields__ if name != "party")

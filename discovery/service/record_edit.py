"""Change a record: every field keeps who said it, how, and when; evidence never overwrites a person.

Pure. An entry is ``{value, source, by, at, confidence}`` with ``why`` where it was imported, ``confirmed``
where a person vouched for an import, ``seen`` (what of evidence the person knew) and ``conflict``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from connectors import clock
from connectors.model import Json
from discovery.service import record_fields, record_sense
from discovery.service.record_sense import Seen
from store.oversight import Record

HUMAN, IMPORT = "human", "import"
_COMPARED = ("word", "words", "texts", "countries", "tables")
"""Types of fields in which evidence can contradict a person; a text only reads differently."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """Who says something and how: ``by`` is a party's id, ``at`` a UTC text, ``timezone`` that of days.

    ``confirmed``: a person vouches for what is imported.
    """

    source: Literal["human", "import"]
    by: str
    at: str
    timezone: str = "UTC"
    why: str = ""
    confidence: float = 1.0
    confirmed: bool = False

    @property
    def counts(self) -> bool:
        """Say whether what is said so counts as a person's answer."""
        return self.source == HUMAN or self.confirmed


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A record after a change; ``kept`` are fields that an import left to the person who answered them."""

    record: Record
    kept: tuple[str, ...] = ()


def edited(
    before: Record | None,
    system_id: str,
    values: Mapping[str, Json],
    stamp: Stamp,
    evidence: Sequence[Seen] = (),
) -> Edited:
    """Return the record after values were given (``None`` clears a field)."""
    fields = dict(before.fields) if before else {}
    kept = []
    for name, value in values.items():
        earlier = fields.get(name, {})
        if stamp.source == IMPORT and is_answered(earlier):
            kept += [name] if earlier.get("value") != value else []
        elif value is None:
            fields.pop(name, None)
        else:
            fields[name] = _entry(name, value, stamp, earlier, [one for one in evidence if one.field == name])
    asked = stamp.counts and any(name in record_fields.questions() for name in values)
    record = Record(
        system_id=system_id,
        fields=fields,
        complete=False,
        next_review_at=_next_review(fields, stamp.timezone),
        confirmed_by=stamp.by if asked else before.confirmed_by if before else None,
        confirmed_at=stamp.at if asked else before.confirmed_at if before else None,
        withdrawn_at=None if asked or before is None else before.withdrawn_at,
        version=before.version + 1 if before else 1,
    )
    return Edited(record=judged(record, stamp.at), kept=tuple(kept))


def taken_back(now: Record, before: Record | None, after: Record, timezone: str) -> Edited:
    """Return the record without what changed from ``before`` to ``after``, both earlier versions of it.

    A field that somebody has changed since is left, and named in ``kept``. Who had confirmed the record
    before, had confirmed it, where nothing else was changed since.
    """
    fields, kept = dict(now.fields), []
    earlier = before.fields if before else {}
    for name in sorted({*after.fields, *earlier}):
        was, came = earlier.get(name), after.fields.get(name)
        if _said(was) == _said(came):
            continue
        if _said(fields.get(name)) != _said(came):
            kept.append(name)
        elif was is None:
            del fields[name]
        else:
            fields[name] = was
    untouched = now.version == after.version
    source = before if untouched else now
    record = Record(
        system_id=now.system_id,
        fields=fields,
        complete=False,
        next_review_at=_next_review(fields, timezone),
        confirmed_by=source.confirmed_by if source else None,
        confirmed_at=source.confirmed_at if source else None,
        withdrawn_at=source.withdrawn_at if source else None,
        version=now.version + 1,
    )
    return Edited(record=record, kept=tuple(kept))


def _said(entry: Mapping[str, Json] | None) -> tuple[Json, ...]:
    """Return what makes what was said the same; what evidence says beside it may have changed."""
    return tuple(entry.get(key) for key in ("value", "source", "by", "at", "confirmed")) if entry else ()


def judged(record: Record, at: str) -> Record:
    """Return the record with whether it is complete at a moment (UTC text)."""
    is_ahead = (record.next_review_at or "") > at
    return replace(record, complete=is_ahead and record.withdrawn_at is None and not unanswered(record))


def with_evidence(record: Record, evidence: Iterable[Seen], at: str) -> Record:
    """Return the record with what evidence says otherwise now; the same object when nothing changed."""
    by_field: dict[str, list[Seen]] = {}
    for one in evidence:
        by_field.setdefault(one.field, []).append(one)
    fields = {}
    for name, entry in record.fields.items():
        found = _conflict(name, entry.get("value"), by_field.get(name, ()), entry.get("seen"))
        known = entry.get("conflict")
        if (found or {}).get("news") == (known if isinstance(known, dict) else {}).get("news"):
            continue
        rest = {key: value for key, value in entry.items() if key != "conflict"}
        fields[name] = rest | {"conflict": found | {"at": at}} if found else rest
    return replace(record, fields={**record.fields, **fields}) if fields else record


def unanswered(record: Record | None) -> list[str]:
    """Return the fields without which the record is not complete and that no person answered."""
    return [
        name
        for name in record_fields.questions()
        if record is None or not is_answered(record.fields.get(name, {}))
    ]


def end_of_day(day: date, timezone: str) -> str:
    """Return the moment (UTC text) at which a day ends where the organisation is."""
    midnight = datetime.combine(day + timedelta(days=1), time(), tzinfo=ZoneInfo(timezone))
    return clock.to_text(midnight.astimezone(UTC))


def _entry(
    name: str, value: Json, stamp: Stamp, earlier: Mapping[str, Json], evidence: Sequence[Seen]
) -> dict[str, Json]:
    entry: dict[str, Json] = {
        "value": value,
        "source": stamp.source,
        "by": stamp.by,
        "at": stamp.at,
        "confidence": stamp.confidence,
    }
    if stamp.why:
        entry["why"] = stamp.why
    if stamp.confirmed:
        entry["confirmed"] = True
    if earlier.get("conflict") and stamp.counts:
        # It was on record when the person answered: settled until evidence says something new.
        entry["seen"] = record_sense.heard(evidence)
    elif "seen" in earlier:
        entry["seen"] = earlier["seen"]
    found = _conflict(name, value, evidence, entry.get("seen"))
    if found:
        entry["conflict"] = found | {"at": stamp.at}
    return entry


def _conflict(name: str, value: Json, evidence: Iterable[Seen], known: Json) -> dict[str, Json] | None:
    spec = record_fields.known(name)
    if spec is None or spec.type not in _COMPARED:
        return None
    return record_sense.conflict(name, value, evidence, known)


def is_answered(entry: Mapping[str, Json]) -> bool:
    """Say whether a person gave a value, or vouched for an imported one."""
    by_person = entry.get("source") == HUMAN or entry.get("confirmed") is True
    return by_person and entry.get("value") not in (None, "", [])


def _next_review(fields: Mapping[str, Mapping[str, Json]], timezone: str) -> str | None:
    day = fields.get("reviews.next_due_at", {}).get("value")
    return end_of_day(date.fromisoformat(str(day)), timezone) if day else None

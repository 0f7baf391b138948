"""Turn findings into what the store keeps of them, and join findings of one key that a part shows twice."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson

from connectors.model import Finding, Grade, Role
from normalizer.fold import AssetState, Content, Sighted, fold, merge_contents
from normalizer.identity import Key
from store.text import (
    MAX_COLUMN,
    WIDE,
    clean,
    clean_mark,
    decode_content,
    encode_content,
    moment,
    moment_text,
    wide_fields,
)

SIGHTING_COLUMNS = (
    *("sighting_no", "part_no", "asset_id", "namespace", "key", "fingerprint", "kind", "provider", "name"),
    *("grade", "role", "ref", "drives", "details", "account", "region", "application", "model"),
    *("created_at", "payload", "valid_from", "opened_at"),
)
"""The columns that a new row fills; the others are null."""

PAYLOAD = SIGHTING_COLUMNS.index("payload")
"""The place of the wide part in a row."""

FOLDED = slice(SIGHTING_COLUMNS.index("kind"), SIGHTING_COLUMNS.index("created_at"))
"""The places of what an asset takes over from a row, the wide part aside."""

JOINT = "\x1f"
"""Between the fingerprints of several findings under one key."""

_MANY = "many"
_MAX_JOINED = 16


@dataclass(slots=True)
class Arrival:
    """A thing as it came in: its key, what tells whether it changed, and what was shown of it.

    ``shown`` has the columns and ``content`` the wide part. Almost always both are the finding itself:
    nothing is copied until an asset with several sightings must be folded (:attr:`sighted`).
    """

    key: Key
    fingerprint: str
    created_at: datetime | None
    opened_at: str
    ref: str
    drives: bool
    details: bool
    shown: Finding | Sighted
    content: Finding | Content

    @property
    def sighted(self) -> Sighted:
        """Return it as the fold takes it."""
        shown, content = self.shown, self.content
        return Sighted(
            namespace=self.key[0],
            key=self.key[1],
            kind=shown.kind,
            provider=shown.provider,
            name=shown.name,
            grade=shown.grade,
            role=shown.role,
            ref=self.ref,
            drives=self.drives,
            details=self.details,
            account=shown.account,
            region=shown.region,
            application=shown.application,
            model=shown.model,
            state=AssetState.PRESENT,
            opened_at=self.opened_at,
            content=Content(**{name: getattr(content, name) for name in WIDE}),
        )

    def row(self, number: int, part_no: int, asset_id: str, rev: int) -> tuple[Any, ...]:
        """Return the values of :data:`SIGHTING_COLUMNS`."""
        one = self.shown
        # One plain tuple: this runs for every row of a first scan.
        return (
            number,
            part_no,
            asset_id,
            *self.key,
            self.fingerprint,
            one.kind,
            one.provider,
            one.name,
            one.grade._value_,
            one.role._value_,
            self.ref,
            self.drives,
            self.details,
            one.account,
            one.region,
            one.application,
            one.model,
            moment_kept(self.created_at),
            _encoded(self.content),
            rev,
            self.opened_at,
        )


moment_kept = lru_cache(maxsize=1024)(moment_text)
"""Write an optional time column; what comes in one batch has few different moments."""


def _encoded(content: Finding | Content) -> str:
    """Write the same text as :func:`encode_content`, faster where nothing in it needs cleaning."""
    try:
        return orjson.dumps(wide_fields(content), default=_plain, option=_OPTIONS).decode()
    except TypeError:
        return encode_content(content)


_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_NON_STR_KEYS


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return moment_kept(value)
    # What is rarer is left to encode_content.
    raise TypeError


def arrival_of(finding: Finding, key: Key, *, details: bool, now: str) -> Arrival:
    """Take in a finding, ``key`` being its natural key as the store keeps it (:func:`clean_key`).

    Raises ``ValueError`` when the runner gave it no fingerprint.
    """
    if not finding.fingerprint:
        raise ValueError(f"a finding without a fingerprint: {finding.natural_key}")
    ref = finding.ref
    arrival = Arrival(
        key,
        clean_mark(finding.fingerprint),
        finding.created_at,
        now,
        ref.label if ref else "",
        ref.drives if ref else True,
        details,
        finding,
        finding,
    )
    one = finding
    joined = f"{one.provider}{one.name}{arrival.ref}{one.account}{one.region}{one.application}{one.model}"
    if len(joined) > MAX_COLUMN or not joined.isprintable():
        _clean(arrival)
    return arrival


def _clean(arrival: Arrival) -> None:
    """Put in place of the finding a copy whose columns both databases can keep."""
    one = arrival.sighted
    for name in ("provider", "name", "ref", "account", "region", "application", "model"):
        value = getattr(one, name)
        if value is not None:
            setattr(one, name, clean(value))
    arrival.shown, arrival.content, arrival.ref = one, one.content, one.ref


def _arrival(sighted: Sighted, fingerprint: str, created_at: datetime | None) -> Arrival:
    return Arrival(
        (sighted.namespace, sighted.key),
        fingerprint,
        created_at,
        sighted.opened_at,
        sighted.ref,
        sighted.drives,
        sighted.details,
        sighted,
        sighted.content,
    )


def sighted_of(row: Any) -> Sighted:
    """Read a row of the sighting table as the fold takes it."""
    return Sighted(
        namespace=row.namespace,
        key=row.key,
        kind=row.kind,
        provider=row.provider,
        name=row.name,
        grade=Grade(row.grade),
        role=Role(row.role),
        ref=row.ref,
        drives=bool(row.drives),
        details=bool(row.details),
        account=row.account,
        region=row.region,
        application=row.application,
        model=row.model,
        state=state_of(row.suspect_at, row.missing_at),
        opened_at=row.opened_at,
        content=decode_content(row.payload),
    )


def arrival_of_row(row: Any) -> Arrival:
    """Read a row of the sighting table as if it had just come in."""
    return _arrival(sighted_of(row), row.fingerprint, moment(row.created_at))


def state_of(suspect_at: str | None, missing_at: str | None) -> AssetState:
    """Return the state that an open sighting's marks mean (a confirmed suspect is missing)."""
    if missing_at:
        return AssetState.MISSING
    return AssetState.SUSPECT if suspect_at else AssetState.PRESENT


def joined(arrivals: Sequence[Arrival]) -> Arrival:
    """Return one arrival for all of one key that a part showed, whatever order they came in."""
    ordered = sorted(arrivals, key=lambda one: one.fingerprint)
    marks = fingerprints_of(ordered)
    if len(marks) == 1:
        return ordered[0]
    several = [one.sighted for one in ordered]
    folded = fold(several)
    sighted = Sighted(
        namespace=several[0].namespace,
        key=several[0].key,
        kind=folded.kind,
        provider=folded.provider,
        name=folded.name,
        grade=folded.grade,
        role=folded.role,
        ref=folded.ref,
        drives=folded.drives,
        details=several[0].details,
        account=folded.account,
        region=folded.region,
        application=folded.application,
        model=folded.model,
        state=AssetState.PRESENT,
        opened_at=folded.first_seen_at,
        content=merge_contents([one.content for one in several]),
    )
    made = [one.created_at for one in ordered if one.created_at]
    return _arrival(sighted, joined_fingerprint(marks), max(made, default=None))


def fingerprints_of(arrivals: Sequence[Arrival]) -> set[str]:
    """Return the fingerprints of the single findings that went into ``arrivals``."""
    return {mark for one in arrivals for mark in one.fingerprint.split(JOINT)}


def joined_fingerprint(marks: set[str]) -> str:
    """Return the fingerprint of several findings under one key; the single ones stay readable in it."""
    text = JOINT.join(sorted(marks))
    if len(marks) <= _MAX_JOINED:
        return text
    return f"{_MANY}{JOINT}{hashlib.sha256(text.encode()).hexdigest()}"

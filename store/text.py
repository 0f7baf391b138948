"""Write what is kept as text: canonical JSON, and columns that both databases can hold."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from connectors import clock
from connectors.model import Evidence, Finding, Link, NaturalKey, OwnerHint, RelationKind, Usage
from normalizer.fold import Content

MAX_KEY = 900
"""Characters of a natural key or namespace at most: PostgreSQL indexes hold about 2,700 bytes."""

MAX_COLUMN = 2_000
"""Characters of any other column at most; names longer than this are an attack, not a name."""

_MAX_STATE = 2_000_000
"""Characters that a part may keep for its next scan."""

_MAX_MARK = 200
_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_NON_STR_KEYS


def to_json(value: Any) -> str:
    """Write ``value`` as canonical JSON: sorted names, UTC times with microseconds, dataclasses as objects.

    Text that is not valid Unicode (an undecodable file name) is escaped rather than refused.
    """
    try:
        return orjson.dumps(value, default=_plain, option=_OPTIONS).decode()
    except TypeError:
        return orjson.dumps(_cleaned(value), default=_plain, option=_OPTIONS).decode()


def from_json(text: str) -> Any:
    """Read what :func:`to_json` wrote."""
    return orjson.loads(text)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return clock.to_text(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"cannot keep a {type(value).__name__}")


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(str(key)): _cleaned(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        return {name: _cleaned(getattr(value, name)) for name in value.__dataclass_fields__}
    return value


def clean(text: str, limit: int = MAX_COLUMN) -> str:
    """Return ``text`` as both databases can keep it: no NUL, no half characters, at most ``limit`` long.

    A text that is cut keeps a hash of the whole at its end, so that different texts stay different.
    """
    if len(text) <= limit and text.isascii() and "\x00" not in text:
        return text
    text = text.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")
    if len(text) <= limit:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"{text[: limit - len(digest) - 1]}~{digest}"


def clean_state(text: str) -> str:
    """Return what a part keeps for its next scan, whole or not at all: half of it could not be read."""
    kept = clean(text, _MAX_STATE + 1)
    return kept if len(kept) <= _MAX_STATE else ""


def clean_key(namespace: str, key: str) -> tuple[str, str]:
    """Return a natural key as the store keeps it; almost always the very same texts."""
    joined = namespace + key
    if len(joined) <= MAX_KEY and joined.isprintable():
        return namespace, key
    # U+001F stands between keys where many go into one parameter.
    return clean(namespace.replace("\x1f", "\\x1f"), MAX_KEY), clean(key.replace("\x1f", "\\x1f"), MAX_KEY)


def clean_mark(fingerprint: str) -> str:
    """Return a fingerprint as the store keeps it: its hash when it is long or holds odd characters."""
    if len(fingerprint) <= _MAX_MARK and fingerprint.isprintable():
        return fingerprint
    return hashlib.sha256(fingerprint.encode("utf-8", "backslashreplace")).hexdigest()


WIDE = ("aliases", "attributes", "evidence", "links", "owner_hints", "tags", "usage")
"""The fields of a sighting's wide part."""


def encode_content(content: Finding | Content) -> str:
    """Write the wide part of a sighting."""
    return to_json(wide_fields(content))


def wide_fields(content: Finding | Content) -> dict[str, Any]:
    """Return the fields of a sighting's wide part by the names they are kept under."""
    return {
        "aliases": content.aliases,
        "attributes": content.attributes,
        "evidence": content.evidence,
        "links": content.links,
        "owner_hints": content.owner_hints,
        "tags": content.tags,
        "usage": content.usage,
    }


def decode_content(text: str) -> Content:
    """Read what :func:`encode_content` wrote."""
    raw = orjson.loads(text)
    usage = raw["usage"]
    return Content(
        attributes=raw["attributes"],
        tags=raw["tags"],
        evidence=tuple(
            Evidence(
                source=one["source"],
                locator=one["locator"],
                observed_at=clock.from_text(one["observed_at"]),
                detail=one["detail"],
            )
            for one in raw["evidence"]
        ),
        owner_hints=tuple(OwnerHint(**one) for one in raw["owner_hints"]),
        links=tuple(
            Link(relation=RelationKind(one["relation"]), target=NaturalKey(**one["target"]))
            for one in raw["links"]
        ),
        aliases=tuple(NaturalKey(**one) for one in raw["aliases"]),
        usage=usage and Usage(**{**usage, "last_used_at": moment(usage["last_used_at"])}),
    )


def moment(text: str | None) -> datetime | None:
    """Read an optional time column."""
    return clock.from_text(text) if text else None


def moment_text(value: datetime | None) -> str | None:
    """Write an optional time column."""
    return clock.to_text(value) if value is not None else None

"""Know a key again without keeping it: by where it is stored, or by the little that its vendor shows of it.

A vendor shows the last characters of a key to every member of a project. A mark is a hash of the vendor's
name and the last three or four of them, so that the same key in code and at the vendor leaves the same mark.
It may be guessed back to these characters and to no more; no other part of a key goes into it, and what does
not look shortened is taken for a whole key and leaves none. Why that is enough: ``docs/decisions/0018``.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache

from connectors.catalogue import read_table

_TAILS = (4, 3)
"""Characters at the end of a key that vendors show."""


@dataclass(frozen=True, slots=True)
class _Reference:
    pattern: re.Pattern[str]
    key: str
    is_folded: bool


@dataclass(frozen=True, slots=True)
class _Shape:
    pattern: re.Pattern[str]
    least: int


def of_shown(provider: str, shown: str) -> str:
    """Return the mark of a key by what its vendor shows of it; empty: too little, or not shortened at all."""
    found = _shown().fullmatch(shown.strip())
    return _mark(provider, found["tail"][-_TAILS[0] :]) if found else ""


def in_text(provider: str, text: str) -> list[str]:
    """Return the marks of the first whole key of a provider in a text; none where there is none."""
    shape = _shapes().get(provider)
    found = shape.pattern.search(text) if shape else None
    if shape is None or found is None or _is_placeholder(found.group(), shape.least):
        return []
    return [_mark(provider, found.group()[-length:]) for length in _TAILS]


def references(text: str) -> list[str]:
    """Return what secrets of stores a text names, each in one spelling whatever version it asks for."""
    found: dict[str, None] = {}
    for one in _references():
        for match in one.pattern.finditer(text):
            key = one.key.format(**match.groupdict())
            found.setdefault(key.lower() if one.is_folded else key)
    return list(found)


def projects(provider: str, text: str) -> list[str]:
    """Return the ids of a provider's projects that a text names, sorted."""
    pattern = _projects().get(provider)
    return sorted(set(pattern.findall(text))) if pattern else []


def _mark(provider: str, tail: str) -> str:
    digest = hashlib.blake2b(f"{provider}|{tail}".encode(), digest_size=8).hexdigest()
    return f"{provider}:{digest}"


def _is_placeholder(key: str, least: int) -> bool:
    plain = key.lower()
    return len(set(key)) < least or any(word in plain for word in read_table("key_marks")["placeholder"])


@cache
def _shown() -> re.Pattern[str]:
    return re.compile(read_table("key_marks")["shown"])


@cache
def _shapes() -> dict[str, _Shape]:
    return {
        row["provider"]: _Shape(re.compile(rf"(?<![\w-]){row['pattern']}(?![\w-])"), row["least"])
        for row in read_table("key_marks")["key"]
    }


@cache
def _references() -> tuple[_Reference, ...]:
    rows = read_table("key_marks")["reference"]
    return tuple(_Reference(re.compile(row["pattern"]), row["key"], row.get("fold", False)) for row in rows)


@cache
def _projects() -> dict[str, re.Pattern[str]]:
    rows = read_table("key_marks")["project"]
    return {row["provider"]: re.compile(rf"(?<![\w-]){row['pattern']}(?![\w-])") for row in rows}

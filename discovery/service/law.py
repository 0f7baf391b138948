"""Say from when an article of the EU AI Act applies; the table is ``discovery/law_dates.toml``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

_NUMBER = re.compile(r"\d+")
_ANNEX = re.compile(r"Annex ([IVX]+)")


@dataclass(frozen=True, slots=True)
class Applies:
    """From when an article applies, and whether it is a duty of high-risk systems only."""

    since: date
    is_high_risk: bool = False


def applies(ref: str, eu_class: str | None = None) -> Applies:
    """Return from when a reference such as ``26(2)`` or ``Annex IV(1)`` applies to a class of system."""
    number = _article_of(ref)
    for row in _table()["law"]:
        if any(first <= number <= last for first, last in row["articles"]):
            since = row.get("products", row["from"]) if eu_class == "high_annex_i" else row["from"]
            return Applies(since, row.get("high_risk", False))
    return Applies(_table()["general"])


def breaches(
    refs: Sequence[str], today: date, *, eu_class: str | None, is_high_risk: bool | None, since: date | None
) -> list[str]:
    """Say what a gap may breach and from when: the articles of one day together, the earliest day first.

    Duties of high-risk systems are left out where it is known that the system is none (``is_high_risk`` is
    false). ``since`` is the day of the rule itself where it has one.
    """
    by_day: dict[date, list[str]] = {}
    for ref in refs:
        found = applies(ref, eu_class)
        if not (found.is_high_risk and is_high_risk is False):
            day = max(found.since, since) if since else found.since
            by_day.setdefault(max(day, today), []).append(article(ref))
    return [
        f"may breach {', '.join(names)}" + (f" from {day.day} {day:%b %Y}" if day > today else "")
        for day, names in sorted(by_day.items())
    ]


def article(ref: str) -> str:
    """Return a reference as it is cited."""
    return ref if ref.startswith("Annex") else f"Art. {ref}"


def _article_of(ref: str) -> int:
    annex = _ANNEX.match(ref)
    if annex:
        return int(_table()["annexes"].get(annex[1], 0))
    number = _NUMBER.match(ref)
    return int(number[0]) if number else 0


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(resources.files("discovery").joinpath("law_dates.toml").read_text("utf-8"))

"""Find what cannot both be true in one record, and what evidence says otherwise than a person.

Both are pure. What contradicts itself is a table, ``discovery/record_contradictions.yaml``, which explains
its own words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from connectors.model import Json
from discovery.service import record_fields, yaml_texts

Values = Mapping[str, Json]
"""Values of fields by dotted name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What evidence says of a field: ``value`` in the type of the field, why, and where it was seen."""

    field: str
    value: Json
    why: str
    locator: str = ""
    confidence: float = 0.5


def contradictions(values: Values) -> list[str]:
    """Return a sentence for everything that cannot both be true, each naming its fields."""
    return [text for row in _table() for text in _broken(row, values)]


def conflict(field: str, value: Json, evidence: Iterable[Seen], known: Json = None) -> dict[str, Json] | None:
    """Return where evidence says otherwise than a person's value; ``None`` when nowhere.

    A list is contradicted by what evidence shows beside it, a single value by another one. ``known`` is
    what the person knew when they answered: it is no news.
    """
    spec = record_fields.known(field)
    heard = set(_marks(known)) if known is not None else set()
    for one in evidence:
        said = set(_marks(one.value))
        own = set(_marks(value))
        news = (said - own - heard) if spec is None or spec.is_list else (said - own and said - heard)
        if news:
            return {
                "value": one.value,
                "news": [*sorted(news)],
                "why": one.why,
                "locator": one.locator,
                "confidence": one.confidence,
            }
    return None


def heard(evidence: Iterable[Seen]) -> list[Json]:
    """Return what evidence says, in the form in which it is kept as known to a person."""
    return [*sorted({mark for one in evidence for mark in _marks(one.value)})]


def needed(spec: record_fields.FieldSpec, values: Values) -> str:
    """Return for whom a field must be answered in this record: M, P, H, C, or empty when it need not be."""
    if spec.held or "M" in spec.need:
        return "M" if "M" in spec.need else ""
    if "P" in spec.need and values.get("lifecycle.stage") in ("pilot", "production"):
        return "P"
    if "H" in spec.need and _is_high(values):
        return "H"
    if "C" in spec.need and spec.when and all(_holds(values, *one) for one in spec.when.items()):
        return "C"
    return ""


def come_true(values: Values, today: str) -> dict[str, Json]:
    """Return the values that a day of law has changed by now: a class that was to come, and its tier.

    ``today`` is a day as text (``2026-12-02``).
    """
    since = values.get("risk.upcoming_from")
    if not isinstance(since, str) or since > today or not values.get("risk.upcoming_class"):
        return {}
    return {"risk.eu_class": values["risk.upcoming_class"], "risk.tier": "critical"}


def _is_high(values: Values) -> bool:
    return values.get("risk.tier") in ("critical", "high") or values.get("risk.eu_class") in (
        "high_annex_iii",
        "high_annex_i",
    )


def _holds(values: Values, name: str, wanted: Sequence[Json]) -> bool:
    value = values.get(name.rstrip("_"))
    return any(one in wanted for one in value) if isinstance(value, list) else value in wanted


def _marks(value: Json) -> Iterator[str]:
    """Yield what of a value can be compared: words, or the names of tables."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict):
            yield str(next(iter(one.values()), "")).casefold()
        elif one is not None:
            yield str(one)


def _broken(row: Mapping[str, Any], values: Values) -> Iterator[str]:
    if "when" in row and all(_holds(values, name, wanted) for name, wanted in row["when"].items()):
        named = dict.fromkeys(name.rstrip("_") for name in row["when"])
        yield f"{row['say']} ({', '.join(named)})"
    if "order" in row:
        yield from _disorder(row["order"], values, "")
    if "items" in row:
        inner = row["items"]
        entries = values.get(inner["list"])
        for number, entry in enumerate(entries if isinstance(entries, list) else (), 1):
            if isinstance(entry, dict):
                yield from _broken_item(inner, entry, f"{inner['list']}, entry {number}: ")


def _broken_item(rule: Mapping[str, Any], entry: Values, where: str) -> Iterator[str]:
    yield from _disorder(rule["order"], entry, where)
    first, last = (entry.get(name) for name in rule["order"])
    most = rule.get("most_days")
    if most and isinstance(first, str) and isinstance(last, str):
        days = (date.fromisoformat(last) - date.fromisoformat(first)).days
        if days > most:
            yield f"{where}{days:,} days from {rule['order'][0]} to {rule['order'][1]} are more than {most}"


def _disorder(names: Sequence[str], values: Values, where: str) -> Iterator[str]:
    first, last = (values.get(name) for name in names)
    if isinstance(first, str) and isinstance(last, str) and first > last:
        yield f"{where}{names[0]} ({first}) lies after {names[1]} ({last})"


@cache
def _table() -> tuple[Mapping[str, Any], ...]:
    return tuple(yaml_texts.shipped("record_contradictions.yaml")["contradictions"])

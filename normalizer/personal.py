"""Tell what of a sighting is about how single people use AI, and take it out.

The table is ``normalizer/personal.toml``. Pure; the table is read once, at the first use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path

from connectors.model import Json
from normalizer.fold import Content


@lru_cache(maxsize=1)
def _table() -> Mapping[str, tuple[str, ...]]:
    import tomllib

    with Path(__file__).with_name("personal.toml").open("rb") as file:
        return {name: tuple(values) for name, values in tomllib.load(file).items()}


def marks() -> tuple[str, ...]:
    """Return texts of which one stands in the JSON of every sighting that holds personal use."""
    table = _table()
    names = [f'"{name.partition("*")[0]}' for name in table["attributes"]]
    return (*names, *(f'"source":"{name}"' for name in table["hints"]))


def reasons() -> tuple[str, ...]:
    """Return the words with which a reason tells that a proposed owner used a thing."""
    return _table()["reasons"]


def without_people(content: Content) -> Content:
    """Return a sighting's content without the people who used the thing; counts and machines stay."""
    table = _table()
    attributes = {
        name: _machines(value) if any(fnmatchcase(name, one) for one in table["attributes"]) else value
        for name, value in content.attributes.items()
    }
    hints = tuple(one for one in content.owner_hints if one.source not in table["hints"])
    return replace(content, attributes=attributes, owner_hints=hints)


def _machines(value: Json) -> Json:
    if isinstance(value, list):
        return [one for one in value if _is_machine(one)]
    return value if not isinstance(value, str) or _is_machine(value) else ""


def _is_machine(value: Json) -> bool:
    return not isinstance(value, str) or value.startswith(_table()["machines"])

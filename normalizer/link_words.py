"""Read the knowledge table of linking, and tell what of a name says which thing it is.

The table is ``normalizer/linking.toml``: which attributes and tags mean what, and which words tell nothing
apart. All functions are pure; the table is read once, at the first use.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SQUEEZE = re.compile(r"[^0-9a-z]+")
_VERSION = re.compile(r"v?\d{1,8}")
_LEAST_LETTERS = 4
"""Letters that the telling words of a name must have together, to be more than a coincidence."""


@dataclass(frozen=True, slots=True)
class Binding:
    """How a rule binds: ``must``, ``likely`` or ``hint``, with its strength (0 to 1)."""

    how: str
    strength: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """The table: attribute and tag names by meaning, sets of words, and the rules' strengths."""

    attributes: Mapping[str, tuple[str, ...]]
    tags: Mapping[str, tuple[str, ...]]
    environments: frozenset[str]
    places: frozenset[str]
    holders: frozenset[str]
    generic: frozenset[str]
    common: frozenset[str]
    placeholders: frozenset[str]
    roles: frozenset[str]
    public_registries: frozenset[str]
    developer_tools: frozenset[str]
    rules: Mapping[str, Binding]
    providers: Mapping[str, str]


@lru_cache(maxsize=1)
def knowledge() -> Knowledge:
    """Return the table."""
    import tomllib

    with Path(__file__).with_name("linking.toml").open("rb") as file:
        table = tomllib.load(file)
    words = {name: frozenset(values) for name, values in table["words"].items()}
    return Knowledge(
        attributes={name: tuple(map(squeeze, values)) for name, values in table["attributes"].items()},
        tags={name: tuple(values) for name, values in table["tags"].items()},
        environments=words["environments"],
        places=words["places"],
        holders=words["holders"],
        generic=words["generic"],
        common=words["common"],
        placeholders=words["placeholders"],
        roles=words["roles"],
        public_registries=frozenset(table["registries"]["public"]),
        developer_tools=frozenset(table["developer_tools"]["products"]),
        rules={name: Binding(*values) for name, values in table["rules"].items()},
        providers=table["providers"],
    )


@lru_cache(maxsize=8192)
def squeeze(name: str) -> str:
    """Return the letters and digits of a name in lower case: how names of tags and attributes compare."""
    return _SQUEEZE.sub("", name.casefold())


@lru_cache(maxsize=65536)
def words(name: str) -> tuple[str, ...]:
    """Return the words of a name in lower case: ``SlotAgent-dev`` is slot, agent, dev."""
    return tuple(word.casefold() for word in _WORD.findall(name))


@lru_cache(maxsize=65536)
def environment(name: str) -> str:
    """Return the word of a name that says which copy it is; empty: it says none."""
    known = knowledge().environments
    return next((word for word in words(name) if word in known), "")


@lru_cache(maxsize=65536)
def stem(name: str) -> str:
    """Return a name without what says which copy or version it is, as words joined by ``-``.

    Empty when the rest is no more than words that many things share: then it tells nothing apart.
    """
    table = knowledge()
    kept = [word for word in words(name) if word not in table.environments]
    while len(kept) > 1 and _VERSION.fullmatch(kept[-1]):
        kept.pop()
        if len(kept) > 1 and kept[-1] == "v":
            kept.pop()
    telling = [word for word in kept if word not in table.generic and not word.isdigit()]
    return "-".join(kept) if sum(map(len, telling)) >= _LEAST_LETTERS else ""


@lru_cache(maxsize=65536)
def plain(name: str) -> str:
    """Return all words of a name but those that say which copy it is, joined by ``-``."""
    return "-".join(word for word in words(name) if word not in knowledge().environments)


@lru_cache(maxsize=65536)
def telling(name: str) -> str:
    """Return only the words of a name that tell things apart, joined by ``-``; empty where too few do."""
    table = knowledge()
    skipped = table.environments | table.generic | table.places
    kept = [word for word in words(name) if word not in skipped and not _VERSION.fullmatch(word)]
    return "-".join(kept) if sum(map(len, kept)) >= _LEAST_LETTERS else ""


@lru_cache(maxsize=65536)
def home_of(path: str) -> str:
    """Return the folder of the application that a unit of a repository is part of.

    Folders that say what part something is (``infra``, ``backend``, ``envs/prod``) belong to the folder
    above, and what is left of them to no folder at all: ``services/bot/infra`` is part of ``services/bot``,
    ``services/api`` of the repository's root (``.``).
    """
    table = knowledge()
    pieces = [piece for piece in path.strip("/").split("/") if piece not in ("", ".")]
    skipped = table.places | table.environments
    while pieces and all(word in skipped for word in words(pieces[-1])):
        pieces.pop()
    while pieces and pieces[-1].casefold() in table.holders:
        pieces.pop()
    return "/".join(pieces) or "."


@lru_cache(maxsize=8192)
def is_placeholder(value: str) -> bool:
    """Say whether a tag's value names nothing at all: yes, true, prod, tbd."""
    table = knowledge()
    plain = value.strip().casefold()
    return plain in table.placeholders or all(word in table.environments for word in words(plain))


@lru_cache(maxsize=8192)
def is_common(value: str) -> bool:
    """Say whether a value says no more than what sort of thing it is: api, backend, ml, web."""
    table = knowledge()
    return is_placeholder(value) or all(
        word in table.common or word in table.environments for word in words(value)
    )


def first(values: Mapping[str, object], names: Iterable[str]) -> str:
    """Return the first text among the values whose names are spelt like one of ``names``."""
    return next(every(values, names), "")


def every(values: Mapping[str, object], names: Iterable[str]) -> Iterator[str]:
    """Yield all texts under names spelt like one of ``names``; lists give each of their texts."""
    for name in _spelt(tuple(values), tuple(names)) if values else ():
        value = values[name]
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str) and one.strip():
                yield one.strip()


@lru_cache(maxsize=2048)
def _spelt(names: tuple[str, ...], wanted: tuple[str, ...]) -> list[str]:
    """Return the names that are spelt like a wanted one, in order: things of a kind bear the same names."""
    return [name for name in sorted(names) if squeeze(name) in wanted]

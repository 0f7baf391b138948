"""The catalogue's rows about human oversight and about the data that code touches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NewType

Kind = NewType("Kind", str)
"""A kind of :mod:`connectors.kinds`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OversightRow:
    """Evidence of human oversight in code: what must stand in the file, and what one line must hold.

    ``literals`` are searched for in the bytes; of ``requires`` one must stand in the file besides. ``files``
    are endings of names (none: any text). ``autonomy``: the evidence says that nobody is asked. ``unless``:
    what the line, and the one that opens the call, must not match.
    """

    name: str
    kind: Kind
    provider: str
    mechanism: str
    literals: tuple[str, ...]
    pattern: str
    example: str
    not_example: str
    files: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    autonomy: bool = False
    unless: str = ""


Store = Literal["bucket", "table", "index", "queue", "database", "mailbox", "files", "messages"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataRow:
    """A store of data that code names: the line around a literal, with the store's name as group ``name``.

    Where the group is empty or a placeholder nothing is told.
    """

    name: str
    store: Store
    provider: str
    literals: tuple[str, ...]
    pattern: str
    example: str
    not_example: str
    files: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    named_by_parent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceholderWords:
    """Words (in lower case) of names that are still to be filled in.

    ``telling``: at the front of a name they tell it alone; ``before_nouns``: only in front of ``nouns``;
    ``plain``: a name of nothing but these; ``at_end``: the last word; ``in_hosts``: further words that tell
    it anywhere in the label of a host; nothing but ``of_hosts``, with one of ``hosts_need`` among them, tells
    it too. In a model's id ``before_models`` stand before ``of_models``, and
    ``owners`` own what belongs to nobody.
    """

    telling: tuple[str, ...]
    before_nouns: tuple[str, ...]
    nouns: tuple[str, ...]
    plain: tuple[str, ...]
    at_end: tuple[str, ...]
    in_hosts: tuple[str, ...]
    of_hosts: tuple[str, ...]
    hosts_need: tuple[str, ...]
    before_models: tuple[str, ...]
    of_models: tuple[str, ...]
    owners: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlumbingWords:
    """Words (in lower case) of buckets that serve the infrastructure itself and hold no data of a system.

    A name is one of these when, without ``neutral`` words, it is nothing but one of ``alone``, holds one of
    ``telling`` (in one word or two), holds a word of ``logging`` and ends with ``logs``, begins with one of
    ``programs`` and holds one of ``packed``, has one of ``packed`` right behind one of ``runs``, or is made
    of ``pages`` alone. A database is one when it is called like one of ``servers``, a table when it is
    called like one of ``tables``, or begins like one of them that ends with ``_``.
    """

    neutral: tuple[str, ...]
    alone: tuple[str, ...]
    telling: tuple[str, ...]
    logging: tuple[str, ...]
    logs: tuple[str, ...]
    programs: tuple[str, ...]
    packed: tuple[str, ...]
    runs: tuple[str, ...]
    servers: tuple[str, ...]
    tables: tuple[str, ...]
    pages: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalFields:
    """Names of fields that hint at a category of personal data."""

    category: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAi:
    """A thing that another row takes for AI and that is none here: by kind and name, with the reason."""

    name: str
    kind: str
    why: str = ""

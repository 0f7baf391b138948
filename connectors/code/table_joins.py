"""Replay the migrations of a folder: a table that a later one drops or renames does not stand.

Only files whose names bear a number or a date are migrations, and they run in that order (``0003_x.sql``,
``V2__x.sql``, ``20240401_x/migration.sql``); what takes one back (``x.down.sql``, ``U2__x.sql``) or clears
a database for a new start is not run. What is made again later stands, at its later place.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from connectors.code.formats.table_changes import ENDED, plain

if TYPE_CHECKING:
    from connectors.code.reading import Seen, TreeFacts

_NUMBERED = re.compile(r"[VvRr]?\d+")
_TAKES_BACK = re.compile(
    r"(?i)(?:^|[/._-])(?:down|undo|rollback|revert)\.sql$|(?:^|/)U\d+(?:[._]\d+)*__[^/]*\.sql$|/down/[^/]+\.sql$"
)
_CLEARS = re.compile(r"(?i)clean|tear_?down|destroy|uninstall|reset|wipe|drop_?all|demo")
_IN_OWN_FOLDER = ("migration.sql", "up.sql", "migrate.sql")

Order = tuple[tuple[int, str], ...]


def standing(facts: TreeFacts, found: list[Seen]) -> list[Seen]:
    """Return the evidence of data without the tables that later migrations end."""
    ends: dict[tuple[str, str], list[Order]] = {}
    for seen in facts.notes.get(ENDED, ()):
        place = _migration(seen.path)
        if place is not None:
            folder, order = place
            ends.setdefault((folder, seen.fact.identifier), []).append(order)
    return [seen for seen in found if not _is_gone(seen, ends)]


def _is_gone(seen: Seen, ends: dict[tuple[str, str], list[Order]]) -> bool:
    if seen.fact.attributes.get("store") != "table" or not seen.path.endswith(".sql"):
        return False
    if _takes_back(seen.path):
        return True
    place = _migration(seen.path)
    if place is None:
        return False
    folder, order = place
    return any(end >= order for end in ends.get((folder, plain(seen.fact.name)), ()))


def _takes_back(path: str) -> bool:
    return _TAKES_BACK.search(path) is not None


def _migration(path: str) -> tuple[str, Order] | None:
    """Return the folder and the place in the order of a migration; ``None`` for any other file."""
    folder, _, name = path.rpartition("/")
    if name.lower() in _IN_OWN_FOLDER:
        folder, _, name = folder.rpartition("/")
    if not _NUMBERED.match(name) or _takes_back(path) or _CLEARS.search(name):
        return None
    pieces = re.split(r"(\d+)", name)
    return folder, tuple((int(piece), "") if piece.isdigit() else (-1, piece) for piece in pieces)

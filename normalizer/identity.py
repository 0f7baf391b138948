"""Decide which asset a natural key names: known, new, joined by an alias, or made anew.

Pure: the caller looks up what is known, asks :class:`Resolver` for one finding after the other, and writes
down what it decided. A display name is never looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from normalizer.ids import mint

Key: TypeAlias = tuple[str, str]
"""Namespace and key."""

SAME_MOMENT = timedelta(seconds=2)
"""Creation times that differ by less name one moment: vendors round them differently per operation."""


class MoveWhy(StrEnum):
    """Say why an asset id gave way to another."""

    MERGED = "merged"
    REPLACED = "replaced"


@dataclass(slots=True)
class Known:
    """What the identity table says about one natural key."""

    asset_id: str
    is_alias: bool
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """All that names ``old`` names ``new`` from now on; ``replaced`` also closes what ``old`` showed."""

    old: str
    new: str
    why: MoveWhy


@dataclass(slots=True)
class Resolver:
    """Resolve the natural keys of one batch against what is known, and collect what changes.

    ``added`` are keys seen for the first time, ``dated`` known keys that got a (newer) creation time,
    ``moves`` in the order they must be made, ``fresh`` the asset ids minted here.
    """

    known: dict[Key, Known]
    mint_id: Callable[[], str] = lambda: mint("ast")
    added: dict[Key, Known] = field(default_factory=dict)
    dated: dict[Key, Known] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)
    fresh: set[str] = field(default_factory=set)

    def resolve(self, key: Key, aliases: Sequence[Key], created_at: datetime | None) -> str:
        """Return the asset id of a thing with this natural key and these further names.

        Names that led to several assets are joined: the oldest id wins. A creation time newer than the
        recorded one is a new incarnation: a new id takes over every name of the old one.
        """
        row = self.known.get(key)
        if row is None and not aliases:
            return self._add(key, self._minted(), created_at, is_alias=False)
        if row is not None and _is_newer(created_at, row.created_at):
            self._move(row.asset_id, self._minted(), MoveWhy.REPLACED)
        asset_id = self._joined([key, *aliases])
        if row is None:
            self._add(key, asset_id, created_at, is_alias=False)
        elif created_at is not None and (row.created_at is None or _is_newer(created_at, row.created_at)):
            row.created_at = created_at
            if key not in self.added:
                self.dated[key] = row
        for alias in aliases:
            if alias not in self.known:
                self._add(alias, asset_id, None, is_alias=True)
        return asset_id

    def final(self, asset_id: str) -> str:
        """Return where an id given earlier in the batch has ended up."""
        for move in self.moves:
            if move.old == asset_id:
                asset_id = move.new
        return asset_id

    def stored_moves(self) -> list[Move]:
        """Return the moves of ids that others may know; ids minted and merged here vanish without trace."""
        return [move for move in self.moves if move.old not in self.fresh]

    def _minted(self) -> str:
        asset_id = self.mint_id()
        self.fresh.add(asset_id)
        return asset_id

    def _add(self, key: Key, asset_id: str, created_at: datetime | None, *, is_alias: bool) -> str:
        self.known[key] = self.added[key] = Known(asset_id, is_alias, created_at)
        return asset_id

    def _joined(self, keys: Sequence[Key]) -> str:
        found = {row.asset_id for key in keys if (row := self.known.get(key)) is not None}
        if not found:
            return self._minted()
        # Ids sort by age; one that is stored is older than any minted here, whatever the clocks say.
        winner, *losers = sorted(found, key=lambda asset_id: (asset_id in self.fresh, asset_id))
        for loser in losers:
            self._move(loser, winner, MoveWhy.MERGED)
        return winner

    def _move(self, old: str, new: str, why: MoveWhy) -> None:
        self.moves.append(Move(old, new, why))
        for row in self.known.values():
            if row.asset_id == old:
                row.asset_id = new


def _is_newer(created_at: datetime | None, recorded: datetime | None) -> bool:
    return created_at is not None and recorded is not None and created_at - recorded > SAME_MOMENT

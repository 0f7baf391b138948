"""Remember which paths a layer has, in a few bytes each: a layer may have a million."""

from __future__ import annotations

import base64
import hashlib
from array import array
from bisect import bisect_left
from functools import lru_cache

_WIDTH = 6
"""Bytes of a path's hash: with a million paths over a thousand files one in 280,000 layers would err."""


class PathSet:
    """A set of paths that can only be asked whether it holds one."""

    def __init__(self) -> None:
        self._hashes = array("Q")
        self._is_sorted = True

    def add(self, path: str) -> None:
        """Take a path; its text is not kept."""
        self._hashes.append(_hash(path))
        self._is_sorted = False

    def __contains__(self, path: str) -> bool:
        self._sort()
        wanted = _known_hash(path)
        place = bisect_left(self._hashes, wanted)
        return place < len(self._hashes) and self._hashes[place] == wanted

    def __len__(self) -> int:
        return len(self._hashes)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PathSet) and self.pack() == other.pack()

    __hash__ = None  # type: ignore[assignment]  # it changes

    def pack(self) -> str:
        """Return the set as text."""
        self._sort()
        return base64.b64encode(b"".join(one.to_bytes(_WIDTH, "big") for one in self._hashes)).decode()

    @classmethod
    def unpack(cls, text: str) -> PathSet:
        """Read what :meth:`pack` wrote; raises ``ValueError`` for anything else."""
        data = base64.b64decode(text, validate=True)
        if len(data) % _WIDTH:
            raise ValueError("not whole hashes")
        made = cls()
        made._hashes = array(
            "Q",
            (int.from_bytes(data[place : place + _WIDTH], "big") for place in range(0, len(data), _WIDTH)),
        )
        return made

    def _sort(self) -> None:
        if not self._is_sorted:
            self._hashes = array("Q", sorted(set(self._hashes)))
            self._is_sorted = True


def _hash(path: str) -> int:
    digest = hashlib.blake2b(path.encode("utf-8", "surrogatepass"), digest_size=_WIDTH).digest()
    return int.from_bytes(digest, "big")


_known_hash = lru_cache(maxsize=65_536)(_hash)

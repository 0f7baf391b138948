"""Mint ids: a prefix and a UUID of version 7, so that ids of one kind sort by when they were minted."""

from __future__ import annotations

import os
import threading
import time

# The first two bits of the tail say which layout of UUID it is.
_VARIANT = {f"{digit:x}": f"{8 + digit % 4:x}" for digit in range(16)}
_lock = threading.Lock()
_last = 0


def mint(prefix: str) -> str:
    """Return a new id such as ``ast_01932c...`` (prefix, underscore, 32 hex digits).

    Ids minted by one process grow strictly, also within a millisecond and when the clock steps back.
    **Source:** RFC 9562 section 5.7 and 6.2 (method 3), read 2026-11-22.
    """
    return mint_block(prefix, 1)[0]


def mint_block(prefix: str, count: int) -> list[str]:
    """Return ``count`` new ids, growing: as :func:`mint` gives them one by one, but cheaper."""
    global _last
    # 48 bits of milliseconds and 12 bits of their fraction: the 60 bits that must grow.
    moment = time.time_ns() * 4096 // 1_000_000
    with _lock:
        first = max(moment, _last + 1)
        _last = first + count - 1
    tails = os.urandom(8 * count).hex()
    return [
        f"{prefix}_{moment >> 12:012x}7{moment & 0xFFF:03x}{_VARIANT[tails[at]]}{tails[at + 1 : at + 16]}"
        for at, moment in zip(range(0, 16 * count, 16), range(first, first + count), strict=True)
    ]

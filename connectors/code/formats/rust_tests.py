"""Tell which places of a Rust file lie in the tests that stand beside the code they test."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import lru_cache

_TEST = re.compile(
    rb"(?m)^#\[(?:test\]|tokio::test|rstest|cfg\(test\)\]\s*(?:#\[[^\]\n]{0,200}\]\s*){0,5}(?:pub\s+)?mod\s+\w+\s*\{)"
)
# A raw string may hold a bracket at the front of a line: an item ends where the next one begins.
_NEXT_ITEM = re.compile(
    rb"\n\}\s*\n(?:pub|(?:async |unsafe |const )?fn|impl|struct|enum|use|mod|static|type|trait"
    rb"|#\[(?!test|tokio::test))\b"
)
_MOST_BYTES = 1_000_000


def is_inside(data: bytes, place: int, name: str) -> bool:
    """Say whether a place of a Rust file lies in one of the tests that stand beside the code they test."""
    if not name.endswith(".rs") or len(data) > _MOST_BYTES:
        return False
    spans = _rust_tests(data)
    index = bisect_right(spans, place, key=lambda span: span[0]) - 1
    return index >= 0 and place < spans[index][1]


@lru_cache(maxsize=1)
def _rust_tests(data: bytes) -> tuple[tuple[int, int], ...]:
    """Return where the tests of a Rust file lie; one file is asked about again and again."""
    found: list[tuple[int, int]] = []
    place = 0
    while test := _TEST.search(data, place):
        behind = _NEXT_ITEM.search(data, test.end())
        place = behind.start() + 2 if behind else len(data)
        found.append((test.start(), place))
    return tuple(found)

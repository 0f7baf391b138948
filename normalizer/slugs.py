"""Make a short key that a person can type out of a system's name."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 60
"""Characters of a key without the number that tells it from others."""
_NOT_WORD = re.compile(r"[^0-9a-z]+")
_UNNAMED = "system"


def slug_of(name: str) -> str:
    """Return a name in lower-case letters, digits and hyphens; ``system`` where nothing of it is left."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return _NOT_WORD.sub("-", plain).strip("-")[:LONGEST].rstrip("-") or _UNNAMED


def numbered(slug: str, number: int) -> str:
    """Return the key for the ``number``-th system of a name; the first has no number."""
    return slug if number < 2 else f"{slug}-{number}"

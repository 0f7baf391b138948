"""Write words of a command line so that they can be pasted into a shell without harm."""

from __future__ import annotations

import shlex

from discovery.render.text import safe


def quote(word: str) -> str:
    """Return ``word`` quoted for a POSIX shell; a word that would be taken for an option is kept from it."""
    shown = safe(word)
    quoted = shlex.quote(shown)
    return f"-- {quoted}" if shown.startswith("-") else quoted

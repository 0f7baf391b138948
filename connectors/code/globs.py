"""Match many globs against one path at once.

A glob without ``/`` is matched against the name, ``**/`` in front against the end of the path. ``*`` stays
inside a folder, ``**`` does not. Exact names and plain endings are dictionary look-ups, so that most files
cost no pattern at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable


class GlobTable:
    """Globs and what each of them says, in the order given."""

    def __init__(self, rows: Iterable[tuple[str, str]]) -> None:
        self._order: dict[str, int] = {}
        self._exact: dict[str, list[str]] = {}
        by_name: dict[str, list[str]] = {}
        by_path: dict[str, list[str]] = {}
        self._endings: dict[str, list[str]] = {}
        folders: set[str] = set()
        for glob, answer in rows:
            self._order.setdefault(answer, len(self._order))
            if "/" in glob:
                by_path.setdefault(answer, []).append(to_regex(glob))
                folders.add(glob.removeprefix("**/").split("/")[0])
            elif glob.startswith("*.") and not set(glob[1:]) & set("*?"):
                self._endings.setdefault(glob[1:], []).append(answer)
            elif set(glob) & set("*?"):
                by_name.setdefault(answer, []).append(to_regex(glob))
            else:
                self._exact.setdefault(glob, []).append(answer)
        self._by_name = _Patterns(by_name)
        self._by_path = _Patterns(by_path)
        # What surely stands in a path: a whole folder, or the longest plain piece of one with a wildcard.
        self._folders = frozenset(folder for folder in folders if not set(folder) & set("*?"))
        self._pieces = tuple(max(re.split(r"[*?]+", one), key=len) for one in sorted(folders - self._folders))

    def find(self, path: str) -> tuple[str, ...]:
        """Return the answers whose globs match ``path``, in the order in which they were given."""
        pieces = path.split("/")
        name = pieces[-1]
        found = {*self._exact.get(name, ()), *self._by_name.find(name)}
        dot = name.find(".")
        while dot >= 0:
            found.update(self._endings.get(name[dot:], ()))
            dot = name.find(".", dot + 1)
        if not self._folders.isdisjoint(pieces) or any(piece in path for piece in self._pieces):
            found.update(self._by_path.find(path))
        return tuple(sorted(found, key=self._order.__getitem__)) if found else ()


class _Patterns:
    """Patterns by answer, and all of them in one, which says no quickly."""

    def __init__(self, patterns: dict[str, list[str]]) -> None:
        self._each = {answer: re.compile("|".join(globs)) for answer, globs in patterns.items()}
        self._any = re.compile("|".join(glob for globs in patterns.values() for glob in globs) or r"(?!)")

    def find(self, text: str) -> list[str]:
        if not self._any.fullmatch(text):
            return []
        return [answer for answer, glob in self._each.items() if glob.fullmatch(text)]


def to_regex(glob: str) -> str:
    """Translate a glob into a regular expression for a whole name or path (no nested repetition)."""
    front, body = ("(?:.*/)?", glob[3:]) if glob.startswith("**/") else ("", glob)
    pieces = []
    for piece in re.split(r"(\*\*/?|\*|\?)", body):
        pieces.append({"**": ".*", "**/": ".*", "*": "[^/]*", "?": "[^/]"}.get(piece, re.escape(piece)))
    return front + "".join(pieces)

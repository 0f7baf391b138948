"""Leave out what a tree's own ``.aicensusignore`` files name, and say what each of their lines hides.

The syntax is that of ``.gitignore``; a file in a folder speaks for what lies below it, and the last line
that matches decides, deeper files after those above them. Unlike git, ``!`` also brings back what lies in an
ignored folder: showing more is the safe side.

Patterns are matched by the linear engine, for their author may want a slow one to hang us.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from connectors.errors import ConfigError
from connectors.patterns import Pattern, compile_foreign

NAME = ".aicensusignore"
_MAX_LINES = 1_000
_MAX_LINE = 1_000
_MAX_FILES = 200


@dataclass(slots=True)
class _Rule:
    place: str
    text: str
    hides: bool
    pattern: Pattern
    hidden: int = 0
    first: str = ""


class IgnoreRules:
    """The rules of one tree, gathered while it is read."""

    def __init__(self) -> None:
        self._by_folder: dict[str, list[_Rule]] = {}
        self._problems: list[tuple[str, str]] = []

    def __bool__(self) -> bool:
        """Say whether there is any rule."""
        return bool(self._by_folder)

    def add(self, path: str, data: bytes) -> None:
        """Take the ignore file at ``path``; what is wrong in it becomes a note."""
        if len(self._by_folder) >= _MAX_FILES:
            self._problems.append((path, f"not used: more than {_MAX_FILES} such files"))
            return
        lines = data.decode("utf-8", "replace").splitlines()
        if len(lines) > _MAX_LINES:
            self._problems.append((path, f"only its first {_MAX_LINES} lines are used"))
        rules = self._by_folder.setdefault(path.rpartition("/")[0], [])
        for number, line in enumerate(lines[:_MAX_LINES], 1):
            text = line.strip()
            if not text or text.startswith("#"):
                continue
            rule = _rule(f"{path}:{number}", text)
            if rule is None:
                self._problems.append((f"{path}:{number}", "not a pattern; it hides nothing"))
            else:
                rules.append(rule)

    def hide(self, path: str) -> bool:
        """Say whether a file is hidden, and count it for the rule that hides it."""
        rule = self._deciding(path)
        if rule is None or not rule.hides:
            return False
        rule.hidden += 1
        rule.first = rule.first or path
        return True

    def notes(self) -> Iterator[tuple[str, str]]:
        """Yield what each line hides, and what is wrong with the files."""
        for rules in self._by_folder.values():
            for rule in rules:
                if rule.hidden:
                    yield (
                        rule.place,
                        f"{rule.text!r} hides {rule.hidden:,} file(s), the first {rule.first}",
                    )
        yield from self._problems

    def _deciding(self, path: str) -> _Rule | None:
        found: _Rule | None = None
        folder = ""
        below = path
        while True:
            for rule in self._by_folder.get(folder, ()):
                if rule.pattern.match(below):
                    found = rule
            head, slash, below = below.partition("/")
            if not slash:
                return found
            folder = f"{folder}/{head}" if folder else head


def _rule(place: str, text: str) -> _Rule | None:
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    try:
        # Only translated: compiled by the library it would be by the engine that backtracks, with warnings.
        expression, hides = GitIgnoreSpecPattern.pattern_to_regex(text[:_MAX_LINE])
        if expression is None or hides is None:
            return None
        return _Rule(place, text[:100], hides, compile_foreign(expression))
    except (ValueError, ConfigError):
        return None

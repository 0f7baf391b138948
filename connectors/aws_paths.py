"""Reach into vendor answers by short paths, and build keys from templates.

A path is ``a.b[].c``: members separated by dots, ``[]`` walks a list, ``.json()`` reads a JSON text. What
is not there is simply not there; a wrong type ends the walk.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any


class Path:
    """A compiled path; :meth:`all` yields every value it reaches, :meth:`first` the first one."""

    __slots__ = ("_steps", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._steps = tuple(text.replace("[]", ".[]").split("."))

    def __repr__(self) -> str:
        return f"Path({self.text!r})"

    @property
    def steps(self) -> tuple[str, ...]:
        """Return the steps, for checking them against a service model."""
        return self._steps

    def all(self, item: Any) -> Iterator[Any]:
        """Yield what the path reaches, in order; ``None`` is not yielded."""
        if len(self._steps) == 1:
            value = item.get(self._steps[0])
            if value is not None:
                yield value
            return
        yield from _walk(item, self._steps)

    def first(self, item: Any) -> Any:
        """Return the first value the path reaches, or ``None``."""
        if len(self._steps) == 1:
            return item.get(self._steps[0])
        return next(_walk(item, self._steps), None)

    def value(self, item: Any) -> Any:
        """Return one value, or the list of all where the path walks a list."""
        if "[]" not in self._steps:
            return self.first(item)
        return list(dict.fromkeys(value for value in self.all(item) if isinstance(value, str | int)))


def _walk(item: Any, steps: tuple[str, ...]) -> Iterator[Any]:
    for index, step in enumerate(steps):
        if step == "[]":
            for element in item if isinstance(item, list) else ():
                yield from _walk(element, steps[index + 1 :])
            return
        item = _json(item) if step == "json()" else item.get(step) if isinstance(item, Mapping) else None
        if item is None:
            return
    yield item


def _json(text: Any) -> Any:
    """Read a JSON text; one that is none, or is deeper than Python reads, holds nothing for us."""
    try:
        return json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return None


class Template:
    """A text with fields in braces, ``{A|B}`` meaning the first that is set."""

    __slots__ = ("_only", "_pieces", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._pieces: tuple[tuple[str, ...], ...] = tuple(
            (piece,) if index % 2 == 0 else ("", *piece.split("|"))
            for index, piece in enumerate(re.split(r"\{([^}]+)\}", text))
        )
        whole = re.fullmatch(r"\{(\w+)\}", text)
        self._only = whole[1] if whole else ""

    def __repr__(self) -> str:
        return f"Template({self.text!r})"

    @property
    def fields(self) -> tuple[tuple[str, ...], ...]:
        """Return the alternatives of each field, for checking them against a service model."""
        return tuple(piece[1:] for piece in self._pieces if len(piece) > 1)

    def fill(self, item: Mapping[str, Any], place: Mapping[str, str]) -> str | None:
        """Fill in from the item, then from the place; ``None`` when a field is missing or is no text."""
        if self._only:
            value = item.get(self._only) or place.get(self._only)
            return value if isinstance(value, str) and value else None
        texts: list[str] = []
        for piece in self._pieces:
            value = piece[0] if len(piece) == 1 else _first(piece[1:], item, place)
            if value is None:
                return None
            texts.append(value)
        return "".join(texts)


def _first(names: tuple[str, ...], item: Mapping[str, Any], place: Mapping[str, str]) -> str | None:
    for name in names:
        value = place[name] if name in place else item.get(name)
        if isinstance(value, str | int) and value != "":
            return str(value)
    return None

"""Make typed rows of plain TOML content and say of each mistake where it is.

Understands what the catalogue's rows are made of: text, numbers, truth, choices, tuples, mappings, roles,
kinds, and rows in rows. Everything else in a row's annotations is a mistake of ours and raises ``TypeError``.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import Enum
from functools import cache
from sys import intern
from typing import Any, Literal, NewType, TypeVar, Union, get_args, get_origin, get_type_hints

from connectors import kinds
from connectors.errors import ConfigError

T = TypeVar("T")
Place = tuple["Place", str | int] | None
"""Where a value stands: the place around it, and its key or number there. Spelled only for a mistake."""
Reader = Callable[[Any, Place, list[str]], Any]
"""Takes a value, its place and the list of problems; returns the typed value."""


def typed(row: type[T], content: Mapping[str, Any], problems: list[str]) -> T | None:
    """Return ``content`` as an instance of the data class ``row``; mistakes are added to ``problems``."""
    made: T | None = _row_reader(row)(content, None, problems)  # type: ignore[arg-type]
    return made


@cache
def _row_reader(row: type[Any]) -> Reader:
    hints = get_type_hints(row)
    readers = {item.name: _reader(hints[item.name]) for item in fields(row)}
    needed = {
        item.name for item in fields(row) if item.default is MISSING and item.default_factory is MISSING
    }

    def read(value: Any, place: Place, problems: list[str]) -> Any:
        if not isinstance(value, Mapping):
            problems.append(f"{_spelled(place) or 'the file'}: a table belongs here")
            return None
        problems += [f"{_spelled((place, key))}: unknown key" for key in value.keys() - readers.keys()]
        missing = [f"{_spelled((place, key))}: missing" for key in sorted(needed - value.keys())]
        before = len(problems)
        made = {
            key: readers[key](item, (place, key), problems) for key, item in value.items() if key in readers
        }
        problems += missing
        return None if missing or len(problems) > before else row(**made)

    return read


def _spelled(place: Place) -> str:
    steps: list[str] = []
    while place is not None:
        place, step = place
        steps.append(str(step))
    return ".".join(reversed(steps))


def _reader(hint: Any) -> Reader:
    origin, arguments = get_origin(hint), get_args(hint)
    if hint in (str, int, bool):
        return _Plain(hint)
    if isinstance(hint, NewType):
        return _kind
    if origin is Literal:
        return _choice(arguments)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _choice(tuple(item.value for item in hint), hint)
    if is_dataclass(hint) and isinstance(hint, type):
        return _row_reader(hint)
    if origin is tuple:
        return _list(_reader(arguments[0]))
    if origin is Mapping:
        return _table(_reader(arguments[0]), _reader(arguments[1]))
    if origin in (Union, types.UnionType) and arguments[1:] == (type(None),):
        return _reader(arguments[0])
    raise TypeError(f"rows of the catalogue cannot hold {hint!r}")


@dataclass(frozen=True, slots=True)
class _Plain:
    """The reader of text, numbers and truth."""

    kind: type[Any]

    def __call__(self, value: Any, place: Place, problems: list[str]) -> Any:
        if type(value) is not self.kind:
            problems.append(f"{_spelled(place)}: a {self.kind.__name__} belongs here, not {value!r:.40}")
            return value
        # Thousands of rows say the same few words: each is kept once.
        return intern(value) if self.kind is str else value


def _kind(value: Any, place: Place, problems: list[str]) -> Any:
    try:
        return value if value == "*" else kinds.check(value)
    except (ConfigError, ValueError, KeyError, TypeError) as error:
        problems.append(f"{_spelled(place)}: {error}")
        return value


def _choice(allowed: tuple[Any, ...], make: Callable[[Any], Any] = lambda value: value) -> Reader:
    known = {item: make(item) for item in allowed}

    def read(value: Any, place: Place, problems: list[str]) -> Any:
        try:
            return known[value]
        except (KeyError, TypeError):
            problems.append(f"{_spelled(place)}: {value!r:.40} is none of {', '.join(map(str, allowed))}")
            return value

    return read


def _list(reader: Reader) -> Reader:
    kind = reader.kind if isinstance(reader, _Plain) else None

    def read(value: Any, place: Place, problems: list[str]) -> Any:
        if not isinstance(value, list | tuple):
            problems.append(f"{_spelled(place)}: a list belongs here")
            return ()
        if kind is not None and {*map(type, value)} <= {kind}:
            # Most lists: nothing of them can be wrong.
            return tuple(map(intern, value)) if kind is str else tuple(value)
        return tuple(reader(item, (place, number), problems) for number, item in enumerate(value))

    return read


def _table(key_reader: Reader, reader: Reader) -> Reader:
    def read(value: Any, place: Place, problems: list[str]) -> Any:
        if not isinstance(value, Mapping):
            problems.append(f"{_spelled(place)}: a table belongs here")
            return {}
        return {
            key_reader(key, place, problems): reader(item, (place, key), problems)
            for key, item in value.items()
        }

    return read

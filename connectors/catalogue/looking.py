"""Look into the catalogue: search the rows of every table, and list all mistakes of a file at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.catalogue import load_catalogue, merged_content, read_own, read_table
from connectors.catalogue.lint import check
from connectors.catalogue.tables import Catalogue, problems_in
from connectors.errors import ConfigError
from connectors.patterns import compile_pattern

_NAMES = ("name", "type", "operation", "id", "program", "literal", "role", "word")
_PATTERNS = frozenset({"pattern", "name_pattern"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row as it stands in a file: its table, what it is called, and its other fields."""

    table: str
    name: str
    file: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """What is wrong, and where: the path of keys and places in the file (empty: the file as a whole)."""

    path: tuple[str | int, ...]
    text: str


def all_rows(own_file: Path | None = None) -> Iterator[Row]:
    """Yield the rows of all tables, the user's first; single words of lists are rows too."""
    if own_file is not None:
        yield from _rows(read_own(own_file)[0], own_file.name)
    for place in sorted(Path(__file__).parent.glob("*.toml")):
        yield from _rows(read_table(place.stem), place.name)


def search(word: str, own_file: Path | None = None, *, table: str = "") -> Iterator[Row]:
    """Yield the rows that hold ``word`` in any text, without regard to case."""
    wanted = word.casefold()
    for row in all_rows(own_file):
        if table and row.table != table:
            continue
        if wanted in row.name.casefold() or any(wanted in text.casefold() for text in _texts(row.fields)):
            yield row


def mistakes(own_file: Path | None = None) -> list[Mistake]:
    """Return everything wrong with a user's file, or with our own tables.

    Raises ``ConfigError`` when the file cannot be read as TOML.
    """
    if own_file is None:
        return [Mistake(path=(), text=text) for text in check(load_catalogue())]
    own, _ = read_own(own_file)
    ours, _ = merged_content("")
    found = [
        Mistake(path=(key,), text=f"{key}: there is no such table; known are {', '.join(sorted(ours))}")
        for key in own
        if key not in ours
    ]
    known = {key: value for key, value in own.items() if key in ours}
    # The user's tables alone, in the place of ours: so a row's number is its number in the file.
    found += [Mistake(path=_path(text), text=text) for text in problems_in({**ours, **known})]
    for key, value in known.items():
        found += _wrong_patterns(value, (key,))
    return found or _wrong_together(str(own_file))


def _wrong_together(own_file: str) -> list[Mistake]:
    """Return what shows only beside our rows: names held twice, patterns that miss their example."""
    content, version = merged_content(own_file)
    catalogue = Catalogue.build(content, version=version, where=own_file)
    return [Mistake(path=(), text=text) for text in check(catalogue)]


def _wrong_patterns(value: Any, path: tuple[str | int, ...]) -> Iterator[Mistake]:
    """Yield the patterns that do not compile."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _wrong_patterns(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _wrong_patterns(item, (*path, number))
    elif isinstance(value, str) and path[-1] in _PATTERNS:
        try:
            compile_pattern(value)
        except ConfigError as error:
            yield Mistake(path=path, text=f"{_dotted(path)}: {error.what}")


def _path(problem: str) -> tuple[str | int, ...]:
    """Return the path that a problem's text begins with: ``pypi.0.category: ...``."""
    words = problem.partition(":")[0].split(".")
    return tuple(int(word) if word.isdecimal() else word for word in words)


def _dotted(path: tuple[str | int, ...]) -> str:
    return ".".join(map(str, path))


def _rows(content: Mapping[str, Any], file: str) -> Iterator[Row]:
    for table, value in content.items():
        if isinstance(value, list):
            for item in value:
                yield _row(table, item, file)
        elif isinstance(value, Mapping):
            for key, item in value.items():
                yield Row(table=table, name=str(key), file=file, fields={"value": item})
        else:
            yield Row(table=table, name=str(value), file=file, fields={})


def _row(table: str, item: Any, file: str) -> Row:
    if not isinstance(item, Mapping):
        return Row(table=table, name=str(item), file=file, fields={})
    service = item.get("service")  # the name of an operation's row says where the vendor keeps names
    named = "operation" if service else next((key for key in _NAMES if key in item), "")
    name = f"{service}:{item.get(named, '')}" if service else str(item.get(named, ""))
    name = name or next(_texts(item), "a row")
    return Row(table=table, name=name, file=file, fields={k: v for k, v in item.items() if k != named})


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value

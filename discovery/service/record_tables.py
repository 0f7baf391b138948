"""Read registers that exist: CSV, YAML and JSON of systems and owners, ``ai-system.yaml``, Backstage.

A file is read whole and judged whole: every column or key that is not understood is told at once, with the
nearest right name, and nothing is taken from a file with such a mistake. Files may come from anybody: their
size, depth and number of values are bounded, and nothing in them is executed.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from discovery.service import record_fields, yaml_texts
from discovery.service.errors import DecisionError

MOST_BYTES = 20_000_000
MOST_ROWS = 50_000
MOST_MISTAKES = 20
OF_SYSTEM = ("id", "name", "kind", "owner")
"""Columns that are of the system itself, not of its record."""
FORMATS = ("csv", "yaml", "backstage")
_GUARD = re.compile(r"^'(?=[=+\-@\t\r|%])")
_PUNCTUATION = re.compile(r"[^\w.]+|_", re.UNICODE)


@dataclass(slots=True, kw_only=True)
class Row:
    """One system of a register: ``where`` it stands, what is of the system, and raw values by field.

    ``is_ai`` is false for an entity of a catalogue that nothing marks as AI: it only adds to a known system.
    ``is_catalogue``: it was kept for other ends, so that an owner who is nobody here is left out alone.
    """

    where: str
    system: dict[str, str] = field(default_factory=dict)
    values: dict[str, object] = field(default_factory=dict)
    is_ai: bool = True
    is_catalogue: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a file is to be read: columns of its own by their target, and columns to leave out."""

    kind: str = ""
    renamed: Mapping[str, str] = field(default_factory=dict)
    ignored: Sequence[str] = ()


def read(path: Path, reading: Reading) -> list[Row]:
    """Return the rows of a file; raises ``DecisionError`` that lists what cannot be read."""
    kind = reading.kind or _kind(path)
    data = _bytes(path)
    if kind == "csv":
        rows = [*_csv(data, path.name, reading)]
    elif kind == "backstage":
        rows = [*_backstage(_documents(data, path.name))]
    elif kind == "yaml":
        rows = [*_yaml(_documents(data, path.name), reading)]
    else:
        raise DecisionError(f"there is no format {kind!r}", hint=f"Known: {', '.join(FORMATS)}.")
    if len(rows) > MOST_ROWS:
        raise DecisionError(f"{path.name} has more than {MOST_ROWS:,} systems", hint="Split it.")
    if not rows:
        raise DecisionError(f"{path.name} names no system", hint="A register has one row or entry a system.")
    return rows


def refuse(mistakes: Sequence[str], name: str) -> None:
    """Raise ``DecisionError`` with the first mistakes of a file; nothing without one."""
    if mistakes:
        more = len(mistakes) - MOST_MISTAKES
        told = "; ".join(mistakes[:MOST_MISTAKES]) + (f"; and {more} more" if more > 0 else "")
        raise DecisionError(f"nothing of {name} was imported: {told}")


def _kind(path: Path) -> str:
    if path.name in ("catalog-info.yaml", "catalog-info.yml"):
        return "backstage"
    return "csv" if path.suffix.lower() in (".csv", ".tsv", ".txt") else "yaml"


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise DecisionError(f"{path} is larger than {MOST_BYTES:,} bytes", hint="Split it.")
        return path.read_bytes()
    except OSError as error:
        raise DecisionError(f"{path} cannot be read: {error.strerror}") from error


def _csv(data: bytes, name: str, reading: Reading) -> Iterator[Row]:
    text = _text(data, name)
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = next(lines, [])
        targets, mistakes = _targets(header, reading)
        mistakes += [f"--map {one!r}: no column is called so" for one in reading.renamed if one not in header]
        refuse(mistakes, name)
        for cells in lines:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > len(header):
                raise DecisionError(
                    f"nothing of {name} was imported: line {lines.line_num} has {len(cells)} cells, "
                    f"the header {len(header)}"
                )
            yield _row(f"line {lines.line_num}", zip(targets, cells, strict=False))
    except csv.Error as error:
        raise DecisionError(
            f"nothing of {name} was imported: line {lines.line_num} is not CSV: {error}"
        ) from error


def _text(data: bytes, name: str) -> str:
    for encoding in ("utf-8-sig", "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise DecisionError(f"{name} is not a text in UTF-8", hint="Save it as CSV UTF-8.")


def _targets(names: Iterable[str], reading: Reading) -> tuple[list[str | None], list[str]]:
    """Return what every column is for (``None``: left out), and the mistakes."""
    targets: list[str | None] = []
    mistakes: list[str] = []
    for said in names:
        target = None if said in reading.ignored else target_of(reading.renamed.get(said, said))
        if target is None and said not in reading.ignored:
            mistakes.append(_unknown_column(said))
        elif target is not None and target in targets:
            mistakes.append(f"two columns are for {target}: {said!r} is the second")
        targets.append(target)
    if not mistakes and "name" not in targets and "id" not in targets:
        mistakes.append("no column names the system; call one 'name' or 'id'")
    return targets, mistakes


def target_of(said: str) -> str | None:
    """Return the field or part of the system that a column's name means; ``None`` for none."""
    name = said.strip()
    if name in OF_SYSTEM:
        return name
    spec = record_fields.known(name)
    if spec is not None and not spec.held:
        return name
    return _aliases().get(_folded(said))


def _unknown_column(said: str) -> str:
    if not said.strip():
        return "a column has no name"
    near = _aliases().get(record_fields.nearest(_folded(said), _aliases()), "")
    hint = f"did you mean {near!r}? " if near else ""
    return f"no field is called {said!r}; {hint}say --map {said!r}=FIELD, or --ignore {said!r}"


def _row(where: str, cells: Iterable[tuple[str | None, object]]) -> Row:
    row = Row(where=where)
    for target, raw in cells:
        value = _GUARD.sub("", raw.strip()) if isinstance(raw, str) else raw
        if target is None or value in (None, "", []):
            continue
        if target in OF_SYSTEM:
            row.system[target] = str(value).strip()
        else:
            row.values[target] = translated(target, value)
    return row


def translated(target: str, value: object) -> object:
    """Return a register's word in ours, where the table knows it; any other value as it is."""
    words = _words().get(target)
    if words is None:
        return value
    spec = record_fields.known(target)
    if isinstance(value, str) and spec is not None and spec.is_list and re.search(r"[;,]", value):
        value = [part.strip() for part in re.split(r"[;,]", value) if part.strip()]
    if isinstance(value, list):
        return [translated(target, one) for one in value]
    return words.get(_folded(str(value)), value)


def _yaml(documents: Sequence[Any], reading: Reading) -> Iterator[Row]:
    entries: list[Any] = []
    for one in documents:
        listed = one.get("systems") if isinstance(one, dict) else one
        entries += listed if isinstance(listed, list) else [one]
    mistakes: list[str] = []
    rows = []
    for number, entry in enumerate(entries, 1):
        where = f"entry {number}"
        if not isinstance(entry, dict):
            mistakes.append(f"{where} is not a table of fields")
            continue
        flat = dict(_flat(entry, reading))
        targets, wrong = _targets(flat, reading)
        mistakes += [f"{where}: {one}" for one in wrong]
        rows.append(_row(where, zip(targets, flat.values(), strict=True)))
    refuse(mistakes, "the file")
    yield from rows


_NOT_OF_RECORD = ("apiVersion", "$schema")


def _flat(entry: Mapping[Any, Any], reading: Reading, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in entry.items():
        name = f"{prefix}{key}"
        if not prefix and key in _NOT_OF_RECORD:
            continue
        if isinstance(value, dict) and name not in reading.renamed and record_fields.known(name) is None:
            yield from _flat(value, reading, f"{name}.")
        else:
            yield name, value


def _backstage(documents: Sequence[Any]) -> Iterator[Row]:
    rules = _table()["backstage"]
    for number, one in enumerate(documents, 1):
        if not isinstance(one, dict) or one.get("kind") not in rules["kinds"]:
            continue
        # What others keep for other ends may hold what is nobody here; the rest of it is still good.
        row = Row(where=f"document {number}", is_catalogue=True)
        for path, target in rules["fields"].items():
            value = _at(one, path)
            if not isinstance(value, str) or not value.strip():
                continue
            if target in OF_SYSTEM:
                row.system.setdefault(target, _party(value) if target == "owner" else value.strip())
            else:
                said = rules["lifecycle"].get(value) if target == "lifecycle.stage" else value
                row.values |= {target: _party(said) if target == "parent_id" else said} if said else {}
        tags = _at(one, "metadata.tags")
        annotation = (_at(one, "metadata.annotations") or {}).get(rules["annotation"])
        row.is_ai = str(annotation).lower() == "true" or any(
            str(tag).lower() in rules["tags"] for tag in (tags if isinstance(tags, list) else ())
        )
        yield row


def _party(ref: str) -> str:
    """Return the name in an entity reference such as ``group:default/payments``."""
    return ref.strip().rpartition("/")[2].rpartition(":")[2]


def _at(value: Any, path: str) -> Any:
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _documents(data: bytes, name: str) -> list[Any]:
    from connectors.catalogue import load_catalogue
    from connectors.code.facts import Source, UnreadableError
    from connectors.code.formats.common import load_yaml

    try:
        found = load_yaml(Source(data=data, name=name, syntax="yaml", catalogue=load_catalogue()))
    except UnreadableError as error:
        raise DecisionError(f"{name} cannot be read: {error}") from error
    return [one for one in found if one is not None]


def _folded(text: str) -> str:
    return " ".join(_PUNCTUATION.sub(" ", text).casefold().split())


@cache
def _aliases() -> Mapping[str, str]:
    own = [name for name, spec in record_fields.fields().items() if not spec.held]
    said = {_folded(name): target for target, names in _table()["columns"].items() for name in names}
    return {_folded(name): name for name in (*own, *OF_SYSTEM)} | said


@cache
def _words() -> Mapping[str, Mapping[str, str]]:
    return {
        target: {_folded(said): word for word, several in words.items() for said in several}
        for target, words in _table()["words"].items()
    }


@cache
def _table() -> Mapping[str, Any]:
    found: Mapping[str, Any] = yaml_texts.shipped("record_import.yaml")
    return found

"""Read values for the fields of a record and check them: every mistake of an input at once.

A value comes as text (command line, CSV) or as YAML and JSON give it. Each mistake names the field, says what
is wrong, and which word comes nearest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import yaml

from connectors.model import Json
from connectors.secrets import redact
from discovery.service import record_fields, yaml_texts
from discovery.service.record_fields import FieldSpec

MOST_CHARS = 8_000
MOST_ITEMS = 500
MOST_WORDS_SHOWN = 16
_YES = ("yes", "true", "y", "1")
_NO = ("no", "false", "n", "0")
_COUNTRY = re.compile(r"[A-Z]{2}")
_ALONE = "none"
"""A word that cannot stand beside others in a list."""


@dataclass(slots=True)
class Checked:
    """The values that are right, by dotted name (``None``: cleared), and every mistake as a sentence."""

    values: dict[str, Json] = field(default_factory=dict)
    mistakes: list[str] = field(default_factory=list)


class Wrong(ValueError):
    """A value does not fit its field; the text says why."""


def check(given: Mapping[str, object], *, today: date, by_command: bool = False) -> Checked:
    """Read given values by field name (dotted, or an old short one).

    ``today`` is the day where the organisation is. ``by_command`` lets in fields that one command sets, such
    as the class: imports and that command itself.
    """
    found = Checked()
    for said, raw in given.items():
        name = record_fields.canonical(said)
        spec = record_fields.known(name)
        if spec is None:
            found.mistakes.append(unknown(said))
        elif spec.held:
            found.mistakes.append(f"{name} is kept elsewhere and cannot be set here{_instead(spec)}")
        elif spec.set_by and not by_command:
            found.mistakes.append(f"{name} is set by: {spec.set_by}")
        elif name in found.values:
            found.mistakes.append(f"{name} is given twice")
        elif raw is None or raw == "":
            found.values[name] = None
        else:
            try:
                found.values[name] = read(spec, raw, today)
            except Wrong as error:
                found.mistakes.append(f"{name}: {error}")
    return found


def unknown(name: str, among: Iterable[str] | None = None, what: str = "field") -> str:
    """Say that there is no such field, and which comes nearest."""
    known = None if among is None else list(among)
    near = record_fields.nearest(name, known)
    listed = "see them with: aicensus record fields" if known is None else f"known: {', '.join(known)}"
    hint = f"; did you mean {near!r}?" if near else f"; {listed}"
    return f"there is no {what} {name!r}{hint}"


def read(spec: FieldSpec, raw: object, today: date) -> Json:
    """Return a value as it is kept; raises :class:`Wrong`."""
    if spec.is_list:
        items = _items(spec, raw)
        if len(items) > MOST_ITEMS:
            raise Wrong(f"{len(items):,} entries are more than {MOST_ITEMS}")
        values = [_one(spec, item, today, f"entry {number}: ") for number, item in enumerate(items, 1)]
        return _settled(spec, values)
    return _one(spec, raw, today, "")


def _instead(spec: FieldSpec) -> str:
    return "; use: aicensus owner set" if spec.held == "owners" else ""


def _items(spec: FieldSpec, raw: object) -> list[object]:
    if isinstance(raw, str):
        text = raw.strip()
        if text.startswith(("[", "{")):
            return _items(spec, _yaml(text))
        split = r"[;,]" if spec.type in ("words", "countries", "systems") else r";"
        return [part.strip() for part in re.split(split, text) if part.strip()]
    if isinstance(raw, list | tuple | set | frozenset):
        return list(raw)
    return [raw]


def _yaml(text: str) -> object:
    try:
        return yaml_texts.load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Wrong(f"it begins like a list or a table but cannot be read: {_first_line(error)}") from error


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0]


def _settled(spec: FieldSpec, values: list[Json]) -> Json:
    if spec.type == "tables":
        return values
    kept = list(dict.fromkeys(values))
    if spec.type == "words" and _ALONE in kept and len(kept) > 1:
        raise Wrong("'none' cannot stand beside other words")
    return sorted(kept) if spec.type in ("words", "countries") else kept  # type: ignore[type-var]


def _one(spec: FieldSpec, raw: object, today: date, where: str) -> Json:
    try:
        return _READERS[spec.type](spec, raw, today)
    except Wrong as error:
        raise Wrong(f"{where}{error}") from error.__cause__


def _text(spec: FieldSpec, raw: object, _: date) -> Json:
    if isinstance(raw, bool | dict | list) or raw is None:
        raise Wrong(f"a text is needed, not {raw!r:.60}")
    text = redact(str(raw).strip())
    if not text:
        raise Wrong("it is empty")
    if len(text) > MOST_CHARS:
        raise Wrong(f"{len(text):,} letters are more than {MOST_CHARS:,}")
    return text


def _word(spec: FieldSpec, raw: object, _: date) -> Json:
    if isinstance(raw, bool):  # YAML reads a bare yes and no so
        raw = "yes" if raw else "no"
    said = str(raw).strip()
    spelt = re.sub(r"[\s-]+", "_", said).lower()
    for word in spec.words:
        if spelt == word.lower() or said == word:
            return word
    near = record_fields.nearest(spelt, spec.words)
    hint = f"; did you mean {near!r}?" if near else ""
    shown = ", ".join(spec.words[:MOST_WORDS_SHOWN])
    more = " and more" if len(spec.words) > MOST_WORDS_SHOWN else ""
    raise Wrong(f"unknown word {said!r:.60}{hint} (known: {shown}{more})")


def _yes_no(_: FieldSpec, raw: object, __: date) -> Json:
    said = str(raw).strip().lower()
    if said in _YES or said in _NO:
        return said in _YES
    raise Wrong(f"{raw!r:.60} is neither yes nor no")


def _number(spec: FieldSpec, raw: object, _: date) -> Json:
    try:
        number = int(str(raw).strip())
    except ValueError as error:
        raise Wrong(f"{raw!r:.60} is not a whole number") from error
    least, most = spec.least or 0, spec.most if spec.most is not None else 10**9
    if isinstance(raw, bool) or not least <= number <= most:
        raise Wrong(f"{number} is not between {least} and {most}")
    return number


def _day(spec: FieldSpec, raw: object, today: date) -> Json:
    if isinstance(raw, datetime):
        raw = raw.date()
    try:
        day = raw if isinstance(raw, date) else datetime.fromisoformat(str(raw).strip()).date()
    except ValueError as error:
        raise Wrong(f"{raw!r:.60} is not a day; write it as 2026-11-22") from error
    if spec.past and day > today:
        raise Wrong(f"{day} lies ahead")
    return day.isoformat()


def _country(_: FieldSpec, raw: object, __: date) -> Json:
    code = str(raw).strip().upper()
    if not _COUNTRY.fullmatch(code):
        raise Wrong(f"{raw!r:.60} is not a country; write two letters, such as DE, or EU")
    return code


def _table(spec: FieldSpec, raw: object, today: date) -> Json:
    if isinstance(raw, str):
        raw = {spec.item[0].name: raw}
    if not isinstance(raw, Mapping):
        raise Wrong(f"a table of fields is needed, not {raw!r:.60}")
    by_name = {one.name: one for one in spec.item}
    kept: dict[str, Json] = {}
    mistakes = [unknown(str(name), by_name) for name in raw if name not in by_name]
    for name, one in by_name.items():
        value = raw.get(name)
        if value is None or value == "":
            mistakes += [f"{name!r} is missing"] if "M" in one.need else []
            continue
        try:
            kept[name] = read(one, value, today)
        except Wrong as error:
            mistakes.append(f"{name}: {error}")
    if mistakes:
        raise Wrong("; ".join(mistakes))
    return kept


_READERS: Mapping[str, Callable[[FieldSpec, Any, date], Json]] = {
    "text": _text,
    "ref": _text,
    "texts": _text,
    "system": _text,
    "party": _text,
    "systems": _text,
    "word": _word,
    "words": _word,
    "yes_no": _yes_no,
    "number": _number,
    "day": _day,
    "countries": _country,
    "tables": _table,
}

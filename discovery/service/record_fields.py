"""Say which fields a record has: names, types, allowed words, who needs them, and what they are for.

The table is data: ``discovery/record_fields/*.yaml``. Its types, as they are kept::

    text, ref     a text; a ref is a link, a path or the id of a document
    texts, words  a list of texts; words come from ``words``
    word          one of ``words``
    yes_no        true or false
    number        an integer from ``least`` to ``most``
    day           YYYY-MM-DD, where the organisation is; with ``past`` it may not lie ahead
    countries     a list of two capital letters each (EU is one)
    system(s)     the id of another system, or a list of them
    party         the id of a person or team; people see its address or name
    tables        a list of tables with the fields of ``item``

``need`` says who must answer: M everyone, P before production, H where the tier or class is high, C where
``when`` holds, A filled by the machine, O nobody. ``held`` names where else a value lives (system, scan,
owners): such a field is shown but not set. ``set_by`` is the command that sets it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, TypeAlias, cast, get_args

from connectors.errors import ConfigError
from discovery.service import yaml_texts

FieldType: TypeAlias = Literal[
    "text",
    "ref",
    "texts",
    "words",
    "word",
    "yes_no",
    "number",
    "day",
    "countries",
    "system",
    "systems",
    "party",
    "tables",
]
TYPES = get_args(FieldType)
FILES = ("identity", "questions", "risk", "duties")
"""The files of the table, in the order in which fields are shown."""
CUSTOM = "x."
"""Fields whose name begins so are the organisation's own; they hold a text."""
QUESTIONS: Mapping[int, str] = {
    1: "What does it do?",
    2: "Who is responsible?",
    3: "What data does it see?",
    4: "How do people oversee it?",
}
_KEYS = {
    *("name", "type", "words", "need", "when", "question", "label", "help", "sources", "held", "set_by"),
    *("least", "most", "past", "item", "old", "default", "decision"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSpec:
    """One field of the record, or of an item of one that is a list of tables.

    ``least`` and ``most`` are letters of a text or bounds of a number. ``when`` maps fields to values, all
    of which must hold for a need of ``C``. ``old`` is the short name of earlier versions, ``default`` what
    holds while nobody has said anything. A ``decision`` takes its own command, which asks for a second
    person; no import brings it.
    """

    name: str
    type: FieldType
    label: str
    words: tuple[str, ...] = ()
    need: tuple[str, ...] = ()
    when: Mapping[str, tuple[str, ...]]
    question: int = 0
    section: str = ""
    help: str = ""
    sources: tuple[str, ...] = ()
    held: str = ""
    set_by: str = ""
    least: int | None = None
    most: int | None = None
    past: bool = False
    item: tuple[FieldSpec, ...] = ()
    old: str = ""
    default: str = ""
    decision: bool = False

    @property
    def is_list(self) -> bool:
        """Say whether a value is a list."""
        return self.type in ("texts", "words", "countries", "systems", "tables")


@cache
def fields() -> Mapping[str, FieldSpec]:
    """Return all fields by name, in the order in which they are shown."""
    found: dict[str, FieldSpec] = {}
    for name in FILES:
        where = f"record_fields/{name}.yaml"
        for spec in _specs(_file(name), where):
            if spec.name in found:
                raise ConfigError(f"the field {spec.name!r} is there twice", where=where)
            found[spec.name] = spec
    return found


@cache
def sections() -> Mapping[str, str]:
    """Return the titles of the sections by name, in order."""
    found = {}
    for name in FILES:
        content = _file(name)
        found[str(content["section"])] = str(content["title"])
    return found


@cache
def _file(name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = yaml_texts.shipped(f"record_fields/{name}.yaml")
    return found


def known(name: str) -> FieldSpec | None:
    """Return the field of that name, also one of the organisation's own (``x.``); ``None`` for no such."""
    if name.startswith(CUSTOM) and len(name) > len(CUSTOM):
        return FieldSpec(
            name=name, type="text", label=name[len(CUSTOM) :], when={}, need=("O",), section="custom"
        )
    return fields().get(name)


def canonical(name: str) -> str:
    """Return the dotted name of a field for its old short name; any other name as it is."""
    return old_names().get(name, name)


@cache
def old_names() -> Mapping[str, str]:
    """Return the dotted names by the short names of earlier versions."""
    return {spec.old: spec.name for spec in fields().values() if spec.old}


def questions() -> tuple[str, ...]:
    """Return the fields without which no record is complete, in the order in which they are asked."""
    return tuple(spec.name for spec in fields().values() if spec.old and spec.question)


def nearest(name: str, among: Iterable[str] | None = None) -> str:
    """Return the name that comes nearest, or an empty text; the last part of a dotted name counts too."""
    if among is None:
        old = difflib.get_close_matches(name, list(old_names()), n=1, cutoff=0.75)
        if old:
            return old_names()[old[0]]
    names = list(fields() if among is None else among)
    exact = [one for one in names if one.rpartition(".")[2] == name or (name[2:] and one.startswith(name))]
    near = exact or difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if not near:
        tails = {one.rpartition(".")[2]: one for one in reversed(names)}
        near = [tails[one] for one in difflib.get_close_matches(name, list(tails), n=1, cutoff=0.7)]
    return near[0] if near else ""


def load(text: str, where: str) -> tuple[FieldSpec, ...]:
    """Read one file of the table; raises ``ConfigError`` that names the field and the mistake."""
    return _specs(yaml_texts.load(text), where)


def _specs(content: Mapping[str, Any], where: str) -> tuple[FieldSpec, ...]:
    section = str(content["section"])
    return tuple(_spec(raw, section, where) for raw in content["fields"])


def _spec(raw: Mapping[str, Any], section: str, where: str) -> FieldSpec:
    name = str(raw.get("name", "?"))
    unknown = sorted(raw.keys() - _KEYS)
    if unknown or not {"name", "type", "label"} <= raw.keys() or raw["type"] not in TYPES:
        raise ConfigError(
            f"the field {name!r} is not described right: {', '.join(unknown) or raw.get('type')}", where=where
        )
    return FieldSpec(
        name=name,
        type=cast("FieldType", raw["type"]),
        label=raw["label"],
        words=tuple(raw.get("words", ())),
        need=tuple(raw.get("need", ())),
        when={key: tuple(values) for key, values in raw.get("when", {}).items()},
        question=raw.get("question", 0),
        section=section,
        help=raw.get("help", ""),
        sources=tuple(raw.get("sources", ())),
        held=raw.get("held", ""),
        set_by=raw.get("set_by", ""),
        least=raw.get("least"),
        most=raw.get("most"),
        past=raw.get("past", False),
        item=tuple(_spec(one, section, where) for one in raw.get("item", ())),
        old=raw.get("old", ""),
        default=raw.get("default", ""),
        decision=raw.get("decision", False),
    )

"""Turn what people write for systems and people in a record into ids, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from connectors.model import Json
from discovery.service import record_fields, refs
from discovery.service.errors import ServiceError
from discovery.service.permissions import os_actor
from discovery.service.record_fields import FieldSpec
from normalizer.owners import is_automation, normal_party
from store import oversight, parties

if TYPE_CHECKING:
    from store.database import ReadTx, WriteTx

_PARTY = "pty_"
_DEEPEST = 100
"""Levels of systems inside systems; more is a ring."""


def resolved(
    tx: WriteTx, system_id: str, values: Mapping[str, Json], at: str
) -> tuple[dict[str, Json], list[str]]:
    """Return values with ids for systems and people, and every mistake as a sentence."""
    mistakes: list[str] = []
    ids = _people(tx, values, at, mistakes)
    found: dict[str, Json] = {}
    for name, value in values.items():
        spec = record_fields.known(name)
        if spec is None or value is None:
            found[name] = value
        elif spec.type in ("system", "systems"):
            found[name] = _systems(tx, spec, value, mistakes)
        else:
            found[name] = _mapped(spec, value, lambda said: ids.get(said, said))
    mistakes += _ring(tx, system_id, found.get("parent_id"))
    return found, mistakes


def known_ids(tx: ReadTx, values: Mapping[str, Json]) -> dict[str, Json]:
    """Return values with the ids of those people and systems that are known already."""
    plain = {one: normal_party(one) for one in _said(values)}
    known = parties.find(tx.conn, set(plain.values())) if plain else {}
    ids = {one: known[name].party_id for one, name in plain.items() if name in known}
    found: dict[str, Json] = {}
    for name, value in values.items():
        spec = record_fields.known(name)
        if spec is not None and spec.type in ("system", "systems") and value is not None:
            several: list[Json] = [
                _system_or_name(tx, str(one)) for one in (value if isinstance(value, list) else [value])
            ]
            found[name] = several if spec.type == "systems" else several[0]
        else:
            found[name] = value if spec is None else _mapped(spec, value, lambda said: ids.get(said, said))
    return found


def _system_or_name(tx: ReadTx, said: str) -> str:
    try:
        return refs.system_id(tx, said)
    except ServiceError:
        return said


def shown(spec: FieldSpec | None, value: Json, labels: Mapping[str, str]) -> Json:
    """Return a value with the labels of people in the place of their ids."""
    return value if spec is None else _mapped(spec, value, lambda said: labels.get(said, said))


def party_ids(values: Iterable[tuple[FieldSpec | None, Json]]) -> set[str]:
    """Return the ids of all people in values."""
    return {one for spec, value in values if spec for one in _named(spec, value) if one.startswith(_PARTY)}


def mistakes_of_people(
    tx: ReadTx | WriteTx, values: Mapping[str, Json], owner: str | None = None
) -> list[str]:
    """Return what is wrong with the people that values name, and with an owner, as sentences."""
    mistakes = []
    for one in sorted(_said(values) | ({owner} if owner else set())):
        plain = normal_party(one)
        if is_automation(plain):
            mistakes.append(f"{one!r} is no person or team")
        elif "@" in one[1:] and not reads_as_mail(plain) and not is_actor(tx, plain):
            mistakes.append(f"{one!r} is not an address")
    return mistakes


def _said(values: Mapping[str, Json]) -> set[str]:
    specs = ((record_fields.known(name), value) for name, value in values.items())
    said = {one for spec, value in specs if spec for one in _named(spec, value)}
    return {one for one in said if not one.startswith(_PARTY)}


def _people(tx: WriteTx, values: Mapping[str, Json], at: str, mistakes: list[str]) -> dict[str, str]:
    wrong = mistakes_of_people(tx, values)
    mistakes += wrong
    if wrong:
        return {}
    plain = {one: normal_party(one) for one in _said(values)}
    known = parties.ensure(tx.conn, plain.values(), now=at)
    return {one: known[name].party_id for one, name in plain.items()}


def reads_as_mail(text: str) -> bool:
    """Say whether a text has the form of an address."""
    name, _, host = text.partition("@")
    return bool(name) and "." in host.strip(".") and not host.startswith(".") and "@" not in host


def reads_as_actor(text: str) -> bool:
    """Say whether a text has the form in which somebody at a command line is kept: ``user@host``."""
    name, _, host = text.partition("@")
    return bool(name) and bool(host) and not any(mark in host for mark in "@. ")


def is_actor(tx: ReadTx | WriteTx, plain: str) -> bool:
    """Say whether ``user@host`` is somebody whom the command line put on record, or is of this machine."""
    if not reads_as_actor(plain):
        return False
    here = normal_party(os_actor().name).rpartition("@")[2]
    return plain.rpartition("@")[2] == here or plain in parties.find(tx.conn, [plain])


def _systems(tx: WriteTx, spec: FieldSpec, value: Json, mistakes: list[str]) -> Json:
    found: list[Json] = []
    for one in value if isinstance(value, list) else [value]:
        try:
            found.append(refs.system_id(tx, str(one)))
        except ServiceError as error:
            mistakes.append(f"{spec.name}: {error}")
    return found if spec.type == "systems" else next(iter(found), None)


def _ring(tx: WriteTx, system_id: str, parent: Json) -> list[str]:
    """Return a sentence when a system would come to lie inside itself."""
    above = parent
    for _ in range(_DEEPEST):
        if not isinstance(above, str):
            return []
        if above == system_id:
            return ["parent_id: the system would be a part of itself; take it out of its parts first"]
        record = oversight.of_systems(tx.conn, [above]).get(above)
        above = record.value("parent_id") if record else None
    return [f"parent_id: more than {_DEEPEST} systems lie inside each other"]


def leads_back(above: Mapping[str, str], start: str) -> bool:
    """Say whether going up from a system, parent by parent, leads back to it."""
    seen: set[str] = set()
    at = above.get(start)
    while at is not None and at not in seen:
        if at == start:
            return True
        seen.add(at)
        at = above.get(at)
    return False


def _mapped(spec: FieldSpec, value: Json, change: Callable[[str], str]) -> Json:
    if spec.type == "party" and isinstance(value, str):
        return change(value)
    if spec.type == "tables" and isinstance(value, list):
        by_name = {one.name: one for one in spec.item}
        return [_row(by_name, row, change) if isinstance(row, dict) else row for row in value]
    return value


def _row(
    by_name: Mapping[str, FieldSpec], row: Mapping[str, Json], change: Callable[[str], str]
) -> dict[str, Json]:
    return {
        key: _mapped(by_name[key], value, change) if key in by_name else value for key, value in row.items()
    }


def _named(spec: FieldSpec, value: Json) -> Iterator[str]:
    if spec.type == "party" and isinstance(value, str):
        yield value
    elif spec.type == "tables" and isinstance(value, list):
        by_name = {one.name: one for one in spec.item if one.type == "party"}
        for row in value:
            for key, one in by_name.items():
                if isinstance(row, dict) and row.get(key):
                    yield from _named(one, row[key])

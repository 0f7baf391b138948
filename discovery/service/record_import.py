"""Bring registers that exist into the records: all of a file is checked before anything of it is written.

A row is matched to a system by its id, else by its name; one that matches nothing is entered as a registered
system. What a person answered is never overwritten: it is left, and told. An owner that a register names is a
candidate until a person accepts, unless the one who imports vouches for the file (``confirmed``). Importing
the same file twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from connectors import clock
from connectors.model import Json
from connectors.secrets import redact
from discovery.service import (
    alerting,
    oversight_rules,
    record_edit,
    record_fields,
    record_refs,
    record_sense,
    records,
    refs,
)
from discovery.service.errors import DecisionError, NotFound, ServiceError
from discovery.service.record_edit import Stamp
from discovery.service.record_tables import Row, refuse
from discovery.service.record_values import check
from normalizer.owners import is_automation, normal_party
from store import added, audit, oversight, owners, parties, systems
from store.added import NewSystem
from store.audit import Actor, Entry
from store.temporal import chunks

if TYPE_CHECKING:
    from store.database import ReadTx, Store, WriteTx
    from store.oversight import Record

STEP = 10
"""Systems written in one transaction, so that none holds the write lock for long."""
CONFIDENCE = 0.9
"""How much a register is believed where nobody vouches for it."""
_DEFAULT_KIND = "application"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """How an import is done: ``name`` is what the file is called in provenance and log.

    ``confirmed``: the one who imports vouches for owners and answers. ``creates``: unknown systems are
    entered.
    """

    name: str
    timezone: str = "UTC"
    confirmed: bool = False
    creates: bool = True
    reason: str = ""


@dataclass(slots=True, kw_only=True)
class Planned:
    """What an import does with one row; ``action`` is create, update or nothing.

    ``fields`` are those that change, ``kept`` those that a person answered otherwise, ``owner`` the candidate
    or owner that it brings. ``late`` fields name systems that come with the same file; ``notes`` say what
    of the row was left out.
    """

    where: str
    system_id: str | None
    name: str
    kind: str
    action: str
    fields: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    owner: str | None = None
    values: dict[str, Json] = field(default_factory=dict)
    late: tuple[str, ...] = ()
    version: int = 0
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Imported:
    """What an import came to: plans in the order of the file, and how many rows it left out and why."""

    planned: list[Planned]
    left_out: int = 0
    written: int = 0


def plan(
    store: Store, rows: Sequence[Row], options: ImportOptions, *, now: datetime | None = None
) -> Imported:
    """Check all rows against the store; raises ``DecisionError`` that lists what is wrong and where."""
    today = oversight_rules.today(options.timezone, now or clock.now())
    with store.read() as tx:
        planner = _Planner(tx, options, today)
        planned = [one for row in rows if (one := planner.row(row)) is not None]
        planner.check_references(planned)
    refuse(planner.mistakes, options.name)
    return Imported(planned=planned, left_out=len(rows) - len(planned))


def run(
    store: Store,
    imported: Imported,
    options: ImportOptions,
    *,
    actor: Actor,
    now: datetime | None = None,
) -> Imported:
    """Write what was planned, whole systems at a time.

    Raises ``DecisionError`` where somebody else wrote meanwhile: it says how many systems were written.
    """
    wanted = [one for one in imported.planned if one.action != "nothing"]
    for chunk in chunks(wanted, STEP):
        _write_chunk(store, chunk, options, actor, now, imported.written)
        imported.written += len(chunk)
    for chunk in chunks([one for one in wanted if one.late], STEP):
        again = [
            replace(one, fields=list(one.late), owner=None, action="update", version=-1) for one in chunk
        ]
        _write_chunk(store, again, options, actor, now, imported.written)
    return imported


def _write_chunk(
    store: Store,
    chunk: Sequence[Planned],
    options: ImportOptions,
    actor: Actor,
    now: datetime | None,
    written: int,
) -> None:
    with store.write(actor=actor.name, kind="import") as tx:
        moment = now or clock.from_text(tx.now)
        at = clock.to_text(moment)
        by = parties.ensure(tx.conn, [actor.name], now=at, team=False)[actor.name].party_id
        _create(tx, [one for one in chunk if one.action == "create"], at)
        for one in chunk:
            try:
                _write(tx, one, options, actor, by, at)
            except ServiceError as error:
                raise DecisionError(
                    f"{one.where} ({one.name}): {error}",
                    hint=f"{written} systems were written before it; run the import again.",
                ) from error
        alerting.evaluate_in(tx, [str(one.system_id) for one in chunk], actor, now=moment)


class _Planner:
    """Match and check rows; mistakes gather in ``mistakes``."""

    def __init__(self, tx: ReadTx, options: ImportOptions, today: date) -> None:
        self._tx, self._options, self._today = tx, options, today
        self._names = added.by_name(tx.conn)
        self._records = oversight.of_systems(tx.conn, None)
        self._people = owners.of_systems(tx.conn, None)
        self._seen: dict[str, str] = {}
        self._coming: dict[str, bool] = {}
        self._references: list[tuple[str, Mapping[str, Json]]] = []
        self.mistakes: list[str] = []

    def row(self, row: Row) -> Planned | None:
        """Return what is to be done with a row; ``None`` for one that is left out or wrong."""
        before = len(self.mistakes)
        system_id = self._match(row)
        if system_id is None and not row.is_ai:
            return None
        name = row.system.get("name", "") or str(system_id or "")
        one = Planned(where=row.where, system_id=system_id, name=name, kind=self._kind(row), action="update")
        self._once(row, system_id or name.casefold())
        checked = check(row.values, today=self._today, by_command=True)
        self.mistakes += [
            f"{row.where}: {name} are decisions; use: {spec.set_by}"
            for name in checked.values
            if (spec := record_fields.known(name)) and spec.decision
        ]
        self._coming[name.casefold()] = system_id is None
        self._references.append((row.where, checked.values))
        owner = row.system.get("owner")
        if row.is_catalogue and owner and is_automation(normal_party(owner)):
            one.notes.append(f"its owner {owner!r} is no person or team and was left out")
            owner = None
        mistakes = [*checked.mistakes, *record_refs.mistakes_of_people(self._tx, checked.values, owner)]
        self.mistakes += [f"{row.where}: {text}" for text in mistakes]
        if system_id is None and not self._options.creates:
            self.mistakes.append(f"{row.where}: there is no system {name!r}")
        if len(self.mistakes) > before:
            return None
        self._compare(one, checked.values, owner)
        return one

    def check_references(self, planned: Sequence[Planned]) -> None:
        """Check that the systems that rows name exist or come with the file."""
        coming = {name for name, is_new in self._coming.items() if is_new}
        for where, values in self._references:
            for name, said in _systems_named(values):
                if said.casefold() not in coming and not self._exists(said):
                    self.mistakes.append(f"{where}: {name}: there is no system {said!r}")
        self._check_rings(planned)
        for one in planned:
            one.late = tuple(
                {name: None for name, said in _systems_named(one.values) if said.casefold() in coming}
            )
            one.fields = [name for name in one.fields if name not in one.late]

    def _check_rings(self, planned: Sequence[Planned]) -> None:
        """Find systems of the file that would come to lie inside themselves, before anything is written."""
        above = {
            record.system_id: str(parent)
            for record in self._records.values()
            if (parent := record.value("parent_id"))
        }
        ids = {one.name.casefold(): one.system_id or one.name.casefold() for one in planned}
        said = {
            ids[one.name.casefold()]: ids.get(str(parent).casefold(), str(parent))
            for one in planned
            if (parent := one.values.get("parent_id")) and "parent_id" not in one.kept
        }
        above |= said
        for one in planned:
            start = ids[one.name.casefold()]
            if start in said and record_refs.leads_back(above, start):
                self.mistakes.append(
                    f"{one.where}: parent_id: {one.name!r} would be a part of itself, by way of"
                    f" {one.values['parent_id']!r}"
                )

    def _exists(self, said: str) -> bool:
        try:
            return bool(refs.system_id(self._tx, said))
        except ServiceError:
            return False

    def _match(self, row: Row) -> str | None:
        said, name = row.system.get("id"), row.system.get("name")
        if said:
            try:
                return refs.system_id(self._tx, said)
            except NotFound as error:
                if name is None:
                    self.mistakes.append(f"{row.where}: {error}")
                row.values.setdefault("external_ids", [{"register": self._options.name, "id": said}])
            except ServiceError as error:
                self.mistakes.append(f"{row.where}: {error}")
        if not name:
            if not said:
                self.mistakes.append(f"{row.where}: it has no name")
            return None
        found = self._names.get(name.casefold(), [])
        if len(found) > 1:
            self.mistakes.append(f"{row.where}: {len(found)} systems are called {name!r}; give the id")
        return found[0] if found else None

    def _kind(self, row: Row) -> str:
        said = row.system.get("kind", "")
        words = record_fields.fields()["kind"].words
        kind = said.strip().lower().replace(" ", "_").replace("-", "_") or _DEFAULT_KIND
        if kind not in words:
            near = record_fields.nearest(kind, words)
            hint = f"did you mean {near!r}? " if near else ""
            self.mistakes.append(f"{row.where}: unknown kind {said!r}; {hint}(known: {', '.join(words)})")
        return kind

    def _once(self, row: Row, key: str) -> None:
        if key and key in self._seen:
            self.mistakes.append(f"{row.where}: {self._seen[key]} is about the same system")
        self._seen.setdefault(key, row.where)

    def _compare(self, one: Planned, values: Mapping[str, Json], owner: str | None) -> None:
        """Say what changes, against the record as it is."""
        record = self._records.get(one.system_id or "")
        values = record_refs.known_ids(self._tx, values)
        one.values = dict(values)
        one.version = record.version if record else 0
        stamp = Stamp(source="import", by="", at=clock.to_text(clock.now()), timezone=self._options.timezone)
        edited = record_edit.edited(record, one.system_id or "", values, stamp)
        one.kept = list(edited.kept)
        one.fields = [
            name for name in values if _differs(record, edited.record, name, self._options.confirmed)
        ]
        contradicted = {name: edited.record.value(name) for name in edited.record.fields}
        self.mistakes += [f"{one.where}: {text}" for text in record_sense.contradictions(contradicted)]
        if owner and not self._is_known(one.system_id, owner):
            one.owner = owner
            known = parties.find(self._tx.conn, [normal_party(owner)])
            if any(not who.active for who in known.values()):
                self.mistakes.append(f"{one.where}: {owner!r} is no longer active; name someone who is")
        if one.system_id is None:
            one.action = "create"
        elif not one.fields and not one.owner:
            one.action = "nothing"

    def _is_known(self, system_id: str | None, owner: str) -> bool:
        """Say whether the owner is on record already, or somebody accepted to be it."""
        plain = normal_party(owner)
        for one in self._people.get(system_id or "", ()):
            if one.role != owners.ACCOUNTABLE or one.ended_at is not None:
                continue
            if one.is_accepted or (
                normal_party(one.party.label) == plain
                and one.source == owners.IMPORTED
                and not self._options.confirmed
            ):
                return True
        return False


def _systems_named(values: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    for name in ("parent_id", "uses"):
        value = values.get(name)
        for said in value if isinstance(value, list) else [value] if value else []:
            yield name, str(said)


def _differs(before: Record | None, after: Record, name: str, confirmed: bool) -> bool:
    old = before.fields.get(name, {}) if before else {}
    new = after.fields.get(name, {})
    if old.get("value") != new.get("value"):
        return True
    return confirmed and bool(old) and not record_edit.is_answered(old)


def _create(tx: WriteTx, new: Sequence[Planned], at: str) -> None:
    wanted = [NewSystem(name=redact(one.name)[:200], kind=one.kind) for one in new]
    for one, system_id in zip(new, added.add(tx.conn, tx.rev, at, wanted), strict=True):
        one.system_id = system_id


def _write(tx: WriteTx, one: Planned, options: ImportOptions, actor: Actor, by: str, at: str) -> None:
    """Write what a row brings; one entry of the log a system."""
    system_id = str(one.system_id)
    is_new = one.action == "create"
    new: dict[str, Json] = {"file": options.name}
    old: Mapping[str, Json] = {}
    if is_new:
        new |= {"name": one.name, "kind": one.kind}
    if one.fields:
        wanted = records.Change(
            values={name: one.values[name] for name in one.values if name in one.fields},
            source="import",
            timezone=options.timezone,
            why=f"imported from {options.name}",
            confirmed=options.confirmed,
            confidence=1.0 if options.confirmed else CONFIDENCE,
            if_version=one.version if one.version >= 0 else None,
            by=by,
            has_assets=not is_new,
        )
        told = records.apply_in(tx, system_id, wanted, actor=actor, at=at).entry
        new, old = new | dict(told.new), told.old
    if one.owner:
        new["owner"] = _own(tx, system_id, one.owner, options, at)
    if not is_new:
        systems.mark_decided(tx.conn, tx.rev, system_id)
    action = "system.import" if is_new else "record.import"
    entry = Entry(action=action, object=system_id, reason=options.reason, old=old, new=new)
    audit.append(tx.conn, actor, entry, at=at)


def _own(tx: WriteTx, system_id: str, owner: str, options: ImportOptions, at: str) -> Json:
    plain = normal_party(owner)
    who = parties.ensure(tx.conn, [plain], now=at)[plain]
    if not who.active:
        raise DecisionError(f"{who.label!r} is no longer active", hint="Name someone who is.")
    if options.confirmed:
        owners.accept(
            tx.conn,
            tx.rev,
            at,
            system_id,
            who,
            role=owners.ACCOUNTABLE,
            source=owners.IMPORTED,
            confidence=1.0,
        )
    else:
        owners.propose(
            tx.conn,
            tx.rev,
            at,
            system_id,
            who,
            role=owners.ACCOUNTABLE,
            confidence=CONFIDENCE,
            why=f"{options.name} names them",
        )
    return {"party_id": who.party_id, "role": owners.ACCOUNTABLE, "accepted": options.confirmed}

"""Show the record of a system: what people said, what evidence proposes, and what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from connectors import clock
from connectors.model import Json
from discovery.service import (
    classification,
    derived,
    inventory,
    record_edit,
    record_evidence,
    record_fields,
    record_refs,
    record_sense,
)
from discovery.service.record_fields import FieldSpec
from discovery.service.record_sense import Seen
from discovery.service.record_shapes import ConflictView, FieldView, QuestionView, RecordFieldView, RecordView
from discovery.service.views import AssetView, SystemView
from normalizer.units import entity_of
from store import oversight, owners, parties, queries_assets, system_rows, units
from store.oversight import Record
from store.owners import Owner
from store.queries_assets import At

if TYPE_CHECKING:
    from store.database import ReadTx, Store

MOST_COMPONENTS = 200
"""Assets listed as components; all of them are in ``assets --system``."""
_PROSE_CONFIDENCE = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """All that a record is shown from."""

    view: SystemView
    record: Record | None
    people: Sequence[Owner]
    assets: Sequence[AssetView]
    evidence: Mapping[str, Sequence[Seen]]
    labels: Mapping[str, str]
    moment: str | None = None
    unit: Mapping[str, Json] = field(default_factory=dict)
    registered_at: str | None = None


def fields(text: str | None = None) -> list[FieldView]:
    """Return the table of fields, those with ``text`` in name, label or help when it is given."""
    wanted = (text or "").casefold()
    return [
        FieldView(
            field=one.name,
            type=one.type,
            words=list(one.words),
            need=list(one.need),
            question=one.question,
            section=one.section,
            label=one.label,
            help=one.help,
            sources=list(one.sources),
            set_by=one.set_by or ("kept elsewhere" if one.held else ""),
        )
        for one in record_fields.fields().values()
        if any(wanted in part.casefold() for part in (one.name, one.label, one.help))
    ]


def questions() -> list[QuestionView]:
    """Return the questions of the classification in the order in which they are asked."""
    return [
        QuestionView(
            question=one.id,
            ask=one.ask,
            help=one.help,
            words=[*one.words, classification.UNKNOWN],
            meanings={choice.word: choice.means for choice in one.choices if choice.means},
            several=one.many,
            refs=list(one.refs),
        )
        for one in classification.questions()
    ]


def show(store: Store, system: str, *, as_of: datetime | None = None) -> RecordView:
    """Return the whole record of a system; every field of the table and those of its own."""
    view = inventory.get_system(store, system, as_of=as_of)
    with store.read(as_of) as tx:
        return _view(_known(tx, view, as_of))


def show_all(
    store: Store, states: tuple[str, ...] = (), *, as_of: datetime | None = None, with_assets: bool = False
) -> Iterator[RecordView]:
    """Yield the records of all systems in order of name (``states`` empty: those that are not retired).

    Read in a few queries, so without what evidence proposes; ``with_assets`` reads each one's components.
    """
    views = inventory.list_systems(store, inventory.SystemFilter(states=states), as_of=as_of)
    with store.read(as_of) as tx:
        at = _at(tx, as_of)
        records = oversight.of_systems(tx.conn, None, at.rev)
        people = owners.of_systems(tx.conn, None, at.rev)
        labels = parties.labels(tx.conn, {name for one in records.values() for name in _named(one)})
        complete_at = queries_assets.parts_complete_at(tx.conn, at) if with_assets else {}
        of_units = _units(tx, [view.system_id for view in views], at)
        entered = system_rows.registered_at(tx.conn, [view.system_id for view in views], at.rev)
        for view in views:
            own = view.system_id
            assets = record_evidence.assets_of(tx, own, at, complete_at) if with_assets else []
            yield _view(
                _Known(
                    view=view,
                    record=records.get(own),
                    people=people.get(own, ()),
                    assets=assets,
                    evidence={},
                    labels=labels,
                    moment=at.moment,
                    unit=of_units.get(own, {}),
                    registered_at=entered.get(own),
                )
            )


def _view(known: _Known) -> RecordView:
    view, record = known.view, known.record
    values = {name: record.value(name) for name in record.fields} if record else {}
    own = [name for name in values if record_fields.fields().get(name) is None]
    specs = [*record_fields.fields().values(), *(spec for name in own if (spec := record_fields.known(name)))]
    values |= record_sense.come_true(values, (known.moment or clock.to_text(clock.now()))[:10])
    shown = [_field(spec, known, values) for spec in specs]
    return RecordView(
        system_id=view.system_id,
        name=view.name,
        version=record.version if record else 0,
        state=view.oversight.state,
        complete=view.oversight.complete,
        next_review=view.oversight.next_review,
        conflicts=list(record.conflicts) if record else [],
        missing=[one.field for one in shown if one.needed and not one.answered],
        fields=shown,
    )


def _known(tx: ReadTx, view: SystemView, as_of: datetime | None) -> _Known:
    at = _at(tx, as_of)
    record = oversight.of_systems(tx.conn, [view.system_id], at.rev).get(view.system_id)
    assets = record_evidence.assets_of(tx, view.system_id, at)
    evidence: dict[str, list[Seen]] = {}
    for one in [*record_evidence.of_assets(assets), *_prose(view)]:
        evidence.setdefault(one.field, []).append(one)
    return _Known(
        view=view,
        record=record,
        people=owners.of_systems(tx.conn, [view.system_id], at.rev).get(view.system_id, ()),
        assets=assets,
        evidence=evidence,
        labels=parties.labels(tx.conn, _named(record) if record else ()),
        moment=at.moment,
        unit=_units(tx, [view.system_id], at).get(view.system_id, {}),
        registered_at=system_rows.registered_at(tx.conn, [view.system_id], at.rev).get(view.system_id),
    )


def _units(tx: ReadTx, system_ids: Sequence[str], at: At) -> dict[str, Mapping[str, Json]]:
    """Return unit and legal entity of systems, as the tree of the organisation has them."""
    by_name = {unit.name: unit for unit in units.load(tx.conn, at.rev)}
    return {
        system_id: {"org_unit": unit.name, "legal_entity": entity_of(unit, by_name)}
        for system_id, unit in units.of_systems(tx.conn, system_ids, at.rev).items()
    }


def _at(tx: ReadTx, as_of: datetime | None) -> At:
    return At() if as_of is None else At(rev=tx.rev, moment=clock.to_text(as_of))


def _named(record: Record) -> set[str]:
    """Return the ids of all people that a record names."""
    entries = record.fields.items()
    named = record_refs.party_ids((record_fields.known(name), entry.get("value")) for name, entry in entries)
    return named | {str(entry.get("by")) for _, entry in entries}


def _prose(view: SystemView) -> list[Seen]:
    return [
        Seen(
            field="purpose.statement",
            value=one.value,
            why=one.why,
            locator=one.locator,
            confidence=_PROSE_CONFIDENCE,
        )
        for one in view.oversight.prefilled
        if one.question == "purpose"
    ]


def _field(spec: FieldSpec, known: _Known, values: Mapping[str, Json]) -> RecordFieldView:
    entry = known.record.fields.get(spec.name) if known.record else None
    found = RecordFieldView(
        field=spec.name,
        label=spec.label,
        section=spec.section,
        question=spec.question,
        value=None,
        source="",
        answered=False,
        by=None,
        at=None,
        confidence=None,
        why="",
        locator="",
        needed=record_sense.needed(spec, values),
    )
    if spec.held:
        found.value, found.source = _held(spec, known), "system"
        found.answered = bool(known.view.owner) if spec.held == "owners" else True
    elif entry is not None:
        _said(found, spec, entry, known.labels)
        if values.get(spec.name) != entry.get("value"):
            found.value, found.why = values[spec.name], f"since {values.get('risk.upcoming_from')}"
    elif known.unit.get(spec.name):
        found.value, found.source, found.answered = known.unit[spec.name], "system", True
    elif known.evidence.get(spec.name):
        _proposed(found, spec, known.evidence[spec.name])
    elif spec.default:
        found.value, found.source = spec.default, "default"
    return found


def _said(
    found: RecordFieldView, spec: FieldSpec, entry: Mapping[str, Json], labels: Mapping[str, str]
) -> None:
    found.value = record_refs.shown(spec, entry.get("value"), labels)
    found.source = str(entry.get("source"))
    found.answered = record_edit.is_answered(entry)
    found.by = labels.get(str(entry.get("by")), str(entry.get("by")))
    found.at = str(entry.get("at"))
    confidence = entry.get("confidence")
    found.confidence = float(confidence) if isinstance(confidence, int | float) else None
    found.why = str(entry.get("why", ""))
    other = entry.get("conflict")
    if isinstance(other, dict):
        news = other.get("news")
        found.conflict = ConflictView(
            value=other.get("value"),
            news=[str(one) for one in news] if isinstance(news, list) else [],
            why=str(other.get("why", "")),
            locator=str(other.get("locator", "")),
            at=str(other.get("at", "")),
        )


def _proposed(found: RecordFieldView, spec: FieldSpec, evidence: Iterable[Seen]) -> None:
    ranked = sorted(evidence, key=lambda one: -one.confidence)
    best = ranked[0]
    found.value = best.value
    if spec.is_list:
        merged: list[Json] = []
        for one in ranked:
            merged += [item for item in _list(one.value) if item not in merged]
        found.value = sorted(merged, key=str)
    found.source, found.by = "connector", "aicensus"
    found.confidence, found.why, found.locator = best.confidence, best.why, best.locator


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


def _connectors(known: _Known) -> Json:
    """Return the connectors that see assets of a system, sorted; ``None`` where assets were not read."""
    if known.view.assets and not known.assets:
        return None
    return [*sorted({scope.partition(":")[0] for one in known.assets for scope in one.scopes})]


def _seen_first(known: _Known) -> bool | None:
    if known.view.assets and not known.assets:
        return None
    said = known.record.value("provenance.registered_at") if known.record else None
    return derived.seen_first([one.first_seen for one in known.assets], known.registered_at, said)


def _held(spec: FieldSpec, known: _Known) -> Json:
    view = known.view
    listed: Mapping[str, Json] = {
        "id": view.system_id,
        "key": view.key,
        "name": view.name,
        "aliases": [*view.aliases],
        "record_state": view.state,
        "kind": view.kind,
        "provenance.first_seen_at": view.first_seen,
        "provenance.last_seen_at": view.last_seen,
        "provenance.connectors": _connectors(known),
        "provenance.discovered_before_registration": _seen_first(known),
        "reviews.last_at": view.oversight.confirmed_at,
        "reviews.last_by": view.oversight.confirmed_by,
    }
    if spec.name == "components":
        return [
            {"name": one.name, "kind": one.kind, "asset_id": one.asset_id}
            for one in known.assets[:MOST_COMPONENTS]
        ]
    if spec.name == "owners":
        return [
            {
                "role": one.role,
                "party": one.party.label,
                "source": one.source,
                "accepted": one.is_accepted,
                "active": one.party.active,
            }
            for one in known.people
            if one.ended_at is None
        ]
    return listed.get(spec.name)

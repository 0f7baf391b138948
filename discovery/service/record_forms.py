"""Write a record as the forms of registers: every column from the record, what lacks shown as missing.

The forms are data, ``discovery/record_forms/*.yaml``. A column takes its value

    from          a field, or the first of a list of fields that has one
    join          several fields, one after another; ``need_all`` makes it missing unless each has a value
    where, give   of a list of tables: the rows with these values (``any``: some value), and one field of them
    map           the form's word for a word of the record; a word without one is missing
    present       this text when there is any value
    first         only the first entry of a list
    when          is asked only when fields have these values; else the cell is empty, not missing
    waiver        "CAIO Waived" when an active exception bears the column's name as its rule

Only what a person said or imported counts, and what is kept of the system itself: proposals from evidence do
not get into a form.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from connectors.model import Json
from discovery.service import record_fields, yaml_texts
from discovery.service.errors import DecisionError
from discovery.service.record_shapes import RecordView

FORMS = ("annex-viii-a", "annex-viii-b", "annex-viii-c", "omb", "atrs")
WAIVED = "CAIO Waived"


@dataclass(slots=True, kw_only=True)
class ColumnView:
    """One column of a form; ``value`` is a text, ``missing`` says that it is asked for and nobody gave it."""

    column: str
    label: str
    value: str | None
    missing: bool


@dataclass(slots=True, kw_only=True)
class FormView:
    """One system as a form; ``fits`` is false when the form is not meant for its class."""

    form: str
    title: str
    law_version: str | None
    system_id: str
    name: str
    fits: bool
    missing: list[str] = field(default_factory=list)
    columns: list[ColumnView] = field(default_factory=list)


def fill(form: str, record: RecordView) -> FormView:
    """Return a record as a form; raises ``DecisionError`` for an unknown one."""
    table = _form(form)
    values = {one.field: one.value for one in record.fields if one.source in ("human", "import", "system")}
    columns = [_column(raw, values) for raw in table["columns"]]
    return FormView(
        form=form,
        title=table["title"],
        law_version=table.get("law_version"),
        system_id=record.system_id,
        name=record.name,
        fits=_holds(values, table["fits"]),
        missing=[one.column for one in columns if one.missing],
        columns=columns,
    )


def columns(form: str) -> list[str]:
    """Return the names of a form's columns in order."""
    return [raw["name"] for raw in _form(form)["columns"]]


def needs_assets(form: str) -> bool:
    """Say whether a form shows the assets of a system."""
    return "components" in str(_form(form)["columns"])


@cache
def _form(form: str) -> Mapping[str, Any]:
    if form not in FORMS:
        near = record_fields.nearest(form, FORMS)
        hint = f"Did you mean {near!r}?" if near else f"Known: {', '.join(FORMS)}."
        raise DecisionError(f"there is no form {form!r}", hint=hint)
    found: Mapping[str, Any] = yaml_texts.shipped(f"record_forms/{form.replace('-', '_')}.yaml")
    return found


def _column(raw: Mapping[str, Any], values: Mapping[str, Json]) -> ColumnView:
    is_asked = _holds(values, raw.get("when", {}))
    text = _value(raw, values) if is_asked else None
    if is_asked and raw.get("waiver") and _is_waived(raw["name"], values):
        text = WAIVED
    missing = is_asked and text is None and not raw.get("optional", False)
    return ColumnView(column=raw["name"], label=raw["label"], value=text, missing=missing)


def _value(raw: Mapping[str, Any], values: Mapping[str, Json]) -> str | None:
    if "join" in raw:
        parts = [_source({"from": one}, values) for one in raw["join"]]
        if not any(parts) or (raw.get("need_all") and not all(parts)):
            return None
        return "; ".join(text for part in parts for text in part)
    texts = _source(raw, values)
    if texts and "present" in raw:
        return str(raw["present"])
    if "map" in raw:
        texts = list(dict.fromkeys(raw["map"][text] for text in texts if text in raw["map"]))
    if raw.get("first"):
        texts = texts[:1]
    return "; ".join(texts) or None


def _source(raw: Mapping[str, Any], values: Mapping[str, Json]) -> list[str]:
    """Return the texts of the first source that has any."""
    wanted = raw["from"]
    for one in wanted if isinstance(wanted, list) else [wanted]:
        rule = one if isinstance(one, dict) else {**raw, "from": one}
        texts = [*_texts(values.get(rule["from"]), rule)]
        if texts:
            return texts
    return []


def _texts(value: Json, rule: Mapping[str, Any]) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict):
            if not all(_has(one, name, wanted) for name, wanted in rule.get("where", {}).items()):
                continue
            one = one.get(rule["give"]) if "give" in rule else next(iter(one.values()), None)
            yield from _texts(one, {})
        elif isinstance(one, bool):
            yield "true" if one else "false"
        elif one not in (None, "", []):
            yield str(one)


def _has(row: Mapping[str, Json], name: str, wanted: Any) -> bool:
    value = row.get(name)
    if wanted == "any":
        return value is not None
    return value in wanted if isinstance(wanted, list) else value == wanted


def _holds(values: Mapping[str, Json], wanted: Mapping[str, Sequence[Json]]) -> bool:
    for name, words in wanted.items():
        value = values.get(name)
        if not any(one in words for one in (value if isinstance(value, list) else [value])):
            return False
    return True


def _is_waived(column: str, values: Mapping[str, Json]) -> bool:
    exceptions = values.get("exceptions")
    return any(
        isinstance(one, dict) and one.get("rule") == column and one.get("state") == "active"
        for one in (exceptions if isinstance(exceptions, list) else ())
    )

"""The public JSON shapes of a record: what ``record show --format json`` prints.

The rules of :mod:`discovery.service.views` hold here too: names are a contract, lists have a stable order.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from connectors.model import Json


@dataclass(slots=True, kw_only=True)
class ConflictView:
    """What evidence says otherwise than the person: ``news`` are the values they did not name."""

    value: Json
    news: list[str]
    why: str
    locator: str
    at: str


@dataclass(slots=True, kw_only=True)
class RecordFieldView:
    """One field of a record.

    ``source`` is human, import, connector (evidence proposes it, nobody answered), default, system (kept
    elsewhere), or empty where there is no value. ``answered`` is true when a person said or confirmed it.
    ``needed`` is M, P, H or C (see ``record fields``) when it must be answered in this record, else empty.
    """

    field: str
    label: str
    section: str
    question: int
    value: Json
    source: str
    answered: bool
    by: str | None
    at: str | None
    confidence: float | None
    why: str
    locator: str
    needed: str
    conflict: ConflictView | None = None


@dataclass(slots=True, kw_only=True)
class RecordView:
    """The record of a system; fields in the order of the table, ``missing`` those that must be answered.

    ``version`` counts what people changed (0: nothing yet) and is what ``--if-version`` takes. ``state`` is
    none, incomplete, complete, lapsed or withdrawn.
    """

    system_id: str
    name: str
    version: int
    state: str
    complete: bool
    next_review: str | None
    conflicts: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    fields: list[RecordFieldView] = field(default_factory=list)

    def of(self, name: str) -> RecordFieldView:
        """Return the field of a name; raises ``KeyError``."""
        for one in self.fields:
            if one.field == name:
                return one
        raise KeyError(name)


@dataclass(slots=True, kw_only=True)
class QuestionView:
    """One question of the classification: what ``record questions`` prints; ``refs`` are points of law."""

    question: str
    ask: str
    help: str
    words: list[str]
    meanings: dict[str, str]
    several: bool
    refs: list[str]


@dataclass(slots=True, kw_only=True)
class ImportedView:
    """What an import did with one row: ``action`` is create, update or nothing.

    ``fields`` changed, ``kept`` are those that a person answered otherwise; ``owner`` is whom it brings.
    ``notes`` say what of the row was left out.
    """

    where: str
    system_id: str | None
    name: str
    action: str
    fields: list[str]
    kept: list[str]
    owner: str | None
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class FieldView:
    """One row of the table of fields: what ``record fields`` prints."""

    field: str
    type: str
    words: list[str]
    need: list[str]
    question: int
    section: str
    label: str
    help: str
    sources: list[str]
    set_by: str

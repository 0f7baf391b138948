"""Give a system its class in the EU AI Act: at most twelve questions and a table that decides.

Pure and deterministic. The questions, the table and the version of the law are data
(``discovery/classification.yaml``). What is not answered counts as unknown, and unknown as unclassified; a
practice that will be prohibited from a later day gives the class of today and says what is to come.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from connectors.model import Json
from discovery.service import record_fields, record_values, yaml_texts
from discovery.service.errors import DecisionError

UNKNOWN = "unknown"
NONE = "none"
MOST_QUESTIONS = 12
Answers = Mapping[str, tuple[str, ...]]
"""Words by question; several only where a question takes several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One word that answers a question; ``since`` is the day from which it counts."""

    word: str
    means: str = ""
    since: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question; ``field`` is the field of the record that keeps the answer, ``refs`` points of law."""

    id: str
    ask: str
    help: str
    choices: tuple[Choice, ...]
    many: bool
    field: str
    refs: tuple[str, ...]
    ask_if: Mapping[str, Any]

    @property
    def words(self) -> tuple[str, ...]:
        """Return the words that answer it."""
        return tuple(one.word for one in self.choices)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the table says: class, proposed tier, why, what to know, and what a later day will bring.

    ``fields`` are the values for the record (``None`` clears).
    """

    eu_class: str
    tier: str
    because: str
    law_version: str
    notes: tuple[str, ...] = ()
    upcoming_class: str | None = None
    upcoming_from: date | None = None
    fields: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    version: str
    law_version: str
    questions: tuple[Question, ...]
    classes: tuple[Mapping[str, Any], ...]
    tiers: tuple[Mapping[str, Any], ...]


def questions() -> tuple[Question, ...]:
    """Return the questions in the order in which they are asked."""
    return _table().questions


def asked(question: Question, answers: Answers) -> bool:
    """Say whether a question is to be asked after what was answered so far."""
    return all(_holds(answers.get(name, ()), wanted) for name, wanted in question.ask_if.items())


def check(given: Mapping[str, str | Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Read answers by question; raises ``DecisionError`` that lists every mistake at once."""
    by_id = {one.id: one for one in questions()}
    found: dict[str, tuple[str, ...]] = {}
    mistakes = []
    for name, said in given.items():
        question = by_id.get(name)
        if question is None:
            mistakes.append(record_values.unknown(name, by_id, "question"))
            continue
        words = said.split(",") if isinstance(said, str) else list(said)
        read, wrong = _words(question, [str(word).strip() for word in words])
        found[name] = read
        mistakes += wrong
    if mistakes:
        raise DecisionError("the answers cannot be used: " + "; ".join(mistakes))
    return found


def classify(answers: Answers, today: date) -> Outcome:
    """Return what the answers come to on a day, with the values for the record."""
    table = _table()
    facts = dict(answers)
    practices = _practices(answers)
    facts["practices_due"] = tuple(one.word for one in practices if one.since is None or one.since <= today)
    facts["practices_to_come"] = tuple(one.word for one in practices if one.since and one.since > today)
    row = next(one for one in table.classes if _matches(one, facts))
    later = sorted(one.since for one in practices if one.since is not None and one.since > today)
    facts["class"] = (row["class"],)
    tier = next(one for one in table.tiers if _matches(one, facts))["tier"]
    is_upcoming = bool(later) and row["class"] not in ("prohibited", "out_of_scope")
    outcome = Outcome(
        eu_class=row["class"],
        tier=tier,
        because=row["because"],
        law_version=table.law_version,
        notes=tuple(_notes(answers, row["class"], later if is_upcoming else [])),
        upcoming_class="prohibited" if is_upcoming else None,
        upcoming_from=later[0] if is_upcoming else None,
    )
    return _with_fields(outcome, answers, today)


def _practices(answers: Answers) -> list[Choice]:
    (question,) = [one for one in questions() if one.id == "practices"]
    return [one for one in question.choices if one.word in answers.get("practices", ()) and one.word != NONE]


def _notes(answers: Answers, eu_class: str, later: Sequence[date]) -> list[str]:
    notes = [f"it will be prohibited from {day}" for day in later[:1]]
    if eu_class == "unclassified":
        if _holds(answers.get("annex_iii", ()), "any") or answers.get("annex_i") == ("yes",):
            notes.append("what was answered makes it high-risk at least")
        notes.append("unclassified counts as high until it is known")
    if answers.get("profiling") == ("yes",) and _holds(answers.get("derogation", ()), "any"):
        notes.append("a derogation cannot be claimed for a system that profiles people")
    if eu_class == "high_derogated":
        notes.append(
            "write down the grounds (risk.derogation_ref); providers register such a system all the same"
        )
    return notes


def _with_fields(outcome: Outcome, answers: Answers, today: date) -> Outcome:
    values: dict[str, Json] = {
        "risk.eu_class": outcome.eu_class,
        "risk.tier": outcome.tier,
        "risk.law_version": outcome.law_version,
        "risk.classified_at": today.isoformat(),
        "risk.classified_method": f"questionnaire {_table().version}",
        "risk.upcoming_class": outcome.upcoming_class,
        "risk.upcoming_from": outcome.upcoming_from.isoformat() if outcome.upcoming_from else None,
        "risk.questionnaire": [
            {"question": name, "answer": [*words]} for name, words in answers.items() if words
        ],
    }
    for question in questions():
        if question.field:
            values |= _field(question, answers.get(question.id, ()))
    if values.get("risk.art5_practices"):
        values["risk.art5_screened_at"] = today.isoformat()
    if values.get("ai_determination.result"):
        values |= {
            "ai_determination.at": today.isoformat(),
            "ai_determination.law_version": outcome.law_version,
        }
    return Outcome(
        **{name: getattr(outcome, name) for name in Outcome.__slots__ if name != "fields"}, fields=values
    )


def _field(question: Question, words: tuple[str, ...]) -> dict[str, Json]:
    """Return what an answer says in the record; one that is not known says nothing, and clears nothing."""
    if not words:
        return {}
    if UNKNOWN in words:
        return {question.field: "undetermined"} if question.id == "ai_system" else {}
    spec = record_fields.fields()[question.field]
    if NONE in words and NONE not in spec.words:
        return {question.field: None}
    if spec.type == "yes_no":
        return {question.field: words == ("yes",)}
    return {question.field: [*sorted(words)] if spec.is_list else words[0]}


def _words(question: Question, said: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    known = {word.casefold(): word for word in (*question.words, UNKNOWN)}
    found, mistakes = [], []
    for word in said:
        spelt = word.casefold().replace(" ", "_")
        spelt = spelt if spelt in known else f"5(1){spelt}" if f"5(1){spelt}" in known else spelt
        if spelt in known:
            found.append(known[spelt])
        else:
            near = record_fields.nearest(spelt, known)
            hint = f"; did you mean {known[near]!r}?" if near else ""
            mistakes.append(
                f"{question.id}: unknown word {word!r}{hint} (known: {', '.join(known.values())})"
            )
    words = tuple(dict.fromkeys(found))
    if len(words) > 1 and not question.many:
        mistakes.append(f"{question.id}: takes one word, not {', '.join(words)}")
    if len(words) > 1 and (NONE in words or UNKNOWN in words):
        mistakes.append(f"{question.id}: 'none' and 'unknown' cannot stand beside other words")
    return words, mistakes


def _matches(row: Mapping[str, Any], facts: Answers) -> bool:
    if not all(_holds(facts.get(name, ()), wanted) for name, wanted in row.get("when", {}).items()):
        return False
    asked_for = row.get("unknown")
    return asked_for is None or any(_is_unknown(facts.get(name, ())) for name in asked_for)


def _holds(words: tuple[str, ...], wanted: Any) -> bool:
    if wanted == "any":
        return any(word not in (NONE, UNKNOWN) for word in words)
    return any(word in wanted for word in words)


def _is_unknown(words: tuple[str, ...]) -> bool:
    return not words or UNKNOWN in words


@cache
def _table() -> _Table:
    raw = yaml_texts.shipped("classification.yaml")
    return _Table(
        version=raw["version"],
        law_version=raw["law_version"],
        questions=tuple(_question(one) for one in raw["questions"]),
        classes=tuple(raw["classes"]),
        tiers=tuple(raw["tiers"]),
    )


def _question(raw: Mapping[str, Any]) -> Question:
    return Question(
        id=raw["id"],
        ask=raw["ask"],
        help=raw.get("help", ""),
        choices=tuple(_choice(one) for one in raw["words"]),
        many=raw.get("many", False),
        field=raw.get("field", ""),
        refs=tuple(raw.get("refs", ())),
        ask_if=raw.get("ask_if", {}),
    )


def _choice(raw: Any) -> Choice:
    if isinstance(raw, str):
        return Choice(word=raw)
    return Choice(word=str(raw["word"]), means=raw.get("means", ""), since=raw.get("from"))

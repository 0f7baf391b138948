"""Prefill the four questions about a system from what its assets show: proposals, never a record.

What does it do, who is responsible, what data does it process, how do people supervise it. Every proposal
says why and where; none is confirmed, and none ever counts as an oversight record: only a person answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from connectors.model import Json

Question = Literal["purpose", "owner", "data", "oversight"]
QUESTIONS: tuple[Question, ...] = ("purpose", "owner", "data", "oversight")
MOST_EACH = 12
"""Proposals for one question; more would not be read."""
_COUNTING = ("application", "template")
_OVERSIGHT_KINDS = ("oversight_control", "guardrail", "evaluation")
_OVERSIGHT_PACKAGES = {
    "guardrails": "guardrails",
    "evaluation": "evaluation",
    "observability": "tracing",
}
_DATA_KINDS = ("data_store", "knowledge_base", "vector_store", "dataset", "agent_memory")
_MOST_NAMES = 4


class Shown(Protocol):
    """What of an asset a proposal is made of."""

    @property
    def kind(self) -> str:
        """Return the kind."""

    @property
    def name(self) -> str:
        """Return the name."""

    @property
    def role(self) -> str:
        """Return the role."""

    @property
    def model(self) -> str | None:
        """Return the model it uses or is."""

    @property
    def attributes(self) -> Mapping[str, Json]:
        """Return what else is known of it."""

    @property
    def locator(self) -> str:
        """Return the best place of its evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Someone who may answer for the system, with the strongest reason."""

    party: str
    confidence: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One proposed answer: what, why, and where it was seen; ``confirmed`` is never true here."""

    question: Question
    value: str
    why: str
    locator: str = ""
    confirmed: Literal[False] = False


def prefill(assets: Iterable[Shown], candidates: Sequence[Candidate] = ()) -> list[Proposal]:
    """Return proposals in the order of the questions, each value once, at most :data:`MOST_EACH` a question.

    Code of tests, examples and documentation speaks only where nothing else does.
    """
    everything = sorted(assets, key=lambda one: (one.kind, one.name, one.locator))
    counting = [one for one in everything if one.role in _COUNTING] or everything
    # An evaluation is a test by nature; where it lies says nothing against it.
    evaluations = [one for one in everything if one.kind == "evaluation" and one.role == "test"]
    found = [
        *_purposes(counting),
        *(_owner(one) for one in candidates[:3]),
        *_data(counting),
        *_oversight([*counting, *evaluations]),
    ]
    kept: dict[tuple[str, str], Proposal] = {}
    for one in found:
        kept.setdefault((one.question, one.value), one)
    return [
        one
        for question in QUESTIONS
        for one in [proposal for proposal in kept.values() if proposal.question == question][:MOST_EACH]
    ]


def _purposes(assets: Sequence[Shown]) -> Iterator[Proposal]:
    for one in assets:
        text = one.attributes.get("unit_description")
        if isinstance(text, str) and text:
            at = one.attributes.get("unit_description_at")
            why = "its manifest says so"
            yield Proposal(question="purpose", value=text, why=why, locator=str(at or one.locator))
    for one in assets:
        text = one.attributes.get("description")
        if one.kind in ("agent", "application", "ai_project", "workflow") and isinstance(text, str) and text:
            why = f"the description of the {_words(one.kind)} {one.name}"
            yield Proposal(question="purpose", value=text[:300], why=why, locator=one.locator)
    agents = sorted({one.name for one in assets if one.kind == "agent"})
    models = sorted({one.model or one.name for one in assets if one.kind == "model"})
    if agents or models:
        told = [text for text in (_list("agent", agents), _list("model", models)) if text]
        why = "what its assets show; it does not say what for"
        yield Proposal(question="purpose", value=f"runs {' and '.join(told)}", why=why)


def _owner(one: Candidate) -> Proposal:
    why = f"{one.reason} ({one.confidence:.0%})" if one.reason else f"evidence of {one.confidence:.0%}"
    return Proposal(question="owner", value=one.party, why=why)


def _data(assets: Sequence[Shown]) -> Iterator[Proposal]:
    for one in assets:
        if one.kind not in _DATA_KINDS:
            continue
        store = one.attributes.get("store")
        what = store if isinstance(store, str) and store else _words(one.kind)
        why = "the code of the same unit names it" if one.kind == "data_store" else "one of its assets"
        yield Proposal(question="data", value=f"{what} {one.name}", why=why, locator=one.locator)
        fields = _texts(one.attributes.get("personal_data_hint"))
        for category in _texts(one.attributes.get("data_categories_hint")):
            why = f"{what} {one.name} has fields named {', '.join(fields[:_MOST_NAMES])}"
            yield Proposal(question="data", value=f"{category} data", why=why, locator=one.locator)


def _oversight(assets: Sequence[Shown]) -> Iterator[Proposal]:
    yield from _gates(assets)
    for one in assets:
        category = one.attributes.get("category")
        if one.kind == "package" and isinstance(category, str) and category in _OVERSIGHT_PACKAGES:
            what = _OVERSIGHT_PACKAGES[category]
            why = "the unit depends on it; what for, the code does not say"
            yield Proposal(
                question="oversight", value=f"{what} by the package {one.name}", why=why, locator=one.locator
            )


def _gates(assets: Sequence[Shown]) -> Iterator[Proposal]:
    for one in assets:
        if one.kind not in _OVERSIGHT_KINDS:
            continue
        mechanism = one.attributes.get("mechanism")
        what = mechanism if isinstance(mechanism, str) and mechanism else _words(one.kind)
        if one.attributes.get("autonomy") is True:
            why = "a setting that takes people out of the loop"
        else:
            why = f"the {_words(one.kind)} is one of its assets"
        yield Proposal(question="oversight", value=f"{what} ({one.name})", why=why, locator=one.locator)


def _list(what: str, names: Sequence[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"the {what}{'s' if len(names) > 1 else ''} {', '.join(names[:_MOST_NAMES])}{more}"


def _words(kind: str) -> str:
    return kind.replace("_", " ")


def _texts(value: Json) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []

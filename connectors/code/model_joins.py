"""Let a model id in plain code stand only where something beside it says that AI is used.

A word that is also a model's name proves nothing: an example may play a model server, a test may make a
configuration up. What proves use without any other word (a call of an SDK, a setting of a framework, a file
that speaks a model's API) stands by itself. For the rest, decision 0011: an id that is the value of something
(``model = "…"``) stands in application code, for there a repository may reach models through a gateway that
no list knows; any other place, and an id that stands bare, needs AI in its unit, in the same example, or in
the application code of its repository; in a test it stands where a call is given it. What is left out is
listed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from connectors.code.formats.model_context import GIVEN, NAMED, SPOKEN
from connectors.code.formats.models import LEFT_OUT
from connectors.code.made_up_joins import is_answer, is_fixture
from connectors.model import Grade, Role

if TYPE_CHECKING:
    from connectors.code.reading import Seen, TreeFacts

_NO_PROOF = frozenset(
    {"agent_config", "ci_step", "data_store", "oversight_control", "evaluation", "mcp_server"}
)
"""Kinds that say nothing of what the code beside them does: instructions for assistants, steps, checks."""
_OWN = frozenset({Role.APPLICATION, Role.TEMPLATE})
_LISTED = 50


def join(facts: TreeFacts) -> None:
    """Decide which model ids of plain code stand, and list those that do not."""
    models = [seen for several in facts.by_part.values() for seen in several if seen.fact.kind == "model"]
    _tell_kept(facts, models)
    waiting = [seen for seen in models if NAMED in seen.fact.attributes]
    if not waiting:
        return
    beside = _Beside(facts)
    for seen in waiting:
        named = seen.fact.attributes[NAMED]
        is_own = named == GIVEN and facts.roles.of(seen.path) in _OWN
        if is_own or (named == SPOKEN and not beside.is_test(seen)):
            beside.add(seen)
    for several in facts.by_part.values():
        several[:] = [_decided(seen, beside) for seen in several]
    told = (seen.fact for several in facts.by_part.values() for seen in several if seen.fact.kind == "model")
    stand = {fact.identifier for fact in told if fact.standing}
    made_up = [one for one in waiting if beside.of(one) and beside.is_test(one)]
    facts.places += [
        *_told([seen for seen in waiting if not beside.of(seen)], "nothing beside it says that AI is used"),
        *_told(
            [seen for seen in made_up if seen.fact.identifier not in stand],
            "only tests name it, and give it to no call",
        ),
    ]


def _tell_kept(facts: TreeFacts, models: list[Seen]) -> None:
    """List that not each line that names a model is evidence, where a file has very many."""
    counts = [count for seen in models if isinstance(count := seen.fact.attributes.get(LEFT_OUT), int)]
    if counts:
        what = (
            "further lines name models that earlier lines of their files name; they are counted, not listed"
        )
        facts.places.append((".", f"{sum(counts)} {what}"))


class _Beside:
    """Where a tree holds AI: its units and examples, and whether application code is among them."""

    def __init__(self, facts: TreeFacts) -> None:
        self._facts = facts
        self._units: set[str] = set()
        self._projects: set[str] = set()
        self._in_application = False
        for seen in _proving(facts):
            self.add(seen)

    def add(self, seen: Seen) -> None:
        """Take a fact that proves AI into account."""
        self._units.add(self._facts.units.of(seen.path))
        self._projects.add(self._facts.roles.project_of(seen.path))
        self._in_application = self._in_application or self._facts.roles.of(seen.path) in _OWN

    def is_test(self, seen: Seen) -> bool:
        """Say whether a test makes a fact up, in code or data; what is configured for one is used there."""
        is_data = seen.path.endswith(".json") and is_fixture(seen.path)
        is_data = is_data or (seen.path.endswith((".yaml", ".yml")) and is_answer(seen.path))
        return (is_data or seen.fact.grade is Grade.CALLED) and self._facts.roles.makes_up(seen.path)

    def of(self, seen: Seen) -> bool:
        """Say whether there is AI beside a fact, or in its own file."""
        if seen.fact.attributes[NAMED] == SPOKEN:
            return True
        if self._in_application or self._facts.units.of(seen.path) in self._units:
            return True
        project = self._facts.roles.project_of(seen.path)
        return bool(project) and project in self._projects


def _proving(facts: TreeFacts) -> Iterator[Seen]:
    for several in facts.by_part.values():
        for seen in several:
            fact = seen.fact
            if not fact.standing or fact.kind in _NO_PROOF or fact.attributes.get("direct") is False:
                continue
            if not facts.local_modules.hides(fact.attributes.get("module"), seen.path):
                yield seen


def _decided(seen: Seen, beside: _Beside) -> Seen:
    if seen.fact.kind != "model" or NAMED not in seen.fact.attributes:
        return seen
    attributes = {key: value for key, value in seen.fact.attributes.items() if key != NAMED}
    # A test makes up what it gives to no call; what it names beside those who use it is one place more.
    stands = not beside.is_test(seen) and beside.of(seen)
    return replace(seen, fact=replace(seen.fact, standing=stands, attributes=attributes))


def _told(left_out: list[Seen], why: str) -> list[tuple[str, str]]:
    """Return, for the coverage, what is left out: the first place of each model and file."""
    places: dict[tuple[str, str], int] = {}
    for seen in left_out:
        places.setdefault((seen.path, seen.fact.name), seen.fact.line)
    told = [
        (f"{path}:{line}", f"the model id {name!r} is left out: {why}")
        for (path, name), line in places.items()
    ]
    if len(told) > _LISTED:
        more = len(told) - _LISTED
        told = [*told[:_LISTED], (".", f"{more} more model ids are left out in the same way")]
    return told

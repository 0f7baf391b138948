"""Say what the assets of a system show about fields of its record: evidence, never an answer.

One fact is one value of one field with why and where. Only facts that a program can compare are here; what
is said in sentences is in :mod:`normalizer.answers`. Code of tests, examples and documentation speaks only
where nothing else does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from connectors.model import Json

_COUNTING = ("application", "template")
_PERSONAL = ("personal", "special_category", "children", "biometric", "health")
_SERVED_KINDS = (
    *("ai_account", "ai_service", "api_key", "model", "model_endpoint", "provider_endpoint", "saas_app"),
)
"""Kinds whose provider takes part in the system, rather than only having written a library."""
_STAGE_TAGS = ("env", "environment", "stage")
_PRODUCTION = ("prod", "production", "prd")


class Shown(Protocol):
    """What of an asset a fact is made of."""

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
    def provider(self) -> str:
        """Return who offers it."""

    @property
    def region(self) -> str | None:
        """Return where it runs."""

    @property
    def attributes(self) -> Mapping[str, Json]:
        """Return what else is known of it."""

    @property
    def tags(self) -> Mapping[str, str]:
        """Return its tags."""

    @property
    def locator(self) -> str:
        """Return the best place of its evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One value of one field of the record (dotted name), as evidence shows it; ``confidence`` is 0 to 1."""

    field: str
    value: Json
    why: str
    locator: str = ""
    confidence: float = 0.5


def facts(assets: Iterable[Shown]) -> list[Fact]:
    """Return what assets show, by field, each value once, in an order that does not depend on theirs."""
    everything = sorted(assets, key=lambda one: (one.kind, one.name, one.locator))
    counting = [one for one in everything if one.role in _COUNTING] or everything
    kept: dict[tuple[str, str], Fact] = {}
    for source in (_data, _oversight, _technique, _places, _suppliers, _stage):
        for fact in source(counting):
            kept.setdefault((fact.field, str(fact.value)), fact)
    return [kept[key] for key in sorted(kept)]


def _data(assets: Sequence[Shown]) -> Iterator[Fact]:
    for one in assets:
        hints, fields = one.attributes.get("data_categories_hint"), one.attributes.get("personal_data_hint")
        named = ", ".join(map(str, fields[:4])) if isinstance(fields, list) else ""
        why = f"{one.name} has fields named {named}" if named else f"{one.name} hints at it"
        for category in hints if isinstance(hints, list) else ():
            yield Fact(field="data.categories", value=[category], why=why, locator=one.locator)
            if category in _PERSONAL:
                yield Fact(field="data.personal", value="yes", why=why, locator=one.locator)


def _oversight(assets: Sequence[Shown]) -> Iterator[Fact]:
    for one in assets:
        if one.kind == "oversight_control" and one.attributes.get("autonomy") is True:
            why = f"{one.name}: a setting that takes people out of the loop"
            yield Fact(field="oversight.mode", value="none", why=why, locator=one.locator, confidence=0.6)


def _technique(assets: Sequence[Shown]) -> Iterator[Fact]:
    for one in assets:
        if one.kind == "agent":
            why = f"the agent {one.name} is one of its assets"
            yield Fact(field="technique", value=["agentic"], why=why, locator=one.locator, confidence=0.8)


def _places(assets: Sequence[Shown]) -> Iterator[Fact]:
    for one in assets:
        if one.region:
            why = f"the {one.kind.replace('_', ' ')} {one.name} is there"
            yield Fact(field="data.regions", value=[one.region], why=why, locator=one.locator, confidence=0.9)


def _suppliers(assets: Sequence[Shown]) -> Iterator[Fact]:
    for one in assets:
        if one.kind in _SERVED_KINDS and one.provider:
            why = f"the {one.kind.replace('_', ' ')} {one.name} is theirs"
            value: list[Json] = [{"name": one.provider}]
            yield Fact(field="third_parties", value=value, why=why, locator=one.locator, confidence=0.7)


def _stage(assets: Sequence[Shown]) -> Iterator[Fact]:
    for one in assets:
        for name, value in sorted(one.tags.items()):
            if name.lower() in _STAGE_TAGS and value.lower() in _PRODUCTION:
                why = f"{one.name} has the tag {name}={value}"
                yield Fact(field="lifecycle.stage", value="production", why=why, locator=one.locator)

"""Fold the open sightings of one asset into what the asset is.

Pure and free of order: the same set of sightings gives the same asset, whoever came first and however
often one is repeated. Sightings from refs that do not drive count only while no driving one is open, and
readers of single items (details) say what an asset is like but not whether it is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import chain
from typing import Any, TypeVar

import orjson

from connectors import clock
from connectors.model import Evidence, Grade, Json, Link, NaturalKey, OwnerHint, Role, Usage

T = TypeVar("T")


class AssetState(StrEnum):
    """Say whether an asset is there, strongest first."""

    PRESENT = "present"
    SUSPECT = "suspect"
    MISSING = "missing"
    GONE = "gone"

    @property
    def rank(self) -> int:
        """Order states: 0 wins in a fold."""
        return _STATE_RANK[self]


_STATE_RANK = {state: rank for rank, state in enumerate(AssetState)}


@dataclass(slots=True, kw_only=True)
class Content:
    """The wide part of a sighting: all that is not a column of its own."""

    attributes: Mapping[str, Json] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    owner_hints: tuple[OwnerHint, ...] = ()
    links: tuple[Link, ...] = ()
    aliases: tuple[NaturalKey, ...] = ()
    usage: Usage | None = None


@dataclass(slots=True, kw_only=True)
class Sighted:
    """What one part shows of one asset, as the fold takes it.

    ``details`` says that the part reads single items. ``opened_at`` is a text time (UTC) of the store.
    """

    namespace: str
    key: str
    kind: str
    provider: str
    name: str
    grade: Grade
    role: Role
    ref: str
    drives: bool
    details: bool
    account: str | None
    region: str | None
    application: str | None
    model: str | None
    state: AssetState
    opened_at: str
    content: Content


@dataclass(slots=True, kw_only=True)
class AssetFold:
    """What an asset is, as far as its open sightings tell. ``first_seen_at`` is a text time (UTC)."""

    kind: str
    provider: str
    name: str
    natural_namespace: str
    natural_id: str
    state: AssetState
    grade: Grade
    role: Role
    ref: str
    drives: bool
    account: str | None
    region: str | None
    application: str | None
    model: str | None
    first_seen_at: str
    attributes: Mapping[str, Json]
    tags: Mapping[str, str]
    owner_hints: tuple[OwnerHint, ...]
    evidence: tuple[Evidence, ...]
    usage: Usage | None


def fold(sightings: Sequence[Sighted]) -> AssetFold:
    """Return the asset that its open ``sightings`` (at least one, in any order) add up to.

    Grade is the strongest and role the one that matters most; kind, provider and name come from the best
    sighting; account, region, application and model from the best that has one; tags and attributes are
    joined, the better sighting winning; owner hints and evidence are all kept. The natural key is that of
    the sighting that has been open longest, so that it stays while others come and go. Raises ``ValueError``
    for none.
    """
    if len(sightings) == 1:
        return _fold_one(sightings[0])
    if not sightings:
        raise ValueError("an asset without open sightings has no fold: it is gone")
    drives = any(one.drives for one in sightings)
    ranked = sorted((one for one in sightings if one.drives == drives), key=_preference)
    best, eldest = ranked[0], min(ranked, key=lambda one: (one.opened_at, one.namespace, one.key))
    listed = [one for one in ranked if not one.details] or ranked
    contents = [one.content for one in ranked]
    return AssetFold(
        kind=best.kind,
        provider=best.provider,
        name=best.name,
        natural_namespace=eldest.namespace,
        natural_id=eldest.key,
        state=min((one.state for one in listed), key=lambda state: state.rank),
        grade=max((one.grade for one in ranked), key=lambda grade: grade.rank),
        role=min((one.role for one in ranked), key=lambda role: role.rank),
        ref=best.ref,
        drives=drives,
        account=_first(one.account for one in ranked),
        region=_first(one.region for one in ranked),
        application=_first(one.application for one in ranked),
        model=_first(one.model for one in ranked),
        first_seen_at=min(one.opened_at for one in sightings),
        attributes=_joined(one.attributes for one in contents),
        tags=_joined(one.tags for one in contents),
        owner_hints=_hints(contents),
        evidence=_evidence([one.content for one in sightings]),
        usage=_usage(contents),
    )


def _fold_one(one: Sighted) -> AssetFold:
    content = one.content
    return AssetFold(
        kind=one.kind,
        provider=one.provider,
        name=one.name,
        natural_namespace=one.namespace,
        natural_id=one.key,
        state=one.state,
        grade=one.grade,
        role=one.role,
        ref=one.ref,
        drives=one.drives,
        account=one.account,
        region=one.region,
        application=one.application,
        model=one.model,
        first_seen_at=one.opened_at,
        attributes=content.attributes,
        tags=content.tags,
        owner_hints=_hints([content]) if len(content.owner_hints) > 1 else content.owner_hints,
        evidence=_evidence([content]) if len(content.evidence) > 1 else content.evidence,
        usage=content.usage,
    )


def merge_contents(contents: Sequence[Content]) -> Content:
    """Return one content that holds all that ``contents`` hold; earlier ones win where they differ."""
    return Content(
        attributes=_joined(one.attributes for one in contents),
        tags=_joined(one.tags for one in contents),
        evidence=_evidence(contents),
        owner_hints=_hints(contents),
        links=_union((one.links for one in contents), lambda link: (link.relation, *_key(link.target))),
        aliases=_union((one.aliases for one in contents), _key),
        usage=_usage(contents),
    )


def _key(natural: NaturalKey) -> tuple[str, str]:
    return natural.namespace, natural.key


def _preference(one: Sighted) -> tuple[Any, ...]:
    """Order sightings, best first, by content alone: ties are equal in all that a fold takes from them."""
    return (
        one.state.rank,
        one.details,
        -one.grade.rank,
        one.role.rank,
        one.namespace,
        one.key,
        one.kind,
        one.provider,
        one.name,
        one.ref,
        one.account or "",
        one.region or "",
        one.application or "",
        one.model or "",
        orjson.dumps([dict(one.content.attributes), dict(one.content.tags)], option=orjson.OPT_SORT_KEYS),
    )


def _first(values: Iterable[str | None]) -> str | None:
    return next((value for value in values if value), None)


def _joined(maps: Iterable[Mapping[str, T]]) -> Mapping[str, T]:
    joined: dict[str, T] = {}
    for one in maps:
        joined = {**one, **joined}
    return joined


def _union(groups: Iterable[Iterable[T]], key: Any) -> tuple[T, ...]:
    return tuple(sorted({key(item): item for item in chain.from_iterable(groups)}.values(), key=key))


def _evidence(contents: Sequence[Content]) -> tuple[Evidence, ...]:
    return _union(
        (one.evidence for one in contents),
        lambda seen: (seen.source, seen.locator, seen.observed_at, seen.detail),
    )


def _hints(contents: Sequence[Content]) -> tuple[OwnerHint, ...]:
    return _union(
        (one.owner_hints for one in contents),
        lambda hint: (-hint.confidence, hint.candidate, hint.source, hint.why),
    )


def _usage(contents: Sequence[Content]) -> Usage | None:
    return max((one.usage for one in contents if one.usage), key=_usage_order, default=None)


def _usage_order(usage: Usage) -> tuple[str, int, int]:
    return _moment(usage.last_used_at), usage.requests or 0, usage.window_days or 0


def _moment(moment: datetime | None) -> str:
    return clock.to_text(moment) if moment else ""

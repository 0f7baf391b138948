"""Say what the attributes of assets mean for rules, by the table ``discovery/derived_facts.toml``.

Nothing is guessed: what no row of the table knows is ``None``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from discovery.service import rule_sets
from store import alerts
from store.rule_facts import Asked, Member

if TYPE_CHECKING:
    from collections.abc import Collection

    from discovery.service.rule_sets import RuleSet
    from store.alerts import SystemFacts
    from store.database import ReadTx, WriteTx


@dataclass(frozen=True, slots=True)
class _Row:
    """One row: for which kinds (none: any), which attribute with which values, and what that says."""

    kinds: frozenset[str]
    attribute: str
    values: tuple[Any, ...]
    says: Mapping[str, Any]

    def fits(self, kind: str, value: Any) -> bool:
        return (not self.kinds or kind in self.kinds) and (self.values == ("*",) or value in self.values)


@dataclass(frozen=True, slots=True)
class Table:
    """The whole table."""

    exposure: tuple[_Row, ...]
    capability: tuple[_Row, ...]
    capability_id: tuple[_Row, ...]
    gpai_providers: frozenset[str]
    gpai_models: tuple[str, ...]
    model_kinds: frozenset[str]
    material_kinds: frozenset[str]
    widening_kinds: frozenset[str]
    training_kinds: frozenset[str]
    placed_kinds: frozenset[str]


@dataclass(frozen=True, slots=True)
class Exposure:
    """Who can reach an asset: ``auth`` is none or required, ``leaked`` is said of credentials."""

    public: bool | None = None
    auth: str | None = None
    leaked: bool | None = None


_SEEN = "provenance.last_seen_at"
_ENTERED = "provenance.discovered_before_registration"
DATA_HINT = "data_categories_hint"
GIVING = ("tool", "mcp_server")
"""Kinds of assets that let an agent do something."""


def of_systems(
    tx: ReadTx | WriteTx,
    system_ids: Collection[str] | None,
    rules: RuleSet,
    rev: int | None = None,
    *,
    alerting: bool = False,
) -> list[SystemFacts]:
    """Return what rules may know of systems (``None``: all), by id; what none of them looks at is not read.

    ``rev`` is the revision to read at (``None``: now); ``alerting``: only rules that open alerts are asked.
    """
    seen, entered = (rule_sets.asks(rules, name, alerting=alerting) for name in (_SEEN, _ENTERED))
    return alerts.facts(tx.conn, system_ids, rev, asked=asked(), seen=seen, entered=entered)


@cache
def table() -> Table:
    """Return the table that comes with the product."""
    raw = tomllib.loads(resources.files("discovery").joinpath("derived_facts.toml").read_text("utf-8"))
    return Table(
        exposure=tuple(_rows(raw["exposure"])),
        capability=tuple(_rows(raw["capability"])),
        capability_id=tuple(_rows(raw["capability_id"])),
        gpai_models=tuple(raw["gpai_models"]),
        **{name: frozenset(raw[name]) for name in raw if name == "gpai_providers" or name.endswith("_kinds")},
    )


@cache
def asked() -> Asked:
    """Return which attributes of which kinds are worth reading."""
    from connectors.kinds import KINDS

    rows = [*table().exposure, *table().capability]
    kinds = set().union(*(row.kinds or KINDS for row in rows)) | {"data_store"}
    names = dict.fromkeys([*(row.attribute for row in rows), DATA_HINT])
    return Asked(kinds=tuple(sorted(kinds)), attributes=tuple(names))


@cache
def exposing() -> frozenset[str]:
    """Return the attributes that tell who can reach an asset."""
    return frozenset(row.attribute for row in table().exposure)


def exposure(kind: str, attributes: Mapping[str, Any]) -> Exposure:
    """Return who can reach an asset, as far as its attributes tell."""
    found: dict[str, Any] = {}
    decided: set[str] = set()
    for row in table().exposure:
        value = attributes.get(row.attribute)
        if value is None or row.attribute in decided or not row.fits(kind, value):
            continue
        decided.add(row.attribute)
        for name, said in row.says.items():
            found.setdefault(name, said)
    return Exposure(**found)


def capabilities(members: Iterable[Member], told: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Return what the tools among members let an agent do, as far as they are known."""
    found: set[str] = set()
    for one in members:
        if one.kind not in GIVING:
            continue
        said = told.get(one.asset_id, {})
        for row in table().capability if said else ():
            value = said.get(row.attribute)
            if value is not None and row.fits(one.kind, value):
                found.update(row.says["gives"])
        for row in table().capability_id:
            if one.kind in row.kinds and row.attribute in one.natural_id.lower():
                found.update(row.says["gives"])
    return found


def is_general_purpose(one: Member) -> bool:
    """Say whether a member names or serves a general-purpose model."""
    known = table()
    model = (one.model or one.name).lower() if one.kind in known.model_kinds else (one.model or "").lower()
    if one.kind in known.model_kinds and one.provider in known.gpai_providers:
        return True
    return bool(model) and _names_general(model)


@lru_cache(maxsize=4_096)
def _names_general(model: str) -> bool:
    return any(part in model for part in table().gpai_models)


def _rows(raw: Iterable[Mapping[str, Any]]) -> Iterable[_Row]:
    for one in raw:
        says = {name: value for name, value in one.items() if name not in _CONDITION}
        attribute = one.get("attribute") or one["part"]
        yield _Row(frozenset(one.get("kinds", ())), attribute, tuple(one.get("values", ())), says)


_CONDITION = frozenset({"kinds", "attribute", "values", "part"})

"""Gather what people called wrong, by rule and by what the catalogue took it for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from discovery.service import inventory
from discovery.service.inventory import AlertFilter, AssetFilter
from discovery.service.permissions import SINGLE_USER
from normalizer import grouping

if TYPE_CHECKING:
    from discovery.service.views import AlertView, AssetView
    from store import Store

FALSE_POSITIVE = "false_positive"
_MOST_ASSETS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackView:
    """One thing that was wrongly taken for something: a rule, what it was seen as, and why it is wrong.

    ``own_row`` is the name under which a ``not_ai`` row of the user's catalogue leaves it out; empty where
    none can: it is not from code, or is only of one place there. ``is_sure``: each alert was about it alone.
    """

    rule: str
    kind: str
    provider: str
    thing: str
    sources: Sequence[str]
    alerts: int
    reasons: Sequence[str]
    own_row: str = ""
    is_sure: bool = False


@dataclass(slots=True)
class _Group:
    alerts: set[str] = field(default_factory=set)
    reasons: dict[str, None] = field(default_factory=dict)
    sources: dict[str, None] = field(default_factory=dict)
    own_rows: set[str] = field(default_factory=set)
    is_sure: bool = True


def feedback(store: Store) -> list[FeedbackView]:
    """Return what false positives are about, what is wrong most often coming first."""
    groups: dict[tuple[str, str, str, str], _Group] = defaultdict(_Group)
    for alert in inventory.list_alerts(store, AlertFilter(states=(FALSE_POSITIVE,))):
        events = inventory.get_alert(store, alert.alert_id).events
        reason = next((one.reason for one in reversed(events) if one.event == FALSE_POSITIVE), "")
        things = list(_things(store, alert))
        for key, source, own_row in things:
            group = groups[key]
            group.own_rows.add(own_row)
            group.is_sure = group.is_sure and len({(one[0], one[2]) for one in things}) == 1
            group.alerts.add(alert.alert_id)
            group.reasons[(reason or "").removesuffix(SINGLE_USER).rstrip()] = None
            group.sources[source] = None
    found = [
        FeedbackView(
            rule=rule,
            kind=kind,
            provider=provider,
            thing=thing,
            sources=[one for one in group.sources if one],
            alerts=len(group.alerts),
            reasons=[one for one in group.reasons if one],
            own_row=group.own_rows.pop() if len(group.own_rows) == 1 else "",
            is_sure=group.is_sure,
        )
        for (rule, kind, provider, thing), group in groups.items()
    ]
    return sorted(found, key=lambda one: (-one.alerts, one.rule, one.kind, one.thing))


def as_issue(rows: Sequence[FeedbackView]) -> str:
    """Return feedback as the text of an issue for the catalogue; it names no place or system."""
    lines = ["# Wrongly taken for AI", ""]
    for one in rows:
        lines += [f"## {one.thing} ({one.kind}, {one.provider or 'no provider'})", ""]
        lines += [f"- rule: {one.rule}; called wrong {one.alerts} times"]
        lines += [f"- seen by: {', '.join(one.sources)}"] if one.sources else []
        lines += [f"- why it is wrong: {reason}" for reason in one.reasons]
        lines.append("")
    return "\n".join(lines)


_Thing = tuple[tuple[str, str, str, str], str, str]


def _things(store: Store, alert: AlertView) -> Iterator[_Thing]:
    """Yield what an alert is about, without the version, with the source that showed it and its own row."""
    assets = _assets(store, alert)
    if not assets:
        yield (alert.rule, "system", "", alert.title.rpartition(": ")[2]), "", ""
    for one in assets:
        thing = one.natural_id.partition("@")[0] if one.natural_id.startswith("pkg:") else one.name
        yield (
            (alert.rule, one.kind, one.provider or "", thing),
            one.evidence[0].source if one.evidence else "",
            _own_row(one),
        )


def _own_row(asset: AssetView) -> str:
    """Return what code calls a thing wherever it stands, without a version; empty: it is of one place."""
    if not grouping.is_code(asset.namespace):
        return ""
    identifier = asset.natural_id.split("|", 2)[-1]
    paths = {one.locator.rpartition(":")[0] or one.locator for one in asset.evidence}
    if "resource_type" in asset.attributes or identifier in paths or identifier.rpartition("/")[0] in paths:
        return ""
    return identifier.partition("@")[0] if identifier.startswith("pkg:") else identifier


def _assets(store: Store, alert: AlertView) -> Sequence[AssetView]:
    if alert.asset_id is not None:
        return [inventory.get_asset(store, alert.asset_id)]
    if alert.system_id is None:
        return []
    found = list(inventory.list_assets(store, AssetFilter(system=alert.system_id)))
    return found[:_MOST_ASSETS]

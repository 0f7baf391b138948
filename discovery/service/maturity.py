"""Measure maturity over four dimensions, as intervals: a spectrum, never a pass.

A signal without data counts as nothing in the score, as 0 in the lower end of the interval and as 100 in the
upper; evidence coverage is the weight that has data. The overall score is the geometric mean of the four, so
that one weak dimension cannot hide. Systems weigh by tier; one without a tier weighs like a high one, or
leaving fields blank would pay. Which signals there are is data: ``discovery/maturity.yaml``. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from discovery.service import yaml_texts

STEPS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One live system: its weight, and per signal whether the test holds (absent: it is not asked of it)."""

    system_id: str
    name: str
    tier: str
    holds: Mapping[str, bool]


@dataclass(slots=True, kw_only=True)
class SignalView:
    """One signal: ``score`` is 0 to 100, ``None`` without data; ``weight`` is its part of the dimension."""

    signal: str
    weight: int
    score: float | None


@dataclass(slots=True, kw_only=True)
class DimensionView:
    """One dimension: score, interval, band; ``coverage`` is the share of weight with data, in percent.

    ``change_30`` and ``change_90``: by how much the score differs from so many days ago; ``None``: unknown.
    """

    dimension: str
    title: str
    score: float | None
    low: float
    high: float
    coverage: float
    band: str | None
    signals: list[SignalView] = field(default_factory=list)
    change_30: float | None = None
    change_90: float | None = None


@dataclass(slots=True, kw_only=True)
class StepView:
    """One next step: what to do, and how much the overall score would gain."""

    signal: str
    system_id: str | None
    step: str
    gain: float


@dataclass(slots=True, kw_only=True)
class MaturityView:
    """Maturity at a moment; no score below five live systems (``note`` says so).

    ``change_30`` and ``change_90``: by how much the score differs from so many days ago; ``None``: unknown.
    """

    as_of: str
    live_systems: int
    score: float | None
    low: float
    high: float
    band: str | None
    note: str
    dimensions: list[DimensionView] = field(default_factory=list)
    steps: list[StepView] = field(default_factory=list)
    single_user: list[str] = field(default_factory=list)
    change_30: float | None = None
    change_90: float | None = None


@cache
def table() -> Mapping[str, Any]:
    """Return the dimensions, signals, weights and bands."""
    found: Mapping[str, Any] = yaml_texts.shipped("maturity.yaml")
    return found


def weight_of(tier: str | None) -> int:
    """Return how much a system of a tier weighs."""
    tiers: Mapping[str, int] = table()["tiers"]
    return tiers.get(tier or "unknown", tiers["unknown"])


def measure(as_of: str, systems: Sequence[Measured], values: Mapping[str, float | None]) -> MaturityView:
    """Measure maturity from what holds for live systems and from the signals that history gives."""
    scores = _scores(systems, values)
    dimensions = [_dimension(one, scores) for one in table()["dimensions"]]
    enough = len(systems) >= table()["least_systems"]
    score = _overall([one.score for one in dimensions]) if enough else None
    note = "" if enough else f"no score below {table()['least_systems']} live systems"
    return MaturityView(
        as_of=as_of,
        live_systems=len(systems),
        score=score,
        low=_overall([one.low for one in dimensions]) or 0.0,
        high=_overall([one.high for one in dimensions]) or 0.0,
        band=_band(score),
        note=note,
        dimensions=dimensions,
        steps=_steps(systems, scores, values) if enough else [],
    )


def put_change(view: MaturityView, before: MaturityView, days: int) -> None:
    """Note in a view by how much it differs from what was measured so many days (30 or 90) before it."""
    name = f"change_{days}"
    setattr(view, name, _difference(view.score, before.score))
    for one, earlier in zip(view.dimensions, before.dimensions, strict=True):
        setattr(one, name, _difference(one.score, earlier.score))


def _difference(now: float | None, before: float | None) -> float | None:
    return None if now is None or before is None else round(now - before, 1)


def _scores(systems: Iterable[Measured], values: Mapping[str, float | None]) -> dict[str, float | None]:
    total: dict[str, int] = {}
    right: dict[str, int] = {}
    for one in systems:
        weight = weight_of(one.tier)
        for signal, holds in one.holds.items():
            total[signal] = total.get(signal, 0) + weight
            right[signal] = right.get(signal, 0) + weight * holds
    found: dict[str, float | None] = dict(values)
    for signal in signals_of("cov"):
        found[signal] = 100 * right[signal] / total[signal] if total.get(signal) else None
    return found


def signals_of(kind: str) -> list[str]:
    """Return the signals of a kind: cov or value."""
    return [
        signal["id"]
        for dimension in table()["dimensions"]
        for signal in dimension["signals"]
        if signal["kind"] == kind
    ]


def _dimension(row: Mapping[str, Any], scores: Mapping[str, float | None]) -> DimensionView:
    signals = [
        SignalView(signal=one["id"], weight=one["weight"], score=_rounded(scores.get(one["id"])))
        for one in row["signals"]
    ]
    known = [
        (one["weight"], scores[one["id"]]) for one in row["signals"] if scores.get(one["id"]) is not None
    ]
    weight = sum(part for part, _ in known)
    points = sum(part * (score or 0.0) for part, score in known)
    all_weight = sum(one["weight"] for one in row["signals"])
    score = points / weight if weight else None
    return DimensionView(
        dimension=row["id"],
        title=row["title"],
        score=_rounded(score),
        low=round(points / all_weight, 1),
        high=round((points + 100 * (all_weight - weight)) / all_weight, 1),
        coverage=round(100 * weight / all_weight, 1),
        band=_band(score),
        signals=signals,
    )


def _overall(scores: Sequence[float | None]) -> float | None:
    known = [one for one in scores if one is not None]
    if len(known) < len(scores) or not known:
        return None
    product = 1.0
    for one in known:
        product *= max(one, 0.0)
    return round(float(product ** (1 / len(known))), 1)


def _band(score: float | None) -> str | None:
    if score is None:
        return None
    return next(str(name) for end, name in table()["bands"] if score < end)


def _rounded(score: float | None) -> float | None:
    return None if score is None else round(score, 1)


def _steps(
    systems: Sequence[Measured], scores: Mapping[str, float | None], values: Mapping[str, float | None]
) -> list[StepView]:
    """Return the steps with the largest gain: each signal closed for one system, or a fact that is not said.

    The gain is measured on the lower end of the interval, so that filling a blank counts as well.
    """
    before = _low(scores)
    found: list[StepView] = []
    for dimension in table()["dimensions"]:
        for signal in dimension["signals"]:
            if "step" not in signal:
                continue
            if signal["kind"] == "cov":
                found += _step_of_system(signal, systems, scores, before)
            elif (scores.get(signal["id"]) or 0) < 100:
                after = _low({**scores, signal["id"]: 100.0})
                gain = after - before
                found.append(StepView(signal=signal["id"], system_id=None, step=signal["step"], gain=gain))
    found.sort(key=lambda one: (-one.gain, one.signal, one.system_id or ""))
    for one in found:
        one.gain = round(one.gain, 2)
    return found[:STEPS]


def _step_of_system(
    signal: Mapping[str, Any],
    systems: Sequence[Measured],
    scores: Mapping[str, float | None],
    before: float,
) -> list[StepView]:
    """Return the step for the heaviest system that lacks a signal."""
    name = signal["id"]
    lacking = [one for one in systems if one.holds.get(name) is False]
    if not lacking:
        return []
    one = max(lacking, key=lambda item: (weight_of(item.tier), item.name, item.system_id))
    total = sum(weight_of(item.tier) for item in systems if name in item.holds)
    after = _low({**scores, name: (scores.get(name) or 0.0) + 100 * weight_of(one.tier) / total})
    step = str(signal["step"]).format(name=one.name, id=one.system_id)
    return [StepView(signal=name, system_id=one.system_id, step=step, gain=after - before)]


def _low(scores: Mapping[str, float | None]) -> float:
    """Return the overall score with missing signals as 0; no dimension below 1, so that steps differ."""
    product, dimensions = 1.0, table()["dimensions"]
    for row in dimensions:
        points = sum(one["weight"] * (scores.get(one["id"]) or 0.0) for one in row["signals"])
        product *= max(points / sum(one["weight"] for one in row["signals"]), 1.0)
    return float(product ** (1 / len(dimensions)))

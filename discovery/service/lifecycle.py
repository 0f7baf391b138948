"""Take a system from one stage of its life to another: allowed steps, and the dates that they set.

Pure. The steps are data (``discovery/lifecycle.yaml``).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

from connectors.model import Json
from discovery.service import record_fields, yaml_texts
from discovery.service.errors import DecisionError

STAGE = "lifecycle.stage"


def stages() -> tuple[str, ...]:
    """Return the stages in the order of a life."""
    return tuple(_table()["stages"])


def following(stage: str | None) -> tuple[str, ...]:
    """Return the stages that may follow one; all of them when none is on record."""
    return tuple(_table()["stages"][stage]["next"]) if stage else stages()


def step(
    values: Mapping[str, Json], wanted: str, day: date, today: date
) -> tuple[dict[str, Json], list[str]]:
    """Return the values that a step changes, and what to know about it.

    ``values`` is the record before it, ``day`` the day of the step. Raises ``DecisionError`` for an unknown
    stage, a step that is not allowed and a day that cannot be.
    """
    stage = wanted.strip().lower().replace("-", "_")
    if stage not in stages():
        near = record_fields.nearest(stage, stages())
        hint = f"Did you mean {near!r}?" if near else f"Known: {', '.join(stages())}."
        raise DecisionError(f"there is no stage {wanted!r}", hint=hint)
    before, since = values.get(STAGE), values.get(f"{STAGE}_since")
    if before == stage:
        raise DecisionError(f"it is in the stage {stage!r} already", hint="Nothing was changed.")
    if stage not in following(str(before) if before else None):
        allowed = ", ".join(following(str(before)))
        raise DecisionError(f"{stage!r} does not follow {before!r}", hint=f"What may follow: {allowed}.")
    if day > today:
        raise DecisionError(f"the day {day} lies ahead", hint="A stage is recorded when it is entered.")
    if isinstance(since, str) and day.isoformat() < since:
        raise DecisionError(f"it was in the stage {before!r} until after {day}", hint=f"Since {since}.")
    table = _table()
    changed: dict[str, Json] = dict.fromkeys(table["leaves"].get(before, ()))
    changed |= {
        name: day.isoformat() for name in table["stages"][stage].get("sets", ()) if not values.get(name)
    }
    changed |= {STAGE: stage, f"{STAGE}_since": day.isoformat()}
    note = table["notes"].get(stage)
    return changed, [note] if note else []


@cache
def _table() -> dict[str, Any]:
    found: dict[str, Any] = yaml_texts.shipped("lifecycle.yaml")
    return found

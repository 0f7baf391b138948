from __future__ import annotations

from datetime import date

import pytest

from connectors.model import Json
from discovery.service import lifecycle, record_fields
from discovery.service.errors import DecisionError

TODAY = date(2026, 11, 22)


def values(stage: str, since: str = "2026-01-01", **others: Json) -> dict[str, Json]:
    return {"lifecycle.stage": stage, "lifecycle.stage_since": since, **others}


def test_stages_are_those_of_the_record() -> None:
    assert lifecycle.stages() == record_fields.fields()["lifecycle.stage"].words
    assert all(set(lifecycle.following(one)) < set(lifecycle.stages()) for one in lifecycle.stages())


@pytest.mark.parametrize("stage", lifecycle.stages())
def test_a_system_without_a_stage_may_enter_any(stage: str) -> None:
    changed, _ = lifecycle.step({}, stage, TODAY, TODAY)

    assert changed["lifecycle.stage"] == stage
    assert changed["lifecycle.stage_since"] == "2026-11-22"


@pytest.mark.parametrize(
    ("before", "stage"),
    [
        ("idea", "production"),
        ("production", "idea"),
        ("retired", "production"),
        ("development", "production"),
    ],
)
def test_a_step_that_skips_what_must_come_between_is_refused(before: str, stage: str) -> None:
    with pytest.raises(DecisionError, match=r"does not follow .*What may follow"):
        lifecycle.step(values(before), stage, TODAY, TODAY)


def test_entering_production_dates_the_service_once() -> None:
    first, notes = lifecycle.step(values("pilot"), "Production", date(2026, 11, 1), TODAY)
    again, _ = lifecycle.step(
        values("suspended", **{"lifecycle.in_service_at": "2026-02-01"}), "production", TODAY, TODAY
    )

    assert first["lifecycle.in_service_at"] == "2026-11-01"
    assert "LIF-01" in notes[0]
    assert "lifecycle.in_service_at" not in again


def test_leaving_retirement_empties_its_day() -> None:
    changed, _ = lifecycle.step(values("retired"), "development", TODAY, TODAY)

    assert changed["lifecycle.retired_at"] is None


@pytest.mark.parametrize(
    ("stage", "day", "said"),
    [
        ("prod", TODAY, "Did you mean 'production'"),
        ("qqq", TODAY, "Known: idea"),
        ("pilot", TODAY, "already"),
        ("production", date(2026, 11, 23), "lies ahead"),
        ("production", date(2025, 12, 31), "until after"),
    ],
)
def test_a_step_that_cannot_be_is_told(stage: str, day: date, said: str) -> None:
    with pytest.raises(DecisionError, match=said):
        lifecycle.step(values("pilot"), stage, day, TODAY)

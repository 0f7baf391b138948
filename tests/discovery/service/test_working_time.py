from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from discovery.service.working_time import WorkingHours

BERLIN = WorkingHours(zone="Europe/Berlin", holidays=("2026-12-25",))


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("start", "time", "due"),
    [
        ("2026-11-23T10:00", "4h", "2026-11-23T14:00"),
        ("2026-11-23T15:00", "4h", "2026-11-24T11:00"),
        ("2026-11-20T16:00", "1d", "2026-11-23T16:00"),
        ("2026-11-21T12:00", "1d", "2026-11-23T17:00"),
        ("2026-12-24T16:00", "4h", "2026-12-28T12:00"),
        ("2026-11-23T09:00", "7d", "2026-12-01T17:00"),
        ("2026-03-27T16:00", "2h", "2026-03-30T10:00"),
    ],
)
def test_time_runs_in_working_hours_only(start: str, time: str, due: str) -> None:
    moment = BERLIN.after(berlin(start), BERLIN.seconds(time))

    assert moment == berlin(due)
    assert BERLIN.between(berlin(start), moment) == BERLIN.seconds(time)


def test_a_clock_that_went_back_gives_no_time_back() -> None:
    assert BERLIN.between(berlin("2026-11-24T12:00"), berlin("2026-11-23T12:00")) == 0


def test_all_day_is_all_day_also_when_the_clock_changes() -> None:
    always = WorkingHours(zone="Europe/Berlin", days=tuple(range(7)), begins=0, ends=24 * 60)

    assert always.between(berlin("2026-10-25T00:00"), berlin("2026-10-26T00:00")) == 25 * 3600


def test_adding_is_the_inverse_of_counting() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for step in range(400):
        moment = start + timedelta(hours=7 * step)
        assert BERLIN.between(moment, BERLIN.after(moment, 5_000)) == pytest.approx(5_000)


@pytest.mark.parametrize("text", ["", "h", "0d", "4", "4w", "-1d", "1.5h", "99999d"])
def test_a_time_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no time"):
        BERLIN.seconds(text)

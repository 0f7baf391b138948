from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.triggers import (
    ScheduleSpec,
    due_after_run,
    duration_text,
    first_due,
    next_due,
    parse_duration,
)

ZONE = ZoneInfo("UTC")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SIX_HOURS = timedelta(hours=6)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("5m", 300), ("6h", 21_600), ("1h30m", 5_400), ("1d", 86_400), ("2w", 1_209_600),
     ("1.5h", 5_400),  ("250ms", 0.25), (" 1 H ", 3_600), ("0s", 0)],
)  # fmt: skip
def test_a_duration_is_read(text: str, seconds: float) -> None:
    assert parse_duration(text).total_seconds() == seconds


@pytest.mark.parametrize(
    "text", ["", "5", "m", "5 minutes", "-5m", "5m!", "h5", "1e9s", "9" * 30 + "w", "٣s"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


@given(st.integers(0, 10**11))
def test_a_duration_written_is_read_back(milliseconds: int) -> None:
    duration = timedelta(milliseconds=milliseconds)

    assert parse_duration(duration_text(duration)) == duration


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"cron": "0 3 * * *", "every": SIX_HOURS},
        {"cron": "0 3 * *"},
        {"every": timedelta(milliseconds=10)},
        {"every": SIX_HOURS, "jitter": timedelta(hours=3)},
        {"cron": "0 3 * * *", "jitter": timedelta(seconds=-1)},
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        ScheduleSpec(**fields)  # type: ignore[arg-type]


def test_missed_ticks_are_run_once() -> None:
    spec = ScheduleSpec(every=timedelta(minutes=5))
    due = next_due(spec, NOON, ZONE, seed="code:main")
    a_week_later = due + timedelta(days=7, minutes=1)

    following = due_after_run(spec, a_week_later, ZONE, seed="code:main")

    assert a_week_later < following <= a_week_later + timedelta(minutes=7.5)


def test_every_daemon_computes_the_same_due_times() -> None:
    spec = ScheduleSpec(cron="0 3 * * *", jitter=timedelta(minutes=30))

    ours = next_due(spec, NOON, ZONE, seed="aws:prod")
    theirs = next_due(spec, NOON + timedelta(hours=3), ZONE, seed="aws:prod")

    assert ours == theirs
    assert timedelta(0) <= ours - datetime(2026, 11, 23, 3, tzinfo=UTC) < timedelta(minutes=30)


def test_jitter_spreads_instances_and_days() -> None:
    spec = ScheduleSpec(cron="0 3 * * *", jitter=timedelta(hours=1))

    of_instances = {next_due(spec, NOON, ZONE, seed=f"aws:{number}") for number in range(20)}
    of_days = {next_due(spec, NOON + timedelta(days=day), ZONE, seed="a").time() for day in range(20)}

    assert len(of_instances) > 15
    assert len(of_days) > 15


def test_a_jittered_time_comes_once_a_day() -> None:
    spec, after, days = ScheduleSpec(cron="0 3 * * *", jitter=timedelta(hours=2)), NOON, []

    for _ in range(60):
        after = next_due(spec, after, ZONE, seed="x")
        days.append(after.date())

    assert len(set(days)) == 60


@given(
    minutes=st.integers(1, 3_000),
    share=st.floats(0, 0.49),
    lateness=st.floats(0, 5),
    seed=st.text(max_size=5),
)
def test_intervals_neither_bunch_nor_stall(minutes: int, share: float, lateness: float, seed: str) -> None:
    every = timedelta(minutes=minutes)
    spec = ScheduleSpec(every=every, jitter=every * share)
    due = next_due(spec, NOON, ZONE, seed=seed)
    now = due + every * lateness

    following = due_after_run(spec, now, ZONE, seed=seed)

    assert every / 2 <= following - now <= every * 2


def test_a_new_interval_begins_at_once_and_a_cron_waits() -> None:
    interval = first_due(ScheduleSpec(every=SIX_HOURS), NOON, ZONE, seed="x")
    cron = first_due(ScheduleSpec(cron="0 3 * * *"), NOON, ZONE, seed="x")

    assert interval == NOON
    assert cron == datetime(2026, 11, 23, 3, tzinfo=UTC)


def test_a_schedule_counts_in_the_organisations_days() -> None:
    due = next_due(ScheduleSpec(cron="0 3 * * *"), NOON, ZoneInfo("Asia/Tokyo"), seed="x")

    assert due == datetime(2026, 11, 22, 18, tzinfo=UTC)


def test_the_text_of_a_schedule_tells_schedules_apart() -> None:
    texts = {
        ScheduleSpec(cron="0 3 * * *").text,
        ScheduleSpec(cron="0 4 * * *").text,
        ScheduleSpec(every=SIX_HOURS).text,
        ScheduleSpec(every=SIX_HOURS, jitter=timedelta(minutes=5)).text,
    }

    assert texts == {"cron 0 3 * * *", "cron 0 4 * * *", "every 6h", "every 6h jitter 5m"}

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.cron import Cron

BERLIN = ZoneInfo("Europe/Berlin")
UTC_ZONE = ZoneInfo("UTC")


def walk(expression: str, start: datetime, count: int, zone: ZoneInfo = UTC_ZONE) -> list[str]:
    """Return the next moments as wall times of the zone."""
    cron, moments, after = Cron.parse(expression), [], start
    for _ in range(count):
        after = cron.next_after(after, zone)
        moments.append(after.astimezone(zone).strftime("%a %m-%d %H:%M%z"))
    return moments


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 3 * * *", ["Sun 11-22 03:00+0000", "Mon 11-23 03:00+0000"]),
        ("*/20 * * * *", ["Sun 11-22 00:20+0000", "Sun 11-22 00:40+0000"]),
        ("5 8-10/2 * * *", ["Sun 11-22 08:05+0000", "Sun 11-22 10:05+0000"]),
        ("30 1,13 * * *", ["Sun 11-22 01:30+0000", "Sun 11-22 13:30+0000"]),
        ("0 0 * * 0", ["Sun 11-29 00:00+0000", "Sun 12-06 00:00+0000"]),
        ("0 0 * * 7", ["Sun 11-29 00:00+0000", "Sun 12-06 00:00+0000"]),
        ("0 0 * * mon-fri", ["Mon 11-23 00:00+0000", "Tue 11-24 00:00+0000"]),
        ("0 0 1 JAN *", ["Fri 01-01 00:00+0000", "Sat 01-01 00:00+0000"]),
        ("@hourly", ["Sun 11-22 01:00+0000", "Sun 11-22 02:00+0000"]),
        ("0 12 29 2 *", ["Tue 02-29 12:00+0000", "Sun 02-29 12:00+0000"]),
        # Both day fields restricted: one is enough, as in every cron.
        ("0 0 24 * mon", ["Mon 11-23 00:00+0000", "Tue 11-24 00:00+0000"]),
        # A step over all days restricts nothing by itself, so both must hold.
        ("0 0 */2 * wed", ["Wed 11-25 00:00+0000", "Wed 12-09 00:00+0000"]),
    ],
)
def test_an_expression_gives_its_moments(expression: str, expected: list[str]) -> None:
    assert walk(expression, datetime(2026, 11, 22, tzinfo=UTC), 2) == expected


def test_a_time_that_clocks_skip_runs_once_an_hour_later() -> None:
    moments = walk("30 2 * * *", datetime(2026, 3, 28, 12, tzinfo=UTC), 3, BERLIN)

    assert moments == ["Sun 03-29 03:30+0200", "Mon 03-30 02:30+0200", "Tue 03-31 02:30+0200"]


def test_a_time_that_clocks_repeat_runs_once() -> None:
    moments = walk("30 2 * * *", datetime(2026, 10, 24, 12, tzinfo=UTC), 2, BERLIN)

    assert moments == ["Sun 10-25 02:30+0200", "Mon 10-26 02:30+0100"]


def test_every_hour_means_every_hour_when_clocks_change() -> None:
    autumn = walk("0 * * * *", datetime(2026, 10, 24, 23, 30, tzinfo=UTC), 4, BERLIN)
    spring = walk("0 * * * *", datetime(2026, 3, 29, 0, 30, tzinfo=UTC), 2, BERLIN)

    assert autumn == [
        "Sun 10-25 02:00+0200",
        "Sun 10-25 02:00+0100",
        "Sun 10-25 03:00+0100",
        "Sun 10-25 04:00+0100",
    ]
    assert spring == ["Sun 03-29 03:00+0200", "Sun 03-29 04:00+0200"]


def test_midnight_after_a_clock_change_is_not_lost() -> None:
    moments = walk("0 0 * * *", datetime(2026, 3, 28, 12, tzinfo=UTC), 3, BERLIN)

    assert moments == ["Sun 03-29 00:00+0100", "Mon 03-30 00:00+0200", "Tue 03-31 00:00+0200"]


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("", "5 fields"),
        ("0 3 * *", "not 4"),
        ("60 * * * *", "minute '60' is not within 0 to 59"),
        ("* 24 * * *", "hour"),
        ("* * 0 * *", "day of month"),
        ("* * * 13 *", "month"),
        ("* * * * 8", "day of week"),
        ("5-1 * * * *", "minute '5-1'"),
        ("*/0 * * * *", "step"),
        ("*/x * * * *", "'x' is not a number"),
        ("x * * * *", "'x' is not a number"),
        ("0 0 * foo *", "not a number or a name"),
        ("0 0 30 2 *", "never comes true"),
        ("@never", "5 fields"),
        ("0 0 ² * *", "not a number"),
    ],
)
def test_nonsense_is_refused_by_field(expression: str, told: str) -> None:
    with pytest.raises(ValueError, match="cron") as error:
        Cron.parse(expression)

    assert told in str(error.value)


numbers = st.sets(st.integers(0, 23), min_size=1, max_size=3)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))


@settings(max_examples=60, deadline=None)
@given(
    minutes=numbers,
    hours=numbers,
    after=moments,
    zone=st.sampled_from(["Europe/Berlin", "America/Sao_Paulo", "UTC"]),
)
def test_nothing_between_is_missed(minutes: set[int], hours: set[int], after: datetime, zone: str) -> None:
    """Walk minute by minute instead and compare; days of clock changes have tests of their own."""
    cron = Cron.parse(f"{','.join(map(str, minutes))} {','.join(map(str, hours))} * * *")
    local = ZoneInfo(zone)

    found = cron.next_after(after, local)

    minute = after.replace(second=0, microsecond=0) + timedelta(minutes=1)
    while not (minute.astimezone(local).minute in minutes and minute.astimezone(local).hour in hours):
        minute += timedelta(minutes=1)
    offsets = {(after + timedelta(hours=hour)).astimezone(local).utcoffset() for hour in (-6, 0, 30)}
    assert found > after
    assert found == minute or len(offsets) > 1

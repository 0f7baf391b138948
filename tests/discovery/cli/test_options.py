from __future__ import annotations

from datetime import UTC, date, datetime

import click
import pytest

from discovery.cli.options import effective_limit, parse_day, parse_moment


@pytest.mark.parametrize(
    ("text", "zone", "moment"),
    [
        ("2026-11-22", "UTC", datetime(2026, 11, 22, 23, 59, 59, 999999, UTC)),
        ("2026-11-22", "Europe/Berlin", datetime(2026, 11, 22, 22, 59, 59, 999999, UTC)),
        ("2026-11-22T14:30", "Europe/Berlin", datetime(2026, 11, 22, 13, 30, tzinfo=UTC)),
        ("2026-11-22T14:30:00Z", "Europe/Berlin", datetime(2026, 11, 22, 14, 30, tzinfo=UTC)),
        ("2026-11-22T14:30:00+05:00", "UTC", datetime(2026, 11, 22, 9, 30, tzinfo=UTC)),
    ],
)
def test_as_of_takes_the_end_of_a_day_or_a_moment(text: str, zone: str, moment: datetime) -> None:
    assert parse_moment(text, zone) == moment


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "22.11.2026", ""])
def test_moment_that_cannot_be_read_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(click.BadParameter, match="2026-11-22"):
        parse_moment(text, "UTC")


def test_day_that_cannot_be_read_names_its_option() -> None:
    assert parse_day(" 2027-01-31 ", "--until") == date(2027, 1, 31)

    with pytest.raises(click.BadParameter) as caught:
        parse_day("soon", "--until")
    assert "--until" in caught.value.format_message()


def test_only_tables_are_limited_unless_asked() -> None:
    assert effective_limit(None, "table", 100) == 100
    assert effective_limit(None, "json", 100) == 0
    assert effective_limit(7, "json", 100) == 7
    assert effective_limit(0, "table", 100) == 0

from __future__ import annotations

import pytest

from discovery.render.text import (
    count,
    day,
    duration,
    last_day,
    minute,
    safe,
    short_ids,
    told_apart,
)


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("plain name", "plain name"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("bell\x07 and \x9b2J", "bell\\x07 and \\x9b2J"),
        ("a\r\nb\tc", "a\\x0d\\x0ab\\x09c"),
        ("user\u202egnp.exe", "user\\u202egnp.exe"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("undecodable \udcff", "undecodable \\udcff"),
        ("wide\u00a0space", "wide space"),
        ("Müller 東京 🙂", "Müller 東京 🙂"),
    ],
)
def test_characters_that_act_on_a_terminal_are_made_visible(hostile: str, shown: str) -> None:
    assert safe(hostile) == shown


def test_long_text_is_cut_with_a_mark() -> None:
    assert safe("x" * 50, limit=10) == "xxxxxxxxx…"


def test_heaps_of_combining_marks_are_broken_up() -> None:
    shown = safe("a" + "\u0301" * 30)

    assert shown.count("\u0301") == 4
    assert "\\u0301" in shown


@pytest.mark.parametrize(
    ("seconds", "told"), [(0.84, "0.8 s"), (42.2, "42 s"), (185, "3 min 5 s"), (7_320, "2 h 2 min")]
)
def test_durations_are_told_in_their_largest_units(seconds: float, told: str) -> None:
    assert duration(seconds) == told


def test_counts_agree_with_their_noun() -> None:
    assert (count(1, "system"), count(1_204, "asset"), count(0, "entry", "entries")) == (
        "1 system",
        "1,204 assets",
        "0 entries",
    )


def test_days_are_those_of_the_organisations_zone() -> None:
    moment = "2026-11-22T23:30:00.000000Z"

    assert day(moment, "Europe/Berlin") == "2026-11-23"
    assert minute(moment, "Europe/Berlin") == "2026-11-23 00:30"
    assert day("2027-01-31", "Europe/Berlin") == "2027-01-31"
    assert day(None) == "-"


def test_short_ids_still_tell_ids_of_one_moment_apart() -> None:
    ids = [f"sys_0199aaaabbbb7ccc8ddd{tail}" for tail in ("aaaaaa", "aaaaab", "ffffff")]

    shorten = short_ids(ids)

    assert len({shorten(one) for one in ids}) == 3
    assert all(one.startswith(shorten(one)) for one in ids)


@pytest.mark.parametrize(
    ("moment", "zone", "shown"),
    [
        ("2027-02-02T00:00:00.000000Z", "UTC", "2027-02-01"),
        ("2027-02-01T23:00:00.000000Z", "Europe/Berlin", "2027-02-01"),
        ("2027-02-02T12:00:00.000000Z", "UTC", "2027-02-02"),
        (None, "UTC", ""),
    ],
)
def test_a_decision_is_told_by_the_last_day_that_it_holds(moment: str | None, zone: str, shown: str) -> None:
    assert last_day(moment, zone) == shown


def test_only_things_of_one_name_are_told_apart_by_id() -> None:
    name = told_apart([("bot", "sys_1"), ("bot", "sys_2"), ("bot", "sys_2"), ("till", "sys_3")])

    assert [name("bot", "sys_1"), name("bot", "sys_2"), name("till", "sys_3")] == [
        "bot sys_1",
        "bot sys_2",
        "till",
    ]

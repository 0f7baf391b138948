from __future__ import annotations

import pytest

from connectors.code.formats.lines import (
    LineCounter,
    docstrings,
    is_comment,
    line_before,
    parents,
    text_lines,
    without_docstrings,
)

LONG = '"' * 3


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"def f():\n    {LONG}talk{LONG}\n", ["talk"]),
        ("'''talk'''\nx = 1\n", ["talk"]),
        (f"    r{LONG}raw\ntalk{LONG}\n", ["raw\ntalk"]),
        (f"x = {LONG}used{LONG}\n", []),
        (f"f(\n    {LONG}used{LONG},\n)\n", []),
        (f"x = \"'\"  # it's {LONG}\n    {LONG}talk{LONG}\n", ["talk"]),
        (f"x = '{LONG}'\n{LONG}talk{LONG}\n", ["talk"]),
        (f"x = ''\n{LONG}a \\{LONG} b{LONG}\n", ["a \\" + LONG + " b"]),
        (f"{LONG}never closed", []),
        ('x = "open\ny = 2\n' + f"{LONG}talk{LONG}", ["talk"]),
    ],
)
def test_free_standing_texts_are_told_from_those_in_use(text: str, found: list[str]) -> None:
    assert [text[start:end].lstrip("r").strip("\"'") for start, end in docstrings(text)] == found


def test_blanking_docstrings_keeps_every_line_where_it_is() -> None:
    text = f"a\n{LONG}\nb\n{LONG}\nc\n"

    assert without_docstrings(text) == "a\n\n\n\nc\n"


def test_comments_of_the_usual_languages_are_known() -> None:
    assert all(map(is_comment, ["# a", "  // a", "/* a", " * a", "<!-- a", "-- a", "REM a"]))
    assert not any(map(is_comment, ["a # b", "*a", "", "  --model x \\"]))


def test_parents_are_the_lines_a_line_is_indented_under() -> None:
    data = b"a:\n  b:\n    c: 1\n    d: 2\n"

    assert parents(data, data.index(b"d:")) == ["  b:", "a:"]


def test_with_openers_the_line_before_a_lone_bracket_is_meant() -> None:
    data = b"class A\n{\n    Models =\n    [\n        (\n            1,\n        ),\n        2\n    ];\n}\n"

    assert parents(data, data.index(b"2"), openers=True) == ["    Models =", "class A"]
    assert parents(data, data.index(b"1"), openers=True) == ["    Models =", "class A"]
    assert parents(data, data.index(b"2")) == ["    [", "{"]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("a", ["a"]),
        ("a\n", ["a"]),
        ("a\r\nb\n\nc", ["a", "b", "", "c"]),
        ("a\x0cb\u2028c\x85d\x1ce\n", ["a\x0cb\u2028c\x85d\x1ce"]),
    ],
)
def test_only_a_line_feed_ends_a_line(text: str, lines: list[str]) -> None:
    assert text_lines(text) == lines


@pytest.mark.parametrize("text", ["a\nb\nc\n", b"a\nb\nc\n"])
def test_lines_are_counted_in_any_order(text: str | bytes) -> None:
    counter = LineCounter(text)

    assert [counter.at(place) for place in (0, 2, 4, 4, 1, 6)] == [1, 2, 3, 3, 1, 4]


def test_a_line_far_above_blank_ones_is_not_looked_for() -> None:
    near, far = b"model:\n\n\n  x", b"model:\n" + b"\n" * 100_000 + b"  x"

    assert (line_before(near, len(near)), line_before(far, len(far))) == ("model:", "")


def test_lines_above_are_found_however_far_and_long_the_lines_between_are() -> None:
    between = [b"    " + bytes([97 + number % 26]) * (number * 97 % 3_000) for number in range(200)]
    data = b"\n".join([b"top:", b"  under:", *between, b"    here"])

    assert parents(data, len(data) - 1) == ["  under:", "top:"]
    assert parents(data, len(data) - 1, reach=200) == []
    assert parents(data, len(data) - 1, reach=201) == ["  under:"]
    assert parents(data, 2) == []

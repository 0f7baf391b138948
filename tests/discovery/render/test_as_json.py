from __future__ import annotations

import io
import json

from discovery.render.as_json import dumps, write_array, write_lines


def test_values_come_back_exactly_as_they_were() -> None:
    value = {"name": "\x1b[2J\x9b1m\u202e evil\u2028", "undecodable": "\udcff", "huge": 2**80, "n": None}

    assert json.loads(dumps(value)) == value


def test_no_character_that_acts_on_a_terminal_is_written_raw() -> None:
    text = dumps("\x1b\x07\x7f\x9b\u202e\u2066\u200b\ufeff")

    assert text.isascii()
    assert text.isprintable()


def test_array_of_nothing_is_an_empty_array() -> None:
    out = io.StringIO()

    written = write_array([], out)

    assert (written, json.loads(out.getvalue())) == (0, [])


def test_array_and_lines_hold_the_same_objects() -> None:
    rows = [{"a": 1}, {"a": 2}]
    array, lines = io.StringIO(), io.StringIO()

    write_array(iter(rows), array)
    write_lines(iter(rows), lines)

    assert json.loads(array.getvalue()) == rows
    assert [json.loads(line) for line in lines.getvalue().splitlines()] == rows

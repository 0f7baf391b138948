from __future__ import annotations

import csv
import io

import pytest

from discovery.render.as_csv import cell, guard, write_rows


@pytest.mark.parametrize(
    "formula",
    ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "|x", "%0A"],
)
def test_cell_that_a_spreadsheet_would_compute_is_kept_as_text(formula: str) -> None:
    assert guard(formula).startswith("'")


@pytest.mark.parametrize("harmless", ["support-bot", "a=b", "dana@example.org", "arn:aws:x:::y"])
def test_ordinary_cell_stays_as_it_is(harmless: str) -> None:
    assert guard(harmless) == harmless


def test_numbers_and_flags_stay_bare() -> None:
    assert [cell(value) for value in (-3, 0.5, True, None, [], {})] == ["-3", "0.5", "true", "", "", ""]


def test_lists_of_text_share_a_cell_and_objects_become_json() -> None:
    assert cell(["a", "b"]) == "a; b"
    assert cell(["=a", "b"]) == "'=a; b"
    assert cell([{"x": 1}]) == '[{"x":1}]'


def test_rows_can_be_read_back_whatever_they_hold() -> None:
    out = io.StringIO()

    write_rows([{"name": 'quote " comma , line\nend', "x": 1}, {"name": "two"}], ("name", "x"), out)

    rows = list(csv.reader(io.StringIO(out.getvalue())))
    assert rows == [["name", "x"], ['quote " comma , line\\x0aend', "1"], ["two", ""]]

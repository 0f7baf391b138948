from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from discovery.render.as_table import Column
from discovery.render.listing import Listing


@dataclass
class Row:
    name: str
    size: int


def listing() -> Listing[Row]:
    def to_json(row: Row) -> dict[str, Any]:
        return {"name": row.name, "size": row.size}

    return Listing(
        one="row",
        many="rows",
        columns=[
            Column(title="NAME", text=lambda row: row.name),
            Column(title="SIZE", text=lambda row: str(row.size), right=True, whole=True),
        ],
        to_json=to_json,
        fields=("name", "size"),
        empty="No rows.",
    )


ROWS = [Row("support-bot", 12), Row("\x1b[31m[bold]evil[/bold]", 3)]


def test_table_is_plain_text_within_80_columns_off_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    long = Row("x" * 300, 1)

    listing().write([*ROWS, long], "table")

    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert max(map(len, said.splitlines())) <= 80
    assert said.count("x") > 300, "nothing is cut off"
    assert "\\x1b[31m[bold]evil[/bold]" in said
    assert not any(line.endswith(" ") for line in said.splitlines())


def test_every_format_holds_the_same_rows(capsys: pytest.CaptureFixture[str]) -> None:
    expected = [{"name": row.name, "size": row.size} for row in ROWS]

    listing().write(ROWS, "json")
    array = json.loads(capsys.readouterr().out)
    listing().write(ROWS, "jsonl")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    listing().write(ROWS, "csv")
    table = capsys.readouterr().out

    assert array == lines == expected
    assert table.splitlines() == ["name,size", "support-bot,12", "\\x1b[31m[bold]evil[/bold],3"]


def test_empty_list_says_so_to_people_and_is_an_empty_array_to_programs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    listing().write([], "table")
    table = capsys.readouterr().out
    listing().write([], "json")

    assert table == "No rows.\n"
    assert capsys.readouterr().out == "[]\n"


def test_table_that_stops_early_says_how_to_see_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    listing().write([Row("a", 1), Row("b", 2)], "table", limit=1)

    assert "The first 1 row; --limit 0 shows all." in capsys.readouterr().out


def test_limit_holds_for_programs_too(capsys: pytest.CaptureFixture[str]) -> None:
    listing().write(ROWS, "json", limit=1)

    assert len(json.loads(capsys.readouterr().out)) == 1

"""Commands that only look, on a real store."""

from __future__ import annotations

import csv
import io
from dataclasses import fields
from pathlib import Path

import pytest

from discovery.service import views
from tests.discovery.cli.conftest import Aicensus
from tests.discovery.cli.seeding import finding, seed

LISTS = {
    "systems": views.SystemView,
    "assets": views.AssetView,
    "alerts": views.AlertView,
    "runs": views.RunView,
    "coverage": views.CoverageView,
}
HOSTILE = "=cmd()\x1b]0;owned\x07\u202egnp"


@pytest.mark.parametrize("noun", LISTS)
def test_json_is_one_array_with_the_public_names(noun: str, aicensus: Aicensus, db: str, url: str) -> None:
    seed(url, denied="may not read images")

    ran = aicensus(noun, "--db", db, "--format", "json")

    assert ran.code == 0, ran.err
    assert ran.json
    assert list(ran.json[0]) == [field.name for field in fields(LISTS[noun])]


@pytest.mark.parametrize("noun", LISTS)
def test_every_format_shows_the_same_rows(noun: str, aicensus: Aicensus, db: str, url: str) -> None:
    seed(url)

    array = aicensus(noun, "--db", db, "--format", "json").json
    lines = aicensus(noun, "--db", db, "--format", "jsonl").out.splitlines()
    rows = list(csv.DictReader(io.StringIO(aicensus(noun, "--db", db, "--format", "csv").out)))
    table = aicensus(noun, "--db", db)

    assert len(array) == len(lines) == len(rows) > 0
    assert list(rows[0]) == list(array[0])
    assert table.out.rstrip().endswith(".")
    assert max(map(len, table.out.splitlines())) <= 80


def test_systems_table_names_candidates_as_not_accepted(aicensus: Aicensus, db: str, url: str) -> None:
    seed(url)

    ran = aicensus("systems", "--db", db)

    assert "support-bot" in ran.out
    assert "OWNER (? = candidate)" in ran.out
    assert "? @acme/bots" in ran.out


def test_system_is_shown_with_record_candidates_and_assets(aicensus: Aicensus, db: str, url: str) -> None:
    seed(url)

    ran = aicensus("systems", "show", "support-bot", "--db", db)

    assert ran.code == 0, ran.err
    assert "nobody has accepted" in ran.out
    assert "Who may answer for it" in ran.out
    assert "langchain" in ran.out


def test_asset_is_shown_with_its_evidence(aicensus: Aicensus, db: str, url: str) -> None:
    seed(url)

    ran = aicensus("assets", "show", "langchain", "--db", db)

    assert ran.code == 0, ran.err
    assert "support-bot/requirements.txt:1" in ran.out


def test_assets_can_be_narrowed(aicensus: Aicensus, db: str, url: str) -> None:
    seed(url)

    by_kind = aicensus("assets", "--db", db, "--format", "json", "--kind", "mcp_server").json
    by_text = aicensus("assets", "--db", db, "--format", "json", "--text", "LANG").json
    by_system = aicensus("assets", "--db", db, "--format", "json", "--system", "recommender").json
    limited = aicensus("assets", "--db", db, "--format", "json", "--limit", "1").json

    assert [one["name"] for one in by_kind] == ["files"]
    assert [one["name"] for one in by_text] == ["langchain"]
    assert [one["name"] for one in by_system] == ["anthropic"]
    assert len(limited) == 1


def test_hostile_names_cannot_act_on_terminal_or_spreadsheet(aicensus: Aicensus, db: str, url: str) -> None:
    seed(url, [finding("shop", HOSTILE)])

    table = aicensus("assets", "--db", db).out
    shown = aicensus("assets", "show", HOSTILE, "--db", db).out
    sheet = aicensus("assets", "--db", db, "--format", "csv").out
    names = [one["name"] for one in aicensus("assets", "--db", db, "--format", "json").json]

    for text in (table, shown, sheet):
        assert not {"\x1b", "\x07", "\u202e"} & set(text)
    assert "\n=cmd" not in sheet
    assert ",=cmd" not in sheet
    assert len(names) == 1


def test_coverage_says_what_could_not_be_seen_and_why(aicensus: Aicensus, db: str, url: str) -> None:
    seed(url, denied="may not read images")

    gaps = aicensus("coverage", "--gaps", "--db", db)
    everything = aicensus("coverage", "--db", db, "--format", "json").json

    assert "denied" in gaps.out
    assert "may not read images" in " ".join(gaps.out.split())
    assert {row["part"]: row["status"] for row in everything} == {"manifests": "complete", "images": "denied"}


def test_coverage_without_gaps_says_so(aicensus: Aicensus, db: str, url: str) -> None:
    seed(url)

    assert aicensus("coverage", "--gaps", "--db", db).out == "All 2 parts were read to their end.\n"


def test_runs_show_what_became_of_every_part(aicensus: Aicensus, db: str, url: str) -> None:
    run_id = seed(url, denied="may not read images")

    latest = aicensus("runs", "show", "--db", db)
    by_id = aicensus("runs", "show", run_id, "--db", db, "--format", "json").json[0]

    assert run_id in latest.out
    assert "denied" in latest.out
    assert {part["part"] for part in by_id["details"]} == {"manifests", "images"}


def test_runs_show_each_file_that_was_not_read_once(aicensus: Aicensus, db: str, url: str) -> None:
    unread = [(f"locks/{number:02}.json", "not JSON") for number in range(52)]
    seed(url, unread=unread)

    shown = aicensus("runs", "show", "--db", db).out

    assert shown.count("locks/49.json") == 1
    assert "locks/51.json" not in shown
    assert "… and 2 more: --format json" in shown


def test_as_of_answers_with_what_was_known_then(aicensus: Aicensus, db: str, url: str) -> None:
    seed(url)

    before = aicensus("systems", "--db", db, "--format", "json", "--as-of", "2020-01-01").json
    after = aicensus("systems", "--db", db, "--format", "json", "--as-of", "2099-01-01").json

    assert before == []
    assert {one["name"] for one in after} == {"support-bot", "recommender"}


@pytest.mark.parametrize(
    "words",
    [("systems", "show", "nothing"), ("assets", "show", "nothing"), ("alerts", "show", "alr_nothing")],
)
def test_unknown_reference_is_a_usage_error_that_says_how_to_list(
    words: tuple[str, ...], aicensus: Aicensus, db: str, url: str
) -> None:
    seed(url)

    ran = aicensus(*words, "--db", db)

    assert ran.code == 2
    assert f"aicensus {words[0]}" in ran.err


@pytest.mark.parametrize("noun", [*LISTS, "export jsonl", "db info", "audit verify"])
def test_missing_store_is_an_error_that_says_to_scan_and_makes_no_file(
    noun: str, aicensus: Aicensus, db: str
) -> None:
    ran = aicensus(*noun.split(), "--db", db)

    assert ran.code == 2
    assert "aicensus scan" in ran.err
    assert ran.out == ""


def test_file_that_is_no_store_is_refused_and_left_alone(aicensus: Aicensus, db: str) -> None:
    content = "not a database, " * 100
    Path(db).write_text(content, encoding="utf-8")

    ran = aicensus("systems", "--db", db)

    assert ran.code == 2
    assert ran.err.startswith("Error: ")
    assert Path(db).read_text(encoding="utf-8") == content

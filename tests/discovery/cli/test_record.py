"""Commands of the record, on a real store."""

from __future__ import annotations

import csv
import io
import os
import pty
import select
import sys
import time
from pathlib import Path

import pytest

from tests.discovery.cli.conftest import Aicensus
from tests.discovery.cli.seeding import seed

CLASSES = [
    word
    for pair in (
        *("ai_system=yes", "nexus=yes", "excluded=no", "role=deployer", "practices=none", "annex_i=no"),
        *("annex_iii=4(a)", "profiling=yes", "art50=none", "decision_role=recommends", "harm=serious"),
    )
    for word in ("--answer", pair)
]


def test_a_record_is_set_shown_and_confirmed(aicensus: Aicensus, db: str, url: str) -> None:
    seed(url)

    done = aicensus(
        *("record", "set", "support-bot", "purpose=Answers customers.", "data.categories=personal,internal"),
        *("--reason", "asked", "--db", db),
    )
    shown = aicensus("record", "show", "support-bot", "--db", db)
    found = aicensus("record", "show", "support-bot", "--db", db, "--format", "json").json[0]
    confirmed = aicensus("record", "confirm", "support-bot", "data.categories", "--db", db)

    assert done.code == 0, done.err
    assert "The record of support-bot has version 1 now." in done.out
    assert "purpose.statement    Answers customers. (" in shown.out
    assert "data.personal        missing" in shown.out
    assert found["version"] == 1
    assert next(one for one in found["fields"] if one["field"] == "data.categories")["value"] == [
        "internal",
        "personal",
    ]
    assert "Confirmed for support-bot: data.categories." in confirmed.out


def test_the_fields_of_a_record_are_a_spreadsheet_too(aicensus: Aicensus, db: str, url: str) -> None:
    seed(url)

    ran = aicensus("record", "show", "support-bot", "--db", db, "--format", "csv")

    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert {"field", "value", "source", "by", "at", "confidence"} <= rows[0].keys()
    assert "oversight.mode" in [row["field"] for row in rows]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("purpos=x", "markets=Germany"), "did you mean 'purpose.statement'?"),
        (("purpose",), "write FIELD=VALUE"),
        (("purpose=a", "purpose=b"), "given twice"),
        (("purpose=a", "--if-version", "3"), "version 0, not 3"),
        (("risk.eu_class=minimal",), "aicensus systems classify"),
        (("data.personal=no", "data.categories=health"), "no personal data"),
    ],
)
def test_a_wrong_change_is_told_and_keeps_nothing(
    aicensus: Aicensus, db: str, url: str, words: tuple[str, ...], said: str
) -> None:
    seed(url)

    ran = aicensus("record", "set", "support-bot", *words, "--db", db)

    assert ran.code == 2
    assert said in ran.err
    assert aicensus("record", "show", "support-bot", "--db", db, "--format", "json").json[0]["version"] == 0


def test_fields_and_questions_are_listed_without_a_store(aicensus: Aicensus) -> None:
    fields = aicensus("record", "fields", "oversight", "--format", "json").json
    questions = aicensus("record", "questions", "--format", "json").json

    assert "oversight.mode" in [one["field"] for one in fields]
    assert len(questions) == 12
    assert questions[0]["words"] == ["yes", "no", "unknown"]


def test_the_review_is_one_screen(aicensus: Aicensus, db: str, url: str) -> None:
    seed(url)

    ran = aicensus("systems", "review", "support-bot", "--db", db)

    order = [
        "1. What does it do?",
        "2. Who is responsible?",
        "3. What data",
        "4. How do people",
        "Missing (",
        "Open",
    ]
    assert ran.code == 0, ran.err
    places = [ran.out.find(one) for one in order]
    assert places == sorted(places)
    assert -1 not in places
    assert "? @acme/bots (75%): CODEOWNERS" in ran.out


def test_the_review_takes_answers_from_options(aicensus: Aicensus, db: str, url: str) -> None:
    seed(url)

    ran = aicensus(
        *("systems", "review", "support-bot", "--owner", "dana@example.org", "--data", "internal"),
        *("--mode", "in_the_loop", "--purpose", "Answers the questions of customers about orders."),
        *("--description", "A person approves.", "--next-review", "2099-01-31", "--db", db),
    )

    assert ran.code == 0, ran.err
    assert "The oversight record is complete." in ran.err
    assert "dana@example.org" in ran.out
    assert "record complete, version 1, next review 2099-01-31" in ran.out
    assert "Open alerts" not in ran.out


def test_the_review_asks_on_a_terminal_and_keeps_what_is_answered(db: str, url: str) -> None:
    seed(url)
    answers = [
        *("Answers the questions of customers about their orders.", "dana@example.org", "internal"),
        *("on the lop", "on the loop", "Staff read along.", "2020-01-01", "2099-01-31"),
    ]

    said = _at_a_terminal(["systems", "review", "support-bot", "--db", db], answers)

    assert "'on the lop' is not one of in_the_loop" in said
    assert "2020-01-01 is not ahead" in said
    assert "The oversight record is complete." in said
    assert "dana@example.org answers for it." in said


def _at_a_terminal(words: list[str], answers: list[str]) -> str:
    """Run the program as a person does, giving an answer at each prompt."""
    child, terminal = pty.fork()
    if child == 0:
        code = "import sys; from discovery.cli import main; sys.exit(main(sys.argv[1:]))"
        os.environ["COLUMNS"] = "100"
        os.execv(sys.executable, [sys.executable, "-c", code, *words])
    said, waiting, end = b"", list(answers), time.monotonic() + 60
    while time.monotonic() < end:
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            said += os.read(terminal, 4096)
        except OSError:  # the program has ended
            break
        if said.endswith(b"\n> ") and waiting:
            os.write(terminal, waiting.pop(0).encode() + b"\n")
    os.close(terminal)
    os.waitpid(child, 0)
    return said.decode()


def test_a_system_is_classified_and_enters_a_stage(aicensus: Aicensus, db: str, url: str) -> None:
    seed(url)

    classified = aicensus("systems", "classify", "support-bot", *CLASSES, "--db", db)
    again = aicensus(
        *("systems", "classify", "support-bot", "--again", "--answer", "practices=5(1)(ba)"),
        *("--db", db, "--format", "json"),
    ).json[0]
    staged = aicensus("systems", "stage", "support-bot", "pilot", "--reason", "ten users", "--db", db)
    system = aicensus("systems", "show", "support-bot", "--db", db, "--format", "json").json[0]

    assert "support-bot is high_annex_iii: its use is in Annex III and it profiles people." in classified.out
    assert "02024R1689-20260727" in classified.out
    assert again["upcoming_from"] in ("2026-12-02", None)
    assert "support-bot is in the stage pilot now." in staged.out
    assert (system["oversight"]["eu_class"], system["oversight"]["stage"]) == ("high_annex_iii", "pilot") or (
        system["oversight"]["eu_class"] == "prohibited"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("classify", "support-bot"), "nothing is answered"),
        (("classify", "support-bot", "--answer", "rol=x"), "did you mean 'role'?"),
        (("stage", "support-bot", "prod", "--reason", "x"), "Did you mean 'production'?"),
        (("stage", "support-bot", "pilot", "--since", "2099-01-01", "--reason", "x"), "lies ahead"),
        (("review", "nosuch"), "there is no system 'nosuch'"),
        (("review", "support-bot", "--mode", "sometimes"), "is not one of"),
    ],
)
def test_a_wrong_question_about_a_system_is_told(
    aicensus: Aicensus, db: str, url: str, words: tuple[str, ...], said: str
) -> None:
    seed(url)

    ran = aicensus("systems", *words, "--db", db)

    assert ran.code == 2
    assert said in ran.err


def test_a_register_is_tried_and_imported(aicensus: Aicensus, db: str, url: str, tmp_path: Path) -> None:
    seed(url)
    register = tmp_path / "register.csv"
    register.write_text("System,Owner,Purpose\nsupport-bot,dana@example.org,Answers.\nnew one,,Talks.\n")

    tried = aicensus("record", "import", str(register), "--dry-run", "--db", db)
    before = len(aicensus("systems", "--db", db, "--format", "json").json)
    done = aicensus("record", "import", str(register), "--confirm", "--reason", "register", "--db", db)
    after = aicensus("systems", "--db", db, "--format", "json").json

    assert "2 systems would be written: 1 new, 1 changed; 0 as before, 0 left out." in tried.out
    assert done.code == 0, done.err
    assert "2 systems were written: 1 new, 1 changed" in done.out
    assert len(after) == before + 1
    assert {one["name"]: one["owner"] for one in after}["support-bot"] == "dana@example.org"


def test_a_register_fills_an_inventory_that_no_scan_has_begun(
    aicensus: Aicensus, db: str, tmp_path: Path
) -> None:
    register = tmp_path / "register.csv"
    register.write_text("name,kind,owner\nchat,saas_tool,dana@example.org\n")

    done = aicensus("record", "import", str(register), "--db", db)

    assert done.code == 0, done.err
    assert aicensus("systems", "--db", db, "--format", "json").json[0]["state"] == "registered"


def test_a_register_with_wrong_columns_is_refused_whole(
    aicensus: Aicensus, db: str, url: str, tmp_path: Path
) -> None:
    seed(url)
    register = tmp_path / "register.csv"
    register.write_text("System,Ownr\nsupport-bot,dana@example.org\n")

    ran = aicensus("record", "import", str(register), "--db", db)

    assert ran.code == 2
    assert "no field is called 'Ownr'; did you mean 'owner'? say --map 'Ownr'=FIELD" in ran.err


def test_a_record_is_written_as_a_form(aicensus: Aicensus, db: str, url: str) -> None:
    seed(url)
    aicensus("record", "set", "support-bot", "legal_entity=Acme GmbH", "markets=DE", "--db", db)

    text = aicensus("record", "view", "support-bot", "--as", "annex-viii-a", "--db", db)
    rows = aicensus("record", "view", "--all", "--as", "omb", "--db", db, "--format", "csv")
    found = aicensus("record", "view", "support-bot", "--as", "atrs", "--db", db, "--format", "json").json[0]

    assert "A10 Member States" in text.out
    assert "[missing]" in text.out
    assert "not meant for the class" in text.out
    table = list(csv.reader(io.StringIO(rows.out)))
    assert [len(row) for row in table] == [36, 36, 36]
    assert "organisation" in [one["column"] for one in found["columns"]]
    assert aicensus("record", "view", "--as", "omb", "--db", db).code == 2

"""``aicensus catalogue``: check an extension, try it on a text, search what is known."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.connectors.catalogue.test_looking import RIGHT, WRONG
from tests.discovery.cli.conftest import Aicensus


@pytest.fixture
def own(tmp_path: Path) -> str:
    (tmp_path / "own.toml").write_text(RIGHT)
    return str(tmp_path / "own.toml")


def test_lint_finds_nothing_in_what_we_ship_and_in_a_right_file(aicensus: Aicensus, own: str) -> None:
    assert aicensus("catalogue", "lint").code == 0
    assert aicensus("catalogue", "lint", own).code == 0


def test_lint_says_every_mistake_with_its_line(aicensus: Aicensus, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(WRONG)

    ran = aicensus("catalogue", "lint", str(tmp_path / "own.toml"))

    assert ran.code == 2
    assert ran.out == ""
    assert "6 mistakes." in ran.err
    assert "own.toml:4: pypi.1.colour: unknown key" in ran.err
    assert "own.toml:7: nonsense" in ran.err
    assert "own.toml:9: family.0.pattern" in ran.err


@pytest.mark.parametrize("content", ["x = [", "\0", "é".encode("latin-1")])
def test_lint_of_what_is_no_toml_is_a_mistake(
    content: str | bytes, aicensus: Aicensus, tmp_path: Path
) -> None:
    (tmp_path / "own.toml").write_bytes(content.encode() if isinstance(content, str) else content)

    ran = aicensus("catalogue", "lint", str(tmp_path / "own.toml"))

    assert ran.code == 2
    assert "own.toml" in ran.err


def test_a_file_is_tried_as_a_scan_would_read_it(
    aicensus: Aicensus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "requirements.txt").write_text("requests\nopenai==1.2\n")
    monkeypatch.chdir(tmp_path)

    ran = aicensus("catalogue", "test", "requirements.txt", "--format", "json")

    assert ran.code == 0
    (fact,) = ran.json["facts"]
    assert (fact["line"], fact["kind"], fact["name"], fact["format"]) == (
        2,
        "package",
        "openai",
        "requirements",
    )
    assert fact["stands"] is True
    assert fact["matched"] == ["pypi package 'openai'"]


def test_a_text_is_tried_as_if_it_lay_somewhere(aicensus: Aicensus) -> None:
    as_test = aicensus("catalogue", "test", 'model = "gpt-4o"', "--as", "tests/a.py", "--format", "json").json
    as_prose = aicensus("catalogue", "test", 'model = "gpt-4o"', "--as", "notes.md")

    assert as_test["role"] == "test"
    assert [fact["name"] for fact in as_test["facts"]] == ["gpt-4o"]
    assert as_prose.code == 1
    assert "Nothing is found." in as_prose.out


def test_a_table_says_what_matched_and_what_only_adds_evidence(aicensus: Aicensus) -> None:
    ran = aicensus("catalogue", "test", "import openai\n", "--as", "a.py")

    assert ran.code == 0
    assert "a.py: application, read as source" in ran.out
    assert "python-module" in " ".join(ran.out.split())
    assert "1 fact." in ran.out


def test_what_was_looked_at_and_not_taken_is_told(aicensus: Aicensus) -> None:
    ran = aicensus("catalogue", "test", "see https://api.openai.com.evil.example/v1", "--as", "a.py")

    assert ran.code == 1
    assert "looked at and not taken: line 1: host 'api.openai.com'" in ran.out


def test_a_file_of_ones_own_can_be_tried(aicensus: Aicensus, own: str) -> None:
    without = aicensus("catalogue", "test", "acme-llm==1", "--as", "requirements.txt")
    ran = aicensus("catalogue", "test", "acme-llm==1", "--as", "requirements.txt", "--catalogue", own)

    assert (without.code, ran.code) == (1, 0)
    assert "acme-llm" in ran.out


def test_standard_input_is_read_at_a_dash(aicensus: Aicensus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"openai\n")))

    assert aicensus("catalogue", "test", "-", "--as", "requirements.txt").code == 0


def test_no_secret_of_a_tried_file_is_printed(aicensus: Aicensus) -> None:
    secret = "sk-" + "a1B2" * 12
    text = f'OPENAI_API_KEY = "{secret}"\nbase_url = "https://user:{secret}@api.openai.com/v1"\n'

    for form in ("table", "json"):
        ran = aicensus("catalogue", "test", text, "--as", "app.py", "--format", form)
        assert secret not in ran.out + ran.err


@pytest.mark.parametrize("subject", ["/dev/zero", "."])
def test_what_is_no_regular_file_is_refused(subject: str, aicensus: Aicensus) -> None:
    ran = aicensus("catalogue", "test", subject)

    assert ran.code == 2
    assert "not a file" in ran.err


def test_search_lists_rows_of_any_table(aicensus: Aicensus) -> None:
    ran = aicensus("catalogue", "search", "anthropic", "--format", "json")

    tables = {row["table"] for row in ran.json}
    assert {"pypi", "npm", "provider"} <= tables
    assert next(row for row in ran.json if row["table"] == "pypi")["fields"]["vendor"]


def test_search_for_an_unknown_word_or_table(aicensus: Aicensus) -> None:
    nothing = aicensus("catalogue", "search", "no-such-thing-anywhere")
    wrong = aicensus("catalogue", "search", "openai", "--table", "nope")

    assert (nothing.code, nothing.out) == (0, "No row holds that.\n")
    assert wrong.code == 2
    assert "known are" in wrong.err


def test_what_was_called_wrong_is_written_to_a_file_with_which_a_scan_no_longer_finds_it(
    aicensus: Aicensus, db: str, tmp_path: Path
) -> None:
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo" / "requirements.txt").write_text("openai==1.4\n")
    own = tmp_path / "own.toml"
    config = tmp_path / "aicensus.toml"
    config.write_text(f'[connectors.code.main]\ntargets = ["{tmp_path}/repo"]\ncatalogue = "{own}"\n')
    at = ("--db", db)
    aicensus("scan", str(tmp_path / "repo"), *at)
    for alert in aicensus("alerts", "--format", "json", *at).json:
        aicensus("alerts", "false-positive", alert["alert_id"], "--reason", "a fixture", *at)

    wrote = aicensus("catalogue", "feedback", "--write", str(own), *at)
    linted = aicensus("catalogue", "lint", str(own))
    again = aicensus("scan", "--config", str(config), "--db", str(tmp_path / "new.db"))
    found = aicensus("assets", "--format", "json", "--db", str(tmp_path / "new.db")).json
    left_out = aicensus("coverage", "--format", "json", "--db", str(tmp_path / "new.db")).out

    assert wrote.code == 0, wrote.err
    assert "1 row added, 0 proposed in comments" in wrote.out
    assert "catalogue = " in wrote.out
    assert linted.code == 0, linted.err
    assert again.code == 0, again.err
    assert found == []
    assert "pkg:pypi/openai (package) is no AI: a fixture" in left_out

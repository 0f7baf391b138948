from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from discovery.service.views_rules import GapView, OrganisationFactView, RuleTestView, RuleView
from tests.discovery.cli.conftest import Aicensus
from tests.discovery.cli.seeding import seed

OWN = """\
rules:
  - id: ACME-01
    title: No unit pays for it
    severity: high
    subject: system
    when: {all: [{eq: [record_state, candidate]}, {missing: org_unit}]}
    fix: Record the unit that pays for it.
"""


def test_gaps_are_listed_with_rule_set_and_law(aicensus: Aicensus, db: str, url: str) -> None:
    seed(url)

    ran = aicensus("gaps", "--of", "system", "--db", db)

    assert ran.code == 0
    assert ran.out.count("OWN-01") == 2
    assert "law 02024R1689-20260727. A gap is no verdict." in ran.out


def test_one_system_says_what_to_do(aicensus: Aicensus, db: str, url: str) -> None:
    seed(url)

    ran = aicensus("gaps", "support-bot", "--db", db)

    assert "OVR-00: Answer the four questions and set the next review." in ran.out
    assert "may breach Art. 26(2) from 2 Dec 2027" in ran.out


def test_gaps_in_json_have_every_public_field(aicensus: Aicensus, db: str, url: str) -> None:
    seed(url)

    ran = aicensus("gaps", "--framework", "nist_ai_rmf", "--format", "json", "--db", db)

    assert ran.json
    assert all(list(one) == list(GapView.__dataclass_fields__) for one in ran.json)
    assert {one["framework"] for one in ran.json} == {"nist_ai_rmf"}
    assert all(one["control"] in one["refs"]["nist_ai_rmf"] for one in ran.json)


def test_fail_on_says_so_by_its_exit_code(aicensus: Aicensus, db: str, url: str) -> None:
    seed(url)

    assert aicensus("gaps", "support-bot", "--fail-on", "high", "--db", db).code == 1
    assert aicensus("gaps", "support-bot", "--fail-on", "critical", "--db", db).code == 0


def test_wrong_words_name_the_right_ones(aicensus: Aicensus, db: str, url: str) -> None:
    seed(url)

    unknown = aicensus("gaps", "no-such", "--db", db)
    rule = aicensus("gaps", "--rule", "OWN-1", "--db", db)

    assert (unknown.code, rule.code) == (2, 2)
    assert "there is no system 'no-such'" in unknown.err
    assert "Did you mean OWN-01?" in rule.err


def test_a_changed_rule_is_marked(aicensus: Aicensus, db: str, url: str, tmp_path: Path) -> None:
    seed(url)
    config = tmp_path / "aicensus.toml"
    config.write_text('[rules.override.OWN-01]\nseverity = "critical"\n', encoding="utf-8")

    ran = aicensus("gaps", "--rule", "own-01", "--db", db, "--config", str(config))

    assert ran.out.count("OWN-01 (changed)") == 2
    assert "critical" in ran.out


def test_rules_are_listed_and_shown(aicensus: Aicensus) -> None:
    listed = aicensus("rules", "--format", "json").json
    shown = aicensus("rules", "show", "lif-03")

    assert len(listed) == 72
    assert list(listed[0]) == list(RuleView.__dataclass_fields__)
    assert {one["alerts"] for one in listed} == {"always", "registered", "never"}
    assert "2027-12-02, 2028-08-02 for some" in shown.out
    assert "Art. 26(6)" in shown.out


def test_own_rules_are_checked_before_they_are_used(aicensus: Aicensus, tmp_path: Path) -> None:
    right, wrong, taken = (tmp_path / f"{name}.yaml" for name in ("right", "wrong", "taken"))
    right.write_text(OWN, encoding="utf-8")
    wrong.write_text(OWN.replace("org_unit", "org_unti"), encoding="utf-8")
    taken.write_text(OWN.replace("ACME-01", "OWN-01"), encoding="utf-8")

    good, bad, both = (aicensus("rules", "check", str(file)) for file in (right, wrong, taken))

    assert (good.code, bad.code, both.code) == (0, 2, 2)
    assert "1 rule (ACME-01)" in good.out
    assert "Did you mean 'org_unit'?" in bad.err
    assert "OWN-01 is built in" in both.err


def test_a_mistake_in_own_rules_is_found_with_the_configuration(aicensus: Aicensus, tmp_path: Path) -> None:
    (tmp_path / "acme.yaml").write_text(OWN.replace("missing", "mising"), encoding="utf-8")
    config = tmp_path / "aicensus.toml"
    config.write_text('[rules]\nfiles = ["acme.yaml"]\n', encoding="utf-8")

    ran = aicensus("config", "check", "--config", str(config))

    assert ran.code == 2
    assert "unknown operator 'mising'" in ran.err


def test_a_record_is_tried(aicensus: Aicensus, tmp_path: Path) -> None:
    record = tmp_path / "record.yaml"
    record.write_text("kind: agent\ncapabilities: [write]\noversight:\n  mode: none\n", encoding="utf-8")
    rules = tmp_path / "acme.yaml"
    rules.write_text(OWN, encoding="utf-8")

    one = aicensus("rules", "test", str(record), "--rule", "OVR-05", "--format", "json")
    silent = aicensus("rules", "test", str(record), "--rule", "LIF-01")
    own = aicensus("rules", "test", str(record), "--rules", str(rules))

    assert (one.code, silent.code, own.code) == (1, 0, 0)
    assert list(one.json[0]) == list(RuleTestView.__dataclass_fields__)
    assert one.json[0]["gap_class"] == "failed_control"
    assert "no gap" in silent.out
    assert "ACME-01" in own.out


def test_a_record_with_an_unknown_field_is_refused(aicensus: Aicensus, tmp_path: Path) -> None:
    record = tmp_path / "record.json"
    record.write_text(json.dumps({"oversight": {"mod": "none"}}), encoding="utf-8")

    ran = aicensus("rules", "test", str(record))

    assert ran.code == 2
    assert "Did you mean 'oversight.mode'?" in ran.err


def test_facts_of_the_organisation_are_kept_and_taken_back(aicensus: Aicensus, db: str, url: str) -> None:
    seed(url)

    said = aicensus("organisation", "set", "policy.ref", "https://example.org/ai", "--db", db)
    shown = aicensus("organisation", "show", "--said", "--format", "json", "--db", db)
    taken = aicensus("organisation", "unset", "policy.ref", "--reason", "withdrawn", "--db", db)
    again = aicensus("organisation", "unset", "policy.ref", "--reason", "withdrawn", "--db", db)

    assert (said.code, taken.code, again.code) == (0, 0, 2)
    (one,) = shown.json
    assert list(one) == list(OrganisationFactView.__dataclass_fields__)
    assert one["value"] == "https://example.org/ai"
    assert "nothing was said" in again.err


def test_every_report_says_what_was_decided_in_single_user_mode(
    aicensus: Aicensus, db: str, url: str, tmp_path: Path
) -> None:
    seed(url)
    at = ("--db", db)
    aicensus(
        "exceptions",
        "request",
        "support-bot",
        "OWN-01",
        "--until",
        (datetime.now(UTC) + timedelta(days=60)).date().isoformat(),
        "--reason",
        "pilot",
        *at,
    )
    approved = aicensus("exceptions", "approve", "support-bot", "OWN-01", "--reason", "fine", *at)
    aicensus("attest", "start", "2026-Q4", "--state", "candidate", *at)
    reports = (
        ("report", "maturity"),
        ("report", "gaps", "--format", "html"),
        ("evidence", "list", "--format", "csv"),
        ("attest", "list", "--format", "json"),
        ("attest", "status", "2026-Q4"),
        ("attest", "export", "2026-Q4"),
        ("record", "show", "support-bot"),
        ("record", "view", "support-bot", "--as", "atrs"),
        ("report", "audit-pack", "--out", str(tmp_path / "audit.zip")),
    )

    said = {words: aicensus(*words, *at) for words in reports}

    assert approved.code == 0, approved.err
    silent = [words for words, ran in said.items() if "Single-user mode: 1 decision" not in ran.out + ran.err]
    assert silent == []
    assert aicensus("record", "show", "recommender", *at).out.count("Single-user") == 0


def test_a_page_is_not_poured_into_a_terminal(
    aicensus: Aicensus, db: str, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed(url)
    page = tmp_path / "gaps.html"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)

    refused = aicensus("report", "gaps", "--db", db)
    written = aicensus("report", "gaps", "--out", str(page), "--db", db)
    nowhere = aicensus("report", "gaps", "--out", str(tmp_path / "none" / "x.html"), "--db", db)

    assert (refused.code, refused.out, "--out gaps.html" in refused.err) == (2, "", True)
    assert (written.code, page.read_text(encoding="utf-8")[:15]) == (0, "<!doctype html>")
    assert (nowhere.code, "x.html" in nowhere.err) == (2, True)

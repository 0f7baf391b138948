"""Commands that decide, on a real store."""

from __future__ import annotations

import pytest

from discovery.cli import oversight as oversight_commands
from discovery.cli import owner as owner_commands
from discovery.cli.alerts import STATES
from discovery.cli.options import SEVERITIES
from tests.discovery.cli.conftest import Aicensus
from tests.discovery.cli.seeding import seed

ANSWERS = (
    *("--purpose", "Answers the questions of customers about their orders."),
    *("--data", "personal,internal", "--mode", "in-the-loop"),
    *("--description", "A person approves each answer.", "--next-review", "2099-06-30"),
)


def test_words_of_the_options_are_those_of_the_services() -> None:
    from discovery.service import oversight_rules, rules
    from discovery.service.decisions import OwnerRole

    assert oversight_rules.OVERSIGHT_MODES == oversight_commands.MODES
    assert oversight_rules.DATA_CATEGORIES == oversight_commands.CATEGORIES
    assert tuple(role.value for role in OwnerRole) == owner_commands.ROLES
    assert rules.SEVERITIES == SEVERITIES
    assert len(STATES) == 8


def test_owner_and_record_close_the_gaps(aicensus: Aicensus, db: str, url: str) -> None:
    seed(url)

    owner = aicensus("owner", "set", "support-bot", "dana@example.org", "--reason", "asked", "--db", db)
    record = aicensus("oversight", "record", "support-bot", *ANSWERS, "--no-input", "--db", db)

    assert owner.code == record.code == 0, owner.err + record.err
    assert "dana@example.org is the accountable owner of support-bot." in owner.out
    assert "Resolved 1 alert." in owner.out
    assert "aicensus oversight record support-bot" in owner.out
    assert "The oversight record of support-bot is complete." in record.out
    left = aicensus("alerts", "--db", db, "--format", "json", "--system", "support-bot").json
    assert left == []


def test_candidate_is_accepted_only_by_a_person(aicensus: Aicensus, db: str, url: str) -> None:
    seed(url)
    before = aicensus("systems", "show", "support-bot", "--db", db, "--format", "json").json[0]

    ran = aicensus("owner", "accept", "support-bot", "--db", db, "--format", "json")

    assert before["owner"] is None
    assert ran.json[0]["owner"] == "@acme/bots"


def test_withdrawn_owner_and_record_open_the_gaps_again(aicensus: Aicensus, db: str, url: str) -> None:
    seed(url)
    aicensus("owner", "set", "support-bot", "dana@example.org", "--db", db)
    aicensus("oversight", "record", "support-bot", *ANSWERS, "--no-input", "--db", db)

    owner = aicensus("owner", "withdraw", "support-bot", "--reason", "left", "--db", db)
    record = aicensus("oversight", "withdraw", "support-bot", "--reason", "changed", "--db", db)

    assert "Opened 1 alert." in owner.out
    assert "Opened 1 alert." in record.out
    states = aicensus("alerts", "--db", db, "--format", "json", "--system", "support-bot").json
    assert {one["rule"]: one["reopen_count"] for one in states} == {"OWN-01": 1, "OVR-00": 1}


def test_record_is_shown_with_what_is_missing(aicensus: Aicensus, db: str, url: str) -> None:
    seed(url)
    aicensus("oversight", "record", "recommender", "--mode", "post_hoc", "--no-input", "--db", db)

    ran = aicensus("oversight", "show", "recommender", "--db", db)

    assert "incomplete" in ran.out
    assert "purpose" in ran.out
    assert "post hoc" in ran.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--mode", "sometimes"), "in_the_loop"),
        (("--data", "secrets"), "special_category"),
        (("--next-review", "soon"), "2026-11-22"),
        ((), "at least one answer"),
    ],
)
def test_answer_that_cannot_be_read_changes_nothing(
    words: tuple[str, ...], told: str, aicensus: Aicensus, db: str, url: str
) -> None:
    seed(url)

    ran = aicensus("oversight", "record", "recommender", *words, "--no-input", "--db", db)

    assert ran.code == 2
    assert told in ran.err
    assert (
        aicensus("oversight", "show", "recommender", "--db", db, "--format", "json").json[0]["state"]
        == "none"
    )


def alert_of(aicensus: Aicensus, db: str) -> str:
    found = aicensus(
        "alerts", "--db", db, "--format", "json", "--rule", "OWN-01", "--system", "recommender"
    ).json
    return str(found[0]["alert_id"])


@pytest.mark.parametrize(
    ("verb", "words", "state"),
    [
        ("acknowledge", (), "acknowledged"),
        ("assign", ("--to", "dana@example.org"), "assigned"),
        ("review", (), "in_review"),
        ("accept-risk", ("--reason", "retires soon"), "accepted_risk"),
        ("false-positive", ("--reason", "a sample"), "false_positive"),
        ("suppress", ("--reason", "out of scope"), "suppressed"),
    ],
)
def test_every_decision_moves_the_alert_and_is_kept(
    verb: str, words: tuple[str, ...], state: str, aicensus: Aicensus, db: str, url: str
) -> None:
    seed(url)
    alert = alert_of(aicensus, db)

    ran = aicensus("alerts", verb, alert, *words, "--db", db)

    assert ran.code == 0, ran.err
    assert state.replace("_", " ") in ran.out
    kept = aicensus("alerts", "show", alert, "--db", db, "--format", "json").json[0]
    assert kept["state"] == state
    assert kept["events"][-1]["to_state"] == state
    assert not words or words[0] != "--reason" or kept["events"][-1]["reason"].startswith(words[1])
    assert aicensus("audit", "verify", "--db", db).code == 0


def test_decision_that_needs_a_reason_is_refused_without_one(aicensus: Aicensus, db: str, url: str) -> None:
    seed(url)

    ran = aicensus("alerts", "suppress", alert_of(aicensus, db), "--db", db)

    assert ran.code == 2
    assert "--reason" in ran.err


def test_several_alerts_are_decided_at_once(aicensus: Aicensus, db: str, url: str) -> None:
    seed(url)
    ids = [one["alert_id"] for one in aicensus("alerts", "--db", db, "--format", "json").json]

    ran = aicensus("alerts", "acknowledge", *ids, "--db", db, "--format", "json")

    assert len(ids) == 4
    assert {one["state"] for one in ran.json} == {"acknowledged"}


def test_suppressed_alert_can_be_opened_again(aicensus: Aicensus, db: str, url: str) -> None:
    seed(url)
    alert = alert_of(aicensus, db)
    aicensus("alerts", "suppress", alert, "--reason", "later", "--db", db)

    ran = aicensus("alerts", "reopen", alert, "--reason", "now", "--db", db, "--format", "json")

    assert ran.json[0]["state"] == "open"


def test_audit_log_is_whole_until_somebody_touches_it(aicensus: Aicensus, db: str, url: str) -> None:
    import sqlite3

    seed(url)
    aicensus("owner", "set", "support-bot", "dana@example.org", "--db", db)
    whole = aicensus("audit", "verify", "--db", db)
    with sqlite3.connect(db) as raw:
        raw.execute("UPDATE audit SET body = body || ' '")
    raw.close()

    broken = aicensus("audit", "verify", "--db", db, "--format", "json")

    assert (whole.code, broken.code) == (0, 1)
    assert "head " in whole.out
    assert broken.json[0]["ok"] is False


def test_head_that_is_not_in_the_log_fails_the_check(aicensus: Aicensus, db: str, url: str) -> None:
    seed(url)
    aicensus("owner", "set", "support-bot", "dana@example.org", "--db", db)

    assert aicensus("audit", "verify", "--head", "f" * 64, "--db", db).code == 1

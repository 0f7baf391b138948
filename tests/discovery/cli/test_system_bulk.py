"""Decisions on many systems, comments and tickets, and filters that name nothing, on a real store."""

from __future__ import annotations

from pathlib import Path

import pytest

from store import open_store
from tests.discovery.cli.conftest import Aicensus
from tests.discovery.cli.seeding import seed
from tests.estate import Estate, finding


def test_many_systems_are_assigned_and_the_decision_is_taken_back(
    aicensus: Aicensus, db: str, url: str
) -> None:
    seed(url)
    aicensus("units", "set", "Retail", "--lead", "gina@example.org", "--db", db)
    words = ("systems", "bulk", "assign", "--unit", "Retail", "--text", "bot")

    counted = aicensus(*words, "--dry-run", "--db", db)
    done = aicensus(*words, "--db", db)
    again = aicensus(*words, "--db", db)
    back = aicensus("systems", "bulk", "undo", "latest", "--db", db)
    (listed,) = aicensus("systems", "bulk", "--db", db, "--format", "json").json

    assert (counted.code, done.code, back.code) == (0, 0, 0)
    assert "1 system would change.\n  support-bot" in counted.out
    assert "1 system changed." in done.out
    assert f"aicensus systems bulk undo {listed['batch_id']} --db" in done.out
    assert "0 systems changed; 1 was so already." in again.out
    assert "1 system as before." in back.out
    assert (listed["action"], listed["what"], listed["state"]) == ("system.assign", "unit Retail", "undone")


def test_a_comment_says_whom_it_does_not_reach_and_is_listed_with_tickets(
    aicensus: Aicensus, db: str, url: str
) -> None:
    seed(url)
    ticket = "https://tickets.example.org/AI-7"

    said = aicensus("alerts", "comment", "support-bot", "@zed: yours?", "--db", db)
    aicensus("alerts", "link", "support-bot", ticket, "--db", db)
    closed = aicensus("alerts", "ticket", "support-bot", ticket, "--state", "closed", "--db", db)
    listed = aicensus("alerts", "comments", "support-bot", "--db", db)
    case = aicensus("cases", "show", "support-bot", "--db", db)

    assert said.out.startswith("note_")
    assert "@zed is not told: nobody is known by that name" in said.err
    assert "The ticket is closed." in closed.out
    assert "@zed: yours?" in listed.out
    assert f"{ticket} (closed since " in listed.out
    assert (said.out.strip() in case.out, f"{ticket} (closed since " in case.out) == (True, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("systems", "--kind", "agnt"), "'agnt' is unknown; did you mean 'agent'?"),
        (("systems", "--state", "foo"), "known: candidate, registered"),
        (("assets", "--kind", "zzz"), "known: agent"),
        (("alerts", "--rule", "OWN-99"), "there is no rule 'OWN-99'. Did you mean OWN-"),
        (("alerts", "bulk", "acknowledge", "--rule", "NOPE"), "there is no rule 'NOPE'"),
        (("suppressions", "add", "--rule", "NOPE-*", "--reason", "x"), "no rule is called 'NOPE-*'"),
        (("systems", "bulk", "assign", "--unit", ""), "nothing says which systems are meant"),
        (("gaps", "support-bot", "--system", "other"), "two systems are named"),
        (("audit", "verify", "nothing.zip"), "nothing.zip cannot be read: No such file"),
    ],
)
def test_a_filter_that_names_nothing_is_told_instead_of_an_empty_list(
    words: tuple[str, ...], said: str, aicensus: Aicensus, db: str, url: str
) -> None:
    seed(url)

    ran = aicensus(*words, "--db", db)

    assert ran.code == 2
    assert said in " ".join(ran.err.split())


def test_an_end_is_told_as_the_last_day_that_holds(aicensus: Aicensus, db: str, url: str) -> None:
    seed(url)
    (alert, *_) = aicensus("alerts", "--db", db, "--format", "json").json
    until = ("--until", "2027-01-31", "--reason", "retires")

    ran = aicensus("alerts", "accept-risk", alert["alert_id"], *until, "--db", db)
    shown = aicensus("alerts", "show", alert["alert_id"], "--db", db)

    assert "is accepted risk until 2027-01-31:" in ran.out
    assert "until       2027-01-31" in shown.out


def test_a_name_that_was_merged_away_leads_to_what_took_it(aicensus: Aicensus, db: str, url: str) -> None:
    seed(url)
    aicensus("systems", "add", "helpdesk", "--kind", "application", "--db", db)
    aicensus("systems", "merge", "helpdesk", "support-bot", "--reason", "one product", "--db", db)

    ran = aicensus("systems", "show", "helpdesk", "--db", db)

    assert "the system 'helpdesk' was merged into 'support-bot'" in ran.err


def test_a_name_that_two_systems_bear_says_what_each_is(aicensus: Aicensus, db: str, url: str) -> None:
    seed(url)
    with open_store(url) as store:
        Estate(store).show(finding("support-bot"), scope="other")

    ran = aicensus("systems", "show", "support-bot", "--db", db)

    said = " ".join(ran.err.split())
    assert "'support-bot' may mean several systems. Use the id: sys_" in said
    assert "(application, " in said
    assert "(agent, " in said


def test_a_day_that_is_still_to_come_is_told_and_no_pack_is_made_of_it(
    aicensus: Aicensus, db: str, url: str, tmp_path: Path
) -> None:
    seed(url)
    pack = tmp_path / "pack.zip"

    listed = aicensus("systems", "--as-of", "2199-01-01", "--db", db)
    refused = aicensus("report", "audit-pack", "--as-of", "2199-01-01", "--out", str(pack), "--db", db)

    assert "2199-01-01 is still to come; this is what is known now" in listed.err
    assert (refused.code, pack.exists()) == (2, False)
    assert "give a day up to today" in refused.err


def test_one_that_is_retired_is_asked_for_nothing_more(aicensus: Aicensus, db: str, url: str) -> None:
    seed(url)

    ran = aicensus("systems", "retire", "support-bot", "--reason", "replaced", "--db", db)
    shown = aicensus("systems", "show", "support-bot", "--db", db)

    assert "Still without" not in ran.out
    assert "does not alert: it is retired" in shown.out


def test_many_alerts_are_moved_and_the_decision_is_taken_back(aicensus: Aicensus, db: str, url: str) -> None:
    seed(url)

    refused = aicensus("alerts", "bulk", "accept-risk", "--state", "opne", "--reason", "x", "--db", db)
    counted = aicensus("alerts", "bulk", "acknowledge", "--rule", "OWN-01", "--dry-run", "--db", db)
    done = aicensus("alerts", "bulk", "acknowledge", "--rule", "OWN-01", "--db", db)
    (listed,) = aicensus("alerts", "bulk", "--db", db, "--format", "json").json
    other = aicensus("systems", "bulk", "undo", listed["batch_id"], "--db", db)
    back = aicensus("alerts", "bulk", "undo", "latest", "--reason", "too early", "--db", db)
    states = {
        one["state"] for one in aicensus("alerts", "--rule", "OWN-01", "--db", db, "--format", "json").json
    }

    assert (refused.code, "'opne' is unknown; known: open" in " ".join(refused.err.split())) == (2, True)
    assert "2 alerts would be moved (2 high)." in counted.out
    assert f"aicensus alerts bulk undo {listed['batch_id']} --db" in done.out
    assert (listed["action"], listed["what"], listed["alerts"]) == ("alert.acknowledge", "OWN-01", 2)
    assert (other.code, "It was on alerts: aicensus alerts bulk" in other.err) == (2, True)
    assert ("2 alerts as before." in back.out, states) == (True, {"open"})

"""The life of an estate, as its people see it through the command line."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.conftest import Acme
from tests.fakes_aws import HOME

GUARDRAIL = "bedrock.ListGuardrails"


def system_of(acme: Acme, name: str) -> dict[str, Any]:
    return next(row for row in acme.read("systems", "list") if row["name"] == name)


def rules_open(acme: Acme, system_id: str) -> set[str]:
    return {row["rule"] for row in acme.read("alerts", "list") if row["system_id"] == system_id}


def answer_everything(acme: Acme, system_id: str) -> None:
    code, _ = acme.run("owner", "set", system_id, "dana@acme.example", "--reason", "she runs it")
    assert code == 0
    code, _ = acme.run(
        *("oversight", "record", system_id, "--no-input", "--reason", "reviewed"),
        *("--purpose", "Answers questions of customers about their orders"),
        *("--data", "personal", "--mode", "in_the_loop", "--next-review", "2099-01-01"),
        *("--description", "A person approves every answer before it is sent"),
    )
    assert code == 0


def test_answers_close_the_alerts_of_a_system_and_stay_closed_over_scans(acme: Acme) -> None:
    acme.only("code")
    assert acme.scan() == 0
    bot = system_of(acme, "support-bot")["system_id"]
    before = rules_open(acme, bot)

    answer_everything(acme, bot)
    acme.scan()

    assert before == {"OWN-01", "OVR-00"}
    assert rules_open(acme, bot) == set()
    assert next(row for row in acme.read("systems", "list") if row["system_id"] == bot)["owner"] == (
        "dana@acme.example"
    )


def test_a_withdrawn_owner_opens_the_same_alert_again(acme: Acme) -> None:
    acme.only("code")
    acme.scan()
    bot = system_of(acme, "support-bot")["system_id"]
    answer_everything(acme, bot)

    acme.run("owner", "withdraw", bot, "--reason", "she left")

    alert = next(row for row in acme.read("alerts", "list") if row["system_id"] == bot)
    assert (alert["rule"], alert["state"], alert["reopen_count"]) == ("OWN-01", "open", 1)


def test_a_second_scan_finds_the_same_assets_and_says_so(acme: Acme) -> None:
    acme.scan()
    before = {connector: acme.states(connector) for connector in ("code", "aws", "openai")}

    acme.scan()

    assert all(len(found) > 5 for found in before.values())
    assert before == {connector: acme.states(connector) for connector in ("code", "aws", "openai")}
    run = acme.read("runs", "list")[0]
    assert (run["added"], run["changed"], run["closed"]) == (0, 0, 0)


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_what_was_removed_is_missing_then_gone_and_nothing_else_ages(acme: Acme) -> None:
    acme.only("aws")
    acme.scan()
    before = acme.states("aws")
    acme.aws.remove("bedrock", "ListGuardrails", lambda item: True, region="eu-west-1")
    gone = {key for key in before if ":guardrails/" in key and key.startswith("arn:aws:bedrock:eu-west-1:")}

    acme.scan()
    after_one = acme.states("aws")
    acme.scan()
    after_two = acme.states("aws")

    assert gone
    assert {key for key, state in after_one.items() if state == "missing"} == gone
    assert {key for key, state in after_two.items() if state == "gone"} == gone
    assert set(after_two) == set(before)


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_denied_region_keeps_its_assets_and_is_shown_and_makes_the_scan_partial(acme: Acme) -> None:
    acme.only("aws")
    acme.scan()
    before = acme.states("aws")
    fault = acme.aws.fail("", "", "AccessDeniedException", region="eu-west-1", account=HOME)

    codes = [acme.scan() for _ in range(2)]
    denied = [row for row in acme.read("coverage") if row["status"] == "denied"]

    assert codes == [3, 3]
    assert acme.states("aws") == before
    assert len(denied) > 20
    assert {row["scope"] for row in denied} == {f"aws:main/{HOME}/eu-west-1"}
    fault.times = 0
    assert acme.scan() == 0


def test_a_manifest_that_cannot_be_parsed_holds_its_assets(acme: Acme) -> None:
    acme.only("code")
    acme.scan()
    before = acme.states("code")
    (acme.code / "services" / "recommender" / "package.json").write_text('{"dependencies": {')

    for _ in range(3):
        acme.scan()

    assert acme.states("code") == before
    (run,) = acme.read("runs", "show", "latest")
    assert any("package.json" in str(row["exceptions"]) for row in run["details"])


def test_a_removed_dependency_is_gone_after_two_scans(acme: Acme) -> None:
    acme.only("code")
    acme.scan()
    before = acme.states("code")
    mcp = acme.code / "services" / "support-bot" / ".mcp.json"
    mcp.unlink()

    acme.scan()
    acme.scan()

    gone = {key for key, state in acme.states("code").items() if state == "gone"}
    assert gone
    assert all("mcp" in key for key in gone)
    assert gone < set(before)


def test_every_decision_is_in_an_audit_log_that_verifies(acme: Acme) -> None:
    acme.only("code")
    acme.scan()
    bot = system_of(acme, "support-bot")["system_id"]
    answer_everything(acme, bot)

    code, out = acme.run("audit", "verify")

    assert code == 0
    assert "3" in out

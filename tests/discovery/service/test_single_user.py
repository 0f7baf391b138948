from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from discovery.service import audit_pack, exceptions, gap_report, inventory, maturity_facts, single_user
from discovery.service.alert_decisions import AlertAction, decide_alert
from discovery.service.rule_sets import built_in
from store import Store
from store.audit import Actor
from tests.estate import ALICE, Estate, finding

ANA = Actor(name="ana@acme.example", kind="user", authenticated=True)
BO = Actor(name="bo@acme.example", kind="user", authenticated=True)


@pytest.fixture
def helper(store: Store) -> Store:
    Estate(store).show(finding("helper"), finding("other"))
    return store


def except_it(store: Store, first: Actor, second: Actor) -> None:
    until = datetime.now(UTC).date() + timedelta(days=90)
    exceptions.request(store, "helper", "OWN-01", actor=first, reason="a pilot", until=until)
    exceptions.decide(store, "helper", "OWN-01", actor=second, approve=True)


def accept_a_risk(store: Store, actor: Actor, name: str = "other") -> str:
    wanted = inventory.AlertFilter(rule="OWN-01", system=name)
    alert = inventory.list_alerts(store, wanted)[0].alert_id
    decide_alert(store, alert, AlertAction.ACCEPT_RISK, actor=actor, reason="known")
    return alert


def test_what_a_proven_second_person_decided_is_not_single_user_mode(helper: Store) -> None:
    except_it(helper, ANA, BO)
    accept_a_risk(helper, BO)

    assert single_user.decisions(helper) == []


def test_exceptions_and_risks_without_a_proven_second_person_are_told_until_taken_back(helper: Store) -> None:
    except_it(helper, ALICE, ALICE)
    alert = accept_a_risk(helper, ALICE)
    before = single_user.decisions(helper)
    known_then = datetime.now(UTC)

    decide_alert(helper, alert, AlertAction.REOPEN, actor=BO, reason="no")

    assert [one.split(":")[0] for one in before] == ["helper", "other"]
    assert "OWN-01 risk accepted on " in before[1]
    assert single_user.decisions(helper) == before[:1]
    assert single_user.decisions(helper, as_of=known_then) == before


def test_of_one_system_only_its_own_are_told(helper: Store) -> None:
    except_it(helper, ALICE, ALICE)
    accept_a_risk(helper, ALICE)

    assert [one.split(":")[0] for one in single_user.decisions(helper, system="other")] == ["other"]


def test_gap_report_maturity_and_audit_pack_tell_the_same(helper: Store, tmp_path: Path) -> None:
    except_it(helper, ALICE, ALICE)
    accept_a_risk(helper, ALICE)
    expected = single_user.decisions(helper)

    report = gap_report.make(helper, rules=built_in())
    maturity = maturity_facts.measure(helper)
    audit_pack.write(helper, tmp_path / "audit.zip", as_of=datetime.now(UTC), version="1")

    with zipfile.ZipFile(tmp_path / "audit.zip") as pack:
        manifest = json.loads(pack.read("manifest.json"))
    assert [report.single_user, maturity.single_user, manifest["single_user"]] == [expected] * 3
    assert audit_pack.verify(tmp_path / "audit.zip").ok


def test_what_was_refused_or_closed_is_no_decision_that_stands(helper: Store) -> None:
    until = datetime.now(UTC).date() + timedelta(days=90)
    exceptions.request(helper, "other", "OWN-01", actor=ALICE, reason="a pilot", until=until)
    exceptions.decide(helper, "other", "OWN-01", actor=ALICE, approve=False, reason="no")
    except_it(helper, ALICE, ALICE)
    before = single_user.decisions(helper)

    exceptions.close(helper, "helper", "OWN-01", actor=ALICE, reason="there is an owner")

    assert [one.split(":")[0] for one in before] == ["helper"]
    assert single_user.decisions(helper) == []

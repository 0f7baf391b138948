from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from discovery.service import decisions, inventory, people
from discovery.service.alert_decisions import AlertAction
from discovery.service.errors import DecisionError, NotFound
from discovery.service.oversight_rules import OversightAnswers
from store import Store, audit
from store.audit import Actor
from store.columns import metadata
from tests.estate import ALICE, Estate, code, finding, hint

DANA = "dana.kim@acme.example"
BOSS = Actor(name="bo@acme.example", kind="user", authenticated=True)
DANA_ACTS = Actor(name=DANA, kind="user", authenticated=True)


def busy(store: Store) -> None:
    """Let Dana be named, own, decide, and have an alert."""
    estate = Estate(store)
    estate.show(finding("helper", tags={"Owner": DANA}))
    estate.show(code("openai", owner_hints=(hint(DANA),)), scope="R_1", connector="code")
    decisions.accept_owner(store, "helper", actor=DANA_ACTS, candidate=DANA)
    decisions.record_oversight(
        store,
        "helper",
        OversightAnswers(purpose=f"Helps people; ask {DANA} about it.", next_review=date(2099, 1, 1)),
        actor=DANA_ACTS,
    )
    alert = inventory.list_alerts(store)[0]
    decisions.decide_alert(store, alert.alert_id, AlertAction.ASSIGN, actor=DANA_ACTS, assignee=DANA)


def everything(store: Store) -> str:
    """Return all rows of all tables as one text."""
    with store.read() as tx:
        return "\n".join(
            repr(tuple(row)) for table in metadata.sorted_tables for row in tx.conn.execute(select(table))
        )


def test_an_erased_person_is_named_nowhere_and_the_audit_log_is_whole(store: Store) -> None:
    busy(store)
    assert DANA in everything(store)

    done = people.erase(store, DANA, actor=BOSS, reason="asked for it")

    assert DANA not in everything(store)
    with store.read() as tx:
        assert audit.verify(tx.conn).ok
    assert done.mentions.total > 0


def test_what_an_erased_person_answered_for_has_no_owner(store: Store) -> None:
    busy(store)

    people.erase(store, DANA, actor=BOSS, reason="asked for it")

    assert inventory.get_system(store, "helper").owner is None
    assert {one.rule for one in inventory.list_alerts(store) if one.system_name == "helper"} >= {"OWN-01"}


def test_the_audit_log_names_those_who_act_by_id(store: Store) -> None:
    busy(store)

    with store.read() as tx:
        bodies = repr(audit.entries(tx.conn))

    assert "pty_" in bodies
    assert DANA not in bodies


def test_a_longer_address_is_somebody_else(store: Store) -> None:
    busy(store)
    other = "x" + DANA
    Estate(store).show(finding("scout", tags={"Owner": other}), scope="222233334444")

    people.erase(store, DANA, actor=BOSS, reason="asked for it")

    assert other in everything(store)


def test_an_export_holds_roles_records_decisions_and_where_a_person_is_named(store: Store) -> None:
    busy(store)

    told = people.export(store, DANA)

    assert told["party"]["email"] == DANA
    assert {one["role"] for one in told["owner"]} == {"accountable"}
    assert {one["action"] for one in told["audit"]} >= {"owner.accept", "oversight.record", "alert.assign"}
    assert {one["table"] for one in told["mentioned"]} >= {"sighting", "oversight"}
    assert told["oversight"]


def test_one_who_left_opens_the_gap_and_one_who_is_back_closes_it(store: Store) -> None:
    busy(store)
    before = open_rules(store)

    people.set_active(store, DANA, active=False, actor=BOSS, reason="has left")
    during = open_rules(store)
    people.set_active(store, DANA, active=True, actor=BOSS, reason="is back")

    assert "OWN-01" not in before
    assert "OWN-01" in during
    assert "OWN-01" not in open_rules(store)


def open_rules(store: Store) -> set[str]:
    system = inventory.get_system(store, "helper")
    return {one.rule for one in inventory.list_alerts(store) if one.system_id == system.system_id}


def test_nobody_erases_themselves(store: Store) -> None:
    busy(store)

    with pytest.raises(DecisionError, match="cannot erase yourself"):
        people.erase(store, DANA, actor=DANA_ACTS, reason="me")


def test_somebody_unknown_is_said_to_be_unknown(store: Store) -> None:
    with pytest.raises(NotFound, match="nobody is known"):
        people.erase(store, "noone@acme.example", actor=ALICE, reason="asked")

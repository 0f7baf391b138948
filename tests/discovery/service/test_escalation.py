from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors import clock
from discovery.config import load_config
from discovery.service import decisions, escalation, inventory, sla
from discovery.service.alert_decisions import AlertAction, decide_alert
from discovery.service.errors import DecisionError
from normalizer.units import Unit
from store import Store, units
from store.audit import Actor
from tests.estate import Estate, finding

MONDAY = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)
BO = Actor(name="bo@acme.example", kind="user", authenticated=True)
CONFIG = """
[sla]
security_queue = "queue@acme.example"
security_lead = "lead@acme.example"
risk_committee = "risk@acme.example"
"""


@pytest.fixture
def alert(store: Store, tmp_path: Path) -> str:
    """An alert of severity high, opened on a Monday at nine: 1, 3 and 30 working days."""
    configure(store, tmp_path)
    Estate(store).show(finding("helper"), now=MONDAY)
    return next(one.alert_id for one in inventory.list_alerts(store) if one.rule == "OWN-01")


def configure(store: Store, folder: Path, more: str = "") -> None:
    (folder / "aicensus.toml").write_text(CONFIG + more)
    sla.keep(store, load_config(folder / "aicensus.toml"))


def told(store: Store, alert: str) -> list[str]:
    return [one.reason for one in inventory.get_alert(store, alert).events if one.event == "escalated"]


def test_the_steps_are_taken_in_working_time(store: Store, alert: str) -> None:
    escalation.escalate(store, now=MONDAY + timedelta(hours=6))
    before = told(store, alert)

    escalation.escalate(store, now=MONDAY + timedelta(hours=6.5))

    assert before == []
    assert told(store, alert) == [
        "80 % of the time to acknowledge it is over; queue@acme.example is told",
    ]


def test_a_step_is_taken_once_whatever_the_clock_says(store: Store, alert: str) -> None:
    late = MONDAY + timedelta(hours=8)

    escalation.escalate(store, now=late)
    escalation.escalate(store, now=late - timedelta(days=2))
    again = escalation.escalate(store, now=late)

    assert again == []
    assert len(told(store, alert)) == 1


def test_of_steps_that_passed_unseen_only_the_highest_is_told(store: Store, alert: str) -> None:
    escalation.escalate(store, now=MONDAY + timedelta(days=2))

    assert [one for one in told(store, alert) if "acknowledge" in one] == [
        "150 % of the time to acknowledge it is over; risk@acme.example is told"
    ]


def test_what_was_done_in_time_escalates_no_more(store: Store, alert: str) -> None:
    decide_alert(
        store,
        alert,
        AlertAction.ASSIGN,
        actor=BO,
        assignee="dana@acme.example",
        now=MONDAY + timedelta(hours=1),
    )

    escalation.escalate(store, now=MONDAY + timedelta(days=7))

    assert told(store, alert) == []


def test_an_alert_that_is_closed_or_accepted_escalates_no_more(store: Store, alert: str) -> None:
    decide_alert(store, alert, AlertAction.ACCEPT_RISK, actor=BO, reason="retires soon", now=MONDAY)

    assert alert not in escalation.escalate(store, now=MONDAY + timedelta(days=7))


def test_nobody_owning_it_the_unit_is_asked_then_security(store: Store, alert: str, tmp_path: Path) -> None:
    unit = Unit(name="retail", lead="head@acme.example", scopes=("111122223333",))
    units.sync(store, [unit])

    escalation.escalate(store, now=MONDAY + timedelta(hours=7))
    decisions.set_owner(store, "helper", "dana@acme.example", actor=BO, now=MONDAY)

    assert told(store, alert)[0].endswith("head@acme.example is told")


def test_waiting_for_a_vendor_holds_the_time_and_moves_what_is_due(store: Store, alert: str) -> None:
    due = inventory.get_alert(store, alert).due_at
    escalation.wait(store, alert, actor=BO, reason="the vendor looks", now=MONDAY + timedelta(hours=1))
    escalation.escalate(store, now=MONDAY + timedelta(days=2))
    while_waiting = told(store, alert)

    moved = escalation.go_on(store, alert, actor=BO, now=MONDAY + timedelta(days=2, hours=1))
    escalation.escalate(store, now=MONDAY + timedelta(days=2, hours=3))

    assert while_waiting == told(store, alert) == []
    assert due
    assert moved
    assert clock.from_text(due) == datetime(2030, 4, 12, 17, tzinfo=UTC)
    assert clock.from_text(moved) == datetime(2030, 4, 16, 17, tzinfo=UTC)


def test_waiting_ends_by_itself_after_ten_working_days(store: Store, alert: str) -> None:
    until = escalation.wait(store, alert, actor=BO, reason="the vendor looks", now=MONDAY)
    assert clock.from_text(until) == datetime(2030, 3, 15, 17, tzinfo=UTC)

    escalation.escalate(store, now=datetime(2030, 3, 18, 16, tzinfo=UTC))

    events = [one.event for one in inventory.get_alert(store, alert).events]
    assert events == ["opened", "waiting", "went_on", "escalated"]
    with pytest.raises(DecisionError, match="10 working days"):
        escalation.wait(store, alert, actor=BO, reason="again", now=datetime(2030, 3, 18, 16, tzinfo=UTC))


def test_waiting_takes_a_reason_and_an_alert_that_wants_something(store: Store, alert: str) -> None:
    with pytest.raises(DecisionError, match="takes a reason"):
        escalation.wait(store, alert, actor=BO, reason=" ")
    with pytest.raises(DecisionError, match="waits for nobody"):
        escalation.go_on(store, alert, actor=BO)
    decide_alert(store, alert, AlertAction.SUPPRESS, actor=BO, reason="later")
    with pytest.raises(DecisionError, match="wants nothing now"):
        escalation.wait(store, alert, actor=BO, reason="the vendor looks")


def test_own_times_and_grace_hold(store: Store, tmp_path: Path, alert: str) -> None:
    configure(store, tmp_path, 'grace = "1d"\n[sla.high]\nacknowledge = "2h"\n')

    escalation.escalate(store, now=MONDAY + timedelta(hours=8))
    in_grace = told(store, alert)
    escalation.escalate(store, now=MONDAY + timedelta(hours=26))

    assert in_grace == []
    assert told(store, alert)[0].startswith("100 % of the time to acknowledge")


def test_an_opening_of_its_own_has_steps_of_its_own(store: Store, alert: str) -> None:
    escalation.escalate(store, now=MONDAY + timedelta(hours=7))
    decisions.set_owner(store, "helper", "dana@acme.example", actor=BO, now=MONDAY + timedelta(hours=7))
    reopened = MONDAY + timedelta(days=7)
    decisions.withdraw_owner(store, "helper", actor=BO, reason="left", now=reopened)

    escalation.escalate(store, now=reopened + timedelta(hours=7))

    assert len(told(store, alert)) == 2

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from connectors.errors import ConfigError
from discovery.service import alerting, exceptions, inventory, people
from discovery.service.errors import DecisionError, NotFound
from store import Store
from store.audit import Actor
from tests.estate import ALICE, Estate, finding

ANA = Actor(name="ana@acme.example", kind="user", authenticated=True)
BO = Actor(name="bo@acme.example", kind="user", authenticated=True)


def today() -> date:
    """Return the day it is now: a run may go on past midnight."""
    return datetime.now(UTC).date()


LATER = today() + timedelta(days=90)


@pytest.fixture
def helper(store: Store) -> Store:
    Estate(store).show(finding("helper"))
    return store


def ask(store: Store, actor: Actor = ANA, until: date = LATER) -> None:
    exceptions.request(store, "helper", "OWN-01", actor=actor, reason="a pilot", until=until)


def state(store: Store) -> list[str]:
    return [one.state for one in exceptions.listed(store)]


def alert_state(store: Store) -> str:
    states = ("open", "accepted_risk", "resolved")
    found = inventory.list_alerts(store, inventory.AlertFilter(states=states, rule="OWN-01"))
    return found[0].state


def test_what_is_asked_for_does_not_count_yet(helper: Store) -> None:
    ask(helper)

    assert (state(helper), alert_state(helper)) == (["requested"], "open")


def test_somebody_else_approves_and_the_alert_rests_until_the_end(helper: Store) -> None:
    ask(helper)

    exceptions.decide(helper, "helper", "OWN-01", actor=BO, approve=True)

    (one,) = exceptions.listed(helper)
    assert (one.state, one.requested_by, one.approved_by) == ("active", ANA.name, BO.name)
    assert not one.single_user
    assert alert_state(helper) == "resolved"


def test_after_its_end_it_is_expired_and_the_alert_is_back(helper: Store) -> None:
    ask(helper)
    exceptions.decide(helper, "helper", "OWN-01", actor=BO, approve=True)
    after = datetime.now(UTC) + timedelta(days=92)

    alerting.evaluate(helper, now=after)

    assert [one.state for one in exceptions.listed(helper, as_of=after)] == ["expired"]
    assert alert_state(helper) == "open"


def test_who_asked_cannot_approve(helper: Store) -> None:
    ask(helper)

    with pytest.raises(DecisionError, match="second person"):
        exceptions.decide(helper, "helper", "OWN-01", actor=ANA, approve=True)
    assert state(helper) == ["requested"]


def test_a_single_user_may_do_both_and_the_exception_says_so(helper: Store) -> None:
    ask(helper, ALICE)

    exceptions.decide(helper, "helper", "OWN-01", actor=ALICE, approve=True)

    assert [one.single_user for one in exceptions.listed(helper)] == [True]


def test_an_approver_who_has_left_is_refused(helper: Store) -> None:
    ask(helper)
    exceptions.request(helper, "helper", "OVR-00", actor=BO, reason="x", until=LATER)
    people.set_active(helper, BO.name, active=False, actor=ANA, reason="has left")

    with pytest.raises(DecisionError, match="no longer active"):
        exceptions.decide(helper, "helper", "OWN-01", actor=BO, approve=True)


@pytest.mark.parametrize("days", [0, -1, 366])
def test_an_end_is_ahead_but_not_too_far(helper: Store, days: int) -> None:
    with pytest.raises(DecisionError, match="out of bounds"):
        ask(helper, until=today() + timedelta(days=days))


def test_a_rule_that_is_not_known_is_refused_and_nothing_is_kept(helper: Store) -> None:
    with pytest.raises(ConfigError, match="no rule 'OWN-99'"):
        exceptions.request(helper, "helper", "OWN-99", actor=ANA, reason="x", until=LATER)

    assert state(helper) == []


def test_one_rule_has_one_exception_at_a_time(helper: Store) -> None:
    ask(helper)

    with pytest.raises(DecisionError, match="has an exception already"):
        ask(helper)


def test_one_that_is_closed_lets_the_alert_come_back(helper: Store) -> None:
    ask(helper)
    exceptions.decide(helper, "helper", "OWN-01", actor=BO, approve=True)

    exceptions.close(helper, "helper", "OWN-01", actor=ANA, reason="not needed")

    assert (state(helper), alert_state(helper)) == (["closed"], "open")


def test_one_that_is_refused_can_be_asked_for_again(helper: Store) -> None:
    ask(helper)
    exceptions.decide(helper, "helper", "OWN-01", actor=BO, approve=False, reason="too risky")
    ask(helper)

    assert state(helper) == ["refused", "requested"]


def test_nothing_asked_for_cannot_be_approved(helper: Store) -> None:
    with pytest.raises(NotFound, match="no requested exception"):
        exceptions.decide(helper, "helper", "OWN-01", actor=BO, approve=True)

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from discovery.service import decisions, inventory, people
from discovery.service.alert_decisions import AlertAction, decide_alert
from discovery.service.errors import DecisionError
from discovery.service.views import AlertDetailView
from store import Store
from store.audit import Actor
from tests.estate import ALICE, Estate, finding

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
BO = Actor(name="bo@acme.example", kind="user", authenticated=True)


@pytest.fixture
def alert(store: Store) -> str:
    Estate(store).show(finding("helper"))
    return next(one.alert_id for one in inventory.list_alerts(store) if one.rule == "OWN-01")


def act(store: Store, alert: str, action: AlertAction, **more: object) -> AlertDetailView:
    values: dict[str, object] = {"actor": ALICE, "reason": "because", "now": NOW} | more
    return decide_alert(store, alert, action, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("action", "state"),
    [
        (AlertAction.ACKNOWLEDGE, "acknowledged"),
        (AlertAction.REVIEW, "in_review"),
        (AlertAction.SUPPRESS, "suppressed"),
        (AlertAction.ACCEPT_RISK, "accepted_risk"),
        (AlertAction.FALSE_POSITIVE, "false_positive"),
    ],
)
def test_an_open_alert_moves(store: Store, alert: str, action: AlertAction, state: str) -> None:
    moved = act(store, alert, action)

    assert moved.state == state
    assert [(one.from_state, one.to_state) for one in moved.events] == [(None, "open"), ("open", state)]
    assert moved.events[-1].actor == "alice@laptop (unauthenticated)"
    assert decisions.verify_audit(store).entries == 1


def test_assigning_names_someone(store: Store, alert: str) -> None:
    assert act(store, alert, AlertAction.ASSIGN, assignee="Bo@Acme.example").assignee == "bo@acme.example"
    with pytest.raises(DecisionError, match="assignee"):
        act(store, alert, AlertAction.ASSIGN)


@pytest.mark.parametrize(
    "action", [AlertAction.ACCEPT_RISK, AlertAction.SUPPRESS, AlertAction.FALSE_POSITIVE]
)
def test_closing_without_a_reason_is_refused(store: Store, alert: str, action: AlertAction) -> None:
    with pytest.raises(DecisionError, match="takes a reason"):
        act(store, alert, action, reason=" ")


def test_an_accepted_risk_ends_after_ninety_days_unless_told(store: Store, alert: str) -> None:
    assert act(store, alert, AlertAction.ACCEPT_RISK).until == "2027-02-21T00:00:00.000000Z"
    until = date(2026, 12, 1)

    assert act(store, alert, AlertAction.ACCEPT_RISK, until=until).until == "2026-12-02T00:00:00.000000Z"


@pytest.mark.parametrize("until", [date(2026, 11, 22), date(2027, 11, 23)])
def test_an_end_today_or_over_a_year_ahead_is_refused(store: Store, alert: str, until: date) -> None:
    with pytest.raises(DecisionError, match="out of bounds"):
        act(store, alert, AlertAction.SUPPRESS, until=until)


def test_only_what_ends_takes_an_end(store: Store, alert: str) -> None:
    with pytest.raises(DecisionError, match="has no end"):
        act(store, alert, AlertAction.ACKNOWLEDGE, until=date(2026, 12, 1))


def test_reopening_is_an_event_and_counts(store: Store, alert: str) -> None:
    act(store, alert, AlertAction.SUPPRESS)

    opened = act(store, alert, AlertAction.REOPEN)

    assert (opened.state, opened.reopen_count, opened.until) == ("open", 1, None)
    assert opened.events[-1].event == "reopened"
    with pytest.raises(DecisionError, match="open already"):
        act(store, alert, AlertAction.REOPEN)


def test_a_closed_alert_must_be_reopened_before_work(store: Store, alert: str) -> None:
    act(store, alert, AlertAction.FALSE_POSITIVE)

    with pytest.raises(DecisionError, match="Reopen it first"):
        act(store, alert, AlertAction.ACKNOWLEDGE)


def test_a_resolved_alert_cannot_be_decided(store: Store, alert: str) -> None:
    decisions.set_owner(store, "helper", "ana@acme.example", actor=ALICE)

    with pytest.raises(DecisionError, match="is resolved"):
        act(store, alert, AlertAction.ACKNOWLEDGE)


def test_the_assignee_cannot_accept_the_risk_alone(store: Store, alert: str) -> None:
    act(store, alert, AlertAction.ASSIGN, assignee=BO.name)

    with pytest.raises(DecisionError, match="second person"):
        act(store, alert, AlertAction.ACCEPT_RISK, actor=BO)
    assert "single-user mode" in act(store, alert, AlertAction.ACCEPT_RISK).events[-1].reason


def test_an_alert_is_found_by_the_end_or_beginning_of_its_id(store: Store, alert: str) -> None:
    assert inventory.get_alert(store, alert[-8:]).alert_id == alert
    assert inventory.get_alert(store, alert[:-2]).alert_id == alert


@pytest.mark.parametrize(
    "action", [AlertAction.ACCEPT_RISK, AlertAction.SUPPRESS, AlertAction.FALSE_POSITIVE]
)
def test_who_has_left_lets_no_gap_stand_and_is_given_nothing(
    store: Store, alert: str, action: AlertAction
) -> None:
    decisions.set_owner(store, "helper", BO.name, actor=ALICE, role=decisions.OwnerRole.DEPUTY)
    people.set_active(store, BO.name, active=False, actor=ALICE, reason="has left")

    with pytest.raises(DecisionError, match="no longer active and cannot judge"):
        act(store, alert, action, actor=BO)
    with pytest.raises(DecisionError, match="no longer active and cannot be assigned"):
        act(store, alert, AlertAction.ASSIGN, assignee=BO.name)

    assert inventory.get_alert(store, alert).state == "open"

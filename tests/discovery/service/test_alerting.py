from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from connectors import clock
from connectors.model import PartStatus, Role
from discovery.service import alerting, decisions, inventory
from discovery.service.decisions import AlertAction, OversightAnswers
from discovery.service.inventory import AlertFilter
from store import Store
from store.alerts import STATES
from tests.estate import ALICE, Estate, code, finding

ANSWERS = OversightAnswers(
    purpose="Answers customers about their orders in the chat window.",
    data_categories=("personal",),
    mode="on_the_loop",
    description="The support lead reads a sample every week and can switch it off.",
    next_review=date(2027, 5, 1),
)
ALL = AlertFilter(states=STATES)


def rules(store: Store, filters: AlertFilter | None = None) -> dict[str, str]:
    return {one.rule: one.state for one in inventory.list_alerts(store, filters or ALL)}


def test_a_new_system_opens_one_alert_for_each_rule(store: Store) -> None:
    changes = Estate(store).show(finding("helper"))

    found = inventory.list_alerts(store)
    assert sorted(one.rule for one in found) == ["OVR-00", "OWN-01"]
    assert {one.alert_id for one in found} == set(changes.opened)
    assert {one.system_name for one in found} == {"helper"}


def test_a_high_alert_is_due_in_thirty_working_days(store: Store) -> None:
    Estate(store).show(finding("helper"))

    (alert, _) = inventory.list_alerts(store)
    assert alert.due_at is not None
    # By days: the day ends at five, and the alert may be opened later than that. From the morning of a
    # Monday to the end of the sixth Friday it is 39 days.
    due, opened = clock.from_text(alert.due_at).date(), clock.from_text(alert.opened_at).date()
    assert due - opened >= timedelta(days=39)


def test_evaluating_again_changes_nothing(store: Store) -> None:
    Estate(store).show(finding("helper"))

    changes = alerting.evaluate(store)

    assert changes == alerting.AlertChanges()
    assert all(
        len(inventory.get_alert(store, one.alert_id).events) == 1 for one in inventory.list_alerts(store)
    )


@pytest.mark.parametrize("role", [Role.TEST, Role.DOCS, Role.EXAMPLE, Role.VENDORED])
def test_code_that_is_not_the_application_does_not_alert(store: Store, role: Role) -> None:
    Estate(store).show(code("openai", role=role))

    assert rules(store) == {}
    assert not inventory.get_system(store, "bot").alerting


def test_configured_roles_alert(store: Store) -> None:
    Estate(store).show(code("openai", role=Role.TEST))

    alerting.evaluate(store, roles_that_alert=("application", "test"))

    assert rules(store) == {"OWN-01": "open", "OVR-00": "open"}
    assert inventory.get_system(store, "bot").alerting


def test_decisions_judge_with_the_configured_roles(store: Store) -> None:
    Estate(store).show(code("openai", role=Role.TEST))
    alerting.evaluate(store, roles_that_alert=("application", "test"))

    decisions.set_owner(store, "bot", "ana@acme.example", actor=ALICE)

    assert rules(store) == {"OWN-01": "resolved", "OVR-00": "open"}


def test_losing_the_application_code_resolves(store: Store) -> None:
    estate = Estate(store)
    estate.show(code("openai"), code("pytest-ai", role=Role.TEST))

    estate.show(code("pytest-ai", role=Role.TEST))
    assert set(rules(store).values()) == {"open"}
    estate.show(code("pytest-ai", role=Role.TEST))

    assert set(rules(store).values()) == {"resolved"}


def test_alerts_of_a_gone_system_resolve_only_after_complete_scans(store: Store) -> None:
    estate = Estate(store)
    estate.show(finding("helper"))

    estate.show(status=PartStatus.DENIED)
    estate.show(status=PartStatus.THROTTLED)
    estate.show()
    assert set(rules(store).values()) == {"open"}
    estate.show()

    assert set(rules(store).values()) == {"resolved"}


def test_a_system_that_comes_back_reopens_the_same_alert(store: Store) -> None:
    estate = Estate(store)
    estate.show(finding("helper"))
    before = {one.alert_id for one in inventory.list_alerts(store)}
    estate.show()
    estate.show()

    changes = estate.show(finding("helper"))

    found = inventory.list_alerts(store)
    assert {one.alert_id for one in found} == before == set(changes.reopened)
    assert [one.reopen_count for one in found] == [1, 1]


def test_a_complete_record_resolves_and_a_withdrawn_one_reopens(store: Store) -> None:
    Estate(store).show(finding("helper"))

    recorded = decisions.record_oversight(store, "helper", ANSWERS, actor=ALICE)
    assert rules(store) == {"OWN-01": "open", "OVR-00": "resolved"}
    withdrawn = decisions.withdraw_oversight(store, "helper", actor=ALICE, reason="wrong system")

    assert rules(store) == {"OWN-01": "open", "OVR-00": "open"}
    assert (recorded.alerts_resolved, withdrawn.alerts_opened) == (1, 1)


def test_a_record_lapses_when_the_review_day_is_over_where_the_organisation_is(store: Store) -> None:
    Estate(store).show(finding("helper"))
    decisions.record_oversight(store, "helper", ANSWERS, actor=ALICE, timezone="Europe/Berlin")
    still = datetime(2027, 5, 1, 21, 59, tzinfo=UTC)
    over = datetime(2027, 5, 1, 22, 0, tzinfo=UTC)

    # By then the candidate has waited too long for a decision; the record still stands.
    assert len(alerting.evaluate(store, [], now=still).opened) == 1
    assert rules(store) == {"OWN-01": "open", "OVR-00": "resolved", "INV-02": "open"}
    assert alerting.evaluate(store, [], now=still) == alerting.AlertChanges()
    changes = alerting.evaluate(store, [], now=over)

    assert len(changes.reopened) == 1
    assert alerting.evaluate(store, [], now=over) == alerting.AlertChanges()


def test_an_accepted_risk_stays_until_its_day_and_then_opens(store: Store) -> None:
    estate = Estate(store)
    estate.show(finding("helper"))
    alert = next(one for one in inventory.list_alerts(store) if one.rule == "OWN-01")
    decisions.decide_alert(
        store, alert.alert_id, AlertAction.ACCEPT_RISK, actor=ALICE, reason="pilot ends soon"
    )

    assert alerting.evaluate(store) == alerting.AlertChanges()
    later = clock.now() + timedelta(days=92)
    changes = alerting.evaluate(store, [], now=later)

    assert alert.alert_id in changes.reopened
    assert inventory.get_alert(store, alert.alert_id).events[-1].reason == "accepted risk has ended"


def test_a_false_positive_stays_one(store: Store) -> None:
    estate = Estate(store)
    estate.show(finding("helper"))
    for alert in inventory.list_alerts(store):
        decisions.decide_alert(
            store, alert.alert_id, AlertAction.FALSE_POSITIVE, actor=ALICE, reason="not AI"
        )

    estate.show()
    estate.show()
    estate.show(finding("helper"))

    assert set(rules(store).values()) == {"false_positive"}


def test_alerts_of_merged_systems_come_home(store: Store) -> None:
    estate = Estate(store)
    estate.show(*(finding(name, application="shop") for name in "abc"), finding("d", application="till"))
    shop = inventory.get_system(store, "shop")
    tags = {"ai-system": "retail"}

    estate.show(*(finding(name, tags=tags) for name in "abcd"))

    active = inventory.list_alerts(store)
    assert sorted(one.rule for one in active) == ["OVR-00", "OWN-01"]
    assert {one.system_id for one in active} == {shop.system_id}
    assert len(inventory.list_alerts(store, ALL)) == 4


def test_an_owner_who_left_opens_the_gap(store: Store) -> None:
    from store import schema

    Estate(store).show(finding("helper"))
    decisions.set_owner(store, "helper", "ana@acme.example", actor=ALICE)
    with store.begin() as conn:
        conn.execute(
            schema.party.update().where(schema.party.c.email == "ana@acme.example").values(active=False)
        )

    changes = alerting.evaluate(store)

    assert len(changes.reopened) == 1
    assert inventory.get_system(store, "helper").owner is None

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from discovery.service import alert_bulk, decisions, inventory, single_user, system_bulk, system_merging
from discovery.service import alert_undo as undoing
from discovery.service.alert_bulk import decide_many
from discovery.service.alert_decisions import AlertAction, Given, decide_alert
from discovery.service.errors import DecisionError, NotFound
from discovery.service.inventory import AlertFilter
from discovery.service.permissions import SINGLE_USER
from discovery.service.system_bulk import Which
from store import Store, deadlines, open_store
from store.audit import Actor
from tests.estate import ALICE, Estate, finding

BO = Actor(name="bo@acme.example", kind="user", authenticated=True)
OWN = AlertFilter(rule="OWN-01")
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def store(sqlite_store_url: str) -> Iterator[Store]:
    """Open a store on SQLite: what the databases may do differently, one test shows on both."""
    with open_store(sqlite_store_url) as opened:
        yield filled(opened)


def filled(store: Store) -> Store:
    Estate(store).show(finding("helper"), finding("scout"))
    return store


def given(action: AlertAction, **more: object) -> Given:
    return Given(action=action, actor=ALICE, **({"reason": "because"} | more))  # type: ignore[arg-type]


def states(store: Store, rule: str = "OWN-01") -> dict[str, tuple[str, str | None, str | None]]:
    every = AlertFilter(rule=rule, states=("open", "acknowledged", "assigned", "resolved", "accepted_risk"))
    return {
        one.system_name or "": (one.state, one.assignee, one.until)
        for one in inventory.list_alerts(store, every)
    }


def alert_of(store: Store, system: str) -> str:
    return inventory.list_alerts(store, AlertFilter(rule="OWN-01", system=system))[0].alert_id


def test_each_alert_stands_as_it_did_and_the_log_says_so(store_url: str) -> None:
    with open_store(store_url) as store:
        filled(store)
        decide_alert(
            store, alert_of(store, "helper"), AlertAction.ASSIGN, actor=BO, assignee="dana@acme.example"
        )
        before = states(store)

        done = decide_many(store, OWN, given(AlertAction.ACCEPT_RISK))
        between = {state for state, _, _ in states(store).values()}
        back = undoing.undo(store, "latest", actor=ALICE, reason="wrong rule")

        assert (between, len(back.restored), back.refused) == ({"accepted_risk"}, 2, {})
        assert states(store) == before
        assert (done.batch_id, alert_bulk.listed(store)[0].state) == (back.batch_id, "undone")
        assert single_user.decisions(store) == []
        assert decisions.verify_audit(store).ok


def test_whom_many_were_given_to_is_taken_back(store: Store) -> None:
    decide_alert(store, alert_of(store, "helper"), AlertAction.ASSIGN, actor=BO, assignee="dana@acme.example")
    decide_many(store, OWN, given(AlertAction.ASSIGN, assignee="eve@acme.example"))

    undoing.undo(store, "latest", actor=ALICE)

    assert states(store) == {
        "helper": ("assigned", "dana@acme.example", None),
        "scout": ("open", None, None),
    }


def test_what_became_of_an_alert_since_is_left_and_told(store: Store) -> None:
    decide_many(store, OWN, given(AlertAction.ACKNOWLEDGE))
    decide_alert(store, alert_of(store, "helper"), AlertAction.ASSIGN, actor=BO, assignee="dana@acme.example")

    back = undoing.undo(store, "latest", actor=ALICE)

    assert list(back.refused.values()) == ["it is assigned since; that is left"]
    assert {name: state for name, (state, _, _) in states(store).items()} == {
        "helper": "assigned",
        "scout": "open",
    }


def test_a_gap_that_has_closed_meanwhile_is_resolved_at_once(store: Store) -> None:
    decide_many(store, OWN, given(AlertAction.FALSE_POSITIVE))
    decisions.set_owner(store, "helper", "dana@acme.example", actor=BO)

    undoing.undo(store, "latest", actor=ALICE)

    assert {name: state for name, (state, _, _) in states(store).items()} == {
        "helper": "resolved",
        "scout": "open",
    }


def test_a_reopening_that_is_taken_back_is_an_accepted_risk_again_until_the_same_day(store: Store) -> None:
    decide_many(store, OWN, given(AlertAction.ACCEPT_RISK, until=date.today() + timedelta(days=30)))
    before = (states(store), single_user.decisions(store))
    decide_many(store, AlertFilter(rule="OWN-01", states=("accepted_risk",)), given(AlertAction.REOPEN))

    undoing.undo(store, "latest", actor=ALICE)

    assert states(store) == before[0]
    assert [one[:40] for one in single_user.decisions(store)] == [one[:40] for one in before[1]]


def test_an_acknowledgement_that_is_taken_back_never_was_one(store: Store) -> None:
    alert = alert_of(store, "scout")
    decide_many(store, OWN, given(AlertAction.ACKNOWLEDGE))

    undoing.undo(store, "latest", actor=ALICE)

    with store.read() as tx:
        (progress,) = deadlines.active(tx.conn, [alert])
    assert (progress.seen_at, progress.assigned_at) == (None, None)
    event = inventory.get_alert(store, alert).events[-1]
    assert (event.event, event.to_state, SINGLE_USER in event.reason) == ("undone", "open", False)


def test_alerts_of_a_system_that_was_merged_since_are_taken_back_where_they_are(store: Store) -> None:
    decide_many(store, OWN, given(AlertAction.ACKNOWLEDGE))
    system_merging.merge(store, "scout", "helper", actor=ALICE, reason="one thing")

    back = undoing.undo(store, "latest", actor=ALICE)

    assert [len(back.restored), list(back.refused.values())] == [1, ["its gap has closed since"]]


def test_a_decision_is_undone_once_within_a_day_and_by_its_own_noun(store: Store) -> None:
    late = decide_many(store, OWN, given(AlertAction.ACKNOWLEDGE), now=NOW)
    done = decide_many(store, OWN, given(AlertAction.ASSIGN, assignee="eve@acme.example"), now=NOW)
    units = system_bulk.set_fields(store, Which(is_all=True), {"markets": "DE"}, actor=ALICE)
    undoing.undo(store, done.batch_id, actor=ALICE, now=NOW)

    with pytest.raises(DecisionError, match="undone already"):
        undoing.undo(store, done.batch_id, actor=ALICE, now=NOW)
    with pytest.raises(DecisionError, match="24 hours"):
        undoing.undo(store, late.batch_id, actor=ALICE, now=NOW + timedelta(hours=25))
    with pytest.raises(NotFound, match="no decision on many alerts"):
        undoing.undo(store, units.batch_id, actor=ALICE)
    with pytest.raises(NotFound, match="nothing on many"):
        undoing.undo(store, "latest", actor=BO, now=NOW)


def test_counting_alone_keeps_nothing(store: Store) -> None:
    decide_many(store, OWN, given(AlertAction.ACKNOWLEDGE), dry_run=True)

    assert alert_bulk.listed(store) == []

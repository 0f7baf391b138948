from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from discovery.service import alerting, decisions, inventory, suppressing, system_merging
from discovery.service.errors import DecisionError, NotFound
from discovery.service.inventory import AlertFilter
from discovery.service.suppressing import Wanted
from store import Store
from store.audit import Actor
from tests.estate import Estate, finding

BO = Actor(name="bo@acme.example", kind="user", authenticated=True)
NOW = datetime(2030, 3, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
def estate(store: Store) -> Estate:
    one = Estate(store)
    one.show(finding("helper"), now=NOW)
    return one


def states(store: Store) -> dict[tuple[str | None, str], str]:
    every = AlertFilter(states=("open", "suppressed", "resolved"))
    found = inventory.list_alerts(store, every)
    return {(one.system_name, one.rule): one.state for one in found if one.rule in ("OWN-01", "OVR-00")}


def suppress(store: Store, wanted: Wanted, **more: object) -> tuple[str, int]:
    return suppressing.add(store, wanted, actor=BO, reason="not now", now=NOW, **more)  # type: ignore[arg-type]


def test_what_matches_is_quiet_now_and_when_it_comes(store: Store, estate: Estate) -> None:
    counted = suppress(store, Wanted(rule="OWN-*"), dry_run=True)
    before = states(store)["helper", "OWN-01"]
    _, hidden = suppress(store, Wanted(rule="OWN-*"))

    estate.show(finding("scout"), scope="2", now=NOW + timedelta(hours=1))

    assert (counted, before, hidden) == (("", 1), "open", 1)
    assert states(store) == {
        ("helper", "OWN-01"): "suppressed",
        ("helper", "OVR-00"): "open",
        ("scout", "OWN-01"): "suppressed",
        ("scout", "OVR-00"): "open",
    }
    assert [one.alerts for one in suppressing.listed(store, now=NOW)] == [2]
    assert decisions.verify_audit(store).ok


def test_looking_again_writes_nothing(store: Store, estate: Estate) -> None:
    suppress(store, Wanted(rule="OWN-*"))

    assert alerting.evaluate(store, now=NOW + timedelta(hours=2)) == alerting.AlertChanges()


def test_it_ends_on_its_day(store: Store, estate: Estate) -> None:
    suppress(store, Wanted(rule="OWN-*"), until=date(2030, 3, 8))

    alerting.evaluate(store, now=datetime(2030, 3, 8, 23, tzinfo=UTC))
    on_the_day = states(store)["helper", "OWN-01"]
    alerting.evaluate(store, now=datetime(2030, 3, 9, 1, tzinfo=UTC))

    assert (on_the_day, states(store)["helper", "OWN-01"]) == ("suppressed", "open")


def test_it_can_be_ended_early(store: Store, estate: Estate) -> None:
    suppression, _ = suppress(store, Wanted(system="helper"))

    again = suppressing.end(store, suppression, actor=BO, reason="live now", now=NOW + timedelta(days=1))

    assert again >= 2
    assert set(states(store).values()) == {"open"}
    with pytest.raises(DecisionError, match="ended already"):
        suppressing.end(store, suppression, actor=BO, reason="again")


def test_it_follows_its_system_when_that_is_merged(store: Store, estate: Estate) -> None:
    estate.show(finding("scout"), scope="2", now=NOW)
    suppress(store, Wanted(system="helper"))

    system_merging.merge(store, "helper", "scout", actor=BO, reason="one thing", now=NOW)

    assert [one.system_id for one in suppressing.listed(store, now=NOW)] == [
        inventory.get_system(store, "scout").system_id
    ]


def test_a_gap_that_closes_is_resolved_though_it_was_hidden(store: Store, estate: Estate) -> None:
    suppress(store, Wanted(rule="OWN-*"))

    decisions.set_owner(store, "helper", "dana@acme.example", actor=BO, now=NOW)

    assert states(store)["helper", "OWN-01"] == "resolved"


@pytest.mark.parametrize(
    ("wanted", "more", "text"),
    [
        (Wanted(), {}, "every alert"),
        (Wanted(rule="OWN-01"), {"until": date(2030, 3, 4)}, "out of bounds"),
        (Wanted(rule="OWN-01"), {"until": date(2031, 3, 5)}, "out of bounds"),
    ],
)
def test_what_hides_too_much_is_refused(
    store: Store, estate: Estate, wanted: Wanted, more: dict[str, object], text: str
) -> None:
    with pytest.raises(DecisionError, match=text):
        suppress(store, wanted, **more)
    assert suppressing.listed(store) == []


def test_an_unknown_one_is_told(store: Store, estate: Estate) -> None:
    with pytest.raises(NotFound):
        suppressing.end(store, "sup_nothing", actor=BO, reason="x")
    with pytest.raises(NotFound):
        suppress(store, Wanted(system="nobody"))

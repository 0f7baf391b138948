from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors import clock
from discovery.service import decisions, history
from discovery.service.errors import DecisionError
from discovery.service.history import DifferenceView
from store import Store
from tests.estate import ALICE, Estate, finding


def now(store: Store) -> datetime:
    """Return the store's last moment, after which the next write comes."""
    with store.read() as tx:
        at = tx.conn.exec_driver_sql("SELECT max(at) FROM revision").scalar_one()
    return clock.from_text(at)


def later() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=1)


def told(found: list[DifferenceView]) -> set[tuple[str, str, str, str | None, str | None]]:
    return {(one.subject, one.change, one.name, one.before, one.after) for one in found}


def test_what_came_after_the_first_moment_appeared(store: Store) -> None:
    estate = Estate(store)
    estate.show(finding("helper"))
    since = now(store)
    estate.show(finding("helper"), finding("scout"))

    found = history.differences(store, since, later())

    assert told(found) == {
        ("system", "appeared", "scout", None, "candidate"),
        ("asset", "appeared", "scout", None, "present"),
    }


def test_before_the_first_scan_there_was_nothing(store: Store) -> None:
    Estate(store).show(finding("helper"))

    found = history.differences(store, datetime(2020, 1, 1, tzinfo=UTC), later())

    assert {(one.subject, one.change) for one in found} == {("system", "appeared"), ("asset", "appeared")}


def test_what_is_gone_vanished_with_its_system(store: Store) -> None:
    estate = Estate(store)
    estate.show(finding("helper"), finding("scout"))
    since = now(store)
    estate.show(finding("helper"))
    estate.show(finding("helper"))

    found = history.differences(store, since, later())

    assert told(found) == {
        ("system", "vanished", "scout", "candidate", "retired"),
        ("asset", "vanished", "scout", "present", "gone"),
    }


def test_an_owner_who_accepted_and_one_who_withdrew_are_changes(store: Store) -> None:
    Estate(store).show(finding("helper"))
    first = now(store)
    decisions.set_owner(store, "helper", "ana@acme.example", actor=ALICE)
    second = now(store)
    decisions.withdraw_owner(store, "helper", actor=ALICE, reason="left the team")

    came = history.differences(store, first, second)
    went = history.differences(store, second, later())

    assert ("system", "owner", "helper", None, "ana@acme.example") in told(came)
    assert ("system", "owner", "helper", "ana@acme.example", None) in told(went)


def test_another_model_is_a_change_of_the_asset_and_of_its_system(store: Store) -> None:
    estate = Estate(store)
    estate.show(finding("helper", model="gpt-4o"))
    since = now(store)
    estate.show(finding("helper", model="gpt-4.1"))

    found = history.differences(store, since, later())

    assert told(found) == {
        ("system", "model", "helper", "gpt-4o", "gpt-4.1"),
        ("asset", "model", "helper", "gpt-4o", "gpt-4.1"),
    }


def test_a_scan_that_shows_the_same_changes_nothing(store: Store) -> None:
    estate = Estate(store)
    estate.show(finding("helper"))
    since = now(store)
    estate.show(finding("helper"))

    assert history.differences(store, since, later()) == []


def test_the_second_moment_has_to_be_the_later_one(store: Store) -> None:
    moment = datetime(2026, 11, 1, tzinfo=UTC)

    with pytest.raises(DecisionError, match="not after the first"):
        history.differences(store, moment, moment)

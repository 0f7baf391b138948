from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.model import Role
from discovery.service import decisions, inventory, system_standing
from discovery.service.inventory import AlertFilter, SystemFilter
from store import Store
from store.alerts import STATES
from tests.estate import ALICE, Estate, code, finding, hint, names

FILTERS: tuple[dict[str, Any], ...] = (
    {},
    {"kind": "agent"},
    {"states": ("registered",)},
    {"has_owner": True},
    {"has_owner": False},
    {"has_oversight": True},
    {"has_oversight": False},
    {"text": "BET"},
    {"text": "ana@"},
    {"text": "openai"},
    {"text": "openai", "has_owner": False},
    {"text": "nothing says this"},
)


def _fill(store: Store) -> Estate:
    """Show systems of which some have an owner or a record, some are tests, and one goes away."""
    estate = Estate(store)
    shown = [finding(name) for name in ("beta", "Alpha", "ärger", "alpha2", "zeta", "gone")]
    estate.show(*shown)
    estate.show(code("openai", role=Role.TEST), code("langchain", unit="services/shop"), scope="R_1")
    estate.show(*shown[:5])
    estate.show(*shown[:5])
    decisions.set_owner(store, "beta", "ana@acme.example", actor=ALICE)
    decisions.set_owner(store, "zeta", "@acme/zetas", actor=ALICE)
    return estate


def _plain(store: Store, filters: dict[str, Any], as_of: datetime | None = None) -> list[str]:
    """Return the names of the systems that fit, the plain way: all are read, then looked at."""
    wanted = (filters.get("text") or "").casefold()
    return [
        one.name
        for one in inventory.list_systems(store, as_of=as_of)
        if filters.get("kind") in (None, one.kind)
        and one.state in filters.get("states", (one.state,))
        and filters.get("has_owner") in (None, one.owner is not None)
        and filters.get("has_oversight") in (None, one.oversight.complete)
        and any(
            wanted in text.casefold() for text in (one.name, one.system_id, one.owner or "", *one.providers)
        )
    ]


def test_every_filter_finds_what_looking_at_all_of_them_finds(store: Store) -> None:
    _fill(store)

    for filters in FILTERS:
        found = inventory.list_systems(store, SystemFilter(**filters))
        assert names(found) == _plain(store, filters), filters
        assert inventory.count_systems(store, SystemFilter(**filters)) == len(found)


@pytest.mark.parametrize("limit", [0, 1, 3, 100])
def test_a_first_page_is_the_beginning_of_the_whole_list(store: Store, limit: int) -> None:
    _fill(store)

    page = inventory.list_systems(store, limit=limit)

    assert page == inventory.list_systems(store)[:limit]


def test_a_page_of_a_past_day_is_what_was_listed_then(store: Store) -> None:
    estate = _fill(store)
    then, listed = datetime.now(UTC), inventory.list_systems(store)
    estate.show(
        finding("beta", attributes={"status": "new"}), finding("new", owner_hints=(hint("@acme/new"),))
    )
    decisions.withdraw_owner(store, "zeta", actor=ALICE, reason="left")

    past = inventory.list_systems(store, as_of=then)
    assert inventory.list_systems(store, as_of=then, limit=2) == past[:2]
    # The run knows to the microsecond when it was told, the part when it was written.
    assert [replace(one, last_seen="") for one in past] == [replace(one, last_seen="") for one in listed]
    for filters in FILTERS:
        found = inventory.list_systems(store, SystemFilter(**filters), as_of=then)
        assert names(found) == _plain(store, filters, then), filters


def test_totals_are_what_counting_the_list_gives(store: Store) -> None:
    estate = _fill(store)
    then = datetime.now(UTC)
    estate.show(finding("beta"), finding("new"))

    for moment in (None, then):
        _check_totals(store, moment)


def test_totals_count_systems_on_record_that_no_scanner_sees(store: Store) -> None:
    estate = Estate(store)
    system_standing.add(store, "desk", kind="saas_tool", owner="ana@acme.example", actor=ALICE)
    system_standing.add(store, "wish", kind="saas_tool", actor=ALICE)
    estate.show(finding("alpha"), code("openai", role=Role.TEST))
    then = datetime.now(UTC)
    system_standing.add(store, "later", kind="saas_tool", owner="bo@acme.example", actor=ALICE)

    told = [inventory.summary(store, as_of=moment) for moment in (None, then)]

    assert [(one.systems, one.systems_alerting, one.systems_without_owner) for one in told] == [
        (5, 3, 1),
        (4, 2, 1),
    ]
    for moment in (None, then):
        _check_totals(store, moment)


def _check_totals(store: Store, moment: datetime | None) -> None:
    """Hold the totals against the lists, which are read in full."""
    every = inventory.list_systems(store, as_of=moment)
    alerting = [one for one in every if one.alerting]
    told = inventory.summary(store, as_of=moment)
    assert told.systems == len(every)
    assert told.systems_alerting == len(alerting) < len(every)
    assert told.systems_without_owner == sum(one.owner is None for one in alerting)
    assert told.systems_without_oversight == sum(not one.oversight.complete for one in alerting)
    alerts = inventory.list_alerts(store, as_of=moment)
    assert sum(told.open_alerts.values()) == len(alerts) == sum(one.open_alerts for one in every)


def test_alerts_come_gravest_and_oldest_first_a_page_at_a_time(store: Store) -> None:
    estate = _fill(store)
    then = datetime.now(UTC)
    estate.show(finding("new"))
    gravity = ["critical", "high", "medium", "low"]

    for moment in (None, then):
        every = inventory.list_alerts(store, as_of=moment)
        order = [(gravity.index(one.severity), one.opened_at, one.alert_id) for one in every]
        assert order == sorted(order)
        assert inventory.list_alerts(store, as_of=moment, limit=2) == every[:2]
        for one in every:
            mine = inventory.list_alerts(
                store, AlertFilter(rule=one.rule, system=one.system_id), as_of=moment
            )
            assert [
                other for other in every if (other.rule, other.system_id) == (one.rule, one.system_id)
            ] == mine


def test_a_first_page_of_a_past_day_is_found_however_far_down_it_stands(store: Store) -> None:
    estate = Estate(store)
    estate.show(*(finding(f"bot {number:03}") for number in range(230)))
    then = datetime.now(UTC)
    estate.show(finding("new"))
    every = inventory.list_alerts(store, as_of=then)
    last = every[-1]
    assert len(every) > 220

    found = inventory.list_alerts(store, AlertFilter(system=last.system_id), as_of=then, limit=1)

    assert found == [one for one in every if one.system_id == last.system_id][:1]
    assert inventory.list_alerts(store, as_of=then, limit=225) == every[:225]


def test_an_alert_of_a_past_day_is_as_it_stood_then(store: Store) -> None:
    estate = Estate(store)
    estate.show(finding("helper"))
    opened = datetime.now(UTC)
    decisions.set_owner(store, "helper", "ana@acme.example", actor=ALICE)
    closed = datetime.now(UTC)
    decisions.withdraw_owner(store, "helper", actor=ALICE, reason="left")
    every = AlertFilter(rule="OWN-01", states=STATES)

    found = [inventory.list_alerts(store, every, as_of=moment) for moment in (opened, closed, None)]

    assert [(one.state, one.reopen_count) for (one,) in found] == [("open", 0), ("resolved", 0), ("open", 1)]
    assert inventory.list_alerts(store, every, as_of=datetime(2020, 1, 1, tzinfo=UTC)) == []


def test_ids_beside_others_are_told_whatever_page_they_are_on(store: Store) -> None:
    _fill(store)
    ids = sorted(one.system_id for one in inventory.list_systems(store))
    assets = sorted(one.asset_id for one in inventory.list_assets(store))

    beside = inventory.ids_beside(store, [ids[1], assets[1]])

    assert {ids[0], ids[2], assets[0], assets[2]} <= set(beside)
    assert inventory.ids_beside(store, []) == []

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from discovery.service import decisions, derived, record_showing, records, system_standing
from discovery.service.derived import seen_first
from discovery.service.rule_fields import FIELDS
from discovery.service.rule_trees import Moment, compiled
from store import Store, alerts
from store.audit import Actor
from tests.estate import Estate, finding

BO = Actor(name="bo@acme.example", kind="user", authenticated=True)
DAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


def shown(store: Store, name: str) -> object:
    view = record_showing.show(store, "helper")
    return next(one for one in view.fields if one.field == f"provenance.{name}").value


def test_the_record_says_which_connectors_see_the_system(store: Store) -> None:
    Estate(store).show(finding("helper"), now=DAY)

    assert shown(store, "connectors") == ["aws"]


def test_what_was_seen_first_is_known_once_it_is_registered(store: Store) -> None:
    Estate(store).show(finding("helper"), now=DAY)
    before = shown(store, "discovered_before_registration")
    decisions.set_owner(store, "helper", "dana@acme.example", actor=BO, now=DAY)

    system_standing.register(store, "helper", actor=BO, now=datetime.now(UTC) + timedelta(hours=1))

    assert before is None
    assert shown(store, "discovered_before_registration") is True


def test_a_day_that_a_person_gave_counts_before_the_stores(store: Store) -> None:
    Estate(store).show(finding("helper"), now=DAY)
    decisions.set_owner(store, "helper", "dana@acme.example", actor=BO, now=DAY)
    system_standing.register(store, "helper", actor=BO, now=datetime.now(UTC) + timedelta(hours=1))

    records.change(store, "helper", {"provenance.registered_at": "2020-01-31"}, actor=BO)

    assert shown(store, "discovered_before_registration") is False


def test_one_that_no_scanner_sees_was_not_found_unregistered(store: Store) -> None:
    system_standing.add(store, "helper", kind="application", actor=BO, owner="dana@acme.example")

    assert shown(store, "discovered_before_registration") is False
    assert shown(store, "connectors") == []


@pytest.mark.parametrize(
    ("seen", "registered", "said", "expected"),
    [
        ([], None, None, None),
        (["2026-03-02T09:00:00.000000Z"], "2026-03-02T10:00:00.000000Z", None, True),
        (["2026-03-02T11:00:00.000000Z"], "2026-03-02T10:00:00.000000Z", None, False),
        (["2026-03-02T11:00:00.000000Z"], None, "2026-03-02", False),
        (["2026-03-01T11:00:00.000000Z"], None, "2026-03-02", True),
        (["2026-03-01T11:00:00.000000Z"], "2026-03-05T10:00:00.000000Z", "2026-03-01", False),
    ],
)
def test_the_earliest_look_is_held_against_the_registration(
    seen: list[str], registered: str | None, said: str | None, expected: bool | None
) -> None:
    assert seen_first(seen, registered, said) is expected


def test_a_rule_may_ask_for_it(store: Store) -> None:
    Estate(store).show(finding("helper"), now=DAY)
    decisions.set_owner(store, "helper", "dana@acme.example", actor=BO, now=DAY)
    system_standing.register(store, "helper", actor=BO, now=datetime.now(UTC) + timedelta(hours=1))

    with store.read() as tx:
        (facts,) = alerts.facts(tx.conn, None)
    record = derived.system_record(facts, Moment(datetime.now(UTC)), {})
    asked = compiled({"eq": ["provenance.discovered_before_registration", True]}, FIELDS, "ORG-99")

    assert asked(record, Moment(datetime.now(UTC)))

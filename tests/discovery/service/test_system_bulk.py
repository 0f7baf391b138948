from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from discovery.service import (
    inventory,
    people,
    record_showing,
    records,
    system_bulk,
    system_merging,
    system_undo,
)
from discovery.service import system_standing as standing
from discovery.service.errors import DecisionError, NotFound
from discovery.service.inventory import AlertFilter, SystemFilter
from discovery.service.system_bulk import Which
from normalizer.units import Unit
from store import Store, open_store, oversight, schema, units
from store.audit import Actor
from tests.estate import ALICE, Estate, finding

AGENTS = Which(filters=SystemFilter(kind="agent"))
BOB = Actor(name="bob@desk", kind="os", authenticated=False)
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ANSWERS = {
    "purpose.statement": "Answers questions of customers about their orders.",
    "data.categories": "internal",
    "oversight.mode": "in_the_loop",
    "oversight.description": "A person approves every answer.",
    "reviews.next_due_at": "2099-05-01",
}


@pytest.fixture
def store(sqlite_store_url: str) -> Iterator[Store]:
    """Open an empty store on SQLite: what the databases may do differently, one test shows on both."""
    with open_store(sqlite_store_url) as opened:
        yield opened


def filled(store: Store) -> Store:
    Estate(store).show(finding("ask"), finding("buy"), finding("sort", kind="model"))
    for name in ("Group", "Retail"):
        standing.put_unit(store, Unit(name=name), actor=ALICE)
    return store


def units_named(store: Store) -> dict[str, str]:
    names = {one.system_id: one.name for one in inventory.list_systems(store)}
    with store.read() as tx:
        return {names[key]: unit for key, unit in units.named(tx.conn, list(names)).items()}


def field(store: Store, system: str, name: str) -> tuple[object, str]:
    found = next(one for one in record_showing.show(store, system).fields if one.field == name)
    return found.value, found.by or ""


def rows_of(store: Store, table: str) -> int:
    with store.read() as tx:
        return int(
            tx.conn.execute(select(func.count()).select_from(schema.metadata.tables[table])).scalar_one()
        )


def test_each_system_gets_back_the_unit_that_it_had(store_url: str) -> None:
    with open_store(store_url) as store:
        filled(store)
        standing.assign(store, "ask", "Group", actor=ALICE)

        done = system_bulk.assign(store, AGENTS, "Retail", actor=ALICE)
        between = units_named(store)
        back = system_undo.undo(store, "latest", actor=ALICE)

        assert (sorted(done.changed), between) == (["ask", "buy"], {"ask": "Retail", "buy": "Retail"})
        assert (sorted(back.changed), units_named(store)) == (["ask", "buy"], {"ask": "Group"})
        assert system_bulk.listed(store)[0].state == "undone"


def test_records_say_again_what_was_said_before_and_by_whom(store: Store) -> None:
    records.change(filled(store), "ask", {"purpose.problem": "Long queues"}, actor=BOB)

    done = system_bulk.set_fields(store, AGENTS, {"purpose.problem": "Costs", "markets": "DE"}, actor=ALICE)
    said = field(store, "ask", "purpose.problem")
    system_undo.undo(store, done.batch_id, actor=ALICE)

    assert said == ("Costs", "alice@laptop")
    assert field(store, "ask", "purpose.problem") == ("Long queues", "bob@desk")
    assert field(store, "buy", "purpose.problem")[0] is None
    assert field(store, "buy", "markets")[0] in (None, [])


def test_what_somebody_changed_since_is_left_and_told(store: Store) -> None:
    filled(store)
    done = system_bulk.set_fields(store, AGENTS, {"markets": "DE", "role": "deployer"}, actor=ALICE)
    records.change(store, "ask", {"markets": "FR"}, actor=BOB)
    standing_done = system_bulk.assign(store, AGENTS, "Retail", actor=ALICE)
    standing.assign(store, "buy", "Group", actor=BOB)

    back = system_undo.undo(store, done.batch_id, actor=ALICE)
    units_back = system_undo.undo(store, standing_done.batch_id, actor=ALICE)

    ((name, why),) = back.refused.items()
    assert name.startswith("ask (sys_")
    assert why == "somebody has changed markets since; that is left"
    assert field(store, "ask", "markets")[0] == ["FR"]
    assert field(store, "ask", "role")[0] in (None, [])
    assert ("'Group'" in next(iter(units_back.refused.values())), units_named(store)) == (
        True,
        {"buy": "Group"},
    )


def test_the_gap_that_many_answers_closed_is_open_again(store: Store) -> None:
    filled(store)
    gaps = AlertFilter(rule="OVR-00")
    before = len(inventory.list_alerts(store, gaps))

    done = system_bulk.set_fields(store, AGENTS, ANSWERS, actor=ALICE)
    during = len(inventory.list_alerts(store, gaps))
    system_undo.undo(store, done.batch_id, actor=ALICE)

    assert (before - during, len(inventory.list_alerts(store, gaps))) == (2, before)
    assert not inventory.get_system(store, "ask").oversight.complete


def test_what_one_system_refuses_leaves_no_trace_of_it(store: Store) -> None:
    records.change(filled(store), "ask", {"data.personal": "no"}, actor=BOB)
    given = {"data.categories": "health", "oversight.assignees": "[{person: eve@acme.example}]"}

    done = system_bulk.set_fields(store, Which(systems=("ask",)), given, actor=ALICE)

    ((name, why),) = done.refused.items()
    assert (done.changed, name.startswith("ask ("), "no personal data" in why) == ([], True, True)
    assert field(store, "ask", "data.categories")[0] in (None, [])
    assert "eve@acme.example" not in {one.label for one in people.everyone(store)}
    assert system_bulk.listed(store) == []


def test_a_dry_run_keeps_nothing(store: Store) -> None:
    filled(store)
    tables = ("audit", "revision", "batch", "batch_item", "oversight", "alert_event")
    before = [rows_of(store, one) for one in tables]

    done = system_bulk.set_fields(store, AGENTS, ANSWERS, actor=ALICE, dry_run=True)

    assert sorted(done.changed) == ["ask", "buy"]
    assert [rows_of(store, one) for one in tables] == before


def test_answers_that_are_there_can_be_left(store: Store) -> None:
    records.change(filled(store), "ask", {"markets": "FR"}, actor=BOB)

    done = system_bulk.set_fields(store, AGENTS, {"markets": "DE"}, actor=ALICE, only_empty=True)

    assert (done.changed, done.same) == (["buy"], 1)
    assert field(store, "ask", "markets")[0] == ["FR"]


def test_more_systems_than_fit_one_transaction_are_one_decision(store: Store) -> None:
    filled(store)
    Estate(store).show(*(finding(f"bot-{number}") for number in range(system_bulk.STEP + 3)), scope="other")

    done = system_bulk.assign(store, Which(is_all=True), "Retail", actor=ALICE)
    (kept,) = system_bulk.listed(store)
    back = system_undo.undo(store, done.batch_id[:20], actor=ALICE)

    assert kept.systems == len(done.changed) == len(back.changed) == system_bulk.STEP + 6
    assert units_named(store) == {}


def test_a_decision_is_undone_once_and_within_a_day(store: Store) -> None:
    filled(store)
    late = system_bulk.assign(store, AGENTS, "Retail", actor=ALICE, now=NOW)
    done = system_bulk.assign(store, AGENTS, "Group", actor=ALICE, now=NOW)
    system_undo.undo(store, done.batch_id, actor=ALICE, now=NOW)

    with pytest.raises(NotFound, match="nothing on many"):
        system_undo.undo(store, "latest", actor=BOB, now=NOW)
    with pytest.raises(DecisionError, match="undone already"):
        system_undo.undo(store, done.batch_id, actor=ALICE, now=NOW)
    with pytest.raises(DecisionError, match="24 hours"):
        system_undo.undo(store, late.batch_id, actor=ALICE, now=NOW + timedelta(hours=25))
    with pytest.raises(NotFound, match="no decision on many"):
        system_undo.undo(store, "bat_ff", actor=ALICE)


def test_a_system_that_was_merged_since_is_left_as_it_is(store: Store) -> None:
    filled(store)
    done = system_bulk.assign(store, AGENTS, "Retail", actor=ALICE)
    system_merging.merge(store, "ask", "buy", actor=ALICE, reason="one product")

    back = system_undo.undo(store, done.batch_id, actor=ALICE)

    assert (back.changed, list(back.refused.values())) == (
        ["buy"],
        ["it was merged into another system since"],
    )


def test_who_decides_on_many_says_on_which_and_nothing_unknown(store: Store) -> None:
    filled(store)

    with pytest.raises(DecisionError, match="which systems"):
        system_bulk.assign(store, Which(), "Retail", actor=ALICE)
    with pytest.raises(NotFound, match="no unit 'Retial'"):
        system_bulk.assign(store, AGENTS, "Retial", actor=ALICE)
    with pytest.raises(DecisionError, match=r"purposes\.statement"):
        system_bulk.set_fields(store, AGENTS, {"purposes.statement": "x"}, actor=ALICE)
    with store.read() as tx:
        assert oversight.recorded(tx.conn) == set()

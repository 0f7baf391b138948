"""A scope that is listed but left out: nothing of it ages, and its parts show why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors import clock
from connectors.model import LEFT_OUT_PART, LeftOut, PartStatus, Scope
from connectors.outcome import ScopeOutcome
from store import Store, journal
from store.queries_assets import At
from store.queries_runs import CoverageRow, coverage
from store.recorded import known_scopes
from tests.store import samples
from tests.store.samples import Scanner, finding, result, states

SUSPENDED = LeftOut(reason="the account is suspended")
NOT_OPTED_IN = LeftOut(reason="not switched on", status=PartStatus.NOT_OPTED_IN)


@pytest.fixture
def scan(store: Store) -> Scanner:
    return Scanner(store)


def left_out(*ids: str, why: LeftOut = SUSPENDED) -> Scope:
    return replace(samples.scope(*ids, parts=(LEFT_OUT_PART,)), left_out=why)


def listing(store: Store, *scopes: Scope) -> None:
    journal.note_scopes_listing(store, "demo", "main", scopes, result())


def shown(store: Store) -> dict[str, list[CoverageRow]]:
    with store.read() as tx:
        rows = [row for row in coverage(tx.conn, At()) if row.state != "listing"]
    return {row.scope: [one for one in rows if one.scope == row.scope] for row in rows}


def test_what_lies_beneath_a_scope_that_is_left_out_never_ages(store: Store, scan: Scanner) -> None:
    scan.part([finding("a")], where=samples.scope("123", "eu"))
    scan.part([finding("b")], where=samples.scope("1234", "eu"))

    for _ in range(3):
        listing(store, left_out("123"))

    assert states(store) == {"a": "present", "b": "gone"}
    (beneath,) = {row.reason for row in shown(store)["demo:main/123/eu"] if row.status == "complete"}
    assert beneath == "the account is suspended"


def test_a_scope_that_was_never_read_shows_one_part_with_the_reason(store: Store) -> None:
    listing(store, left_out("123"), left_out("456", "eu", why=NOT_OPTED_IN))

    rows = {key: [(row.part, row.status, row.reason) for row in found] for key, found in shown(store).items()}
    assert rows == {
        "demo:main/123": [("left out", "never", "the account is suspended")],
        "demo:main/456/eu": [("left out", "not_opted_in", "not switched on")],
    }


def test_the_vendors_reason_is_shown_on_what_was_read_before(store: Store, scan: Scanner) -> None:
    scan.part([finding("a")], where=samples.scope("123", "eu"))

    listing(store, left_out("123", "eu", why=NOT_OPTED_IN))

    rows = shown(store)["demo:main/123/eu"]
    assert {row.status for row in rows} == {"not_opted_in"}
    assert LEFT_OUT_PART.name not in {row.part for row in rows}
    assert any(row.last_complete_at for row in rows)
    assert states(store) == {"a": "present"}


def test_a_scope_that_is_read_after_all_loses_its_stand_in(store: Store, scan: Scanner) -> None:
    listing(store, left_out("123", "eu", why=NOT_OPTED_IN))

    listing(store, samples.scope("123", "eu"))
    scan.part([finding("a")], where=samples.scope("123", "eu"))

    rows = shown(store)["demo:main/123/eu"]
    assert LEFT_OUT_PART.name not in {row.part for row in rows}
    assert {row.reason for row in rows} == {""}


def test_a_reason_goes_when_the_part_is_read_again(store: Store, scan: Scanner) -> None:
    scan.part([finding("a")], where=samples.scope("123", "eu"))
    listing(store, replace(samples.scope("123", "eu"), left_out=SUSPENDED))

    scan.part([finding("a")], where=samples.scope("123", "eu"))

    assert {row.reason for row in shown(store)["demo:main/123/eu"] if row.last_at} == {""}


def test_an_incomplete_listing_still_says_what_it_left_out(store: Store, scan: Scanner) -> None:
    scan.part([finding("a")], where=samples.scope("123", "eu"))

    journal.note_scopes_listing(store, "demo", "main", [left_out("123")], result(PartStatus.INCOMPLETE))

    assert "the account is suspended" in {row.reason for row in shown(store)["demo:main/123/eu"]}


def test_what_is_on_record_of_scopes_is_told_by_key(store: Store, scan: Scanner) -> None:
    where = samples.scope("123", "eu")
    run_id = scan.begin()
    journal.plan_scopes(store, run_id, [where, samples.scope("123", "us")])
    scan.part([finding("a"), finding("b")], where=where)
    journal.finish_scope(store, run_id, ScopeOutcome(scope_key=where.key, requests=7))

    known = known_scopes(store, "demo", "main")

    read, unread = known[where.key], known["demo:main/123/us"]
    assert (read.things, read.tried, read.is_cut, read.requests) == (2, 1, False, 7)
    assert read.tried_at is not None
    assert (clock.now() - read.tried_at).total_seconds() < 60
    assert (unread.things, unread.tried, unread.tried_at, unread.requests) == (0, 0, None, None)


def test_a_part_that_was_throttled_is_on_record_as_cut(store: Store, scan: Scanner) -> None:
    where = samples.scope("123", "eu")
    scan.part([finding("a")], where=where, status=PartStatus.THROTTLED)

    assert known_scopes(store, "demo", "main")[where.key].is_cut


def test_another_instance_is_not_told(store: Store, scan: Scanner) -> None:
    scan.part([finding("a")], where=samples.scope("one", instance="other"))

    assert known_scopes(store, "demo", "main") == {}

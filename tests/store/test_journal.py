from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from connectors import clock
from connectors.model import PartStatus
from connectors.outcome import PartBatch, ScopeOutcome
from connectors.secrets import remember
from store import Store, journal
from store.schema import part, run, run_part, run_scope, scope
from store.writer import PartWriter
from tests.store import samples
from tests.store.samples import Scanner, finding, result, sightings, states

LATER = timedelta(hours=1)


@pytest.fixture
def scan(store: Store) -> Scanner:
    return Scanner(store)


def scan_part(store: Store, run_id: str, name: str, status: PartStatus = PartStatus.COMPLETE) -> None:
    where = samples.scope()
    writer = PartWriter(store, run_id, where)
    found = [finding(name)]
    writer.apply(
        PartBatch(scope_key=where.key, part=name, findings=found, unchanged=[], final=result(status, 1))
    )


def killed_run(store: Store, run_id: str, *parts: str) -> None:
    samples.begin(store, run_id, holder=samples.dead_holder())
    journal.plan_scopes(store, run_id, [samples.scope()])
    for name in parts:
        scan_part(store, run_id, name)


def fresh(store: Store) -> set[str]:
    return journal.fresh_parts(store, samples.scope().key, clock.now() - LATER)


def test_a_run_is_journaled_from_plan_to_end(store: Store) -> None:
    samples.begin(store, "run_1")
    journal.plan_scopes(store, "run_1", [samples.scope("one"), samples.scope("two")])
    scan_part(store, "run_1", "agents")
    journal.finish_scope(store, "run_1", ScopeOutcome(scope_key=samples.scope().key, requests=7))

    journal.end_run(store, "run_1", "partial", {"added": 1})

    with store.read() as tx:
        ended = tx.conn.execute(select(run)).one()
        scopes = tx.conn.execute(select(run_scope).order_by(run_scope.c.scope_no)).all()
        entry = tx.conn.execute(select(run_part)).one()
        standing = tx.conn.execute(select(part).where(part.c.part_no == entry.part_no)).one()
    assert (ended.state, ended.counts) == ("partial", '{"added":1}')
    assert [(one.state, one.requests) for one in scopes] == [("done", 7), ("planned", 0)]
    assert (entry.status, entry.seen, entry.added, entry.closed) == ("complete", 1, 1, 0)
    assert (standing.last_status, standing.last_count) == ("complete", 1)
    assert standing.last_complete_at is not None


def test_an_error_in_the_journal_holds_no_secret(store: Store) -> None:
    remember("hunter2-hunter2")
    samples.begin(store, "run_1")
    journal.plan_scopes(store, "run_1", [samples.scope()])

    outcome = ScopeOutcome(scope_key=samples.scope().key, error="refused hunter2-hunter2")
    journal.finish_scope(store, "run_1", outcome)

    with store.read() as tx:
        row = tx.conn.execute(select(run_scope)).one()
    assert (row.state, row.error) == ("failed", "refused [redacted]")


def test_a_killed_run_is_closed_as_interrupted_and_keeps_what_it_saw(store: Store) -> None:
    killed_run(store, "run_1", "agents")
    samples.begin(store, "run_2")

    closed = journal.close_interrupted(store)

    assert closed == ["run_1"]
    assert states(store) == {"agents": "present"}
    with store.read() as tx:
        rows = tx.conn.execute(select(run.c.run_id, run.c.state).order_by(run.c.run_id))
        assert {row.run_id: row.state for row in rows} == {"run_1": "interrupted", "run_2": "running"}


def test_complete_parts_of_an_interrupted_run_are_fresh_until_a_run_ends(store: Store) -> None:
    killed_run(store, "run_1", "agents")
    while_running = fresh(store)
    journal.close_interrupted(store)
    after_first = fresh(store)
    killed_run(store, "run_2", "models")
    journal.close_interrupted(store)
    after_second = fresh(store)
    samples.begin(store, "run_3")
    journal.plan_scopes(store, "run_3", [samples.scope()])
    during_third = fresh(store)
    journal.end_run(store, "run_3", "complete", {})

    assert (while_running, after_first) == (set(), {"agents"})
    assert after_second == during_third == {"agents", "models"}
    assert fresh(store) == set()


def test_an_old_or_failed_part_is_not_fresh(store: Store) -> None:
    killed_run(store, "run_1", "agents", "models")
    journal.close_interrupted(store)
    killed_run(store, "run_2")
    scan_part(store, "run_2", "models", PartStatus.FAILED)
    journal.close_interrupted(store)

    assert fresh(store) == {"agents"}
    assert journal.fresh_parts(store, samples.scope().key, clock.now() + LATER) == set()
    assert journal.fresh_parts(store, "demo:main/unknown", clock.now() - LATER) == set()


def test_a_scope_absent_from_two_complete_listings_is_retired(store: Store, scan: Scanner) -> None:
    scan.part([finding("a")], where=samples.scope("one"))
    scan.part([finding("b")], where=samples.scope("two"))
    listed = [samples.scope("one")]

    first = journal.note_scopes_listing(store, "demo", "main", listed, result())
    after_first = states(store)
    journal.note_scopes_listing(store, "demo", "main", listed, result(PartStatus.DENIED))
    journal.note_scopes_listing(store, "demo", "main", None, result(PartStatus.FAILED))
    after_failures = states(store)
    second = journal.note_scopes_listing(store, "demo", "main", listed, result())

    assert after_first == after_failures == {"a": "present", "b": "present"}
    assert (len(first), len(second), states(store)) == (0, 1, {"a": "present", "b": "gone"})
    closed = [row for row in sightings(store, open_only=False) if row.closed_at]
    assert [row.close_reason for row in closed] == ["scope retired"]


def test_a_scope_that_is_listed_again_starts_anew(store: Store, scan: Scanner) -> None:
    scan.part([finding("a")])
    for listed in ([], [samples.scope()], []):
        journal.note_scopes_listing(store, "demo", "main", listed, result())

    assert states(store) == {"a": "present"}


def test_a_listing_that_loses_most_of_ten_scopes_is_doubted_once(store: Store) -> None:
    many = [samples.scope(str(number)) for number in range(10)]
    journal.note_scopes_listing(store, "demo", "main", many, result())
    retired = []

    for _ in range(3):
        journal.note_scopes_listing(store, "demo", "main", many[:3], result())
        with store.read() as tx:
            query = select(scope.c.key).where(scope.c.state == "retired")
            retired.append(len(tx.conn.execute(query).all()))

    assert retired == [0, 0, 7]


def test_a_listing_of_one_instance_says_nothing_of_another(store: Store, scan: Scanner) -> None:
    scan.part([finding("a")], where=samples.scope("one", instance="other"))

    for _ in range(3):
        journal.note_scopes_listing(store, "demo", "main", [], result())

    assert states(store) == {"a": "present"}


def test_the_scopes_of_an_unconfigured_instance_are_unmanaged_and_stay(store: Store, scan: Scanner) -> None:
    scan.part([finding("a")])

    marked = journal.note_unmanaged(store, {("demo", "another")})
    with store.read() as tx:
        unmanaged = tx.conn.execute(select(scope.c.state)).scalars().all()
    journal.plan_scopes(store, scan.begin(), [samples.scope()])

    assert (marked, unmanaged, states(store)) == ([samples.scope().key], ["unmanaged"], {"a": "present"})
    with store.read() as tx:
        assert tx.conn.execute(select(scope.c.state)).scalars().all() == ["active"]


def test_a_retired_scope_that_is_planned_again_is_active(store: Store, scan: Scanner) -> None:
    scan.part([finding("a")])
    for _ in range(2):
        journal.note_scopes_listing(store, "demo", "main", [], result())

    journal.plan_scopes(store, scan.begin(), [samples.scope()])
    scan.part([finding("a")])

    assert states(store) == {"a": "present"}
    with store.read() as tx:
        query = select(scope.c.state).where(scope.c.key == samples.scope().key)
        assert tx.conn.execute(query).scalar() == "active"


def test_a_connector_that_loses_most_over_many_scopes_is_doubted(store: Store, scan: Scanner) -> None:
    places = [samples.scope(str(number)) for number in range(6)]
    for place in places:
        scan.part([finding(f"{place.ids[0]}-{number}") for number in range(3)], where=place)
    run_id = scan.begin()
    for place in places:
        final = result(count=1)
        writer = PartWriter(store, run_id, place)
        kept = [finding(f"{place.ids[0]}-0")]
        writer.apply(PartBatch(scope_key=place.key, part="agents", findings=kept, unchanged=[], final=final))
        journal.finish_scope(store, run_id, ScopeOutcome(scope_key=place.key))
    before = set(states(store).values())

    touched = journal.end_run(store, run_id, "complete", {})

    assert (before, len(touched)) == ({"present", "missing"}, 12)
    assert set(states(store).values()) == {"present", "suspect"}


def test_what_was_read_without_a_request_or_otherwise_configured_is_not_fresh(store: Store) -> None:
    killed_run(store, "run_1", "agents", "models")
    journal.close_interrupted(store)
    with store.begin() as conn:
        free = select(part.c.part_no).where(part.c.name == "models").scalar_subquery()
        conn.execute(run_part.update().where(run_part.c.part_no == free).values(requests=0))

    assert fresh(store) == {"agents"}
    for changes, expected in (
        ({}, {"agents"}),
        ({"config_hash": "other"}, set()),
        ({"code_version": "other"}, set()),
    ):
        like = replace(samples.spec("run_2"), **changes)
        since = clock.now() - LATER
        assert journal.fresh_parts(store, samples.scope().key, since, like=like) == expected


def test_a_scope_that_was_reused_once_is_read_again_the_next_time(store: Store) -> None:
    killed_run(store, "run_1", "agents")
    journal.close_interrupted(store)
    samples.begin(store, "run_2")
    journal.plan_scopes(store, "run_2", [samples.scope()], state="reused")

    journal.end_run(store, "run_2", "complete", {})

    assert fresh(store) == set()


def test_a_run_that_broke_off_leaves_work_to_judge_until_a_whole_one_began(store: Store) -> None:
    at_first = journal.left_unjudged(store)
    killed_run(store, "run_1", "agents")
    journal.close_interrupted(store)
    after_kill = journal.left_unjudged(store)
    samples.begin(store, "run_2")
    journal.end_run(store, "run_2", "partial", {})

    assert (at_first, after_kill, journal.left_unjudged(store)) == (False, True, False)

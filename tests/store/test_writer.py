from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from connectors.model import Evidence, Grade, PartStatus, Ref, Unchanged
from connectors.outcome import PartBatch
from store import Store, journal, leases
from store.errors import LeaseLost
from store.schema import asset, asset_alias, identity, part, relation, run_part
from store.writer import CHUNK, PartWriter, previous_fingerprints
from tests.store.samples import (
    SEEN_AT,
    Scanner,
    assets,
    begin,
    finding,
    key,
    result,
    scope,
    sightings,
    states,
)


@pytest.fixture
def scan(store: Store) -> Scanner:
    return Scanner(store)


def test_a_new_thing_becomes_a_present_asset_with_its_evidence(store: Store, scan: Scanner) -> None:
    delta = scan.part([finding("a", tags={"team": "search"})])

    row = assets(store)["a"]
    assert (delta.added, delta.touched_assets) == (1, {row.asset_id})
    assert (row.state, row.grade, row.kind, row.name) == ("present", "deployed", "agent", "Agent a")
    assert row.asset_id.startswith("ast_")
    (seen,) = sightings(store)
    assert '"locator":"demo://a"' in seen.payload
    assert '"team":"search"' in seen.payload


def test_an_unchanged_thing_is_not_written_again(store: Store, scan: Scanner) -> None:
    scan.part([finding("a"), finding("b")])
    before = sightings(store, open_only=False)

    delta = scan.part([finding("a")], unchanged=[Unchanged(natural_key=key("b"), fingerprint="b-1")])

    assert (delta.unchanged, delta.added, delta.changed, delta.touched_assets) == (2, 0, 0, set())
    assert sightings(store, open_only=False) == before


def test_a_changed_thing_gets_a_new_version_and_keeps_its_id_and_age(store: Store, scan: Scanner) -> None:
    scan.part([finding("a")])
    first = assets(store)["a"]

    delta = scan.part([finding("a", "2", grade=Grade.LIVE)])

    row = assets(store)["a"]
    assert (delta.changed, delta.added) == (1, 0)
    assert (row.asset_id, row.first_seen_at, row.grade) == (first.asset_id, first.first_seen_at, "live")
    old, new = sightings(store, open_only=False)
    assert (old.valid_to, old.closed_at) == (new.valid_from, None)
    assert new.opened_at == old.opened_at


def test_a_change_that_does_not_alter_the_fold_writes_no_asset_version(store: Store, scan: Scanner) -> None:
    scan.part([finding("a")])

    scan.part([finding("a", "2")])

    with store.read() as tx:
        assert tx.conn.execute(select(func.count()).select_from(asset)).scalar() == 1


def test_a_thing_is_missing_first_and_gone_second(store: Store, scan: Scanner) -> None:
    scan.part([finding("a"), finding("b")])

    first = scan.part([finding("b")])
    after_first = states(store)
    second = scan.part([finding("b")])

    assert (first.missing, first.closed, after_first) == (1, 0, {"a": "missing", "b": "present"})
    assert (second.missing, second.closed, states(store)) == (0, 1, {"a": "gone", "b": "present"})
    closed = next(row for row in sightings(store, open_only=False) if row.closed_at)
    assert (closed.key, closed.close_reason) == ("a", "absent")


def test_a_thing_that_comes_back_is_present_under_its_old_id(store: Store, scan: Scanner) -> None:
    scan.part([finding("a")])
    known = assets(store)["a"].asset_id
    scan.part([])

    scan.part([finding("a")])
    once_missing = assets(store)["a"]
    scan.part([])
    scan.part([])
    scan.part([finding("a")])

    assert (once_missing.asset_id, once_missing.state) == (known, "present")
    assert (assets(store)["a"].asset_id, states(store)) == (known, {"a": "present"})


@pytest.mark.parametrize("status", [one for one in PartStatus if one is not PartStatus.COMPLETE])
def test_a_part_that_is_not_complete_ages_nothing(store: Store, scan: Scanner, status: PartStatus) -> None:
    scan.part([finding("a")])

    for _ in range(3):
        scan.part([finding("b")], status=status)

    assert states(store) == {"a": "present", "b": "present"}


def test_a_filtered_run_adds_but_ages_nothing_and_is_no_listing(store: Store, scan: Scanner) -> None:
    scan.part([finding("a")])
    with store.read() as tx:
        before = tx.conn.execute(select(part)).all()

    for _ in range(2):
        scan.part([finding("b")], filtered=True)

    assert states(store) == {"a": "present", "b": "present"}
    with store.read() as tx:
        assert tx.conn.execute(select(part)).all() == before


def test_things_below_an_unreadable_place_are_held(store: Store, scan: Scanner) -> None:
    scan.part(
        [finding("a", at="apps/a.py:3"), finding("b", at="apps/a.pyc:3"), finding("c", at="lib/c.py:1")]
    )

    for _ in range(2):
        scan.part([], exceptions=[("apps/a.py", "too large"), ("lib/", "may not be read")])

    assert states(store) == {"a": "present", "b": "gone", "c": "present"}
    held = next(row for row in sightings(store) if row.key == "a")
    assert held.last_seen_at is not None


def test_losing_more_than_half_of_ten_is_doubted_until_the_same_are_absent_again(
    store: Store, scan: Scanner
) -> None:
    names = [f"t{number}" for number in range(10)]
    scan.part([finding(name) for name in names])

    first = scan.part([finding(name) for name in names[:4]])
    doubted = states(store)
    second = scan.part([finding(name) for name in names[:5]])
    confirmed = states(store)
    third = scan.part([finding(name) for name in names[:5]])

    assert (first.suspect, first.missing, doubted["t4"], doubted["t9"]) == (6, 0, "suspect", "suspect")
    assert (second.missing, confirmed["t4"], confirmed["t9"]) == (5, "present", "missing")
    assert (third.closed, states(store)["t9"]) == (5, "gone")


def test_a_work_tree_with_changes_of_its_own_is_marked(store: Store, scan: Scanner) -> None:
    scan.part([finding("t1", ref=Ref(name="main", dirty=True)), finding("t2", ref=Ref(name="main"))])

    with store.read() as tx:
        refs = dict(tx.conn.execute(select(asset.c.natural_id, asset.c.ref)).all())

    assert refs == {"t1": "main+dirty", "t2": "main"}


def test_losing_half_of_ten_is_believed(store: Store, scan: Scanner) -> None:
    scan.part([finding(f"t{number}") for number in range(10)])

    delta = scan.part([finding(f"t{number}") for number in range(5)])

    assert (delta.missing, delta.suspect) == (5, 0)


def test_a_doubted_loss_can_be_accepted(store: Store, scan: Scanner) -> None:
    scan.part([finding(f"t{number}") for number in range(10)])
    scan.part([])

    touched = journal.accept_suspect(store, "run_0002")
    accepted = set(states(store).values())
    scan.part([])

    assert (len(touched), accepted, set(states(store).values())) == (10, {"missing"}, {"gone"})
    with store.read() as tx:
        assert not tx.conn.execute(select(run_part.c.suspect).where(run_part.c.suspect)).all()


def test_many_small_losses_of_one_scope_are_doubted_together(store: Store, scan: Scanner) -> None:
    where = scope()
    for name in ("agents", "models"):
        scan.part([finding(f"{name}{number}") for number in range(6)], part=name)
    run_id = scan.begin()
    writer = PartWriter(store, run_id, where)
    for name in ("agents", "models"):
        kept = [finding(f"{name}{number}") for number in range(2)]
        writer.apply(PartBatch(scope_key=where.key, part=name, findings=kept, unchanged=[], final=result()))
    before = states(store)

    touched = journal.end_run(store, run_id, "complete", {})

    assert (before["agents5"], states(store)["agents5"], len(touched)) == ("missing", "suspect", 8)
    assert states(store)["agents1"] == "present"


def test_details_never_age_by_themselves_and_close_with_their_listing(store: Store, scan: Scanner) -> None:
    scan.part([finding("a"), finding("b")])
    scan.part([finding("a", "d"), finding("b", "d")], part="agent")

    for _ in range(2):
        scan.part([finding("a", "d")], part="agent")
    by_details = states(store)
    for _ in range(2):
        scan.part([finding("a")])

    assert by_details == {"a": "present", "b": "present"}
    assert states(store) == {"a": "present", "b": "gone"}
    assert [row.key for row in sightings(store)] == ["a", "a"]


def test_another_ref_opens_and_ages_only_its_own(store: Store, scan: Scanner) -> None:
    branch = Ref(name="feature", drives=False)
    main = Ref(name="main")
    scan.part([finding("a", ref=main)], where=scope(ref=main))

    scan.part([finding("b", ref=branch)], where=scope(ref=branch))
    for _ in range(2):
        scan.part([], where=scope(ref=branch))
    after_branch = states(store)
    for _ in range(2):
        scan.part([], where=scope(ref=main))

    assert after_branch == {"a": "present", "b": "gone"}
    assert states(store) == {"a": "gone", "b": "gone"}
    assert assets(store)["b"].drives in (False, 0)


def test_a_branch_without_a_scope_ref_is_known_by_its_findings(store: Store, scan: Scanner) -> None:
    scan.part([finding("a")])

    for _ in range(3):
        scan.part([finding("b", ref=Ref(name="feature", drives=False))])

    assert states(store) == {"a": "present", "b": "present"}


def test_a_scope_of_one_ref_at_a_time_ends_what_another_ref_showed(store: Store, scan: Scanner) -> None:
    many = [finding(f"t{number}") for number in range(12)]
    scan.part(many, where=replace(scope(), sole_ref=True))
    other = replace(scope(ref=Ref(name="feature", drives=False)), sole_ref=True)

    delta = scan.part([finding("a", ref=other.ref), finding("t1", ref=other.ref)], where=other)

    assert (delta.closed, delta.missing, delta.suspect) == (12, 0, 0)
    assert {name for name, state in states(store).items() if state == "present"} == {"a", "t1"}
    reasons = {row.close_reason for row in sightings(store, open_only=False) if row.closed_at}
    assert reasons == {"superseded"}


@pytest.mark.parametrize(
    "how",
    [{"status": PartStatus.DENIED}, {"filtered": True}, {"exceptions": [("demo://a", "unreadable")]}],
    ids=["denied", "filtered", "unreadable"],
)
def test_only_a_whole_reading_ends_what_another_ref_showed(
    store: Store, scan: Scanner, how: dict[str, Any]
) -> None:
    scan.part([finding("a")], where=replace(scope(), sole_ref=True))
    other = replace(scope(ref=Ref(name="feature", drives=False)), sole_ref=True)

    scan.part([finding("b", ref=other.ref)], where=other, **how)

    assert states(store) == {"a": "present", "b": "present"}


def test_two_names_joined_by_an_alias_are_one_asset_and_the_older_id_stays(
    store: Store, scan: Scanner
) -> None:
    scan.part([finding("a")])
    scan.part([finding("b", uses="a")], part="models")
    old, young = assets(store)["a"].asset_id, assets(store)["b"].asset_id

    delta = scan.part([finding("a", "2", aliases=(key("b"),))])

    rows = assets(store)
    assert [row.asset_id for row in rows.values()] == [old]
    assert {young, old} <= delta.touched_assets
    with store.read() as tx:
        moved = tx.conn.execute(select(asset_alias)).one()
        assert set(tx.conn.execute(select(identity.c.asset_id)).scalars()) == {old}
        edges = tx.conn.execute(select(relation).where(relation.c.valid_to.is_(None))).all()
    assert (moved.asset_id, moved.to_asset, moved.why) == (young, old, "merged")
    assert [(one.from_asset, one.to_asset) for one in edges] == [(old, old)]
    assert {row.asset_id for row in sightings(store)} == {old}


def test_a_newer_creation_time_is_a_new_incarnation(store: Store, scan: Scanner) -> None:
    scan.part([finding("a", created_at=SEEN_AT)])
    scan.part([finding("a", "d")], part="agent")
    old = assets(store)["a"].asset_id

    delta = scan.part([finding("a", "2", created_at=SEEN_AT + timedelta(days=1))])

    (seen,) = sightings(store)
    assert delta.replaced == {old: seen.asset_id}
    assert seen.asset_id != old
    closed = {row.close_reason for row in sightings(store, open_only=False) if row.closed_at}
    assert closed == {"replaced"}
    with store.read() as tx:
        rows = tx.conn.execute(select(asset.c.asset_id, asset.c.state).where(asset.c.valid_to.is_(None)))
        assert {row.asset_id: row.state for row in rows} == {old: "gone", seen.asset_id: "present"}


def test_a_creation_time_rounded_otherwise_is_no_new_incarnation(store: Store, scan: Scanner) -> None:
    scan.part([finding("a", created_at=SEEN_AT)])

    delta = scan.part([finding("a", "2", created_at=SEEN_AT + timedelta(milliseconds=900))])

    assert delta.replaced == {}
    assert len(assets(store)) == 1


def test_relations_follow_their_sighting_and_find_targets_that_come_later(
    store: Store, scan: Scanner
) -> None:
    scan.part([finding("a", uses="m")])
    with store.read() as tx:
        waiting = tx.conn.execute(select(relation)).one()

    scan.part([finding("m", kind="model")], part="models")
    with store.read() as tx:
        answered = tx.conn.execute(select(relation)).one()
    scan.part([finding("a", "2")])

    assert waiting.to_asset is None
    assert answered.to_asset == assets(store)["m"].asset_id
    with store.read() as tx:
        assert tx.conn.execute(select(relation).where(relation.c.valid_to.is_(None))).all() == []


def test_a_thing_shown_twice_under_one_key_keeps_all_evidence_and_stays_unchanged(
    store: Store, scan: Scanner
) -> None:
    twice = [finding("a", "1", at="x.py:1"), finding("a", "2", at="y.py:2")]
    scan.part(twice)
    before = sightings(store, open_only=False)

    again = scan.part(reversed(twice))

    assert (again.changed, again.unchanged) == (0, 1)
    assert sightings(store, open_only=False) == before
    assert all(place in before[0].payload for place in ("x.py:1", "y.py:2"))


def test_a_thing_shown_again_in_a_later_batch_is_joined(store: Store, scan: Scanner) -> None:
    where = scope()

    def scan_in_two_batches(first: str, second: str) -> None:
        writer = PartWriter(store, scan.begin(), where)
        for version, final in ((first, None), (second, result())):
            found = [finding("a", version, at=f"{version}.py:1")]
            writer.apply(
                PartBatch(scope_key=where.key, part="agents", findings=found, unchanged=[], final=final)
            )

    scan_in_two_batches("1", "2")
    (joined,) = sightings(store)
    scan_in_two_batches("2", "1")

    assert sightings(store) == [joined]
    assert all(place in joined.payload for place in ("1.py:1", "2.py:1"))
    assert len(assets(store)) == 1


def test_the_half_of_a_joined_thing_that_went_away_leaves_it(store: Store, scan: Scanner) -> None:
    scan.part([finding("a", "1", at="x.py:1"), finding("a", "2", at="y.py:2")])

    scan.part([finding("a", "2", at="y.py:2")], status=PartStatus.INCOMPLETE)
    after_incomplete = sightings(store)[0].payload
    scan.part([finding("a", "2", at="y.py:2")])

    assert "x.py:1" in after_incomplete
    assert "x.py:1" not in sightings(store)[0].payload


def test_unchanged_of_something_unknown_spoils_the_part(store: Store, scan: Scanner) -> None:
    scan.part([finding("a")])

    scan.part(unchanged=[Unchanged(natural_key=key("b"), fingerprint="b-1")])

    assert states(store) == {"a": "present"}
    with store.read() as tx:
        last = tx.conn.execute(select(part).where(part.c.name == "agents")).one()
    assert last.last_status == "incomplete"
    assert "not on record" in last.last_reason


def test_losing_thousands_at_once_ages_in_short_transactions(store: Store, scan: Scanner) -> None:
    many = [finding(f"t{number}") for number in range(CHUNK + 10)]
    scan.part(many)

    delta = scan.part([])

    assert delta.suspect == len(many)
    assert set(states(store).values()) == {"suspect"}


def test_previous_fingerprints_are_what_the_part_showed_last(store: Store, scan: Scanner) -> None:
    scan.part([finding("a"), finding("b")])
    scan.part([finding("a", "2")])

    found = previous_fingerprints(store, scope().key, "agents")

    assert found == {("demo/id", "a"): "a-2", ("demo/id", "b"): "b-1"}
    assert previous_fingerprints(store, "demo:main/other", "agents") == {}


def test_hostile_texts_are_kept_and_found_again(store: Store, scan: Scanner) -> None:
    names = ["nul\x00", "half\udc80", "long" * 2_000, "line\nbreak", "'; DROP TABLE asset; --"]
    hostile = [
        finding(
            name,
            account=name,
            provider=name,
            evidence=(Evidence(source="f", locator=name, observed_at=SEEN_AT, detail=name),),
        )
        for name in names
    ]
    scan.part(hostile)

    again = scan.part(hostile)

    assert (again.unchanged, again.added, again.changed) == (len(names), 0, 0)
    assert len(assets(store)) == len(names)


def test_a_writer_without_its_lease_writes_nothing(store: Store) -> None:
    lease = leases.acquire(store, scope().key, "me", ttl_s=-1)
    leases.acquire(store, scope().key, "another", ttl_s=60)
    writer = PartWriter(store, begin(store, "run_1"), scope(), lease=lease)

    with pytest.raises(LeaseLost, match="another process"):
        writer.apply(PartBatch(scope_key=scope().key, part="agents", findings=[finding("a")], unchanged=[]))

    assert sightings(store) == []


def test_an_undeclared_part_is_refused_and_leaves_nothing(store: Store, scan: Scanner) -> None:
    with pytest.raises(ValueError, match="declares no part 'other'"):
        scan.part([finding("a")], part="other")

    assert sightings(store) == []


def test_a_revision_reads_what_was_known_then(store: Store, scan: Scanner) -> None:
    scan.part([finding("a")])
    with store.read() as tx:
        then = tx.conn.execute(select(func.max(run_part.c.part_no))).scalar()
        rev = tx.conn.execute(select(func.max(asset.c.valid_from))).scalar()
    for _ in range(2):
        scan.part([])

    held = (asset.c.valid_from <= rev) & (asset.c.valid_to.is_(None) | (asset.c.valid_to > rev))
    with store.read() as tx:
        past = tx.conn.execute(select(asset.c.state).where(held)).scalars().all()

    assert (then, past, states(store)) == (1, ["present"], {"a": "gone"})

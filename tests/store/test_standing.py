"""Parts that show just what is on record: journaled together, nothing else touched, and told again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from connectors.model import PartStatus, ReadScope, Ref, Unchanged
from connectors.outcome import PartBatch, PartResult
from store import Store, leases
from store.errors import LeaseLost
from store.recorded import Recorded, scopes_by_address
from store.schema import part, run_part
from store.standing import journal_standing
from store.writer import PartWriter
from tests.store.samples import Scanner, finding, key, result, scope, sightings, states


def ends(*names: str, state: str = "v1", count: int = 2) -> list[PartBatch]:
    """Return the ends of parts that stand."""
    final = replace(result(count=count), state=state, stands=True)
    return [
        PartBatch(scope_key=scope().key, part=name, findings=[], unchanged=[], final=final) for name in names
    ]


def keep(scan: Scanner, text: str, *found: Any, **how: Any) -> None:
    """Scan the part of agents and keep a text with it."""
    run_id = scan.begin()
    final: PartResult = replace(result(count=len(found), **how), state=text)
    where = scope()
    batch = PartBatch(scope_key=where.key, part="agents", findings=list(found), unchanged=[], final=final)
    PartWriter(scan.store, run_id, where).apply(batch)


def rows(store: Store) -> dict[str, Any]:
    with store.read() as tx:
        return {row.name: row for row in tx.conn.execute(select(part))}


def test_a_text_is_kept_with_a_complete_part_and_forgotten_with_any_other(store: Store) -> None:
    scan = Scanner(store)
    keep(scan, "v1", finding("a"))
    kept = Recorded(store, scope().key, None).state("agents")

    keep(scan, "v2", status=PartStatus.DENIED)

    assert kept == "v1"
    assert Recorded(store, scope().key, None).state("agents") == ""


def test_a_filtered_run_leaves_the_text_as_it_was(store: Store) -> None:
    scan = Scanner(store)
    keep(scan, "v1", finding("a"))

    scan.part([finding("a")], filtered=True)

    assert Recorded(store, scope().key, None).state("agents") == "v1"


@pytest.mark.parametrize(("size", "is_kept"), [(3_000, True), (2_000_001, False)])
def test_a_text_is_kept_whole_or_not_at_all(store: Store, size: int, is_kept: bool) -> None:
    scan, text = Scanner(store), "x" * size
    keep(scan, text, finding("a"))
    first = Recorded(store, scope().key, None).state("agents")

    run_id = scan.begin()
    journal_standing(store, run_id, scope(), ends("agents", state=text, count=1), filtered=False, lease=None)

    assert first == (text if is_kept else "")
    assert Recorded(store, scope().key, None).state("agents") == first


def test_nothing_is_known_of_a_scope_that_was_never_scanned(store: Store) -> None:
    recorded = Recorded(store, "demo:main/nowhere", None)

    assert (recorded.state("agents"), dict(recorded.fingerprints("agents"))) == ("", {})


def test_fingerprints_are_the_same_with_and_without_a_text(store: Store) -> None:
    scan = Scanner(store)
    scan.part([finding("a"), finding("b")])
    without = dict(Recorded(store, scope().key, None).fingerprints("agents"))

    keep(scan, "v1", finding("a"), finding("b"))

    assert dict(Recorded(store, scope().key, None).fingerprints("agents")) == without
    assert without == {("demo/id", "a"): "a-1", ("demo/id", "b"): "b-1"}


def test_fingerprints_are_those_of_the_ref_that_the_scope_reads(store: Store) -> None:
    scan = Scanner(store)
    ref = Ref(name="next", drives=False)
    keep(scan, "v1", finding("a"), finding("b", ref=ref))

    driving = Recorded(store, scope().key, Ref(name="main")).fingerprints("agents")
    other = Recorded(store, scope().key, ref).fingerprints("agents")

    assert set(driving) == {("demo/id", "a")}
    assert set(other) == {("demo/id", "b")}


def test_standing_parts_are_journaled_and_their_things_are_seen_again(store: Store) -> None:
    scan = Scanner(store)
    scan.part([finding("a"), finding("b")])
    before, seen = rows(store)["agents"].last_complete_at, sightings(store, open_only=False)
    run_id = scan.begin()

    journal_standing(store, run_id, scope(), ends("agents", "models"), filtered=False, lease=None)

    after = rows(store)
    assert after["agents"].last_complete_at > before
    assert {after[name].state for name in ("agents", "models")} == {"v1"}
    assert after["agents"].last_count == 2
    assert sightings(store, open_only=False) == seen
    assert states(store) == {"a": "present", "b": "present"}
    with store.read() as tx:
        journaled = list(tx.conn.execute(select(run_part).where(run_part.c.run_id == run_id)))
    assert [(row.status, row.seen, row.added, row.missing) for row in journaled] == [
        ("complete", 2, 0, 0)
    ] * 2


@pytest.mark.parametrize(
    ("on_record", "batch", "is_empty"),
    [
        ((), {}, True),
        (("a",), {}, False),
        ((), {"findings": [finding("a")]}, False),
        ((), {"unchanged": [Unchanged(natural_key=key("a"), fingerprint="a-1")]}, False),
        ((), {"final": result(status=PartStatus.DENIED)}, False),
        ((), {"final": None}, False),
        ((), {"part": "unheard-of"}, False),
    ],
)
def test_a_part_is_empty_that_shows_nothing_and_has_nothing_on_record(
    store: Store, on_record: tuple[str, ...], batch: dict[str, Any], is_empty: bool
) -> None:
    scan = Scanner(store)
    scan.part([finding(name) for name in on_record])
    writer = PartWriter(store, scan.begin(), scope())
    whole: dict[str, Any] = {"scope_key": scope().key, "part": "agents", "findings": [], "unchanged": []}

    found = writer.is_empty(PartBatch(**{**whole, "final": result(count=0), **batch}))

    assert found is is_empty


def test_a_part_that_was_begun_is_not_empty(store: Store) -> None:
    writer = PartWriter(store, Scanner(store).begin(), scope())
    end = PartBatch(scope_key=scope().key, part="agents", findings=[], unchanged=[], final=result(count=1))
    writer.apply(replace(end, findings=[finding("a")], final=None))

    assert not writer.is_empty(end)


def test_things_seen_under_another_ref_keep_a_part_from_being_empty(store: Store) -> None:
    scan = Scanner(store)
    scan.part([finding("a", ref=Ref(name="next", drives=False))])
    writer = PartWriter(store, scan.begin(), scope())
    (end,) = ends("agents", count=0)

    assert not writer.is_empty(end)


def test_standing_parts_of_a_filtered_run_leave_the_parts_alone(store: Store) -> None:
    scan = Scanner(store)
    keep(scan, "v1", finding("a"))
    before = rows(store)["agents"]

    journal_standing(
        store, scan.begin(filtered=True), scope(), ends("agents", state="v2"), filtered=True, lease=None
    )

    assert rows(store)["agents"] == before


def test_a_writer_that_lost_its_scope_journals_nothing(store: Store) -> None:
    scan = Scanner(store)
    keep(scan, "v1", finding("a"))
    lease = leases.acquire(store, "scope/x", "holder", 60)
    assert lease is not None
    leases.release(store, lease)
    assert leases.acquire(store, "scope/x", "somebody else", 60) is not None

    with pytest.raises(LeaseLost):
        journal_standing(
            store, scan.begin(), scope(), ends("agents", state="v2"), filtered=False, lease=lease
        )

    assert rows(store)["agents"].state == "v1"


def test_only_what_was_read_from_an_address_is_told_to_others(store: Store) -> None:
    scan = Scanner(store)
    read, listed_only, folder = (
        replace(scope(name), locator=locator)
        for name, locator in (("a", "https://h.example/o/a"), ("b", "https://h.example/o/b"), ("c", "/srv/c"))
    )
    scan.part([], where=read)
    scan.part([], where=listed_only, status=PartStatus.NOT_OPTED_IN)
    scan.part([], where=folder)

    told = scopes_by_address(store)

    assert told == [ReadScope(key=read.key, reader="demo:main", locator="https://h.example/o/a")]

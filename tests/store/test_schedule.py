from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from connectors import clock
from store import Store, open_store, schedule
from store.leadership import LeaderLock
from store.schedule import Claim, Entry

HOUR = timedelta(hours=1)
KEY = ("openai", "main")


@pytest.fixture
def epoch(store: Store) -> Iterator[int]:
    """Make ``me`` the leader."""
    with LeaderLock(store, "me", 600) as lock:
        taken = lock.take()
        assert taken is not None
        yield taken


def add(store: Store, spec: str = "every 6h", key: schedule.Key = KEY) -> Entry:
    """Put one instance on the calendar that has been due for an hour."""
    schedule.sync(store, {key: (spec, clock.now() - HOUR)})
    return schedule.entries(store)[0]


def claim(store: Store, entry: Entry, epoch: int, holder: str = "me") -> Claim | None:
    return schedule.claim(store, entry, holder=holder, epoch=epoch, next_due_at=clock.now() + 6 * HOUR)


def test_the_calendar_holds_what_is_configured_in_the_order_of_time(store: Store) -> None:
    now = clock.now()
    schedule.sync(
        store, {("aws", "a"): ("x", now + HOUR), ("aws", "b"): ("x", now), ("aws", "c"): ("x", now + HOUR)}
    )

    schedule.sync(store, {("aws", "a"): ("y", now - HOUR), ("aws", "b"): ("x", now + 9 * HOUR)})

    found = [(entry.instance, entry.spec, entry.next_due_at) for entry in schedule.entries(store)]
    # A changed schedule begins anew; one that stands keeps its time; what is gone is gone.
    assert found == [("a", "y", now - HOUR), ("b", "x", now)]


def test_a_due_time_is_claimed_once_and_moves_on(store: Store, epoch: int) -> None:
    entry = add(store)

    first, second = claim(store, entry, epoch), claim(store, entry, epoch)

    assert first is not None
    assert first.due_at == entry.next_due_at
    assert second is None
    assert schedule.entries(store)[0].next_due_at > clock.now() + 5 * HOUR


def test_only_the_leader_of_the_present_epoch_claims(store: Store, epoch: int) -> None:
    entry = add(store)

    assert claim(store, entry, epoch - 1) is None
    assert claim(store, entry, epoch, holder="another") is None
    assert claim(store, entry, epoch) is not None


def test_many_claimers_at_once_get_one_claim(store: Store, epoch: int) -> None:
    entry = add(store)
    others = [open_store(store.url.render_as_string(hide_password=False)) for _ in range(3)]

    with ThreadPoolExecutor(6) as pool:
        claims = list(pool.map(lambda number: claim([store, *others][number % 4], entry, epoch), range(12)))

    assert len([taken for taken in claims if taken is not None]) == 1
    for other in others:
        other.close()


def test_a_due_time_that_was_run_is_not_run_again_when_the_calendar_is_set_back(
    store: Store, epoch: int
) -> None:
    entry = add(store)
    claim(store, entry, epoch)
    schedule.sync(store, {})
    schedule.sync(store, {KEY: (entry.spec, entry.next_due_at)})

    assert claim(store, schedule.entries(store)[0], epoch) is None


def test_a_finished_claim_is_kept_with_its_run(store: Store, epoch: int) -> None:
    taken = claim(store, add(store), epoch)
    assert taken is not None

    schedule.finish(store, taken, "run_1")

    (past,) = schedule.history(store)
    assert (past.connector, past.holder, past.run_id) == ("openai", "me", "run_1")
    assert past.done_at is not None
    assert past.claimed_at <= past.done_at


def test_an_interrupted_claim_is_due_again_at_once(store: Store, epoch: int) -> None:
    taken = claim(store, add(store), epoch)
    assert taken is not None

    schedule.put_back(store, taken)

    assert schedule.entries(store)[0].next_due_at <= clock.now()
    assert claim(store, schedule.entries(store)[0], epoch) is not None


def test_a_new_leader_puts_back_what_the_dead_one_left(store: Store, epoch: int) -> None:
    assert claim(store, add(store), epoch) is not None

    assert schedule.put_back_lost(store, "me") == []
    assert schedule.put_back_lost(store, "successor") == [KEY]

    assert schedule.entries(store)[0].next_due_at <= clock.now()
    assert schedule.put_back_lost(store, "successor") == []


def test_what_kills_every_daemon_waits_for_its_regular_time(store: Store, epoch: int) -> None:
    add(store)
    for _ in range(schedule.MOST_RESUMED):
        assert schedule.entries(store)[0].next_due_at <= clock.now()
        assert claim(store, schedule.entries(store)[0], epoch) is not None
        schedule.put_back_lost(store, "successor")

    assert schedule.entries(store)[0].next_due_at > clock.now() + 5 * HOUR


def test_put_back_claims_with_equal_times_stay_apart(store: Store, epoch: int) -> None:
    """Times have microseconds; a put-back within one of them must not look like a claim that exists."""
    taken = claim(store, add(store), epoch)
    assert taken is not None
    schedule.put_back(store, taken)
    again = claim(store, schedule.entries(store)[0], epoch)
    assert again is not None

    assert again.number != taken.number

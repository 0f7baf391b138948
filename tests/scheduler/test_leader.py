from __future__ import annotations

from scheduler.leader import Leadership
from tests.scheduler.test_daemon import MemoryLock, OutOfReach


class Watch:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def lead(lock: MemoryLock) -> tuple[Leadership, Watch]:
    watch = Watch()
    return Leadership(lock, ttl_s=30, failures=(OutOfReach,), monotonic=watch), watch


def test_a_follower_keeps_trying() -> None:
    lock = MemoryLock(epoch=None)
    leadership, _ = lead(lock)

    assert leadership.beat() is None
    lock.epoch = 3
    assert leadership.beat() == 3


def test_a_leader_that_was_overtaken_follows_at_once() -> None:
    lock = MemoryLock()
    leadership, _ = lead(lock)
    leadership.beat()

    lock.holds, lock.epoch = False, None

    assert leadership.beat() is None


def test_a_failing_store_ends_the_leadership_when_the_lease_has_run_out() -> None:
    lock = MemoryLock()
    leadership, watch = lead(lock)
    watch.seconds = 100
    leadership.beat()
    lock.is_down = True

    watch.seconds = 129
    assert leadership.beat() == 1
    watch.seconds = 130
    assert leadership.beat() is None


def test_a_store_that_comes_back_in_time_changes_nothing() -> None:
    lock = MemoryLock()
    leadership, watch = lead(lock)
    leadership.beat()
    lock.is_down = True
    watch.seconds = 20
    leadership.beat()
    lock.is_down = False
    watch.seconds = 29
    leadership.beat()
    lock.is_down = True

    watch.seconds = 58

    assert leadership.beat() == 1


def test_who_follows_gives_nothing_back() -> None:
    lock = MemoryLock(epoch=None)
    leadership, _ = lead(lock)
    leadership.beat()

    leadership.resign()

    assert lock.log == ["closed"]

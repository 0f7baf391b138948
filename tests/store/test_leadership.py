"""One leader at a time, and the next one soon after the last is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from store import Store, leadership, open_store
from store.leadership import LeaderLock

ROOT = Path(__file__).resolve().parents[2]
LEAD = """
import sys, time
from store import open_store
from store.leadership import LeaderLock
store = open_store(sys.argv[1])
lock = LeaderLock(store, "other", float(sys.argv[2]))
print(lock.take(), flush=True)
time.sleep(60)
"""

Lead = Callable[[float], "subprocess.Popen[str]"]


@pytest.fixture
def lead_elsewhere(store: Store) -> Lead:
    """Return a function that makes another process the leader."""

    def lead(ttl_s: float) -> subprocess.Popen[str]:
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
        process = subprocess.Popen(
            [sys.executable, "-c", LEAD, url_of(store), str(ttl_s)],
            env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "1"
        return process

    return lead


def url_of(store: Store) -> str:
    return store.url.render_as_string(hide_password=False)


def take_within(lock: LeaderLock, seconds: float) -> int | None:
    end = time.monotonic() + seconds
    while (epoch := lock.take()) is None and time.monotonic() < end:
        time.sleep(0.05)
    return epoch


def test_only_one_leads_and_the_next_gets_a_higher_epoch(store: Store) -> None:
    first, second = LeaderLock(store, "first", 60), LeaderLock(store, "second", 60)

    assert first.take() == 1
    assert second.take() is None
    assert first.renew(1)
    first.give_back()
    assert second.take() == 2
    assert not first.renew(1)
    assert first.take() is None

    leader = leadership.leader(store)
    assert leader is not None
    assert (leader.holder, leader.epoch) == ("second", 2)
    first.close()
    second.close()


def test_a_killed_leader_is_followed_long_before_its_lease_ends(store: Store, lead_elsewhere: Lead) -> None:
    process = lead_elsewhere(600.0)
    follower = LeaderLock(store, "follower", 60)
    assert follower.take() is None

    process.send_signal(signal.SIGKILL)
    process.communicate()

    assert take_within(follower, 5) == 2
    follower.close()


def test_a_leader_that_hangs_loses_to_time(store: Store, lead_elsewhere: Lead) -> None:
    process = lead_elsewhere(1.0)
    follower = LeaderLock(store, "follower", 60)
    process.send_signal(signal.SIGSTOP)

    epoch = take_within(follower, 10)

    assert epoch == 2
    assert follower.renew(2)
    process.kill()
    process.communicate()
    # Once the hung process is gone, its successor holds what protects against a third. The server notices
    # that end a moment later.
    end = time.monotonic() + 10
    while follower.renew(2) and follower._guard is None and time.monotonic() < end:
        time.sleep(0.05)
    assert follower.renew(2)
    third = LeaderLock(store, "third", 60)
    assert third.take() is None
    follower.close()
    third.close()


def test_who_lost_by_time_does_not_renew(store: Store) -> None:
    slow, quick = LeaderLock(store, "slow", 0.2), LeaderLock(store, "quick", 60)
    slow.take()
    time.sleep(0.3)

    assert quick.take() == 2

    assert not slow.renew(1)
    slow.close()
    quick.close()


def test_a_leader_notices_that_its_database_session_is_gone(postgres_url: str) -> None:
    """Another may get the lock then, so it must be taken again or given up."""
    store = open_store(postgres_url)
    lock, other = LeaderLock(store, "first", 60), LeaderLock(store, "second", 60)
    assert lock.take() == 1
    with store.begin() as conn:
        conn.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_locks"
            " WHERE locktype = 'advisory' AND objsubid = 2 AND pid <> pg_backend_pid()"
        )

    # The server ends the session a moment after it was told to.
    assert take_within(other, 10) == 2
    assert not lock.renew(1)
    lock.close()
    other.close()
    store.close()

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from connectors import clock
from store import Store, leases
from store.errors import LeaseLost
from store.schema import lease as table
from tests.store.samples import dead_holder


def test_a_lease_is_held_by_one_until_it_is_given_back(store: Store) -> None:
    mine = leases.acquire(store, "scope", "me", ttl_s=60)
    assert mine is not None

    assert leases.acquire(store, "scope", "other", ttl_s=60) is None
    leases.release(store, mine)
    theirs = leases.acquire(store, "scope", "other", ttl_s=60)

    assert theirs is not None
    assert (mine.epoch, theirs.epoch) == (1, 2)


def test_the_holder_gets_its_own_lease_again_under_the_same_epoch(store: Store) -> None:
    first = leases.acquire(store, "scope", "me", ttl_s=60)

    again = leases.acquire(store, "scope", "me", ttl_s=60)

    assert first is not None
    assert again is not None
    assert first.epoch == again.epoch


def test_a_lease_that_ran_out_goes_to_the_next_and_is_lost_to_the_first(store: Store) -> None:
    mine = leases.acquire(store, "scope", "me", ttl_s=-1)
    assert mine is not None
    theirs = leases.acquire(store, "scope", "other", ttl_s=60)

    with pytest.raises(LeaseLost):
        leases.renew(store, mine, ttl_s=60)
    with store.begin() as conn, pytest.raises(LeaseLost):
        leases.check_lease(conn, mine)
    leases.release(store, mine)

    assert theirs is not None
    with store.begin() as conn:
        leases.check_lease(conn, theirs)
    assert leases.acquire(store, "scope", "me", ttl_s=60) is None


def test_renewing_moves_the_end(store: Store) -> None:
    mine = leases.acquire(store, "scope", "me", ttl_s=1)
    assert mine is not None

    renewed = leases.renew(store, mine, ttl_s=600)

    assert renewed.expires_at > mine.expires_at
    assert renewed.epoch == mine.epoch


def test_the_lease_of_a_killed_process_of_this_machine_is_free_at_once(store: Store) -> None:
    leases.acquire(store, "scope", dead_holder(), ttl_s=600)

    assert leases.acquire(store, "scope", "other", ttl_s=60) is not None


def test_the_lease_of_another_machine_is_respected(store: Store) -> None:
    leases.acquire(store, "scope", f"elsewhere/{2**22 + 1}/1/x", ttl_s=600)

    assert leases.acquire(store, "scope", "other", ttl_s=60) is None


def test_a_living_holder_is_known_to_live_and_a_killed_one_to_be_dead() -> None:
    code = "from store.leases import new_holder; print(new_holder(), flush=True); input()"
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    holder = child.stdout.readline().strip()
    while_living = leases.is_dead(holder)
    child.kill()
    child.communicate()

    assert (while_living, leases.is_dead(holder), leases.is_dead(leases.new_holder())) == (False, True, False)


def test_of_many_that_ask_at_once_one_gets_it(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(lambda one: leases.acquire(store, "scope", f"h{one}", 60), range(8)))

    assert sum(one is not None for one in given) == 1


def test_a_heartbeat_keeps_all_leases_of_its_holder(store: Store) -> None:
    leases.acquire(store, "one", "me", ttl_s=1.0)
    leases.acquire(store, "two", "me", ttl_s=1.0)

    with leases.kept_alive(store, "me", ttl_s=1.0):
        time.sleep(1.5)
        with store.read() as tx:
            ends = tx.conn.execute(select(table.c.expires_at)).scalars().all()
            now = clock.to_text(clock.now())

    assert len(ends) == 2
    assert all(end > now for end in ends)

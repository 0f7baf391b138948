from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from connectors import clock
from store import Store, WriteTx
from store.cache import BlobCache
from store.prune import Pruned, prune
from store.schema import asset, meta, run, sighting
from tests.store.samples import Scanner, finding, sightings, states


def history(store: Store) -> None:
    scan = Scanner(store)
    scan.part([finding("a"), finding("b", uses="m")])
    for _ in range(2):
        scan.part([finding("a", "2")])
    cache = BlobCache(store)
    cache.put("blob", b"x")
    cache.flush()


def count(store: Store, table: object) -> int:
    with store.read() as tx:
        return tx.conn.execute(select(func.count()).select_from(table)).scalar_one()  # type: ignore[arg-type]


def test_what_ended_is_deleted_and_logged_and_what_holds_stays(store: Store) -> None:
    history(store)
    open_before, logged = sightings(store), []

    def log(tx: WriteTx, pruned: Pruned) -> None:
        tx.conn.execute(meta.insert().values(key="logged", value=str(pruned.total)))
        logged.append(pruned)

    pruned = prune(store, clock.now() + timedelta(days=1), actor="me", log=log)

    assert logged == [pruned]
    assert (pruned.sightings, pruned.relations, pruned.runs, pruned.cache) == (3, 1, 3, 1)
    assert sightings(store, open_only=False) == open_before
    assert states(store) == {"a": "present", "b": "gone"}
    assert (count(store, run), count(store, meta)) == (0, 1)


def test_nothing_younger_is_deleted(store: Store) -> None:
    history(store)
    before = [count(store, table) for table in (sighting, asset, run)]

    pruned = prune(store, clock.now() - timedelta(days=1), actor="me", log=lambda *_: None)

    assert pruned.total == 0
    assert [count(store, table) for table in (sighting, asset, run)] == before


def test_a_dry_run_only_counts(store: Store) -> None:
    history(store)
    before = count(store, sighting)

    told = prune(store, clock.now() + timedelta(days=1), actor="me", log=lambda *_: None, dry_run=True)

    assert told.sightings == 3
    assert count(store, sighting) == before

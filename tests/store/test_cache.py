from __future__ import annotations

import pickle
from pathlib import Path

from sqlalchemy import select, update

from store import Store, open_store
from store.cache import BlobCache, NearCache
from store.schema import blob_cache


def test_what_was_put_is_found_before_and_after_it_is_written(store: Store) -> None:
    cache = BlobCache(store)
    cache.put("a", b"\x00one")

    at_once = cache.get_many(["a", "b"])
    cache.flush()

    assert at_once == {"a": b"\x00one"}
    assert BlobCache(store).get_many(["b", "a", "a"]) == {"a": b"\x00one"}


def test_writing_a_known_key_again_is_no_error(store: Store) -> None:
    for _ in range(2):
        cache = BlobCache(store)
        cache.put("a", b"one")
        cache.flush()

    assert BlobCache(store).get_many(["a"]) == {"a": b"one"}


def test_using_an_old_entry_keeps_it_young(store: Store) -> None:
    cache = BlobCache(store)
    cache.put("a", b"one")
    cache.put("b", b"two")
    cache.flush()
    with store.begin() as conn:
        conn.execute(update(blob_cache).values(used_at="2020-01-01"))

    cache.get_many(["a"])
    cache.flush()

    with store.read() as tx:
        rows = tx.conn.execute(select(blob_cache.c.key).where(blob_cache.c.used_at > "2020-01-01"))
        assert rows.scalars().all() == ["a"]


def test_many_entries_are_written_without_being_told(store: Store) -> None:
    cache = BlobCache(store)

    for number in range(600):
        cache.put(str(number), b"x")

    with store.read() as tx:
        assert len(tx.conn.execute(select(blob_cache.c.key)).all()) >= 500


def test_another_process_looks_into_a_file_and_brings_home_what_is_new(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'near.db'}") as store:
        cache = BlobCache(store)
        nothing = cache.near()
        cache.put("a", b"\x00one")
        cache.flush()
        near = pickle.loads(pickle.dumps(cache.near()))

        near.put("b", b"two")

        assert nothing is None
        assert near.get_many(["a", "b", "c"]) == {"a": b"\x00one", "b": b"two"}
        assert near.entries == {"b": b"two"}


def test_a_file_that_is_not_there_or_no_store_is_only_a_miss(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("not a database, only text")

    assert NearCache(str(tmp_path / "none.db")).get_many(["a"]) == {}
    assert NearCache(str(tmp_path / "text.db")).get_many(["a"]) == {}
    assert not (tmp_path / "none.db").exists()


def test_a_store_with_a_password_is_not_looked_into_from_elsewhere(postgres_url: str) -> None:
    with open_store(postgres_url) as store:
        cache = BlobCache(store)
        cache.put("a", b"one")
        cache.flush()

        assert cache.near() is None

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, insert, select
from sqlalchemy.exc import IntegrityError

from connectors import clock, interrupts
from store import Store, engines, open_store
from store.bulk import insert_rows
from store.errors import (
    DiskFull,
    StoreCorrupt,
    StoreError,
    StoreLocked,
    StoreMissing,
    StoreReadOnly,
    StoreUnreachable,
)
from store.schema import lease, meta, revision


def put(store: Store, *names: str, value: str = "x") -> None:
    """Write ``names`` in one transaction."""
    with store.write() as tx:
        for name in names:
            tx.conn.execute(meta.insert().values(key=name, value=value))


def keys(store: Store) -> list[str]:
    with store.read() as tx:
        return list(tx.conn.execute(select(meta.c.key).order_by(meta.c.key)).scalars())


def test_every_write_has_a_revision_and_time_never_runs_backwards(store: Store) -> None:
    for key in "abc":
        put(store, key)

    with store.read() as tx:
        rows = tx.conn.execute(select(revision).order_by(revision.c.rev)).all()
    assert [row.rev for row in rows] == [1, 2, 3]
    assert [row.at for row in rows] == sorted(row.at for row in rows)


def test_a_failed_write_leaves_nothing(store: Store) -> None:
    put(store, "a")

    with pytest.raises(IntegrityError):
        put(store, "b", "a")

    assert keys(store) == ["a"]
    put(store, "c")
    assert keys(store) == ["a", "c"]


def test_reading_as_of_a_moment_gives_its_revision(store: Store) -> None:
    put(store, "a")
    between = clock.now()
    put(store, "b")

    with store.read(between) as then, store.read(between - timedelta(days=1)) as before, store.read() as now:
        assert (then.rev, before.rev, now.rev) == (1, 0, None)


def test_a_reader_sees_one_snapshot_while_others_write(store: Store) -> None:
    put(store, "a")

    with store.read() as tx:
        first = tx.conn.execute(select(meta.c.key)).scalars().all()
        put(store, "b")
        second = tx.conn.execute(select(meta.c.key)).scalars().all()

    assert first == second == ["a"]
    assert keys(store) == ["a", "b"]


def test_a_reader_cannot_write(store: Store) -> None:
    with pytest.raises(StoreReadOnly), store.read() as tx:
        tx.conn.execute(meta.insert().values(key="a", value="x"))


def test_many_threads_write_and_read_without_a_lock_error(store: Store) -> None:
    failed: list[StoreError] = []

    def work(number: int) -> None:
        try:
            for step in range(10):
                put(store, f"{number}-{step}")
                keys(store)
        except StoreError as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    with store.read() as tx:
        revisions = tx.conn.execute(select(revision.c.rev).order_by(revision.c.rev)).scalars().all()
    assert revisions == list(range(1, 61))


def test_a_write_inside_a_write_is_a_mistake_and_no_deadlock(store: Store) -> None:
    with store.write(), pytest.raises(RuntimeError, match="inside another"), store.write():
        pass


def test_another_process_that_holds_the_lock_is_named(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with store.engine.connect() as conn:
        url = store.url.render_as_string(hide_password=False)
        monkeypatch.setattr(engines, "LOCK_WAIT_S", 0.2)
        with open_store(url) as other, conn.begin():
            engines.lock_writers(conn)
            with pytest.raises(StoreLocked, match="another process"):
                put(other, "a")


def test_killing_a_writer_leaves_whole_transactions_only(store: Store) -> None:
    code = (
        "import sys; from store import open_store; from store.schema import meta\n"
        "store = open_store(sys.argv[1])\n"
        "for step in range(10**6):\n"
        "    with store.write() as tx:\n"
        "        for side in 'ab':\n"
        "            tx.conn.execute(meta.insert().values(key=f'{step:06d}{side}', value='x'))\n"
        "    print(step, flush=True)\n"
    )
    url = store.url.render_as_string(hide_password=False)
    child = subprocess.Popen([sys.executable, "-c", code, url], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    while int(child.stdout.readline()) < 5:
        pass
    child.send_signal(signal.SIGKILL)
    told = child.communicate()[0].split()

    deadline = time.monotonic() + 10
    found = keys(store)
    while len(found) % 2 and time.monotonic() < deadline:
        found = keys(store)
    assert len(found) % 2 == 0
    assert len(found) // 2 > max((int(one) for one in told), default=5)
    put(store, "after")


# SQLite's own troubles ------------------------------------------------------------------------------


def sqlite_url(path: Path) -> str:
    return f"sqlite:///{path}"


def test_the_file_and_its_folder_are_for_the_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "inventory.db"
    old = os.umask(0)
    try:
        with open_store(sqlite_url(path)) as store:
            put(store, "a")
            modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()}
    finally:
        os.umask(old)

    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert set(modes.values()) == {0o600}
    assert "inventory.db-wal" in modes


def test_a_missing_file_is_not_made_for_a_reader(tmp_path: Path) -> None:
    with pytest.raises(StoreMissing, match="Run aicensus scan first"):
        open_store(sqlite_url(tmp_path / "none.db"), create=False)
    with pytest.raises(StoreMissing):
        open_store(sqlite_url(tmp_path / "none.db"), read_only=True)

    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("dear diary\n" * 100)

    with pytest.raises(StoreCorrupt, match="not a SQLite database"):
        open_store(sqlite_url(path))

    assert path.read_text().startswith("dear diary")


def test_a_damaged_file_is_named(sqlite_store_url: str, tmp_path: Path) -> None:
    path = tmp_path / "inventory.db"
    content = bytearray(path.read_bytes())
    content[100:] = b"\xff" * (len(content) - 100)
    path.write_bytes(content)

    with pytest.raises(StoreCorrupt, match="Restore a backup"):
        open_store(sqlite_store_url)


def test_a_full_disk_is_named_and_nothing_half_written_stays(sqlite_store_url: str) -> None:
    with open_store(sqlite_store_url) as store:

        def shrink(connection: sqlite3.Connection, _: object) -> None:
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count={pages + 2}")

        event.listen(store.engine, "connect", shrink)
        store.engine.dispose()
        with pytest.raises(DiskFull, match="Free some space"):
            put(store, *map(str, range(1_000)), value="x" * 1_000)
        rows = ((f"test {number}", "x" * 1_000) for number in range(1_000))
        with pytest.raises(DiskFull, match="Free some space"), store.begin() as conn:
            insert_rows(conn, meta, ("key", "value"), rows)

        assert keys(store) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only for root")
def test_a_read_only_folder_is_named(sqlite_store_url: str, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StoreReadOnly, match="folder"):
            open_store(sqlite_store_url)
        with open_store(sqlite_store_url, read_only=True) as store:
            assert keys(store) == []
    finally:
        tmp_path.chmod(0o700)


def test_a_store_opened_for_reading_cannot_be_written(sqlite_store_url: str) -> None:
    with open_store(sqlite_store_url, read_only=True) as store:
        assert keys(store) == []

        with pytest.raises(StoreReadOnly):
            put(store, "a")


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://host/db", "nonsense"])
def test_other_urls_are_refused_with_the_forms_that_work(url: str) -> None:
    with pytest.raises(StoreError, match=r"sqlite:///path/to/file\.db or postgresql://"):
        open_store(url)


def test_a_server_that_does_not_answer_is_named_without_the_password() -> None:
    with pytest.raises(StoreUnreachable, match="that the server runs") as raised:
        open_store("postgresql://me:s3cret-s3cret@127.0.0.1:9/none")

    assert "s3cret" not in str(raised.value)


def test_errors_do_not_show_values(sqlite_store_url: str) -> None:
    with open_store(sqlite_store_url) as store, pytest.raises(IntegrityError) as raised:
        put(store, "a", "a", value="s3cret-value")

    assert "s3cret-value" not in str(raised.value)


@pytest.mark.parametrize("statement", ["BEGIN", "INTO lease", ""])
def test_ctrl_c_in_a_transaction_is_heard_at_its_end_and_leaves_no_lock(store: Store, statement: str) -> None:
    struck = []

    def strike(conn: Any, cursor: Any, text: str, *_: Any) -> None:
        if statement in text and not struck:
            struck.append(text)
            signal.raise_signal(signal.SIGINT)

    event.listen(store.engine, "before_cursor_execute", strike)
    row = {"holder": "me", "epoch": 1, "expires_at": "later"}

    try:
        with interrupts.heard(), store.begin() as conn:
            conn.execute(insert(lease).values(name="first", **row))
    except KeyboardInterrupt:
        # While the error is looked at, as a scan does that saves what it has.
        with store.begin() as conn:
            conn.execute(insert(lease).values(name="second", **row))

    with store.read() as tx:
        names = set(tx.conn.execute(select(lease.c.name)).scalars())
    assert names == ({"first", "second"} if struck else {"first"})
    assert struck or (statement == "BEGIN" and store.dialect == "postgresql")

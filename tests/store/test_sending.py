"""Rows on their way to PostgreSQL: they are there for whatever is said next, or nothing of them is."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import IntegrityError

from store import Store, open_store
from store.bulk import insert_rows
from store.errors import StoreUnreachable
from store.schema import meta
from store.sending import Sender

COLUMNS = ("key", "value")
WIDE = "x" * 1_000_000
BACKEND = text("SELECT pg_backend_pid()")


@pytest.fixture
def server(postgres_store_url: str) -> Iterator[Store]:
    opened = open_store(postgres_store_url)
    yield opened
    opened.close()


def put(conn: Connection, *rows: tuple[str, str | None]) -> None:
    insert_rows(conn, meta, COLUMNS, rows)


def kept(store: Store) -> list[str]:
    with store.read() as tx:
        query = select(meta.c.key).where(meta.c.key.startswith("test")).order_by(meta.c.key)
        return list(tx.conn.execute(query).scalars())


def test_rows_of_several_tables_in_a_row_are_there_for_the_next_statement(server: Store) -> None:
    with server.begin() as conn:
        put(conn, ("test 1", "tab\tline\nback\\slash"), ("test 2", ""))
        put(conn, ("test 3", "é"))
        query = select(meta.c.value).where(meta.c.key.startswith("test")).order_by(meta.c.key)
        seen = list(conn.execute(query).scalars())

    assert seen == ["tab\tline\nback\\slash", "", "é"]


def test_more_than_may_wait_arrives(server: Store) -> None:
    with server.begin() as conn:
        insert_rows(conn, meta, COLUMNS, ((f"test {number:02d}", WIDE) for number in range(20)))
        put(conn, ("test last", ""))

    assert len(kept(server)) == 21
    with server.read() as tx:
        assert tx.conn.execute(select(func.max(func.length(meta.c.value)))).scalar() == len(WIDE)


@pytest.mark.parametrize("rows", [1, 3_000])
def test_what_the_server_refuses_fails_the_commit_and_nothing_is_kept(server: Store, rows: int) -> None:
    def write() -> None:
        with server.begin() as conn:
            put(conn, *((f"test {number}", "") for number in range(rows)))
            put(conn, ("test 0", "again"))

    with pytest.raises(psycopg.errors.UniqueViolation):
        write()

    assert kept(server) == []


def test_what_the_server_refuses_fails_the_next_statement(server: Store) -> None:
    def write() -> None:
        with server.begin() as conn:
            rows = ((f"test {number}", None if number == 100 else WIDE[:10_000]) for number in range(300))
            put(conn, *rows)
            put(conn, ("test later", ""))
            conn.execute(select(1))

    # It comes with the next rows that are handed over or with the next question, whichever the answer meets.
    with pytest.raises((IntegrityError, psycopg.errors.NotNullViolation), match="not-null"):
        write()

    with server.begin() as conn:
        put(conn, ("test next", ""))
    assert kept(server) == ["test next"]


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("before", [0, 1, 40])
def test_a_block_that_breaks_off_keeps_nothing_and_leaves_the_connection_whole(
    server: Store, failure: type[BaseException], before: int
) -> None:
    def rows() -> Iterator[tuple[str, str]]:
        for number in range(before):
            yield f"test {number}", WIDE[:100_000]
        raise failure

    def write() -> None:
        with server.begin() as conn:
            backends.add(conn.execute(BACKEND).scalar())
            put(conn, ("test first", ""))
            insert_rows(conn, meta, COLUMNS, rows())

    backends: set[int | None] = set()
    with pytest.raises(failure):
        write()

    with server.begin() as conn:
        put(conn, ("test next", ""))
        backends.add(conn.execute(BACKEND).scalar())
    assert len(backends) == 1
    assert kept(server) == ["test next"]


def test_an_error_after_rows_were_handed_over_keeps_nothing(server: Store) -> None:
    def write() -> None:
        with server.begin() as conn:
            insert_rows(conn, meta, COLUMNS, ((f"test {number}", WIDE) for number in range(5)))
            put(conn, ("test last", ""))
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        write()

    assert kept(server) == []


def test_a_server_that_goes_away_is_told_and_the_next_transaction_works(server: Store) -> None:
    def write() -> None:
        with server.begin() as conn:
            pid = conn.execute(BACKEND).scalar()
            put(conn, ("test first", WIDE))
            with server.read() as tx:
                tx.conn.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            insert_rows(conn, meta, COLUMNS, ((f"test {number}", WIDE) for number in range(20)))

    with pytest.raises(StoreUnreachable, match="does not serve us"):
        write()

    with server.begin() as conn:
        put(conn, ("test next", ""))
    assert kept(server) == ["test next"]


def test_a_connection_whose_engine_does_not_wait_for_rows_waits_at_once(server: Store) -> None:
    engine = server.engine.execution_options(aicensus_sends_later=False)

    with engine.begin() as conn, pytest.raises(psycopg.errors.UniqueViolation):
        put(conn, ("test 1", ""), ("test 1", ""))


def test_nothing_is_given_up_where_nothing_is_on_its_way(server: Store) -> None:
    with server.begin() as conn:
        Sender(conn.connection.driver_connection).abandon()
        put(conn, ("test 1", ""))

    assert kept(server) == ["test 1"]

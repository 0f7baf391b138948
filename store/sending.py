"""Send rows to PostgreSQL while the program goes on: the server takes in one table while the next is made.

Rows are handed over table by table (:meth:`Sender.copy`), which returns as soon as they are written out as
text. They go to the server whenever somebody looks after them; nothing runs by itself, and there is no
thread. Before anything else is said on the connection, all of it must have arrived (:meth:`Sender.finish`);
the engine's events in :mod:`store.engines` see to that, so a failure shows at the next statement or at the
commit.
"""

from __future__ import annotations

import selectors
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Connection

_READ = selectors.EVENT_READ
_WRITE = selectors.EVENT_READ | selectors.EVENT_WRITE
_IDLE = 0
_MOST_WAITING = 8_000_000
"""Bytes that may wait for the server; making more has to wait too."""
_GIVE_UP_S = 5.0


OPTION = "aicensus_sends_later"
"""The execution option of engines whose events wait for the sender before anything else is said."""
_PLACE = "aicensus sender"


def sender_of(conn: Connection) -> Sender:
    """Return the one sender of a connection of PostgreSQL, made at its first use."""
    found: Sender | None = sender_in_use(conn)
    if found is None:
        found = conn.info[_PLACE] = Sender(conn.connection.driver_connection)
    return found


def sender_in_use(conn: Connection) -> Sender | None:
    """Return the sender of a connection if it has one; what a lost connection had is lost with it."""
    if conn.invalidated:
        return None
    found: Sender | None = conn.info.get(_PLACE)
    return found


@dataclass(slots=True, eq=False)
class _Table:
    """One COPY: its command, and what of its rows is not sent yet."""

    command: bytes
    blocks: deque[bytes] = field(default_factory=deque)
    is_whole: bool = False


class Sender:
    """Hold what is on its way over one connection of the driver; not safe to share between threads."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver
        self._pgconn = driver.pgconn
        self._tables: deque[_Table] = deque()
        self._at_work: Iterator[int] | None = None
        self._waiting = 0

    def copy(self, command: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Queue the rows of one ``COPY ... FROM STDIN``, sending meanwhile what the server takes."""
        from psycopg import Copy

        table = _Table(command.encode())
        self._tables.append(table)
        with self._driver.cursor() as cursor:
            copy = Copy(cursor, writer=_Sink(self, table))  # type: ignore[arg-type]
            write = copy.write_row
            for row in rows:
                write(row)
            copy.finish(None)
        table.is_whole = True
        self._step()

    def take(self, table: _Table, block: bytes) -> None:
        """Queue a block of rows; waits while too much is waiting."""
        table.blocks.append(block)
        self._waiting += len(block)
        wants = self._step()
        while self._waiting > _MOST_WAITING and wants:
            self._wait(wants)
            wants = self._step()

    def finish(self) -> None:
        """Wait until the server has taken everything; raises the driver's error if it refused some of it."""
        while wants := self._step():
            self._wait(wants)

    def abandon(self) -> None:
        """Take back what is on its way, before a rollback; closes the connection if the server will not."""
        self._tables.clear()
        self._at_work, self._waiting = None, 0
        from psycopg import Error, pq

        if self._pgconn.transaction_status != pq.TransactionStatus.ACTIVE:
            return
        end = time.monotonic() + _GIVE_UP_S
        try:
            while self._is_busy(pq.ExecStatus.COPY_IN):
                if time.monotonic() > end:
                    self._driver.close()
                    return
                self._wait(_WRITE if self._pgconn.flush() else _READ, _GIVE_UP_S)
        except Error:
            self._driver.close()

    def _is_busy(self, in_copy: Any) -> bool:
        """Say whether the server still has something to tell of what was given up."""
        self._pgconn.consume_input()
        while not self._pgconn.is_busy():
            result = self._pgconn.get_result()
            if result is None:
                return False
            if result.status == in_copy:
                self._pgconn.put_copy_end(b"given up")
        return True

    def _step(self) -> int:
        """Go on as far as is possible without waiting; returns what to wait for (0: nothing to do)."""
        while self._tables:
            if self._at_work is None:
                self._at_work = self._sent(self._tables[0])
            try:
                return next(self._at_work)
            except StopIteration:
                self._tables.popleft()
                self._at_work = None
            except BaseException:
                self._tables.clear()
                self._at_work, self._waiting = None, 0
                raise
        return _IDLE

    def _sent(self, table: _Table) -> Iterator[int]:
        """Send one table; yields what to wait for before it is resumed."""
        from psycopg import pq

        pgconn = self._pgconn
        pgconn.send_query(table.command)
        yield from self._flushed()
        yield from self._answered()
        result = pgconn.get_result()
        if result is not None and result.status == pq.ExecStatus.COPY_IN:
            while table.blocks or not table.is_whole:
                if not table.blocks:
                    yield _IDLE
                    continue
                block = table.blocks.popleft()
                self._waiting -= len(block)
                # Not blocking: the library takes it in any case, and sends what the server can take.
                pgconn.put_copy_data(block)
                yield from self._flushed()
            pgconn.put_copy_end()
            yield from self._flushed()
            yield from self._answered()
            result = pgconn.get_result()
        last = result
        while last is not None:
            yield from self._answered()
            last = pgconn.get_result()
        _check(result, self._driver.info.encoding)

    def _flushed(self) -> Iterator[int]:
        while self._pgconn.flush():
            yield _WRITE
            self._pgconn.consume_input()

    def _answered(self) -> Iterator[int]:
        while self._pgconn.is_busy():
            yield _READ
            self._pgconn.consume_input()

    def _wait(self, wants: int, timeout_s: float | None = None) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._pgconn.socket, wants)
            selector.select(timeout_s)


class _Sink:
    """Take the text of rows from the driver's own writer of them."""

    def __init__(self, sender: Sender, table: _Table) -> None:
        self._sender = sender
        self._table = table

    def write(self, data: bytes) -> None:
        """Queue a block of rows."""
        self._sender.take(self._table, data)

    def finish(self, exc: BaseException | None = None) -> None:
        """Do nothing: the sender ends the table."""


def _check(result: Any, encoding: str) -> None:
    from psycopg import OperationalError, errors, pq

    if result is None:
        raise OperationalError("the server gave no answer to COPY")
    if result.status != pq.ExecStatus.COMMAND_OK:
        raise errors.error_from_result(result, encoding=encoding)

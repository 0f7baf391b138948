"""Keep two processes from one piece of work: leases with a holder, an epoch and an end.

A lease is free when it has run out, or when its holder was a process of this very machine that is no
longer alive (so a killed scan need not be waited for). Every new holder gets a higher epoch; a writer that
still has an old one is refused by :func:`check_lease`.
"""

from __future__ import annotations

import hashlib
import os
import platform
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, select, update

from connectors import clock
from store.database import Store
from store.errors import LeaseLost, StoreError
from store.schema import lease as lease_table


@dataclass(frozen=True, slots=True)
class Lease:
    """A right to work on ``name`` until ``expires_at`` (text, UTC)."""

    name: str
    holder: str
    epoch: int
    expires_at: str


def new_holder() -> str:
    """Return a name for this process (or one of its threads) that says whether it is still alive.

    Machine and process namespace, process id, start of the process, and a part of its own.
    """
    pid = os.getpid()
    return f"{_machine()}/{pid}/{_started(pid)}/{uuid.uuid4().hex[:12]}"


def acquire(store: Store, name: str, holder: str, ttl_s: float) -> Lease | None:
    """Take the lease for ``ttl_s`` seconds; ``None`` when somebody else who is alive holds it.

    The same holder gets its own lease again with the same epoch.
    """
    with store.begin() as conn:
        now = clock.to_text(clock.now())
        row = conn.execute(select(lease_table).where(lease_table.c.name == name)).first()
        expires_at = _after(ttl_s)
        if row is None:
            conn.execute(
                lease_table.insert().values(name=name, holder=holder, epoch=1, expires_at=expires_at)
            )
            return Lease(name, holder, 1, expires_at)
        is_mine = row.holder == holder
        if not is_mine and row.expires_at > now and not is_dead(row.holder):
            return None
        grown = row.epoch if is_mine else row.epoch + 1
        conn.execute(
            update(lease_table)
            .where(lease_table.c.name == name)
            .values(holder=holder, epoch=grown, expires_at=expires_at)
        )
        return Lease(name, holder, grown, expires_at)


def renew(store: Store, lease: Lease, ttl_s: float) -> Lease:
    """Hold the lease for ``ttl_s`` seconds from now; raises ``LeaseLost`` when another holder has it."""
    expires_at = _after(ttl_s)
    with store.begin() as conn:
        done = conn.execute(update(lease_table).where(_is(lease)).values(expires_at=expires_at))
    if not done.rowcount:
        raise _lost(lease)
    return Lease(lease.name, lease.holder, lease.epoch, expires_at)


def release(store: Store, lease: Lease) -> None:
    """Give the lease back; does nothing when another holder has it by now.

    The row stays, with its epoch, so that epochs only ever grow.
    """
    with store.begin() as conn:
        conn.execute(update(lease_table).where(_is(lease)).values(expires_at=""))


def release_all(store: Store, holder: str) -> None:
    """Give back whatever ``holder`` still holds, when its work is over or has failed."""
    with store.begin() as conn:
        mine = (lease_table.c.holder == holder) & (lease_table.c.expires_at > "")
        conn.execute(update(lease_table).where(mine).values(expires_at=""))


def free(conn: Connection, name: str) -> None:
    """Free a lease whoever holds it, inside the caller's transaction."""
    conn.execute(update(lease_table).where(lease_table.c.name == name).values(expires_at=""))


def check_lease(conn: Connection, lease: Lease) -> None:
    """Raise ``LeaseLost`` inside a write transaction unless the lease is still this holder's."""
    if conn.execute(select(lease_table.c.epoch).where(_is(lease))).first() is None:
        raise _lost(lease)


def is_held(conn: Connection, name: str) -> bool:
    """Say whether somebody who is alive holds the lease now."""
    row = conn.execute(select(lease_table).where(lease_table.c.name == name)).first()
    return row is not None and row.expires_at > clock.to_text(clock.now()) and not is_dead(row.holder)


@contextmanager
def kept_alive(store: Store, holder: str, ttl_s: float) -> Iterator[None]:
    """Renew all leases of ``holder`` from a thread every third of ``ttl_s`` while the block runs."""
    stop = threading.Event()

    def beat() -> None:
        while not stop.wait(ttl_s / 3):
            # A locked store now is no reason to stop; the next beat may get through in time.
            with suppress(StoreError):
                renew_all(store, holder, ttl_s)

    thread = threading.Thread(target=beat, name="aicensus-heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def renew_all(store: Store, holder: str, ttl_s: float) -> int:
    """Renew all leases that ``holder`` still holds and return how many there are."""
    with store.begin() as conn:
        done = conn.execute(
            update(lease_table)
            .where(lease_table.c.holder == holder, lease_table.c.expires_at > "")
            .values(expires_at=_after(ttl_s))
        )
    return int(done.rowcount)


def is_dead(holder: str) -> bool:
    """Say whether a holder was a process of this machine that does not run any more."""
    machine, _, rest = holder.partition("/")
    pid, _, started = rest.partition("/")
    if machine != _machine() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    # The id may have been given to another process since.
    return _started(int(pid)) != started.partition("/")[0]


def _is(lease: Lease) -> ColumnElement[bool]:
    return (
        (lease_table.c.name == lease.name)
        & (lease_table.c.holder == lease.holder)
        & (lease_table.c.epoch == lease.epoch)
    )


def _lost(lease: Lease) -> LeaseLost:
    return LeaseLost(
        "another process has taken over this work",
        where=lease.name,
        hint="Nothing is lost: the other process writes its own result.",
    )


def _after(seconds: float) -> str:
    return clock.to_text(clock.now() + timedelta(seconds=seconds))


def _machine() -> str:
    """Name this machine as far as process ids mean the same: host, boot and process namespace."""
    facts = [platform.node()]
    with suppress(OSError):
        facts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
    with suppress(OSError):
        facts.append(str(Path("/proc/self/ns/pid").readlink()))
    return hashlib.sha256("|".join(facts).encode()).hexdigest()[:16]


def _started(pid: int) -> str:
    """Return when a process began, in the kernel's ticks (empty: this system does not tell)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""

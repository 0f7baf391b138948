from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from connectors import clock
from store import Store, audit, clocks, rule_sets
from store.audit import Actor, Entry
from store.database import WriteTx
from store.errors import ClockWrong
from store.schema import revision

BO = Actor(name="bo@acme.example", kind="user", authenticated=True)
AHEAD = timedelta(days=400)


def decide(store: Store, what: str) -> str:
    with store.write(actor=BO.name, kind="decision") as tx:
        audit.append(tx.conn, BO, Entry(action=what, object="sys_1"), at=tx.now)
        return tx.now


def write_ahead(store: Store) -> str:
    """Write what a machine whose clock is more than a year ahead would have written."""
    later = clock.to_text(clock.now() + AHEAD)
    with store.begin() as conn:
        last = conn.execute(select(func.coalesce(func.max(revision.c.rev), 0))).scalar_one()
        values = {"rev": last + 1, "at": later, "actor": "bo", "kind": "decision"}
        conn.execute(revision.insert().values(values))
        audit.append(conn, BO, Entry(action="ahead", object="sys_1"), at=later)
        rule_sets.set_judged_on(conn, later[:10])
    return later


def note(tx: WriteTx, number: int, latest: str) -> None:
    new = {"revisions": number, "latest": latest}
    audit.append(tx.conn, BO, Entry(action="mended", object="store", new=dict(new)), at=tx.now)


def test_nothing_is_written_while_the_last_entry_lies_days_ahead(store: Store) -> None:
    later = write_ahead(store)

    with pytest.raises(ClockWrong, match=f"last written at {later[:10]}.*db mend-clock"):
        decide(store, "now")


def test_a_clock_that_is_hours_behind_writes_in_order(store: Store) -> None:
    soon = clock.to_text(clock.now() + timedelta(hours=20))
    with store.begin() as conn:
        conn.execute(revision.insert().values(rev=1, at=soon, actor="bo", kind="decision"))

    assert decide(store, "now") == soon


def test_a_mended_store_is_written_again_and_its_log_is_whole_for_every_day(store: Store) -> None:
    decide(store, "before")
    write_ahead(store)
    now = clock.now()

    mended = clocks.mend(store, now, note)
    decide(store, "after")

    with store.read(clock.now()) as tx:
        told = [body for body, _ in audit.texts(tx.conn, until=clock.to_text(clock.now()))]
        assert (mended, tx.rev, rule_sets.judged_on(tx.conn)) == (1, 3, "")
        assert (audit.verify(tx.conn).entries, len(told)) == (4, 4)
    assert clocks.mend(store, clock.now(), note) == 0

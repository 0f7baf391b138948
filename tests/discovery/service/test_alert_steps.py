from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select

from discovery.config import load_config
from discovery.service import alerting, decisions, inventory, notifying
from discovery.service.alert_plans import Plan
from store import Store, alerts, schema
from store.alerts import AlertRow, Change
from store.database import WriteTx
from store.oversight import Record
from tests.discovery.service.test_notifying import config
from tests.estate import ALICE, Estate, finding

SYSTEMS = alerting.WRITTEN // 2 + 20
"""Systems whose two alerts each need more than one transaction."""


class Interrupted(Exception):
    """Stand for a process that ends between two transactions."""


def _change(number: int) -> Change:
    row = AlertRow(
        alert_id=f"alr_{number}", fingerprint=str(number), rule="OWN-01", severity="high", system_id="sys_1",
        title="", state="open", opened_at="", due_at=None,
    )  # fmt: skip
    return Change(row=row, event="opened", from_state="")


@pytest.mark.parametrize(("size", "sizes"), [(2, [2, 2, 1]), (5, [5]), (9, [5])])
def test_a_plan_is_cut_in_order_and_records_lapse_last(size: int, sizes: list[int]) -> None:
    record = Record(
        system_id="sys_1", fields={}, complete=True, next_review_at=None,
        confirmed_by=None, confirmed_at=None, withdrawn_at=None,
    )  # fmt: skip
    changes = [_change(number) for number in range(5)]
    left, parts = Plan(list(changes), [record]), []

    while left:
        part, left = left.cut(size)
        parts.append(part)

    assert [len(one.changes) for one in parts] == sizes
    assert [change for one in parts for change in one.changes] == changes
    assert [len(one.lapsed) for one in parts] == [0] * (len(sizes) - 1) + [1]


def _told(store: Store) -> tuple[int, int, int]:
    """Return how many alerts there are, with how many news, written in how many revisions."""
    with store.read() as tx:
        rows, revs = tx.conn.execute(
            select(func.count(), func.count(func.distinct(schema.alert_event.c.rev)))
        ).one()
        news = tx.conn.execute(
            select(func.count()).where(schema.outbox.c.event == "alert.opened")
        ).scalar_one()
    return rows, news, revs


class _Watched(Store):
    """The same store, where something happens before each write of alerts; it gets told which it is."""

    def __init__(self, store: Store, before: Callable[[int], None]) -> None:
        super().__init__(store.url, store._writer, store._reader)
        self.before, self.writes = before, 0

    @contextmanager
    def write(self, *, actor: str = "engine", kind: str = "write") -> Iterator[WriteTx]:
        """Let it happen, then write."""
        if kind == "alerts":
            self.writes += 1
            self.before(self.writes)
        with super().write(actor=actor, kind=kind) as tx:
            yield tx


def _grown(store: Store, folder: Path) -> None:
    """Show systems, with a receiver for their alerts, and forget that they were ever judged."""
    notifying.keep(store, load_config(config(folder, "http://127.0.0.1:1/hook")))
    Estate(store).show(*(finding(f"helper{number:04}") for number in range(SYSTEMS)))
    with store.begin() as conn:
        for table in (schema.outbox, schema.alert_event, schema.alert, schema.alert_case):
            conn.execute(table.delete())


def test_many_alerts_and_their_news_are_written_in_short_transactions(store: Store, tmp_path: Path) -> None:
    _grown(store, tmp_path)

    changes = alerting.evaluate(store)

    rows, news, revs = _told(store)
    assert rows == news == len(changes.opened) == 2 * SYSTEMS
    assert revs == -(-rows // alerting.WRITTEN)


def test_an_evaluation_that_was_cut_off_leaves_no_alert_untold_and_is_finished_by_the_next(
    store: Store, tmp_path: Path
) -> None:
    _grown(store, tmp_path)

    def stop(write: int) -> None:
        if write == 2:
            raise Interrupted

    with pytest.raises(Interrupted):
        alerting.evaluate(_Watched(store, stop))
    first = _told(store)

    alerting.evaluate(store)

    assert first == (alerting.WRITTEN, alerting.WRITTEN, 1)
    assert _told(store)[:2] == (2 * SYSTEMS, 2 * SYSTEMS)


def test_what_somebody_decides_between_two_steps_counts(store: Store, tmp_path: Path) -> None:
    _grown(store, tmp_path)

    def decide(write: int) -> None:
        if write == 2:
            last = max(one.system_id for one in inventory.list_systems(store))
            decisions.set_owner(store, last, "ana@acme.example", actor=ALICE)

    alerting.evaluate(_Watched(store, decide))

    owned = [one for one in inventory.list_systems(store) if one.owner]
    with store.read() as tx:
        mine = {row.rule: row.state for row in alerts.of_systems(tx.conn, [owned[0].system_id])}
    assert len(owned) == 1
    assert mine.get("OWN-01", "resolved") == "resolved"
    assert mine["OVR-00"] == "open"
    assert alerting.evaluate(store) == alerting.AlertChanges()

"""Measure the inventory of any past day against today's, over two years of daily history.

    python -m benchmarks.as_of [--assets 100000] [--days 730] [--changed 0.005] [--store sqlite|postgres|both]

Writes made-up assets through the store's own write path, then gives them a history by plain SQL: every day a
revision and a run over all parts, a share of the assets in a new version (name, model, state), and alerts
that close and open. Then asks for the first pages of assets, systems, alerts and gaps, the totals, all
systems and all alerts as of today and as of days over the whole time, in turns, and prints medians and
ratios. The machine is shared: ratios within one run count; on SQLite the CPU of this process is counted.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select, text

from benchmarks.store_write import scan
from connectors import clock
from discovery.service import alerting, gaps, inventory
from store import Store, open_store
from store.bulk import insert_rows
from store.schema import alert, alert_event, asset, revision, run, run_part, sighting

TODAY = datetime(2026, 11, 22, 6, tzinfo=UTC)
PAGE = 100


def give_history(store: Store, days: int, changed: float) -> None:
    """Let the store look as if it had been scanned daily, with a share of the assets changed each day."""
    random_ = random.Random(7)
    first = TODAY - timedelta(days=days)
    with store.begin() as conn:
        conn.execute(revision.update().values(at=clock.to_text(first)))
        conn.execute(alert.update().values(opened_at=clock.to_text(first)))
        conn.execute(alert_event.update().values(at=clock.to_text(first)))
        conn.execute(run_part.update().values(ended_at=clock.to_text(first)))
        current = {row.asset_id: dict(row._mapping) for row in conn.execute(select(asset))}
        shown = {row.asset_id: dict(row._mapping) for row in conn.execute(select(sighting))}
        parts = [dict(row._mapping) for row in conn.execute(select(run_part))]
        (one_run,) = [dict(row._mapping) for row in conn.execute(select(run))]
        alerts = [dict(row._mapping) for row in conn.execute(select(alert))]
        rev = int(conn.execute(text("SELECT max(rev) FROM revision")).scalar_one())
        sighting_no = int(conn.execute(text("SELECT max(sighting_no) FROM sighting")).scalar_one())
    ids = sorted(current)
    for day in range(1, days + 1):
        rev += 1
        at = clock.to_text(first + timedelta(days=day))
        chosen = random_.sample(ids, int(len(ids) * changed))
        rows, sights = [], []
        for asset_id in chosen:
            sighting_no += 1
            rows.append(current[asset_id] | {"valid_from": rev, "model": f"vendor.model-{rev % 50}"})
            sights.append(shown[asset_id] | {"valid_from": rev, "sighting_no": sighting_no})
        with store.begin() as conn:
            conn.execute(revision.insert().values(rev=rev, at=at, actor="bench", kind="write"))
            run_id = f"run_{day:05d}"
            insert(conn, run, [one_run | {"run_id": run_id, "rev": rev, "started_at": at, "ended_at": at}])
            insert(conn, run_part, [one | {"run_id": run_id, "ended_at": at} for one in parts])
            end(conn, "asset", chosen, rev)
            end(conn, "sighting", chosen, rev)
            insert(conn, asset, rows)
            insert(conn, sighting, sights)
            events(conn, random_.sample(alerts, max(1, len(alerts) // 50)), rev, at)


def insert(conn: Connection, table: Any, rows: list[dict[str, Any]]) -> None:
    """Write rows with all columns of the first."""
    names = [column.name for column in table.columns if column.name in rows[0]]
    insert_rows(conn, table, names, [tuple(row[name] for name in names) for row in rows])


def end(conn: Connection, table: str, ids: list[str], rev: int) -> None:
    """End the open versions of things."""
    query = text(f"UPDATE {table} SET valid_to = :rev WHERE asset_id = :id AND valid_to IS NULL")
    conn.execute(query, [{"rev": rev, "id": one} for one in ids])


def events(conn: Connection, alerts: list[dict[str, Any]], rev: int, at: str) -> None:
    """Let alerts close and open again."""
    common = {"rev": rev, "at": at, "actor": "bench", "reason": ""}
    closes = common | {"event": "resolved", "from_state": "open", "to_state": "resolved"}
    opens = common | {"event": "reopened", "from_state": "resolved", "to_state": "open"}
    stood = ("system_id", "assignee", "due_at", "until")
    rows = [
        kind | {"alert_id": one["alert_id"]} | {name: one[name] for name in stood}
        for one in alerts
        for kind in (closes, opens)
    ]
    insert(conn, alert_event, rows)


def first_page(store: Store, day: datetime | None) -> int:
    """Read the first page of assets."""
    return len(list(islice(inventory.iter_assets(store, as_of=day), PAGE)))


def totals(store: Store, day: datetime | None) -> int:
    """Count the inventory."""
    return inventory.summary(store, as_of=day).assets


def first_systems(store: Store, day: datetime | None) -> int:
    """Read the first page of systems."""
    return len(inventory.list_systems(store, as_of=day, limit=50))


def first_alerts(store: Store, day: datetime | None) -> int:
    """Read the first page of alerts."""
    return len(inventory.list_alerts(store, as_of=day, limit=50))


def first_gaps(store: Store, day: datetime | None) -> int:
    """Read the first page of gaps."""
    return len(gaps.list_gaps(store, as_of=day, limit=100))


def all_systems(store: Store, day: datetime | None) -> int:
    """List the systems."""
    return len(inventory.list_systems(store, as_of=day))


def all_alerts(store: Store, day: datetime | None) -> int:
    """List the alerts."""
    return len(inventory.list_alerts(store, as_of=day))


QUESTIONS: tuple[Callable[[Store, datetime | None], int], ...] = (
    *(first_page, first_systems, first_alerts, first_gaps, totals),
    *(all_systems, all_alerts),
)


def measure(kind: str, url: str, args: argparse.Namespace) -> None:
    """Build one store and print how long each question takes, today and on past days."""
    store = open_store(url)
    start = time.perf_counter()
    scan(store, argparse.Namespace(assets=args.assets, parts=100, no_grouping=False), "run_1")
    alerting.evaluate(store)
    give_history(store, args.days, args.changed)
    if store.dialect == "postgresql":
        with store.begin() as conn:
            conn.execute(text("ANALYZE"))
    versions = count(store, "asset")
    print(f"== {kind}: {args.assets:,} assets, {versions:,} versions of them, {args.days} days, "
          f"made in {time.perf_counter() - start:.0f} s")  # fmt: skip
    random_ = random.Random(3)
    for question in QUESTIONS:
        now, past = [], []
        question(store, None)
        for _ in range(args.rounds):
            now.append(timed(question, store, None))
            day = TODAY - timedelta(days=random_.randrange(args.days), hours=1)
            past.append(timed(question, store, day))
        worst = max(past) / statistics.median(now)
        ratio = statistics.median(past) / statistics.median(now)
        print(
            f"   {question.__name__:<12} today {statistics.median(now) * 1000:8.1f} ms, "
            f"a past day {statistics.median(past) * 1000:8.1f} ms: {ratio:.2f}x (worst {worst:.2f}x)"
        )
    store.close()


def timed(question: Callable[[Store, datetime | None], int], store: Store, day: datetime | None) -> float:
    """Return how long a question takes; it has to find something."""
    # A server works in a process of its own: only the clock sees that.
    clock_s = time.process_time if store.dialect == "sqlite" else time.perf_counter
    start = clock_s()
    if not question(store, day):
        raise SystemExit(f"{question.__name__} found nothing on {day}")
    return clock_s() - start


def count(store: Store, table: str) -> int:
    """Count the rows of a table."""
    with store.read() as tx:
        return int(tx.conn.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--assets", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=730)
    parser.add_argument("--changed", type=float, default=0.005, help="share of the assets changed a day")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--store", choices=("sqlite", "postgres", "both"), default="both")
    args = parser.parse_args()
    if args.store != "postgres":
        with tempfile.TemporaryDirectory() as folder:
            measure("SQLite", f"sqlite:///{Path(folder) / 'a.db'}", args)
    if args.store != "sqlite":
        from tests import postgres

        with contextmanager(postgres.fresh_database)() as url:
            measure("PostgreSQL", url, args)


if __name__ == "__main__":
    main()

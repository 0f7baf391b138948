"""Measure the write path of the store against a bare bulk write of the very same rows.

    python -m benchmarks.store_write [--assets 200000] [--parts 100] [--store sqlite|postgres|both]

Writes made-up findings (each with evidence, tags, an alias and, every fourth, a link) through
``PartWriter``, grouping, journal and audit log, then reads all rows back and writes them bare, in batches of
10,000, into an empty database with the same tables and indexes. Then scans again, unchanged and with 1 %
changed in turn, then with 100 % changed, and asks the database's own counters how many rows it wrote.
PostgreSQL is the server of ``tests/postgres.py``. The machine is shared: ratios within one run count.
"""

from __future__ import annotations

import argparse
import gc
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import Connection, select, text

from connectors.model import (
    Evidence,
    Finding,
    Grade,
    Link,
    NaturalKey,
    OwnerHint,
    Part,
    PartStatus,
    RelationKind,
    Scope,
)
from connectors.outcome import PartBatch, PartResult, ScopeOutcome
from store import Store, audit, journal, open_store, systems
from store.bulk import insert_rows
from store.journal import RunSpec
from store.schema import metadata
from store.writer import PartWriter

BATCH = 2_000
BARE_BATCH = 10_000
AT = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = ("agent", "model_endpoint", "dataset", "guardrail", "knowledge_base")
INVENTORY = ("sighting", "asset", "identity", "relation", "system", "system_member", "system_key")


@dataclass
class Clock:
    """Add up wall time and CPU time of the measured stretches only."""

    wall_s: float = 0.0
    cpu_s: float = 0.0
    longest_s: float = 0.0
    longest_lock_s: float = 0.0
    laps: list[float] = field(default_factory=list)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Measure the block."""
        gc.collect(0)
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        lap = time.perf_counter() - wall
        self.wall_s += lap
        self.cpu_s += time.process_time() - cpu
        self.laps.append(lap)
        self.longest_s = max(self.longest_s, lap)


@contextmanager
def timing_locks(store: Store, clock: Clock) -> Iterator[None]:
    """Note how long the longest write transaction of the block takes, commit included."""
    begin = store.begin

    @contextmanager
    def timed() -> Iterator[Connection]:
        start = time.perf_counter()
        with begin() as conn:
            yield conn
        clock.longest_lock_s = max(clock.longest_lock_s, time.perf_counter() - start)

    store.begin = timed  # type: ignore[method-assign]
    yield
    store.begin = begin  # type: ignore[method-assign]


def scope_of(number: int, parts: int) -> Scope:
    """Return a made-up scope."""
    declared = tuple(Part(name=f"part{place}", kinds=KINDS) for place in range(parts))
    return Scope(connector="bench", instance="main", ids=(f"{number:012d}", "eu-west-1"), parts=declared)


def finding(scope: int, part: int, number: int, version: int) -> Finding:
    """Return a made-up finding; another ``version`` is another content."""
    name = f"arn:bench:ai:eu-west-1:{scope:012d}:part{part}/thing-{number:06d}"
    kind = KINDS[number % len(KINDS)]
    links: tuple[Link, ...] = ()
    if number % 4 == 0:
        model = NaturalKey(namespace="bench/model", key=f"vendor.model-{number % 97}")
        links = (Link(relation=RelationKind.USES_MODEL, target=model),)
    return Finding(
        kind=kind,
        provider="bench",
        natural_key=NaturalKey(namespace="bench/arn", key=name),
        name=f"thing {number}",
        evidence=(Evidence(source="ListThings", locator=name, observed_at=AT),),
        grade=Grade.DEPLOYED,
        account=f"{scope:012d}",
        region="eu-west-1",
        application=f"app-{number // 20}",
        created_at=AT,
        attributes={
            "status": "ACTIVE",
            "version": version,
            "description": "made up for measuring",
            "tier": 3,
        },
        tags={"team": f"team-{number % 50}", "cost-centre": "4711"},
        owner_hints=(
            OwnerHint(candidate=f"team-{number % 50}", source="tag", confidence=0.7, why="tag team"),
        ),
        links=links,
        fingerprint=f"{hash((scope, part, number, version)) & 0xFFFFFFFFFFFFFFFF:020x}",
    )


def scan(store: Store, args: argparse.Namespace, run_id: str, every: int = 1, version: int = 1) -> Clock:
    """Scan everything once; one of ``every`` findings is of this ``version``, the others of the first."""
    clock = Clock()
    with timing_locks(store, clock):
        _scan(store, args, run_id, (every, version), clock)
    return clock


def _scan(
    store: Store, args: argparse.Namespace, run_id: str, content: tuple[int, int], clock: Clock
) -> None:
    every, version = content
    scopes = max(1, args.parts // 10)
    per_part = args.assets // args.parts
    spec = RunSpec(
        run_id=run_id, actor="bench", trigger="bench", filtered=False, code_version="1",
        catalogue_version="1", config_hash="",
    )  # fmt: skip
    with clock.running():
        journal.begin_run(store, spec)
        journal.plan_scopes(store, run_id, [scope_of(one, args.parts // scopes) for one in range(scopes)])
    for number in range(scopes):
        scope = scope_of(number, args.parts // scopes)
        writer = PartWriter(store, run_id, scope)
        touched: set[str] = set()
        for part in range(args.parts // scopes):
            for start in range(0, per_part, BATCH):
                numbers = range(start, min(start + BATCH, per_part))
                findings = [finding(number, part, one, 1 if one % every else version) for one in numbers]
                last = numbers.stop == per_part
                batch = PartBatch(
                    scope_key=scope.key, part=f"part{part}", findings=findings, unchanged=[],
                    final=done(per_part) if last else None,
                )  # fmt: skip
                with clock.running():
                    touched |= writer.apply(batch).touched_assets
        with clock.running():
            journal.finish_scope(store, run_id, ScopeOutcome(scope_key=scope.key))
            if not args.no_grouping:
                systems.regroup(store, touched, writer.placement)
    with clock.running():
        journal.end_run(store, run_id, "complete", {})
        with store.write(actor="bench", kind="audit") as tx:
            actor = audit.Actor(name="bench", kind="system", authenticated=True)
            audit.append(tx.conn, actor, audit.Entry(action="scan", object=run_id), at=tx.now)


def done(count: int) -> PartResult:
    """Return the result of a complete part."""
    return PartResult(
        status=PartStatus.COMPLETE,
        reason="",
        count=count,
        exceptions=(),
        requests=1,
        started_at=AT,
        ended_at=AT,
    )


def bare(source: Store, target: Store) -> tuple[Clock, int]:
    """Write every row of ``source`` into the empty ``target``, nothing else."""
    clock = Clock()
    with timing_locks(target, clock):
        return clock, _copy(source, target, clock)


def _copy(source: Store, target: Store, clock: Clock) -> int:
    total = 0
    for table in metadata.sorted_tables:
        columns = [column.name for column in table.columns]
        with source.read() as tx:
            rows = tx.conn.execution_options(yield_per=BARE_BATCH).execute(select(table))
            for chunk in rows.partitions(BARE_BATCH):
                plain = [tuple(row) for row in chunk]
                total += len(plain)
                with clock.running(), target.begin() as conn:
                    insert_rows(conn, table, columns, plain)
    return total


def written(store: Store) -> int:
    """Return how many rows the database says it has inserted, updated or deleted so far.

    PostgreSQL counts by table, so the journal is left out; SQLite counts all of one connection, so the
    journal's few rows a part are in it.
    """
    if store.dialect == "postgresql":
        with store.engine.connect() as conn:
            conn.execute(text("SELECT pg_stat_force_next_flush()"))
            conn.commit()
            query = text(
                "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables"
                " WHERE relname = ANY(:names)"
            )
            time.sleep(1.5)
            return int(conn.execute(query, {"names": list(INVENTORY)}).scalar() or 0)
    with store.engine.connect() as conn:
        driver: Any = conn.connection.driver_connection
        return int(driver.total_changes)


def measure(kind: str, url: str, bare_url: str, args: argparse.Namespace) -> None:
    """Run all scans on one database and print what they took."""
    store, target = open_store(url), open_store(bare_url)
    print(f"== {kind}: {args.assets:,} assets in {args.parts} parts")
    first = scan(store, args, "run_first")
    plain, rows = bare(store, target)
    share = plain.wall_s / first.wall_s
    show("first scan", first, f"{rows:,} rows, {rows / first.wall_s:,.0f} rows/s")
    show("bare write", plain, f"{rows / plain.wall_s:,.0f} rows/s")
    print(f"   write path reaches {share:.2f} of bare (wall), {plain.cpu_s / first.cpu_s:.2f} (client CPU)")
    again(store, args, first.wall_s)
    if not args.quick:
        every = scan(store, args, "run_all", 1, args.rounds + 2)
        show("100 % changed", every, f"{args.assets / every.wall_s:,.0f} assets/s")
    store.close()
    target.close()


def again(store: Store, args: argparse.Namespace, first_s: float) -> None:
    """Scan unchanged and with 1 % changed in turn, and print the medians."""
    before = written(store)
    walls: dict[str, list[float]] = {"unchanged": [], "1 % changed": []}
    for number in range(args.rounds):
        # What the round before wrote is what is unchanged now.
        same = scan(store, args, f"run_same_{number}", 100, number + 1)
        walls["unchanged"].append(same.wall_s)
        extra = f"; database wrote {written(store) - before:,} rows more" if not number else ""
        show("unchanged", same, f"{first_s / same.wall_s:.1f}x faster{extra}")
        one = scan(store, args, f"run_one_{number}", 100, number + 2)
        walls["1 % changed"].append(one.wall_s)
        show("1 % changed", one, f"{one.wall_s / same.wall_s:.2f}x of unchanged")
    same_s, one_s = (median(several) for several in walls.values())
    print(f"   1 % changed takes {one_s / same_s:.2f}x of unchanged (medians of {args.rounds})")


def show(name: str, clock: Clock, note: str) -> None:
    """Print one line."""
    print(
        f"   {name:<16} {clock.wall_s:7.2f} s wall {clock.cpu_s:7.2f} s CPU,"
        f" longest call {clock.longest_s:.2f} s, write transaction {clock.longest_lock_s:.2f} s; {note}"
    )


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--assets", type=int, default=200_000)
    parser.add_argument("--parts", type=int, default=100)
    parser.add_argument("--store", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument(
        "--rounds", type=int, default=3, help="pairs of second scans: unchanged, 1 %% changed"
    )
    parser.add_argument("--quick", action="store_true", help="leave out the scan with 100 %% changed")
    parser.add_argument("--no-grouping", action="store_true", help="leave out the grouping into systems")
    args = parser.parse_args()
    if args.store != "postgres":
        with tempfile.TemporaryDirectory() as folder:
            url, other = (f"sqlite:///{Path(folder) / name}.db" for name in ("a", "b"))
            measure("SQLite", url, other, args)
    if args.store != "sqlite":
        from tests import postgres

        with (
            contextmanager(postgres.fresh_database)() as url,
            contextmanager(postgres.fresh_database)() as other,
        ):
            measure("PostgreSQL", url, other, args)


if __name__ == "__main__":
    main()

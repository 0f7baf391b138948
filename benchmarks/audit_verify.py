"""Verify an audit log of a million rows, and find what was done to it.

    python -m benchmarks.audit_verify [--rows 1000000] [--store sqlite|postgres|both]

Writes a chained log in bulk, verifies it once (time and memory, beside a bare loop that reads and hashes the
same texts), and then again after one byte was flipped, the tail was cut together with its head row, and the
history was rewritten with fitting hashes. Prints what was found; exit 1 when anything was not.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import orjson
from sqlalchemy import select, text

from store import Store, audit, open_store
from store.audit import GENESIS
from store.bulk import insert_rows
from store.schema import audit as audit_table
from store.schema import audit_head

AT = "2026-11-22T03:00:00.000000Z"
COLUMNS = ("seq", "at", "actor", "actor_kind", "action", "object", "body", "prev_hash", "hash")
CHUNK = 10_000


def fill(store: Store, first: int, last: int, previous: str, reason: str) -> str:
    """Append entries ``first`` to ``last`` after ``previous`` in bulk; return the last hash."""
    rows: list[tuple[object, ...]] = []
    for seq in range(first, last + 1):
        content = {
            "action": "owner.set", "actor": "ana@acme.example", "actor_kind": "user", "at": AT,
            "authenticated": True, "new": {"n": seq}, "object": f"sys_{seq % 10_000}", "old": {},
            "prev_hash": previous, "reason": reason, "seq": seq,
        }  # fmt: skip
        body = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
        digest = hashlib.sha256(body).hexdigest()
        rows.append(
            (
                seq,
                AT,
                content["actor"],
                "user",
                "owner.set",
                content["object"],
                body.decode(),
                previous,
                digest,
            )
        )
        previous = digest
        if len(rows) == CHUNK or seq == last:
            with store.begin() as conn:
                insert_rows(conn, audit_table, COLUMNS, rows)
            rows = []
    with store.begin() as conn:
        conn.execute(audit_head.delete())
        conn.execute(audit_head.insert().values(id=1, seq=last, hash=previous))
    return previous


def bare(store: Store) -> float:
    """Return how long it takes to read and hash all texts and nothing else."""
    start = time.perf_counter()
    with (
        store.read() as tx,
        tx.conn.execution_options(yield_per=5_000).execute(
            select(audit_table.c.body, audit_table.c.hash).order_by(audit_table.c.seq)
        ) as rows,
    ):
        for row in rows:
            if hashlib.sha256(row.body.encode()).hexdigest() != row.hash:
                raise SystemExit("the bare loop found a wrong hash")
    return time.perf_counter() - start


def verified(store: Store, known: str | None = None) -> tuple[audit.AuditReport, float]:
    """Verify the log; return the report and the seconds it took."""
    start = time.perf_counter()
    with store.read() as tx:
        return audit.verify(tx.conn, known), time.perf_counter() - start


def measure(kind: str, url: str, count: int) -> bool:
    """Build, verify and damage one log; return whether all was found."""
    store = open_store(url)
    head = fill(store, 1, count, GENESIS, "said so")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    plain = bare(store)
    report, spent = verified(store, head)
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(
        f"== {kind}: {count:,} entries, whole: {report.ok}, {spent:.1f} s, "
        f"{spent / plain:.2f}x of reading and hashing alone, {more:.0f} MB more"
    )
    right = report.ok
    middle = count // 2
    for statement, back in (("'said so'", "'said sp'"), ("'said sp'", "'said so'")):
        with store.begin() as conn:
            conn.execute(
                text(f"UPDATE audit SET body = replace(body, {statement}, {back}) WHERE seq = {middle}")
            )
        if back == "'said sp'":
            right &= told("one byte flipped", verified(store)[0], middle)
    cut = count - count // 10
    with store.begin() as conn:
        conn.execute(text(f"DELETE FROM audit WHERE seq > {cut}"))
    right &= told("tail cut", verified(store)[0], cut + 1)
    with store.begin() as conn:
        last = conn.execute(select(audit_table.c.hash).where(audit_table.c.seq == cut)).scalar_one()
        conn.execute(audit_head.update().values(seq=cut, hash=last))
    right &= told("tail and head row cut, head noted earlier", verified(store, head)[0], cut + 1)
    with store.begin() as conn:
        conn.execute(text(f"DELETE FROM audit WHERE seq > {middle}"))
        last = conn.execute(select(audit_table.c.hash).where(audit_table.c.seq == middle)).scalar_one()
    fill(store, middle + 1, count, last, "said otherwise")
    right &= told("history rewritten, head noted earlier", verified(store, head)[0], count + 1)
    store.close()
    return right


def told(what: str, report: audit.AuditReport, at: int) -> bool:
    """Print what was found, and say whether it is the right place."""
    right = not report.ok and report.broken_seq == at
    print(f"   {what}: {'found' if right else 'NOT FOUND'}: {report.problem}")
    return right


def main() -> int:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--store", choices=("sqlite", "postgres", "both"), default="both")
    args = parser.parse_args()
    right = True
    if args.store != "postgres":
        with tempfile.TemporaryDirectory() as folder:
            right &= measure("SQLite", f"sqlite:///{Path(folder) / 'a.db'}", args.rows)
    if args.store != "sqlite":
        from tests import postgres

        with contextmanager(postgres.fresh_database)() as url:
            right &= measure("PostgreSQL", url, args.rows)
    return 0 if right else 1


if __name__ == "__main__":
    raise SystemExit(main())

"""Measure evaluating all rules for all systems against a plain loop over the same trees in memory.

    python -m benchmarks.rules [--systems 10000] [--assets 5] [--rounds 5] [--store sqlite|postgres|both]

Fills a store with made-up systems: half candidates, half registered with a record of their own, each with
some assets. The plain loop walks the trees as they are written, over records that are made already. What is
measured against it reads everything from the store, makes the records, and evaluates every rule
(``gaps``, all of it and its first page); keeps the alerts in step (``evaluate``); and does that for one
changed system. Rounds take turns, medians are printed. The machine is shared: ratios within one run count.
SQLite: CPU of this process; PostgreSQL: wall.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Table

from connectors import clock
from discovery.service import alerting, derived, evidence_facts, gaps, organisation_facts, rule_sets
from discovery.service.rule_trees import Moment
from store import Store, open_store, schema
from store.bulk import insert_rows, many_objects

NOW = datetime(2026, 11, 22, 6, tzinfo=UTC)
KINDS = ("agent", "model_endpoint", "package", "mcp_server", "data_store", "vector_store", "model")
Rows = list[dict[str, Any]]


def fill(store: Store, systems: int, assets: int) -> None:
    """Write systems with members, sightings, owners and, for half of them, a record."""
    made = _Made(random.Random(7), systems, assets)
    with store.write() as tx:
        at = clock.to_text(NOW - timedelta(days=30))
        tx.conn.execute(
            schema.scope.insert().values(key="bench", connector="code", instance="main", created_at=at)
        )
        tx.conn.execute(
            schema.part.insert().values(scope_no=1, name="all", last_complete_at=clock.to_text(NOW))
        )
        for table, rows in made.tables(tx.rev, at).items():
            names = list(rows[0])
            insert_rows(tx.conn, table, names, [tuple(row[name] for name in names) for row in rows])


class _Made:
    def __init__(self, random_: random.Random, systems: int, assets: int) -> None:
        self.random, self.systems, self.assets = random_, systems, assets

    def tables(self, rev: int, at: str) -> Mapping[Table, Rows]:
        people = [
            {
                "party_id": f"pty_{n}",
                "kind": "person",
                "email": f"p{n}@acme.example",
                "created_at": at,
                "active": True,
            }
            for n in range(200)
        ]
        found: dict[Table, Rows] = {
            table: [] for table in (schema.system, schema.asset, schema.system_member)
        }
        found |= {schema.sighting: [], schema.party: people, schema.owner: [], schema.oversight: []}
        for number in range(self.systems):
            self._system(found, number, rev, at)
        return found

    def _system(self, found: dict[Table, Rows], number: int, rev: int, at: str) -> None:
        system_id, known = f"sys_{number:06d}", number % 2 == 1
        state = "registered" if known else "candidate"
        kind = self.random.choice(("agent", "application", "pipeline"))
        found[schema.system].append(
            {
                "system_id": system_id,
                "valid_from": rev,
                "name": f"system {number}",
                "state": state,
                "kind": kind,
            }
            | {"group_key": f"g{number}", "decided": known, "first_seen_at": at}
        )
        for member in range(self.assets):
            self._asset(found, f"{number:06d}{member:02d}", system_id, rev, at)
        accepted = at if known and number % 3 else None
        found[schema.owner].append(
            {
                "system_id": system_id,
                "role": "accountable",
                "party_id": f"pty_{number % 200}",
                "source": "inferred",
            }
            | {
                "confidence": 0.7,
                "assigned_at": at,
                "accepted_at": accepted,
                "reason": "[]",
                "valid_from": rev,
            }
        )
        if known:
            fields = {
                name: {"value": value, "source": "human", "by": "pty_1", "at": at}
                for name, value in self._answers()
            }
            found[schema.oversight].append(
                {"system_id": system_id, "record": orjson.dumps(fields).decode(), "complete": True}
                | {"next_review_at": clock.to_text(NOW + timedelta(days=200)), "confirmed_by": "pty_1"}
                | {"confirmed_at": at, "valid_from": rev}
            )

    def _asset(self, found: dict[Table, Rows], number: str, system_id: str, rev: int, at: str) -> None:
        asset_id, kind = f"ast_{number}", self.random.choice(KINDS)
        said = {"package_name": "mcp-server-git"} if kind == "mcp_server" else {"description": "x" * 200}
        common = {
            "asset_id": asset_id,
            "valid_from": rev,
            "kind": kind,
            "provider": "openai",
            "name": f"a{number}",
        }
        common |= {
            "grade": "live",
            "role": "application",
            "drives": True,
            "region": "eu-west-1",
            "model": "gpt-4o",
        }
        found[schema.asset].append(
            common
            | {"natural_namespace": "bench", "natural_id": number, "state": "present", "group_key": "g"}
            | {"first_seen_at": at}
        )
        found[schema.system_member].append(
            {"asset_id": asset_id, "system_id": system_id, "valid_from": rev, "why": "bench", "strength": 1.0}
        )
        payload: dict[str, Any] = {
            "attributes": said,
            "evidence": [],
            "owner_hints": [],
            "tags": {},
            "usage": None,
        }
        found[schema.sighting].append(
            common
            | {
                "sighting_no": int(number),
                "part_no": 1,
                "namespace": "bench",
                "key": number,
                "fingerprint": "f",
            }
            | {"details": False, "payload": orjson.dumps(payload).decode(), "opened_at": at}
        )

    def _answers(self) -> Iterator[tuple[str, Any]]:
        pick = self.random.choice
        yield "purpose.statement", "Answers customers who ask in the chat where their order is."
        yield "lifecycle.stage", pick(("development", "pilot", "production", "production"))
        yield "data.categories", pick((["personal"], ["internal"], ["health", "personal"]))
        yield "data.personal", pick(("yes", "no"))
        yield "oversight.mode", pick(("in_the_loop", "post_hoc"))
        yield "risk.eu_class", pick(("minimal", "transparency", "high_annex_iii"))
        yield "risk.tier", pick(("low", "medium", "high"))
        yield "role", pick((["deployer"], ["provider"]))
        yield "risk.art50_triggers", pick((["none"], ["interaction"]))
        yield (
            "assessments",
            [{"type": "risk", "status": "done", "valid_to": pick(("2026-01-01", "2027-01-01"))}],
        )
        yield "third_parties", [{"name": "Vendor", "diligence_at": pick((None, "2026-01-01"))}]


def walk(tree: Mapping[str, Any], record: Mapping[str, Any], now: Moment) -> bool:
    """Walk a tree as it is written: the plain way."""
    ((operator, operand),) = tree.items()
    if operator == "all":
        return all(walk(one, record, now) for one in operand)
    if operator == "any":
        return any(walk(one, record, now) for one in operand)
    if operator == "not":
        return not walk(operand, record, now)
    if operator in ("missing", "nonempty", "past"):
        value = record.get(operand)
        if operator == "past":
            return value is not None and datetime.fromisoformat(value) <= now.at
        return (value in (None, "", [], ())) is (operator == "missing")
    return _compare(operator, record.get(operand[0]), operand[1], now)


def _compare(operator: str, value: Any, wanted: Any, now: Moment) -> bool:
    if operator == "eq":
        return bool(value == wanted)
    if operator == "in":
        return value in wanted
    if operator in ("any_where", "none_where"):
        found = any(all(item.get(name) == one for name, one in wanted.items()) for item in value or ())
        return found is (operator == "any_where")
    if value is None:
        return False
    if operator == "lt":
        return bool(value < wanted)
    if operator == "gt":
        return bool(value > wanted)
    if operator == "contains_any":
        return any(one in wanted for one in value)
    if operator == "before":
        return bool(datetime.fromisoformat(value).date() < wanted)
    return now.at - _aware(datetime.fromisoformat(value)) > timedelta(days=wanted)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def records(store: Store) -> list[dict[str, Any]]:
    """Make all records once."""
    now = Moment(NOW)
    with store.read() as tx:
        facts = derived.organisation_record(organisation_facts.read(tx, NOW, counted=False))
        with many_objects():
            found = evidence_facts.of_systems(tx, None, rule_sets.in_force(tx))
        return [derived.system_record(one, now, facts) for one in found]


def plain(made: list[dict[str, Any]]) -> int:
    """Count what holds, in the plain way."""
    now = Moment(NOW)
    trees = [one.raw["when"] for one in rule_sets.built_in().of("system")]
    return sum(walk(tree, record, now) for record in made for tree in trees)


def whole(store: Store) -> int:
    """Count what holds, from the store on: read, make records, evaluate."""
    now, rules = Moment(NOW), rule_sets.built_in()
    return sum(
        sum(1 for _ in gaps.of_record(rules.possible("system", record), record, now))
        for record in records(store)
    )


def measure(kind: str, url: str, args: argparse.Namespace) -> None:
    """Fill one store and print the medians."""
    with open_store(url) as store:
        fill(store, args.systems, args.assets)
        alerting.evaluate(store, now=NOW)
        made = records(store)
        held = plain(made)
        filters = gaps.GapFilter(subject="system")
        assert len(gaps.list_gaps(store, filters, now=NOW)) == whole(store) == held, "all find the same"
        runs: dict[str, Callable[[], Any]] = {
            "plain loop in memory": lambda: plain(made),
            "read, make records, all rules": lambda: whole(store),
            "the same as a sorted list (gaps)": lambda: gaps.list_gaps(store, filters, now=NOW),
            "the first page of gaps": lambda: gaps.list_gaps(store, now=NOW, limit=101),
            "evaluate: alerts in step, nothing new": lambda: alerting.evaluate(store, now=NOW),
            "one changed system": lambda: alerting.evaluate(store, ["sys_000001"], now=NOW),
        }
        times: dict[str, list[float]] = {name: [] for name in runs}
        for _ in range(args.rounds):
            for name, run in runs.items():
                start = time.process_time() if kind == "sqlite" else time.perf_counter()
                run()
                end = time.process_time() if kind == "sqlite" else time.perf_counter()
                times[name].append(end - start)
        base = statistics.median(times["plain loop in memory"])
        print(f"{kind}: {args.systems} systems, {args.assets} assets each, {held} gaps")
        for name, each in times.items():
            middle = statistics.median(each)
            print(f"  {name:40} {middle:8.3f} s  {middle / base:6.2f}x")


@contextmanager
def place(kind: str) -> Iterator[str]:
    """Give the URL of an empty store."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{Path(folder) / 'bench.db'}"
        return
    from tests import postgres

    yield from postgres.fresh_database()


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--systems", type=int, default=10_000)
    parser.add_argument("--assets", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--store", choices=("sqlite", "postgres", "both"), default="sqlite")
    args = parser.parse_args()
    for kind in ("sqlite", "postgres") if args.store == "both" else (args.store,):
        with place(kind) as url:
            measure(kind, url, args)


if __name__ == "__main__":
    main()

"""Findings, scopes and batches for the store's tests; invented, small, and easy to vary."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from connectors.model import (
    Evidence,
    Finding,
    Grade,
    Link,
    NaturalKey,
    Part,
    PartStatus,
    Ref,
    RelationKind,
    Scope,
    Unchanged,
)
from connectors.outcome import PartBatch, PartResult
from store import Store, journal, leases
from store.journal import RunSpec
from store.schema import asset, sighting
from store.writer import PartDelta, PartWriter

SEEN_AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PARTS = (
    Part(name="agents", kinds=("agent",)),
    Part(name="models", kinds=("model",)),
    Part(name="agent", kinds=("agent",), details=True),
)


def scope(*ids: str, instance: str = "main", ref: Ref | None = None, parts: Sequence[Part] = PARTS) -> Scope:
    return Scope(connector="demo", instance=instance, ids=ids or ("one",), parts=tuple(parts), ref=ref)


def key(name: str, namespace: str = "demo/id") -> NaturalKey:
    return NaturalKey(namespace=namespace, key=name)


def finding(name: str, version: str = "1", *, at: str = "", uses: str = "", **changes: Any) -> Finding:
    """Return a finding of the thing ``name``; another ``version`` is another fingerprint and attribute."""
    values: dict[str, Any] = {
        "kind": "agent",
        "provider": "demo",
        "natural_key": key(name),
        "name": f"Agent {name}",
        "evidence": (Evidence(source="ListAgents", locator=at or f"demo://{name}", observed_at=SEEN_AT),),
        "grade": Grade.DEPLOYED,
        "account": "acct-1",
        "attributes": {"version": version},
        "links": (Link(relation=RelationKind.USES_MODEL, target=key(uses)),) if uses else (),
        "fingerprint": f"{name}-{version}",
    }
    return Finding(**{**values, **changes})


def result(
    status: PartStatus = PartStatus.COMPLETE, count: int = 0, exceptions: Iterable[tuple[str, str]] = ()
) -> PartResult:
    return PartResult(
        status=status,
        reason="" if status is PartStatus.COMPLETE else "as the test wants it",
        count=count,
        exceptions=tuple(exceptions),
        requests=1,
        started_at=SEEN_AT,
        ended_at=SEEN_AT,
    )


def begin(store: Store, run_id: str, *, filtered: bool = False, holder: str = "") -> str:
    journal.begin_run(store, spec(run_id, filtered=filtered, holder=holder))
    return run_id


def spec(run_id: str, *, filtered: bool = False, holder: str = "") -> RunSpec:
    return RunSpec(
        run_id=run_id,
        actor="tester",
        trigger="test",
        filtered=filtered,
        code_version="1",
        catalogue_version="1",
        config_hash="x",
        holder=holder,
    )


class Scanner:
    """Scan made-up things into a store: one run per call."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.runs = 0

    def part(
        self,
        findings: Iterable[Finding] = (),
        *,
        part: str = "agents",
        where: Scope | None = None,
        unchanged: Iterable[Unchanged] = (),
        filtered: bool = False,
        end: bool = True,
        **how: Any,
    ) -> PartDelta:
        """Scan one part of one scope in a run of its own and end the run."""
        where = where or scope()
        run_id = self.begin(filtered=filtered)
        found, same = list(findings), list(unchanged)
        writer = PartWriter(self.store, run_id, where, filtered)
        delta = writer.apply(
            PartBatch(
                scope_key=where.key,
                part=part,
                findings=found,
                unchanged=same,
                final=result(count=len(found) + len(same), **how),
            )
        )
        if end:
            journal.end_run(self.store, run_id, "complete", {})
        return delta

    def begin(self, *, filtered: bool = False) -> str:
        self.runs += 1
        return begin(self.store, f"run_{self.runs:04d}", filtered=filtered)


def assets(store: Store) -> dict[str, Any]:
    """Return the rows of assets as they are now, by natural id."""
    with store.read() as tx:
        rows = tx.conn.execute(select(asset).where(asset.c.valid_to.is_(None)).order_by(asset.c.asset_id))
        return {row.natural_id: row for row in rows}


def states(store: Store) -> dict[str, str]:
    """Return the state of every asset by natural id."""
    return {name: row.state for name, row in assets(store).items()}


def sightings(store: Store, *, open_only: bool = True) -> list[Any]:
    """Return sighting rows in the order they were written."""
    query = select(sighting).order_by(sighting.c.sighting_no)
    if open_only:
        query = query.where(sighting.c.valid_to.is_(None))
    with store.read() as tx:
        return list(tx.conn.execute(query))


def dead_holder() -> str:
    """Return the holder's name of a process of this machine that does not run any more."""
    machine, _, started, own = leases.new_holder().split("/")
    # No process id is as high as this.
    return f"{machine}/{2**22 + 1}/{started}/{own}"

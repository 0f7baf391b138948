"""A small estate written through the real write path, for tests of what is made of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from connectors import clock
from connectors.model import (
    Evidence,
    Finding,
    Grade,
    NaturalKey,
    OwnerHint,
    Part,
    PartStatus,
    Role,
    Scope,
)
from connectors.outcome import PartBatch, PartResult
from discovery.service import alerting
from discovery.service.alerting import AlertChanges
from normalizer import ids
from store import Store, schema, systems
from store.audit import Actor
from store.systems import Regrouped
from store.writer import PartWriter

SEEN_AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
ALICE = Actor(name="alice@laptop", kind="os", authenticated=False)


def finding(name: str, kind: str = "agent", **changes: Any) -> Finding:
    """Return a finding in the AWS account 111122223333, unless ``changes`` say otherwise."""
    key = changes.pop("key", f"arn:aws:bedrock:eu-west-1:111122223333:{kind}/{name}")
    namespace = changes.pop("namespace", "aws/arn")
    values: dict[str, Any] = {
        "kind": kind,
        "provider": "aws",
        "natural_key": NaturalKey(namespace=namespace, key=key),
        "name": name,
        "evidence": (Evidence(source="ListThings", locator=key, observed_at=SEEN_AT),),
        "grade": Grade.LIVE,
        "account": "111122223333",
    }
    return Finding(**(values | changes))


def code(name: str, unit: str = "services/bot", kind: str = "package", **changes: Any) -> Finding:
    """Return a finding in a unit of the repository R_1."""
    values: dict[str, Any] = {
        "kind": kind,
        "provider": "openai",
        "key": f"{unit}|{kind}|{name}",
        "namespace": "code/R_1",
        "grade": Grade.IMPORTED,
        "account": "R_1",
        "application": unit,
    }
    return finding(name, **(values | changes))


def hint(candidate: str, source: str = "CODEOWNERS", confidence: float = 0.75) -> OwnerHint:
    """Return an owner hint."""
    return OwnerHint(
        candidate=candidate, source=source, confidence=confidence, why=f"{source} names {candidate}"
    )


@dataclass
class Estate:
    """Write what parts show and let systems and alerts follow, as a scan does."""

    store: Store
    last: Regrouped = field(default_factory=Regrouped)

    def show(
        self,
        *findings: Finding,
        scope: str = "111122223333",
        part: str = "things",
        connector: str = "aws",
        status: PartStatus = PartStatus.COMPLETE,
        label: str = "",
        now: datetime | None = None,
    ) -> AlertChanges:
        """Let one part of one scope show exactly these findings in a run of its own."""
        run_id = self.begin_run()
        declared = Part(name=part, kinds=("agent",))
        where = Scope(
            connector=connector, instance="main", ids=(scope,), parts=(declared,), label=label or scope
        )
        for number, one in enumerate(findings):
            one.fingerprint = one.fingerprint or f"{number}-{one!r}"
        result = PartResult(
            status=status,
            reason="" if status is PartStatus.COMPLETE else "not allowed",
            count=len(findings),
            exceptions=(),
            requests=1,
            started_at=clock.now(),
            ended_at=clock.now(),
        )
        writer = PartWriter(self.store, run_id, where)
        batch = PartBatch(scope_key=where.key, part=part, findings=list(findings), unchanged=[], final=result)
        delta = writer.apply(batch)
        self.end_run(run_id)
        self.last = systems.regroup(self.store, delta.touched_assets, writer.placement)
        return alerting.evaluate(self.store, self.last.touched, now=now)

    def begin_run(self) -> str:
        """Write a run's row."""
        run_id = ids.mint("run")
        with self.store.write() as tx:
            tx.conn.execute(
                schema.run.insert().values(
                    run_id=run_id,
                    state="running",
                    actor="tester",
                    trigger="cli",
                    code_version="0",
                    catalogue_version="0",
                    config_hash="0",
                    rev=tx.rev,
                    started_at=tx.now,
                )
            )
        return run_id

    def end_run(self, run_id: str) -> None:
        """Close a run's row."""
        with self.store.begin() as conn:
            ended = schema.run.update().where(schema.run.c.run_id == run_id)
            conn.execute(ended.values(state="done", ended_at=clock.to_text(clock.now())))


def names(found: Iterable[Any]) -> list[str]:
    """Return the names of views, in their order."""
    return [one.name for one in found]


def by_name(found: Sequence[Any], name: str) -> Any:
    """Return the only view with a name."""
    (one,) = [one for one in found if one.name == name]
    return one


def revision(store: Store) -> int:
    """Return the store's newest revision."""
    with store.read() as tx:
        return (
            tx.conn.execute(select(schema.revision.c.rev).order_by(schema.revision.c.rev.desc()))
            .scalars()
            .first()
            or 0
        )


__all__ = ["ALICE", "SEEN_AT", "Estate", "Role", "by_name", "code", "finding", "hint", "names", "revision"]

"""Fill a real store as a run would, without a connector."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from connectors.model import Evidence, Finding, Grade, NaturalKey, OwnerHint, Part, PartStatus, Scope
from connectors.outcome import PartBatch, PartResult, ScopeOutcome
from discovery.service.alerting import evaluate
from normalizer.ids import mint
from store import journal, open_store, systems
from store.journal import RunSpec
from store.writer import PartWriter

VERSIONS = {"filtered": False, "code_version": "0", "catalogue_version": "0", "config_hash": "0"}
SEEN = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
PARTS = (
    Part(name="manifests", kinds=("package", "mcp_server")),
    Part(name="images", kinds=("container_image",)),
)


def finding(application: str, name: str, *, kind: str = "package", owner: str = "") -> Finding:
    hints = (
        (OwnerHint(candidate=owner, source="codeowners", confidence=0.75, why="CODEOWNERS"),) if owner else ()
    )
    return Finding(
        kind=kind,
        provider="openai",
        natural_key=NaturalKey(namespace="code/acme", key=f"{application}/{name}"),
        name=name,
        evidence=(Evidence(source="pip", locator=f"{application}/requirements.txt:1", observed_at=SEEN),),
        grade=Grade.DECLARED,
        account="acme",
        application=application,
        owner_hints=hints,
        fingerprint=f"{application}/{name}",
    )


def estate() -> list[Finding]:
    """Two services: one with a candidate owner, one that nobody points to."""
    return [
        finding("support-bot", "openai", owner="@acme/bots"),
        finding("support-bot", "langchain"),
        finding("support-bot", "files", kind="mcp_server"),
        finding("recommender", "anthropic"),
    ]


def seed(
    url: str,
    findings: Sequence[Finding] | None = None,
    *,
    denied: str = "",
    unread: Sequence[tuple[str, str]] = (),
) -> str:
    """Write one run of one scope to the store at ``url`` and return the run's id.

    ``denied`` is why the part ``images`` could not be read; empty: it was read and held nothing. ``unread``
    are the single files, with reasons, that both parts left out.
    """
    scope = Scope(connector="code", instance="main", ids=("acme",), parts=PARTS, label="acme", account="acme")
    shown = estate() if findings is None else list(findings)
    status = PartStatus.DENIED if denied else PartStatus.COMPLETE
    batches = [
        _batch(scope, "manifests", shown, PartStatus.COMPLETE, "", unread),
        _batch(scope, "images", [], status, denied, unread),
    ]
    with open_store(url) as store:
        run_id = mint("run")
        journal.begin_run(store, RunSpec(run_id=run_id, actor="dana@host", trigger="cli", **VERSIONS))
        journal.plan_scopes(store, run_id, [scope])
        writer = PartWriter(store, run_id, scope)
        touched = {asset for batch in batches for asset in writer.apply(batch).touched_assets}
        parts = {batch.part: batch.final for batch in batches if batch.final}
        touched |= journal.finish_scope(store, run_id, ScopeOutcome(scope_key=scope.key, parts=parts))
        systems.regroup(store, touched)
        evaluate(store, None)
        journal.end_run(store, run_id, "partial" if denied else "complete", {})
    return run_id


def _batch(
    scope: Scope,
    part: str,
    shown: list[Finding],
    status: PartStatus,
    reason: str,
    unread: Sequence[tuple[str, str]],
) -> PartBatch:
    result = PartResult(
        status=status,
        reason=reason,
        count=len(shown),
        exceptions=tuple(unread),
        requests=1,
        started_at=SEEN,
        ended_at=SEEN,
    )
    return PartBatch(scope_key=scope.key, part=part, findings=shown, unchanged=[], final=result)

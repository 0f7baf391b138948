"""Keep the journal: what was planned, what became of it, and what an interrupted run left behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select, update

from connectors import clock
from connectors.model import PartStatus, Scope
from connectors.outcome import ScopeOutcome
from connectors.secrets import redact
from store import leases
from store.bulk import insert_rows
from store.database import Store
from store.listings import LISTING_PART, keep_scopes, note_scopes_listing, note_unmanaged
from store.schema import part, run, run_part, run_scope, scope
from store.suspicion import accept_suspect, in_scope, settle, settle_run
from store.text import clean, to_json

RUN_TTL_S = 60.0
"""How long a run counts as alive after its last heartbeat."""

__all__ = [
    "LISTING_PART",
    "RUN_TTL_S",
    "RunSpec",
    "accept_suspect",
    "begin_run",
    "close_interrupted",
    "end_run",
    "finish_scope",
    "fresh_parts",
    "left_unjudged",
    "note_scopes_listing",
    "note_unmanaged",
    "plan_scopes",
    "run_lease",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpec:
    """What a run is: who started it, why, and with which versions of code, catalogue and configuration.

    ``filtered`` runs look at some of the things inside parts only. ``holder`` names the process
    (:func:`store.leases.new_holder`); its heartbeat on the lease :func:`run_lease` says that it lives.
    """

    run_id: str
    actor: str
    trigger: str
    filtered: bool
    code_version: str
    catalogue_version: str
    config_hash: str
    holder: str = ""


def run_lease(run_id: str) -> str:
    """Return the name of the lease that a run holds while it is alive."""
    return f"run/{run_id}"


def begin_run(store: Store, spec: RunSpec) -> None:
    """Open a run and take its lease for :data:`RUN_TTL_S`; the caller renews it and ends the run."""
    leases.acquire(store, run_lease(spec.run_id), spec.holder or leases.new_holder(), RUN_TTL_S)
    with store.write(actor=spec.actor, kind="run") as tx:
        tx.conn.execute(
            run.insert().values(
                run_id=spec.run_id,
                state="running",
                actor=spec.actor,
                trigger=spec.trigger,
                filtered=spec.filtered,
                code_version=spec.code_version,
                catalogue_version=spec.catalogue_version,
                config_hash=spec.config_hash,
                rev=tx.rev,
                started_at=tx.now,
            )
        )


def plan_scopes(store: Store, run_id: str, scopes: Sequence[Scope], *, state: str = "planned") -> None:
    """Record which scopes a run will scan; a scope that is not known yet is added.

    With the ``state`` reused they are not scanned: an interrupted run has just completed them.
    """
    numbers = sorted(set(keep_scopes(store, scopes)))
    with store.begin() as conn:
        planned = set(
            conn.execute(select(run_scope.c.scope_no).where(run_scope.c.run_id == run_id)).scalars()
        )
        rows = [(run_id, number, state, "", 0) for number in numbers if number not in planned]
        insert_rows(conn, run_scope, ("run_id", "scope_no", "state", "error", "requests"), rows)


def finish_scope(store: Store, run_id: str, outcome: ScopeOutcome) -> set[str]:
    """Record how a scope ended and judge what it lost as a whole; return assets to look at again."""
    with store.begin() as conn:
        number = conn.execute(select(scope.c.scope_no).where(scope.c.key == outcome.scope_key)).scalar_one()
        started = min((one.started_at for one in outcome.parts.values()), default=None)
        values = {
            "state": "failed" if outcome.error else "done",
            "error": clean(redact(outcome.error)),
            "requests": outcome.requests,
            "started_at": clock.to_text(started) if started else None,
            "ended_at": clock.to_text(clock.now()),
        }
        mine = (run_scope.c.run_id == run_id) & (run_scope.c.scope_no == number)
        if not conn.execute(update(run_scope).where(mine).values(**values)).rowcount:
            conn.execute(run_scope.insert().values(run_id=run_id, scope_no=number, **values))
    return settle(store, run_id, in_scope(outcome.scope_key))


def end_run(store: Store, run_id: str, state: str, counts: Mapping[str, int]) -> set[str]:
    """Close a run; return assets to look at again because a scope or connector lost too much."""
    touched = settle_run(store, run_id)
    with store.write(kind="run") as tx:
        tx.conn.execute(
            update(run)
            .where(run.c.run_id == run_id)
            .values(state=state, ended_at=tx.now, counts=to_json(dict(counts)))
        )
        leases.free(tx.conn, run_lease(run_id))
    return touched


def close_interrupted(store: Store) -> list[str]:
    """Close runs whose process is gone as ``interrupted`` and return their ids, oldest first.

    What they wrote is true and stays; their complete parts can be reused (:func:`fresh_parts`).
    """
    with store.read() as tx:
        running = tx.conn.execute(select(run.c.run_id).where(run.c.state == "running").order_by(run.c.rev))
        dead = [run_id for run_id in running.scalars() if not leases.is_held(tx.conn, run_lease(run_id))]
    for run_id in dead:
        end_run(store, run_id, "interrupted", {})
    return dead


def left_unjudged(store: Store) -> bool:
    """Say whether a run broke off since the last whole one began: what it wrote may not be judged yet."""
    with store.read() as tx:
        broke_off = run.c.state.in_(("interrupted", "failed"))
        last = tx.conn.execute(select(func.max(run.c.ended_at)).where(broke_off)).scalar()
        whole = run.c.state.in_(("complete", "partial"))
        since = tx.conn.execute(select(func.max(run.c.started_at)).where(whole)).scalar()
    return last is not None and (since is None or last >= since)


def fresh_parts(
    store: Store, scope_key: str, newer_than: datetime, *, like: RunSpec | None = None
) -> set[str]:
    """Return the parts of a scope that interrupted runs completed since ``newer_than``.

    Only runs after the last one that ended otherwise count, so that a part is reused once. What was read
    without a request (a folder on this machine) is never reused: it is cheap to read, and may have changed.
    ``like`` asks for runs of the same code, catalogue and configuration.
    """
    with store.read() as tx:
        number = tx.conn.execute(select(scope.c.scope_no).where(scope.c.key == scope_key)).scalar()
        if number is None:
            return set()
        query = _fresh(number, clock.to_text(newer_than))
        for name in ("code_version", "catalogue_version", "config_hash") if like else ():
            query = query.where(run.c[name] == getattr(like, name))
        rows = tx.conn.execute(query)
        return {row.name for row in rows}


def _fresh(scope_no: int, newer_than: str) -> Select[tuple[str]]:
    ended = (
        select(func.coalesce(func.max(run.c.rev), 0))
        .join(run_scope, run_scope.c.run_id == run.c.run_id)
        .where(run_scope.c.scope_no == scope_no, run.c.state.not_in(("running", "interrupted")))
        .scalar_subquery()
    )
    return (
        select(part.c.name)
        .join(run_part, run_part.c.part_no == part.c.part_no)
        .join(run, run.c.run_id == run_part.c.run_id)
        .where(
            part.c.scope_no == scope_no,
            part.c.last_status == PartStatus.COMPLETE.value,
            part.c.last_complete_at >= newer_than,
            run.c.state == "interrupted",
            run.c.filtered.is_(False),
            run.c.rev > ended,
            run_part.c.status == PartStatus.COMPLETE.value,
            run_part.c.requests > 0,
        )
    )

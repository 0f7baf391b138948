"""Look after the store: describe it, and delete what closed long ago."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from connectors import clock

if TYPE_CHECKING:
    from connectors.model import Json
    from store.audit import Actor
    from store.database import Store, WriteTx
    from store.personal import Forgotten
    from store.prune import Pruned


@dataclass(slots=True, kw_only=True)
class StoreView:
    """A store in numbers; ``size_bytes`` is of a SQLite file with its log, ``None`` for a server."""

    place: str
    dialect: str
    size_bytes: int | None
    systems: int
    assets: int
    open_alerts: int
    runs: int
    audit_entries: int
    audit_head: str


def describe(store: Store) -> StoreView:
    """Return where a store is, what it holds, and the end of its audit log."""
    from discovery.service import inventory
    from store import audit

    numbers = inventory.summary(store)
    with store.read() as tx:
        entries, head = audit.head(tx.conn)
    return StoreView(
        place=store.place,
        dialect=store.dialect,
        size_bytes=_size(store),
        systems=numbers.systems,
        assets=numbers.assets,
        open_alerts=sum(numbers.open_alerts.values()),
        runs=len(inventory.list_runs(store)),
        audit_entries=entries,
        audit_head=head,
    )


def _size(store: Store) -> int | None:
    if store.dialect != "sqlite" or not store.url.database:
        return None
    path = Path(store.url.database)
    files = [path, path.with_name(f"{path.name}-wal")]
    return sum(file.stat().st_size for file in files if file.exists())


def prune(store: Store, *, older_than_days: int, actor: Actor, reason: str, dry_run: bool = False) -> Pruned:
    """Delete history that ended more than ``older_than_days`` days ago; return how many rows of what.

    What holds now, decisions, people and the audit log are never touched. One audit entry says what was
    deleted; ``dry_run`` only counts.
    """
    from store import audit
    from store import prune as pruning

    def log(tx: WriteTx, pruned: Pruned) -> None:
        entry = audit.Entry(
            action="store.prune",
            object="store",
            reason=reason,
            new={"older_than_days": older_than_days, **asdict(pruned)},
        )
        audit.append(tx.conn, actor, entry, at=tx.now)

    before = clock.now() - timedelta(days=older_than_days)
    return pruning.prune(store, before, actor=actor.name, log=log, dry_run=dry_run)


def mend_clock(store: Store, *, actor: Actor, reason: str) -> int:
    """Date what a clock that was ahead wrote with now; returns how many revisions, 0 when none lies ahead."""
    from store import audit, clocks

    now = clock.now()

    def log(tx: WriteTx, number: int, latest: str) -> None:
        new: dict[str, Json] = {"revisions": number, "latest": latest}
        entry = audit.Entry(action="store.mend_clock", object="store", reason=reason, new=new)
        audit.append(tx.conn, actor, entry, at=tx.now)

    return clocks.mend(store, now, log)


def forget(
    store: Store, *, older_than_days: int, actor: Actor, reason: str, dry_run: bool = False
) -> Forgotten:
    """Drop the names of people from evidence of use older than ``older_than_days``, and old delivered news.

    Counts, roles and services stay. One audit entry says how much; ``dry_run`` only counts.
    """
    from store import audit, personal

    def log(tx: WriteTx, forgotten: Forgotten) -> None:
        entry = audit.Entry(
            action="store.forget",
            object="store",
            reason=reason,
            new={"older_than_days": older_than_days, **asdict(forgotten)},
        )
        audit.append(tx.conn, actor, entry, at=tx.now)

    before = clock.now() - timedelta(days=older_than_days)
    return personal.forget(store, before, actor=actor.name, log=log, dry_run=dry_run)


def keep_retention(store: Store, personal_days: int) -> Forgotten:
    """Forget as :func:`forget` does what is older than the configuration allows.

    Nothing is written when there is nothing to forget.
    """
    from discovery.service.permissions import ENGINE

    reason = f"personal_days = {personal_days} in the configuration"
    old = forget(store, older_than_days=personal_days, actor=ENGINE, reason=reason, dry_run=True)
    if not old.total:
        return old
    return forget(store, older_than_days=personal_days, actor=ENGINE, reason=reason)

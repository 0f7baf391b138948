"""Read the inventory: systems, assets, alerts, runs and coverage, now or as it was known at a moment.

Every function takes ``as_of`` (aware; ``None`` is now) and reads stored results at that revision; nothing
is computed anew with today's knowledge. References accept an id, a unique beginning of one (four characters
or more after the prefix), or a name where one thing bears it; :class:`NotFound` and :class:`Ambiguous`
list what would have matched.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from connectors import clock
from discovery.service import assembling, refs, rule_sets
from discovery.service.errors import Ambiguous, NotFound
from discovery.service.next_steps import steps
from discovery.service.views import (
    AlertDetailView,
    AlertView,
    AssetView,
    ConnectorView,
    CoverageView,
    NewView,
    NextStepView,
    OperationView,
    RunDetailView,
    RunView,
    SummaryView,
    SystemView,
)
from store import alerts as alert_store
from store import (
    oversight,
    owners,
    parties,
    queries_alerts,
    queries_assets,
    queries_refs,
    queries_runs,
    queries_systems,
    slugs,
)
from store.queries_alerts import AlertsWhere
from store.queries_assets import AssetWhere, At
from store.queries_systems import SystemsWhere

if TYPE_CHECKING:
    from store.database import ReadTx, Store

__all__ = [
    "ACTIVE_STATES",
    "AlertFilter",
    "Ambiguous",
    "AssetFilter",
    "NotFound",
    "SystemFilter",
    "connectors",
    "count_systems",
    "coverage",
    "get_alert",
    "get_asset",
    "get_run",
    "get_system",
    "ids_beside",
    "iter_assets",
    "list_alerts",
    "list_assets",
    "list_runs",
    "list_systems",
    "new_since",
    "summary",
    "what_next",
]

ACTIVE_STATES = alert_store.ACTIVE_STATES
"""States of alerts that still want something from someone."""
_LIVING = ("candidate", "registered", "governed")
_PRESENT = ("present", "suspect", "missing")
_MOST_TO_PREFILL = 2_000
_MOST_NAMED = 2_000
"""Systems that are read one by one; of more, all are read at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemFilter:
    """Narrow systems; ``states`` empty means all but retired, rejected and merged."""

    states: tuple[str, ...] = ()
    kind: str | None = None
    text: str | None = None
    has_owner: bool | None = None
    has_oversight: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetFilter:
    """Narrow assets; ``states`` empty means all but gone. ``system`` is a system reference.

    ``text`` is looked for in name, natural id and model, without regard to case.
    """

    states: tuple[str, ...] = ()
    kind: str | None = None
    provider: str | None = None
    system: str | None = None
    connector: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFilter:
    """Narrow alerts; ``states`` empty means those that still want something (``ACTIVE_STATES``)."""

    states: tuple[str, ...] = ()
    rule: str | None = None
    severity: str | None = None
    system: str | None = None


def list_systems(
    store: Store,
    filters: SystemFilter | None = None,
    *,
    as_of: datetime | None = None,
    limit: int | None = None,
) -> list[SystemView]:
    """Return at most ``limit`` systems in order of name, then id; only what is shown is read in full."""
    with store.read(as_of) as tx:
        at = _at(tx, as_of)
        return _systems(tx, at, queries_systems.in_order(tx.conn, at, _where(filters, at))[:limit])


def count_systems(store: Store, filters: SystemFilter | None = None, *, as_of: datetime | None = None) -> int:
    """Count systems."""
    with store.read(as_of) as tx:
        at = _at(tx, as_of)
        return len(queries_systems.in_order(tx.conn, at, _where(filters, at)))


def ids_beside(store: Store, ids: Collection[str]) -> list[str]:
    """Return the ids next to some of systems, assets or alerts: what a shortened one could be taken for."""
    if not ids:
        return []
    with store.read() as tx:
        return queries_refs.neighbours(tx.conn, ids)


def get_system(store: Store, ref: str, *, as_of: datetime | None = None) -> SystemView:
    """Return one system by id, unique beginning, alias or name, with proposed answers to the questions."""
    with store.read(as_of) as tx:
        at = _at(tx, as_of)
        view = _systems(tx, at, [refs.system_id(tx, ref, tx.rev)])[0]
        where = AssetWhere(states=_PRESENT, system_id=view.system_id)
        members = list(islice(_assets(tx, at, where), _MOST_TO_PREFILL))
    view.oversight.prefilled = assembling.prefilled(members, view.owner_candidates)
    return view


def iter_assets(
    store: Store, filters: AssetFilter | None = None, *, as_of: datetime | None = None
) -> Iterator[AssetView]:
    """Yield assets in order of id, reading a bounded page at a time (for exports of any size)."""
    filters = filters or AssetFilter()
    with store.read(as_of) as tx:
        system_id = refs.system_id(tx, filters.system, tx.rev) if filters.system else None
        where = AssetWhere(
            states=filters.states or _PRESENT,
            kind=filters.kind,
            provider=filters.provider,
            system_id=system_id,
            connector=filters.connector,
            text=filters.text,
        )
        yield from _assets(tx, _at(tx, as_of), where)


def list_assets(
    store: Store,
    filters: AssetFilter | None = None,
    *,
    as_of: datetime | None = None,
    limit: int | None = None,
) -> list[AssetView]:
    """Return at most ``limit`` assets in order of id."""
    found: list[AssetView] = []
    views = iter_assets(store, filters, as_of=as_of)
    while (limit is None or len(found) < limit) and (view := next(views, None)):
        found.append(view)
    return found


def get_asset(store: Store, ref: str, *, as_of: datetime | None = None) -> AssetView:
    """Return one asset by id, unique beginning, natural id or name; also one that is gone."""
    with store.read(as_of) as tx:
        where = AssetWhere(asset_id=refs.asset_id(tx, ref, tx.rev))
        return next(_assets(tx, _at(tx, as_of), where))


def list_alerts(
    store: Store,
    filters: AlertFilter | None = None,
    *,
    as_of: datetime | None = None,
    limit: int | None = None,
) -> list[AlertView]:
    """Return at most ``limit`` alerts, most severe first, then oldest."""
    filters = filters or AlertFilter()
    with store.read(as_of) as tx:
        at = _at(tx, as_of)
        where = AlertsWhere(
            system_ids=None if filters.system is None else [refs.system_id(tx, filters.system, tx.rev)],
            states=filters.states or ACTIVE_STATES,
            rule=filters.rule,
            severity=filters.severity,
        )
        rows = queries_alerts.rows(tx.conn, at, where, limit=limit)
        names = queries_systems.system_names(tx.conn, {row.system_id for row in rows if row.system_id}, at)
        fixes = rule_sets.in_force(tx, at.rev).fixes
    return [assembling.alert(row, names.get(row.system_id or ""), AlertView, fixes) for row in rows]


def get_alert(store: Store, ref: str, *, as_of: datetime | None = None) -> AlertDetailView:
    """Return one alert by id or unique beginning, with its events."""
    with store.read(as_of) as tx:
        at = _at(tx, as_of)
        alert_id = refs.alert_id(tx, ref)
        found = queries_alerts.rows(tx.conn, at, AlertsWhere(alert_id=alert_id))
        if not found:
            raise NotFound(f"there was no alert {ref!r} at that moment", hint="Leave --as-of out.")
        row = found[0]
        system_id = row.system_id or ""
        names = queries_systems.system_names(tx.conn, [system_id], at)
        fixes = rule_sets.in_force(tx, at.rev).fixes
        view = assembling.alert(row, names.get(system_id), AlertDetailView, fixes)
        view.events = [assembling.event(one) for one in queries_alerts.events(tx.conn, alert_id, at)]
    return view


def list_runs(store: Store, *, limit: int | None = None, as_of: datetime | None = None) -> list[RunView]:
    """Return runs, newest first."""
    with store.read(as_of) as tx:
        rows = queries_runs.runs(tx.conn, limit=limit, at=_at(tx, as_of))
    return [assembling.run(row, RunView) for row in rows]


def get_run(store: Store, ref: str = "latest") -> RunDetailView:
    """Return one run by id, unique beginning, or ``latest``, with its parts."""
    with store.read() as tx:
        (row,) = queries_runs.runs(tx.conn, run_id=refs.run_id(tx, ref))
        view = assembling.run(row, RunDetailView)
        view.details = [assembling.run_part(one) for one in queries_runs.run_parts(tx.conn, row.run_id)]
    return view


def coverage(
    store: Store, *, connector: str | None = None, as_of: datetime | None = None
) -> list[CoverageView]:
    """Return what is known of every part of every scope that is not retired."""
    with store.read(as_of) as tx:
        rows = queries_runs.coverage(tx.conn, _at(tx, as_of), connector=connector)
    return [assembling.coverage(row) for row in rows]


def connectors() -> list[ConnectorView]:
    """Return the installed connectors in order of name."""
    from connectors import registry

    found = []
    for name in sorted(registry.names()):
        info = registry.info(name)
        operations = [
            OperationView(method=one.method, host=one.host, path=one.path, permission=one.permission)
            for one in info.operations
        ]
        found.append(
            ConnectorView(
                name=info.name,
                title=info.title,
                kinds=list(info.kinds),
                extra=info.extra,
                docs=list(info.docs),
                operations=operations,
            )
        )
    return found


def new_since(store: Store, run_id: str, systems: Sequence[SystemView]) -> NewView:
    """Return what a run brought; ``systems`` are all that :func:`list_systems` shows."""
    with store.read() as tx:
        (row,) = queries_runs.runs(tx.conn, run_id=refs.run_id(tx, run_id))
        came = queries_runs.arrivals(tx.conn, row.rev, row.ended_at)
        new = set(came.system_ids)
    return NewView(
        run_id=row.run_id,
        systems=[one for one in systems if one.system_id in new],
        assets=came.assets,
        alerts_opened=came.alerts.get("opened", 0) + came.alerts.get("reopened", 0),
        alerts_resolved=came.alerts.get("resolved", 0),
        assets_gone=came.assets_gone,
    )


def summary(store: Store, *, as_of: datetime | None = None) -> SummaryView:
    """Return the inventory in numbers."""
    with store.read(as_of) as tx:
        at = _at(tx, as_of)
        roles = alert_store.alerting_roles(tx.conn)
        systems = queries_systems.totals(tx.conn, at, states=_LIVING, roles=roles, now=_now(at))
        counts = queries_assets.counts(tx.conn, at)
        open_alerts = queries_alerts.open_by_severity(tx.conn, at)
        covered = queries_runs.coverage(tx.conn, at)
    view = SummaryView(systems=systems.systems, assets=sum(count for _, _, count in counts))
    view.systems_alerting = systems.alerting
    view.systems_without_owner = systems.without_owner
    view.systems_without_oversight = systems.without_oversight
    for state, kind, count in sorted(counts):
        view.assets_by_state[state] = view.assets_by_state.get(state, 0) + count
        view.assets_by_kind[kind] = view.assets_by_kind.get(kind, 0) + count
    view.open_alerts = open_alerts
    view.parts = len(covered)
    view.parts_complete = sum(one.status == "complete" for one in covered)
    return view


def what_next(
    store: Store, systems: Sequence[SystemView], covered: Sequence[CoverageView], *, limit: int = 3
) -> list[NextStepView]:
    """Return the most useful next commands for all systems and all parts, best first."""
    with store.read() as tx:
        last = queries_runs.runs(tx.conn, limit=1)
    return steps(systems, covered, last[0] if last else None)[:limit]


def _at(tx: ReadTx, as_of: datetime | None) -> At:
    return At() if as_of is None else At(rev=tx.rev, moment=clock.to_text(as_of))


def _now(at: At) -> str:
    return at.moment or clock.to_text(clock.now())


def _where(filters: SystemFilter | None, at: At) -> SystemsWhere:
    filters = filters or SystemFilter()
    return SystemsWhere(
        states=filters.states or _LIVING,
        kind=filters.kind,
        has_owner=filters.has_owner,
        has_oversight=filters.has_oversight,
        text=filters.text,
        now=_now(at),
    )


def _systems(tx: ReadTx, at: At, system_ids: Collection[str]) -> list[SystemView]:
    """Return systems in order of name, then id."""
    conn, now = tx.conn, _now(at)
    only = system_ids if len(system_ids) <= _MOST_NAMED else None
    members = queries_systems.members(conn, only, at)
    people = owners.of_systems(conn, only, at.rev)
    records = oversight.of_systems(conn, only, at.rev)
    names, keys = queries_systems.aliases(conn, only), slugs.of_systems(conn, only, at.rev)
    confirmers = parties.labels(conn, {one.confirmed_by for one in records.values() if one.confirmed_by})
    open_alerts = queries_alerts.open_by_system(conn, at, only)
    roles = alert_store.alerting_roles(conn)
    wanted = set(system_ids)
    return [
        assembling.system(
            row,
            members=members.get(row.system_id) or queries_systems.Members(),
            owners=people.get(row.system_id, ()),
            oversight=assembling.oversight(records.get(row.system_id), now, confirmers),
            aliases=names.get(row.system_id, []),
            open_alerts=open_alerts.get(row.system_id, 0),
            roles_that_alert=roles,
            key=keys.get(row.system_id),
        )
        for row in queries_systems.rows(conn, at, system_ids=only)
        if row.system_id in wanted
    ]


def _assets(tx: ReadTx, at: At, where: AssetWhere) -> Iterator[AssetView]:
    complete_at = None
    for number, page in enumerate(queries_assets.pages(tx.conn, where, at)):
        if number == 1:  # who reads on gets to see what most parts show
            complete_at = queries_assets.parts_complete_at(tx.conn, at)
        shown = queries_assets.sightings(tx.conn, page, at, complete_at)
        for row in page:
            yield assembling.asset(row, shown.get(row.asset_id, []))

"""What the last scan of a scope left for the next one: fingerprints of what parts show, and their texts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from sqlalchemy import and_, case, exists, func, select

from connectors import clock
from connectors.model import KnownScope, PartStatus, ReadScope, Ref
from store.bulk import is_one_of
from store.database import Store
from store.schema import part, run, run_scope, scope, sighting
from store.sightings import parts_showing, ref_class
from store.writer import previous_fingerprints

Fingerprints = Mapping[tuple[str, str], str]


_CUT = [one.value for one in (PartStatus.FAILED, PartStatus.THROTTLED, PartStatus.INCOMPLETE)]


def known_scopes(store: Store, connector: str, instance: str) -> dict[str, KnownScope]:
    """Return what is on record of the scopes of an instance that are neither retired nor its listing."""
    mine = and_(
        scope.c.connector == connector,
        scope.c.instance == instance,
        scope.c.state.not_in(("retired", "listing")),
    )
    tried = select(
        scope.c.key,
        func.count(part.c.last_at).label("tried"),
        func.min(part.c.last_at).label("tried_at"),
        func.sum(case((part.c.last_status.in_(_CUT), 1), else_=0)).label("cut"),
    ).join(part, part.c.scope_no == scope.c.scope_no)
    things = (
        select(scope.c.key, func.count())
        .join(part, part.c.scope_no == scope.c.scope_no)
        .join(sighting, sighting.c.part_no == part.c.part_no)
        .where(mine, sighting.c.valid_to.is_(None))
        .group_by(scope.c.key)
    )
    last = (
        select(run_scope.c.scope_no, func.max(run.c.rev).label("rev"))
        .join(run, run.c.run_id == run_scope.c.run_id)
        .where(run_scope.c.state == "done")
        .group_by(run_scope.c.scope_no)
        .subquery()
    )
    spent = (
        select(scope.c.key, run_scope.c.requests, run_scope.c.started_at, run_scope.c.ended_at)
        .join(last, last.c.scope_no == scope.c.scope_no)
        .join(run, run.c.rev == last.c.rev)
        .join(run_scope, and_(run_scope.c.run_id == run.c.run_id, run_scope.c.scope_no == scope.c.scope_no))
        .where(mine)
    )
    with store.read() as tx:
        shown: dict[str, int] = dict(tx.conn.execute(things).all())
        cost = {row.key: row for row in tx.conn.execute(spent)}
        rows = tx.conn.execute(tried.where(mine, part.c.details.is_(False)).group_by(scope.c.key)).all()
    return {
        row.key: KnownScope(
            things=shown.get(row.key, 0),
            tried=row.tried,
            tried_at=clock.from_text(row.tried_at) if row.tried_at else None,
            is_cut=bool(row.cut),
            requests=cost[row.key].requests if row.key in cost else None,
            elapsed_s=_seconds(cost[row.key]) if row.key in cost else None,
        )
        for row in rows
    }


def scopes_by_address(store: Store) -> list[ReadScope]:
    """Return the active scopes that are read from a URL and of which a part was read to its end.

    Scopes that the vendor or the configuration keeps from being read are left out.
    """
    closed = [PartStatus.NOT_ENABLED.value, PartStatus.NOT_OPTED_IN.value]
    was_read = (
        exists()
        .where(part.c.scope_no == scope.c.scope_no)
        .where(part.c.last_complete_at.is_not(None), part.c.last_status.not_in(closed))
    )
    columns = scope.c
    query = select(columns.key, columns.connector, columns.instance, columns.locator)
    query = query.where(
        columns.state == "active", columns.locator.contains(":"), was_read
    )  # git@host:path is one, too
    with store.read() as tx:
        rows = tx.conn.execute(query.order_by(columns.key)).all()
    return [
        ReadScope(key=row.key, reader=f"{row.connector}:{row.instance}", locator=row.locator) for row in rows
    ]


def _seconds(row: Any) -> float | None:
    if not row.started_at or not row.ended_at:
        return None
    return (clock.from_text(row.ended_at) - clock.from_text(row.started_at)).total_seconds()


class Recorded:
    """Look up what is on record of a scope, as a connector may ask for it; read when it is asked first.

    ``ref`` is that of the scope; without one it is what drives.
    """

    def __init__(self, store: Store, scope_key: str, ref: Ref | None) -> None:
        self._store = store
        self._scope_key = scope_key
        self._ref = ref

    def state(self, name: str) -> str:
        """Return the text that a part kept at its last scan; empty unless that one was complete."""
        return self._parts.get(name, (0, ""))[1]

    def fingerprints(self, name: str) -> Fingerprints:
        """Return ``(namespace, key) -> fingerprint`` of what a part shows now, missing things included."""
        if any(state for _, state in self._parts.values()):
            return self._all.get(name, {})
        if name not in self._showing:
            return {}
        return previous_fingerprints(self._store, self._scope_key, name, self._ref)

    @cached_property
    def _parts(self) -> dict[str, tuple[int, str]]:
        columns = select(part.c.name, part.c.part_no, part.c.state)
        with self._store.read() as tx:
            rows = tx.conn.execute(
                columns.join(scope, scope.c.scope_no == part.c.scope_no).where(scope.c.key == self._scope_key)
            )
            return {row.name: (row.part_no, row.state) for row in rows}

    @cached_property
    def _showing(self) -> frozenset[str]:
        with self._store.read() as tx:
            return parts_showing(tx.conn, self._scope_key)

    @cached_property
    def _all(self) -> dict[str, dict[tuple[str, str], str]]:
        """Read every part at once: a part that kept a text is mostly left alone, and so are its sisters."""
        names = {number: name for name, (number, _) in self._parts.items()}
        group = ref_class(self._ref.name, drives=self._ref.drives) if self._ref else ""
        columns = sighting.c
        query = select(
            columns.part_no, columns.namespace, columns.key, columns.fingerprint, columns.ref, columns.drives
        ).where(columns.valid_to.is_(None))
        found: dict[str, dict[tuple[str, str], str]] = {}
        with self._store.read() as tx:
            for row in tx.conn.execute(query.where(is_one_of(tx.conn, columns.part_no, list(names)))):
                if ref_class(row.ref, drives=bool(row.drives)) == group:
                    found.setdefault(names[row.part_no], {})[row.namespace, row.key] = row.fingerprint
        return found

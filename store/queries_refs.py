"""Find what a person means by a reference: an id, the beginning of one, an alias, or a name."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select

from store import slugs
from store.bulk import is_one_of
from store.schema import alert, asset, asset_alias, run, system, system_alias
from store.temporal import chunks, holds

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Select

SHORTEST = 4
"""Characters of an id's part after the prefix that a beginning needs at least."""
_MOST = 8


@dataclass(frozen=True, slots=True)
class Match:
    """One thing that a reference may mean."""

    id: str
    name: str


def systems(conn: Connection, ref: str, rev: int | None) -> list[Match]:
    """Return the systems that ``ref`` may mean, at most eight; an exact id or alias wins alone."""
    columns = (system.c.system_id, system.c.name)
    living = (holds(system, rev), system.c.state != "merged")
    target = conn.execute(select(system_alias.c.system_id).where(system_alias.c.alias_id == ref)).scalar()
    exact = _read(conn, select(*columns).where(system.c.system_id.in_([ref, target or ref]), *living))
    if exact:
        return exact[:1]
    named = _by_start_or_name(conn, select(*columns).where(*living), columns, ref)
    keyed = slugs.holder(conn, ref)
    if keyed is None or any(one.id == keyed for one in named):
        return named
    # A key that is the name of another system says too little to decide by.
    return [*_read(conn, select(*columns).where(system.c.system_id == keyed, *living)), *named]


def assets(conn: Connection, ref: str, rev: int | None) -> list[Match]:
    """Return the assets that ``ref`` may mean, at most eight; an exact id or natural id wins alone."""
    columns = (asset.c.asset_id, asset.c.name)
    target = conn.execute(select(asset_alias.c.to_asset).where(asset_alias.c.asset_id == ref)).scalar()
    exact = _read(conn, select(*columns).where(asset.c.asset_id.in_([ref, target or ref]), holds(asset, rev)))
    if exact:
        return exact[:1]
    known = _read(conn, select(*columns).where(asset.c.natural_id == ref, holds(asset, rev)).limit(_MOST))
    return known or _by_start_or_name(conn, select(*columns).where(holds(asset, rev)), columns, ref)


def alerts(conn: Connection, ref: str) -> list[Match]:
    """Return the alerts that ``ref`` may mean, at most eight."""
    return _by_start(conn, select(alert.c.alert_id, alert.c.title), alert.c.alert_id, ref)


def runs(conn: Connection, ref: str) -> list[Match]:
    """Return the runs that ``ref`` may mean (``latest``: the newest), at most eight."""
    columns = (run.c.run_id, run.c.started_at)
    if ref == "latest":
        return _read(conn, select(*columns).order_by(run.c.started_at.desc(), run.c.run_id.desc()).limit(1))
    return _by_start(conn, select(*columns), run.c.run_id, ref)


def neighbours(conn: Connection, ids: Collection[str]) -> list[str]:
    """Return the ids next to those of systems, assets or alerts in their order, of what is no more too."""
    found: set[str] = set()
    for column in (system.c.system_id, asset.c.asset_id, alert.c.alert_id):
        mine = sorted(one for one in ids if one.startswith(_PREFIXES[column.name]))
        other = column.table.alias("other").c[column.name]
        before = select(func.max(other)).where(other < column).correlate(column.table).scalar_subquery()
        after = select(func.min(other)).where(other > column).correlate(column.table).scalar_subquery()
        for chunk in chunks(mine):
            for row in conn.execute(select(before, after).where(is_one_of(conn, column, chunk)).distinct()):
                found.update(one for one in row if one is not None)
    return sorted(found)


_PREFIXES = {"system_id": "sys_", "asset_id": "ast_", "alert_id": "alr_"}


def _by_start_or_name(
    conn: Connection, query: Select[Any], columns: Sequence[ColumnElement[Any]], ref: str
) -> list[Match]:
    found = _by_start(conn, query, columns[0], ref)
    if found:
        return found
    # Both databases fold only ASCII letters, so the name as written is tried as well.
    same = or_(columns[1] == ref, func.lower(columns[1]) == ref.casefold())
    return _read(conn, query.where(same).order_by(columns[0]).limit(_MOST))


def _by_start(conn: Connection, query: Select[Any], column: ColumnElement[Any], ref: str) -> list[Match]:
    prefix, _, rest = ref.rpartition("_")
    if len(rest) < SHORTEST or not rest.isalnum() or not rest.isascii():
        return []
    if prefix:
        condition: ColumnElement[bool] = and_(column >= ref, column <= f"{ref}~")
    else:
        # People copy the end of a shortened id as often as its beginning.
        condition = or_(column.like(f"%\\_{rest}%", escape="\\"), column.like(f"%{rest}"))
    return _read(conn, query.where(condition).order_by(column).limit(_MOST))


def _read(conn: Connection, query: Select[Any]) -> list[Match]:
    return [Match(row[0], row[1]) for row in conn.execute(query)]
